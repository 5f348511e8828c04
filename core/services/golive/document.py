"""The written differences: every listing as it is shown and as it would be, and what of orders, mails and money waits.

A document says what was so at one instant. Whoever accepts names the document that was shown (R21).
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from core.domain.due import open_captures
from core.domain.levels import wanted_level
from core.domain.state import OrderState, Stage
from core.engine.hub import Hub
from core.engine.run import Run
from core.model.actions import Action
from core.model.base import Instant, Shape
from core.model.holds import Hold
from core.steps import STEPS
from core.store.channel_locations import channel_places
from core.store.golive import GoLiveRow, keep_shown, list_accepted, open_orders, writes_so_far
from core.store.links import links_of
from core.store.listings import ListingRow, list_listings
from core.store.settings import read_settings
from core.store.stock import listable_units
from core.store.switches import list_switches

RowState = Literal["differ", "equal", "unlinked", "read_only", "not_counted", "no_location", "unread"]
_STATES: tuple[RowState, ...] = (
    "differ",
    "equal",
    "unlinked",
    "read_only",
    "not_counted",
    "no_location",
    "unread",
)
_MAILS = {"confirm": "confirmation", "tell_shopper": "shipping", "mail_cancellation": "cancellation"}
_WAITING = (Stage.AWAITING_PAYMENT, Stage.ON_HOLD, Stage.READY)


class ListingDifference(Shape):
    """One listing, at one of our locations where the channel counts by location (else None), in units of the listing."""

    connection: str
    listing: str
    location: str | None
    at: str
    """The channel's own id of the location; empty where it keeps one quantity."""
    title: str
    shows: int | None
    wanted: int | None
    """What it is to show; None: it is never written."""
    state: RowState
    by: Literal["buffer", "count"] | None
    """Of a difference: whether it is gone where all buffers are 0."""
    because: str
    plain: int | None = None
    """What it would show without buffers: how many could be sold."""


class Accepted(Shape):
    """A kind of action that runs now."""

    connection: str
    action: str
    at: Instant
    by: str
    first_at: Instant | None


class Money(Shape):
    """Authorized money that would be captured: now, or once the label of its order is bought. Minor units."""

    authorizations: int
    at_once: int
    minor: dict[str, int]
    """By currency."""


class Differences(Shape):
    """What the hub would change, at one instant."""

    id: str
    taken_at: Instant
    listings: dict[str, int]
    """How many rows are in each state."""
    of_which: dict[str, int]
    """Of those that differ: by_buffer_only, by_count."""
    rows: tuple[ListingDifference, ...]
    open_orders: tuple[str, ...]
    """Numbers of the orders from before go-live that nobody released yet, the oldest first."""
    orders: dict[str, int]
    """How many orders that are not shipped wait for what; "nothing" for those that nothing holds."""
    mails: dict[str, int]
    """Mails that would be sent at once."""
    money: Money
    writes_so_far: int
    accepted: tuple[Accepted, ...]


async def differences(hub: Hub, merchant: str) -> Differences:
    """Return what the hub would change now, and keep it, so that it can be accepted by its id."""
    now = hub.clock.now()
    rows = await rows_of(hub, merchant)
    states = await hub.store.read(open_orders, merchant)
    before = [number for _, number, state in states if is_before_go_live(state)]
    known = {
        "taken_at": now,
        "listings": {name: sum(1 for row in rows if row.state == name) for name in _STATES},
        "of_which": {
            "by_buffer_only": sum(1 for row in rows if row.by == "buffer"),
            "by_count": sum(1 for row in rows if row.by == "count"),
        },
        "rows": rows,
        "open_orders": tuple(before),
        "orders": _orders([state for _, _, state in states]),
        "mails": await _mails(hub, merchant, states, now),
        "money": _money(hub, merchant, states),
        "writes_so_far": await hub.store.read(writes_so_far, merchant),
        "accepted": await _accepted(hub, merchant),
    }
    draft = Differences.model_validate({"id": "", **known})
    times = len(await hub.store.read(list_accepted, merchant))
    said = f"{times} {draft.model_dump_json(exclude={'taken_at'})}"
    shown = draft.model_copy(update={"id": hashlib.sha256(said.encode()).hexdigest()[:12]})
    kept = GoLiveRow(document_id=shown.id, taken_at=now, document=shown.model_dump_json())
    await hub.store.write(keep_shown, merchant, kept)
    return shown


def is_before_go_live(state: OrderState) -> bool:
    """Return whether an order was placed before go-live, is still to be shipped, and was not released."""
    return state.before_go_live and Hold.BEFORE_GO_LIVE not in state.overruled and state.stage in _WAITING


async def rows_of(
    hub: Hub, merchant: str, *, as_if: Mapping[tuple[str, str], Mapping[str, int]] = MappingProxyType({})
) -> tuple[ListingDifference, ...]:
    """Return every listing of a merchant as it is shown and as it would be, in the order of crossdock.yaml.

    ``as_if`` says what listings, by (connection, listing), would be made of if they were linked otherwise.
    """
    available = await hub.store.read(listable_units, merchant)
    found: list[ListingDifference] = []
    for connection, ports in hub.connections(merchant).ports.items():
        if ports.levels is None:
            continue
        links = await hub.store.read(links_of, merchant, connection)
        places = await hub.store.read(channel_places, merchant, connection)
        for row in await hub.store.read(list_listings, merchant, connection):
            made_of, (name, place) = (
                as_if.get((connection, row.listing), links.get(row.listing, {})),
                places.get(row.location, (row.location, None)),
            )
            wanted = _wanted(hub, merchant, row, made_of, place, available, buffers=True)
            plain = _wanted(hub, merchant, row, made_of, place, available, buffers=False)
            found.append(_difference(row, made_of, place, name, wanted, plain))
    return tuple(found)


def _wanted(  # noqa: PLR0917 - what a level depends on
    hub: Hub,
    merchant: str,
    row: ListingRow,
    made_of: Mapping[str, int],
    place: str | None,
    available: Mapping[tuple[str, str], int],
    *,
    buffers: bool,
) -> int | None:
    config = hub.config(merchant)
    if row.never_written or (row.location and place is None):
        return None
    return wanted_level(
        made_of,
        available,
        location=place if row.location else None,
        locations=tuple(config.locations),
        buffer=lambda sku: config.buffer(sku, row.connection) if buffers else 0,
    )


def _difference(  # noqa: PLR0917 - a row and what is known of it
    row: ListingRow,
    made_of: Mapping[str, int],
    place: str | None,
    name: str,
    wanted: int | None,
    plain: int | None,
) -> ListingDifference:
    state, because = _state_of(row, made_of, place, name, wanted)
    by: Literal["buffer", "count"] | None = None
    if state == "differ":
        by = "buffer" if row.last_read == plain else "count"
        because = (
            f"{plain} without buffers, {'as it shows' if by == 'buffer' else f'and it shows {row.last_read}'}"
        )
    return ListingDifference(
        connection=row.connection,
        listing=row.listing,
        location=place,
        at=row.location,
        title=row.title,
        shows=row.last_read,
        wanted=wanted,
        state=state,
        by=by,
        because=because,
        plain=plain,
    )


def _state_of(
    row: ListingRow, made_of: Mapping[str, int], place: str | None, name: str, wanted: int | None
) -> tuple[RowState, str]:
    if row.never_written:
        return "read_only", "the channel keeps this quantity itself; it is never written"
    if not made_of:
        return "unlinked", "nobody said what it is made of; it is never written"
    if row.location and place is None:
        return "no_location", f"no location of crossdock.yaml has the name {name!r}; it is never written"
    if wanted is None:
        return "not_counted", "a SKU of it was never counted; it is not written"
    if row.last_read is None:
        return "unread", "the channel has not said yet what it shows"
    if wanted == row.last_read:
        return "equal", ""
    return "differ", ""


def _orders(states: list[OrderState]) -> dict[str, int]:
    waits: Counter[str] = Counter()
    for state in states:
        if state.stage not in _WAITING:
            continue
        reasons = set(state.holds) | ({Hold.BEFORE_GO_LIVE} if is_before_go_live(state) else set())
        waits.update(hold.value for hold in reasons)
        waits["nothing"] += not reasons
    released = {hold.value for hold in Hold if hold.overrulable}
    known = sorted(+waits, key=lambda reason: (reason not in released, reason))
    return {reason: waits[reason] for reason in known}


async def _mails(
    hub: Hub, merchant: str, states: list[tuple[str, str, OrderState]], now: datetime
) -> dict[str, int]:
    """Return how many mails of each kind would be sent at once if mails were accepted now."""
    mailer = hub.connections(merchant).mailer
    if mailer is None:
        return dict.fromkeys(_MAILS.values(), 0)
    counts = dict.fromkeys(_MAILS.values(), 0)
    settings = await hub.store.read(read_settings, merchant, now)
    since = {name: settings.mails_since(name, mailer=mailer) for name in hub.connections(merchant).ports}
    for order_id, _, state in states:
        first = (since.get(state.order.connection) if state.order is not None else None) or now
        if state.order is None or state.order.placed_at < first:
            continue
        known = await hub.store.know(merchant, order_id)
        run = Run(
            hub=hub,
            merchant=merchant,
            order_id=order_id,
            state=state,
            attempts=0,
            whose=known.whose,
            accepted=frozenset({(mailer, Action.MAILS.value)}),
            mails_since=first,
        )
        for step, kind in _MAILS.items():
            counts[kind] += STEPS[step].due(run.view()) is not None
    return counts


def _money(hub: Hub, merchant: str, states: list[tuple[str, str, OrderState]]) -> Money:
    minor: Counter[str] = Counter()
    found = at_once = 0
    for _, _, state in states:
        order = state.order
        if (
            order is None
            or state.cancelled
            or hub.connections(merchant).ports[order.connection].channel_payments is None
        ):
            continue
        labelled = bool(state.parcels) and all(p.label is not None for p in state.parcels)
        for _, amount in open_captures(state):
            found += 1
            at_once += labelled
            minor[amount.currency] += amount.minor
    return Money(authorizations=found, at_once=at_once, minor=dict(sorted(minor.items())))


async def _accepted(hub: Hub, merchant: str) -> tuple[Accepted, ...]:
    known = {action.value for action in Action}
    return tuple(
        Accepted(connection=s.connection, action=s.action, at=s.at, by=s.actor, first_at=s.first_at)
        for s in (await hub.store.read(list_switches, merchant)).values()
        if s.on and s.action in known
    )
