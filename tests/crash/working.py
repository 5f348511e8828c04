"""A worker in a process of its own: it does what is due when it is told to, and stands still at one place if it is told so."""

import asyncio
import logging
import random
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from connectors.bogus import CONNECTOR, ports_of
from connectors.bogus.client import World
from core.clock import PageClock
from core.engine.hub import Connections, Hub
from core.engine.session import begin_session, tick_session
from core.engine.worker import Worker
from core.failpoints import listening
from core.jobs import JOBS
from core.steps import STEPS
from core.store import postgres
from core.store.store import Store
from tests.builders import MERCHANT, PLAYS, config, settings
from tests.core.flow.ruled import ruled
from tests.crash.remote import Answered, Line, Vendors
from tests.crash.scenario import RULES, START, keys_of, run_from_queue


class Given(NamedTuple):
    """What a worker is given."""

    owner: str
    url: str
    keys: str
    page: Path
    """Of the clock that all share."""
    place: str
    """The failpoint at which it waits to be told to go on."""


class Rested(NamedTuple):
    """Nothing is due that this worker could do."""

    begun: int
    """How much it began since it was told to."""
    passed: frozenset[str]
    """The places that it passed so far."""


QUEUE, GO, END = "take from the queue", "go", "end"
GO_ON = "go on"
_BEATS_EVERY_S = 0.3


def work(given: Given, end: Connection, at: Connection) -> None:
    """In a child process: work until it is told to end."""
    postgres.STANDS_STILL_S = 1.0  # the other waits so long for what a stopped one has locked
    logging.disable(logging.CRITICAL)
    passed, left = set[str](), {given.place}

    def listen(name: str) -> None:
        passed.add(name)
        if name in left:
            at.send(name)
            if at.recv() == GO_ON:  # until then the whole process stands still
                left.clear()

    with listening(listen):
        asyncio.run(_Working(given, end, passed).live())


class _Working:
    def __init__(self, given: Given, end: Connection, passed: set[str]) -> None:
        self._given, self._end, self._passed = given, end, passed
        self._told: asyncio.Queue[str] = asyncio.Queue()

    async def live(self) -> None:
        clock = PageClock.open(self._given.page)
        loop = asyncio.get_running_loop()
        machine = loop.time
        # Limits of calls go by the seconds of the shared clock, which goes on while this process stands still.
        loop.time = lambda: machine() + (clock.now() - START).total_seconds()  # type: ignore[method-assign]
        self._line = Line(self._end, self._hear, lambda: self._told.put_nowait(END))
        self._vendors = Vendors(self._line.send)
        self._store = await Store.open(
            self._given.url, keys=keys_of(self._given.keys), name=self._given.owner
        )
        kept, empty = config(tell="scan"), World(clock=clock)
        plain = {n: ports_of(empty, n, settings(n)) for n in PLAYS}
        known = Connections(config=kept, ports=plain, connectors=dict.fromkeys(PLAYS, CONNECTOR))
        known = ruled(known, empty, RULES)
        ports = {name: self._vendors.ports(name, like) for name, like in known.ports.items()}
        hub = Hub(
            store=self._store,
            clock=clock,
            owner=self._given.owner,
            role="worker",
            merchants={MERCHANT: replace(known, ports=ports)},
        )
        self._worker = Worker(steps=STEPS, hub=hub, jobs=JOBS, chance=random.Random(self._given.owner))
        await begin_session(hub)
        while (told := await self._told.get()) != END:
            beats = asyncio.create_task(self._live_on())
            begun = await (self._take_from_queue() if told == QUEUE else self._do_what_is_due())
            beats.cancel()
            self._line.send(Rested(begun, frozenset(self._passed)))
        await self._store.close()

    def _hear(self, told: object) -> None:
        if isinstance(told, Answered):
            self._vendors.hear(told)
        else:
            self._told.put_nowait(str(told))

    async def _take_from_queue(self) -> int:
        hub = self._worker.hub
        plain = hub.merchants[MERCHANT]
        queue = self._vendors.ports("amz", plain.ports["amz"], "notifications")
        hub.merchants[MERCHANT] = replace(plain, ports={**plain.ports, "amz": queue})
        await run_from_queue(self._worker)
        hub.merchants[MERCHANT] = plain
        return 1

    async def _live_on(self) -> None:
        """Say that this process lives, as the clock of a process has it do."""
        while True:
            await asyncio.sleep(_BEATS_EVERY_S)
            await tick_session(self._worker.hub)

    async def _do_what_is_due(self) -> int:
        worker, begun = self._worker, 0
        await tick_session(worker.hub)
        while more := await worker.tick_jobs() + await worker.tick_orders():
            begun += more
            await worker.tick_claims()
            while worker.orders_running or worker.jobs_running:
                worker.stirred.clear()
                await worker.stirred.wait()
        return begun
