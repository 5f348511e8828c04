"""Databases to measure on: each is empty or a copy of one that was filled before, and is gone afterwards."""

import asyncio
import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import asyncpg

from benchmarks.children import cpu_s_of
from core.store.server_address import plain_address

Kind = Literal["sqlite", "postgres"]
POSTGRES = os.environ.get("CROSSDOCK_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432")


class NoPostgresError(Exception):
    """No PostgreSQL answers at the address of ``CROSSDOCK_TEST_POSTGRES``."""


@contextlib.asynccontextmanager
async def database_of(kind: Kind, *, like: str | None = None) -> AsyncIterator[str]:
    """Give the URL of a database without any table, or of a copy of the one at ``like``, which nobody uses meanwhile.

    Raises:
        NoPostgresError: there is no server.
    """
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="crossdock-bench-") as folder:
            file = Path(folder) / "hub.db"
            if like is not None:
                await asyncio.to_thread(shutil.copy, like.removeprefix("sqlite:///"), file)
            yield f"sqlite:///{file}"
        return
    name = f"crossdock_bench_{uuid.uuid4().hex[:12]}"
    await _at_server(f"CREATE DATABASE {name} TEMPLATE {like.rpartition('/')[2] if like else 'template0'}")
    try:
        yield f"{POSTGRES}/{name}".replace("postgresql://", "postgresql+asyncpg://")
    finally:
        await _at_server(f"DROP DATABASE {name} WITH (FORCE)")


async def _at_server(statement: str) -> None:
    try:
        server = await asyncpg.connect(f"{POSTGRES}/postgres")
    except (OSError, asyncpg.PostgresError) as error:
        raise NoPostgresError("no PostgreSQL answers; set CROSSDOCK_TEST_POSTGRES") from error
    try:
        await server.execute(statement)
    finally:
        await server.close()


async def analyze(url: str) -> None:
    """Have the server learn what was stored, as it does by itself within minutes; SQLite learns nothing by itself."""
    if url.startswith("sqlite"):
        return
    connection = await asyncpg.connect(plain_address(url))
    try:
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def server_cpu_s(url: str) -> float:
    """Return the CPU time that the server's processes for a database have used; 0 for SQLite, or a server elsewhere."""
    if url.startswith("sqlite"):
        return 0.0
    connection = await asyncpg.connect(plain_address(url))
    try:
        found = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
    return sum(cpu_s_of(row["pid"]) for row in found)
