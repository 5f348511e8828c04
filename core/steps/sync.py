"""Sync: fetch the order as it stands at its channel, and make it ours: facts, units, listing levels."""

from collections.abc import Mapping

from core.domain.fold import fold
from core.domain.needs import needs_of
from core.domain.notices import left_notices
from core.domain.shipping.routing import nearest_first
from core.domain.state import OrderState, is_locked, region_of_order, third_party_shipped
from core.engine.answers import Call
from core.engine.hub import Hub
from core.engine.pauses import asked
from core.engine.run import Run
from core.errors import MappingError, UnavailableError
from core.failpoints import failpoint
from core.model.address import plain_text
from core.model.commit import Landed, NewOrder, OrderCommit, Reserve, Sealed
from core.model.facts import Changed, Forgotten, Received
from core.model.order import ChannelState, FetchedOrder, FulfilledBy, Order, Personal, Transaction
from core.model.stock import Need
from core.steps.restored import shipped_while_lost
from core.store.golive import orders_since
from core.store.links import links_of
from core.store.personal import address_digest, personal_of
from core.store.tombstones import why_forgotten
from core.store.zones import zones_of

_TRIES = 5


async def sync_order(hub: Hub, merchant: str, connection: str, external_id: str) -> None:
    """Fetch one order and commit what changed; nothing where we know as much already.

    Raises:
        UnavailableError: the channel answered with an older order than we know, or others kept changing it.
    """
    channel = hub.connections(merchant).named(connection).channel
    if channel is None:
        return
    failpoint("capture.fetch.before")
    fetched = await asked(hub, merchant, Call(connection, "fetch_order"), channel.fetch_order(external_id))
    failpoint("capture.fetch.after")
    order_id = f"{connection}:{external_id}"
    for _ in range(_TRIES):
        state = await hub.store.load(merchant, order_id)
        if (
            state is not None
            and state.order is not None
            and not is_news(state.order, fetched.order)
            and await _knows_personal(hub, merchant, order_id, fetched)
        ):
            return
        commit = await commit_of(hub, merchant, order_id, fetched, state)
        failpoint("capture.commit.before")
        if isinstance(await hub.store.commit(commit), Landed):
            failpoint("capture.commit.after")
            return
    raise UnavailableError("the order keeps changing while it is read", connection=connection)


def is_news(known: Order, fetched: Order) -> bool:
    """Return whether a fetched order tells something new.

    Raises:
        UnavailableError: it is older than what we know; the channel must be asked again.
    """
    if fetched == known:
        return False
    if known.unreadable is not None:  # its instants may be guesses, another each time
        instants = {"placed_at": known.placed_at, "updated_at": known.updated_at}
        return fetched.model_copy(update=instants) != known
    if fetched.updated_at < known.updated_at:
        raise UnavailableError(
            "answered with an older order than it gave before", connection=fetched.connection
        )
    return True


async def _knows_personal(hub: Hub, merchant: str, order_id: str, fetched: FetchedOrder) -> bool:
    """Return whether names and streets are as we know them (a channel's clock may not tell two edits apart).

    Of a person who was forgotten nothing is learnt again, and of an order not read whole nothing is told.
    """
    if fetched.order.unreadable is not None:
        return True
    known = await hub.store.read(personal_of, hub.store.keys, merchant, order_id)
    return known is None or known == fetched.personal


async def refresh(run: Run) -> bool:
    """Read the order again at its channel (R84); commit and return True if anything changed."""
    channel = run.connections.named(run.order.connection).channel
    if channel is None:
        return False
    failpoint("capture.refresh.before")
    call = Call(run.order.connection, "fetch_order")
    fetched = await asked(run.hub, run.merchant, call, channel.fetch_order(run.order.order_id))
    failpoint("capture.refresh.after")
    if not is_news(run.order, fetched.order) and await _knows_personal(
        run.hub, run.merchant, run.order_id, fetched
    ):
        return False
    commit = await commit_of(run.hub, run.merchant, run.order_id, fetched, run.state)
    if fetched.order.unreadable is None and run.state.forgotten_at is None:
        run.personal = fetched.personal
    await run.commit(
        happened=commit.happened,
        reserve=commit.reserve,
        sealed=commit.sealed,
        references=commit.references,
        invalidate_levels=commit.invalidate_levels,
        notices=commit.notices,
    )
    return True


def require_whole(run: Run) -> None:
    """Refuse to conclude that something was not done from an order that could not be read whole.

    Raises:
        MappingError: it could not; the look-up waits for the next reading, or for a person.
    """
    part = run.order.unreadable
    if part is not None:
        raise MappingError(part.field, part.reason)


async def commit_of(
    hub: Hub, merchant: str, order_id: str, fetched: FetchedOrder, state: OrderState | None
) -> OrderCommit:
    """Return the commit that makes a fetched order ours: it is told, and its units are set aside, in one commit."""
    order, now = fetched.order, hub.clock.now()
    fact = await _fact_of(hub, merchant, order_id, fetched, state)
    forgotten = await _forgotten(hub, merchant, order_id, fetched, state)
    # Of one that is forgotten before it is known the store keeps nothing, and remembers that.
    keeps = order.unreadable is None and (state is None or state.forgotten_at is None)
    return OrderCommit(
        merchant=merchant,
        order_id=order_id,
        at=now,
        expect=state.version if state else 0,
        create=NewOrder(
            connection=order.connection,
            external_id=order.order_id,
            number=order.number,
            placed_at=order.placed_at,
        ),
        happened=(fact, *forgotten),
        reserve=await reserve_of(hub, merchant, order, fact.needs, state),
        sealed=sealed_of(fetched.personal) if keeps else None,
        references=references_of(order.transactions),
        invalidate_levels=tuple((order.connection, line.listing) for line in order.lines if line.listing),
        notices=left_notices(fold(state, fact), now) if state is not None else (),
    )


async def _fact_of(
    hub: Hub, merchant: str, order_id: str, fetched: FetchedOrder, state: OrderState | None
) -> Received | Changed:
    """Return what is told of a fetched order: that it is known now, or that it changed."""
    order, now, read = fetched.order, hub.clock.now(), hub.store.read
    links = await read(links_of, merchant, order.connection)
    needs, unlinked = needs_of(order, links, gone_of(state, order))
    if state is not None and state.order is not None:
        address = await address_digest_of(hub, merchant, order_id, fetched.personal)
        guessed = state.order.unreadable is not None and order.unreadable is None
        return Changed(
            at=now,
            actor="channel",
            order=order,
            needs=needs,
            unlinked=unlinked,
            address=address,
            before_go_live=await _before_go_live(hub, merchant, order) if guessed else None,
        )
    before = await _before_go_live(hub, merchant, order)
    return Received(
        at=now, actor="channel", order=order, needs=needs, unlinked=unlinked, before_go_live=before
    )


async def _forgotten(
    hub: Hub, merchant: str, order_id: str, fetched: FetchedOrder, state: OrderState | None
) -> tuple[Forgotten, ...]:
    """Return what is told of an order whose person was forgotten before it was known: nothing of it is kept."""
    if state is not None and state.order is not None:
        return ()
    why = await hub.store.read(
        why_forgotten,
        hub.store.keys,
        merchant,
        order_id,
        email=fetched.personal.email,
        placed_at=fetched.order.placed_at,
    )
    return () if why is None else (Forgotten(at=hub.clock.now(), why=why),)


async def _before_go_live(hub: Hub, merchant: str, order: Order) -> bool:
    """Return whether an order was placed before the hub was to ship what its channel sells (R85)."""
    carrier = hub.connections(merchant).carrier
    since = await hub.store.read(orders_since, merchant, order.connection, carrier=carrier)
    return since is None or order.placed_at < since


async def address_digest_of(hub: Hub, merchant: str, order_id: str, personal: Personal) -> str | None:
    """Return the digest by which facts tell whether the address changed; None where there is none."""
    if personal.ship_to is None:
        return None
    return await hub.store.read(
        address_digest, hub.store.keys, merchant, order_id, plain_text(personal.ship_to)
    )


def gone_of(state: OrderState | None, order: Order) -> Mapping[str, int]:
    """Return the units by line that a third party shipped of an order that is open still, and not labelled by us."""
    known = state or OrderState()
    if order.state is not ChannelState.OPEN or any(is_locked(known, p) for p in known.parcels):
        return {}
    return third_party_shipped(known.model_copy(update={"order": order}))


async def reserve_of(
    hub: Hub, merchant: str, order: Order, needs: tuple[Need, ...], state: OrderState | None
) -> Reserve | None:
    """Return the units to set aside for an order as it now stands; None where nothing is to change."""
    over = order.state in (ChannelState.CANCELLED, ChannelState.SHIPPED)
    lost = over and state is None and await shipped_while_lost(hub, merchant, order)
    if (over and not lost) or order.fulfilled_by is FulfilledBy.CHANNEL:
        return None
    if state is not None and (state.closed or any(is_locked(state, p) for p in state.parcels)):
        return None
    locations = await locations_for(hub, merchant, order)
    if state is not None and state.needs == needs and not await _leads_elsewhere(hub, merchant, state, order):
        return None
    if state is not None and any(
        n > state.third_party_units.get(i, 0) for i, n in gone_of(state, order).items()
    ):
        return None  # first what a third party shipped is taken off on hand
    held = state.allocations if state else ()
    if not needs and not held:
        return None
    return Reserve(
        needs=needs,
        locations=locations,
        give_back=held,
        why="the order changed" if held else "",
    )


async def _leads_elsewhere(hub: Hub, merchant: str, state: OrderState, order: Order) -> bool:
    """Return whether an order goes elsewhere than it did, or told only now where, and other locations are nearer."""
    if state.order is None or region_of_order(order) in (None, region_of_order(state.order)):
        return False
    before = await locations_for(hub, merchant, state.order)
    return before != await locations_for(hub, merchant, order)


async def locations_for(hub: Hub, merchant: str, order: Order) -> tuple[str, ...]:
    """Return our locations in order of preference, the nearest first, whichever the channel assigned (rule P4)."""
    return nearest_first(
        region_of_order(order),
        {name: (at.country, at.state) for name, at in hub.config(merchant).locations.items()},
        await hub.store.read(zones_of, merchant),
    )


def sealed_of(personal: Personal) -> Sealed:
    """Return the personal data to seal, and what an order may be searched by."""
    found = {
        "email": personal.email,
        "phone": personal.ship_to.phone if personal.ship_to else None,
        "zip": personal.ship_to.zip if personal.ship_to else None,
    }
    return Sealed(
        personal_json=personal.model_dump_json(),
        search=tuple((kind, value.strip().lower()) for kind, value in found.items() if value),
    )


def references_of(transactions: tuple[Transaction, ...]) -> tuple[tuple[str, str], ...]:
    """Return the payment references by which a gateway's notification finds the order."""
    return tuple(("payment", t.reference) for t in transactions if t.reference)
