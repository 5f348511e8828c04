"""Runs a process of the hub: the web application, the worker and the clock on what ``assembly`` opens."""

import asyncio
import contextlib
import hashlib
import logging
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from functools import partial
from typing import Any, ParamSpec

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from assembly import database_url, open_hub, up_to_date
from core.config.environ import setting
from core.engine.hub import Hub
from core.engine.measured import measured_jobs, measured_steps
from core.engine.opening import Installation, tokens_of
from core.engine.places import AT_ONCE
from core.engine.process_name import died_here
from core.engine.queue import MemoryQueue, PostgresQueue, Queue
from core.engine.session import begin_session, end_session
from core.engine.worker import Worker
from core.errors import ConfigError, HubError
from core.jobs import JOBS
from core.log import Redactor
from core.ports import Token
from core.services.connecting import begin_work, connected
from core.steps import STEPS
from core.store.backlog import free_claims
from core.store.engine import Postgres
from core.store.failures import DATABASE_ERRORS, is_infrastructure, may_pass, name_of
from core.store.processes import end_process, living
from core.store.sealing import Key
from core.store.single_instance import single_instance
from core.store.startup import StartAgain, wait_for_database
from core.telemetry import spans_of
from scheduler import follow, look_when_stirred, mind_the_clock, scheduler_of, stop, ticks_of
from web.app import build, build_monitor
from web.context import Settings
from web.door.limits import Limits, limits_of
from web.door.listening import HOST, listen, listen_at_last, refuse_meanwhile
from web.door.server import open_door
from web.health import metrics_token

LOG = logging.getLogger("crossdock.server")

P = ParamSpec("P")

STOP_WITHIN_S = 4.0
"""How long what is under way may take to end once the process is told to stop."""
DRAIN = "CROSSDOCK_DRAIN_S"
LONGEST_DRAIN_S = 60.0
SPANS_WITHIN_S = 2.0
_ANSWERS = ("all", "web")
"""The roles that answer vendors, browsers and programs; the others answer a monitor, where they are given a port."""


async def serve(
    *,
    role: str,
    port: int,
    monitor_port: int | None = None,
    environ: Mapping[str, str] = os.environ,
    redactor: Redactor | None = None,
) -> None:
    """Run a process of the hub until it is told to stop.

    Raises:
        ConfigError: a file is wrong, address or port cannot be listened on, or another process has the database for itself.
    """
    url = database_url(environ)
    if role != "all" and url.startswith("sqlite"):
        raise ConfigError(f"--role {role} shares its work with other processes: that needs PostgreSQL")
    public_url = (setting(environ, "CROSSDOCK_PUBLIC_URL") or f"http://127.0.0.1:{port}").rstrip("/")
    limits, monitor, drain_s = limits_of(environ), metrics_token(environ), drain_s_of(environ)
    if redactor is not None:
        redactor.hide(monitor)
    with single_instance(url), _port(environ, port if role in _ANSWERS else monitor_port) as listening:
        async with contextlib.AsyncExitStack() as opened, contextlib.AsyncExitStack() as running:
            hub, installation, queue = await _opened(opened, url, environ, redactor)
            hub.role = role
            opened.callback(_measure(hub, environ))
            delivering = await running.enter_async_context(working(hub, queue))
            for merchant in hub.merchants:
                await _patiently(begin_work, hub, merchant, public_url)
            if listening is not None:
                settings = _settings(hub, installation, public_url, limits, monitor)
                app = build(hub, settings) if role in _ANSWERS else build_monitor(hub, settings)
                # A monitor is answered until the work has ended; nobody else is, once it is to end.
                answering = running if role in _ANSWERS else opened
                listen_at_last(listening)
                await answering.enter_async_context(
                    open_door(app, listening, limits, stop_within_s=STOP_WITHIN_S)
                )
            LOG.info("crossdock serves %s at %s (%s)", ", ".join(hub.merchants), public_url, role)
            await _until_told(delivering)
            await _drain(hub, drain_s)


def _measure(hub: Hub, environ: Mapping[str, str]) -> Callable[[], None]:
    """Begin to measure; return what sends the last spans, within a moment, if any are sent at all."""
    hub.store.measure_commits(hub.telemetry.commit)
    spans = spans_of(environ, hub.owner, hub.role)
    if spans is None:
        return lambda: None
    hub.telemetry.tracer = spans.tracer

    def end() -> None:
        # Of its own, and not waited for long: a collector that is away must not keep a process from its end.
        sending = threading.Thread(target=spans.end, daemon=True)
        sending.start()
        sending.join(SPANS_WITHIN_S)

    return end


def drain_s_of(environ: Mapping[str, str]) -> float:
    """Return how long (seconds) a process that was told to end still answers while it is not ready.

    Raises:
        ConfigError: that is no such number.
    """
    text = setting(environ, DRAIN) or "0"
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_DRAIN_S:
        raise ConfigError(f"{DRAIN}: {text!r} is no number of seconds from 0 to {LONGEST_DRAIN_S:g}")
    return seconds


async def _drain(hub: Hub, seconds: float) -> None:
    """Be no longer ready; whoever answers others goes on for a moment, until a load balancer sends it nobody any more."""
    hub.health.troubles["this process"] = "it was told to end"
    if hub.role in _ANSWERS:
        await asyncio.sleep(seconds)


def _settings(
    hub: Hub, installation: Installation, public_url: str, limits: Limits, monitor: str | None
) -> Settings:
    return Settings(
        public_url=public_url,
        secret=_cookies_of(installation.keys.current),
        older_secrets=lambda: [_cookies_of(key) for key in installation.keys.keys],
        connected=_on_connected(hub, installation, public_url),
        metrics_token=monitor,
        limits=limits,
    )


async def _opened(
    opened: contextlib.AsyncExitStack, url: str, environ: Mapping[str, str], redactor: Redactor | None
) -> tuple[Hub, Installation, Queue]:
    """Open the hub and its queue; once more where the database answers and failed meanwhile: cut off, full, read-only.

    Raises:
        ConfigError: the database still refuses after a minute, or is no database of ours.
    """
    again = StartAgain()
    while True:
        answers = await wait_for_database(url)
        try:
            hub, installation = await opened.enter_async_context(open_hub(environ, redactor, serves=True))
            async with up_to_date(url):
                return hub, installation, await open_queue(hub, url)
        except (ConfigError, *DATABASE_ERRORS) as error:
            await opened.aclose()
            cause = error.__cause__ if isinstance(error, ConfigError) else error
            if not answers or cause is None or not may_pass(cause):
                raise
        await again.wait(name_of(cause))


async def _patiently(begin: Callable[P, Awaitable[None]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Do what a start needs, again where the database was cut off in the middle: it may be done twice."""
    again = StartAgain()
    while True:
        try:
            return await begin(*args, **kwargs)
        except DATABASE_ERRORS as error:
            if not is_infrastructure(error):
                raise
            failed = name_of(error)
        await again.wait(failed)


def _cookies_of(key: Key) -> bytes:
    """Return what signs cookies while a key is the first."""
    return hashlib.sha256(b"cookies" + key.secret).digest()


@contextlib.contextmanager
def _port(environ: Mapping[str, str], port: int | None) -> Iterator[socket.socket | None]:
    """Take the port before anything else begins, so that a second start does nothing; nobody is answered there yet."""
    if port is None:
        yield None
        return
    with listen(environ.get(HOST) or "127.0.0.1", port) as listening:
        refuse_meanwhile(listening)
        yield listening


def _on_connected(
    hub: Hub, installation: Installation, public_url: str
) -> Callable[[str, str, Token], Awaitable[None]]:
    async def saved(merchant: str, connection: str, token: Token) -> None:
        await tokens_of(installation, merchant, connection).save(token)
        await connected(hub, merchant, connection, public_url)

    return saved


async def open_queue(hub: Hub, url: str) -> Queue:
    """Return the queue of the database's kind, joined to the store's commits."""
    queue: Queue
    if isinstance(hub.store.db, Postgres):
        queue = await PostgresQueue.open(url, hub.store.db, hub.health, at_once=AT_ONCE)
        hub.store.in_transaction(queue.wake_in)
        return queue
    memory = MemoryQueue.open(at_once=AT_ONCE)
    hub.store.on_wake(memory.wake_soon)
    # One process: whoever held a claim before this start is dead.
    await hub.store.write(free_claims)
    return memory


@contextlib.asynccontextmanager
async def working(hub: Hub, queue: Queue) -> AsyncIterator[asyncio.Task[None] | None]:
    """Do what a role does besides answering; gives the task that takes wake-ups off the queue, if there is one."""
    worker = Worker(steps=measured_steps(STEPS), hub=hub, jobs=measured_jobs(JOBS), queue=queue)
    delivering: asyncio.Task[None] | None = None
    await _patiently(_end_who_died_here, hub)
    await begin_session(hub)
    if hub.role in ("all", "worker"):
        queue.register(worker.woken)
        delivering = asyncio.create_task(queue.run())
    clock = scheduler_of(ticks_of(worker))
    clock.start()
    following = [asyncio.create_task(look) for look in _looks(worker, clock)]
    for task in following:
        task.add_done_callback(partial(_say_why, hub))
    try:
        yield delivering
    finally:
        await stop(clock)
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        await _end(delivering, worker)
        await end_session(hub)


async def _end_who_died_here(hub: Hub) -> None:
    """Free at once what processes held that died on this machine: one that is started again need not wait for itself."""
    for owner in await hub.store.read(living):
        if died_here(owner, hub.owner):
            await hub.store.write(end_process, owner)


def _looks(worker: Worker, clock: AsyncIOScheduler) -> Iterator[Coroutine[Any, Any, None]]:
    """Yield what looks for news between the ticks, by the role of the process."""
    yield mind_the_clock(clock)
    if worker.hub.role == "web":
        return
    works = worker.hub.role != "scheduler"
    yield follow(worker, works=works)
    if works:
        yield look_when_stirred(worker)


def _say_why(hub: Hub, following: asyncio.Task[None]) -> None:
    """Say why news is no longer looked for, where nobody told it to end; the process is not ready from then on."""
    error = None if following.cancelled() else following.exception()
    if error is not None:
        hub.health.troubles["the clock"] = "it is no longer followed; start this process anew"
        LOG.error("the clock is no longer followed; start this process anew", exc_info=error)


async def _end(delivering: asyncio.Task[None] | None, worker: Worker) -> None:
    """Let what runs come to its end for a moment, then stop it: whatever is cut off is looked up at the next start."""
    if delivering is not None:
        delivering.cancel()
    await worker.stop_listening()
    running = (delivering, *worker.jobs_running.values(), *worker.orders_running.values())
    tasks = {task for task in running if task is not None}
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=STOP_WITHIN_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_told(delivering: asyncio.Task[None] | None) -> None:
    """Wait for a signal.

    Raises:
        HubError: the queue ended by itself; a process that takes no wake-ups is better started anew.
    """
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, told.set)
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait({waiting, *([delivering] if delivering else [])}, return_when=asyncio.FIRST_COMPLETED)
    if waiting.done():
        return
    waiting.cancel()
    raise HubError("the queue of wake-ups ended; is the database still there?")
