"""Two merchants, each with stand-ins of its own, over one hub."""

import asyncio
import secrets
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from day.day import Day, Event
from day.located_yaml import Json
from demo.actions import Actions
from demo.books import Books, take
from demo.checks import run_checks
from demo.children import environ_of, start_sandbox
from demo.client import Client, register_webhooks
from demo.environment import configured, house_of
from demo.generated import generated_day

SECRETS = ("STRIPE_KEY", "STRIPE_WEBHOOK_SECRET", "EASYPOST_KEY", "EASYPOST_WEBHOOK_SECRET", "SMTP_URL")
VERBS = frozenset({"place", "cancel", "amazon_status"})


@dataclass(slots=True, kw_only=True)
class Merchant:
    """A merchant, its stand-ins, and what its shoppers still buy."""

    day: Day
    client: Client
    sandbox: asyncio.subprocess.Process
    actions: Actions
    environ: dict[str, str]
    coming: Iterator[Event] = field(init=False)
    bought: int = 0

    def __post_init__(self) -> None:
        self.coming = iter([event for event in self.day.events if event.verb in VERBS])

    async def open(self) -> None:
        """Connect everything and accept it."""
        for event in self.day.events[:2]:
            await self.actions.play(event)

    async def shop(self) -> None:
        """Have the next thing happen at a channel."""
        event = next(self.coming, None)
        if event is not None:
            await self.actions.play(event)
            self.bought += event.verb == "place"

    async def buy(self) -> None:
        """Have a shopper buy, and all happen that comes before."""
        before = self.bought
        while self.bought == before:
            await self.shop()

    async def wrong(self) -> list[str]:
        """Return where the books of hub and stand-ins differ, and what is parked."""
        books: Books = (await take(self.client, "chaos", datetime.now(UTC))).books
        found = [f"{check.name}: {text}" for check in run_checks(books) for text in check.differences]
        connections = (await self.client.api("GET", "/connections"))["connections"]
        found += [
            f"{c['connection']}: {c['parked']} jobs parked: {c['error']}" for c in connections if c["parked"]
        ]
        return [f"{self.client.merchant}: {text}" for text in found]


async def merchants(
    folder: Path, http: aiohttp.ClientSession, hub: str, *, orders: int, seed: int, limits: Json
) -> list[Merchant]:
    """Start the stand-ins of both, and write their files; the second one sells at its shop alone."""
    found = [await _merchant(http, hub, day, seed, limits) for day in _days(orders, seed)]
    files = folder / "merchants"
    files.mkdir()
    for number, merchant in enumerate(found, start=1):
        text = configured(merchant.day, (await merchant.client.stand("GET", "/"))["vendors"])
        for name in sorted(SECRETS, key=len, reverse=True):
            text = text.replace(f"${{{name}}}", f"${{{name}_{number}}}")
        (files / f"{merchant.client.merchant}.yaml").write_text(text, encoding="utf-8")
    return found


def _days(orders: int, seed: int) -> Iterator[Day]:
    now = datetime.now(UTC).replace(microsecond=0)
    for name, sells in (("kendra", ("shop", "amz")), ("kofi", ("shop",))):
        data = deepcopy(generated_day(orders, seed, start=now).data)
        config, connections = data["config"], data["config"]["connections"]
        config["merchant"] = name
        connections["shop"]["with"]["store"] = f"{name}-kookware.myshopify.com"
        for place in config["locations"].values():
            place["grace"] = "2s"
        if "amz" not in sells:
            _without_amazon(data)
        yield Day(data)


def _without_amazon(data: Json) -> None:
    del data["config"]["connections"]["amz"], data["given"]["listings"]["amz"]
    for pattern in data["config"]["stock"].values():
        pattern["buffer"].pop("amz", None)
    gone = {
        event["place"]["id"]
        for event in data["when"]
        if "place" in event and event["place"]["channel"] == "amz"
    }
    kept: list[Any] = []
    for event in data["when"]:
        what = event.get("place") or event.get("cancel") or event.get("amazon_status") or {}
        if not {what.get("id"), what.get("order")} & gone:
            kept.append(event)
    data["when"] = kept
    data["when"][0]["connect"] = [name for name in data["when"][0]["connect"] if name != "amz"]


async def _merchant(http: aiohttp.ClientSession, hub: str, day: Day, seed: int, limits: Json) -> Merchant:
    """Start stand-ins on the machine's own time, and register the hub's addresses there."""
    sandbox, ready = await start_sandbox(None, seed)
    client = Client(
        http=http,
        hub=hub,
        control=ready["control"],
        merchant=day.config["merchant"],
        key=secrets.token_urlsafe(24),
    )
    await client.stand("POST", "/house", {**house_of(day), "limits": limits})
    vendors: Json = (await client.stand("GET", "/"))["vendors"]
    environ = environ_of(Path("/"), ready, vendors, int(hub.rpartition(":")[2]))
    environ["STRIPE_WEBHOOK_SECRET"] = await register_webhooks(
        http, vendors, day, hub=hub, secret=environ["EASYPOST_WEBHOOK_SECRET"]
    )
    return Merchant(
        day=day, client=client, sandbox=sandbox, actions=Actions(day=day, client=client), environ=environ
    )


def environ_of_hub(both: list[Merchant], folder: Path, database: str) -> dict[str, str]:
    """Return the hub's environment: the first merchant's apps, and each merchant's own secrets by its number."""
    found = {name: value for name, value in both[0].environ.items() if name not in SECRETS}
    for number, merchant in enumerate(both, start=1):
        found |= {f"{name}_{number}": merchant.environ[name] for name in SECRETS}
    found.pop("CROSSDOCK_CLOCK")
    return found | {"CROSSDOCK_DATABASE_URL": database, "CROSSDOCK_CONFIG": str(folder / "merchants")}
