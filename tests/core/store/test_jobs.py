import asyncio
from typing import Any

import pytest

from core.store.job_ends import JobEnd
from core.store.jobs import Job, NewJob, claim_jobs, enqueue, list_jobs
from core.store.store import Store
from tests.core.store.builders import LATER, NOON, SOON

KENDRA = "kendra"


async def ask_for(store: Store, *, due_at: Any = NOON, kind: str = "poll", **data: Any) -> None:
    await store.write(
        enqueue, KENDRA, [NewJob(kind=kind, subject="shop", connection="shop", due_at=due_at, data=data)]
    )


async def claim(store: Store, *, owner: str = "w1", now: Any = NOON, until: Any = SOON) -> list[Job]:
    return await store.write(claim_jobs, owner=owner, now=now, until=until, limit=9)


async def test_a_job_is_due_as_early_as_any_request_asked_and_keeps_what_it_remembers(store: Store) -> None:
    await ask_for(store, due_at=LATER, since="2026-11-01")
    await ask_for(store, due_at=NOON, since="2026-11-30")
    await ask_for(store, due_at=LATER)

    [job] = await store.read(list_jobs, KENDRA)
    assert (job.due_at, job.requests, job.data) == (NOON, 3, {"since": "2026-11-01"})


@pytest.mark.req("R11")
async def test_a_job_that_is_asked_for_while_it_runs_is_due_again_when_it_ends(store: Store) -> None:
    await ask_for(store)
    [job] = await claim(store)
    await ask_for(store)

    assert await store.end_job(JobEnd(job=job, now=SOON, data={"since": "now"})) is True

    [again] = await claim(store, now=SOON, until=LATER)
    assert (again.requests, again.data) == (2, {"since": "now"})
    assert await store.end_job(JobEnd(job=again, now=SOON)) is False
    assert await store.read(list_jobs, KENDRA) == []


@pytest.mark.req("R11")
async def test_not_even_a_run_that_fails_for_good_swallows_a_request(store: Store) -> None:
    await ask_for(store)
    [job] = await claim(store)
    await ask_for(store)

    await store.end_job(JobEnd(job=job, now=SOON, error="refused", attempts=3, park=True))

    [again] = await claim(store, now=SOON, until=LATER)
    assert again.parked_at is None


async def test_a_claimed_job_is_nobody_elses_until_the_claim_runs_out(store: Store) -> None:
    for kind in ("a", "b", "c", "d"):
        await ask_for(store, kind=kind)

    claims = await asyncio.gather(*(claim(store, owner=f"w{i}") for i in range(6)))

    assert sorted(job.kind for got in claims for job in got) == ["a", "b", "c", "d"]
    assert await claim(store, now=SOON) == []
    assert len(await claim(store, now=LATER)) == 4


async def test_whoever_lost_its_claim_can_no_longer_end_the_job(store: Store) -> None:
    await ask_for(store)
    [lost] = await claim(store, owner="w1")
    [held] = await claim(store, owner="w2", now=LATER, until=LATER)

    assert await store.end_job(JobEnd(job=lost, now=LATER)) is False
    [job] = await store.read(list_jobs, KENDRA)
    assert job.claimed_by == "w2"
    await store.end_job(JobEnd(job=held, now=LATER))
    assert await store.read(list_jobs, KENDRA) == []


async def test_a_job_comes_again_at_the_instant_it_is_told_with_its_attempts(store: Store) -> None:
    await ask_for(store)
    [job] = await claim(store)

    await store.end_job(JobEnd(job=job, now=NOON, due_at=LATER, error="the shop is down", attempts=1))

    assert await claim(store, now=SOON) == []
    [again] = await claim(store, now=LATER)
    assert (again.attempts, again.error) == (1, "the shop is down")


async def test_only_the_wanted_kinds_are_claimed_and_no_more_than_asked_for(store: Store) -> None:
    for kind in ("a", "b", "c"):
        await ask_for(store, kind=kind)

    some = await store.write(claim_jobs, owner="w", now=NOON, until=SOON, limit=1, kinds=["b", "c"])

    assert [job.kind for job in some] == ["b"]


async def test_several_requests_for_one_job_in_one_call_are_one_job(store: Store) -> None:
    wish = NewJob(kind="fetch", subject="shop:1", connection="shop", due_at=NOON)

    await store.write(enqueue, KENDRA, [wish, wish])

    assert len(await store.read(list_jobs, KENDRA)) == 1
