"""Level pushes: every listing that a change of stock touches is brought true; coalesced, compared, read back.

A level is written only where it differs from what the channel shows, so the listing that just sold is never written:
the channel took the unit off itself. What was written is read back later; a channel that accepted and changed nothing
is written again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.failpoints import failpoint
from core.flow.steps import Action
from core.hub import Hub
from core.model.stock import LevelChange, ListingKey
from core.ports import LevelResult, Levels, LevelState
from core.stock.wanted import wanted_level
from core.store.errands import Errand
from core.store.levels import ListingRow
from core.work import Next

AT_ONCE = 250
READ_BACK = timedelta(seconds=45)
"""How long after a write a level is read back."""
READ_BACK_FEED = timedelta(minutes=15)
"""The same for a level that went in a feed: channels take minutes to work one off."""
ASK_REFUSED_AGAIN = timedelta(minutes=30)
"""When a listing whose level the channel refused is looked at again."""
_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Due:
    """A listing to look at, and what it is to show; None: it must not be written."""

    row: ListingRow
    wanted: int | None
    surprising: bool = False
    """The channel shows another number than it was left at, and no change of stock is known that explains it."""


async def push(hub: Hub, errand: Errand) -> Next:
    """Bring the listings of one connection true: read what is unknown, write what differs, plan the read-back."""
    merchant, connection = errand.merchant, errand.subject
    levels = hub.desk(merchant).named(connection).levels
    now = hub.clock.now()
    if levels is None:
        return Next()
    if (connection, Action.LEVELS.value) not in await hub.store.switches(merchant):
        return Next(due_at=None)
    rows = await hub.store.due_levels(merchant, connection, now, limit=AT_ONCE)
    if rows:
        due = await _wanted(hub, merchant, connection, rows)
        due = await _read(levels, due, now)
        failpoint("levels.switches.before")
        if (connection, Action.LEVELS.value) not in await hub.store.switches(merchant):
            return Next(due_at=None)  # stopped while the levels were read
        await _write(hub, levels, due, errand)
    again = await hub.store.next_level_at(merchant, connection)
    return Next(due_at=None if again is None else max(again, now + hub.clock.span(_AGAIN_S)))


async def _wanted(hub: Hub, merchant: str, connection: str, rows: Sequence[ListingRow]) -> list[Due]:
    house = hub.desk(merchant).house
    links = await hub.store.links_of(merchant, connection)
    available = await hub.store.available(merchant)
    named = await hub.store.channel_locations(merchant, connection)
    found: list[Due] = []
    for row in rows:
        place = named.get(row.location) if row.location else None
        forbidden = row.fulfilled_by_channel or (row.location and place is None)
        wanted = (
            None
            if forbidden
            else wanted_level(
                links.get(row.listing, {}),
                available,
                location=place,
                locations=tuple(house.locations),
                buffer=lambda sku: house.buffer(sku, connection),
            )
        )
        found.append(Due(row, wanted))
    return found


async def _read(levels: Levels, due: list[Due], now: datetime) -> list[Due]:
    """Read the listings whose shown level is unknown or is to be read back."""
    asked = [
        d for d in due if d.row.believed is None or (d.row.check_at is not None and d.row.check_at <= now)
    ]
    if not asked:
        return due
    failpoint("levels.read.before")
    shown = {level.key: level.units for level in await levels.read_levels([key_of(d.row) for d in asked])}
    failpoint("levels.read.after")
    read = {key_of(d.row) for d in asked}
    return [_read_as(d, shown.get(key_of(d.row)), now) if key_of(d.row) in read else d for d in due]


def _read_as(due: Due, units: int | None, now: datetime) -> Due:
    row = due.row
    return Due(
        replace(row, believed=units, read_at=now, check_at=None),
        due.wanted,
        surprising=not row.dirty and row.believed is not None and units != row.believed,
    )


async def _write(hub: Hub, levels: Levels, due: list[Due], errand: Errand) -> None:
    now = hub.clock.now()
    unlike = [
        d for d in due if d.wanted is not None and d.row.believed is not None and d.wanted != d.row.believed
    ]
    differ = [d for d in unlike if not d.surprising]
    failpoint("levels.left.before")
    await hub.store.save_levels(errand.merchant, [_left(d, now, unlike) for d in due if d not in differ])
    if len(differ) < len(unlike):
        # A sale that we have not heard of may be the cause: ask for it, and write only if the number stays.
        failpoint("levels.surprise.before")
        await hub.store.ring(errand.merchant, "poll", errand.subject, connection=errand.subject, due_at=now)
    if not differ:
        return
    changes = [LevelChange(key=key_of(d.row), units=d.wanted or 0, believed=d.row.believed) for d in differ]
    key = f"{errand.subject}/levels/{now.isoformat()}"
    failpoint("levels.journal.before")
    await hub.store.journal_push(
        errand.merchant, errand.subject, key, changes=changes, owner=hub.owner, now=now
    )
    failpoint("levels.write.before")
    results = await levels.set_levels(changes, key=key)
    failpoint("levels.write.after")
    ended = {r.key: r for r in results}
    await hub.store.save_levels(errand.merchant, [_after(d, ended[key_of(d.row)], now) for d in differ])
    failpoint("levels.settle.before")
    await hub.store.settle_push(
        errand.merchant, key, results={r.key.listing: r.state.value for r in results}, now=hub.clock.now()
    )


def key_of(row: ListingRow) -> ListingKey:
    """Return the key by which the channel knows a listing's level."""
    return ListingKey(listing=row.listing, location=row.location or None)


def _left(due: Due, now: datetime, unlike: list[Due]) -> ListingRow:
    """Return the row of a listing that is not written now: true as it is, surprising, or not shown by the channel."""
    row = replace(due.row, wanted_last=due.wanted, clean_seq=due.row.dirty_seq)
    if due in unlike:
        return replace(row, check_at=now + READ_BACK)
    if due.wanted is not None and row.believed is None:
        return replace(row, check_at=now + ASK_REFUSED_AGAIN)
    return row


def _after(due: Due, result: LevelResult, now: datetime) -> ListingRow:
    """Return the row of a listing after a write: believed once accepted, read again where it was stale or unknown."""
    row = replace(due.row, wanted_last=due.wanted, refused=None)
    if result.state is LevelState.ACCEPTED:
        later = READ_BACK_FEED if result.code and result.code.startswith("feed ") else READ_BACK
        return replace(row, believed=due.wanted, clean_seq=row.dirty_seq, check_at=now + later)
    if result.state is LevelState.REJECTED:
        return replace(
            row, refused=result.code or "refused", clean_seq=row.dirty_seq, check_at=now + ASK_REFUSED_AGAIN
        )
    return replace(row, believed=None, check_at=now)
