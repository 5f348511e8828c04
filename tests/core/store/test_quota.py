import asyncio
import heapq
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RateLimitError
from core.ports import Quota
from core.store.engine import Sqlite, database
from core.store.quota import Limit, QuotaMemory, QuotaRows, quota_of
from core.store.store import Store
from core.store.tables import quota
from tests.core.store.conftest import open_store
from tests.databases import fresh_database


class Seconds:
    """A second hand that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def memory(seconds: Seconds, **limits: Limit) -> QuotaMemory:
    return QuotaMemory(connection="shop", limits=limits, seconds=seconds)


@pytest.fixture
async def postgres(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store("postgres", tmp_path, batched=True) as store:
        yield store


def rows(store: Store, limits: dict[str, Limit] | None = None, *, merchant: str = "acme") -> QuotaRows:
    return QuotaRows(store.db, merchant=merchant, app="shopify", connection="shop", limits=limits or {})


async def at_a_bucket(limit: Limit, *, callers: int, seconds: float) -> tuple[int, int]:
    """Have so many callers ask a vendor with a leaky bucket as often as they may; return calls, and those throttled.

    A call reaches the vendor after a while and its answer us after another; it is charged a part of what it asked for.
    """
    dice, hand = random.Random(1), Seconds()
    counters, began = memory(hand, graphql=limit), hand.now
    level, filled_at, calls, throttled = float(limit.burst), began, 0, 0
    events: list[tuple[float, int, str, int, float, float]] = [
        (began + dice.random(), number, "ask", 0, 0.0, 0.0) for number in range(callers)
    ]
    heapq.heapify(events)
    while events and events[0][0] < began + seconds:
        hand.now, caller, what, wanted, charged, left = heapq.heappop(events)
        later = hand.now + dice.uniform(0.05, 0.25)
        if what == "ask":
            cost = dice.choice((10, 30, 60))
            try:
                await counters.take("graphql", cost=cost)
            except RateLimitError as refused:
                again = hand.now + (refused.retry_after_s or 0.0)
                heapq.heappush(events, (again, caller, "ask", 0, 0.0, 0.0))
                continue
            heapq.heappush(events, (later, caller, "arrive", cost, 0.0, 0.0))
        elif what == "arrive":
            level = min(limit.burst, level + (hand.now - filled_at) * limit.rate_per_s)
            filled_at, calls = hand.now, calls + 1
            charged = wanted * dice.uniform(0.3, 1.0) if level >= wanted else 0.0
            throttled += charged == 0.0
            level -= charged
            heapq.heappush(events, (later, caller, "answer", wanted, charged, level))
        else:
            back = wanted - charged
            await counters.learn(
                "graphql", rate_per_s=limit.rate_per_s, burst=limit.burst, left=left, back=back
            )
            heapq.heappush(events, (hand.now, caller, "ask", 0, 0.0, 0.0))
    return calls, throttled


async def test_a_burst_is_granted_at_once_and_the_next_is_told_when_to_ask_again() -> None:
    seconds = Seconds()
    counters = memory(seconds, patch=Limit(2.0, 3))
    for _ in range(3):
        await counters.take("patch")

    with pytest.raises(RateLimitError) as refused:
        await counters.take("patch")

    assert str(refused.value) == "shop: patch: the vendor's allowance is used up"
    assert refused.value.retry_after_s == pytest.approx(0.5)
    seconds.now += 0.5
    await counters.take("patch")
    with pytest.raises(RateLimitError):
        await counters.take("patch")


async def test_an_operation_without_a_limit_is_free_until_the_vendor_names_one() -> None:
    seconds = Seconds()
    counters = memory(seconds)
    for _ in range(100):
        await counters.take("orders")

    await counters.learn("orders", rate_per_s=0.5, burst=20, left=1)

    await counters.take("orders")
    with pytest.raises(RateLimitError) as refused:
        await counters.take("orders")
    assert refused.value.retry_after_s == pytest.approx(2.0)


async def test_a_limit_that_the_vendor_names_replaces_ours() -> None:
    seconds = Seconds()
    counters = memory(seconds, graphql=Limit(10.0, 10))
    await counters.take("graphql", cost=10)

    await counters.learn("graphql", rate_per_s=100, burst=2000, left=1990)

    await counters.take("graphql", cost=1990)
    with pytest.raises(RateLimitError):
        await counters.take("graphql", cost=1)


@pytest.mark.req("R63")
@pytest.mark.parametrize("shared", [False, True], ids=["in memory", "rows"])
async def test_what_is_on_its_way_stays_counted_when_the_vendor_tells_of_another_call(
    postgres: Store, *, shared: bool
) -> None:
    # So slow that what comes back during the test is far less than a point.
    limit = Limit(0.001, 2000)
    counters: Quota = rows(postgres, {"graphql": limit}) if shared else memory(Seconds(), graphql=limit)
    await counters.take("graphql", cost=100)
    await counters.take("graphql", cost=100)

    await counters.learn("graphql", rate_per_s=0.001, burst=2000, left=1970, back=70)

    # 30 were charged, and the other hundred has not reached the vendor yet.
    with pytest.raises(RateLimitError):
        await counters.take("graphql", cost=1871)
    await counters.take("graphql", cost=1870)


@pytest.mark.req("R63")
@pytest.mark.parametrize("shared", [False, True], ids=["in memory", "rows"])
async def test_the_vendor_is_believed_where_it_counts_more_than_was_taken_here(
    postgres: Store, *, shared: bool
) -> None:
    limit = Limit(0.001, 2000)
    counters: Quota = rows(postgres, {"graphql": limit}) if shared else memory(Seconds(), graphql=limit)
    await counters.take("graphql", cost=100)

    await counters.learn("graphql", rate_per_s=0.001, burst=2000, left=50, back=70)

    with pytest.raises(RateLimitError):
        await counters.take("graphql", cost=51)
    await counters.take("graphql", cost=50)


@pytest.mark.req("R63")
async def test_many_at_once_who_use_up_all_there_is_are_throttled_less_than_once_in_a_hundred_calls() -> None:
    # Sixty-four callers for five minutes on the smallest plan: were the vendor's word alone believed, a fifth was.
    calls, throttled = await at_a_bucket(Limit(100.0, 2000), callers=64, seconds=300.0)

    assert calls > 4000
    assert throttled == 0


@pytest.mark.req("R63")
async def test_less_urgent_uses_leave_a_part_of_the_burst_to_shipping() -> None:
    seconds = Seconds()
    counters = memory(seconds, graphql=Limit(1.0, 10))

    for _ in range(5):
        await counters.take("graphql:catalogue")
    with pytest.raises(RateLimitError):
        await counters.take("graphql:catalogue")
    for _ in range(3):
        await counters.take("graphql:stock")
    with pytest.raises(RateLimitError):
        await counters.take("graphql:stock")
    for _ in range(2):
        await counters.take("graphql:ship")
    with pytest.raises(RateLimitError) as refused:
        await counters.take("graphql:ship")

    assert refused.value.retry_after_s == pytest.approx(1.0)


async def test_a_wish_larger_than_the_burst_waits_for_all_of_it_and_is_charged_in_full() -> None:
    seconds = Seconds()
    counters = memory(seconds, graphql=Limit(1.0, 10))
    await counters.take("graphql", cost=25)

    with pytest.raises(RateLimitError) as refused:
        await counters.take("graphql", cost=1)

    assert refused.value.retry_after_s == pytest.approx(16.0)


@pytest.mark.req("R63")
@settings(max_examples=100, deadline=None)
@given(
    rate=st.floats(0.1, 100),
    burst=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 2), min_size=1, max_size=80),
    uses=st.lists(st.sampled_from(["", ":ship", ":stock", ":catalogue"]), min_size=1, max_size=8),
)
def test_no_pattern_of_asking_gets_more_than_the_rate_and_one_burst(
    rate: float, burst: int, pauses: list[float], uses: list[str]
) -> None:
    asyncio.run(_no_more_than_allowed(Limit(rate, burst), pauses, uses))


async def _no_more_than_allowed(limit: Limit, pauses: list[float], uses: list[str]) -> None:
    seconds = Seconds()
    counters = memory(seconds, patch=limit)
    admitted = 0
    for pause in pauses:
        for use in uses:
            try:
                await counters.take(f"patch{use}")
                admitted += 1
            except RateLimitError:
                continue
        assert admitted <= limit.rate_per_s * (seconds.now - 1_000.0) + limit.burst + 1e-3
        seconds.now += pause


@pytest.mark.req("R63")
async def test_processes_that_share_rows_get_no_more_than_the_rate_and_one_burst(postgres: Store) -> None:
    limit = Limit(40.0, 5)
    processes = [rows(postgres, {"patch": limit}) for _ in range(4)]
    admitted = 0
    started = time.monotonic()

    async def ask(counters: QuotaRows) -> None:
        nonlocal admitted
        while time.monotonic() < started + 1.0:
            try:
                await counters.take("patch")
                admitted += 1
            except RateLimitError as error:
                await asyncio.sleep(error.retry_after_s)

    await asyncio.gather(*(ask(processes[n % 4]) for n in range(16)))

    assert admitted <= 40.0 * (time.monotonic() - started) + 5
    assert admitted >= 20


async def test_rows_are_kept_per_merchant_and_counter(postgres: Store) -> None:
    limits = {"patch": Limit(0.01, 1), "orders": Limit(0.01, 1)}
    await rows(postgres, limits).take("patch")

    with pytest.raises(RateLimitError) as refused:
        await rows(postgres, limits).take("patch:ship")
    await rows(postgres, limits).take("orders")
    await rows(postgres, limits, merchant="other").take("patch")

    assert 99 < refused.value.retry_after_s <= 100


async def test_rows_take_the_vendor_s_word_for_all_processes(postgres: Store) -> None:
    one, other = rows(postgres), rows(postgres)
    await one.take("graphql", cost=50)

    await one.learn("graphql", rate_per_s=0.1, burst=100, left=2)

    await other.take("graphql", cost=2)
    with pytest.raises(RateLimitError):
        await other.take("graphql")
    await one.learn("graphql", rate_per_s=0.1, burst=200)
    stored = await postgres.db.read(
        lambda conn: conn.execute(sa.select(quota.c.rate_per_s, quota.c.burst)).one()
    )
    assert tuple(stored) == (0.1, 200)
    await other.take("graphql", cost=100)


async def test_on_sqlite_counters_are_in_memory(tmp_path: Path) -> None:
    async with fresh_database("sqlite", tmp_path) as url:
        opened = database(url)
        assert isinstance(opened, Sqlite)

        counters = quota_of(opened, merchant="acme", app="shopify", connection="shop", limits={})

        await counters.take("orders")
        assert isinstance(counters, QuotaMemory)
        assert opened.transactions == 0
        await opened.close()
