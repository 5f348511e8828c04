"""A worker of the hub as a process of its own: what ``serve`` runs, fed with what the vendors tell, and measured."""

import asyncio
import contextlib
import itertools
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe

from assembly import up_to_date
from benchmarks.children import answer_until_told
from benchmarks.merchant import MERCHANT, hub_of
from benchmarks.statements import Statements
from benchmarks.vendors import AT_ONCE, Ask, Recording, asking, remote_ports, take_notifications
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


def work(pipe: Pipe, url: str, keys: str, port: int) -> None:
    """In a child: work until told to stop."""
    logging.disable(logging.WARNING)
    asyncio.run(_work(pipe, url, keys, port))


async def _work(pipe: Pipe, url: str, keys: str, port: int) -> None:
    statements = Statements()
    store = await Store.open(url, keys=keyring(keys))
    async with asking(port) as ask:
        hub = hub_of(store, remote_ports(ask), SystemClock(), f"worker-{os.getpid()}")
        hub.role = "all" if url.startswith("sqlite") else "worker"
        async with up_to_date(url):
            queue = await open_queue(hub, url)
        async with working(hub, queue):
            feeding = asyncio.create_task(_feed(hub, ask))
            pipe.send("ready")
            await answer_until_told(pipe, {"spent": Meter(store, statements)})
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


def call(pipe: Pipe, port: int, recording: Recording, seconds: float) -> None:
    """In a child: make the calls of a recording over and over, and send (calls, seconds, CPU seconds)."""
    pipe.send(asyncio.run(_call(port, recording.requests, seconds)))
    pipe.recv()


async def _call(port: int, requests: Sequence[tuple[str, bytes]], seconds: float) -> tuple[int, float, float]:
    made = itertools.count()
    async with asking(port) as ask:
        began, cpu_s = time.monotonic(), time.process_time()
        waiting = _until(itertools.cycle(requests), began + seconds)
        await asyncio.gather(*(_ask_each(ask, waiting, made) for _ in range(AT_ONCE)))
        taken, spent = time.monotonic() - began, time.process_time() - cpu_s
    return next(made), taken, spent


def _until(requests: Iterator[tuple[str, bytes]], end: float) -> Iterator[tuple[str, bytes]]:
    for request in requests:
        if time.monotonic() >= end:
            return
        yield request


async def _ask_each(ask: Ask, waiting: Iterator[tuple[str, bytes]], made: "itertools.count[int]") -> None:
    for path, body in waiting:
        with contextlib.suppress(HubError):  # it was refused to the hub as well
            await ask(path, body)
        next(made)
