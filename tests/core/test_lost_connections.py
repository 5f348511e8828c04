"""A connection to PostgreSQL is lost: the same process goes on with another one, and nothing is lost."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from unittest.mock import Mock

import asyncpg
import pytest
import sqlalchemy as sa

from core.clock import SystemClock
from core.engine.hub import Health, Hub
from core.engine.queue import WAKE_UPS, PostgresQueue
from core.engine.session import begin_session, tick_session
from core.engine.worker import Worker
from core.errors import ConfigError
from core.jobs import JOBS
from core.steps import STEPS
from core.store.engine import Postgres
from core.store.startup import StartAgain, wait_for_database
from scheduler import Tick, mind_the_clock, scheduler_of, ticks_of
from server import _opened, _port
from tests.core.store.conftest import open_store
from tests.databases import fresh_database
from web.door.listening import listen_at_last

pytestmark = pytest.mark.case("F10")


async def cut(url: str) -> int:
    """End every other connection of a database; return how many."""
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)
    count: int = await connection.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()
    return count


async def until(true: Callable[[], object], within_s: float = 20.0) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.01)


def one(conn: sa.Connection) -> int:
    return int(conn.execute(sa.text("SELECT 1")).scalar_one())


async def test_a_cut_connection_is_replaced_where_nothing_of_the_transaction_landed(tmp_path: Path) -> None:
    async with fresh_database("postgres", tmp_path) as url:
        db = Postgres(url)
        await asyncio.gather(*(db.read(one) for _ in range(4)))
        assert await cut(url) >= 1
        assert await asyncio.gather(*(db.read(one) for _ in range(4))) == [1, 1, 1, 1]
        assert await cut(url) >= 1
        assert await db.write(one) == 1
        await db.close()


class Orders:
    """What looks at orders; one of them takes until it is told to end."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.ended: list[str] = []
        self.go = asyncio.Event()

    async def advance(self, _merchant: str, order_id: str) -> None:
        self.seen.append(order_id)
        if order_id == "slow":
            await self.go.wait()
        self.ended.append(order_id)


class Told(Health):
    """What a process said of itself, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def lost(self, what: str, why: str) -> None:
        self.said.append(f"{what} lost")
        super().lost(what, why)

    def found(self, what: str) -> None:
        self.said.append(f"{what} found")
        super().found(what)


@asynccontextmanager
async def delivering(url: str, db: Postgres) -> AsyncIterator[tuple[PostgresQueue, Orders]]:
    queue, orders = await PostgresQueue.open(url, db, Told(), at_once=48), Orders()
    queue.register(orders.advance)
    running = asyncio.create_task(queue.run())
    try:
        yield queue, orders
    finally:
        orders.go.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await db.close()


async def test_wake_ups_are_delivered_again_after_each_cut_and_what_runs_meanwhile_goes_on(
    tmp_path: Path,
) -> None:
    async with fresh_database("postgres", tmp_path) as url, delivering(url, Postgres(url)) as (queue, orders):
        await queue.wake([("kendra", "slow", 1)])
        await until(lambda: orders.seen == ["slow"])
        for number in range(2):
            assert await cut(url) >= 1
            await queue.wake([("kendra", f"quick-{number}", 1)])
            await until(lambda: len(orders.ended) == number + 1)  # noqa: B023
            assert queue.health.troubles == {}
        assert orders.ended == ["quick-0", "quick-1"]
        assert isinstance(queue.health, Told)
        assert queue.health.said[:3] == [f"{WAKE_UPS} found", f"{WAKE_UPS} lost", f"{WAKE_UPS} found"]

        orders.go.set()
        await until(lambda: orders.ended[2:] == ["slow"])


async def test_a_process_that_only_wakes_wakes_after_a_cut(tmp_path: Path) -> None:
    async with fresh_database("postgres", tmp_path) as url, delivering(url, Postgres(url)) as (_, orders):
        db = Postgres(url)
        waker = await PostgresQueue.open(url, db, Health(), at_once=48)
        await waker.wake([("kendra", "before", 1)])
        await until(lambda: orders.ended == ["before"])
        await cut(url)
        await waker.wake([("kendra", "after", 1)])
        await until(lambda: orders.ended == ["before", "after"])
        await db.close()


def hub_with(role: str, tmp_path: Path) -> Hub:
    del tmp_path
    return Hub(store=None, clock=SystemClock(), owner="w1", role=role)  # type: ignore[arg-type]


HOURLY = ("old-deliveries", "old-requests", "retention", "forgotten")


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("web", ["session"]),
        ("scheduler", ["session", "orders", *HOURLY]),
        ("worker", ["session", "jobs", "claims", "orders", *HOURLY]),
        ("all", ["session", "jobs", "claims", "orders", *HOURLY]),
    ],
)
def test_every_role_says_that_it_lives(role: str, names: list[str], tmp_path: Path) -> None:
    worker = Worker(hub=hub_with(role, tmp_path), steps=STEPS, jobs=JOBS)

    assert [each.name for each in ticks_of(worker)] == names


@pytest.mark.parametrize(
    "error", [OSError("cut"), sa.exc.InterfaceError("", {}, OSError()), KeyError("ours")]
)
async def test_a_tick_that_fails_comes_again(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.LONGEST_WAIT_S", 0.001)
    came: list[int] = []

    async def act() -> None:
        came.append(1)
        if len(came) < 3:
            raise error

    clock = scheduler_of([Tick("one", 0.001, act)])
    clock.start()
    await until(lambda: len(came) > 4)
    clock.shutdown(wait=False)


async def test_a_process_is_not_ready_while_its_database_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store("sqlite", tmp_path, batched=True) as store:
        hub = Hub(store=store, clock=SystemClock(), owner="w1")
        await begin_session(hub)
        with monkeypatch.context() as patched:
            patched.setattr("core.engine.session.beat", _full)
            with pytest.raises(OSError, match="disk"):
                await tick_session(hub)
            assert hub.health.troubles == {"database": "it does not answer (OSError)"}

        await tick_session(hub)

        assert hub.health.troubles == {}


def _full(*_: object) -> None:
    raise OSError(28, "the disk is full")


class Refusing:
    """Connects to a database that comes up after a while, or fails some other way."""

    def __init__(self, *answers: BaseException | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def connect(self, *_: object, **__: object) -> "Refusing":
        self.asked += 1
        answer = self.answers.pop(0)
        if answer is not None:
            raise answer
        return self

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([ConnectionRefusedError(), asyncpg.CannotConnectNowError("starting up"), None], 3),
        ([None], 1),
        ([socket.gaierror(-2, "Name or service not known")], 1),
        ([asyncpg.InvalidPasswordError("no")], 1),
        ([asyncpg.InvalidCatalogNameError("no")], 1),
    ],
)
async def test_a_database_that_starts_is_waited_for_and_a_wrong_name_is_not(
    answers: list[BaseException | None], asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Refusing(*answers)
    monkeypatch.setattr(asyncpg, "connect", database.connect)

    assert await wait_for_database("postgresql+asyncpg://u@127.0.0.1/x") is True

    assert database.asked == asked


async def test_a_file_is_not_waited_for_nor_a_server_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Refusing(ConnectionRefusedError())
    monkeypatch.setattr(asyncpg, "connect", database.connect)
    monkeypatch.setattr("core.store.startup.START_WITHIN_S", 0)

    assert await wait_for_database("sqlite:///hub.db") is True
    assert database.asked == 0
    assert await wait_for_database("postgresql+asyncpg://u@127.0.0.1/x") is False
    assert database.asked == 1


class Opening:
    """Opens a hub, after some failures; and what was opened is closed."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.open = 0

    @asynccontextmanager
    async def __call__(self, *_: object, **__: object) -> AsyncIterator[tuple[Hub, None]]:
        self.open += 1
        try:
            if self.failures:
                raise self.failures.pop(0)
            yield Hub(store=None, clock=SystemClock(), owner="w1"), None  # type: ignore[arg-type]
        finally:
            self.open -= 1


def refused_by(error: Exception) -> ConfigError:
    """Return what a start says of a database that cannot be used."""
    refused = ConfigError("the database at 127.0.0.1/x cannot be used")
    refused.__cause__ = error
    return refused


async def _no_queue(*_: object) -> str:
    return "a queue"


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.CannotConnectNowError("the database system is shutting down"),
        sa.exc.DBAPIError("", {}, OSError(), connection_invalidated=True),
        asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"),
        asyncpg.DiskFullError("no space left on device"),
    ],
    ids=["shut down", "cut", "read-only", "full"],
)
async def test_a_start_that_is_cut_off_in_the_middle_begins_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = Opening(refused_by(error), error)
    monkeypatch.setattr("server.open_hub", opening)
    monkeypatch.setattr("server.open_queue", _no_queue)
    monkeypatch.setattr("core.store.startup.FIRST_WAIT_S", 0)

    async with AsyncExitStack() as opened:
        hub, _, queue = await _opened(opened, "sqlite:///hub.db", {}, None)
        assert (hub.owner, str(queue), opening.open) == ("w1", "a queue", 1)

    assert opening.open == 0


@pytest.mark.parametrize(
    "error",
    [
        refused_by(asyncpg.InvalidPasswordError("no")),
        refused_by(asyncpg.InvalidCatalogNameError("no such database")),
        ConfigError("crossdock.yaml:3: unknown key"),
        asyncpg.UndefinedTableError("a fault of ours"),
    ],
    ids=["a wrong password", "no such database", "a wrong file", "our code"],
)
async def test_a_start_that_waiting_does_not_mend_ends_at_once(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = Opening(error)
    monkeypatch.setattr("server.open_hub", opening)

    with pytest.raises(type(error)):
        async with AsyncExitStack() as opened:
            await _opened(opened, "sqlite:///hub.db", {}, None)

    assert (opening.failures, opening.open) == ([], 0)


async def test_a_start_that_is_tried_for_a_night_asks_every_five_seconds_and_says_so_every_thirty(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now, waits = [1000.0], list[float]()

    async def pass_s(wait_s: float) -> None:
        waits.append(wait_s)
        now[0] += wait_s

    monkeypatch.setattr("core.store.startup.asyncio", Mock(sleep=pass_s))
    monkeypatch.setattr("core.store.startup.asyncio.get_running_loop.return_value.time", lambda: now[0])
    again = StartAgain()

    while now[0] < 1100:
        await again.wait("ReadOnlySQLTransactionError")

    assert waits[:6] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert len(waits) == 23
    assert [record.getMessage() for record in caplog.records] == [
        "the database fails at the start (ReadOnlySQLTransactionError); tried again until it does not"
    ] * 4


async def test_a_hub_that_starts_refuses_connections_and_keeps_its_port(unused_tcp_port: int) -> None:
    host, port = "127.0.0.1", unused_tcp_port
    with _port({}, port) as listening:
        assert listening is not None
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(host, port)
        with socket.socket() as another, pytest.raises(OSError, match="in use"):
            another.bind((host, port))

        listen_at_last(listening)
        _, writer = await asyncio.open_connection(host, port)
        writer.close()


async def test_of_two_hubs_that_start_at_once_at_one_port_one_says_that_it_is_taken(
    unused_tcp_port: int,
) -> None:
    port = unused_tcp_port
    with _port({}, port) as first:
        assert first is not None
        with _port({}, port) as second:
            assert second is not None
            listen_at_last(second)
            with pytest.raises(ConfigError, match=f"port {port} of 127.0.0.1 cannot be used"):
                listen_at_last(first)


async def test_a_clock_that_is_set_back_by_an_hour_stops_no_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    """APScheduler keeps the instant of the next run, which would be an hour ahead."""
    monkeypatch.setattr("scheduler.CLOCK_EVERY_S", 0.001)
    came: list[int] = []

    async def act() -> None:
        came.append(1)

    clock = scheduler_of([Tick("hourly", 3600, act)])
    clock.start()
    minding = asyncio.create_task(mind_the_clock(clock))
    await asyncio.sleep(0.05)
    assert came == []
    real = time.time
    monkeypatch.setattr("scheduler.time.time", lambda: real() - 3600)
    await until(lambda: came == [1])
    minding.cancel()
    clock.shutdown(wait=False)
