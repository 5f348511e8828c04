"""Another crossdock.yaml keeps other units back: what every listing is to show is looked at again."""

from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.failpoints import failpoint
from core.store.jobs import Job
from core.store.links import linked_skus
from core.store.listings import mark_dirty

_AT_ONCE = 500
"""So many SKUs are marked in one transaction: whatever else is to be written waits no longer for it."""


async def look_at_levels_again(hub: Hub, job: Job) -> Reschedule | None:
    """Have the listings of the next SKUs compared with what they are to show; they come after what an order changed."""
    now = hub.clock.now()
    after = str(job.data.get("after", ""))
    skus = await hub.store.read(linked_skus, job.merchant, after=after, limit=_AT_ONCE)
    if not skus:
        return None
    failpoint("levels.again.before")
    await hub.store.write(mark_dirty, [(job.merchant, sku) for sku in skus], now, bulk=True)
    return Reschedule(due_at=now, data={"after": skus[-1]})
