"""The one world that all stand-ins share."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from sandbox.clock import Clock, SteppedClock
from sandbox.courier import Courier
from sandbox.faults import Faults
from sandbox.sabotage import Sabotage
from sandbox.scripted_faults import Call, ScriptedFaults
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

    def order_names(self) -> list[str]:
        """Every order that was placed here."""
        ...

    def order_id(self, order: str) -> str:
        """The id an API calls an order of that name by, without prefixes."""
        ...

    def recipient(self, order: str) -> Json | None:
        """Where an order goes, as it was written; none where nobody said."""
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
        self.planned = ScriptedFaults(clock.now, self.faults.note)
        self.courier = Courier(self)
        self.sabotage = Sabotage()
        self.calls: Counter[str] = Counter()
        self.writes: dict[str, Counter[str]] = defaultdict(Counter)
        """How often the hub changed something, by vendor and operation."""
        self.urls: dict[str, str] = {}
        self.queued: Callable[[], int] = lambda: 0
        """How many messages lie in Amazon's queues, taken or not."""
        self.answered = 0
        """How many requests the vendors have answered."""
        self._timers: set[asyncio.Task[None]] = set()
        self._answering: set[asyncio.Task[object]] = set()

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

    def count(self, vendor: str, call: Call, status: int) -> None:
        """Count a call that changed something; a refused one changed nothing."""
        if call.write and status < HTTPStatus.BAD_REQUEST:
            self.writes[vendor][call.names[0]] += 1

    def move_in(self, house: Json) -> None:
        """Take another house: whatever was sold, paid, bought, mailed or on its way is forgotten; connections stay."""
        for timer in list(self._timers):
            timer.cancel()
        self.courier.forget()
        self.calls.clear()
        self.writes.clear()
        self.house = house
        self.stripe.clear()
        self.easypost.clear()
        self.mail.clear()
        self.shopify.load(house)
        self.amazon.load(house)

    def books(self) -> Json:
        """The books of every vendor."""
        return {
            "shopify": self.shopify.books(),
            "amazon": self.amazon.books(),
            "stripe": self.stripe.books(),
            "easypost": self.easypost.books(),
            "mail": self.mail.books(),
        }

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request that a vendor is answering."""
        task = current()
        self._answering.add(task)
        try:
            yield
        finally:
            self._answering.discard(task)
            self.answered += 1

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Leave the request out of the count: it waits for news, and until then nothing comes of it."""
        task = current()
        self._answering.discard(task)
        try:
            yield
        finally:
            self._answering.add(task)

    def under_way(self, clock: SteppedClock) -> int:
        """How much happens before the clock need be moved: what waits for a later instant does not count."""
        tasks = {*self._timers, *self._answering, *self.courier.under_way()}
        return sum(not clock.asleep(task) for task in tasks if not task.done()) + self.queued()

    async def _wait(self, when: datetime, act: Callable[[], object]) -> None:
        await self.clock.sleep_until(when)
        act()


def current() -> asyncio.Task[object]:
    """The task that runs."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  requests are answered in tasks
    return task
