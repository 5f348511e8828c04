import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.store.claims import (
    Claimed,
    ClaimWish,
    claim_all,
    due_orders,
    release_claim,
    renew_claims,
    wake_open_orders,
)
from core.store.store import Store
from tests.core.store.builders import LATER, NOON, SOON, a_commit, a_new_order, noted
from tests.core.store.conftest import open_store

KENDRA = "kendra"
FIRST = "shop:1"


async def test_of_twenty_claims_at_once_one_is_granted(store: Store) -> None:
    await store.commit(a_new_order())

    claims = [store.claim(KENDRA, FIRST, owner=f"w{i}", now=NOON, until=SOON) for i in range(20)]
    granted = [claimed for claimed in await asyncio.gather(*claims) if claimed is not None]

    assert len(granted) == 1
    assert granted[0].state == await store.load(KENDRA, FIRST)


@pytest.mark.req("R42")
async def test_of_two_processes_that_claim_at_once_the_later_waits_and_gets_nothing(tmp_path: Path) -> None:
    """One store puts its claims into one transaction: only two transactions at once show that the row is locked."""

    def claim_slowly(conn: sa.Connection) -> list[Claimed | None]:
        wish = ClaimWish(merchant=KENDRA, order_id=FIRST, owner="w1", now=NOON, until=SOON)
        granted = claim_all(conn, [wish])
        conn.exec_driver_sql("SELECT pg_sleep(1.5)")
        return granted

    async with open_store("postgres", tmp_path, batched=True) as store:
        await store.commit(a_new_order())
        first = asyncio.create_task(store.write(claim_slowly))
        await asyncio.sleep(0.5)
        second = await store.claim(KENDRA, FIRST, owner="w2", now=NOON, until=SOON)

        assert second is None
        assert await first != [None]


async def test_a_claim_is_not_even_shared_with_its_owner(store: Store) -> None:
    await store.commit(a_new_order())
    assert await store.claim(KENDRA, FIRST, owner="w1", now=NOON, until=SOON) is not None

    assert await store.claim(KENDRA, FIRST, owner="w1", now=NOON, until=SOON) is None


async def test_a_claim_runs_out(store: Store) -> None:
    await store.commit(a_new_order())
    await store.claim(KENDRA, FIRST, owner="w1", now=NOON, until=SOON)

    assert await store.claim(KENDRA, FIRST, owner="w2", now=SOON, until=LATER) is None
    past = SOON + timedelta(microseconds=1)
    assert await store.claim(KENDRA, FIRST, owner="w2", now=past, until=LATER) is not None


async def test_an_order_that_is_not_due_or_not_there_is_not_claimed(store: Store) -> None:
    await store.commit(a_new_order(due_at=LATER))

    assert await store.claim(KENDRA, FIRST, owner="w1", now=SOON, until=LATER) is None
    assert await store.claim(KENDRA, "shop:2", owner="w1", now=SOON, until=LATER) is None
    assert await store.claim("other", FIRST, owner="w1", now=LATER, until=LATER) is None


async def test_an_owner_renews_what_it_still_holds_and_learns_what_it_lost(store: Store) -> None:
    await store.commit(a_new_order("1"))
    await store.commit(a_new_order("2"))
    await store.claim(KENDRA, "shop:1", owner="w1", now=NOON, until=SOON)
    await store.claim(KENDRA, "shop:2", owner="w2", now=NOON, until=SOON)

    kept = await store.write(renew_claims, "w1", [(KENDRA, "shop:1"), (KENDRA, "shop:2")], until=LATER)

    assert kept == {(KENDRA, "shop:1")}
    assert await store.claim(KENDRA, "shop:1", owner="w3", now=LATER, until=LATER) is None
    assert await store.claim(KENDRA, "shop:2", owner="w3", now=LATER, until=LATER) is not None


async def test_a_claim_is_given_back_by_its_owner_only(store: Store) -> None:
    await store.commit(a_new_order())
    await store.claim(KENDRA, FIRST, owner="w1", now=NOON, until=LATER)

    await store.write(release_claim, KENDRA, FIRST, owner="w2")
    assert await store.claim(KENDRA, FIRST, owner="w3", now=NOON, until=LATER) is None

    await store.write(release_claim, KENDRA, FIRST, owner="w1")
    assert await store.claim(KENDRA, FIRST, owner="w3", now=NOON, until=LATER) is not None


async def test_a_large_merchant_does_not_keep_a_small_one_waiting(store: Store) -> None:
    for i in range(5):
        await store.commit(a_new_order(str(i)))
    await store.commit(a_new_order("1", merchant="small", due_at=SOON))

    assert await store.read(due_orders, SOON, limit=3, per_merchant=9) == [
        (KENDRA, "shop:0", 1),
        ("small", "shop:1", 1),
        (KENDRA, "shop:1", 1),
    ]
    assert len(await store.read(due_orders, SOON, limit=99, per_merchant=2)) == 3


async def test_what_is_claimed_is_not_due_until_the_claim_runs_out(store: Store) -> None:
    await store.commit(a_new_order())
    await store.claim(KENDRA, FIRST, owner="w1", now=NOON, until=SOON)

    assert await store.read(due_orders, NOON, limit=9, per_merchant=9) == []
    assert await store.read(due_orders, LATER, limit=9, per_merchant=9) == [(KENDRA, FIRST, 1)]


@pytest.mark.req("R11")
async def test_news_during_a_run_leaves_the_order_due(store: Store) -> None:
    await store.commit(a_new_order())
    await store.claim(KENDRA, FIRST, owner="w1", now=NOON, until=LATER)
    await store.commit(a_commit(happened=(noted("news"),)))

    await store.commit(a_commit(expect=1, owner="w1", due_at=None, free_claim=True))
    await store.write(release_claim, KENDRA, FIRST, owner="w1")

    assert await store.read(due_orders, NOON, limit=9, per_merchant=9) == [(KENDRA, FIRST, 2)]


async def test_what_is_not_over_is_looked_at_again_when_more_is_allowed(store: Store) -> None:
    await store.commit(a_new_order(due_at=None))

    await store.write(wake_open_orders, KENDRA, NOON)

    assert await store.read(due_orders, NOON, limit=9, per_merchant=9) == [(KENDRA, FIRST, 1)]


@pytest.mark.req("R11")
async def test_an_order_woken_while_somebody_works_on_it_does_not_come_to_rest_before_another_look(
    store: Store,
) -> None:
    await store.commit(a_new_order())
    await store.claim(KENDRA, FIRST, owner="w1", now=NOON, until=SOON)
    await store.write(wake_open_orders, KENDRA, NOON)

    await store.commit(a_commit(expect=1, decided=(noted("a step"),), owner="w1"))
    await store.commit(a_commit(expect=2, owner="w1", due_at=None, free_claim=True))

    assert await store.read(due_orders, NOON, limit=9, per_merchant=9) == [(KENDRA, FIRST, 2)]
    again = await store.claim(KENDRA, FIRST, owner="w2", now=NOON, until=SOON)
    assert again is not None
    await store.commit(a_commit(expect=2, owner="w2", due_at=None, free_claim=True))
    assert await store.read(due_orders, LATER, limit=9, per_merchant=9) == []


@pytest.mark.req("R11")
async def test_what_woke_an_order_before_its_claim_is_heard_by_that_claim(store: Store) -> None:
    await store.commit(a_new_order())
    await store.claim(KENDRA, FIRST, owner="w1", now=NOON, until=SOON)
    await store.write(wake_open_orders, KENDRA, NOON)
    await store.write(release_claim, KENDRA, FIRST, owner="w1")

    assert await store.claim(KENDRA, FIRST, owner="w2", now=NOON, until=SOON) is not None
    await store.commit(a_commit(expect=1, owner="w2", due_at=None, free_claim=True))

    assert await store.read(due_orders, LATER, limit=9, per_merchant=9) == []
