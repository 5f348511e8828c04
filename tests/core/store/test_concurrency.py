import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.commit import Landed, Moved
from core.model.stock import Allocation
from core.store.claims import due_orders
from core.store.commit import Committer
from core.store.engine import Database
from core.store.failures import CommitLostError
from core.store.orders import facts_of
from core.store.sealing import Keyring
from core.store.stock import available_units, count_stock
from core.store.store import Store
from core.store.tables import orders
from tests.core.store.builders import LATER, NOON, a_commit, a_need, a_new_order, a_reserve, noted
from tests.core.store.conftest import books_balance, open_store
from tests.databases import KINDS, database_with_tables
from tests.stored import list_stock

KENDRA = "kendra"


@pytest.mark.req("R29", "R31")
async def test_forty_orders_that_want_ten_units_at_once_get_ten(store: Store) -> None:
    await store.write(
        count_stock, KENDRA, [("MUG", "reno", 6), ("MUG", "easton", 4)], actor="person:kim", now=NOON
    )

    commits = [a_new_order(str(i), reserve=a_reserve(a_need(1))) for i in range(40)]
    answers = await asyncio.gather(*(store.commit(commit) for commit in commits))

    got = [answer for answer in answers if isinstance(answer, Landed) and answer.allocations]
    assert len(got) == 10
    assert {(r.location, r.committed) for r in await store.read(list_stock, KENDRA)} == {
        ("reno", 6),
        ("easton", 4),
    }


_LINES = st.lists(st.tuples(st.sampled_from(["MUG", "HAT"]), st.integers(1, 4)), min_size=1, max_size=3)


@pytest.mark.req("R29", "R31")
@pytest.mark.parametrize("batched", [False, True], ids=["plain", "batched"])
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counted=st.tuples(st.integers(0, 12), st.integers(0, 12)), wanted=st.lists(_LINES, max_size=12))
def test_whatever_is_ordered_at_once_no_more_is_promised_than_was_counted(
    kind: str,
    batched: bool,
    counted: tuple[int, int],
    wanted: list[list[tuple[str, int]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async def run() -> None:
        async with open_store(kind, tmp_path_factory.mktemp("db"), batched=batched) as store:
            rows = [("MUG", "reno", counted[0]), ("HAT", "reno", counted[1])]
            await store.write(count_stock, KENDRA, rows, actor="person:kim", now=NOON)
            commits = [
                a_new_order(
                    str(i),
                    reserve=a_reserve(*(a_need(n, sku=sku, line=str(j)) for j, (sku, n) in enumerate(lines))),
                )
                for i, lines in enumerate(wanted)
            ]
            await asyncio.gather(*(store.commit(commit) for commit in commits))
            assert all(row.available >= 0 for row in await store.read(list_stock, KENDRA))
            await books_balance(store)

    asyncio.run(run())


@pytest.mark.req("R30")
async def test_several_lines_of_one_component_share_what_is_there(store: Store) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 3)], actor="person:kim", now=NOON)

    wants = a_reserve(a_need(2, line="1"), a_need(2, line="2"))

    landed = await store.commit(a_new_order(reserve=wants))

    assert isinstance(landed, Landed)
    assert landed.allocations == (Allocation(line_id="1", sku="MUG", location="reno", units=2),)
    assert landed.backordered == (a_need(2, line="2"),)
    assert await store.read(available_units, KENDRA, ["MUG"]) == {("MUG", "reno"): 1}


async def test_what_waits_at_once_is_committed_in_one_transaction(batched_store: Store) -> None:
    before = batched_store.db.transactions

    await asyncio.gather(*(batched_store.commit(a_new_order(str(i))) for i in range(50)))

    assert batched_store.db.transactions - before == 1


async def test_commits_of_one_order_go_into_batches_of_their_own_in_the_order_they_came(
    batched_store: Store,
) -> None:
    await batched_store.commit(a_new_order())
    before = batched_store.db.transactions

    answers = await asyncio.gather(
        *(batched_store.commit(a_commit(happened=(noted(str(i)),))) for i in range(5))
    )

    assert answers == [Landed(2), Landed(3), Landed(4), Landed(5), Landed(6)]
    assert batched_store.db.transactions - before == 5


async def test_of_two_decisions_at_once_on_one_order_the_second_is_refused(batched_store: Store) -> None:
    await batched_store.commit(a_new_order())

    answers = await asyncio.gather(
        batched_store.commit(a_commit(expect=1, decided=(noted("first"),))),
        batched_store.commit(a_commit(expect=1, due_at=LATER)),
    )

    assert list(answers) == [Landed(2), Moved(2)]
    assert await batched_store.read(due_orders, NOON, limit=9, per_merchant=9) == [(KENDRA, "shop:1", 2)]


async def test_a_caller_that_is_cancelled_takes_nobody_with_it(batched_store: Store) -> None:
    gone = asyncio.create_task(batched_store.commit(a_new_order("1")))
    stays = asyncio.create_task(batched_store.commit(a_new_order("2")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gone.cancel()

    assert await stays == Landed(1)


@pytest.mark.req("R11")
async def test_an_order_left_due_now_is_told_inside_the_transaction_and_after_it(store: Store) -> None:
    told: list[tuple[str, Any]] = []
    store.in_transaction(lambda conn, wakes: told.append(("inside", (_versions(conn), wakes))))
    store.on_wake(lambda *wake: told.append(("after", wake)))

    await store.commit(a_new_order("1"))
    await store.commit(a_new_order("2", due_at=None))

    assert told == [("inside", ({"shop:1": 1}, [(KENDRA, "shop:1", 1)])), ("after", (KENDRA, "shop:1", 1))]


@pytest.mark.req("R11")
async def test_a_wake_up_that_cannot_be_written_takes_its_commit_with_it(store: Store) -> None:
    def broken(_conn: sa.Connection, _wakes: object) -> None:
        raise RuntimeError("the queue's table is gone")

    store.in_transaction(broken)

    with pytest.raises(RuntimeError):
        await store.commit(a_new_order())
    assert await store.load(KENDRA, "shop:1") is None


@pytest.mark.req("R11")
async def test_a_wake_up_that_got_lost_is_found_again_in_the_row(store: Store) -> None:
    await store.commit(a_new_order())

    assert await store.read(due_orders, NOON, limit=9, per_merchant=9) == [(KENDRA, "shop:1", 1)]


class Unplugged(Database):
    """A database whose connection breaks while COMMIT is under way, after everything was written."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def write(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        await self._db.write(work, *args, **kwargs)
        raise CommitLostError

    async def read(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        return await self._db.read(work, *args, **kwargs)

    async def overwrite(self, tables: Any, *, whole: bool = False) -> bool:
        return await self._db.overwrite(tables, whole=whole)

    def raw(self, tables: Any) -> Any:
        return self._db.raw(tables)

    async def close(self) -> None:
        await self._db.close()


@pytest.mark.case("F1")
async def test_a_commit_of_which_nobody_knows_whether_it_landed_is_told_so_and_not_written_twice(
    store: Store,
) -> None:
    await store.commit(a_new_order())
    unplugged = Committer(Unplugged(store.db), store.keys, batched=True)

    with pytest.raises(CommitLostError):
        await unplugged.commit(a_commit(happened=(noted("once"),)))

    assert [fact.kind for fact in await store.read(facts_of, KENDRA, "shop:1")] == ["received", "noted"]


@pytest.mark.req("R29")
@pytest.mark.parametrize("batched", [False, True], ids=["plain", "batched"])
async def test_two_processes_on_one_database_promise_no_unit_twice(batched: bool, tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(database_with_tables("postgres", tmp_path))
        keys = Keyring.generate()
        stores = [await Store.open(url, keys=keys, batched=batched) for _ in range(2)]
        for store in stores:
            stack.push_async_callback(store.close)
        counted = [("MUG", "reno", 15), ("HAT", "reno", 15)]
        await stores[0].write(count_stock, KENDRA, counted, actor="person:kim", now=NOON)

        # Each order wants both SKUs, in either order: whoever locks as they come would wait in a circle.
        both = (a_need(1, sku="MUG", line="1"), a_need(1, sku="HAT", line="2"))
        commits = [a_new_order(str(i), reserve=a_reserve(*both[:: 1 if i % 2 else -1])) for i in range(60)]
        answers = await asyncio.gather(*(stores[i % 2].commit(commit) for i, commit in enumerate(commits)))

        assert sum(len(answer.allocations) == 2 for answer in answers if isinstance(answer, Landed)) == 15
        await books_balance(stores[0])


def _versions(conn: sa.Connection) -> dict[str, int]:
    return {row.order_id: row.version for row in conn.execute(sa.select(orders.c.order_id, orders.c.version))}
