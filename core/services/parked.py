"""Parked work: what waits for a person, what trying it again will do, and trying it again, single or in bulk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from core.engine.hub import Hub
from core.errors import RefusedError
from core.services.actions import retry
from core.services.plans import Plan
from core.store.inbox import replay_delivery
from core.store.jobs import Job
from core.store.parked import (
    ParkedDelivery,
    ParkedOrder,
    parked_deliveries,
    parked_jobs,
    parked_orders,
    retry_jobs,
)

_NAMED = 20
Chosen = Literal["all"] | Sequence[tuple[str, str]]
"""(kind, subject) of jobs, (connection, event id) of deliveries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedWork:
    """What is parked, or some of it."""

    orders: tuple[ParkedOrder, ...] = ()
    jobs: tuple[Job, ...] = ()
    deliveries: tuple[ParkedDelivery, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.orders or self.jobs or self.deliveries)

    @property
    def counted(self) -> str:
        """How much it is, in words."""
        return in_words(len(self.orders), len(self.jobs), len(self.deliveries))

    @property
    def stands(self) -> str:
        """What tells it from what is parked at another moment."""
        orders = (f"{order.order_id}@{order.version}" for order in self.orders)
        jobs = (f"{job.kind}/{job.subject}@{job.parked_at}" for job in self.jobs)
        return " ".join([*orders, *jobs, *(f"{d.connection}/{d.event_id}" for d in self.deliveries)])


async def parked_work(hub: Hub, merchant: str) -> ParkedWork:
    """Return everything of a merchant that is parked."""
    return await hub.store.read(_parked, merchant)


def _parked(conn: sa.Connection, merchant: str) -> ParkedWork:
    return ParkedWork(
        orders=tuple(parked_orders(conn, merchant)),
        jobs=tuple(parked_jobs(conn, merchant)),
        deliveries=tuple(parked_deliveries(conn, merchant)),
    )


def chosen(
    work: ParkedWork,
    *,
    orders: Literal["all"] | Sequence[str] = (),
    jobs: Chosen = (),
    deliveries: Chosen = (),
) -> ParkedWork:
    """Return of what is parked that which is named, orders by id or number.

    Raises:
        RefusedError: something that is named is not parked.
    """
    by_order = {name: order for order in work.orders for name in (order.order_id, order.number)}
    by_job = {(job.kind, job.subject): job for job in work.jobs}
    by_delivery = {(d.connection, d.event_id): d for d in work.deliveries}
    missing = [name for name in orders if name not in by_order] if orders != "all" else []
    missing += [f"{kind} {of}" for kind, of in jobs if (kind, of) not in by_job] if jobs != "all" else []
    if deliveries != "all":
        missing += [f"{of} {event}" for of, event in deliveries if (of, event) not in by_delivery]
    if missing:
        raise RefusedError(f"not parked: {', '.join(missing)}; nothing was tried again")
    return ParkedWork(
        orders=work.orders if orders == "all" else tuple(dict.fromkeys(by_order[name] for name in orders)),
        jobs=work.jobs if jobs == "all" else tuple(by_job[key] for key in dict.fromkeys(jobs)),
        deliveries=work.deliveries
        if deliveries == "all"
        else tuple(by_delivery[key] for key in dict.fromkeys(deliveries)),
    )


def retry_plan(work: ParkedWork) -> Plan:
    """Return what trying parked work again will do."""
    if not work:
        return Plan(
            title="Try parked work again", does=(), refused="nothing is parked: nothing is to be tried again"
        )
    does: list[str] = []
    if work.orders:
        does.append(f"Sends {_names([order.number for order in work.orders])} on, each where it failed.")
        does.append(
            "What stands in no order's way any more is done: labels are bought, money captured, channels told."
        )
    if work.jobs:
        does.append(f"Runs again: {_names([f'{job.kind} {job.subject}' for job in work.jobs])}.")
    if work.deliveries:
        does.append(f"Reads again: {_names([f'{d.topic} of {d.connection}' for d in work.deliveries])}.")
    return Plan(
        title=f"Try {work.counted} again",
        does=tuple(does),
        back="None is needed: what fails again is parked again. An order is kept back by holding it.",
        stands=work.stands,
    )


async def retry_parked(hub: Hub, merchant: str, work: ParkedWork, actor: str, *, note: str = "") -> None:
    """Try parked work again; what was sent on by another meanwhile is left alone."""
    now = hub.clock.now()
    for order in work.orders:
        try:
            await retry(hub, merchant, order.order_id, actor, note=note, seen=order.version)
        except RefusedError:
            continue  # somebody else sent it on, or it was cancelled: it is looked at in any case
    await hub.store.write(retry_jobs, merchant, [(job.kind, job.subject) for job in work.jobs], now=now)
    for delivery in work.deliveries:
        await hub.store.write(replay_delivery, merchant, delivery.connection, delivery.event_id, now=now)


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(dict.fromkeys(names[:_NAMED])) + more


def in_words(orders: int, jobs: int, deliveries: int) -> str:
    """Return how much is parked, as people read it."""
    counts = ((orders, "order", "orders"), (jobs, "job", "jobs"), (deliveries, "delivery", "deliveries"))
    *first, last = [f"{n} {one if n == 1 else many}" for n, one, many in counts if n] or ["nothing"]
    return f"{', '.join(first)} and {last}" if first else last
