"""Runs a process of the hub: the web application, the worker and the clock on what ``assembly`` opens."""

import asyncio
import contextlib
import hashlib
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from assembly import Installation, database_url, open_hub, tokens_of, up_to_date
from core.config.environ import setting
from core.engine.hub import Hub
from core.engine.queue import MemoryQueue, PostgresQueue, Queue
from core.engine.worker import AT_ONCE, Worker
from core.errors import ConfigError, HubError
from core.jobs import JOBS
from core.log import Redactor
from core.ports import Token
from core.services.connecting import begin_work, connected
from core.steps import STEPS
from core.store.backlog import free_claims
from core.store.engine import Postgres
from core.store.sealing import Key
from core.store.single_instance import single_instance
from scheduler import follow, scheduler_of, waker_of
from web.app import build
from web.context import Settings

LOG = logging.getLogger("crossdock.server")

STOP_WITHIN_S = 4.0
"""How long what is under way may take to end once the process is told to stop."""
BACKLOG = 1024


async def serve(
    *, role: str, port: int, environ: Mapping[str, str] = os.environ, redactor: Redactor | None = None
) -> None:
    """Run a process of the hub until it is told to stop.

    Raises:
        ConfigError: a file is wrong, the port is taken, or another process has the database for itself.
    """
    url = database_url(environ)
    if role != "all" and url.startswith("sqlite"):
        raise ConfigError(f"--role {role} shares its work with other processes: that needs PostgreSQL")
    public_url = (setting(environ, "CROSSDOCK_PUBLIC_URL") or f"http://127.0.0.1:{port}").rstrip("/")
    with single_instance(url), _port(port, wanted=role in ("all", "web")) as listening:
        async with (
            open_hub(environ, redactor, serves=True) as (hub, installation),
            contextlib.AsyncExitStack() as running,
        ):
            async with up_to_date(url):
                queue = await open_queue(hub, url)
            delivering = await running.enter_async_context(_work(hub, queue, role))
            for merchant in hub.merchants:
                await begin_work(hub, merchant, public_url)
            if listening is not None:
                settings = Settings(
                    public_url=public_url,
                    secret=_cookies_of(installation.keys.current),
                    older_secrets=lambda: [_cookies_of(key) for key in installation.keys.keys],
                    connected=_on_connected(hub, installation, public_url),
                )
                await running.enter_async_context(_site(build(hub, settings), listening))
            LOG.info("crossdock serves %s at %s (%s)", ", ".join(hub.merchants), public_url, role)
            await _until_told(delivering)


def _cookies_of(key: Key) -> bytes:
    """Return what signs cookies while a key is the first."""
    return hashlib.sha256(b"cookies" + key.secret).digest()


@contextlib.contextmanager
def _port(port: int, *, wanted: bool) -> Iterator[socket.socket | None]:
    """Take the port before anything else begins, so that a second start does nothing."""
    if not wanted:
        yield None
        return
    host = os.environ.get("CROSSDOCK_HOST", "127.0.0.1")
    try:
        listening = socket.create_server((host, port), backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"port {port} of {host} cannot be used ({error}); name another: --port N"
        ) from error
    with listening:
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
        queue = await PostgresQueue.open(url, at_once=AT_ONCE)
        hub.store.in_transaction(queue.wake_in)
        return queue
    memory = MemoryQueue.open(at_once=AT_ONCE)
    hub.store.on_wake(memory.wake_soon)
    # One process: whoever held a claim before this start is dead.
    await hub.store.write(free_claims)
    return memory


@contextlib.asynccontextmanager
async def _work(hub: Hub, queue: Queue, role: str) -> AsyncIterator[asyncio.Task[None] | None]:
    """Do what a role does besides answering; gives the task that takes wake-ups off the queue, if there is one."""
    worker = Worker(steps=STEPS, hub=hub, jobs=JOBS, queue=queue)
    delivering: asyncio.Task[None] | None = None
    clock: AsyncIOScheduler | None = None
    following: asyncio.Task[None] | None = None
    if role in ("all", "worker"):
        queue.register(worker.run_order)
        delivering, clock = asyncio.create_task(queue.run()), scheduler_of(worker)
    elif role == "scheduler":
        clock = waker_of(worker)
    if clock is not None:
        clock.start()
        following = asyncio.create_task(follow(worker, works=role != "scheduler"))
        following.add_done_callback(_say_why)
    try:
        yield delivering
    finally:
        if clock is not None:
            clock.shutdown(wait=False)
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        await _end(delivering, worker)
        if isinstance(queue, PostgresQueue):
            await queue.connection.close()


def _say_why(following: asyncio.Task[None]) -> None:
    """Say why a clock that is moved by hand is no longer followed, where nobody told it to end."""
    error = None if following.cancelled() else following.exception()
    if error is not None:
        LOG.error("the clock is no longer followed; start this process anew", exc_info=error)


async def _end(delivering: asyncio.Task[None] | None, worker: Worker) -> None:
    """Let what runs come to its end for a moment, then stop it: whatever is cut off is looked up at the next start."""
    if delivering is not None:
        delivering.cancel()
    await worker.stop_listening()
    tasks = {task for task in (delivering, *worker.jobs_running.values()) if task is not None}
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=STOP_WITHIN_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def _site(app: web.Application, listening: socket.socket) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=STOP_WITHIN_S)
    await runner.setup()
    await web.SockSite(runner, listening, backlog=BACKLOG).start()
    try:
        yield
    finally:
        await runner.cleanup()


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
