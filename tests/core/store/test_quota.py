import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RateLimitError
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


async def test_the_vendor_s_word_overwrites_what_was_counted() -> None:
    seconds = Seconds()
    counters = memory(seconds, graphql=Limit(10.0, 10))
    await counters.take("graphql", cost=10)

    await counters.learn("graphql", rate_per_s=100, burst=2000, left=1990)

    await counters.take("graphql", cost=1990)
    with pytest.raises(RateLimitError):
        await counters.take("graphql", cost=1)


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
