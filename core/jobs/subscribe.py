"""The vendor is to tell us of changes: what is missing of its subscriptions is mended."""

from datetime import timedelta
from typing import Any

from core.engine.answers import Call
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.engine.pauses import asked
from core.failpoints import failpoint
from core.jobs.poll import poll_from
from core.store.jobs import Job, NewJob, enqueue

SUBSCRIBE_EVERY = timedelta(hours=1)


async def check_subscriptions(hub: Hub, job: Job) -> Reschedule | None:
    """See to it that the vendor tells us of changes; what was missing is mended and a poll fills the gap (R05)."""
    subscriber = hub.connections(job.merchant).named(job.connection).subscriber
    if subscriber is None:
        return None
    failpoint("intake.subscribe.before")
    call = Call(job.connection, "subscribe")
    mended = await asked(hub, job.merchant, call, subscriber.subscribe(str(job.data["callback_url"])))
    now = hub.clock.now()
    memory: dict[str, Any] = {**job.data, "checked": now.isoformat()}
    if mended:
        memory = {**memory, "mended": list(mended), "mended_at": now.isoformat()}
        failpoint("intake.subscribe.mended")
        poll = NewJob.of_connection("poll", job.connection, now, poll_from(now))
        await hub.store.write(enqueue, job.merchant, [poll])
    return Reschedule(due_at=now + SUBSCRIBE_EVERY, data=memory)
