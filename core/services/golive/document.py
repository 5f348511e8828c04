"""The written differences: every listing as it is shown and as it would be, and what of orders, mails and money waits.

A document says what was so at one instant. Whoever accepts names the document that was shown (R21).
"""

import hashlib
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import Field, TypeAdapter

from core.domain.due import open_captures
from core.domain.state import OrderState, Stage
from core.engine.hub import Hub
from core.engine.run import Run
from core.errors import NotFoundError
from core.model.actions import Action
from core.model.base import Instant, Shape
from core.model.holds import Hold
from core.services.golive.listings import ON_A_PAGE, STATES, ListingDifference, difference_pages
from core.steps import STEPS
from core.store.golive import (
    GoLiveRow,
    count_accepted,
    find_rows,
    find_shown,
    fresh_rows,
    keep_rows,
    keep_shown,
    open_orders,
    writes_so_far,
)
from core.store.settings import read_settings
from core.store.switches import list_switches

_MAILS = {"confirm": "confirmation", "tell_shopper": "shipping", "mail_cancellation": "cancellation"}
_WAITING = (Stage.AWAITING_PAYMENT, Stage.ON_HOLD, Stage.READY)


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
    connections: dict[str, dict[str, int]] = Field(default_factory=dict)
    """How many rows of each connection are in each state."""
    rows: tuple[ListingDifference, ...]
    """All of them; of more than five hundred the first."""
    after: str | None = None
    """Behind which the other rows begin; None where these are all."""
    open_orders: tuple[str, ...]
    """Numbers of the orders from before go-live that nobody released yet, the oldest first."""
    orders: dict[str, int]
    """How many orders that are not shipped wait for what; "nothing" for those that nothing holds."""
    mails: dict[str, int]
    """Mails that would be sent at once."""
    money: Money
    writes_so_far: int
    accepted: tuple[Accepted, ...]


FRESH_FOR = timedelta(minutes=1)
"""The rows of more listings than fit on a page are written down anew after so long, not for every look."""


async def differences(hub: Hub, merchant: str) -> Differences:
    """Return what the hub would change now, and keep it, so that it can be accepted by its id."""
    now = hub.clock.now()
    written = await _written(hub, merchant, now)
    states = await hub.store.read(open_orders, merchant)
    before = [number for _, number, state in states if is_before_go_live(state)]
    known = {
        "taken_at": written.taken_at,
        "listings": {name: written.states[name] for name in STATES},
        "of_which": {
            "by_buffer_only": written.by["buffer"],
            "by_count": written.by["count"],
        },
        "connections": {name: dict(counts) for name, counts in written.connections.items()},
        "rows": written.rows,
        "after": "1" if written.rows_id is not None else None,
        "open_orders": tuple(before),
        "orders": _orders([state for _, _, state in states]),
        "mails": await _mails(hub, merchant, states, now),
        "money": _money(hub, merchant, states),
        "writes_so_far": await hub.store.read(writes_so_far, merchant),
        "accepted": await _accepted(hub, merchant),
    }
    draft = Differences.model_validate({"id": "", **known})
    times = await hub.store.read(count_accepted, merchant)
    said = f"{times} {written.rows_id} {draft.model_dump_json(exclude={'taken_at'})}"
    shown = draft.model_copy(update={"id": hashlib.sha256(said.encode()).hexdigest()[:12]})
    kept = GoLiveRow(
        document_id=shown.id,
        taken_at=written.taken_at,
        document=shown.model_dump_json(),
        rows_id=written.rows_id,
    )
    await hub.store.write(keep_shown, merchant, kept)
    return shown


@dataclass(slots=True, kw_only=True)
class _Written:
    """All listings as they stood at one instant: counted, and the first page of them."""

    taken_at: datetime
    states: Counter[str] = field(default_factory=Counter)
    by: Counter[str] = field(default_factory=Counter)
    connections: dict[str, Counter[str]] = field(default_factory=dict)
    rows: tuple[ListingDifference, ...] = ()
    rows_id: str | None = None
    """Under which they are all kept, where they fill more than one page."""

    def count(self, rows: Iterable[ListingDifference]) -> None:
        """Count some more."""
        for row in rows:
            self.states[row.state] += 1
            self.by[row.by or ""] += 1
            self.connections.setdefault(row.connection, Counter())[row.state] += 1


async def _written(hub: Hub, merchant: str, now: datetime) -> _Written:
    fresh = await hub.store.read(fresh_rows, merchant, now - FRESH_FOR)
    if fresh is not None:
        return _written_before(fresh)
    written = _Written(taken_at=now)
    pages, name = 0, f"{now.isoformat()}/{uuid.uuid4().hex[:8]}"
    waiting: list[ListingDifference] = []
    async for rows in difference_pages(hub, merchant):
        written.count(rows)
        waiting += rows
        while len(waiting) > ON_A_PAGE:
            page, waiting = waiting[:ON_A_PAGE], waiting[ON_A_PAGE:]
            written.rows = written.rows or tuple(page)
            written.rows_id = name
            await hub.store.write(keep_rows, merchant, name, pages, text_of(page))
            pages += 1
    if written.rows_id is None:
        written.rows = tuple(waiting)
    else:
        await hub.store.write(keep_rows, merchant, name, pages, text_of(waiting))
    return written


def _written_before(row: GoLiveRow) -> _Written:
    shown = Differences.model_validate_json(row.document)
    return _Written(
        taken_at=row.taken_at,
        states=Counter(shown.listings),
        by=Counter(buffer=shown.of_which["by_buffer_only"], count=shown.of_which["by_count"]),
        connections={name: Counter(counts) for name, counts in shown.connections.items()},
        rows=shown.rows,
        rows_id=row.rows_id,
    )


def by_connection(shown: Differences) -> dict[str, dict[str, int]]:
    """Return how many rows of each connection are in each state; an older hub did not write that down."""
    if shown.connections:
        return shown.connections
    written = _Written(taken_at=shown.taken_at)
    written.count(shown.rows)
    return {name: dict(counts) for name, counts in written.connections.items()}


_ROWS = TypeAdapter(list[ListingDifference])


def text_of(rows: list[ListingDifference]) -> str:
    """Return a page of rows as it is kept."""
    return _ROWS.dump_json(rows).decode()


async def rows_shown(hub: Hub, merchant: str, row: GoLiveRow) -> AsyncIterator[Sequence[ListingDifference]]:
    """Yield all rows of a document that was shown, page by page."""
    if row.rows_id is None:
        yield Differences.model_validate_json(row.document).rows
        return
    page = 0
    while (text := await hub.store.read(find_rows, merchant, row.rows_id, page)) is not None:
        yield _ROWS.validate_json(text)
        page += 1


async def page_shown(
    hub: Hub, merchant: str, document: str, after: str | None
) -> tuple[Sequence[ListingDifference], str | None]:
    """Return a page of the rows of a document that was shown, and behind which the next one begins.

    Raises:
        NotFoundError: no such document was shown.
    """
    row = await hub.store.read(find_shown, merchant, document)
    if row is None:
        raise NotFoundError(f"no differences of the id {document!r} were shown; look at them again")
    number = int(after or 0)
    if row.rows_id is None:
        return (Differences.model_validate_json(row.document).rows, None) if not number else ((), None)
    text = await hub.store.read(find_rows, merchant, row.rows_id, number)
    if text is None:
        return (), None
    more = await hub.store.read(find_rows, merchant, row.rows_id, number + 1) is not None
    return _ROWS.validate_json(text), str(number + 1) if more else None


def is_before_go_live(state: OrderState) -> bool:
    """Return whether an order was placed before go-live, is still to be shipped, and was not released."""
    return state.before_go_live and Hold.BEFORE_GO_LIVE not in state.overruled and state.stage in _WAITING


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
            unsealed=known.unsealed,
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
