"""Whole processes on one PostgreSQL: connections are cut, workers are stopped and killed, and orders go on.

The vendor of ``STANDS_STILL`` does not answer whoever first asks for an order, and writes down who that was.
"""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa

from assembly import open_hub
from connectors.bogus.webhooks import HEADER, signature_of
from core.model.notification import Notification, NotificationKind
from core.store.engine import Postgres
from core.store.jobs import list_jobs
from core.store.orders import facts_of
from core.store.processes import GONE_AFTER
from core.store.tables import processes
from tests.core.test_lost_connections import cut
from tests.databases import fresh_database
from tests.installed import MERCHANT, SECRET, free_port, installed
from tests.test_server import CLI, ended, ready, serving

ORDERS = ("kk-1", "kk-2", "kk-3")
STANDS_STILL = '''
import asyncio
import os
from dataclasses import replace
from pathlib import Path

from connectors.bogus import CONNECTOR as BOGUS
from connectors.bogus.client import world_named
from core.model.stock import Listing
from simulation.shoppers import Cart, place
from tests.builders import home

FOLDER = Path(__file__).parent


class Channel:
    """A shop that keeps whoever first asks for an order waiting, until it is told to go on."""

    def __init__(self, shop):
        self._shop = shop

    def __getattr__(self, name):
        return getattr(self._shop, name)

    async def fetch_order(self, order_id):
        try:
            with (FOLDER / f"{order_id}.asked").open("x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            return await self._shop.fetch_order(order_id)
        while order_id != "kk-1" and not (FOLDER / f"{order_id}.go").exists():
            await asyncio.sleep(0.05)
        return await self._shop.fetch_order(order_id)


def build(connection):
    """Every process has the same orders in its own world."""
    ports = BOGUS.build(connection)
    world = world_named("main", connection.clock)
    shop = world.shop("shop")
    if not shop.orders:
        shop.listings["CHEF-8"] = Listing(listing="CHEF-8", sku="CHEF-8", title="Chef knife")
        for number in (1, 2, 3):
            lines = (("CHEF-8", 1, 6997),)
            place(world, "shop", Cart(number=f"KK-{number}", lines=lines, ship_to=home(), email="k@example.test"))
    return replace(ports, channel=ports.channel and Channel(ports.channel))


CONNECTOR = replace(BOGUS, key="still", build=build)
'''


class Fleet:
    """The processes, and the database as an outsider sees it."""

    def __init__(self, folder: Path, url: str, database: str) -> None:
        self.folder, self.url, self.db = folder, url, Postgres(database)
        self.children: dict[int, Process] = {}

    async def sold(self, subject: str) -> None:
        """Tell the web process of an order; it may be asked again, as a channel does."""
        note = Notification(event_id=subject, kind=NotificationKind.ORDER, topic="order", subject=subject)
        body = note.model_dump_json().encode()
        async with aiohttp.ClientSession() as http:
            while True:
                async with http.post(
                    f"{self.url}/webhooks/{MERCHANT}/shop",
                    data=body,
                    headers={HEADER: signature_of(SECRET, body)},
                ) as answer:
                    if answer.status == 200:
                        return
                await asyncio.sleep(0.2)

    async def asked(self, subject: str) -> Process:
        """Return the worker that was kept waiting with an order."""
        file = self.folder / f"{subject}.asked"
        await until(lambda: _true(file.exists() and file.read_text()))
        return self.children[int(file.read_text())]

    async def known(self, subject: str) -> list[str]:
        """Return the kinds of an order's facts once its payment is checked."""
        kinds: list[str] = []

        async def checked() -> bool:
            kinds[:] = [fact.kind for fact in await self.db.read(facts_of, MERCHANT, f"shop:{subject}")]
            return "payment_checked" in kinds

        await until(checked)
        return kinds

    async def spoke(self, child: Process) -> datetime:
        """Return when a process last said that it lives."""
        theirs = processes.c.owner.like(f"%-{child.pid}-%")
        return await self.db.read(
            lambda conn: conn.execute(sa.select(processes.c.beat_at).where(theirs)).scalar_one()
        )

    async def lives(self) -> list[str]:
        """Return the roles of the processes that spoke within the last seconds, by the database's clock."""
        now = await self.db.now()
        return sorted(
            await self.db.read(
                lambda conn: list(
                    conn.scalars(sa.select(processes.c.role).where(processes.c.beat_at >= now - GONE_AFTER))
                )
            )
        )


async def _true(value: object) -> object:
    return value


async def until(true: Callable[[], Awaitable[object]], within_s: float = 60.0) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + within_s
    while not await true():
        assert loop.time() < end, "it never came"
        await asyncio.sleep(0.1)


async def open_shop(environ: Mapping[str, str]) -> None:
    """Bring the database up, so that four processes start at once on it."""
    async with open_hub(environ):
        pass


@pytest.mark.case("F7", "F10", "F16")
@pytest.mark.req("R02", "R42")
async def test_every_role_gets_over_lost_connections_and_a_stopped_and_a_killed_worker_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "vendors" / "still"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(STANDS_STILL, encoding="utf-8")
    monkeypatch.setenv("CROSSDOCK_CONNECTORS", str(tmp_path / "vendors"))
    async with fresh_database("postgres", tmp_path) as database:
        environ = installed(tmp_path, database=database, use="still") | {
            "CROSSDOCK_CONNECTORS": str(tmp_path / "vendors"),
            "PYTHONPATH": str(CLI.parent),
        }
        await open_shop(environ)
        port = free_port()
        fleet = Fleet(place, f"http://127.0.0.1:{port}", database)
        async with contextlib.AsyncExitStack() as running:
            for role in ("web", "worker", "worker", "scheduler"):
                child = await running.enter_async_context(
                    serving(environ, "--role", role, "--port", str(port))
                )
                fleet.children[child.pid] = child
            await gets_over_cuts(fleet, database)
            killed = await gets_over_workers(fleet)
            left = [child for child in fleet.children.values() if child is not killed]
            for child in left:
                child.send_signal(signal.SIGTERM)
            ends = await asyncio.gather(*(ended(child, 30) for child in left))
        await fleet.db.close()
    assert [code for code, _ in ends] == [0, 0, 0]


async def gets_over_cuts(fleet: Fleet, database: str) -> None:
    """Cut every connection of every role; the next order goes its way, and all four live on."""
    everybody = ["scheduler", "web", "worker", "worker"]

    async def all_live() -> bool:
        return await fleet.lives() == everybody

    await ready(fleet.url, 120)
    await until(all_live, 120)
    assert await cut(database) >= 4
    for _ in range(2):
        await asyncio.sleep(0.3)
        await cut(database)
    at = datetime.now(UTC)
    await fleet.sold("kk-1")
    kinds = await fleet.known("kk-1")
    assert [kinds.count(kind) for kind in ("received", "payment_checked")] == [1, 1]
    await until(all_live)
    assert [child.returncode for child in fleet.children.values()] == [None] * 4
    await ready(fleet.url)
    assert datetime.now(UTC) - at < timedelta(seconds=60)


async def gets_over_workers(fleet: Fleet) -> Process:
    """Stop a worker in the middle of a fetch, let it wake when another did it, and kill one; return that."""
    await fleet.sold("kk-2")
    stopped = await fleet.asked("kk-2")
    os.kill(stopped.pid, signal.SIGSTOP)
    before = await fleet.known("kk-2")
    (fleet.folder / "kk-2.go").touch()
    os.kill(stopped.pid, signal.SIGCONT)

    await fleet.sold("kk-3")
    killed = await fleet.asked("kk-3")
    spoke = await fleet.spoke(killed)
    os.kill(killed.pid, signal.SIGKILL)
    kinds = await fleet.known("kk-3")

    # Free within ten seconds of its last word, and done as soon as this machine comes to it. The claim of an order
    # would have lasted 90 seconds, that of a job 180.
    assert await fleet.db.now() - spoke < timedelta(seconds=45)
    for told in (before, kinds, await fleet.known("kk-2")):
        assert [told.count(kind) for kind in ("received", "payment_checked")] == [1, 1]
    assert [job.kind for job in await fleet.db.read(list_jobs, MERCHANT) if job.parked_at] == []
    return killed
