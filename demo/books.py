"""Everybody's books, as they tell them themselves: the hub's over its API, the vendors' over the control port."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from day.located_yaml import Json
from demo.client import Client
from demo.figures import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the hub says, and what each vendor says."""

    orders: dict[str, Json]
    """The hub's orders, by their number at the channel."""
    listings: list[Json]
    stock: list[Json]
    vendors: Json
    writes: int
    """How many calls that change something the hub says it made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Everybody's books at one instant."""

    name: str
    at: datetime
    books: Books
    told: dict[str, Told]
    """Each order with its timeline."""


async def take(client: Client, name: str, at: datetime) -> Taken:
    """Read all books."""
    numbers = await _order_ids(client)
    orders = await _each(lambda n: client.api("GET", f"/orders/{n}"), numbers)
    timelines = await _each(lambda n: client.api("GET", f"/orders/{n}/facts"), numbers)
    books = Books(
        orders={order["number"]: order for order in orders},
        listings=await client.listed("/listings", "listings"),
        stock=await client.listed("/stock", "stock"),
        vendors=await client.stand("GET", "/books"),
        writes=(await client.api("GET", "/go-live"))["writes_so_far"],
    )
    told = {o["number"]: Told(o, line["facts"]) for o, line in zip(orders, timelines, strict=True)}
    return Taken(name=name, at=at, books=books, told=told)


async def _order_ids(client: Client) -> list[str]:
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await client.api("GET", f"/orders?limit=200{after and f'&after={quote(after)}'}")
        found += [row["order_id"] for row in page["orders"]]
        after = page["after"]
    return found


async def _each(ask: Callable[[str], Awaitable[Any]], names: Iterable[str]) -> list[Any]:
    limit = asyncio.Semaphore(8)

    async def one(name: str) -> Any:
        async with limit:
            return await ask(name)

    return await asyncio.gather(*(one(name) for name in names))
