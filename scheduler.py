"""The clock of the hub: a handful of fixed ticks that only look at rows with ``due_at`` and start what is due.

Times are rows, not jobs: APScheduler keeps nothing that a restart would lose, and every process may run one.
"""

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from core.flow.advance import CLAIM_S
from core.housekeeping import tick_old_deliveries
from core.work import Worker

ORDERS_EVERY_S = 0.5
ERRANDS_EVERY_S = 0.1
CLAIMS_EVERY_S = CLAIM_S / 4
HOUSEKEEPING_EVERY_S = 3600


def scheduler_of(worker: Worker) -> AsyncIOScheduler:
    """Return the ticks of a process that works, not started; a tick that is late runs once, never twice at a time."""
    scheduler = waker_of(worker)
    scheduler.add_job(worker.tick_errands, "interval", seconds=ERRANDS_EVERY_S, id="errands")
    scheduler.add_job(worker.tick_claims, "interval", seconds=CLAIMS_EVERY_S, id="claims")
    return scheduler


def waker_of(worker: Worker) -> AsyncIOScheduler:
    """Return the ticks of a process that only wakes: overdue orders go through the queue to whoever works.

    Workers wake as well, so that a hub without such a process only misses one that is never busy.
    """
    scheduler = AsyncIOScheduler(
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    scheduler.add_job(worker.tick_orders, "interval", seconds=ORDERS_EVERY_S, id="orders")
    scheduler.add_job(
        tick_old_deliveries, "interval", seconds=HOUSEKEEPING_EVERY_S, id="old-deliveries", args=[worker.hub]
    )
    return scheduler
