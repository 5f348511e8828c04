"""The command as tests run it: on a fresh installation, in this process."""

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import cli
from assembly import open_hub
from connectors.bogus.client import world_named
from core.engine.hub import Hub
from core.jobs.notifications import delivery_of
from core.model.notification import Notification, NotificationKind
from core.model.stock import Listing
from core.steps.sync import sync_order
from core.store.links import link_all
from core.store.offered import save_listings
from core.store.switches import go_live
from simulation.shoppers import Cart, place
from tests.builders import home
from tests.installed import MERCHANT, installed

KNIFE = ("stock", "product", "CHEF-8", "Chef knife", "300", "380x70x30")
Said = Callable[..., tuple[int, str, str]]


def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    """Run a command on a fresh installation; give its exit code, and what it printed."""
    for name in [n for n in os.environ if n.startswith("CROSSDOCK_")]:
        monkeypatch.delenv(name)
    for name, value in installed(tmp_path).items():
        monkeypatch.setenv(name, value)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(*words: str) -> tuple[int, str, str]:
        try:
            code = cli.main(words)
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)


def in_hub(work: Callable[[Hub], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_hub() as (hub, _):
            await work(hub)

    asyncio.run(run())


def rows(said: Said, *words: str) -> Any:
    code, out, err = said(*words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def with_an_order(said: Said) -> None:
    """Have one order of one knife, and a delivery that told of it."""
    assert said(*KNIFE)[0] == 0

    async def sell(hub: Hub) -> None:
        world = world_named("main", hub.clock)
        world.clock = hub.clock
        shop = world.shop("shop")
        shop.listings["CHEF-8"] = Listing(listing="CHEF-8", sku="CHEF-8", title="Chef knife")
        now = datetime.now(UTC)
        await hub.store.write(go_live, MERCHANT, "shop", actor="hub", now=datetime(2020, 1, 1, tzinfo=UTC))
        await hub.store.write(save_listings, MERCHANT, "shop", tuple(shop.listings.values()), now=now)
        await hub.store.write(link_all, MERCHANT, {("shop", "CHEF-8"): {"CHEF-8": 1}}, now=now)
        place(
            world,
            "shop",
            Cart(number="KK-1", lines=(("CHEF-8", 1, 6997),), ship_to=home(), email="kara@example.test"),
        )
        await sync_order(hub, MERCHANT, "shop", "kk-1")
        notification = Notification(event_id="e1", kind=NotificationKind.ORDER, topic="order", subject="kk-1")
        await hub.store.deliver(MERCHANT, "shop", [delivery_of("shop", notification, b"{}", now)], now=now)

    in_hub(sell)
