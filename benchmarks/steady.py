"""A steady stream of webhooks into a process that works meanwhile: how long they wait, and how the work goes on.

Each is sent at its own instant, whether or not those before it have been answered, and its wait is counted from there.
Each makes an order known; nothing is asked of any vendor, so that what is measured is the hub alone.
"""

import asyncio
import contextlib
import json
import multiprocessing
import secrets
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe
from statistics import quantiles

import sqlalchemy as sa

from benchmarks.acceptance import SAMPLE, request, site
from benchmarks.rounds import Figure
from core.domain.commit import NewOrder, OrderCommit
from core.engine.hub import Hub
from core.engine.job import JobKind, Reschedule
from core.engine.worker import Worker
from core.model.facts import Received
from core.store.jobs import Job
from core.store.sealing import Keyring
from core.store.store import Store
from core.store.tables import orders
from scheduler import look_when_stirred, scheduler_of, ticks_of
from simulation.scene import Scene

A_SECOND = 1000
LINES = 128
"""Connections that the senders share."""


async def steady(seconds: float) -> Figure:
    """Return how many orders a second become known while webhooks come, of those when no more come."""
    with tempfile.TemporaryDirectory() as folder, _served(folder) as (port, secret, pipe):
        began = time.perf_counter()
        waits = await _send_steadily(port, secret, seconds)
        busy_s = time.perf_counter() - began
        during = await asyncio.to_thread(_known, pipe)
        await asyncio.sleep(seconds)
        quiet_s = time.perf_counter() - began - busy_s
        after = await asyncio.to_thread(_known, pipe) - during
    centiles = quantiles(waits, n=100)
    return Figure(
        what=f"orders known while {A_SECOND} webhooks a second come / when no more come",
        ratio=(during / busy_s) / max(after / quiet_s, 1e-9),
        details={
            "answered_per_s": len(waits) / busy_s,
            "p50_ms": centiles[49] * 1000,
            "p99_ms": centiles[98] * 1000,
            "known_per_s": during / busy_s,
            "known_per_s_after": after / quiet_s,
        },
    )


async def _send_steadily(port: int, secret: bytes, seconds: float) -> list[float]:
    body = json.dumps(json.loads(SAMPLE.read_bytes()), separators=(",", ":")).encode()
    numbers, waits = iter(range(1, round(seconds * A_SECOND) + 1)), list[float]()
    began = time.perf_counter()
    requests = ((began + number / A_SECOND, request(number, secret, body)) for number in numbers)
    await asyncio.gather(*(_send(port, requests, waits) for _ in range(LINES)))
    return waits


async def _send(port: int, requests: Iterator[tuple[float, bytes]], waits: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for at, told in requests:
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        writer.write(told)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        waits.append(time.perf_counter() - at)
    writer.close()
    await writer.wait_closed()


def _known(pipe: Pipe) -> int:
    pipe.send("known")
    known: int = pipe.recv()
    return known


@contextlib.contextmanager
def _served(folder: str) -> Iterator[tuple[int, bytes, Pipe]]:
    secret = secrets.token_hex()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, folder, secret))
    process.start()
    there.close()
    try:
        yield here.recv(), secret.encode(), here
    finally:
        here.send("stop")
        process.join()


def _serve(pipe: Pipe, folder: str, secret: str) -> None:
    asyncio.run(_serve_until_told(pipe, f"sqlite:///{folder}/hub.db", secret))


async def _serve_until_told(pipe: Pipe, url: str, secret: str) -> None:
    store = await Store.open(url, keys=Keyring.generate())
    await store.create_tables()
    scene = Scene(1, 1, apart_s=0)
    scene.act()
    shop = next(shop for shop in scene.world.shops.values() if shop.orders)
    sample = next(iter(shop.orders.values())).order

    async def know(hub: Hub, job: Job) -> Reschedule | None:
        now, number = hub.clock.now(), job.object_id
        create = NewOrder(connection="shop", external_id=number, number=number, placed_at=now)
        told = (Received(at=now, actor="channel", order=sample, needs=()),)
        await hub.store.commit(
            OrderCommit(
                merchant=job.merchant, order_id=job.subject, at=now, create=create, happened=told, expect=0
            )
        )
        return None

    async with site(store, secret) as (port, hub):
        worker = Worker(hub=hub, steps={}, jobs={"fetch": JobKind(kind="fetch", run=know)})
        clock = scheduler_of(ticks_of(worker))
        clock.start()
        looking = asyncio.create_task(look_when_stirred(worker))
        pipe.send(port)
        while await asyncio.to_thread(pipe.recv) == "known":
            pipe.send(await store.read(_count))
        looking.cancel()
        clock.shutdown(wait=False)
        running = [*worker.jobs_running.values(), *worker.orders_running.values()]
        await asyncio.gather(looking, *(task for task in running if task is not None), return_exceptions=True)
    await store.close()


def _count(conn: sa.Connection) -> int:
    return int(conn.execute(sa.select(sa.func.count()).select_from(orders)).scalar_one())
