"""The one world that all stand-ins share."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sandbox.clock import Clock
from sandbox.courier import Courier
from sandbox.faults import Faults
from sandbox.sabotage import Sabotage
from sandbox.values import Json

if TYPE_CHECKING:
    from sandbox.easypost.state import EasyPost
    from sandbox.mail import Mailbox
    from sandbox.stripe.state import Stripe


class SalesChannel(Protocol):
    """What the world asks of Shopify's and of Amazon's stand-in; plain calls, for state changes never wait."""

    def load(self, house: Json) -> None:
        """Take products, listings and levels of the house (`house["before"]` is placed by the control port)."""
        ...

    def place(self, order: Json) -> Json:
        """A shopper buys: `order` as day/1 writes it; gives {"id": the channel's name of the order, ...}."""
        ...

    def play(self, verb: str, order: Json) -> Json:
        """Any other verb of day/1 that concerns this channel (cancel, edit, pay, refund, other_tool, amazon_status, request_cancel, grant)."""
        ...

    def knows(self, order: str) -> bool:
        """Whether an order of that name was placed here."""
        ...

    def books(self) -> Json:
        """What truly happened here."""
        ...

    def credentials(self, url: str) -> Json:
        """What a client needs to reach this stand-in, served at `url` (http://127.0.0.1:PORT)."""
        ...


class World:
    """Clock, faults, courier, sabotage, the house, and the state of every vendor."""

    shopify: SalesChannel
    amazon: SalesChannel
    stripe: "Stripe"
    easypost: "EasyPost"
    mail: "Mailbox"

    def __init__(self, clock: Clock, *, house: Json, seed: int = 0) -> None:
        self.clock = clock
        self.house = house
        self.rng = random.Random(seed)
        self.faults = Faults(seed, now=clock.now)
        self.courier = Courier(self)
        self.sabotage = Sabotage()
        self.calls: Counter[str] = Counter()
        self.urls: dict[str, str] = {}
        self._timers: set[asyncio.Task[None]] = set()

    def at(self, when: datetime, act: Callable[[], object]) -> None:
        """Do that when the virtual clock shows `when`; at once if it already does."""
        task = asyncio.get_running_loop().create_task(self._wait(when, act))
        self._timers.add(task)
        task.add_done_callback(self._timers.discard)

    async def close(self) -> None:
        """Stop every timer and every delivery."""
        for timer in list(self._timers):
            timer.cancel()
        await asyncio.gather(*self._timers, return_exceptions=True)
        await self.courier.close()

    def books(self) -> Json:
        """The books of every vendor."""
        return {
            "shopify": self.shopify.books(),
            "amazon": self.amazon.books(),
            "stripe": self.stripe.books(),
            "easypost": self.easypost.books(),
            "mail": self.mail.books(),
        }

    async def _wait(self, when: datetime, act: Callable[[], object]) -> None:
        await self.clock.sleep_until(when)
        act()
