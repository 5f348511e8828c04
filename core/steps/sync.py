"""Sync: fetch the order as it stands at its channel, and make it ours: facts, units, listing levels."""

from collections.abc import Mapping

from core.config.merchant import MerchantConfig
from core.domain.commit import Landed, NewOrder, OrderCommit, Reserve, Sealed
from core.domain.fold import fold
from core.domain.needs import needs_of
from core.domain.notices import left_notices, unmapped_notices
from core.domain.shipping.routing import nearest_first
from core.domain.state import OrderState, is_locked, region_of_order, third_party_shipped
from core.engine.answers import Call
from core.engine.hub import Hub
from core.engine.pauses import asked
from core.engine.run import Run
from core.engine.settings import links_at, settings_at
from core.errors import MappingError, UnavailableError
from core.failpoints import failpoint
from core.model.address import plain_text
from core.model.annotations import Tagged
from core.model.facts import Changed, Forgotten, Received
from core.model.order import ChannelState, FetchedOrder, FulfilledBy, Order, Personal, Transaction
from core.model.stock import Need
from core.steps.restored import shipped_while_lost
from core.store.known import Known, Unsealed
from core.store.personal import address_digest
from core.store.sealing import Key
from core.store.settings import Settings
from core.store.tombstones import why_forgotten

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
        known = await hub.store.know(merchant, order_id)
        if (
            known.state is not None
            and known.state.order is not None
            and not is_news(known.state.order, fetched.order)
            and _knows_personal(known.unsealed.personal, fetched)
        ):
            return
        commit = await commit_of(hub, merchant, order_id, fetched, known)
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


def _knows_personal(known: Personal | None, fetched: FetchedOrder) -> bool:
    """Return whether names and streets are as we know them (a channel's clock may not tell two edits apart).

    Of a person who was forgotten nothing is learnt again, and of an order not read whole nothing is told.
    """
    return fetched.order.unreadable is not None or known is None or known == fetched.personal


async def refresh(run: Run) -> bool:
    """Read the order again at its channel (R84); commit and return True if anything changed."""
    channel = run.connections.named(run.order.connection).channel
    if channel is None:
        return False
    failpoint("capture.refresh.before")
    call = Call(run.order.connection, "fetch_order")
    fetched = await run.ask(call, lambda: channel.fetch_order(run.order.order_id))
    failpoint("capture.refresh.after")
    if not is_news(run.order, fetched.order) and _knows_personal(run.unsealed.personal, fetched):
        return False
    known = Known(state=run.state, unsealed=run.unsealed, forgotten=None, revision=run.settings)
    commit = await commit_of(run.hub, run.merchant, run.order_id, fetched, known)
    if fetched.order.unreadable is None and run.state.forgotten_at is None:
        run.unsealed = Unsealed(fetched.personal, run.unsealed.key)
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
    hub: Hub, merchant: str, order_id: str, fetched: FetchedOrder, known: Known
) -> OrderCommit:
    """Return the commit that makes a fetched order ours: it is told, and its units are set aside, in one commit."""
    order, now, state = fetched.order, hub.clock.now(), known.state
    settings = await settings_at(hub, merchant, known.revision)
    fact = await _fact_of(hub, merchant, fetched, known, settings)
    forgotten = await _forgotten(hub, merchant, order_id, fetched, known=known, settings=settings)
    # Of one that is forgotten before it is known the store keeps nothing, and remembers that.
    keeps = order.unreadable is None and (state is None or state.forgotten_at is None)
    return OrderCommit(
        merchant=merchant,
        order_id=order_id,
        at=now,
        expect=state.version if state else 0,
        known=state,
        create=NewOrder(
            connection=order.connection,
            external_id=order.order_id,
            number=order.number,
            placed_at=order.placed_at,
        ),
        happened=(fact, *_tagged(fact, fetched), *forgotten),
        reserve=reserve_of(hub.config(merchant), settings, order, fact.needs, state),
        sealed=sealed_of(fetched.personal) if keeps else None,
        references=references_of(order.transactions),
        invalidate_levels=tuple((order.connection, line.listing) for line in order.lines if line.listing),
        notices=(
            *(left_notices(fold(state, fact), now) if state is not None else ()),
            *unmapped_notices(fetched, now),
        ),
    )


async def _fact_of(
    hub: Hub, merchant: str, fetched: FetchedOrder, known: Known, settings: Settings
) -> Received | Changed:
    """Return what is told of a fetched order: that it is known now, or that it changed."""
    order, now, state = fetched.order, hub.clock.now(), known.state
    listings = {line.listing for line in order.lines if line.listing}
    links = await links_at(hub, merchant, order.connection, listings, settings.revision)
    needs, unlinked = needs_of(order, links, gone_of(state, order))
    before = _before_go_live(hub, merchant, settings, order)
    if state is not None and state.order is not None:
        address = address_digest_of(known.unsealed.key, fetched.personal)
        guessed = state.order.unreadable is not None and order.unreadable is None
        return Changed(
            at=now,
            actor="channel",
            order=order,
            needs=needs,
            unlinked=unlinked,
            address=address,
            before_go_live=before if guessed else None,
        )
    return Received(
        at=now, actor="channel", order=order, needs=needs, unlinked=unlinked, before_go_live=before
    )


def _tagged(fact: Received | Changed, fetched: FetchedOrder) -> tuple[Tagged, ...]:
    """Return the tags that ``maps:`` puts on an order when it is received; people and rules take them off."""
    tags = fetched.tags if isinstance(fact, Received) else ()
    return tuple(Tagged(at=fact.at, actor="channel", tag=tag) for tag in tags)


async def _forgotten(
    hub: Hub, merchant: str, order_id: str, fetched: FetchedOrder, *, known: Known, settings: Settings
) -> tuple[Forgotten, ...]:
    """Return what is told of an order whose person was forgotten before it was known: nothing of it is kept."""
    if known.state is not None and known.state.order is not None:
        return ()
    why = known.forgotten
    if why is None and settings.persons_forgotten:
        why = await hub.store.read(
            why_forgotten,
            hub.store.keys,
            merchant,
            order_id,
            email=fetched.personal.email,
            placed_at=fetched.order.placed_at,
        )
    return () if why is None else (Forgotten(at=hub.clock.now(), why=why),)


def _before_go_live(hub: Hub, merchant: str, settings: Settings, order: Order) -> bool:
    """Return whether an order was placed before the hub was to ship what its channel sells (R85)."""
    since = settings.orders_since(order.connection, carrier=hub.connections(merchant).carrier)
    return since is None or order.placed_at < since


def address_digest_of(key: Key | None, personal: Personal) -> str | None:
    """Return the digest, under the order's key, by which facts tell whether the address changed; None where there is none."""
    if personal.ship_to is None or key is None:
        return None
    return address_digest(key, plain_text(personal.ship_to))


def gone_of(state: OrderState | None, order: Order) -> Mapping[str, int]:
    """Return the units by line that a third party shipped of an order that is open still, and not labelled by us."""
    known = state or OrderState()
    if order.state is not ChannelState.OPEN or any(is_locked(known, p) for p in known.parcels):
        return {}
    return third_party_shipped(known.model_copy(update={"order": order}))


def reserve_of(
    config: MerchantConfig,
    settings: Settings,
    order: Order,
    needs: tuple[Need, ...],
    state: OrderState | None,
) -> Reserve | None:
    """Return the units to set aside for an order as it now stands; None where nothing is to change."""
    over = order.state in (ChannelState.CANCELLED, ChannelState.SHIPPED)
    lost = over and state is None and shipped_while_lost(settings, order)
    if (over and not lost) or order.fulfilled_by is FulfilledBy.CHANNEL:
        return None
    if state is not None and (state.closed or any(is_locked(state, p) for p in state.parcels)):
        return None
    locations = locations_for(config, settings, order, state.route if state is not None else ())
    if state is not None and state.needs == needs and not _leads_elsewhere(config, settings, state, order):
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


def _leads_elsewhere(config: MerchantConfig, settings: Settings, state: OrderState, order: Order) -> bool:
    """Return whether an order goes elsewhere than it did, or told only now where, and other locations are nearer."""
    if state.order is None or region_of_order(order) in (None, region_of_order(state.order)):
        return False
    return locations_for(config, settings, state.order) != locations_for(config, settings, order)


def locations_for(
    config: MerchantConfig, settings: Settings, order: Order, route: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return our locations in order of preference, the nearest first, whichever the channel assigned (rule P4).

    Where a rule chose a route, it is that alone.
    """
    chosen = tuple(name for name in route if name in config.locations)
    return chosen or nearest_first(
        region_of_order(order),
        {name: (at.country, at.state) for name, at in config.locations.items()},
        settings.zones,
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
