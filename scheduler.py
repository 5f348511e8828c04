"""The clock of the hub: a handful of fixed ticks that only look at rows with ``due_at`` and start what is due.

Times are rows, not jobs: APScheduler keeps nothing that a restart would lose, and every process may run one.
Where the clock is moved by hand, fixed ticks would be late for every instant: there the page itself is followed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import SQLAlchemyError

from core.engine.advance import CLAIM_S
from core.engine.hub import Hub
from core.engine.worker import Worker
from core.jobs.housekeeping import tick_forgotten, tick_old_deliveries, tick_old_requests
from core.jobs.retention import tick_retention
from core.store.engine import CommitLostError

LOG = logging.getLogger("crossdock.scheduler")

ORDERS_EVERY_S = 0.5
JOBS_EVERY_S = 0.1
CLAIMS_EVERY_S = CLAIM_S / 4
HOUSEKEEPING_EVERY_S = 3600
HOUSEKEEPING_FIRST_S = 20
LOOK_EVERY_S = 0.005
"""How often the page of a clock that is moved by hand is looked at."""
PAGE_TICK_S = 0.1
"""How long a tick may be away while that page does not move and nothing ends or is written in this process."""

_HOUSEKEEPING: Mapping[str, Callable[[Hub], Awaitable[None]]] = {
    "old-deliveries": tick_old_deliveries,
    "old-requests": tick_old_requests,
    "retention": tick_retention,
    "forgotten": tick_forgotten,
}

Tick = Callable[[], Awaitable[object]]
_UNANSWERED = (SQLAlchemyError, CommitLostError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


def scheduler_of(worker: Worker) -> AsyncIOScheduler:
    """Return the ticks of a process that works, not started; a tick that is late runs once, never twice at a time."""
    scheduler = waker_of(worker)
    if not _by_hand(worker):
        scheduler.add_job(worker.tick_jobs, "interval", seconds=JOBS_EVERY_S, id="jobs")
    scheduler.add_job(worker.tick_claims, "interval", seconds=CLAIMS_EVERY_S, id="claims")
    return scheduler


def waker_of(worker: Worker) -> AsyncIOScheduler:
    """Return the ticks of a process that only wakes: overdue orders go through the queue to whoever works.

    Workers wake as well, so that a hub without such a process only misses one that is never busy.
    """
    scheduler = AsyncIOScheduler(
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    if not _by_hand(worker):
        scheduler.add_job(worker.tick_orders, "interval", seconds=ORDERS_EVERY_S, id="orders")
    # Soon after the start as well: a process that is started anew every hour would never come to it.
    first = datetime.now(UTC) + timedelta(seconds=HOUSEKEEPING_FIRST_S)
    for name, tick in _HOUSEKEEPING.items():
        scheduler.add_job(
            tick, "interval", seconds=HOUSEKEEPING_EVERY_S, id=name, args=[worker.hub], next_run_time=first
        )
    return scheduler


def _by_hand(worker: Worker) -> bool:
    return worker.hub.clock.by_hand


async def follow(worker: Worker, *, works: bool) -> None:
    """Tick as soon as the page moves or something has ended, until cancelled; not at all on a clock that runs itself.

    ``works`` says whether this process does jobs, or only wakes orders.
    """
    if not _by_hand(worker):
        return
    ticks: list[Tick] = [worker.tick_jobs, worker.tick_orders] if works else [worker.tick_orders]
    loop, clock, db = asyncio.get_running_loop(), worker.hub.clock, worker.hub.store.db
    moved, stirred, ticked_s = clock.now(), (-1, -1), loop.time()
    while True:
        now, written = clock.now(), db.transactions
        if now != moved:
            # However far it moved: what runs here is still ours.
            await _tick([worker.tick_claims])
        if now != moved or (worker.ended, written) != stirred or loop.time() - ticked_s >= PAGE_TICK_S:
            moved, ended, written = now, worker.ended, db.transactions
            await _tick(ticks)
            # The claim of jobs is a write of our own; another one meanwhile may be news.
            stirred = (ended, db.transactions) if db.transactions - written <= works else (ended, written)
            ticked_s = loop.time()
        await asyncio.sleep(LOOK_EVERY_S)


async def _tick(ticks: Sequence[Tick]) -> None:
    """Run ticks one after another; one that the database does not answer is logged and comes again."""
    for tick in ticks:
        try:
            await tick()
        except _UNANSWERED:
            LOG.exception("a tick of the clock failed")
