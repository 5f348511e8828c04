"""What people ask of the hub: release, hold, label, void, retry, reject, accept, stop, count, receive, link.

Each is an observation or a row, never a vendor call: what follows from it is done by the way of the order.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from core.domain.commit import Moved, OrderCommit
from core.domain.permitted import why_not
from core.domain.shipping.routing import Zones
from core.domain.state import OrderState
from core.engine.hub import Hub
from core.engine.run import Run
from core.errors import NotFoundError, RefusedError
from core.model.actions import Action
from core.model.asks import Ask
from core.model.facts import Fact, HoldAsked, LabelAsked, RejectionAsked, Released, Retried, VoidAsked
from core.model.holds import Hold
from core.model.stock import MOST_UNITS_LISTED
from core.store.claims import wake_open_orders
from core.store.jobs import NewJob, enqueue
from core.store.ledger import Seen
from core.store.links import link_all
from core.store.listings import FIRST_PLACE, Place
from core.store.orders import find_external, find_number, orders_held
from core.store.products import products_of
from core.store.push_guard import list_stopped_pushes, release_push
from core.store.pushes import forget_agreed, note_agreed, read_afresh, turn_levels_on
from core.store.stock import count_stock, receive_stock
from core.store.switches import accepted_actions, set_switch
from core.store.zones import save_zones

LOG = logging.getLogger("crossdock.actions")


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


async def release(
    hub: Hub,
    merchant: str,
    order_id: str,
    reason: str,
    actor: str,
    *,
    note: str = "",
    seen: int | None = None,
) -> None:
    """Release a hold that a person may overrule.

    ``note`` stays on the timeline. ``seen`` is the version of the order that the person saw: if it moved on since,
    nothing is done. Both are so wherever an order is asked of.

    Raises:
        RefusedError: the order is not held by it, or its cause must be mended instead; or it moved on.
    """
    await _permit(hub, merchant, order_id, Ask.RELEASE, of=reason)
    released = Released(at=hub.clock.now(), actor=actor, reason=Hold(reason), note=note)
    await _tell(hub, merchant, order_id, released, seen)


async def hold(
    hub: Hub, merchant: str, order_id: str, actor: str, *, note: str = "", seen: int | None = None
) -> None:
    """Hold an order until a person releases it.

    Raises:
        RefusedError: it is over, labelled, or held by a person already; or it moved on.
    """
    await _permit(hub, merchant, order_id, Ask.HOLD)
    await _tell(hub, merchant, order_id, HoldAsked(at=hub.clock.now(), actor=actor, note=note), seen)


async def void(
    hub: Hub,
    merchant: str,
    order_id: str,
    parcel_id: str,
    actor: str,
    *,
    note: str = "",
    seen: int | None = None,
) -> None:
    """Have a parcel's label taken back, and the order held until a person releases it.

    Raises:
        RefusedError: there is no such label, it left, or the channel knows it as shipped; or the order moved on.
    """
    await _permit(hub, merchant, order_id, Ask.VOID, of=parcel_id)
    asked = VoidAsked(at=hub.clock.now(), actor=actor, parcel_id=parcel_id, note=note)
    await _tell(hub, merchant, order_id, asked, seen)


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


async def reject(
    hub: Hub, merchant: str, order_id: str, why: str, actor: str, *, seen: int | None = None
) -> None:
    """Have the order cancelled at its channel and all money given back.

    Raises:
        RefusedError: it is cancelled or shipped already, or its channel takes no cancellation from us; or it moved on.
    """
    await _permit(hub, merchant, order_id, Ask.REJECT)
    await _tell(hub, merchant, order_id, RejectionAsked(at=hub.clock.now(), actor=actor, why=why), seen)


async def ask_label(
    hub: Hub, merchant: str, order_id: str, actor: str, *, note: str = "", seen: int | None = None
) -> None:
    """Have the label bought now, whatever grace its location gives, and where the warehouse asks first.

    Raises:
        RefusedError: a gate is closed, and which; or the order moved on.
    """
    await _permit(hub, merchant, order_id, Ask.LABEL)
    await _tell(hub, merchant, order_id, LabelAsked(at=hub.clock.now(), actor=actor, note=note), seen)


async def retry(
    hub: Hub, merchant: str, order_id: str, actor: str, *, note: str = "", seen: int | None = None
) -> None:
    """Send a parked order on; one that could not be read whole is fetched and read again.

    Raises:
        RefusedError: it is neither; or it moved on.
    """
    state = await _permit(hub, merchant, order_id, Ask.RETRY)
    await _tell(hub, merchant, order_id, Retried(at=hub.clock.now(), actor=actor, note=note), seen)
    if state.order is not None and state.order.unreadable is not None:
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
    agreed: AsyncIterator[Mapping[Place, int]] | None = None,
) -> None:
    """Accept or stop kinds of action of a connection; it takes hold with the next step of every order.

    ``agreed`` are the numbers that were shown to the person who accepts, page by page (core/services/golive).

    Raises:
        NotFoundError: no such connection.
    """
    hub.connections(merchant).require(connection)
    now = hub.clock.now()
    opens = on and (connection, Action.LEVELS.value) not in await hub.store.read(accepted_actions, merchant)
    for action in actions:
        if action is Action.LEVELS and opens:
            await _accept_levels(hub, merchant, connection, agreed, actor=actor)
        else:
            await hub.store.write(set_switch, merchant, connection, action.value, on=on, actor=actor, now=now)
    if on:
        await hub.store.write(wake_open_orders, merchant, now)
    elif Action.LEVELS in actions:
        await hub.store.write(release_push, merchant, connection, go=False, now=now)


async def _accept_levels(
    hub: Hub,
    merchant: str,
    connection: str,
    agreed: AsyncIterator[Mapping[Place, int]] | None,
    *,
    actor: str,
) -> None:
    """Accept the levels of a connection: every listing is read afresh and brought true, some hundred in one transaction.

    What is agreed is noted before the switch is on, so that the push guard finds it. Where this ends in between, what
    was not made due is looked at within the hour.
    """
    of, now = (merchant, connection), hub.clock.now()
    after: Place | None = FIRST_PLACE
    while after is not None:
        after = await hub.store.write(forget_agreed, *of, after)
    if agreed is not None:
        async for page in agreed:
            await hub.store.write(note_agreed, *of, page)
    await hub.store.write(turn_levels_on, *of, actor=actor, now=now)
    after = FIRST_PLACE
    while after is not None:
        after = await hub.store.write(read_afresh, *of, after, now=now)


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
    LOG.info("%s of %s: the stopped round is written, as a person said", connection, merchant)


Lines = Sequence[tuple[str, str, int]]
"""(SKU, location, units)."""


async def count(
    hub: Hub, merchant: str, lines: Lines, *, actor: str, note: str = "", seen: Seen = None
) -> None:
    """Set what is on hand.

    Raises:
        NotFoundError: a SKU that is no product of ours, or a location that crossdock.yaml does not name.
        RefusedError: a counter moved on since it was ``seen``.
    """
    await check_lines(hub, merchant, lines)
    now = hub.clock.now()
    await hub.store.write(count_stock, merchant, lines, actor=actor, now=now, note=note, seen=seen)


async def receive(
    hub: Hub, merchant: str, lines: Lines, *, actor: str, note: str = "", seen: Seen = None
) -> None:
    """Add to what is on hand; backorders are served by order time first.

    Raises:
        NotFoundError: a SKU that is no product of ours, or a location that crossdock.yaml does not name.
        RefusedError: a counter moved on since it was ``seen``.
    """
    await check_lines(hub, merchant, lines)
    now = hub.clock.now()
    await hub.store.write(receive_stock, merchant, lines, actor=actor, now=now, note=note, seen=seen)


async def check_lines(hub: Hub, merchant: str, lines: Lines) -> None:
    """Refuse what no count or receipt can name.

    Raises:
        NotFoundError: a SKU that is no product of ours, or a location that crossdock.yaml does not name.
    """
    locations = hub.config(merchant).locations
    products = await hub.store.read(products_of, merchant, {sku for sku, _, _ in lines})
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
    await check_link(hub, merchant, connection, units)
    await hub.store.write(link_all, merchant, {(connection, listing): units}, now=hub.clock.now())


async def check_link(hub: Hub, merchant: str, connection: str, units: Mapping[str, int]) -> None:
    """Refuse what no listing can be made of.

    Raises:
        NotFoundError: a SKU that is no product of ours, or no such connection.
        RefusedError: units of less than one.
    """
    hub.connections(merchant).require(connection)
    if any(count < 1 for count in units.values()):
        raise RefusedError("a listing holds at least one unit of each of its SKUs")
    if any(count > MOST_UNITS_LISTED for count in units.values()):
        raise RefusedError(f"a listing holds at most {MOST_UNITS_LISTED} units of each of its SKUs")
    known = await hub.store.read(products_of, merchant, units)
    for sku in units:
        if sku not in known:
            raise NotFoundError(f"{sku!r} is no product; add it first (PUT /api/v1/products, stock product)")


async def read_order(hub: Hub, merchant: str, order_id: str) -> Run:
    """Read an order and what is around it, only to look.

    Raises:
        NotFoundError: no such order, or it is not known yet.
    """
    known = await hub.store.know(merchant, order_id)
    state = known.state
    if state is None or state.order is None:
        raise NotFoundError(f"no order {order_id!r}" if state is None else f"{order_id} is not known yet")
    run = Run(hub=hub, merchant=merchant, order_id=order_id, state=state, attempts=0, unsealed=known.unsealed)
    await run.look_around(known.revision)
    return run


def refusal(run: Run, ask: Ask, of: str = "") -> str:
    """Return why something may not be done with an order now; empty where it may."""
    connections = run.connections
    channel = connections.ports.get(run.order.connection)
    return why_not(
        ask,
        run.view(),
        of=of,
        channel_cancels=channel is not None and channel.channel_payments is not None,
        in_test=connections.in_test,
    )


async def _permit(hub: Hub, merchant: str, order_id: str, ask: Ask, of: str = "") -> OrderState:
    run = await read_order(hub, merchant, order_id)
    refused = refusal(run, ask, of)
    if refused:
        raise RefusedError(refused)
    return run.state


async def _tell(hub: Hub, merchant: str, order_id: str, fact: Fact, seen: int | None = None) -> None:
    """Tell a fact; of two who ask on what they saw of one version, one is served.

    Raises:
        RefusedError: the order moved on since the version that was seen.
    """
    told = OrderCommit(merchant=merchant, order_id=order_id, at=hub.clock.now())
    asked = replace(told, happened=(fact,)) if seen is None else replace(told, decided=(fact,), expect=seen)
    if isinstance(await hub.store.commit(asked), Moved):
        raise RefusedError("nothing was done: the order moved on since you looked; look at it again")
