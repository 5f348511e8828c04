"""Assembles the hub: the store, every merchant's connections, the web application, the worker and the clock."""

import asyncio
import contextlib
import hashlib
import importlib
import inspect
import logging
import os
import signal
import socket
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import sqlalchemy as sa
from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from pydantic import BaseModel

from core.clock import Clock, clock_of
from core.config import load
from core.config.environ import setting
from core.config.installation import Apps, apps
from core.config.merchant import ConnectionConfig, MerchantConfig
from core.engine.hub import Connections, Hub
from core.engine.queue import MemoryQueue, PostgresQueue, Queue
from core.engine.worker import AT_ONCE, Worker
from core.errors import ConfigError, HubError
from core.jobs import JOBS
from core.log import Redactor
from core.ports import Connection, Connector, Ports, Token, Tokens
from core.services.connecting import begin_work, connected
from core.steps import STEPS
from core.store.backlog import free_claims
from core.store.configs import save_config
from core.store.engine import Postgres
from core.store.quota import Limit, quota_of
from core.store.schema import upgrade
from core.store.sealing import Keyring
from core.store.single_instance import one_at_a_time, single_instance
from core.store.store import Store
from core.store.vault import StaticTokens, VaultTokens
from scheduler import follow, scheduler_of, waker_of
from web.app import build
from web.context import Settings

LOG = logging.getLogger("crossdock.server")

ROOT = Path(__file__).resolve().parent
DATABASE_URL = "sqlite:///crossdock.db"
CONFIG = "crossdock.yaml"
STOP_WITHIN_S = 4.0
"""How long what is under way may take to end once the process is told to stop."""
BACKLOG = 1024


def connectors() -> dict[str, Connector]:
    """Return every connector: the folders of ``connectors/``, and of ``CROSSDOCK_CONNECTORS`` where it is set."""
    folders = [ROOT / "connectors"]
    extra = os.environ.get("CROSSDOCK_CONNECTORS")
    if extra:
        folders.append(Path(extra))
        sys.path.insert(0, str(Path(extra).parent))
    found: dict[str, Connector] = {}
    for folder in folders:
        for place in sorted(p for p in folder.iterdir() if (p / "__init__.py").is_file()):
            module = importlib.import_module(f"{folder.name}.{place.name}")
            if isinstance(getattr(module, "CONNECTOR", None), Connector):
                found[module.CONNECTOR.key] = module.CONNECTOR
    return found


def configs(environ: Mapping[str, str], known: Mapping[str, Connector]) -> tuple[MerchantConfig, ...]:
    """Return every merchant's configuration; each error says file, line and column."""
    path = Path(setting(environ, "CROSSDOCK_CONFIG") or CONFIG)
    if not path.exists():
        raise ConfigError(f"{path}: no such file; copy crossdock.example.yaml or set CROSSDOCK_CONFIG")
    settings: dict[str, type[BaseModel]] = {key: connector.settings for key, connector in known.items()}
    return load(path, environ, settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What all merchants of this installation share."""

    store: Store
    keys: Keyring
    clock: Clock
    connectors: Mapping[str, Connector]
    apps: Mapping[str, Mapping[str, str]]


def connections_of(installation: Installation, config: MerchantConfig) -> Connections:
    """Return what a merchant's connections can do: each built with its tokens, quotas and endpoints."""
    ports = {name: _ports(installation, config, one) for name, one in config.connections.items()}
    return Connections(
        config=config,
        ports=ports,
        connectors={name: installation.connectors[c.use] for name, c in config.connections.items()},
    )


def _ports(installation: Installation, merchant: MerchantConfig, config: ConnectionConfig) -> Ports:
    connector = installation.connectors[config.use]
    built: list[Ports] = []
    tokens: Tokens
    if config.token is not None:
        tokens = StaticTokens(config.token, connection=config.name)
    else:
        tokens = tokens_of(installation, merchant.merchant, config.name, built)
    connection = Connection(
        merchant=merchant.merchant,
        name=config.name,
        settings=config.with_,
        app=installation.apps.get(config.use, {}),
        endpoints=config.endpoints,
        tokens=tokens,
        quota=quota_of(
            installation.store.db,
            merchant=merchant.merchant,
            app=config.use,
            connection=config.name,
            limits={
                name: Limit(rate_per_s=rate, burst=burst) for name, (rate, burst) in connector.limits.items()
            },
            clock=installation.clock,
        ),
        clock=installation.clock,
    )
    built.append(connector.build(connection))
    return built[0]


def tokens_of(
    installation: Installation, merchant: str, connection: str, built: Sequence[Ports] = ()
) -> VaultTokens:
    """Return the vault's token of a connection; it is renewed by the connection's own authorizer."""

    async def refresh(token: Token) -> Token:
        authorizer = built[0].authorizer if built else None
        if authorizer is None:
            raise ConfigError(f"{connection} has no authorizer: nothing renews its token")
        return await authorizer.refresh(token)

    return VaultTokens(
        installation.store.db,
        installation.keys,
        clock=installation.clock,
        merchant=merchant,
        connection=connection,
        refresh=refresh,
    )


def keyring_of(environ: Mapping[str, str], database_url: str) -> Keyring:
    """Return the keys that seal; with SQLite and none given, they lie in a file beside the database.

    A newcomer can start with nothing; whoever runs on PostgreSQL must name keys, for several machines share them.
    """
    if setting(environ, "CROSSDOCK_SECRET_KEYS") or not database_url.startswith("sqlite"):
        return Keyring.from_environ(environ)
    file = Path(database_url.partition("///")[2]).with_suffix(".keys")
    if not file.exists():
        fresh = Keyring.generate()
        file.touch(mode=0o600)
        file.write_text(fresh.text(), encoding="ascii")
        LOG.warning("new keys written to %s; keep a copy: without them no stored token opens again", file)
    return Keyring.from_environ({"CROSSDOCK_SECRET_KEYS": file.read_text(encoding="ascii").strip()})


def database_url(environ: Mapping[str, str]) -> str:
    """Return the database that is meant: by default a file of SQLite in this folder."""
    return setting(environ, "CROSSDOCK_DATABASE_URL") or DATABASE_URL


@contextlib.asynccontextmanager
async def open_hub(
    environ: Mapping[str, str] = os.environ, redactor: Redactor | None = None
) -> AsyncIterator[tuple[Hub, Installation]]:
    """Open the store (brought up to date first) and every merchant's connections; ``redactor`` learns every secret."""
    url = database_url(environ)
    known = connectors()
    loaded = configs(environ, known)
    credentials = apps(environ, {key: c.app_keys for key, c in known.items()})
    keys = keyring_of(environ, url)
    if redactor is not None:
        redactor.hide(*_secrets(url, keys, credentials, loaded))
    async with _up_to_date(url):
        await upgrade(url)
    store = await Store.open(url, keys=keys)
    installation = Installation(
        store=store, keys=keys, clock=clock_of(environ), connectors=known, apps=credentials
    )
    owner = f"{os.uname().nodename}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    hub = Hub(store=store, clock=installation.clock, owner=owner)
    try:
        for config in loaded:
            hub.merchants[config.merchant] = connections_of(installation, config)
            await store.write(save_config, config.merchant, config.digest, config.text, now=hub.clock.now())
        yield hub, installation
    finally:
        await _close(hub)
        await store.close()


def _secrets(
    url: str, keys: Keyring, credentials: Apps, loaded: Sequence[MerchantConfig]
) -> Iterator[str | None]:
    """Yield everything that must never be read in a log."""
    yield sa.make_url(url).password
    yield from keys.text().split(",")
    for app in credentials.values():
        # An id of ours says nothing; short words of a region or a queue would tear other lines apart.
        yield from (value for key, value in app.items() if "secret" in key or "key" in key)
    for config in loaded:
        yield from config.secrets


@contextlib.asynccontextmanager
async def _up_to_date(url: str) -> AsyncIterator[None]:
    """Let one process at a time prepare the database.

    Raises:
        ConfigError: the database does not answer, or is no database.
    """
    try:
        async with one_at_a_time(url):
            yield
    except (OSError, sa.exc.SQLAlchemyError, asyncpg.PostgresError) as error:
        place = url.rpartition("@")[2]
        raise ConfigError(
            f"the database at {place} cannot be used ({type(error).__name__}); check CROSSDOCK_DATABASE_URL"
        ) from error


async def _close(hub: Hub) -> None:
    for connections in hub.merchants.values():
        for ports in connections.ports.values():
            ended = ports.close() if ports.close is not None else None
            if inspect.isawaitable(ended):
                await ended


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
        async with open_hub(environ, redactor) as (hub, installation), contextlib.AsyncExitStack() as running:
            async with _up_to_date(url):
                queue = await open_queue(hub, url)
            delivering = await running.enter_async_context(_work(hub, queue, role))
            for merchant in hub.merchants:
                await begin_work(hub, merchant, public_url)
            if listening is not None:
                settings = Settings(
                    public_url=public_url,
                    secret=hashlib.sha256(b"cookies" + installation.keys.current.secret).digest(),
                    connected=_on_connected(hub, installation, public_url),
                )
                await running.enter_async_context(_site(build(hub, settings), listening))
            LOG.info("crossdock serves %s at %s (%s)", ", ".join(hub.merchants), public_url, role)
            await _until_told(delivering)


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
