"""A worker of the hub as a process of its own: what ``serve`` runs, fed with what the vendors tell, and measured."""

import asyncio
import contextlib
import itertools
import logging
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from typing import Any

from assembly import up_to_date
from benchmarks.children import answer_until_told
from benchmarks.merchant import MERCHANT, hub_of
from benchmarks.selling import AT_ONCE
from benchmarks.statements import Statements
from benchmarks.vendors import Ask, asking, remote_ports, take_notifications
from core.clock import SystemClock
from core.engine.hub import Hub
from core.errors import HubError
from core.jobs.notifications import delivery_of
from core.store.sealing import Keyring, parse_keys
from core.store.store import Store
from server import open_queue, working


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a process has spent since it was asked before."""

    cpu_s: float
    transactions: int
    """Those that wrote."""
    statements: Counter[str]


def keyring(keys: str) -> Keyring:
    """Return the keys of a text."""
    return Keyring(parse_keys(keys, "benchmarks"))


@dataclass(frozen=True, slots=True)
class Opened:
    """A hub that was opened for a worker."""

    hub: Hub
    ask: Ask
    """Asks the vendors' process."""
    begin: Callable[[], object] = lambda: None
    """Writes down from now on what the hub asks of vendors, where that is done here."""
    recorded: Callable[[], object] = lambda: None
    """Gives it."""


Opening = Callable[[Store, int], AbstractAsyncContextManager[Opened]]
"""Opens a hub on a store, whose vendors answer at a port."""


@contextlib.asynccontextmanager
async def remote_bogus(store: Store, port: int) -> AsyncIterator[Opened]:
    """Give a hub whose vendors are bogus, in a process of their own."""
    async with asking(port) as ask:
        yield Opened(hub_of(store, remote_ports(ask), SystemClock(), _name()), ask)


def _name() -> str:
    return f"worker-{os.getpid()}"


def work(pipe: Pipe, url: str, keys: str, port: int, opening: Opening) -> None:
    """In a child: work until told to stop."""
    logging.disable(logging.WARNING)
    asyncio.run(_work(pipe, url, keys, port, opening))


async def _work(pipe: Pipe, url: str, keys: str, port: int, opening: Opening) -> None:
    statements = Statements()
    store = await Store.open(url, keys=keyring(keys))
    async with opening(store, port) as opened:
        hub = opened.hub
        hub.role = "all" if url.startswith("sqlite") else "worker"
        async with up_to_date(url):
            queue = await open_queue(hub, url)
        async with working(hub, queue):
            feeding = asyncio.create_task(_feed(hub, opened.ask))
            pipe.send("ready")
            asked: Mapping[str, Callable[..., Any]] = {
                "spent": Meter(store, statements),
                "begin": opened.begin,
                "recorded": opened.recorded,
            }
            await answer_until_told(pipe, asked)
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
    await store.close()


async def _feed(hub: Hub, ask: Ask) -> None:
    """Store what the vendors tell, as the site does with webhooks: each by itself, and many at once."""
    storing: set[asyncio.Task[int]] = set()
    while True:
        for connection, notification in await take_notifications(ask):
            now = hub.clock.now()
            delivery = delivery_of(connection, notification, notification.model_dump_json().encode(), now)
            stored = asyncio.create_task(hub.store.deliver(MERCHANT, connection, [delivery], now=now))
            storing.add(stored)
            stored.add_done_callback(storing.discard)


class Meter:
    """Says what this process and its store spent."""

    def __init__(self, store: Store, statements: Statements) -> None:
        self._store, self._statements = store, statements
        self._cpu_s, self._transactions = time.process_time(), store.db.transactions

    def __call__(self) -> Spent:
        """Return what was spent since the last time."""
        cpu_s, transactions = time.process_time(), self._store.db.transactions
        spent = Spent(
            cpu_s=cpu_s - self._cpu_s,
            transactions=transactions - self._transactions,
            statements=self._statements.take(),
        )
        self._cpu_s, self._transactions = cpu_s, transactions
        return spent


Make = Callable[[Any], Awaitable[object]]
"""Makes a call that was written down."""
Calling = Callable[[int], AbstractAsyncContextManager[Make]]
"""Opens what makes calls of the vendors at a port, without a hub."""


@contextlib.asynccontextmanager
async def bogus_calls(port: int) -> AsyncIterator[Make]:
    """Make requests of the bogus vendors' process."""
    async with asking(port) as ask:

        async def make(request: tuple[str, bytes]) -> object:
            return await ask(*request)

        yield make


def call(pipe: Pipe, port: int, calling: Calling, calls: Sequence[object], seconds: float) -> None:
    """In a child: make calls over and over, 32 at once, and send (calls, seconds, CPU seconds)."""
    logging.disable(logging.WARNING)
    pipe.send(asyncio.run(_call(port, calling, calls, seconds)))
    pipe.recv()


async def _call(
    port: int, calling: Calling, calls: Sequence[object], seconds: float
) -> tuple[int, float, float]:
    made = itertools.count()
    async with calling(port) as make:
        # Connections are made, and what is loaded late.
        await _make_all(make, iter(calls[: 2 * AT_ONCE]), made)
        before, began, cpu_s = next(made) + 1, time.monotonic(), time.process_time()
        await _make_all(make, _until(itertools.cycle(calls), began + seconds), made)
        taken, spent = time.monotonic() - began, time.process_time() - cpu_s
    return next(made) - before, taken, spent


async def _make_all(make: Make, calls: Iterator[object], made: "itertools.count[int]") -> None:
    async def one_after_another() -> None:
        for each in calls:
            with contextlib.suppress(HubError):  # it was refused to the hub as well
                await make(each)
            next(made)

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))


def _until(calls: Iterator[object], end: float) -> Iterator[object]:
    for each in calls:
        if time.monotonic() >= end:
            return
        yield each
