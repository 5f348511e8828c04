"""The way to the vendors and back: how long each takes, and what else happens just then, from one seed.

A vendor acts once a request has come to it, whether or not its caller waits still, or lives. It keeps its promise: an
effect comes to pass within call limit and settle time of its intent, or never.
"""

import asyncio
import contextvars
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

from connectors.bogus import CONNECTOR
from core.domain.commit import Committed, Landed, OrderCommit
from core.store.claims import Claimed
from core.store.store import Store
from simulation.loop import PROCESS, SeededLoop, answer_of
from simulation.scene import Scene

T = TypeVar("T")

_OPERATIONS = dict(CONNECTOR.operations)
"""What the vendors promise, whatever the hub makes of it."""
_QUICK_S, _SLOW_S = (0.01, 0.3), (0.3, 6.0)
_CROSSED_S = (3.0, 9.0)
"""How long an answer takes that something else overtakes."""
_SLOW, _LATE, _CROSSED = 0.05, 0.05, 0.08
_MOMENT = timedelta(milliseconds=1)


class Asking(NamedTuple):
    """The last intent of a run, and until when its vendor may act on it."""

    operation: str
    until: datetime


ORDER: contextvars.ContextVar[str | None] = contextvars.ContextVar("order", default=None)
"""The order that is worked on here."""
ASKING: contextvars.ContextVar[Asking | None] = contextvars.ContextVar("asking", default=None)


class WatchedStore(Store):
    """A store that lets the world know which order a call is made for, and until when it may be acted on."""

    async def claim(
        self, merchant: str, order_id: str, *, owner: str, now: datetime, until: datetime
    ) -> Claimed | None:
        """Claim an order."""
        claimed = await super().claim(merchant, order_id, owner=owner, now=now, until=until)
        ORDER.set(order_id)
        ASKING.set(None)
        return claimed

    async def commit(self, commit: OrderCommit) -> Committed:
        """Commit."""
        committed = await super().commit(commit)
        if commit.intents and isinstance(committed, Landed):
            asked = commit.intents[-1].operation
            promised = _OPERATIONS[asked]
            limit = timedelta(seconds=promised.call_limit_s + promised.settle_s)
            ASKING.set(Asking(asked, commit.at + limit - _MOMENT))
        return committed


@dataclass(slots=True, kw_only=True)
class Network:
    """The way between the processes and the vendors of one scene."""

    scene: Scene
    loop: SeededLoop
    chance: random.Random
    note: Callable[[str], None]

    async def carry(self, connection: str, operation: str, act: Callable[[], T]) -> T:
        """Have the vendor act once the request is there, and return its answer once that is back."""
        answer: asyncio.Future[T] = self.loop.create_future()
        process, order = PROCESS.get(), ORDER.get()
        name = f"{process.name if process else 'world'} {connection} {operation}"

        def arrive() -> None:
            given = answer_of(act)
            self.note(name if given.error is None else f"{name}: {type(given.error).__name__}")
            crossed = operation == "fetch_order" and order is not None and self._happens("crossed", _CROSSED)
            self._later(
                self.chance.uniform(*_CROSSED_S) if crossed else self._wait_s(), partial(given.give, answer)
            )
            if crossed and order is not None:
                self.scene.cross(order)

        self._later(self._there_s(operation), arrive)
        return await answer

    def _later(self, wait_s: float, what: Callable[[], None]) -> None:
        # In the world's context: it happens whatever becomes of the process.
        self.loop.call_later(wait_s, what, context=contextvars.Context())

    def _there_s(self, operation: str) -> float:
        asking = ASKING.get()
        if asking is None or asking.operation != operation:
            return self._wait_s()
        left_s = max(0.0, (asking.until - self.scene.clock.now()).total_seconds())
        if self._happens("slow", _LATE):
            return self.chance.uniform(left_s / 2, left_s)
        return min(left_s, self._wait_s())

    def _wait_s(self) -> float:
        slow = self._happens("slow", _SLOW)
        return self.chance.uniform(*(_SLOW_S if slow else _QUICK_S))

    def _happens(self, fault: str, chance: float) -> bool:
        return fault in self.scene.faults and self.chance.random() < chance * self.scene.rate
