"""What a day is played in: the stand-ins on a stepped clock, the hub beside them, and both told who they are."""

import asyncio
import contextlib
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml

from day.day import Day
from day.located_yaml import Json
from demo.children import Served, environ_of, free_port, run_cli, start_sandbox, stop
from demo.client import Client, register_webhooks

_MEMORY: Final = "/dev/shm"  # noqa: S108 - a folder of its own is made there
"""What survives a killed process need not survive the machine: a day's database lies in memory where there is some."""


@dataclass(slots=True, kw_only=True)
class Environment:
    """Everything that runs while a day is played."""

    day: Day
    client: Client
    served: Served
    reviving: "asyncio.Task[None] | None" = None
    """The hub was killed and is being started again."""

    async def whole(self) -> None:
        """Wait until the hub runs."""
        if self.reviving is not None:
            await self.reviving
            self.reviving = None


@contextlib.asynccontextmanager
async def open_environment(
    day: Day, seed: int, roles: Sequence[str] = ("all",)
) -> AsyncIterator[Environment]:
    """Start the stand-ins and the hub for a day; both end with it.

    ``roles``: of the hub's processes, the one that answers first. Several need an empty database of PostgreSQL, which
    ``CROSSDOCK_DEMO_DATABASE_URL`` names.
    """
    memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="crossdock-demo-", dir=memory) as name:
        child, ready = await start_sandbox(day.start.isoformat(), seed)
        try:
            async with aiohttp.ClientSession() as http:
                environment = await _prepared(day, Path(name), ready, http, roles)
                try:
                    await environment.served.start()
                    yield environment
                finally:
                    await environment.whole()
                    await environment.served.stop()
        finally:
            await stop(child)


async def _prepared(
    day: Day,
    folder: Path,
    ready: Json,
    http: aiohttp.ClientSession,
    roles: Sequence[str],
) -> Environment:
    """Move the stand-ins into the day's house, and give the hub its file, its secrets and a key."""
    port, merchant = free_port(), day.config["merchant"]
    served = Served(environ={}, port=port, log=folder / "serve.log", roles=roles)
    client = Client(
        http=http, hub=served.url, control=ready["control"], merchant=merchant, key=secrets.token_urlsafe(24)
    )
    await client.stand("POST", "/house", house_of(day))
    vendors: Json = (await client.stand("GET", "/"))["vendors"]
    (folder / "crossdock.yaml").write_text(configured(day, vendors), encoding="utf-8")
    environ = environ_of(folder, ready, vendors, port)
    environ["STRIPE_WEBHOOK_SECRET"] = await register_webhooks(
        http, vendors, day, hub=served.url, secret=environ["EASYPOST_WEBHOOK_SECRET"]
    )
    served.environ = environ
    words = ("keys", "new", "--merchant", merchant, "--name", "demo")
    await run_cli({**environ, "CROSSDOCK_NEW_KEY": client.key}, *words)
    return Environment(day=day, client=client, served=served)


def house_of(day: Day) -> Json:
    """Return the house as the stand-ins load it."""
    connections, given = day.config["connections"], day.given
    at_shop = [order for order in day.orders.values() if order["channel"] == "shop"]
    found: Json = {
        **{key: given.get(key) or {} for key in ("products", "kits", "counts", "zones")},
        **{key: given.get(key) or [] for key in ("cards", "before")},
        "listings": given["listings"],
        "merchant": day.config["merchant"],
        "locations": day.config["locations"],
        # The shop's own currency is the one its orders are kept in; without any, that of its cards.
        "currency": at_shop[0]["currency"] if at_shop else given["cards"][0]["currency"],
        "taxes_included": any(order["tax_included"] for order in at_shop),
        "connections": {name: connection["use"] for name, connection in connections.items()},
    }
    if shop := day.connection("shopify"):
        found["shop"] = connections[shop]["with"]["store"]
    if amazon := day.connection("amazon"):
        found["marketplaces"] = connections[amazon]["with"]["marketplaces"]
    return found


def configured(day: Day, vendors: Json) -> str:
    """Return crossdock.yaml: the day's own, its connections pointed at the stand-ins."""
    found = {**day.config, "connections": {}}
    for name, connection in day.config["connections"].items():
        endpoints = _endpoints(connection["use"], vendors)
        settings = {**connection.get("with", {}), **({"endpoints": endpoints} if endpoints else {})}
        found["connections"][name] = {**connection, "with": settings}
    text: str = yaml.safe_dump(found, sort_keys=False, allow_unicode=True)
    return text


def _endpoints(use: str, vendors: Json) -> dict[str, Any]:
    amazon = vendors["amazon"]
    return {
        "shopify": {"admin": vendors["shopify"]["url"]},
        "amazon": {"api": amazon["endpoint"]} | {k: amazon[k] for k in ("lwa", "consent", "sqs")},
        "stripe": {"api": vendors["stripe"]["url"]},
        "easypost": {"api": vendors["easypost"]["url"]},
    }.get(use, {})
