"""Connections to the database: one way to write and one to read, the same on SQLite and PostgreSQL.

SQLite has one writer thread (BEGIN IMMEDIATE, WAL, every commit on disk) and a few reader threads on a second engine
that cannot write, so that no page of the console holds up an order. PostgreSQL runs the same functions over asyncpg,
READ COMMITTED.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncTransaction, create_async_engine

from core.errors import RefusedError
from core.store import postgres, sqlite
from core.store.columns import UTCDateTime
from core.store.database_file import make_private
from core.store.failures import DATABASE_ERRORS, CommitLostError, is_cut, is_infrastructure
from core.store.overwriting import LOOK_EVERY_S, WAIT_S, empty_log, nobody_sees_before, now_of, write_anew
from core.store.raw import chunks_of_file, chunks_of_tables, sqlite_files
from core.store.reads import ONE_STATEMENT
from core.store.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")
_READERS = 3
_POSTGRES_CONNECTIONS = 8
_AGAIN_AFTER_S = (0.0, 0.1, 0.4, 1.0)
"""After a lost connection the same is done on another one, so often; who waits longer is told."""


class Database(ABC):
    """A database; ``write`` and ``read`` run a function over one connection in one transaction."""

    transactions: int = 0
    """Write transactions committed so far."""
    works: int = 0
    """What was written so far: several may share a transaction."""

    def _written(self, works: int) -> None:
        self.transactions += 1
        self.works += works

    @abstractmethod
    async def write(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` and commit; whatever it raises rolls back.

        Raises:
            CommitLostError: nobody can say whether it landed.
        """

    async def write_first(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do the same before all that waits to be written: somebody outside waits for it."""
        return await self.write(work, *args, **kwargs)

    @abstractmethod
    async def read(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` on one consistent state; it cannot write. What is marked as one statement needs no transaction."""

    async def migrate(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work``, which may make tables anew, and commit; whatever it raises rolls back all of it.

        Raises:
            DanglingReferencesError: afterwards rows would refer to rows that are not there.
        """
        return await self.write(work, *args, **kwargs)

    async def now(self) -> datetime:
        """Return the database's own time: the machine's, where it is a file; aware UTC."""
        return datetime.now(UTC)

    @abstractmethod
    async def overwrite(self, tables: Sequence[str], *, whole: bool = False) -> bool:
        """Overwrite what was deleted from tables, so that no part of the database holds it any more.

        ``whole``: also what an older hub deleted without overwriting it. False where others were in the way; the
        database is as it was then, and it can be asked again.
        """

    @abstractmethod
    def raw(self, tables: Sequence[str]) -> AsyncIterator[tuple[str, bytes]]:
        """Yield (place, bytes) of all that is kept in files, in chunks that overlap; ``tables`` where each has its own.

        Raises:
            RefusedError: the database does not let this role see its files.
        """

    @abstractmethod
    async def close(self) -> None:
        """Close every connection."""


def database(url: str, name: str = "crossdock") -> Database:
    """Return the database at an SQLAlchemy URL: ``sqlite:///file`` or ``postgresql+asyncpg://...``.

    ``name`` is that of the process, which its sessions bear.
    """
    return Sqlite(url) if make_url(url).get_backend_name() == "sqlite" else Postgres(url, name)


class Sqlite(Database):
    """A file of SQLite."""

    def __init__(self, url: str) -> None:
        plain = make_url(url).set(drivername="sqlite")
        if plain.database:
            make_private(Path(plain.database))
        options = {"check_same_thread": False, "timeout": 30}
        self._writer = sa.create_engine(
            plain, poolclass=sa.pool.StaticPool, connect_args=options, hide_parameters=True
        )
        self._reader = sa.create_engine(
            plain,
            poolclass=sa.pool.QueuePool,
            pool_size=_READERS,
            max_overflow=0,
            connect_args=options,
            hide_parameters=True,
        )
        event.listen(self._writer, "connect", sqlite.prepare_writer)
        event.listen(self._writer, "begin", sqlite.begin_immediate)
        event.listen(self._reader, "connect", sqlite.prepare_reader)
        event.listen(self._reader, "begin", sqlite.begin)
        # The same connections without a transaction: SQLite begins and ends one of its own for each statement.
        self._looker = sa.create_engine(plain, pool=self._reader.pool, hide_parameters=True)
        self._writing = Writer(self._writer, self._written)
        self._read_threads = ThreadPoolExecutor(_READERS, "sqlite-reader")

    async def write(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` on the one thread that writes, together with what else waits for it."""
        return await asyncio.wrap_future(self._writing.write(lambda conn: work(conn, *args, **kwargs)))

    async def migrate(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` with references unwatched, and check them all before the commit.

        A table that others refer to is made anew by dropping it; watched, SQLite refuses that where it has rows, and it
        takes the word that it need not watch outside of a transaction only: https://www.sqlite.org/lang_altertable.html
        (section 7, read 2026-11-30).
        """

        def run() -> T:
            with sqlite.unwatched(self._writer), self._writer.begin() as conn:
                result = work(conn, *args, **kwargs)
                sqlite.check_references(conn)
            return result

        return await asyncio.wrap_future(self._writing.alone(run))

    async def write_first(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` on the same thread, as soon as what it is at is done."""
        waiting = self._writing.write(lambda conn: work(conn, *args, **kwargs), first=True)
        return await asyncio.wrap_future(waiting)

    async def read(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` on a reader thread; the writer goes on meanwhile."""
        reader = self._looker if work in ONE_STATEMENT else self._reader

        def run() -> T:
            with reader.connect() as conn:
                return work(conn, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._read_threads, run)

    async def overwrite(self, tables: Sequence[str], *, whole: bool = False) -> bool:
        """Empty the write-ahead log into the file; what is deleted there is overwritten by ``secure_delete``."""
        del tables  # they are one file
        run = partial(empty_log, self._writer, whole=whole)
        return await asyncio.wrap_future(self._writing.alone(run))

    async def raw(self, tables: Sequence[str]) -> AsyncIterator[tuple[str, bytes]]:
        """Yield the database file, its write-ahead log and whatever else lies beside it."""
        del tables
        for path in sqlite_files(self._writer.url.database or ""):
            for chunk in chunks_of_file(path):
                yield path.name, chunk

    async def close(self) -> None:
        """Wait for what runs, then close."""
        await asyncio.to_thread(self._writing.close)
        await asyncio.to_thread(self._read_threads.shutdown)
        self._writer.dispose()
        self._reader.dispose()


class Postgres(Database):
    """A PostgreSQL database, shared by any number of processes.

    A transaction whose connection is lost is done again on another one. Where it is lost while COMMIT is under way,
    the server is asked what became of the transaction, by its id: it is never done twice. One that stands still in the
    middle is ended by the server, and done again once its process goes on.
    """

    def __init__(self, url: str, name: str = "crossdock") -> None:
        self._engine = create_async_engine(
            url, pool_size=_POSTGRES_CONNECTIONS, max_overflow=0, hide_parameters=True
        )
        self._first = create_async_engine(url, pool_size=1, max_overflow=0, hide_parameters=True)
        for engine in (self._engine, self._first):
            event.listen(engine.sync_engine, "connect", partial(postgres.prepare, name))

    async def write(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` in a READ COMMITTED transaction."""
        return await self._write(self._engine, work, *args, **kwargs)

    async def write_first(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do the same over a connection that is kept for it."""
        return await self._write(self._first, work, *args, **kwargs)

    async def _write(
        self,
        engine: AsyncEngine,
        work: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        async def once() -> T:
            async with engine.connect() as conn:
                transaction = await conn.begin()
                result = await conn.run_sync(work, *args, **kwargs)
                xid = (await conn.exec_driver_sql("SELECT pg_current_xact_id()::text")).scalar_one()
                lost = await _commit(transaction)
            if lost is not None and not await self._landed(str(xid)):
                raise lost
            return result

        result = await _again_after_a_cut(once)
        self._written(1)
        return result

    async def _landed(self, xid: str) -> bool:
        """Return whether the server knows a transaction as committed.

        Raises:
            CommitLostError: it does not answer, or does not know any more.
        """
        status = sa.text("SELECT pg_xact_status(CAST(CAST(:xid AS text) AS xid8))")
        for wait_s in (*_AGAIN_AFTER_S, *_AGAIN_AFTER_S):
            await asyncio.sleep(wait_s)
            try:
                async with self._engine.connect() as conn:
                    found = (await conn.execute(status, {"xid": xid})).scalar_one()
            except DATABASE_ERRORS as error:
                if not is_infrastructure(error):
                    raise CommitLostError from error
                continue
            if found != "in progress":
                if found is None:
                    break
                return bool(found == "committed")
        raise CommitLostError

    async def migrate(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` in one transaction, which may be long without a statement."""

        def unhurried(conn: sa.Connection) -> T:
            postgres.take_time(conn)
            return work(conn, *args, **kwargs)

        return await self.write(unhurried)

    async def read(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` in a transaction that the database holds to reading; in none where it is one statement."""
        transaction: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        if work in ONE_STATEMENT:
            transaction = {"isolation_level": "AUTOCOMMIT"}

        async def once() -> T:
            async with self._engine.connect() as conn:
                await conn.execution_options(**transaction)
                return await conn.run_sync(work, *args, **kwargs)

        return await _again_after_a_cut(once)

    async def now(self) -> datetime:
        """Return the time of the database's machine."""
        return await self.read(_clock_timestamp)

    async def overwrite(self, tables: Sequence[str], *, whole: bool = False) -> bool:
        """Write the tables anew, without what was deleted; nobody reads or writes them meanwhile.

        A row that some snapshot may still read would be copied: whoever looks since before is waited for first.
        """
        del whole  # a table that is written anew holds nothing of an older hub either
        async with self._engine.connect() as conn:
            await conn.execution_options(isolation_level="AUTOCOMMIT")
            moment = await conn.run_sync(now_of)
            for _ in range(int(WAIT_S / LOOK_EVERY_S)):
                if await conn.run_sync(nobody_sees_before, moment):
                    return await conn.run_sync(write_anew, tables)
                await asyncio.sleep(LOOK_EVERY_S)
        return False

    async def raw(self, tables: Sequence[str]) -> AsyncIterator[tuple[str, bytes]]:
        """Yield the files of tables as the server has them: dead rows and free space are in them, the log is not."""
        try:
            async with self._engine.connect() as conn:
                await conn.execution_options(isolation_level="AUTOCOMMIT")
                for chunk in await conn.run_sync(lambda sync: list(chunks_of_tables(sync, tables))):
                    yield chunk
        except sa.exc.DBAPIError as error:
            raise RefusedError(
                "this role may not read the server's files; ask with one that has pg_read_server_files and pg_checkpoint"
            ) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
        await self._first.dispose()


def _clock_timestamp(conn: sa.Connection) -> datetime:
    return conn.execute(sa.select(sa.cast(sa.func.clock_timestamp(), UTCDateTime))).scalar_one()


async def _commit(transaction: AsyncTransaction) -> Exception | None:
    """Commit; return the failure of our own infrastructure after which nobody knows whether it landed."""
    try:
        await transaction.commit()
    except DATABASE_ERRORS as error:
        if not is_infrastructure(error):
            raise
        return error
    return None


async def _again_after_a_cut(once: Callable[[], Awaitable[T]]) -> T:
    """Do something on a connection, and again on another one where that was lost before it was done."""
    for wait_s in _AGAIN_AFTER_S:
        try:
            return await once()
        except DATABASE_ERRORS as error:
            if not is_cut(error):
                raise
        await asyncio.sleep(wait_s)
    return await once()
