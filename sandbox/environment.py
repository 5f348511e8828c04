"""What all stand-ins share: clock, faults, sabotage, webhooks on their way, timers, and counts."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.sabotage import Sabotage
from sandbox.scripted_faults import Call, ScriptedFaults
from sandbox.values import Json
from sandbox.webhook_delivery import WebhookDelivery


class SalesChannel(Protocol):
    """What is asked of Shopify's and of Amazon's stand-in; plain calls, for state changes never wait."""

    def place(self, order: Json) -> Json:
        """A shopper buys: `order` as day/1 writes it; gives {"id": the channel's name of the order, ...}."""
        ...

    def play(self, verb: str, what: Json) -> Json:
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


class Environment:
    """The surroundings of every stand-in; it knows the sales channels only by what both can be asked."""

    def __init__(self, clock: Clock, *, house: Json, seed: int = 0) -> None:
        self.clock = clock
        self.house = house
        self.rng = random.Random(seed)
        self.faults = Faults(seed, now=clock.now)
        self.scripted_faults = ScriptedFaults(clock.now, self.faults.note)
        self.webhook_delivery = WebhookDelivery(clock, self.faults, self.scripted_faults, self.at)
        self.sabotage = Sabotage()
        self.channels: list[SalesChannel] = []
        self.calls: Counter[str] = Counter()
        self.writes: dict[str, Counter[str]] = defaultdict(Counter)
        """How often the hub changed something, by vendor and operation."""
        self.throttled: Counter[str] = Counter()
        """How often the hub asked for more than a vendor allows, by vendor; faults on purpose are not counted."""
        self.urls: dict[str, str] = {}
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
        self._stop_timers()
        await asyncio.gather(*self._timers, return_exceptions=True)
        await self.webhook_delivery.close()

    def forget(self) -> None:
        """Stop every timer, lose what is on its way, and count from nothing."""
        self._stop_timers()
        self.webhook_delivery.forget()
        self.calls.clear()
        self.writes.clear()
        self.throttled.clear()

    def count(self, vendor: str, call: Call, status: int) -> None:
        """Count a call that changed something; a refused one changed nothing."""
        if call.write and status < HTTPStatus.BAD_REQUEST:
            self.writes[vendor][call.names[0]] += 1

    def counts(self, vendor: str) -> Json:
        """How often the vendor was called, throttled, and changed something: a part of its books."""
        writes = self.writes[vendor]
        return {
            "calls": self.calls[vendor],
            "throttled": self.throttled[vendor],
            "writes": writes.total(),
            "writes_by_operation": dict(writes),
        }

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request that a vendor is answering."""
        task = _current()
        self._answering.add(task)
        try:
            yield
        finally:
            self._answering.discard(task)
            self.answered += 1

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Leave the request out of the count: it waits for news, and until then nothing comes of it."""
        task = _current()
        self._answering.discard(task)
        try:
            yield
        finally:
            self._answering.add(task)

    def busy(self) -> int:
        """How many tasks have something to do before the clock need be moved."""
        tasks = {*self._timers, *self._answering, *self.webhook_delivery.under_way()}
        return sum(not self.clock.asleep(task) for task in tasks if not task.done())

    def _stop_timers(self) -> None:
        for timer in list(self._timers):
            timer.cancel()

    async def _wait(self, when: datetime, act: Callable[[], object]) -> None:
        await self.clock.sleep_until(when)
        act()


def _current() -> asyncio.Task[object]:
    """The task that runs."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  requests are answered in tasks
    return task
