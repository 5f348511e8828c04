"""What people ask of the hub: release, reject, label, retry, accept, stop, count, receive, link.

Each is an observation or a row, never a vendor call: what follows from it is done by the way of the order.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from core.domain.shipping.routing import Zones
from core.domain.state import OrderState
from core.engine.hub import Hub
from core.errors import NotFoundError, RefusedError
from core.model.actions import Action
from core.model.commit import OrderCommit
from core.model.facts import Fact, LabelAsked, RejectionAsked, Released, Retried
from core.model.holds import Hold
from core.model.stock import MOST_UNITS_LISTED
from core.store.claims import wake_open_orders
from core.store.jobs import NewJob, enqueue
from core.store.links import link_all
from core.store.orders import find_external, find_number, orders_held
from core.store.products import list_products
from core.store.push_guard import list_stopped_pushes, release_push
from core.store.pushes import Place, accept_levels
from core.store.stock import count_stock, receive_stock
from core.store.switches import accepted_actions, set_switch
from core.store.zones import save_zones

LOG = logging.getLogger("crossdock.actions")
NOTHING_AGREED: Mapping[Place, int] = {}


async def order_named(hub: Hub, merchant: str, name: str) -> str:
    """Return the id of the order that a person names by its id, its number or the channel's id.

    Raises:
        NotFoundError: no such order.
        RefusedError: two channels use the number; name the order as ``connection:id``.
    """
    if await hub.store.load(merchant, name) is not None:
        return name
    found = await hub.store.read(find_number, merchant, name)
    if not found:
        found = [
            order_id
            for connection in hub.connections(merchant).ports
            if (order_id := await hub.store.read(find_external, merchant, connection, name)) is not None
        ]
    if not found:
        raise NotFoundError(f"no order {name!r}")
    if len(found) > 1:
        raise RefusedError(f"{name!r} is a number of {' and '.join(found)}; name one of these")
    return found[0]


async def release(hub: Hub, merchant: str, order_id: str, reason: str, actor: str) -> None:
    """Release a hold that a person may overrule.

    Raises:
        RefusedError: the order is not held by it, or its cause must be mended instead.
    """
    state = await _state(hub, merchant, order_id)
    if reason not in state.holds:
        held = ", ".join(state.holds) or "nothing"
        raise RefusedError(f"the order is not held by {reason!r}; it is held by {held}")
    hold = Hold(reason)
    if not hold.overrulable:
        raise RefusedError(f"{reason!r} goes away when its cause is mended: {state.holds[hold]}")
    await _tell(hub, merchant, order_id, Released(at=hub.clock.now(), actor=actor, reason=hold))


async def release_all(
    hub: Hub, merchant: str, reason: str, orders: Sequence[str] | Literal["all"], actor: str
) -> list[str]:
    """Release one hold of many orders, all of them or none; return their ids, in the order they were placed.

    Raises:
        NotFoundError: no such order.
        RefusedError: an order is not held by it, or its cause must be mended instead.
    """
    hold = next((hold for hold in Hold if hold == reason and hold.overrulable), None)
    if hold is None:
        raise RefusedError(f"{reason!r} goes away when its cause is mended; a person cannot release it")
    held = await hub.store.read(orders_held, merchant, reason)
    if orders != "all":
        named = {await order_named(hub, merchant, name) for name in orders}
        others = sorted(named - set(held))
        if others:
            raise RefusedError(f"not held by {reason!r}: {', '.join(others)}; nothing was released")
        held = [order_id for order_id in held if order_id in named]
    for order_id in held:
        await _tell(hub, merchant, order_id, Released(at=hub.clock.now(), actor=actor, reason=hold))
    return held


async def reject(hub: Hub, merchant: str, order_id: str, why: str, actor: str) -> None:
    """Have the order cancelled at its channel and all money given back.

    Raises:
        RefusedError: it is cancelled or shipped already, or its channel takes no cancellation from us.
    """
    state = await _state(hub, merchant, order_id)
    order = state.order
    if order is None or state.cancelled or any(p.label is not None for p in state.parcels):
        raise RefusedError(f"the order is {state.stage}; it cannot be rejected any more")
    connections = hub.connections(merchant)
    if not connections.acts(order.connection):
        raise RefusedError(
            f"test mode ({', '.join(connections.in_test)}): nothing is cancelled or refunded at {order.connection}"
        )
    if connections.named(order.connection).channel_payments is None:
        raise RefusedError(f"{order.connection} takes no cancellation from us; cancel the order there")
    await _tell(hub, merchant, order_id, RejectionAsked(at=hub.clock.now(), actor=actor, why=why))


async def ask_label(hub: Hub, merchant: str, order_id: str, actor: str) -> None:
    """Have the label bought where the warehouse asks first.

    Raises:
        RefusedError: the order is not ready to ship.
    """
    state = await _state(hub, merchant, order_id)
    if state.stage != "ready":
        raise RefusedError(
            f"the order is {state.stage}, not ready to ship: {', '.join(state.holds) or 'see its timeline'}"
        )
    await _tell(hub, merchant, order_id, LabelAsked(at=hub.clock.now(), actor=actor))


async def retry(hub: Hub, merchant: str, order_id: str, actor: str) -> None:
    """Send a parked order on; one that could not be read whole is fetched and read again.

    Raises:
        RefusedError: it is neither.
    """
    state = await _state(hub, merchant, order_id)
    unread = state.order is not None and state.order.unreadable is not None
    if state.parked is None and not unread:
        raise RefusedError("the order is not parked")
    await _tell(hub, merchant, order_id, Retried(at=hub.clock.now(), actor=actor))
    if state.order is not None and unread:
        await fetch_again(hub, merchant, order_id, state.order.connection)


async def fetch_again(hub: Hub, merchant: str, order_id: str, connection: str) -> None:
    """Have an order fetched as it stands now at its channel."""
    job = NewJob(kind="fetch", subject=order_id, connection=connection, due_at=hub.clock.now())
    await hub.store.write(enqueue, merchant, [job])


async def switch(
    hub: Hub,
    merchant: str,
    connection: str,
    actions: Sequence[Action],
    *,
    on: bool,
    actor: str,
    agreed: Mapping[Place, int] = NOTHING_AGREED,
) -> None:
    """Accept or stop kinds of action of a connection; it takes hold with the next step of every order.

    ``agreed`` are the numbers that were shown to the person who accepts (core/services/golive).

    Raises:
        NotFoundError: no such connection.
    """
    hub.connections(merchant).require(connection)
    now = hub.clock.now()
    opens = on and (connection, Action.LEVELS.value) not in await hub.store.read(accepted_actions, merchant)
    for action in actions:
        if action is Action.LEVELS and opens:
            await hub.store.write(accept_levels, merchant, connection, agreed=agreed, actor=actor, now=now)
        else:
            await hub.store.write(set_switch, merchant, connection, action.value, on=on, actor=actor, now=now)
    if on:
        await hub.store.write(wake_open_orders, merchant, now)
    elif Action.LEVELS in actions:
        await hub.store.write(release_push, merchant, connection, go=False, now=now)


async def answer_push_guard(hub: Hub, merchant: str, connection: str, *, go: bool, actor: str) -> None:
    """Answer the push guard: go has what it stopped written once, stop switches the connection's levels off.

    Raises:
        NotFoundError: no such connection.
        RefusedError: nothing is stopped there.
    """
    hub.connections(merchant).require(connection)
    if connection not in await hub.store.read(list_stopped_pushes, merchant):
        raise RefusedError(
            f"nothing of {connection} is stopped by the push guard: nothing waits for an answer"
        )
    if not go:
        await switch(hub, merchant, connection, [Action.LEVELS], on=False, actor=actor)
        return
    await hub.store.write(release_push, merchant, connection, go=True, now=hub.clock.now())
    LOG.info("%s let the stopped round of %s be written (merchant %s)", actor, connection, merchant)


Lines = Sequence[tuple[str, str, int]]
"""(SKU, location, units)."""


async def count(hub: Hub, merchant: str, lines: Lines, *, actor: str) -> None:
    """Set what is on hand.

    Raises:
        NotFoundError: a SKU that is no product of ours, or a location that crossdock.yaml does not name.
    """
    await _known(hub, merchant, lines)
    await hub.store.write(count_stock, merchant, lines, actor=actor, now=hub.clock.now())


async def receive(hub: Hub, merchant: str, lines: Lines, *, actor: str) -> None:
    """Add to what is on hand; backorders are served by order time first.

    Raises:
        NotFoundError: a SKU that is no product of ours, or a location that crossdock.yaml does not name.
    """
    await _known(hub, merchant, lines)
    await hub.store.write(receive_stock, merchant, lines, actor=actor, now=hub.clock.now())


async def _known(hub: Hub, merchant: str, lines: Lines) -> None:
    locations, products = (
        hub.config(merchant).locations,
        await hub.store.read(list_products, merchant),
    )
    for sku, location, _ in lines:
        if location not in locations:
            raise _no_location(location, locations)
        if sku not in products:
            raise NotFoundError(f"{sku!r} is no product; add it first (PUT /api/v1/products, stock product)")


def _no_location(name: str, locations: Iterable[str]) -> NotFoundError:
    return NotFoundError(f"no location {name!r}; crossdock.yaml has {', '.join(locations)}")


async def replace_zones(hub: Hub, merchant: str, zones: Zones) -> None:
    """Say how near each location is to where parcels go, for orders that come from now on.

    Raises:
        NotFoundError: a location that crossdock.yaml does not name; nothing is stored.
    """
    locations = hub.config(merchant).locations
    for location in zones:
        if location not in locations:
            raise _no_location(location, locations)
    await hub.store.write(save_zones, merchant, zones)


async def link(hub: Hub, merchant: str, connection: str, listing: str, units: Mapping[str, int]) -> None:
    """Say what one unit of a listing is made of; orders held for it are looked at again.

    Raises:
        NotFoundError: a SKU that is no product of ours, or no such connection.
        RefusedError: units of less than one, or of more than a listing can hold.
    """
    hub.connections(merchant).require(connection)
    if any(count < 1 for count in units.values()):
        raise RefusedError("a listing holds at least one unit of each of its SKUs")
    if any(count > MOST_UNITS_LISTED for count in units.values()):
        raise RefusedError(f"a listing holds at most {MOST_UNITS_LISTED} units of each of its SKUs")
    known = await hub.store.read(list_products, merchant)
    for sku in units:
        if sku not in known:
            raise NotFoundError(f"{sku!r} is no product; add it first (PUT /api/v1/products, stock product)")
    await hub.store.write(link_all, merchant, {(connection, listing): units}, now=hub.clock.now())


async def _state(hub: Hub, merchant: str, order_id: str) -> OrderState:
    state = await hub.store.load(merchant, order_id)
    if state is None:
        raise NotFoundError(f"no order {order_id!r}")
    return state


async def _tell(hub: Hub, merchant: str, order_id: str, fact: Fact) -> None:
    await hub.store.commit(
        OrderCommit(merchant=merchant, order_id=order_id, at=hub.clock.now(), happened=(fact,))
    )
