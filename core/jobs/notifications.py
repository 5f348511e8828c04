"""What vendors notify us of: it is stored and acknowledged, then the object is fetched as it stands."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.domain.commit import OrderCommit
from core.domain.state import OrderState
from core.engine.answers import Call
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.engine.pauses import asked
from core.errors import RejectedError
from core.failpoints import failpoint
from core.model.facts import Fact, GatewayNotified
from core.model.notification import Notification, NotificationKind
from core.steps.sync import sync_order
from core.store.inbox import Delivery
from core.store.jobs import Job, NewJob, enqueue
from core.store.listings import invalidate_level

RECEIVE_EVERY_S = 0.2
"""The pause before a queue that does not wait for news itself is asked again (seconds)."""

_JOB_OF = {
    NotificationKind.ORDER: "fetch",
    NotificationKind.PAYMENT: "payment",
    NotificationKind.TRACKING: "tracking",
    NotificationKind.LEVEL: "level",
    NotificationKind.UNREADABLE: "unreadable",
    NotificationKind.REVOKED: "revoked",
    NotificationKind.PERSON_REDACT: "person_redact",
    NotificationKind.PERSON_EXPORT: "person_export",
    NotificationKind.SHOP_REDACT: "shop_redact",
}
PRIVACY = frozenset(
    {NotificationKind.PERSON_REDACT, NotificationKind.PERSON_EXPORT, NotificationKind.SHOP_REDACT}
)


def delivery_of(connection: str, notification: Notification, body: bytes, now: datetime) -> Delivery:
    """Return what is stored of a notification, and the job it asks for.

    Whatever the object, its news is one fetch; but each request of privacy law is its own, with the orders it names.
    """
    kind = _JOB_OF.get(notification.kind)
    job = None
    if kind is not None:
        own = notification.kind in PRIVACY
        data = {"orders": list(notification.orders)} if notification.orders else {}
        subject = f"{connection}:{notification.event_id if own else notification.subject}"
        job = NewJob(kind=kind, subject=subject, connection=connection, due_at=now, data=data)
    return Delivery(event_id=notification.event_id, topic=notification.topic, body=body, job=job)


async def fetch_order(hub: Hub, job: Job) -> Reschedule | None:
    """Fetch the order that changed."""
    await sync_order(hub, job.merchant, job.connection, job.object_id)
    return None


async def recheck_payment(hub: Hub, job: Job) -> Reschedule | None:
    """Have the orders that a payment belongs to ask their gateway again."""
    reference = job.object_id
    for order_id in await hub.store.find(job.merchant, "payment", reference):
        fact = GatewayNotified(at=hub.clock.now(), actor="gateway", reference=reference)
        await tell(hub, job.merchant, order_id, [fact])
    return None


async def tell(
    hub: Hub, merchant: str, order_id: str, facts: Sequence[Fact], *, known: OrderState | None = None
) -> None:
    """Commit what was learnt of an order, ``known`` as it was just read; nothing where nothing was."""
    if facts:
        failpoint("intake.tell.before")
        await hub.store.commit(
            OrderCommit(
                merchant=merchant,
                order_id=order_id,
                at=hub.clock.now(),
                happened=tuple(facts),
                known=known,
            )
        )


async def receive_notifications(hub: Hub, job: Job) -> Reschedule | None:
    """Take notifications off a queue: stored first, acknowledged after; then listen again at once."""
    source = hub.connections(job.merchant).named(job.connection).notifications
    if source is None:
        return None
    failpoint("intake.receive.before")
    receipts = await asked(hub, job.merchant, Call(job.connection, "receive"), source.receive())
    failpoint("intake.receive.after")
    now = hub.clock.now()
    if receipts:
        stored = [
            delivery_of(job.connection, r.notification, r.notification.model_dump_json().encode(), now)
            for r in receipts
        ]
        await hub.store.deliver(job.merchant, job.connection, stored, now=now)
        failpoint("intake.receive.stored")
        call = Call(job.connection, "acknowledge")
        await asked(hub, job.merchant, call, source.acknowledge(receipts))
    pause_s = 0.0 if source.waits else RECEIVE_EVERY_S
    return Reschedule(due_at=hub.clock.now() + timedelta(seconds=pause_s))


async def park_unreadable(hub: Hub, job: Job) -> Reschedule | None:
    """Park what a vendor signed and we cannot read, for people to see (R04); the connection is polled in its stead.

    Whatever changed is found by the poll. A person who replays the delivery has it polled once more, and it is done.

    Raises:
        RejectedError: nobody has seen it yet.
    """
    failpoint("intake.unreadable.before")
    poll = NewJob.of_connection("poll", job.connection, hub.clock.now())
    await hub.store.write(enqueue, job.merchant, [poll])
    if not job.attempts:
        raise RejectedError("signed, and cannot be read; see its body", connection=job.connection)
    return None


async def invalidate_listing(hub: Hub, job: Job) -> Reschedule | None:
    """A listing's level may have changed at its channel: it is read again, and after a cancellation once more later."""
    now, last = hub.clock.now(), job.data.get("last")
    failpoint("intake.level.before")
    await hub.store.write(invalidate_level, job.merchant, job.connection, job.object_id, now=now)
    again = None if last is None else datetime.fromisoformat(last)
    return None if again is None or again <= now else Reschedule(due_at=again)
