"""The clock of the hub: a handful of fixed ticks that only look at rows with ``due_at`` and start what is due.

Times are rows, not jobs: APScheduler keeps nothing that a restart would lose, and every process may run one. It counts
by the machine's clock, which somebody may set: see ``mind_the_clock``.
Where the clock is moved by hand, fixed ticks would be late for every instant: there the page itself is followed.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from core.engine.advance import CLAIM_S
from core.engine.hub import Hub
from core.engine.session import BEAT_S, tick_session
from core.engine.settings import tick_settings
from core.engine.worker import Worker
from core.jobs.housekeeping import tick_forgotten, tick_old_deliveries, tick_old_requests
from core.jobs.retention import tick_retention
from core.store.failures import DATABASE_ERRORS, is_infrastructure, name_of

LOG = logging.getLogger("crossdock.scheduler")

ORDERS_EVERY_S = 0.5
JOBS_EVERY_S = 0.1
CLAIMS_EVERY_S = CLAIM_S / 4
HOUSEKEEPING_EVERY_S = 3600
HOUSEKEEPING_FIRST_S = 20
"""Soon after the start as well: a process that is started anew every hour would never come to it."""
LONGEST_WAIT_S = 2.0
"""How long a database that does not answer is left alone at most before a tick asks it again."""
STIRRED_EVERY_S = 0.02
"""How soon after one look for what is due the next may come, between the fixed ticks."""
SETTINGS_EVERY_S = 1.0
"""How soon a process that has nothing to do notices that another crossdock.yaml is in force."""
LOOK_EVERY_S = 0.005
"""How often the page of a clock that is moved by hand is looked at."""
PAGE_TICK_S = 0.1
"""How long a tick may be away while that page does not move and nothing ends or is written in this process."""
CLOCK_EVERY_S = 1.0
"""How often the machine's clock is looked at."""
SET_BACK_S = 0.5
"""Less is no setting of the clock but its steering."""

Act = Callable[[], Awaitable[object]]

_HOUSEKEEPING: Mapping[str, Callable[[Hub], Awaitable[None]]] = {
    "old-deliveries": tick_old_deliveries,
    "old-requests": tick_old_requests,
    "retention": tick_retention,
    "forgotten": tick_forgotten,
}


@dataclass(slots=True)
class Tick:
    """Something that is done every so many seconds; while the database does not answer, after ever longer pauses."""

    name: str
    every_s: float
    act: Act
    first_s: float | None = None
    """How soon after the start it is done for the first time; None: like any other time."""
    wait_s: float = 0.0
    not_before_s: float = 0.0
    """In seconds of the loop, which nobody sets."""

    async def __call__(self) -> None:
        """Do it, unless it is left alone just now."""
        try:
            await self._look()
        except asyncio.CancelledError:
            return  # the clock is stopped: APScheduler would log it as an error, and ends what it called anyhow

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self.not_before_s:
            return
        try:
            await self.act()
        except DATABASE_ERRORS as error:
            _note(self.name, error)
            self.wait_s = min(max(2 * self.wait_s, self.every_s), LONGEST_WAIT_S)
        except Exception:
            LOG.exception("%s: a tick of the clock failed, a fault of ours", self.name)
            self.wait_s = LONGEST_WAIT_S
        else:
            self.wait_s = 0.0
        self.not_before_s = loop.time() + self.wait_s


def ticks_of(worker: Worker) -> list[Tick]:
    """Return the ticks of a process: each says that it lives, some wake, and those that work do orders and jobs.

    Workers look for themselves as well, so that a hub without a scheduler only misses one that is never busy.
    """
    hub = worker.hub
    by_hand, works = hub.clock.by_hand, hub.role in ("all", "worker")
    ticks = [Tick("session", BEAT_S, partial(tick_session, hub))]
    if hub.reopened is not None:
        ticks.append(Tick("settings", SETTINGS_EVERY_S, partial(tick_settings, hub)))
    if works and not by_hand:
        ticks.append(Tick("jobs", JOBS_EVERY_S, worker.tick_jobs))
    if works:
        ticks.append(Tick("claims", CLAIMS_EVERY_S, worker.tick_claims))
    if hub.role == "web":
        return ticks
    if not by_hand:
        orders = worker.tick_orders if works else worker.wake_overdue
        ticks.append(Tick("orders", ORDERS_EVERY_S, orders))
    ticks += [
        Tick(name, HOUSEKEEPING_EVERY_S, partial(act, hub), first_s=HOUSEKEEPING_FIRST_S)
        for name, act in _HOUSEKEEPING.items()
    ]
    return ticks


def scheduler_of(ticks: Sequence[Tick]) -> AsyncIOScheduler:
    """Return what does all of these, not started; a tick that is late runs once, never twice at a time."""
    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    for tick in ticks:
        trigger = IntervalTrigger(seconds=tick.every_s, timezone=UTC)
        first_s = tick.every_s if tick.first_s is None else tick.first_s
        first = datetime.now(UTC) + timedelta(seconds=first_s)
        scheduler.add_job(tick.__call__, trigger, id=tick.name, next_run_time=first)
    return scheduler


async def stop(scheduler: AsyncIOScheduler) -> None:
    """Stop the clock, and cut off the ticks that are under way; that is no error."""
    scheduler.pause()
    await asyncio.sleep(0)  # a tick that was only just begun would be cut off before it could say so
    scheduler.shutdown(wait=False)


async def mind_the_clock(scheduler: AsyncIOScheduler) -> None:
    """Have every tick come at once when the machine's clock was set back: until cancelled.

    APScheduler 3.11 keeps the instant of the next run: a clock that is set back by an hour would stop it for an hour.
    """
    loop = asyncio.get_running_loop()
    ahead_s = time.time() - loop.time()
    while True:
        await asyncio.sleep(CLOCK_EVERY_S)
        before_s, ahead_s = ahead_s, time.time() - loop.time()
        if ahead_s < before_s - SET_BACK_S:
            LOG.warning("the machine's clock was set back by %.1f s", before_s - ahead_s)
            for job in scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))


async def follow(worker: Worker, *, works: bool) -> None:
    """Tick as soon as the page moves or something has ended, until cancelled; not at all on a clock that runs itself.

    ``works`` says whether this process does orders and jobs, or only wakes orders.
    """
    hub = worker.hub
    if not hub.clock.by_hand:
        return
    acts: list[Act] = [worker.tick_jobs, worker.tick_orders] if works else [worker.wake_overdue]
    # However far it moved: we live, and what runs here is still ours.
    ours: list[Act] = [partial(tick_session, hub), worker.tick_claims]
    loop, clock, db = asyncio.get_running_loop(), hub.clock, hub.store.db
    moved, stirred, ticked_s = clock.now(), (-1, -1), loop.time()
    while True:
        now, written = clock.now(), db.works
        if now != moved:
            await _act(ours)
        woken = worker.stirred.is_set()
        worker.stirred.clear()
        if (
            woken
            or now != moved
            or (worker.ended, written) != stirred
            or loop.time() - ticked_s >= PAGE_TICK_S
        ):
            moved, ended, written = now, worker.ended, db.works
            await _act(acts)
            # The claim of jobs is a write of our own; another one meanwhile may be news.
            stirred = (ended, db.works) if db.works - written <= works else (ended, written)
            ticked_s = loop.time()
        await asyncio.sleep(LOOK_EVERY_S)


async def look_when_stirred(worker: Worker) -> None:
    """Look for what is due as soon as an order is woken or a place is free, between the ticks, until cancelled.

    A clock that is moved by hand is followed instead: there this ends at once.
    """
    while not worker.hub.clock.by_hand:
        await worker.stirred.wait()
        worker.stirred.clear()
        await _act([worker.tick_orders, worker.tick_jobs])
        await asyncio.sleep(STIRRED_EVERY_S)


async def _act(acts: Sequence[Act]) -> None:
    """Tick one after another; one that the database does not answer comes again."""
    for act in acts:
        try:
            await act()
        except DATABASE_ERRORS as error:
            _note("what is due", error)


def _note(tick: str, error: Exception) -> None:
    """Note why a tick failed; that the database is away is told once, by whatever has a connection of its own."""
    if is_infrastructure(error):
        LOG.debug("%s: %s", tick, name_of(error))
    else:
        LOG.error("%s: a tick of the clock failed, a fault of ours", tick, exc_info=error)
