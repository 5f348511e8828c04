"""Level pushes: every listing that a change of stock touches is brought true; coalesced, compared, read back.

A level is written only where it differs from what the channel shows, so the listing that just sold is never written:
the channel took the unit off itself. What was written is read back later; a channel that accepted and changed nothing
is written again. While levels are not accepted, everything is read and nothing is written (R21).
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.domain.levels import wanted_level
from core.engine.answers import Call
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.engine.pauses import asked
from core.errors import OutcomeUnknownError
from core.failpoints import failpoint
from core.jobs.push_guard import stops_push
from core.model.actions import Action
from core.model.stock import LevelChange, LevelResult, LevelState, ListingKey
from core.ports import Levels
from core.store.channel_locations import matched_locations
from core.store.jobs import Job, NewJob, enqueue, sales_known_as_of
from core.store.links import links_of
from core.store.listings import ListingRow, due_levels, next_level_at, save_levels
from core.store.pushes import journal_push, settle_push
from core.store.stock import listable_units
from core.store.switches import accepted_actions

AT_ONCE = 250
_ALL = 1_000_000
READ_BACK = timedelta(seconds=45)
"""How long after a write a level is read back."""
READ_BACK_FEED = timedelta(minutes=15)
"""The same for a level that went in a feed: channels take minutes to work one off."""
ASK_REFUSED_AGAIN = timedelta(minutes=30)
"""When a listing whose level the channel refused is looked at again."""
LOOK_AGAIN = timedelta(hours=1)
"""How often listings are read while levels are not accepted."""
_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Due:
    """A listing to look at, and what it is to show; None: it must not be written."""

    row: ListingRow
    wanted: int | None
    surprising: bool = False
    """The channel shows less than it was left at, and no change of stock is known that explains it."""

    @property
    def unlike(self) -> bool:
        """Whether the channel shows another number than it is to show."""
        return (
            self.wanted is not None and self.row.last_read is not None and self.wanted != self.row.last_read
        )

    @property
    def agreed(self) -> bool:
        """Whether a person agreed to this number; to another one, nobody did."""
        return self.row.agreed and self.row.wanted_last == self.wanted

    @property
    def change(self) -> LevelChange:
        """What is to be set."""
        return LevelChange(key=key_of(self.row), units=self.wanted or 0, last_read=self.row.last_read)


async def push_levels(hub: Hub, job: Job) -> Reschedule | None:
    """Bring the listings of one connection true: read what is unknown, write what differs, plan the read-back."""
    merchant, connection = job.merchant, job.subject
    levels = hub.connections(merchant).named(connection).levels
    now = hub.clock.now()
    if levels is None:
        return None
    rows = await hub.store.read(due_levels, merchant, connection, now, limit=AT_ONCE)
    if rows:
        read = await _read(hub, levels, rows, job)
        known = await hub.store.read(sales_known_as_of, merchant, connection)
        due = await wanted_of(hub, merchant, connection, read, surprising=_surprising(rows, read, known))
        failpoint("levels.switches.before")
        accepted = (connection, Action.LEVELS.value) in await hub.store.read(accepted_actions, merchant)
        accepted = accepted and hub.connections(merchant).acts(connection)
        await _write(hub, levels, due, job, accepted=accepted)
    again = await hub.store.read(next_level_at, merchant, connection)
    return None if again is None else Reschedule(due_at=max(again, now + timedelta(seconds=_AGAIN_S)))


async def _read(hub: Hub, levels: Levels, rows: Sequence[ListingRow], job: Job) -> list[ListingRow]:
    """Read the listings whose shown level is unknown or is to be read back."""
    now = hub.clock.now()
    wanted = [
        row for row in rows if row.last_read is None or (row.check_at is not None and row.check_at <= now)
    ]
    if not wanted:
        return list(rows)
    keys = [key_of(row) for row in wanted]
    failpoint("levels.read.before")
    found = await asked(hub, job.merchant, Call(job.subject, "read_levels"), levels.read_levels(keys))
    failpoint("levels.read.after")
    shown, read = {level.key: level.units for level in found}, frozenset(keys)
    return [_read_as(row, shown.get(key_of(row)), now) if key_of(row) in read else row for row in rows]


def _read_as(row: ListingRow, units: int | None, now: datetime) -> ListingRow:
    # A number that is put back is there once it shows, or once a sale has changed it since it was set.
    there = units == row.restore_to or row.wanted_last not in (None, units)
    back = None if there else row.restore_to
    # A read-back that is still to come stays: what a channel shows right after a write may be what was there before.
    planned = row.check_at if row.check_at is not None and row.check_at > now else None
    return replace(row, last_read=units, read_at=now, check_at=planned, restore_to=back)


def _surprising(
    before: Sequence[ListingRow], read: Sequence[ListingRow], known: datetime | None
) -> frozenset[ListingKey]:
    """Return what shows less than it was left at: a sale that we have not heard of may be the cause.

    It stays so until whatever the channel has sold is ``known`` as of a moment after it was first seen: to write more
    in between would sell the unit twice. What shows more than it was left at no sale explains.
    """
    pairs = zip(before, read, strict=True)
    return frozenset(
        key_of(new) for old, new in pairs if old.restore_to is None and _is_less(old, new, known)
    )


def _is_less(old: ListingRow, new: ListingRow, known: datetime | None) -> bool:
    left = old.wanted_last if old.last_read is None else old.last_read
    was_read = new.read_at != old.read_at
    if was_read and left is not None and (new.last_read is None or new.last_read < left):
        return True
    # It was so when it was last read, and the stock may have changed meanwhile: that tells of no sale.
    since = old.read_at
    return old.shows_less and known is not None and since is not None and known < since


async def wanted_of(
    hub: Hub,
    merchant: str,
    connection: str,
    rows: Sequence[ListingRow],
    *,
    surprising: frozenset[ListingKey] = frozenset(),
) -> list[Due]:
    """Return what listings are to show by the stock of now, or by what they are put back to."""
    config = hub.config(merchant)
    links = await hub.store.read(links_of, merchant, connection)
    available = await hub.store.read(listable_units, merchant)
    named = await hub.store.read(matched_locations, merchant, connection)
    found: list[Due] = []
    for row in rows:
        place = named.get(row.location) if row.location else None
        forbidden = row.never_written or (row.location and place is None)
        wanted = (
            None
            if forbidden
            else wanted_level(
                links.get(row.listing, {}),
                available,
                location=place,
                locations=tuple(config.locations),
                buffer=lambda sku: config.buffer(sku, connection),
            )
        )
        wanted = wanted if row.restore_to is None else row.restore_to
        found.append(Due(row, wanted, key_of(row) in surprising))
    return found


async def _write(hub: Hub, levels: Levels, due: list[Due], job: Job, *, accepted: bool) -> None:
    now, merchant, connection = hub.clock.now(), job.merchant, job.subject
    acts = hub.connections(merchant).acts(
        connection
    )  # in test mode nothing is written to a live channel (R99)
    ready = [d for d in due if acts and d.unlike and not d.surprising]
    differ = [d for d in ready if accepted and d.row.restore_to is None]
    back = [d for d in ready if d.row.restore_to is not None]
    if differ and await _stopped(hub, merchant, connection, due, differ):
        differ = []
    written = [*differ, *back]
    left = [_left(d, now, accepted=accepted) for d in due if d not in written]
    failpoint("levels.left.before")
    await hub.store.write(save_levels, merchant, left)
    if accepted and any(d.surprising and d.unlike for d in due):
        # A sale that we have not heard of may be the cause: ask for it, and write only if the number stays.
        failpoint("levels.surprise.before")
        await hub.store.write(enqueue, merchant, [NewJob.of_connection("poll", connection, now)])
    if written:
        await _set(hub, levels, written, job)


async def _set(hub: Hub, levels: Levels, written: list[Due], job: Job) -> None:
    """Set levels in one call, journaled before it and settled after."""
    now, merchant, connection = hub.clock.now(), job.merchant, job.subject
    operation = hub.connections(merchant).operation(connection, "set_levels")
    deadline = asyncio.get_running_loop().time() + operation.call_limit_s
    key, changes = _key_of_push(connection, written, now), [d.change for d in written]
    failpoint("levels.journal.before")
    await hub.store.write(journal_push, merchant, connection, key, changes=changes, owner=hub.owner, now=now)
    failpoint("levels.write.before")
    if asyncio.get_running_loop().time() > deadline:
        # This process stood still, and another may have set newer numbers since.
        raise OutcomeUnknownError("levels were not set in time", connection=connection)
    call = Call(connection, "set_levels")
    results = {r.key: r for r in await asked(hub, merchant, call, levels.set_levels(changes, key=key))}
    failpoint("levels.write.after")
    await hub.store.write(save_levels, merchant, [_after(d, results[key_of(d.row)], now) for d in written])
    ended = {key.listing: result.state.value for key, result in results.items()}
    failpoint("levels.settle.before")
    await hub.store.write(settle_push, merchant, key, results=ended, now=hub.clock.now())


async def _stopped(hub: Hub, merchant: str, connection: str, due: list[Due], differ: list[Due]) -> bool:
    """Return whether the push guard stops the round, judged together with what waits behind this part of it."""
    rest: list[Due] = []
    if len(due) == AT_ONCE:
        waiting = await hub.store.read(due_levels, merchant, connection, hub.clock.now(), limit=_ALL)
        seen = {key_of(d.row) for d in due}
        others = [row for row in waiting if key_of(row) not in seen]
        rest = [d for d in await wanted_of(hub, merchant, connection, others) if d.unlike]
    return await stops_push(
        hub,
        merchant,
        connection,
        [d.change for d in differ if not d.agreed],
        [d.change for d in rest if not d.agreed],
    )


def key_of(row: ListingRow) -> ListingKey:
    """Return the key by which the channel knows a listing's level."""
    return ListingKey(listing=row.listing, location=row.location or None)


def _key_of_push(connection: str, written: Sequence[Due], now: datetime) -> str:
    """Return a name for a call: of two at one instant, each has its own."""
    said = "".join(f"{d.change.model_dump_json()} {d.row.dirty_seq} " for d in written)
    return f"{connection}/levels/{now.isoformat()}/{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def _left(due: Due, now: datetime, *, accepted: bool) -> ListingRow:
    """Return the row of a listing that is not written now: true as it is, waiting, surprising, or not shown."""
    row = replace(due.row, clean_seq=due.row.dirty_seq)
    if row.restore_to is not None:
        return replace(row, check_at=row.check_at or now + ASK_REFUSED_AGAIN)
    row = replace(row, wanted_last=due.wanted, agreed=due.agreed)
    if not accepted:
        return replace(row, check_at=now + LOOK_AGAIN)
    if due.unlike:
        return replace(row, check_at=now + READ_BACK if due.surprising else None)
    if due.wanted is not None and row.last_read is None:
        return replace(row, check_at=now + ASK_REFUSED_AGAIN)
    return replace(row, agreed=row.agreed and row.check_at is not None)


def _after(due: Due, result: LevelResult, now: datetime) -> ListingRow:
    """Return the row of a listing after a write: taken as shown once accepted, read again where it was stale or unknown."""
    before = due.wanted if due.row.restore_to is None else due.row.last_read
    row = replace(due.row, wanted_last=before, refused=None, agreed=due.agreed)
    if result.state is LevelState.ACCEPTED:
        later = READ_BACK_FEED if result.code and result.code.startswith("feed ") else READ_BACK
        return replace(row, last_read=due.wanted, clean_seq=row.dirty_seq, check_at=now + later)
    if result.state is LevelState.REJECTED:
        return replace(
            row, refused=result.code or "refused", clean_seq=row.dirty_seq, check_at=now + ASK_REFUSED_AGAIN
        )
    return replace(
        row,
        wanted_last=row.wanted_last if due.row.restore_to is None else due.row.wanted_last,
        last_read=None,
        check_at=now,
    )
