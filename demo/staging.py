"""The set of a day: the stand-ins on a stepped clock, the hub beside them, and both told who they are."""

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from demo.children import Served, environment, free_port, run_cli, start_stepped, stop
from demo.day import Day
from demo.hands import Hands, register_webhooks
from demo.house import Json


@dataclass(slots=True, kw_only=True)
class Staging:
    """Everything that runs while a day is played."""

    day: Day
    hands: Hands
    served: Served
    vendors: Json
    reviving: "asyncio.Task[None] | None" = None
    """The hub was killed and is being started again."""

    async def whole(self) -> None:
        """Wait until the hub runs."""
        if self.reviving is not None:
            await self.reviving
            self.reviving = None


@contextlib.asynccontextmanager
async def staging(day: Day, seed: int) -> AsyncIterator[Staging]:
    """Start the stand-ins and the hub for a day; both end with it."""
    with tempfile.TemporaryDirectory(prefix="crossdock-demo-") as name:
        folder, port = Path(name), free_port()
        child, ready = await start_stepped(day.start.isoformat(), seed)
        try:
            async with aiohttp.ClientSession() as http:
                stage = await _staged(day, folder, port, ready, http)
                try:
                    await stage.served.start()
                    yield stage
                finally:
                    await stage.whole()
                    await stage.served.stop()
        finally:
            await stop(child)


async def _staged(day: Day, folder: Path, port: int, ready: Json, http: aiohttp.ClientSession) -> Staging:
    async with http.post(f"{ready['control']}/house", json=house_of(day)) as answer:
        if not answer.ok:
            raise RuntimeError(f"the stand-ins refuse the day's house: {await answer.text()}")
    async with http.get(ready["control"]) as answer:
        vendors: Json = (await answer.json())["vendors"]
    (folder / "crossdock.yaml").write_text(configured(day, vendors), encoding="utf-8")
    environ = environment(folder, ready, vendors, port)
    merchant = day.config["merchant"]
    environ["STRIPE_WEBHOOK_SECRET"] = await register_webhooks(
        http, vendors, f"http://127.0.0.1:{port}", merchant, environ["EASYPOST_WEBHOOK_SECRET"],
        gateway=day.connection("stripe"), carrier=day.connection("easypost"),
    )  # fmt: skip
    key = secrets.token_urlsafe(24)
    words = ("keys", "new", "--merchant", merchant, "--name", "demo")
    await run_cli({**environ, "CROSSDOCK_NEW_KEY": key}, *words)
    served = Served(environ=environ, port=port, log=folder / "serve.log")
    hands = Hands(http=http, hub=served.url, control=ready["control"], merchant=merchant, key=key)
    return Staging(day=day, hands=hands, served=served, vendors=vendors)


def house_of(day: Day) -> Json:
    """Return the house as the stand-ins load it."""
    connections, given = day.config["connections"], day.given
    shop, amazon = day.connection("shopify"), day.connection("amazon")
    found: Json = {
        **{key: given.get(key) or {} for key in ("products", "kits", "counts", "zones")},
        "merchant": day.config["merchant"],
        "locations": day.config["locations"],
        "cards": given["cards"],
        "listings": given["listings"],
        "before": given.get("before") or [],
        "currency": currency_of(day),
        "taxes_included": any(
            order["tax_included"] for order in day.orders.values() if order["channel"] == "shop"
        ),
        "connections": {name: connection["use"] for name, connection in connections.items()},
    }
    if shop:
        found["shop"] = connections[shop]["with"]["store"]
    if amazon:
        found["marketplaces"] = connections[amazon]["with"]["marketplaces"]
    return found


def currency_of(day: Day) -> str:
    """Return the shop's own currency: the one its orders are kept in; of a day without any, that of its cards."""
    kept = [order["currency"] for order in day.orders.values() if order["channel"] == "shop"]
    return str((kept or [day.given["cards"][0]["currency"]])[0])


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
