"""A process stands still in the middle of a transaction, as one that is stopped or whose machine is gone: others go on."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from core.clock import SteppedClock
from core.domain.commit import Landed
from core.engine.hub import Hub
from core.engine.session import tick_session
from core.store.backup import write_backup
from core.store.engine import Postgres
from core.store.failures import is_cut
from core.store.orders import facts_of
from core.store.processes import beat
from core.store.sealing import Keyring
from core.store.store import Store
from core.store.tables import orders
from tests.core.store.builders import NOON, a_commit, a_new_order, noted
from tests.databases import database_with_tables

pytestmark = [pytest.mark.case("F7"), pytest.mark.req("R42", "R66")]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody wants to wait eight seconds for a test."""
    monkeypatch.setattr("core.store.postgres.STANDS_STILL_S", 0.3)


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    """A thread of its own for a process that stands still."""
    with ThreadPoolExecutor(1) as thread:
        yield thread


class Stopped:
    """A transaction that locks an order and stands still the first time it is done."""

    def __init__(self) -> None:
        self.runs = 0
        self.locked, self.goes_on = threading.Event(), threading.Event()

    async def write(self, url: str) -> int:
        db = Postgres(url)
        try:
            return await db.write(self._work)
        finally:
            await db.close()

    def _work(self, conn: sa.Connection) -> int:
        self.runs += 1
        conn.execute(sa.select(orders.c.version).with_for_update())
        if self.runs == 1:
            self.locked.set()
            self.goes_on.wait()
        return int(conn.execute(sa.select(orders.c.version)).scalar_one())


async def test_who_stands_still_with_an_order_locked_keeps_nobody_waiting_and_begins_again(
    tmp_path: Path, beside: ThreadPoolExecutor
) -> None:
    stopped, loop = Stopped(), asyncio.get_running_loop()
    async with database_with_tables("postgres", tmp_path) as url:
        store = await Store.open(url, keys=Keyring.generate())
        await store.commit(a_new_order())
        stands = loop.run_in_executor(beside, asyncio.run, stopped.write(url))
        await asyncio.to_thread(stopped.locked.wait)
        try:
            async with asyncio.timeout(30):
                told = await store.commit(a_commit(happened=(noted("another goes on"),)))
        finally:
            stopped.goes_on.set()
        version = await stands
        kinds = [fact.kind for fact in await store.read(facts_of, "kendra", "shop:1")]
        await store.close()

    assert isinstance(told, Landed)
    assert (stopped.runs, version, kinds) == (2, 2, ["received", "noted"])


def test_what_the_server_says_of_it_is_a_cut_like_others() -> None:
    assert is_cut(asyncpg.IdleInTransactionSessionTimeoutError("terminating connection"))


class Endless:
    """Holds an order in the middle of a statement, as whoever was stopped after sending it and before sending its values."""

    def __init__(self) -> None:
        self.runs = 0

    def work(self, conn: sa.Connection) -> None:
        self.runs += 1
        conn.execute(sa.select(orders.c.version).with_for_update())
        conn.exec_driver_sql("SELECT pg_sleep(30)")


@pytest.mark.parametrize(("silent_s", "runs"), [(9, 2), (7, 1)], ids=["taken for dead", "it lives"])
async def test_what_a_process_is_at_that_is_taken_for_dead_is_ended_by_the_next_that_says_it_lives(
    tmp_path: Path, silent_s: int, runs: int
) -> None:
    name, held = "the-long-name-of-a-machine-5eed1e55-4711-0badcafe", Endless()
    async with database_with_tables("postgres", tmp_path) as url:
        stopped = Postgres(url, name)
        store = await Store.open(url, keys=Keyring.generate(), name="w2")
        await store.commit(a_new_order())
        await store.write(beat, name, "worker", NOON)
        stands = asyncio.create_task(stopped.write(held.work))
        while await store.read(_sleeping) < 1:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
        clock = SteppedClock(NOON + timedelta(seconds=silent_s))
        await tick_session(Hub(store=store, clock=clock, owner="w2", role="worker"))
        end = time.monotonic() + 20
        while held.runs < runs and time.monotonic() < end:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)  # nor of what it does not do
        stands.cancel()
        await asyncio.gather(stands, return_exceptions=True)
        await stopped.close()
        await store.close()

    # Its process lives in truth: it does the same again on another connection.
    assert held.runs == runs


def _sleeping(conn: sa.Connection) -> int:
    of_ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    return int(conn.exec_driver_sql(f"{of_ours} AND query LIKE 'SELECT pg_sleep%%'").scalar_one())


def slow(conn: sa.Connection) -> int:
    conn.exec_driver_sql("SELECT 1")
    time.sleep(0.7)
    return int(conn.exec_driver_sql("SELECT 7").scalar_one())


async def test_an_upgrade_may_take_its_time(tmp_path: Path) -> None:
    async with database_with_tables("postgres", tmp_path) as url:
        db = Postgres(url)
        told = await db.migrate(slow)
        await db.close()

    assert told == 7


async def test_a_backup_may_take_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[int]()
    monkeypatch.setattr("core.store.backup.check_revision", lambda conn: told.append(slow(conn)))
    async with database_with_tables("postgres", tmp_path) as url:
        db = Postgres(url)
        await db.read(write_backup, tmp_path / "backups", now=NOON)
        await db.close()

    assert told == [7]
