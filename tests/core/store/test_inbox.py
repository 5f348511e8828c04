import asyncio

import pytest
import sqlalchemy as sa

from core.errors import NotFoundError
from core.store.inbox import Delivery, list_deliveries, replay_delivery
from core.store.job_ends import JobEnd
from core.store.jobs import NewJob, claim_jobs, list_jobs
from core.store.personal import body_of
from core.store.store import Store
from core.store.tables import deliveries
from tests.core.store.builders import LATER, NOON, SOON

KENDRA = "kendra"


def a_delivery(event: str = "e1", *, order: str = "1", body: bytes = b"{}") -> Delivery:
    job = NewJob(kind="fetch", subject=f"shop:{order}", connection="shop", due_at=NOON)
    return Delivery(event_id=event, topic="orders/create", body=body, job=job)


async def states(store: Store) -> dict[str, tuple[str, str | None]]:
    return {d.event_id: (d.state, d.error) for d in (await store.read(list_deliveries, KENDRA)).items}


@pytest.mark.req("R01")
async def test_fifty_deliveries_of_one_event_by_eight_workers_are_one_row_and_one_job(
    store: Store,
) -> None:
    async def worker() -> int:
        return sum([await store.deliver(KENDRA, "shop", [a_delivery()], now=NOON) for _ in range(7)])

    new = await asyncio.gather(*(worker() for _ in range(8)))

    assert sum(new) == 1
    assert await states(store) == {"e1": ("pending", None)}
    [job] = await store.read(list_jobs, KENDRA)
    assert (job.kind, job.subject, job.requests) == ("fetch", "shop:1", 1)


@pytest.mark.req("R01")
async def test_one_call_may_bring_old_and_new_and_the_same_twice(store: Store) -> None:
    await store.deliver(KENDRA, "shop", [a_delivery("e1")], now=NOON)

    new = await store.deliver(
        KENDRA, "shop", [a_delivery("e1"), a_delivery("e2"), a_delivery("e2"), a_delivery("e3")], now=NOON
    )

    assert new == 2
    assert set(await states(store)) == {"e1", "e2", "e3"}


async def test_the_same_event_id_on_another_connection_is_another_event(store: Store) -> None:
    assert await store.deliver(KENDRA, "shop", [a_delivery()], now=NOON) == 1
    assert await store.deliver(KENDRA, "amazon", [a_delivery()], now=NOON) == 1
    assert await store.deliver("other", "shop", [a_delivery()], now=NOON) == 1


async def test_a_body_is_sealed_and_read_in_clear(store: Store) -> None:
    await store.deliver(KENDRA, "shop", [a_delivery(body=b'{"name": "Kara"}')], now=NOON)

    assert await store.read(body_of, store.keys, KENDRA, "shop", "e1") == b'{"name": "Kara"}'
    assert await store.read(body_of, store.keys, "other", "shop", "e1") is None
    assert b"Kara" not in await store.read(_stored_body)


@pytest.mark.req("R04")
async def test_a_delivery_is_done_when_its_job_has_run_and_pending_until_then(store: Store) -> None:
    await store.deliver(KENDRA, "shop", [a_delivery()], now=NOON)
    [job] = await store.write(claim_jobs, owner="w1", now=NOON, until=SOON, limit=9)

    await store.end_job(JobEnd(job=job, now=NOON, due_at=SOON, error="the shop is down", attempts=1))
    assert await states(store) == {"e1": ("pending", None)}

    [job] = await store.write(claim_jobs, owner="w1", now=SOON, until=LATER, limit=9)
    await store.end_job(JobEnd(job=job, now=SOON))
    assert await states(store) == {"e1": ("done", None)}
    assert await store.read(list_jobs, KENDRA) == []


@pytest.mark.req("R04")
async def test_a_parked_delivery_says_why_and_can_be_replayed(store: Store) -> None:
    await store.deliver(KENDRA, "shop", [a_delivery()], now=NOON)
    [job] = await store.write(claim_jobs, owner="w1", now=NOON, until=SOON, limit=9)
    await store.end_job(JobEnd(job=job, now=NOON, error="lines[0].sku: empty", attempts=1, park=True))
    assert await states(store) == {"e1": ("parked", "lines[0].sku: empty")}
    assert await store.write(claim_jobs, owner="w1", now=LATER, until=LATER, limit=9) == []

    await store.write(replay_delivery, KENDRA, "shop", "e1", now=LATER)

    assert await states(store) == {"e1": ("pending", None)}
    [job] = await store.write(claim_jobs, owner="w1", now=LATER, until=LATER, limit=9)
    assert (job.subject, job.parked_at) == ("shop:1", None)


async def test_a_delivery_that_asks_for_no_job_is_done_at_once(store: Store) -> None:
    await store.deliver(KENDRA, "shop", [Delivery(event_id="e1", topic="ping", body=b"")], now=NOON)

    assert await states(store) == {"e1": ("done", None)}
    assert await store.read(list_jobs, KENDRA) == []


async def test_a_delivery_nobody_made_cannot_be_replayed(store: Store) -> None:
    with pytest.raises(NotFoundError):
        await store.write(replay_delivery, KENDRA, "shop", "e1", now=NOON)


async def test_deliveries_are_listed_page_by_page_the_newest_first(store: Store) -> None:
    for i, at in enumerate((NOON, NOON, SOON, LATER)):
        await store.deliver(KENDRA, "shop", [a_delivery(f"e{i}")], now=at)

    first = await store.read(list_deliveries, KENDRA, limit=3)
    assert [d.event_id for d in first.items] == ["e3", "e2", "e1"]
    second = await store.read(list_deliveries, KENDRA, limit=3, after=first.after)
    assert [d.event_id for d in second.items] == ["e0"]
    assert second.after is None


def _stored_body(conn: sa.Connection) -> bytes:
    return conn.execute(sa.select(deliveries.c.body)).scalar_one() or b""
