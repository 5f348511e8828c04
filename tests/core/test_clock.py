"""Clocks: which one ``CROSSDOCK_CLOCK`` names, what a page says, and what work makes of an instant that jumps."""

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.clock import Clock, DatabaseClock, PageClock, SystemClock, clock_of
from core.engine import worker as engine
from core.engine.hub import Hub
from core.engine.job import JobKind, Reschedule
from core.engine.places import JOBS_AT_ONCE
from core.engine.worker import Worker
from core.errors import ConfigError, RateLimitError, UnavailableError
from core.jobs import JOBS
from core.ports import Token
from core.services.health import next_work
from core.steps import STEPS
from core.store.backlog import free_claims
from core.store.jobs import Job, NewJob, claim_jobs, enqueue, list_jobs
from core.store.quota import Limit, QuotaMemory, quota_of
from core.store.store import Store
from core.store.tables import jobs
from core.store.vault import VaultTokens
from scheduler import follow
from tests.builders import MERCHANT, connections, world
from tests.core.store.conftest import open_store

MONDAY = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
MONDAY_US = 1_796_054_400_000_000
"""The same in microseconds since 1970: 20,787 days and 16 hours."""


def write(page: Path, instant: datetime) -> None:
    """Write as the page's owner does: in place, for whoever has it open."""
    micros = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    with page.open("r+b" if page.exists() else "wb") as file:
        file.write(struct.pack("=q", micros))


def test_without_a_name_it_is_the_machine_s_own() -> None:
    assert isinstance(clock_of({}), DatabaseClock)
    assert isinstance(clock_of({"CROSSDOCK_CLOCK": ""}), DatabaseClock)


def test_a_page_is_read_to_the_microsecond_and_followed(tmp_path: Path) -> None:
    page = tmp_path / "page"
    page.write_bytes(struct.pack("=q", MONDAY_US + 1))
    clock = clock_of({"CROSSDOCK_CLOCK": f"page:{page}"})

    assert clock.now() == MONDAY + timedelta(microseconds=1)
    write(page, MONDAY + timedelta(hours=3))
    assert clock.now() == datetime(2026, 11, 30, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("noon", "names no clock; write page:/path of a sandbox's page"),
        ("2026-11-30T08:00:00+00:00/1/60", "names no clock"),
        ("page:/nowhere/at/all", "/nowhere/at/all is no page of a clock"),
        ("page:", "is no page of a clock"),
    ],
)
def test_nonsense_is_told_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        clock_of({"CROSSDOCK_CLOCK": text})

    assert str(wrong.value).startswith("CROSSDOCK_CLOCK: ")
    assert says in str(wrong.value)


def test_a_page_that_is_too_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes(b"1234")

    with pytest.raises(ConfigError, match="is no page of a clock"):
        clock_of({"CROSSDOCK_CLOCK": f"page:{tmp_path / 'page'}"})


async def test_what_a_vendor_allows_comes_back_when_the_page_moves_and_not_by_waiting(tmp_path: Path) -> None:
    write(tmp_path / "page", MONDAY)
    clock = PageClock.open(tmp_path / "page")
    counters = QuotaMemory(
        connection="amz", limits={"patch": Limit(rate_per_s=1000.0, burst=1)}, seconds=clock.seconds
    )
    await counters.take("patch")
    await asyncio.sleep(0.01)
    with pytest.raises(RateLimitError):
        await counters.take("patch")

    write(tmp_path / "page", MONDAY + timedelta(milliseconds=1))

    await counters.take("patch")


async def test_processes_share_what_a_vendor_allows_on_the_page_s_time_too(tmp_path: Path) -> None:
    write(tmp_path / "page", MONDAY)
    clock = PageClock.open(tmp_path / "page")
    async with open_store("postgres", tmp_path, batched=True) as store:
        limits = {"patch": Limit(rate_per_s=1000.0, burst=1)}
        one, other = (
            quota_of(store.db, merchant="kendra", app="amazon", connection="amz", limits=limits, clock=clock)
            for _ in range(2)
        )
        await one.take("patch")
        await asyncio.sleep(0.01)
        with pytest.raises(RateLimitError):
            await other.take("patch")
        write(tmp_path / "page", MONDAY + timedelta(milliseconds=1))
        await other.take("patch")


async def test_a_faster_rate_that_is_learned_does_not_make_more_of_what_was_taken() -> None:
    now = [0.0]
    counters = QuotaMemory(
        connection="amz", limits={"search": Limit(rate_per_s=0.01, burst=20)}, seconds=lambda: now[0]
    )
    await counters.take("search")

    await counters.learn("search", rate_per_s=1.0, burst=20)

    for _ in range(19):
        await counters.take("search")
    with pytest.raises(RateLimitError) as refused:
        await counters.take("search")
    assert refused.value.retry_after_s == pytest.approx(1.0)


# --- work on a page ---


class Busy:
    """Jobs that run until they are let go, and how often each began."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.free = asyncio.Event()
        self.at: list[datetime] = []

    async def run(self, hub: Hub, job: Job) -> Reschedule | None:
        self.began.append(job.subject)
        self.at.append(hub.clock.now())
        await self.free.wait()
        return None


def run_by(kind: str, run: Callable[[Hub, Job], Awaitable[Reschedule | None]]) -> dict[str, JobKind]:
    """A kind of job as it is, but for who does it."""
    return {kind: replace(JOBS[kind], run=run)}


@contextlib.asynccontextmanager
async def followed(tmp_path: Path, busy: Busy) -> AsyncIterator[tuple[Worker, Path]]:
    """A worker over SQLite that follows a page; ``fetch`` and ``receive`` are busy."""
    page = tmp_path / "page"
    write(page, MONDAY)
    clock = PageClock.open(page)
    async with open_store("sqlite", tmp_path, batched=True) as store:
        kinds = {**JOBS, **run_by("fetch", busy.run), **run_by("receive", busy.run)}
        worker = Worker(steps=STEPS, hub=hub_of(store, clock), jobs=kinds)
        following = asyncio.create_task(follow(worker, works=True))
        try:
            yield worker, page
        finally:
            following.cancel()
            busy.free.set()
            await asyncio.gather(following, *worker.jobs_running.values(), return_exceptions=True)


def hub_of(store: Store, clock: Clock) -> Hub:
    return Hub(store=store, clock=clock, owner="w1", merchants={MERCHANT: connections(world(clock))})  # type: ignore[arg-type]


async def ask_for(worker: Worker, kind: str, subject: str, at: datetime) -> None:
    await worker.hub.store.write(
        enqueue, MERCHANT, [NewJob(kind=kind, subject=subject, connection="shop", due_at=at)]
    )


async def until(true: Callable[[], object], within_s: float = 3.0) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.002)


async def test_what_is_due_begins_within_milliseconds_of_the_page_s_move_and_not_before(
    tmp_path: Path,
) -> None:
    busy = Busy()
    async with followed(tmp_path, busy) as (worker, page):
        await ask_for(worker, "fetch", "shop:1", MONDAY + timedelta(hours=1))
        await asyncio.sleep(0.1)
        assert busy.began == []
        assert await standing(worker.hub, MERCHANT) == (0, 0, MONDAY + timedelta(hours=1), 0)

        write(page, MONDAY + timedelta(hours=1))
        began = time.monotonic()
        await until(lambda: busy.began)
        assert time.monotonic() - began < 0.5
        assert busy.at == [MONDAY + timedelta(hours=1)]
        assert await standing(worker.hub, MERCHANT) == (1, 1, None, 0)

        busy.free.set()
        await until(lambda: not worker.jobs_running)
        assert await standing(worker.hub, MERCHANT) == (0, 0, None, 1)


async def standing(hub: Hub, merchant: str) -> tuple[int, int, datetime | None, int]:
    found = await next_work(hub, merchant)
    return found.running, found.next.due, found.next.next_at, found.moves


@pytest.mark.req("R45")
async def test_a_job_that_runs_is_not_begun_again_when_the_page_jumps_past_its_claim(
    tmp_path: Path,
) -> None:
    busy = Busy()
    async with followed(tmp_path, busy) as (worker, page):
        await ask_for(worker, "fetch", "shop:1", MONDAY)
        await until(lambda: busy.began)
        write(page, MONDAY + timedelta(hours=12))
        await ask_for(worker, "fetch", "shop:2", MONDAY + timedelta(hours=12))
        await until(lambda: len(busy.began) == 2)
        await asyncio.sleep(0.1)

        # It is claimed anew: nobody else takes it over either.
        stolen = await worker.hub.store.write(
            claim_jobs, owner="w2", now=worker.hub.clock.now(), until=worker.hub.clock.now(), limit=10
        )
        assert busy.began == ["shop:1", "shop:2"]
        assert stolen == []


async def test_a_job_whose_claim_ran_out_while_it_runs_here_is_left_alone(tmp_path: Path) -> None:
    busy = Busy()
    async with open_store("sqlite", tmp_path, batched=True) as store:
        write(tmp_path / "page", MONDAY)
        worker = Worker(
            steps=STEPS,
            hub=hub_of(store, PageClock.open(tmp_path / "page")),
            jobs={**JOBS, **run_by("fetch", busy.run)},
        )
        await ask_for(worker, "fetch", "shop:1", MONDAY)
        assert await worker.tick_jobs() == 1
        write(tmp_path / "page", MONDAY + timedelta(hours=12))

        assert await worker.tick_jobs() == 0

        busy.free.set()
        await asyncio.gather(*worker.jobs_running.values())
        assert busy.began == ["shop:1"]
        assert await store.read(list_jobs, MERCHANT) == []


async def test_those_that_listen_take_nobody_s_place_and_do_not_count(tmp_path: Path) -> None:
    busy = Busy()
    async with followed(tmp_path, busy) as (worker, _):
        names = [f"q{number}" for number in range(JOBS_AT_ONCE + 4)]
        for name in names:
            await ask_for(worker, "receive", name, MONDAY)
        await until(lambda: len(busy.began) == len(names))
        assert await standing(worker.hub, MERCHANT) == (0, 0, None, 0)

        await ask_for(worker, "fetch", "shop:1", MONDAY)
        await until(lambda: "shop:1" in busy.began)


async def test_those_that_listen_are_cut_off_at_the_end_and_free_for_the_next_process(tmp_path: Path) -> None:
    busy = Busy()
    async with open_store("sqlite", tmp_path, batched=True) as store:
        worker = Worker(
            steps=STEPS, hub=hub_of(store, SystemClock()), jobs={**JOBS, **run_by("receive", busy.run)}
        )
        now = datetime.now(UTC)
        await ask_for(worker, "receive", "amz", now)
        await worker.tick_jobs()
        await until(lambda: busy.began)

        began = time.monotonic()
        await worker.stop_listening()

        assert time.monotonic() - began < 1
        assert worker.jobs_running == {}
        later = now + timedelta(seconds=1)
        (claimed,) = await store.write(claim_jobs, owner="w2", now=later, until=later, limit=10)
        assert (claimed.kind, claimed.subject, claimed.claimed_by) == ("receive", "amz", "w2")


async def test_a_queue_that_cannot_be_reached_is_asked_again_after_ever_longer_pauses(tmp_path: Path) -> None:
    asked: list[float] = []

    async def fail(hub: Hub, job: Job) -> Reschedule:
        asked.append(time.monotonic())
        raise UnavailableError("no route", connection="amz")

    async with open_store("sqlite", tmp_path, batched=True) as store:
        worker = Worker(
            steps=STEPS, hub=hub_of(store, SystemClock()), jobs={**JOBS, **run_by("receive", fail)}
        )
        now = datetime.now(UTC)
        await ask_for(worker, "receive", "amz", now)
        pauses = []
        for _ in range(3):
            await store.write(
                lambda conn: conn.execute(sa.update(jobs).values(due_at=now - timedelta(days=1)))
            )
            assert await worker.tick_jobs() == 1
            await asyncio.gather(*worker.jobs_running.values())
            (row,) = await store.read(list_jobs, MERCHANT)
            assert row.due_at is not None
            pauses.append((row.due_at - datetime.now(UTC)).total_seconds())
        assert len(asked) == 3
        assert 0.4 < pauses[0] < 0.8
        assert 0.9 < pauses[1] < 1.6
        assert 1.9 < pauses[2] < 3.1


async def test_on_the_machine_s_clock_nothing_is_followed(tmp_path: Path) -> None:
    async with open_store("sqlite", tmp_path, batched=True) as store:
        worker = Worker(steps=STEPS, hub=hub_of(store, SystemClock()), jobs=JOBS)

        await asyncio.wait_for(follow(worker, works=True), 1)


async def test_each_merchant_hears_of_his_own_work_only(tmp_path: Path) -> None:
    async with open_store("sqlite", tmp_path, batched=True) as store:
        hub = hub_of(store, SystemClock())
        now = datetime.now(UTC)
        await store.write(
            enqueue,
            "other",
            [NewJob(kind="fetch", subject="shop:1", connection="shop", due_at=now - timedelta(hours=1))],
        )
        await store.write(
            enqueue,
            "other",
            [NewJob(kind="poll", subject="shop", connection="shop", due_at=now + timedelta(hours=1))],
        )
        hub.activity.begin("other")
        hub.activity.end("other")
        hub.activity.begin("other")

        assert await standing(hub, MERCHANT) == (0, 0, None, 0)
        assert await standing(hub, "other") == (1, 1, now + timedelta(hours=1), 1)


async def test_a_poll_is_a_look_until_it_fails_and_the_oldest_one_says_until_when_all_were_asked(
    tmp_path: Path,
) -> None:
    async with open_store("sqlite", tmp_path, batched=True) as store:
        hub, now, hour = hub_of(store, SystemClock()), datetime.now(UTC), timedelta(hours=1)
        polls = [
            NewJob(
                kind="poll",
                subject=name,
                connection=name,
                due_at=now + hour,
                data={"last": asked.isoformat()},
            )
            for name, asked in (("shop", now - hour), ("amz", now - 2 * hour))
        ]
        fetch = NewJob(kind="fetch", subject="shop:1", connection="shop", due_at=now + 3 * hour)
        await store.write(enqueue, MERCHANT, [*polls, fetch])

        told = (await next_work(hub, MERCHANT)).next
        assert (told.next_at, told.work_at, told.looked_at) == (now + hour, now + 3 * hour, now - 2 * hour)

        await store.write(lambda conn: conn.execute(sa.update(jobs).values(attempts=1)))
        failed = (await next_work(hub, MERCHANT)).next
        assert (failed.next_at, failed.work_at, failed.looked_at) == (now + hour, now + hour, None)


async def test_a_tick_that_fails_comes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Busy()
    async with followed(tmp_path, busy) as (worker, _):
        failed, loop = asyncio.Event(), asyncio.get_running_loop()

        def broken(*_: object, **__: object) -> list[Job]:
            loop.call_soon_threadsafe(failed.set)
            raise OSError("the disk is full")

        monkeypatch.setattr(engine, "claim_jobs", broken)
        await ask_for(worker, "fetch", "shop:1", MONDAY)
        await asyncio.wait_for(failed.wait(), 2)
        assert busy.began == []

        monkeypatch.setattr(engine, "claim_jobs", claim_jobs)
        await until(lambda: busy.began)


class Renewing:
    """A vendor that renews a token, and dies in the middle the first time."""

    def __init__(self, page: Clock) -> None:
        self.page = page
        self.asked = 0

    async def refresh(self, token: Token) -> Token:
        self.asked += 1
        if self.asked == 1:
            raise asyncio.CancelledError
        return Token(access="newer", refresh=token.refresh, expires_at=self.page.now() + timedelta(hours=1))


async def test_a_renewal_that_died_holds_nobody_up_while_the_clock_stands(tmp_path: Path) -> None:
    write(tmp_path / "page", MONDAY)
    page = PageClock.open(tmp_path / "page")
    async with open_store("sqlite", tmp_path, batched=True) as store:
        vendor = Renewing(page)
        tokens = VaultTokens(
            store.db, store.keys, clock=page, merchant=MERCHANT, connection="shop", refresh=vendor.refresh
        )
        await tokens.save(Token(access="old", refresh="r", expires_at=MONDAY))
        with pytest.raises(asyncio.CancelledError):
            await tokens.current()

        began = time.monotonic()
        with pytest.raises(UnavailableError, match="does not end renewing"):
            await tokens.current()
        assert time.monotonic() - began < 5

        # The next process on this file knows that whoever held it is dead.
        await store.write(free_claims)
        assert (await tokens.current()).access == "newer"
        assert vendor.asked == 2
