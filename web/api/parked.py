"""Parked work: what waits for a person, what trying it again will do, and having it tried again."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from core.errors import RefusedError
from core.model.base import PlainNote
from core.model.failures import Failure
from core.services.parked import ParkedWork, chosen, parked_work, retry_parked, retry_plan
from web.api.endpoint import Answer, Call, Endpoint
from web.api.order_actions import LONGEST_NOTE
from web.keys import HUB


class ParkedOrderView(Answer):
    """An order that a step failed at."""

    order_id: str
    number: str
    since: datetime
    step: str
    message: str
    failure: Failure | None
    """Where the failure lies; null where an older hub did not say."""


class JobName(Answer):
    """What names a job."""

    kind: str
    subject: str


class ParkedJobView(JobName):
    """A background job that failed."""

    connection: str
    since: datetime | None
    error: str | None


class DeliveryName(Answer):
    """What names a delivery."""

    connection: str
    event_id: str


class ParkedDeliveryView(DeliveryName):
    """A delivery whose job failed."""

    topic: str
    received_at: datetime
    error: str | None


class ParkedList(Answer):
    """All that is parked, the longest first, and what trying all of it again will do."""

    orders: tuple[ParkedOrderView, ...]
    jobs: tuple[ParkedJobView, ...]
    deliveries: tuple[ParkedDeliveryView, ...]
    title: str
    does: tuple[str, ...]
    way_back: str
    refused: str | None
    stands: str
    """Handed back with a retry: if something else is parked by then, nothing is done (409)."""


class RetryAsk(Answer):
    """What is tried again; nothing named means everything that is parked."""

    orders: Literal["all"] | tuple[str, ...] | None = Field(None, description="ids or numbers")
    jobs: Literal["all"] | tuple[JobName, ...] | None = None
    deliveries: Literal["all"] | tuple[DeliveryName, ...] | None = None
    stands: str | None = Field(None, description="the `stands` of the list that was seen")
    note: PlainNote = Field(
        "", max_length=LONGEST_NOTE, description="kept on each timeline; no personal data"
    )


class RetriedView(Answer):
    """What is tried again."""

    orders: tuple[str, ...]
    jobs: tuple[JobName, ...]
    deliveries: tuple[DeliveryName, ...]


async def list_parked(call: Call) -> ParkedList:
    """Return what is parked, and what trying it again will do."""
    work = await parked_work(call.request.app[HUB], call.merchant)
    plan = retry_plan(work)
    return ParkedList(
        orders=tuple(
            ParkedOrderView(
                order_id=o.order_id,
                number=o.number,
                since=o.since,
                step=o.step,
                message=o.message,
                failure=o.failure,
            )
            for o in work.orders
        ),
        jobs=tuple(
            ParkedJobView(
                kind=j.kind, subject=j.subject, connection=j.connection, since=j.parked_at, error=j.error
            )
            for j in work.jobs
        ),
        deliveries=tuple(
            ParkedDeliveryView(
                connection=d.connection,
                event_id=d.event_id,
                topic=d.topic,
                received_at=d.received_at,
                error=d.error,
            )
            for d in work.deliveries
        ),
        title=plan.title,
        does=plan.does,
        way_back=plan.back,
        refused=plan.refused or None,
        stands=work.stands,
    )


async def post_retry(call: Call) -> RetriedView:
    """Try parked work again."""
    hub, asked = call.request.app[HUB], call.body
    work = await parked_work(hub, call.merchant)
    if asked.stands is not None and asked.stands != work.stands:
        raise RefusedError("nothing was done: something else is parked since you looked; look again")
    picked = work if asked.orders is asked.jobs is asked.deliveries is None else _picked(work, asked)
    await retry_parked(hub, call.merchant, picked, call.actor, note=asked.note)
    return RetriedView(
        orders=tuple(o.order_id for o in picked.orders),
        jobs=tuple(JobName(kind=j.kind, subject=j.subject) for j in picked.jobs),
        deliveries=tuple(
            DeliveryName(connection=d.connection, event_id=d.event_id) for d in picked.deliveries
        ),
    )


def _picked(work: ParkedWork, asked: RetryAsk) -> ParkedWork:
    jobs, deliveries = asked.jobs or (), asked.deliveries or ()
    return chosen(
        work,
        orders=asked.orders or (),
        jobs="all" if jobs == "all" else [(j.kind, j.subject) for j in jobs],
        deliveries="all" if deliveries == "all" else [(d.connection, d.event_id) for d in deliveries],
    )


ENDPOINTS = (
    Endpoint(
        name="listParked",
        method="GET",
        path="/parked",
        summary="What needs attention, and what trying it again will do",
        gives=ParkedList,
        run=list_parked,
    ),
    Endpoint(
        name="retryParked",
        method="POST",
        path="/parked/retry",
        summary="Try parked work again, single or in bulk",
        gives=RetriedView,
        run=post_retry,
        takes=RetryAsk,
        example={"orders": "all"},
    ),
)
