"""Pauses on both databases: one row, those that wait in line, and all of them due once it ends."""

from datetime import UTC, datetime, timedelta

import pytest

from core.store.jobs import NewJob, enqueue, list_jobs
from core.store.pauses import (
    count_waiting,
    end_pause,
    give_back,
    leave_line,
    list_pauses,
    save_pause,
    take_turns,
)
from core.store.store import Store

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
LABELS = ("post", "labels")
S = timedelta(seconds=1)
A, B, C = ("order", "shop:a"), ("order", "shop:b"), ("tracking", "post:t1")


def ten_seconds(_stood: timedelta) -> timedelta:
    return 10 * S


@pytest.mark.req("R106", "R19")
async def test_those_that_wait_come_one_after_another_and_who_tried_comes_last(store: Store) -> None:
    async def turn(waiter: tuple[str, str], at: datetime) -> datetime | None:
        until = at + 90 * S
        return await store.write(take_turns, "m", [LABELS], waiter, now=at, until=until)

    raised = await store.write(save_pause, "m", LABELS, "silent", A, now=NOON, interval=ten_seconds)
    assert raised
    assert not await store.write(save_pause, "m", LABELS, "silent", A, now=NOON, interval=ten_seconds)
    assert await turn(B, NOON + S) == NOON + 10 * S
    assert await turn(C, NOON + S) == NOON + 15 * S
    assert await turn(A, NOON + S) == NOON + 20 * S
    assert await store.read(count_waiting, "m") == {LABELS: 3}
    assert await turn(C, NOON + 10 * S) == NOON + 15 * S  # B is before it
    assert await turn(B, NOON + 10 * S) is None
    assert await turn(C, NOON + 16 * S) == NOON + 100 * S  # B has it for ninety seconds
    await store.write(give_back, "m", [LABELS], look_at=NOON + 16 * S)
    assert await turn(C, NOON + 16 * S) is None
    [pause] = await store.read(list_pauses, "m", NOON + 20 * S)
    assert (pause.key, pause.since, pause.reason) == (LABELS, NOON, "silent")


@pytest.mark.req("R106")
async def test_once_a_pause_ends_a_job_that_waited_is_due_at_once_and_no_other_pause_is_touched(
    store: Store,
) -> None:
    for kind in (LABELS, ("post", "scans")):
        await store.write(save_pause, "m", kind, "silent", C, now=NOON, interval=ten_seconds)
    later = NOON + timedelta(hours=1)
    job = NewJob(kind="tracking", subject="post:t1", connection="post", due_at=later)
    await store.write(enqueue, "m", [job])
    assert await store.write(end_pause, "m", LABELS, now=NOON + S)
    assert not await store.write(end_pause, "m", LABELS, now=NOON + S)
    assert [(j.due_at, j.requests) for j in await store.read(list_jobs, "m")] == [(NOON + S, 2)]
    assert [p.key for p in await store.read(list_pauses, "m", NOON + S)] == [("post", "scans")]
    assert await store.read(count_waiting, "m") == {("post", "scans"): 1}


@pytest.mark.req("R106")
async def test_a_pause_that_nobody_waits_for_is_over_ten_minutes_after_it_could_be_looked_at(
    store: Store,
) -> None:
    await store.write(save_pause, "m", LABELS, "silent", A, now=NOON, interval=ten_seconds)
    day = NOON + timedelta(days=1)
    assert [p.key for p in await store.read(list_pauses, "m", day)] == [LABELS]
    await store.write(leave_line, "m", [LABELS], A)
    lapses = NOON + 10 * S + timedelta(minutes=10)
    assert [p.key for p in await store.read(list_pauses, "m", lapses - S)] == [LABELS]
    assert await store.read(list_pauses, "m", lapses) == ()
    assert await store.write(save_pause, "m", LABELS, "silent", A, now=day, interval=ten_seconds)
    [again] = await store.read(list_pauses, "m", day)
    assert again.since == day
