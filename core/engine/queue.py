"""Wake-ups, behind three calls: ``wake``, ``register`` and ``run``; pgqueuer carries them.

A wake-up is a pointer (merchant, order, version): the key holds the version, because a key of the order alone would
be swallowed by a job that is being worked on already. In one process the pointers live in memory and are filled again
from ``due_at`` at the start; on PostgreSQL they are rows, written in the transaction of the commit that makes the order
due. Losing them all delays work until the next tick and loses nothing.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import asyncpg
import sqlalchemy as sa
from pgqueuer import Job, PgQueuer, Queries

from core.engine.hub import Health
from core.store.engine import Database
from core.store.failures import is_infrastructure
from core.store.processes import GONE_AFTER
from core.store.server_address import plain_address

LOG = logging.getLogger("crossdock.queue")

FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 5.0
"""How long a lost connection is waited for before it is tried again: at first, and at most."""
WAKE_UPS = "wake-ups"
_ANSWER_S = 30.0
"""How long (seconds) the database may take to answer the queue: a connection that nothing comes through is lost."""

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


@dataclass(slots=True, kw_only=True)
class PostgresQueue:
    """Wake-ups as rows, shared by every process on the same database.

    Who delivers them listens on a connection of its own, and on another one as soon as that is lost.
    """

    url: str
    db: Database
    health: Health
    statement: str
    at_once: int
    advance: Advance | None = None
    running: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    async def open(cls, url: str, db: Database, health: Health, *, at_once: int) -> "PostgresQueue":
        """Make the queue's own tables where they are missing."""
        connection = await asyncpg.connect(plain_address(url))
        try:
            queries = Queries.from_asyncpg_connection(connection)
            if not await queries.schema_is_installed():
                await queries.install()
            else:
                await queries.upgrade()
        finally:
            await connection.close()
        statement = queries.qbq.build_enqueue_query("skip")
        return cls(url=url, db=db, health=health, statement=statement, at_once=at_once)

    async def wake(self, pointers: Sequence[Pointer]) -> None:
        """Have each order looked at soon."""
        if pointers:
            await self.db.write(self.wake_in, pointers)

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
        self.advance = advance

    async def run(self) -> None:
        """Deliver until cancelled, on a new connection whenever one is lost; what runs meanwhile goes on."""
        loop, wait_s = asyncio.get_running_loop(), FIRST_WAIT_S
        while True:
            began = loop.time()
            try:
                await self._deliver()
            except Exception as error:
                # pgqueuer wraps some of what a cut connection raises; a queue that fails is a delay, never an end.
                if not is_infrastructure(error):
                    LOG.exception("the queue of wake-ups failed")
                self.health.lost(WAKE_UPS, f"the connection was lost ({type(error).__name__})")
            else:
                self.health.lost(WAKE_UPS, "the queue ended")
            wait_s = FIRST_WAIT_S if loop.time() - began > LONGEST_WAIT_S else wait_s
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    async def _deliver(self) -> None:
        """Deliver until the connection is lost."""
        connection = await asyncpg.connect(
            plain_address(self.url), timeout=_ANSWER_S, command_timeout=_ANSWER_S
        )
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            queuer = PgQueuer.from_asyncpg_connection(connection)
            _register(queuer, lambda merchant, order_id: self._advance(merchant, order_id, lost))
            self.health.found(WAKE_UPS)
            await queuer.run(
                dequeue_timeout=timedelta(seconds=1),
                batch_size=_BATCH,
                max_concurrent_tasks=self.at_once,
                heartbeat_timeout=GONE_AFTER,
            )
        finally:
            connection.terminate()

    async def _advance(self, merchant: str, order_id: str, lost: asyncio.Event) -> None:
        """Look at an order; where the connection is lost meanwhile, the queue is not kept from another one by it."""
        if self.advance is None:
            return
        running = asyncio.ensure_future(self.advance(merchant, order_id))
        self.running.add(running)
        running.add_done_callback(self.running.discard)
        losing = asyncio.ensure_future(lost.wait())
        try:
            await asyncio.wait({running, losing}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            running.cancel()
            await asyncio.wait({running})
            raise
        finally:
            losing.cancel()
        if running.done():
            running.result()
