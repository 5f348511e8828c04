import asyncio
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from core.store.append_only import create_all
from core.store.columns import UTCDateTime
from core.store.engine import Sqlite, database
from core.store.orders import list_orders
from core.store.schema import upgrade
from core.store.tables import METADATA, settings_revisions
from tests.core.store.builders import NOON, a_new_order
from tests.core.store.conftest import open_store
from tests.databases import KINDS, fresh_database


async def test_a_long_read_does_not_hold_up_the_writer_on_sqlite(tmp_path: Path) -> None:
    async with open_store("sqlite", tmp_path, batched=True) as store:
        await store.commit(a_new_order("1"))
        reading, done = threading.Event(), threading.Event()

        def long_read(conn: sa.Connection) -> list[int]:
            count = sa.text("SELECT count(*) FROM orders")
            before = conn.execute(count).scalar_one()
            reading.set()
            done.wait(10)
            return [before, conn.execute(count).scalar_one()]

        page = asyncio.create_task(store.read(long_read))
        await asyncio.to_thread(reading.wait, 10)
        await asyncio.wait_for(store.commit(a_new_order("2")), 5)
        done.set()

        assert await page == [1, 1]


@pytest.mark.case("F17")
async def test_a_delivery_is_written_before_all_writes_that_wait_but_the_one_under_way(
    tmp_path: Path,
) -> None:
    async with open_store("sqlite", tmp_path, batched=True) as store:
        began, done, written = threading.Event(), threading.Event(), list[str]()

        def under_way(_: sa.Connection) -> None:
            written.append("under way")
            began.set()
            done.wait(10)

        def write(_: sa.Connection, name: str) -> None:
            written.append(name)

        others = [asyncio.create_task(store.write(under_way))]
        await asyncio.to_thread(began.wait, 10)
        others += [asyncio.create_task(store.write(write, f"other {n}")) for n in range(50)]
        await asyncio.sleep(0)
        first = asyncio.create_task(store.db.write_first(write, "delivery"))
        await asyncio.sleep(0)
        done.set()
        await asyncio.gather(first, *others)

        assert written == ["under way", "delivery", *(f"other {n}" for n in range(50))]


@pytest.mark.req("R12")
async def test_what_waits_for_the_writer_of_sqlite_shares_a_transaction_and_what_fails_fails_alone(
    tmp_path: Path,
) -> None:
    async with open_store("sqlite", tmp_path, batched=True) as store:
        began, done = threading.Event(), threading.Event()

        def under_way(_: sa.Connection) -> None:
            began.set()
            done.wait(10)

        def note(conn: sa.Connection, merchant: str) -> None:
            conn.execute(sa.insert(settings_revisions), [{"merchant": merchant, "revision": 1}])

        def noted(conn: sa.Connection) -> list[str]:
            return list(conn.execute(sa.select(settings_revisions.c.merchant)).scalars())

        async def written(*merchants: str) -> tuple[list[BaseException | None], int]:
            began.clear()
            done.clear()
            before = store.db.transactions
            first = asyncio.create_task(store.write(under_way))
            await asyncio.to_thread(began.wait, 10)
            waiting = [asyncio.create_task(store.write(note, merchant)) for merchant in merchants]
            await asyncio.sleep(0)
            done.set()
            await first
            return await asyncio.gather(*waiting, return_exceptions=True), store.db.transactions - before

        assert await written("a", "b", "c") == ([None, None, None], 2)
        [failed, *others], transactions = await written("a", "d", "e")
        assert (type(failed), others, transactions) == (sa.exc.IntegrityError, [None, None], 3)
        assert sorted(await store.read(noted)) == ["a", "b", "c", "d", "e"]


@pytest.mark.case("F17")
async def test_a_delivery_needs_no_connection_that_others_hold(tmp_path: Path) -> None:
    async with open_store("postgres", tmp_path, batched=True) as store:
        go_on = sa.text("SELECT pg_sleep(30)")
        others = [asyncio.create_task(store.write(lambda conn: conn.execute(go_on))) for _ in range(12)]
        await asyncio.sleep(0.1)

        one = await asyncio.wait_for(
            store.db.write_first(lambda conn: conn.execute(sa.text("SELECT 1")).scalar_one()), 20
        )

        assert (one, [task.done() for task in others]) == (1, [False] * 12)
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@pytest.mark.parametrize("kind", KINDS)
async def test_who_reads_cannot_write(kind: str, tmp_path: Path) -> None:
    async with open_store(kind, tmp_path, batched=True) as store:
        await store.commit(a_new_order())
        with pytest.raises(sa.exc.DBAPIError, match=r"readonly|read-only"):
            await store.read(lambda conn: conn.exec_driver_sql("UPDATE orders SET number = 'x'"))


async def test_sqlite_keeps_every_commit_on_disk_before_it_answers(tmp_path: Path) -> None:
    db = Sqlite(f"sqlite:///{tmp_path / 'hub.db'}")
    pragmas = await db.write(_pragmas)
    await db.close()

    assert pragmas == ["wal", 2, 1]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_migrations_make_the_tables_that_the_code_knows(kind: str, tmp_path: Path) -> None:
    async with fresh_database(kind, tmp_path) as url:
        await upgrade(url)
        await upgrade(url)
        db = database(url)
        differences = await db.read(_differences)
        migrated = await db.read(_triggers)
        await db.close()
    (tmp_path / "at-once").mkdir()
    async with fresh_database(kind, tmp_path / "at-once") as url:
        db = database(url)
        await db.write(create_all)
        at_once = await db.read(_triggers)
        await db.close()

    assert differences == []
    assert migrated == at_once
    assert migrated


@pytest.mark.req("R26")
@pytest.mark.parametrize("kind", KINDS)
async def test_an_instant_comes_back_in_utc_to_the_microsecond_and_a_naive_one_is_refused(
    kind: str, tmp_path: Path
) -> None:
    berlin = datetime(2026, 11, 30, 13, 0, 0, 1, tzinfo=timezone(timedelta(hours=1)))
    async with open_store(kind, tmp_path, batched=True) as store:
        await store.commit(a_new_order(placed_at=berlin))
        [row] = (await store.read(list_orders, "kendra")).items

    assert row.placed_at == NOON + timedelta(microseconds=1)
    assert row.placed_at.tzinfo is UTC
    with pytest.raises(ValueError, match="no time zone"):
        UTCDateTime().process_bind_param(datetime(2026, 11, 30), sa.create_engine("sqlite://").dialect)  # noqa: DTZ001


def _pragmas(conn: sa.Connection) -> list[object]:
    names = ("journal_mode", "synchronous", "foreign_keys")
    return [conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]


def _differences(conn: sa.Connection) -> list[object]:
    context = MigrationContext.configure(conn, opts={"compare_server_default": True})
    return list(compare_metadata(context, METADATA))


def _triggers(conn: sa.Connection) -> list[str]:
    if conn.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname"
    return [str(name) for name in conn.exec_driver_sql(query).scalars()]
