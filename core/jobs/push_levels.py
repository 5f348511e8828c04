"""Level pushes: every listing that a change of stock touches is brought true; coalesced, compared, read back.

A level is written only where it differs from what the channel shows, so the listing that just sold is never written:
the channel took the unit off itself. What was written is read back later; a channel that accepted and changed nothing
is written again. While levels are not accepted, everything is read and nothing is written (R21).

What an order changed is pushed before what changed with many others. Of those the levels are read first, as many as
the vendor's limits let through, and written once a whole call of them is known: see ``_push_many``.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.domain.levels import wanted_level
from core.engine.answers import Call
from core.engine.buffers import buffer_at
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.engine.pauses import asked
from core.errors import OutcomeUnknownError, RateLimitError
from core.failpoints import failpoint
from core.jobs.level_rows import (
    Due,
    after_write,
    key_of,
    key_of_push,
    left_alone,
    read_as,
    surprising_among,
)
from core.jobs.push_guard import stops_push
from core.model.actions import Action
from core.model.stock import LevelChange, LevelState, ListingKey
from core.ports import Levels
from core.store.channel_locations import matched_locations
from core.store.jobs import Job, NewJob, enqueue, sales_known_as_of
from core.store.links import links_of_listings
from core.store.listings import (
    ListingRow,
    bulk_read,
    bulk_unread,
    count_bulk_read,
    due_levels,
    next_level_at,
    save_levels,
)
from core.store.push_guard import is_stopped
from core.store.pushes import journal_push, settle_push
from core.store.stock import listable_units
from core.store.switches import accepted_actions

AT_ONCE = 250
_READS = 10
"""So many calls are read of what changed with many others before it is looked what an order changed meanwhile."""
_JUDGED_AT_ONCE = 1000
FRESH = timedelta(minutes=10)
"""How long it counts that a level was read and found to be no surprise."""
_AGAIN_S = 1.0
_SHORTEST_WAIT_S = 0.5
"""What the vendor's limits let through meanwhile is asked for at once."""


@dataclass(slots=True)
class Round:
    """One round of pushes of a connection."""

    hub: Hub
    job: Job
    levels: Levels
    now: datetime
    accepted: bool = False
    acts: bool = False
    judged: int = 0
    """How many changes of those that wait the push guard has seen and let pass."""
    pause_s: float | None = None
    """The vendor's limits ended the round early: after so many seconds they let more through."""
    moved: set[ListingKey] = field(default_factory=set)
    """What is dirty no more, or of which more is known than before."""

    @property
    def merchant(self) -> str:
        """Whose."""
        return self.job.merchant

    @property
    def connection(self) -> str:
        """Of which connection."""
        return self.job.subject


async def push_levels(hub: Hub, job: Job) -> Reschedule | None:
    """Bring the listings of one connection true: read what is unknown, write what differs, plan the read-back."""
    levels = hub.connections(job.merchant).named(job.subject).levels
    if levels is None:
        return None
    now = hub.clock.now()
    turn = Round(hub, job, levels, now, judged=int(job.data.get("judged", 0)))
    rows = await hub.store.read(due_levels, turn.merchant, turn.connection, now, limit=AT_ONCE)
    await _see_what_is_accepted(turn)
    first = [row for row in rows if row.dirty and not row.bulk]
    if len(rows) < AT_ONCE or first or not rows[0].dirty:
        await _push(turn, rows if len(rows) < AT_ONCE else first or rows)
    else:
        await _push_many(turn)
    again = await hub.store.read(next_level_at, turn.merchant, turn.connection)
    if again is None:
        return None
    pause_s = turn.pause_s if turn.pause_s is not None else 0.0 if turn.moved else _AGAIN_S
    return Reschedule(due_at=max(again, now + timedelta(seconds=pause_s)), data={"judged": turn.judged})


async def _see_what_is_accepted(turn: Round) -> None:
    """Note whether levels may be written: before anything is read, and again once it was."""
    failpoint("levels.switches.before")
    switches = await turn.hub.store.read(accepted_actions, turn.merchant)
    # In test mode nothing is written to a live channel (R99).
    turn.acts = turn.hub.connections(turn.merchant).acts(turn.connection)
    turn.accepted = turn.acts and (turn.connection, Action.LEVELS.value) in switches


async def _push(turn: Round, rows: Sequence[ListingRow]) -> None:
    """Bring some listings true: whatever of them the vendor's limits let through."""
    if not rows:
        return
    read = await _read(turn, rows)
    due = await _due_of(turn, [row for row in rows if key_of(row) in read], read)
    await _write(turn, due)


async def _push_many(turn: Round) -> None:
    """Bring listings true that changed with many others: as many are read as one call writes, then they are written."""
    hub, of = turn.hub, (turn.merchant, turn.connection, turn.now)
    size = _at_once(turn, "set_levels")
    rows: list[ListingRow] = []
    if await hub.store.read(count_bulk_read, *of, limit=size) < size:
        rows = await hub.store.read(bulk_unread, *of, limit=_READS * _at_once(turn, "read_levels"))
    if not rows:
        await _write_many(turn, await hub.store.read(bulk_read, *of, limit=size))
        return
    read = await _read(turn, rows)
    due = await _due_of(turn, [row for row in rows if key_of(row) in read], read)
    later = {key_of(d.row) for d in due if turn.accepted and _differs(d)}
    failpoint("levels.read.saved")
    await hub.store.write(save_levels, turn.merchant, [d.row for d in due if key_of(d.row) in later])
    turn.moved |= later
    await _write(turn, [d for d in due if key_of(d.row) not in later])


async def _write_many(turn: Round, rows: Sequence[ListingRow]) -> None:
    """Write what was read by earlier rounds; of what was read long ago a sale that is not known may tell otherwise."""
    known = await turn.hub.store.read(sales_known_as_of, turn.merchant, turn.connection)
    old = [row for row in rows if row.check_at is not None or not _is_fresh(row, turn.now)]
    surprising = surprising_among(old, old, known)
    due = await wanted_of(turn.hub, turn.merchant, turn.connection, rows, surprising=surprising)
    await _write(turn, due, many=True)


def _is_fresh(row: ListingRow, now: datetime) -> bool:
    return row.read_at is not None and row.read_at >= now - FRESH


def _at_once(turn: Round, operation: str) -> int:
    """Return how many levels one call of the connection best takes."""
    return turn.hub.connections(turn.merchant).at_once(turn.connection, operation)


async def _read(turn: Round, rows: Sequence[ListingRow]) -> dict[ListingKey, ListingRow]:
    """Return the listings, those read whose shown level is unknown or is to be read back.

    Where the vendor's limits end it, those that were not read are left out.
    """
    now = turn.now
    wanted = [
        row for row in rows if row.last_read is None or (row.check_at is not None and row.check_at <= now)
    ]
    unread = {key_of(row) for row in wanted}
    known = {key_of(row): row for row in rows if key_of(row) not in unread}
    size = _at_once(turn, "read_levels")
    for start in range(0, len(wanted), size):
        part = wanted[start : start + size]
        failpoint("levels.read.before")
        call = Call(turn.connection, "read_levels")
        try:
            found = await asked(turn.hub, turn.merchant, call, turn.levels.read_levels([*map(key_of, part)]))
        except RateLimitError as error:
            if not known:
                raise
            turn.pause_s = max(error.retry_after_s, _SHORTEST_WAIT_S)
            break
        failpoint("levels.read.after")
        shown = {level.key: level for level in found}
        known |= {key_of(row): read_as(row, shown.get(key_of(row)), now) for row in part}
    return known


async def _due_of(turn: Round, before: Sequence[ListingRow], read: dict[ListingKey, ListingRow]) -> list[Due]:
    after = [read[key_of(row)] for row in before]
    known = await turn.hub.store.read(sales_known_as_of, turn.merchant, turn.connection)
    surprising = surprising_among(before, after, known)
    return await wanted_of(turn.hub, turn.merchant, turn.connection, after, surprising=surprising)


async def wanted_of(
    hub: Hub,
    merchant: str,
    connection: str,
    rows: Sequence[ListingRow],
    *,
    surprising: frozenset[ListingKey] = frozenset(),
) -> list[Due]:
    """Return what listings are to show by the stock of now, or by what they are put back to."""
    config, names = hub.config(merchant), [row.listing for row in rows]
    links = await hub.store.read(links_of_listings, merchant, connection, names)
    skus = {sku for of in links.values() for sku in of}
    available = await hub.store.read(listable_units, merchant, skus)
    named = await hub.store.read(matched_locations, merchant, connection)
    buffer = await buffer_at(hub, merchant, connection, skus)
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
                buffer=buffer,
            )
        )
        wanted = wanted if row.restore_to is None else row.restore_to
        found.append(Due(row, wanted, key_of(row) in surprising))
    return found


def _differs(due: Due) -> bool:
    return due.unlike and not due.surprising and due.row.restore_to is None


async def _write(turn: Round, due: list[Due], *, many: bool = False) -> None:
    """Write what differs; ``many``: more of the like wait behind these."""
    hub, merchant, now = turn.hub, turn.merchant, turn.now
    await _see_what_is_accepted(turn)
    differ = [d for d in due if turn.accepted and _differs(d)]
    back = [d for d in due if turn.acts and d.unlike and not d.surprising and d.row.restore_to is not None]
    stopped = bool(differ) and await _stopped(turn, differ, many=many)
    written = [*back, *([] if stopped else differ)]
    keys = {key_of(d.row) for d in written}
    halted = {key_of(d.row) for d in differ if stopped and not d.agreed}
    left = [
        left_alone(d, now, accepted=turn.accepted, stopped=key_of(d.row) in halted)
        for d in due
        if key_of(d.row) not in keys
    ]
    failpoint("levels.left.before")
    await hub.store.write(save_levels, merchant, left)
    turn.moved |= {key_of(row) for row in left}
    if turn.accepted and any(d.surprising and d.unlike for d in due):
        # A sale that we have not heard of may be the cause: ask for it, and write only if the number stays.
        failpoint("levels.surprise.before")
        await hub.store.write(enqueue, merchant, [NewJob.of_connection("poll", turn.connection, now)])
    size = _at_once(turn, "set_levels")
    for start in range(0, len(written), size):
        if not await _set(turn, written[start : start + size]):
            break


async def _set(turn: Round, written: list[Due]) -> bool:
    """Set levels in one call, journaled before it and settled after; return whether the vendor's limits let more through."""
    hub, merchant, now = turn.hub, turn.merchant, turn.now
    operation = hub.connections(merchant).operation(turn.connection, "set_levels")
    deadline = asyncio.get_running_loop().time() + operation.call_limit_s
    key, changes = key_of_push(turn.connection, written, now), [d.change for d in written]
    failpoint("levels.journal.before")
    await hub.store.write(
        journal_push, merchant, turn.connection, key, changes=changes, owner=hub.owner, now=now
    )
    failpoint("levels.write.before")
    if asyncio.get_running_loop().time() > deadline:
        # This process stood still, and another may have set newer numbers since.
        raise OutcomeUnknownError("levels were not set in time", connection=turn.connection)
    call = Call(turn.connection, "set_levels")
    try:
        results = {
            r.key: r for r in await asked(hub, merchant, call, turn.levels.set_levels(changes, key=key))
        }
    except RateLimitError as error:
        # Nothing was set: what was read just now need not be read again.
        turn.pause_s = max(error.retry_after_s, _SHORTEST_WAIT_S)
        failpoint("levels.limited.before")
        await hub.store.write(save_levels, merchant, [d.row for d in written])
        failpoint("levels.limited.settle")
        await hub.store.write(settle_push, merchant, key, results={}, now=hub.clock.now())
        return False
    failpoint("levels.write.after")
    after = [after_write(d, results[key_of(d.row)], now) for d in written]
    await hub.store.write(save_levels, merchant, after)
    ended = {key.listing: result.state.value for key, result in results.items()}
    failpoint("levels.settle.before")
    await hub.store.write(settle_push, merchant, key, results=ended, now=hub.clock.now())
    turn.moved |= {key_of(row) for row in after if not row.dirty}
    if any(result.state is LevelState.NOT_SENT for result in results.values()):
        turn.pause_s = _SHORTEST_WAIT_S
    return turn.pause_s is None


async def _stopped(turn: Round, differ: Sequence[Due], *, many: bool) -> bool:
    """Return whether the push guard stops the round, judged together with what waits behind it."""
    changes = [d.change for d in differ if not d.agreed]
    if many and changes and turn.judged >= len(changes):
        turn.judged -= len(changes)
        return await turn.hub.store.read(is_stopped, turn.merchant, turn.connection)
    behind = _behind(turn, differ[-1].row) if many else _nothing()
    stopped, count = await stops_push(turn.hub, turn.merchant, turn.connection, changes, behind)
    if many:
        turn.judged = 0 if stopped else count - len(changes)
    return stopped


async def _behind(turn: Round, last: ListingRow) -> AsyncIterator[Sequence[LevelChange]]:
    """Yield, page by page, what else waits to be written and nobody agreed to."""
    hub, of = turn.hub, (turn.merchant, turn.connection)
    while True:
        after = (last.listing, last.location)
        rows = await hub.store.read(bulk_read, *of, turn.now, after=after, limit=_JUDGED_AT_ONCE)
        if not rows:
            return
        due = await wanted_of(hub, *of, rows)
        yield [d.change for d in due if d.unlike and not d.agreed]
        last = rows[-1]


async def _nothing() -> AsyncIterator[Sequence[LevelChange]]:
    for _ in ():
        yield ()
