"""Connections to the database: one way to write and one to read, the same on SQLite and PostgreSQL.

SQLite has one writer thread (BEGIN IMMEDIATE, WAL, every commit on disk) and a few reader threads on a second engine
that cannot write, so that no page of the console holds up an order. PostgreSQL runs the same functions over asyncpg,
READ COMMITTED.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from core.store.database_file import make_private

P = ParamSpec("P")
T = TypeVar("T")
_READERS = 3
_POSTGRES_CONNECTIONS = 8


class CommitLostError(Exception):
    """The connection broke while COMMIT was under way: the transaction may or may not have landed."""


class Database(ABC):
    """A database; ``write`` and ``read`` run a function over one connection in one transaction."""

    transactions: int = 0
    """Write transactions committed so far."""

    @abstractmethod
    async def write(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` and commit; whatever it raises rolls back.

        Raises:
            CommitLostError: nobody can say whether it landed.
        """

    @abstractmethod
    async def read(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` on one consistent state; it cannot write."""

    @abstractmethod
    async def close(self) -> None:
        """Close every connection."""


def database(url: str) -> Database:
    """Return the database at an SQLAlchemy URL: ``sqlite:///file`` or ``postgresql+asyncpg://...``."""
    return Sqlite(url) if make_url(url).get_backend_name() == "sqlite" else Postgres(url)


class Sqlite(Database):
    """A file of SQLite."""

    def __init__(self, url: str) -> None:
        plain = make_url(url).set(drivername="sqlite")
        if plain.database:
            make_private(Path(plain.database))
        options = {"check_same_thread": False, "timeout": 30}
        self._writer = sa.create_engine(plain, poolclass=sa.pool.StaticPool, connect_args=options)
        self._reader = sa.create_engine(
            plain, poolclass=sa.pool.QueuePool, pool_size=_READERS, max_overflow=0, connect_args=options
        )
        event.listen(self._writer, "connect", _prepare_writer)
        event.listen(self._writer, "begin", _begin_immediate)
        event.listen(self._reader, "connect", _prepare_reader)
        event.listen(self._reader, "begin", _begin)
        self._write_thread = ThreadPoolExecutor(1, "sqlite-writer")
        self._read_threads = ThreadPoolExecutor(_READERS, "sqlite-reader")

    async def write(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` on the one thread that writes."""

        def run() -> T:
            with self._writer.begin() as conn:
                result = work(conn, *args, **kwargs)
            self.transactions += 1
            return result

        return await asyncio.get_running_loop().run_in_executor(self._write_thread, run)

    async def read(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` on a reader thread; the writer goes on meanwhile."""

        def run() -> T:
            with self._reader.begin() as conn:
                return work(conn, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._read_threads, run)

    async def close(self) -> None:
        """Wait for what runs, then close."""
        await asyncio.to_thread(self._write_thread.shutdown)
        await asyncio.to_thread(self._read_threads.shutdown)
        self._writer.dispose()
        self._reader.dispose()


def _prepare_writer(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own transactions are switched off: it would begin too late and not IMMEDIATE.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_reader(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=1")


def _begin_immediate(conn: sa.Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(conn: sa.Connection) -> None:
    conn.exec_driver_sql("BEGIN")


class Postgres(Database):
    """A PostgreSQL database, shared by any number of processes."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(url, pool_size=_POSTGRES_CONNECTIONS, max_overflow=0)

    async def write(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` in a READ COMMITTED transaction."""
        async with self._engine.connect() as conn:
            async with conn.begin() as transaction:
                result = await conn.run_sync(work, *args, **kwargs)
                try:
                    await transaction.commit()
                except sa.exc.DBAPIError as error:
                    if error.connection_invalidated:
                        raise CommitLostError from error
                    raise
            self.transactions += 1
            return result

    async def read(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` in a transaction that the database holds to reading."""
        async with self._engine.connect() as conn:
            await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            return await conn.run_sync(work, *args, **kwargs)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
