"""Whole processes: how a hub starts, refuses to start, shares its work, and stops."""

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

import cli
from assembly import open_hub
from connectors.bogus.webhooks import HEADER, signature_of
from core.domain.state import Stage
from core.model.notification import Notification, NotificationKind
from core.model.products import Product
from core.model.stock import Listing
from core.store.links import link_all
from core.store.offered import save_listings
from core.store.orders import facts_of
from core.store.products import save_products
from core.store.stock import count_stock
from core.store.switches import go_live, set_switch
from tests.databases import fresh_database
from tests.installed import MERCHANT, SECRET, free_port, installed

CLI = Path(__file__).resolve().parent.parent / "cli.py"
TWINS = '''
from dataclasses import replace

from connectors.bogus import CONNECTOR as BOGUS
from connectors.bogus.client import world_named
from simulation.shoppers import Cart, place
from core.model.stock import Listing
from tests.builders import home

WISH = Cart(number="KK-1", lines=(("CHEF-8", 1, 6997),), ship_to=home(), email="kara@example.test")


def build(connection):
    """Every process has the same order in its own world."""
    ports = BOGUS.build(connection)
    world = world_named("main", connection.clock)
    shop = world.shop("shop")
    if not shop.orders:
        shop.listings["CHEF-8"] = Listing(listing="CHEF-8", sku="CHEF-8", title="Chef knife")
        place(world, "shop", WISH)
    return ports


CONNECTOR = replace(BOGUS, key="twins", build=build)
'''


async def start(environ: Mapping[str, str], *words: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(CLI), "serve", *words, env=dict(environ), stdout=PIPE, stderr=PIPE
    )


async def ended(child: Process, within_s: float = 30) -> tuple[int, str]:
    """Return how a process ended, and what it wrote."""
    out, err = await asyncio.wait_for(child.communicate(), within_s)
    assert child.returncode is not None
    return child.returncode, (out + err).decode()


@contextlib.asynccontextmanager
async def serving(environ: Mapping[str, str], *words: str) -> AsyncIterator[Process]:
    """Give a process that is ended with SIGTERM, unless the test has ended it."""
    child = await start(environ, *words)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.communicate()


async def ready(url: str, within_s: float = 40) -> None:
    end = asyncio.get_running_loop().time() + within_s
    async with aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            assert asyncio.get_running_loop().time() < end, "the hub is not ready"
            await asyncio.sleep(0.1)


async def notify(url: str, subject: str) -> int:
    notification = Notification(event_id="e1", kind=NotificationKind.ORDER, topic="order", subject=subject)
    body = notification.model_dump_json().encode()
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"{url}/webhooks/{MERCHANT}/shop", data=body, headers={HEADER: signature_of(SECRET, body)}
        ) as answer,
    ):
        return answer.status


async def test_one_process_serves_refuses_a_second_one_and_stops_when_told(tmp_path: Path) -> None:
    environ, port = installed(tmp_path), free_port()
    url = f"http://127.0.0.1:{port}"
    async with serving(environ, "--port", str(port)) as child:
        await ready(url)
        assert await notify(url, "no-such-order") == 200
        second, other = await asyncio.gather(
            ended(await start(environ, "--port", str(free_port()))),
            ended(
                await start(installed(tmp_path, database=f"sqlite:///{tmp_path}/b.db"), "--port", str(port))
            ),
        )
        began = asyncio.get_running_loop().time()
        child.send_signal(signal.SIGTERM)
        code, log = await ended(child)

    assert asyncio.get_running_loop().time() - began < 10
    assert (second[0], other[0], code) == (1, 1, 0)
    assert "another crossdock serves on" in second[1]
    assert f"port {port} of 127.0.0.1 cannot be used" in other[1]
    for text in (second[1], other[1], log):
        assert "Traceback" not in text
        assert SECRET not in text
        assert environ["CROSSDOCK_SECRET_KEYS"] not in text
    lines = [json.loads(line) for line in log.splitlines()]
    assert any(line["says"].startswith("crossdock serves kendra at ") for line in lines)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"CROSSDOCK_CONFIG": "nowhere.yaml"}, "nowhere.yaml: no such file"),
        ({"CROSSDOCK_DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "cannot be written"),
        ({"CROSSDOCK_DATABASE_URL": "postgresql+asyncpg://u:pass-word-9@127.0.0.1:1/x"}, "the database at 127.0.0.1:1/x cannot be used"),
        ({"CROSSDOCK_SECRET_KEYS": "short"}, "CROSSDOCK_SECRET_KEYS: key 1 is not 32 bytes in base64"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line_and_ends_with_1(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wrong: dict[str, str],
    says: str,
) -> None:
    monkeypatch.setattr("core.store.startup.START_WITHIN_S", 0)
    assert serve_here(installed(tmp_path) | wrong, monkeypatch, "--port", str(free_port())) == 1

    text = capsys.readouterr().err
    assert says in text
    assert "Traceback" not in text
    assert "pass-word-9" not in text
    assert len(text.splitlines()) == 1


def test_a_role_needs_a_database_that_processes_can_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve_here(installed(tmp_path), monkeypatch, "--role", "worker") == 1
    assert "that needs PostgreSQL" in capsys.readouterr().err


def serve_here(environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run ``serve`` in this process, where it ends at once."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for name in [n for n in os.environ if n.startswith("CROSSDOCK_")]:
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    try:
        return cli.main(["serve", *words])
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


async def open_for_business(environ: Mapping[str, str]) -> None:
    """Count and link, and accept nothing: the order ends ready to ship."""
    now = datetime.now(UTC)
    async with open_hub(environ) as (hub, _):
        store = hub.store
        await store.write(
            save_products,
            MERCHANT,
            [Product(sku="CHEF-8", title="Chef knife", weight_g=300, size_mm=(380, 70, 30))],
        )
        await store.write(count_stock, MERCHANT, [("CHEF-8", "reno", 5)], actor="person:kendra", now=now)
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        await store.write(go_live, MERCHANT, "shop", actor="hub", now=long_ago)
        for on in (True, False):
            await store.write(set_switch, MERCHANT, "post", "labels", on=on, actor="hub", now=long_ago)
        await store.write(
            save_listings,
            MERCHANT,
            "shop",
            [Listing(listing="CHEF-8", sku="CHEF-8", title="Chef knife")],
            now=now,
        )
        await store.write(link_all, MERCHANT, {("shop", "CHEF-8"): {"CHEF-8": 1}}, now=now)


async def settled(environ: Mapping[str, str], within_s: float = 45) -> list[str]:
    """Return the kinds of an order's facts, once it is ready to ship."""
    async with open_hub(environ) as (hub, _):
        end = asyncio.get_running_loop().time() + within_s
        while True:
            state = await hub.store.load(MERCHANT, "shop:kk-1")
            if state is not None and state.stage is Stage.READY:
                assert state.parked is None
                return [fact.kind for fact in await hub.store.read(facts_of, MERCHANT, "shop:kk-1")]
            assert asyncio.get_running_loop().time() < end, state and (state.stage, state.holds, state.parked)
            await asyncio.sleep(0.2)


@pytest.mark.req("R02")
async def test_on_postgres_a_web_process_two_workers_and_a_scheduler_share_one_order(tmp_path: Path) -> None:
    place = tmp_path / "vendors" / "twins"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(TWINS, encoding="utf-8")
    async with fresh_database("postgres", tmp_path) as database:
        environ = installed(tmp_path, database=database, use="twins") | {
            "CROSSDOCK_CONNECTORS": str(tmp_path / "vendors"),
            "PYTHONPATH": str(CLI.parent),
        }
        os.environ["CROSSDOCK_CONNECTORS"] = environ["CROSSDOCK_CONNECTORS"]
        try:
            await _share(environ)
        finally:
            del os.environ["CROSSDOCK_CONNECTORS"]


async def _share(environ: Mapping[str, str]) -> None:
    port = free_port()
    await open_for_business(environ)
    async with contextlib.AsyncExitStack() as running:
        roles = ("web", "worker", "worker", "scheduler")
        children = [
            await running.enter_async_context(serving(environ, "--role", role, "--port", str(port)))
            for role in roles
        ]
        await ready(f"http://127.0.0.1:{port}")
        assert await notify(f"http://127.0.0.1:{port}", "kk-1") == 200
        kinds = await settled(environ)
        for child in children:
            child.send_signal(signal.SIGTERM)
        ends = await asyncio.gather(*(ended(child, 10) for child in children))

    assert [code for code, _ in ends] == [0, 0, 0, 0]
    assert not re.search(r"Traceback|a fault of ours", "".join(text for _, text in ends))
    # Each process has vendors of its own: what is proved is that the order was taken and verified once.
    assert [kinds.count(kind) for kind in ("received", "units_committed", "payment_checked")] == [1, 1, 1]
