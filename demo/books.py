"""Everybody's books, as they tell them themselves: the hub's over its API, the vendors' over the control port."""

import asyncio
from dataclasses import dataclass
from typing import Any

from demo.hands import Hands
from demo.house import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the hub says, and what each vendor says."""

    orders: dict[str, Json]
    """The hub's orders, by their number at the channel."""
    listings: list[Json]
    stock: list[Json]
    vendors: Json
    writes: int | None = None
    """How many calls that change something the hub says it made; None where nobody asked."""


async def read_books(hands: Hands, *, writes: bool = False) -> Books:
    """Read all books; with ``writes``, the hub's count of its own writes as well."""
    numbers: list[str] = []
    after: str | None = None
    while True:
        page = await hands.api("GET", f"/orders?limit=200{f'&after={_quoted(after)}' if after else ''}")
        numbers += [row["order_id"] for row in page["orders"]]
        after = page["after"]
        if after is None:
            break
    limit = asyncio.Semaphore(8)

    async def one(order_id: str) -> Any:
        async with limit:
            return await hands.api("GET", f"/orders/{order_id}")

    orders = await asyncio.gather(*(one(n) for n in numbers))
    return Books(
        orders={order["number"]: order for order in orders},
        listings=(await hands.api("GET", "/listings"))["listings"],
        stock=(await hands.api("GET", "/stock"))["stock"],
        vendors=await hands.stand("GET", "/books"),
        writes=(await hands.api("GET", "/go-live"))["writes_so_far"] if writes else None,
    )


def _quoted(text: str) -> str:
    return text.replace("+", "%2B").replace("/", "%2F").replace(":", "%3A")
