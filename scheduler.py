"""The clock of the hub: a handful of fixed ticks that only look at rows with ``due_at`` and start what is due.

Times are rows, not jobs: nothing here would be lost by a restart, and every process may run one. Ticks count the
machine's seconds, which nobody sets: see docs/adr/0017.
Where the clock is moved by hand, fixed ticks would be late for every instant: there the page itself is followed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from core.engine.advance import CLAIM_S
from core.engine.session import BEAT_S, UNANSWERED, tick_session
from core.engine.worker import Worker
from core.jobs.housekeeping import tick_old_deliveries, tick_old_requests

LOG = logging.getLogger("crossdock.scheduler")

ORDERS_EVERY_S = 0.5
JOBS_EVERY_S = 0.1
CLAIMS_EVERY_S = CLAIM_S / 4
HOUSEKEEPING_EVERY_S = 3600
LONGEST_WAIT_S = 2.0
"""How long a database that does not answer is left alone at most before a tick asks it again."""
LOOK_EVERY_S = 0.005
"""How often the page of a clock that is moved by hand is looked at."""
PAGE_TICK_S = 0.1
"""How long a tick may be away while that page does not move and nothing ends or is written in this process."""

Act = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Tick:
    """Something that is done again and again, so many seconds after it ended: never twice at a time."""

    name: str
    every_s: float
    act: Act


def ticks_of(worker: Worker) -> list[Tick]:
    """Return the ticks of a process: each says that it lives, some wake, and those that work do jobs.

    Workers wake as well, so that a hub without a scheduler only misses one that is never busy.
    """
    hub = worker.hub
    by_hand, works = hub.clock.by_hand, hub.role in ("all", "worker")
    ticks = [Tick("session", BEAT_S, partial(tick_session, hub))]
    if works and not by_hand:
        ticks.append(Tick("jobs", JOBS_EVERY_S, worker.tick_jobs))
    if works:
        ticks.append(Tick("claims", CLAIMS_EVERY_S, worker.tick_claims))
    if hub.role == "web":
        return ticks
    if not by_hand:
        ticks.append(Tick("orders", ORDERS_EVERY_S, worker.tick_orders))
    ticks.append(Tick("old-deliveries", HOUSEKEEPING_EVERY_S, partial(tick_old_deliveries, hub)))
    ticks.append(Tick("old-requests", HOUSEKEEPING_EVERY_S, partial(tick_old_requests, hub)))
    return ticks


async def tick(ticks: Sequence[Tick]) -> None:
    """Do all of these until cancelled."""
    async with asyncio.TaskGroup() as group:
        for each in ticks:
            group.create_task(_repeat(each), name=f"tick {each.name}")


async def _repeat(each: Tick) -> None:
    """Do one thing again and again; a database that does not answer is asked again after ever longer pauses."""
    wait_s = each.every_s
    while True:
        await asyncio.sleep(wait_s)
        try:
            await each.act()
        except UNANSWERED as error:
            LOG.debug("%s: %s", each.name, type(error).__name__)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        except Exception:
            wait_s = max(each.every_s, LONGEST_WAIT_S)
            LOG.exception("%s: a tick of the clock failed, a fault of ours", each.name)
        else:
            wait_s = each.every_s


async def follow(worker: Worker, *, works: bool) -> None:
    """Tick as soon as the page moves or something has ended, until cancelled; not at all on a clock that runs itself.

    ``works`` says whether this process does jobs, or only wakes orders.
    """
    hub = worker.hub
    if not hub.clock.by_hand:
        return
    acts: list[Act] = [worker.tick_jobs, worker.tick_orders] if works else [worker.tick_orders]
    # However far it moved: we live, and what runs here is still ours.
    ours: list[Act] = [partial(tick_session, hub), worker.tick_claims]
    loop, clock, db = asyncio.get_running_loop(), hub.clock, hub.store.db
    moved, stirred, ticked_s = clock.now(), (-1, -1), loop.time()
    while True:
        now, written = clock.now(), db.transactions
        if now != moved:
            await _act(ours)
        if now != moved or (worker.ended, written) != stirred or loop.time() - ticked_s >= PAGE_TICK_S:
            moved, ended, written = now, worker.ended, db.transactions
            await _act(acts)
            # The claim of jobs is a write of our own; another one meanwhile may be news.
            stirred = (ended, db.transactions) if db.transactions - written <= works else (ended, written)
            ticked_s = loop.time()
        await asyncio.sleep(LOOK_EVERY_S)


async def _act(acts: Sequence[Act]) -> None:
    """Tick one after another; one that the database does not answer is logged and comes again."""
    for act in acts:
        try:
            await act()
        except UNANSWERED:
            LOG.exception("a tick of the clock failed")
