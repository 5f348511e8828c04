"""Shoppers who place random orders, change their minds at once, or pay a little later."""

import asyncio
import random
from collections.abc import Collection, Coroutine
from typing import Final

from sandbox import orders
from sandbox.orders import SoldOut
from sandbox.plays import play
from sandbox.values import Json
from sandbox.world import World

SHOP_SHARE: Final = 0.6
CANCELS: Final = 0.06
MIND_SECONDS: Final = (0.0, 3.0)
"""A shopper who changes her mind does so within seconds: nobody has bought a label yet."""
PENDING_SECONDS: Final = (20.0, 90.0)
"""How long Amazon keeps an order PENDING; virtual."""
LOOK_AGAIN: Final = 30.0
PATIENCE: Final = 20
FIRST: Final = 2001


class Shoppers:
    """Everybody who is shopping."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tasks: set[asyncio.Task[None]] = set()
        self._placed = 0
        self._wanted = 0
        self._named = 0
        self._sold_out = False
        self._shopping: asyncio.Task[None] | None = None

    def start(self, *, orders: int, seed: int, seconds: float) -> None:
        """Place that many orders, evenly over that many real seconds."""
        if self._shopping is not None and not self._shopping.done():
            raise ValueError("the shoppers of the last call are still shopping")
        if orders < 0 or seconds < 0:
            raise ValueError("orders and seconds cannot be negative")
        self._placed, self._wanted, self._sold_out = 0, orders, False
        self._shopping = self._soon(self._shop(orders, seed, seconds))

    def progress(self) -> Json:
        """How many orders were placed of how many; `sold_out` when nothing is left to buy."""
        return {"placed": self._placed, "of": self._wanted, "sold_out": self._sold_out}

    def under_way(self) -> Collection[asyncio.Task[None]]:
        """Every shopper who still has something to do."""
        return self._tasks

    def pending(self) -> int:
        """How many shoppers still have something to do."""
        return len(self._tasks)

    async def close(self) -> None:
        """Send everybody home."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _shop(self, count: int, seed: int, seconds: float) -> None:
        for number in range(count):
            rng = random.Random(f"{seed}/{number}")
            order = await self._choose(rng)
            if order is None:
                self._sold_out = True
                return
            play(self._world, "place", order)
            self._placed += 1
            self._follow(order, rng)
            await asyncio.sleep(seconds / count)

    async def _choose(self, rng: random.Random) -> Json | None:
        """An order for what is shown; when nothing is, look again a few times."""
        first = "shop" if rng.random() < SHOP_SHARE else "amz"
        second = "amz" if first == "shop" else "shop"
        for _look in range(PATIENCE):
            for channel in (first, second):
                try:
                    return self._draw(channel, rng)
                except SoldOut:
                    continue
            await self._world.clock.sleep(LOOK_AGAIN)
        return None

    def _draw(self, channel: str, rng: random.Random) -> Json:
        self._named += 1
        if channel == "shop":
            name = f"KK-{FIRST + self._named}"
            return orders.for_shop(rng, self._world.shopify.books()["levels"], name=name)
        books = self._world.amazon.books()
        listings = self._world.house["listings"].get("amz", [])
        return orders.for_amazon(
            rng,
            {"levels": books["levels"], "fba": books["fba"]},
            name=f"112-{9000000 + self._named:07d}-{rng.randint(0, 9999999):07d}",
            now=self._world.clock.now(),
            of={each["listing"]: each["of"] for each in listings},
        )

    def _follow(self, order: Json, rng: random.Random) -> None:
        """What the shopper or the channel does with the order a little later."""
        changed_mind = rng.random() < CANCELS
        moment = rng.uniform(*MIND_SECONDS)
        if order.get("fulfilled_by") == "amazon":
            return
        if changed_mind:
            self._soon(self._cancel(order["id"], moment))
        elif order.get("status") == "PENDING":
            self._soon(self._settle(order["id"], rng.uniform(*PENDING_SECONDS)))

    async def _settle(self, order: str, seconds: float) -> None:
        await self._world.clock.sleep(seconds)
        if self._world.amazon.books()["orders"][order]["status"] == "PENDING":
            play(self._world, "amazon_status", {"order": order, "to": "UNSHIPPED"})

    async def _cancel(self, order: str, seconds: float) -> None:
        await self._world.clock.sleep(seconds)
        if self._open(order):
            play(self._world, "cancel", {"order": order, "by": "channel", "refund": True, "restock": True})

    def _open(self, order: str) -> bool:
        """Whether nothing has left and nobody cancelled yet: only then does a channel cancel."""
        books = self._world.books()
        if order in books["shopify"]["orders"]:
            kept = books["shopify"]["orders"][order]
            return not kept["cancelled"] and not kept["fulfillments"]
        kept = books["amazon"]["orders"][order]
        return kept["status"] in ("PENDING", "UNSHIPPED") and not kept["shipments"]

    def _soon(self, doing: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
