"""Wake-ups, behind three calls: ``wake``, ``register`` and ``run``; pgqueuer carries them.

A wake-up is a pointer (merchant, order, version): the key holds the version, because a key of the order alone would
be swallowed by a job that is being worked on already. In one process the pointers live in memory and are filled again
from ``due_at`` at the start; on PostgreSQL they are rows, written in the transaction of the commit that makes the order
due. Losing them all delays work until the next tick and loses nothing.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import asyncpg
import sqlalchemy as sa
from pgqueuer import Job, PgQueuer, Queries

Pointer = tuple[str, str, int]
"""(merchant, order, version)."""
Advance = Callable[[str, str], Awaitable[None]]

_ENTRY = "advance"
_BATCH = 16


class Queue(Protocol):
    """Delivers wake-ups to one of the processes that run."""

    async def wake(self, pointers: Sequence[Pointer]) -> None:
        """Have each order looked at soon."""
        ...

    def wake_in(self, conn: sa.Connection, pointers: Sequence[Pointer]) -> None:
        """The same, in the transaction of a commit, where the queue can."""
        ...

    def register(self, advance: Advance) -> None:
        """Name the function that looks at an order."""
        ...

    async def run(self) -> None:
        """Deliver until cancelled."""
        ...


def _key(pointer: Pointer) -> str:
    return json.dumps(pointer, separators=(",", ":"))


async def _enqueue(queuer: PgQueuer, pointers: Sequence[Pointer]) -> None:
    """Enqueue each pointer; one that waits already with the same version is left."""
    if pointers:
        keys = list(dict.fromkeys(_key(p) for p in pointers))
        jobs = [k.encode() for k in keys]
        await queuer.qm.queries.enqueue(
            [_ENTRY] * len(keys), list(jobs), [0] * len(keys), dedupe_key=list(keys), on_conflict="skip"
        )


def _register(queuer: PgQueuer, advance: Advance) -> None:
    async def woken(job: Job) -> None:
        merchant, order_id, _ = json.loads(job.payload or b"[]")
        await advance(merchant, order_id)

    queuer.entrypoint(_ENTRY)(woken)


@dataclass(slots=True)
class MemoryQueue:
    """Wake-ups of one process, in memory."""

    queuer: PgQueuer
    at_once: int
    waking: set[asyncio.Future[None]] = field(default_factory=set)

    @classmethod
    def open(cls, *, at_once: int) -> "MemoryQueue":
        """Return an empty queue."""
        return cls(PgQueuer.in_memory(), at_once)

    async def wake(self, pointers: Sequence[Pointer]) -> None:
        """Have each order looked at soon; one that waits already with the same version is left."""
        await _enqueue(self.queuer, pointers)

    def wake_in(self, conn: sa.Connection, pointers: Sequence[Pointer]) -> None:
        """Do nothing: what is in memory is told after the commit."""

    def wake_soon(self, merchant: str, order_id: str, version: int) -> None:
        """Have an order looked at soon, from a callback; a wake-up lost here is found by the next tick."""
        task = asyncio.ensure_future(self.wake([(merchant, order_id, version)]))
        self.waking.add(task)
        task.add_done_callback(self.waking.discard)

    def register(self, advance: Advance) -> None:
        """Name the function that looks at an order."""
        _register(self.queuer, advance)

    async def run(self) -> None:
        """Deliver until cancelled."""
        await self.queuer.run(
            dequeue_timeout=timedelta(seconds=1), batch_size=_BATCH, max_concurrent_tasks=self.at_once
        )


@dataclass(slots=True)
class PostgresQueue:
    """Wake-ups as rows, shared by every process on the same database."""

    queuer: PgQueuer
    connection: "asyncpg.Connection[asyncpg.Record]"
    statement: str
    at_once: int

    @classmethod
    async def open(cls, url: str, *, at_once: int) -> "PostgresQueue":
        """Connect, and make the queue's own tables where they are missing."""
        connection = await asyncpg.connect(
            sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        )
        queries = Queries.from_asyncpg_connection(connection)
        if not await queries.schema_is_installed():
            await queries.install()
        else:
            await queries.upgrade()
        queuer = PgQueuer.from_asyncpg_connection(connection)
        return cls(queuer, connection, queries.qbq.build_enqueue_query("skip"), at_once)

    async def wake(self, pointers: Sequence[Pointer]) -> None:
        """Have each order looked at soon."""
        await _enqueue(self.queuer, pointers)

    def wake_in(self, conn: sa.Connection, pointers: Sequence[Pointer]) -> None:
        """Write the wake-ups in the transaction of a commit."""
        keys = list(dict.fromkeys(_key(p) for p in pointers))
        if keys:
            empty = ["{}"] * len(keys)
            conn.exec_driver_sql(
                self.statement,
                (
                    [0] * len(keys),
                    [_ENTRY] * len(keys),
                    [k.encode() for k in keys],
                    [timedelta(0)] * len(keys),
                    keys,
                    empty,
                ),
            )

    def register(self, advance: Advance) -> None:
        """Name the function that looks at an order."""
        _register(self.queuer, advance)

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            await self.queuer.run(
                dequeue_timeout=timedelta(seconds=1), batch_size=_BATCH, max_concurrent_tasks=self.at_once
            )
        finally:
            await asyncio.shield(self.connection.close())
