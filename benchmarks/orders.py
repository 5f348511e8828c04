"""Whole orders: a simulated day without faults on SQLite, against the same vendor calls with nothing kept.

Every vendor is bogus and in memory. With ``wire`` each of their calls also costs one HTTP request on loopback, as the
freest of real vendors would.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from functools import partial
from inspect import iscoroutinefunction
from itertools import count
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from benchmarks.rounds import Figure, Rates, compare
from core.engine.hub import Hub
from core.engine.places import JOBS_AT_ONCE, PER_MERCHANT
from core.engine.worker import Worker
from core.errors import HubError
from core.jobs import JOBS
from core.jobs.notifications import delivery_of
from core.model.commit import Landed, NewOrder, OrderCommit
from core.model.facts import Noted, Received
from core.ports import Ports
from core.steps import STEPS
from core.store.claims import due_orders
from core.store.jobs import claim_jobs
from core.store.orders import counts_by_stage
from core.store.sealing import Keyring
from core.store.store import Store
from simulation.due import due_now, next_at
from simulation.opening import open_hub
from simulation.scene import Scene

QUIET = timedelta(minutes=40)
STEP = timedelta(minutes=5)
NOTES = 4
"""Further commits per order, where only commits are measured."""
_NAMES = count(1)

Call = Callable[[Mapping[str, Ports]], Awaitable[object]]


@dataclass(slots=True)
class Tape:
    """Every vendor call that was made, to be made again without the hub."""

    calls: list[Call] = field(default_factory=list)

    def over(self, connection: str, ports: Ports) -> Ports:
        """Return the ports with every call written down."""
        kept = {f.name: getattr(ports, f.name) for f in fields(ports)}
        taped: dict[str, Any] = {
            name: Taped(self, connection, name, port)
            for name, port in kept.items()
            if port is not None and not callable(port) and not isinstance(port, str)
        }
        return replace(ports, **taped)


@dataclass(frozen=True, slots=True)
class Taped:
    """A port whose calls are written down."""

    tape: Tape
    connection: str
    port: str
    inner: Any

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)
        if not iscoroutinefunction(method):
            return method

        async def noted(*args: Any, **kwargs: Any) -> Any:
            self.tape.calls.append(partial(self._again, name, args, kwargs))
            return await method(*args, **kwargs)

        return noted

    def _again(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], ports: Mapping[str, Ports]
    ) -> Coroutine[Any, Any, object]:
        call: Coroutine[Any, Any, object] = getattr(getattr(ports[self.connection], self.port), name)(
            *args, **kwargs
        )
        return call


@dataclass(slots=True, kw_only=True)
class Day:
    """A scene under way in a hub."""

    scene: Scene
    hub: Hub
    worker: Worker
    merchant: str

    async def to_the_end(self) -> None:
        """Do everything that is due, many at once, and move the clock on until all is quiet."""
        clock, quiet_until = self.scene.clock, None
        while True:
            while await self._turn():
                pass
            outside = self.scene.next_at()
            if outside is None and quiet_until is None:
                quiet_until = clock.now() + QUIET
            following = await self.hub.store.read(next_at)
            instant = min(at for at in (outside, following, quiet_until) if at is not None)
            if quiet_until is not None and instant >= quiet_until:
                return
            # Many orders are under way at any moment of a busy day: what falls due within a step is done together.
            clock.move_to(max(instant, clock.now() + STEP))

    async def _turn(self) -> bool:
        self.scene.act()
        store, now = self.hub.store, self.hub.clock.now()
        notifications = [(name, delivery_of(name, notification, notification.model_dump_json().encode(), now))
                 for name, notification in self.scene.take_notifications()]  # fmt: skip
        await asyncio.gather(
            *(store.deliver(self.merchant, name, [one], now=now) for name, one in notifications)
        )
        if not await store.read(due_now, now):
            return False
        jobs = await store.write(
            claim_jobs, owner=self.hub.owner, now=now, until=now + timedelta(seconds=90), limit=JOBS_AT_ONCE
        )
        due = await store.read(due_orders, now, limit=PER_MERCHANT, per_merchant=PER_MERCHANT)
        await asyncio.gather(
            *(self.worker.run_job(job) for job in jobs),
            *(self.worker.run_order(merchant, order_id) for merchant, order_id, _ in due),
        )
        return True


@contextlib.asynccontextmanager
async def open_store(*, batched: bool) -> AsyncIterator[Store]:
    """Give an empty store on a file of SQLite that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder)}/hub.db"
        store = await Store.open(url, keys=Keyring.generate(), batched=batched)
        await store.create_tables()
        try:
            yield store
        finally:
            await store.close()


async def open_day(scene: Scene, store: Store, tape: Tape | None = None) -> Day:
    """Open the hub of a scene; every vendor call is written down on a tape."""
    if tape is not None:
        scene.ports = {name: tape.over(name, ports) for name, ports in scene.ports.items()}
    hub = await open_hub(scene, store, owner="benchmark")
    (merchant,) = hub.merchants
    return Day(scene=scene, hub=hub, worker=Worker(hub=hub, steps=STEPS, jobs=JOBS), merchant=merchant)


def a_scene(orders: int) -> Scene:
    """Return a day without faults whose orders are all placed at its first instant."""
    return Scene(1, orders, apart_s=0)


async def flow(orders: int, what: str, *, wire: Callable[[], Awaitable[None]] | None, floor: float) -> Figure:
    """Return how many orders a second go the whole way, of those of which only the vendor calls are made."""
    tape = Tape()

    async def ours() -> Rates:
        tape.calls = []
        scene = a_scene(orders)
        over_the_wire(scene, wire)
        async with open_store(batched=True) as store:
            day = await open_day(scene, store, tape)
            began = time.perf_counter()
            await day.to_the_end()
            taken = time.perf_counter() - began
            await _all_is_over(day)
        return {"per_s": orders / taken, "calls_per_order": len(tape.calls) / orders}

    async def base() -> Rates:
        scene = a_scene(orders)
        over_the_wire(scene, wire)
        scene.act()
        began = time.perf_counter()
        waiting = iter(tape.calls)
        await asyncio.gather(*(_again(waiting, scene.ports) for _ in range(PER_MERCHANT)))
        return {"per_s": orders / (time.perf_counter() - began)}

    await ours()  # the first round may begin with the bare calls
    return await compare(what, ours, base, floor=floor)


async def _again(waiting: Any, ports: Mapping[str, Ports]) -> None:
    for call in waiting:
        # A call may come before the one that it followed: it costs the same and is refused.
        with contextlib.suppress(HubError):
            await call(ports)


async def _all_is_over(day: Day) -> None:
    """Refuse a measurement in which an order was left behind.

    Raises:
        RuntimeError: one was.
    """
    stages = await day.hub.store.read(counts_by_stage, day.merchant)
    left = {stage.value: n for stage, n in stages.items() if stage.value not in _ENDS}
    if left or sum(stages.values()) != len(day.scene.world.orders()):
        raise RuntimeError(f"of {len(day.scene.world.orders())} orders these were not finished: {left}")


_ENDS = frozenset({"shipped", "delivered", "cancelled", "shipped_elsewhere", "on_hold"})


def over_the_wire(scene: Scene, wire: Callable[[], Awaitable[None]] | None) -> None:
    """Have every vendor call make one request: the world gives way twice in each call."""
    turns = count()

    async def every_other() -> None:
        if wire is not None and next(turns) % 2:
            await wire()

    if wire is not None:
        scene.world.meanwhile = every_other


@contextlib.asynccontextmanager
async def a_wire() -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Serve an empty answer from another process, and give the call that asks for it."""
    here, there = Pipe()
    process = get_context("spawn").Process(target=_serve, args=(there,))
    process.start()
    there.close()
    url = f"http://127.0.0.1:{here.recv()}/"
    try:
        async with aiohttp.ClientSession() as http:

            async def ask() -> None:
                async with http.get(url) as answer:
                    await answer.read()

            yield ask
    finally:
        here.send("stop")
        process.join()


def _serve(pipe: Connection) -> None:
    asyncio.run(_serve_until_told(pipe))


async def _serve_until_told(pipe: Connection) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pipe.send(runner.addresses[0][1])
    await asyncio.to_thread(pipe.recv)
    await runner.cleanup()


async def committing(seconds: float) -> Figure:
    """Return how many commits a second are made in groups, of those in a transaction each."""
    ours, base = (partial(_commit_for, seconds, batched=batched) for batched in (True, False))
    return await compare("commits in groups / one by one", ours, base)


async def _commit_for(seconds: float, *, batched: bool) -> Rates:
    scene = a_scene(1)
    scene.act()
    async with open_store(batched=batched) as store:
        began = time.perf_counter()
        commits = await asyncio.gather(*(_commit(store, scene, began + seconds) for _ in range(PER_MERCHANT)))
        taken = time.perf_counter() - began
        transactions = store.db.transactions - 1  # the tables
    return {"per_s": sum(commits) / taken, "commits_per_transaction": sum(commits) / transactions}


async def _commit(store: Store, scene: Scene, until: float) -> int:
    """Make orders known and note a few things about each, until the time is over; return how many commits it took."""
    shop = next(shop for shop in scene.world.shops.values() if shop.orders)
    sample, now, commits = next(iter(shop.orders.values())).order, scene.clock.now(), 0
    while time.perf_counter() < until:
        name = str(next(_NAMES))
        create = NewOrder(connection="shop", external_id=name, number=name, placed_at=now)
        told = (Received(at=now, actor="channel", order=sample, needs=()),)
        commit = OrderCommit(
            merchant="seed", order_id=f"shop:{name}", at=now, create=create, happened=told, expect=0
        )
        followed = replace(commit, create=None, expect=None, happened=(Noted(at=now, text="measured"),))
        for one in (commit, *([followed] * NOTES)):
            commits += isinstance(await store.commit(one), Landed)
    return commits


def memory(orders: int) -> Figure:
    """Return what a process of its own takes, with all connectors loaded, before and after a day of orders."""
    with get_context("spawn").Pool(1) as pool:
        before, after, peak = pool.apply(_resident, (orders,))
    details = {"before_mb": before, "after_mb": after, "peak_mb": peak, "orders": float(orders)}
    return Figure(what="resident memory after / before the orders", ratio=after / before, details=details)


def _resident(orders: int) -> tuple[float, float, float]:
    from assembly import connectors  # noqa: PLC0415 - loads every vendor's SDK, in this process only

    connectors()
    before = _status_mb("VmRSS")
    asyncio.run(_a_day(orders))
    return before, _status_mb("VmRSS"), _status_mb("VmHWM")


async def _a_day(orders: int) -> None:
    async with open_store(batched=True) as store:
        day = await open_day(a_scene(orders), store)
        await day.to_the_end()
        await _all_is_over(day)


def _status_mb(key: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:")) / 1000
