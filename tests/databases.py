"""Databases for tests: a file of SQLite, or a PostgreSQL database of the test's own.

Making and dropping a database of PostgreSQL takes about a second, so those with the hub's tables are emptied and used
again by the next test of the process, and dropped at its end.
"""

import asyncio
import atexit
import contextlib
import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from core.store.append_only import create_all
from core.store.engine import database
from core.store.tables import METADATA

POSTGRES = os.environ.get("CROSSDOCK_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432")
KINDS = ("sqlite", "postgres")
_made: list[str] = []
_free: list[str] = []


@contextlib.asynccontextmanager
async def fresh_database(kind: str, folder: Path) -> AsyncIterator[str]:
    """Give the URL of a database without any table; skip where PostgreSQL is missing, fail where CI misses it."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'hub.db'}"
        return
    name = await _create_database()
    try:
        yield _url(name)
    finally:
        await _drop_databases([name])


@contextlib.asynccontextmanager
async def database_with_tables(kind: str, folder: Path) -> AsyncIterator[str]:
    """Give the URL of a database with every table of the hub and not one row."""
    if kind == "sqlite":
        async with fresh_database(kind, folder) as url:
            await _create_tables(url)
            yield url
        return
    if not _free:
        name = await _create_database()
        _made.append(name)
        await _create_tables(_url(name))
        _free.append(name)
    name = _free.pop()
    yield _url(name)
    # Not reached where the test failed: whoever looks into it finds the rows, and the next test another database.
    await _empty(name)
    _free.append(name)


async def _create_tables(url: str) -> None:
    db = database(url)
    await db.write(create_all)
    await db.close()


async def _create_database() -> str:
    name = f"crossdock_test_{uuid.uuid4().hex[:12]}"
    try:
        server = await asyncpg.connect(f"{POSTGRES}/postgres")
    except OSError:
        reason = "no PostgreSQL; set CROSSDOCK_TEST_POSTGRES to run this test"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    await server.execute(f"CREATE DATABASE {name}")
    await server.close()
    return name


async def _empty(name: str) -> None:
    server = await asyncpg.connect(f"{POSTGRES}/{name}")
    # As a replica nothing is checked: neither the append-only triggers nor the foreign keys.
    await server.execute("SET session_replication_role = replica; SET lock_timeout = '10s'")
    await server.execute("; ".join(f"DELETE FROM {table}" for table in METADATA.tables))
    await server.close()


async def _drop_databases(names: list[str]) -> None:
    server = await asyncpg.connect(f"{POSTGRES}/postgres")
    for name in names:
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@atexit.register
def _drop_all() -> None:
    if _made:
        asyncio.run(_drop_databases(_made))


def _url(name: str) -> str:
    return f"{POSTGRES}/{name}".replace("postgresql://", "postgresql+asyncpg://")
