"""Carries the vendors' webhooks to their subscribers, as badly as the armed faults say."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import aiohttp

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.planned import PATIENCE, Message, Planned
from sandbox.values import Json

Build = Callable[[int], tuple[str, Mapping[str, str], bytes]]
"""Gives URL, headers and body of one attempt (0, 1, ...); headers may be signed anew for each."""

ANSWER_SECONDS: Final = 5.0
"""How long a vendor waits for the subscriber's answer; real seconds, for the subscriber's speed is real."""
HELD_SECONDS: Final = 120.0
"""A reordered message goes after this many virtual seconds when no later one overtook it."""
LATE_SECONDS: Final = (30.0, 90.0)
AT_ONCE: Final = 32
SOON_SECONDS: Final = 600.0
"""A redelivery further off than this many virtual seconds is not waited for."""
OK: Final = range(200, 300)


class WebhookDelivery:
    """Every webhook on its way."""

    def __init__(
        self,
        clock: Clock,
        faults: Faults,
        planned: Planned,
        at: Callable[[datetime, Callable[[], object]], None],
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._planned = planned
        self._at = at
        self._tasks: set[asyncio.Task[None]] = set()
        self._overtaking: dict[str, list[asyncio.Future[None]]] = defaultdict(list)
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._count: Counter[tuple[str, str]] = Counter()
        self._far_off = 0
        self.delivered: list[Json] = []

    def post(self, about: Message, subject: str, build: Build, *, retries: Sequence[float]) -> None:
        """Queue one webhook; retries are the virtual seconds before each redelivery, `about` what the day's faults go by."""
        self._count[about.vendor, subject] += 1
        where = f"{about.vendor} webhook {subject} #{self._count[about.vendor, subject]}"
        fate = self._planned.fate(about, where)
        if fate.dropped or self._faults.strike("drop", where):
            return
        dice = self._faults.dice(where)
        copies = max(fate.copies, dice.randint(2, 4) if self._faults.strike("duplicate", where) else 1)
        held = self._faults.strike("reorder", where)
        late = dice.uniform(*LATE_SECONDS) if self._faults.strike("delay", where) else 0.0

        def go() -> None:
            for copy in range(copies):
                self._after(
                    fate.late + self._planned.weather.late(where, copy),
                    lambda: self._carry(about, build, retries, held=held, late=late),
                )

        if fate.behind is None:
            go()
        else:
            give_up = self._planned.wait(fate.behind, about, go, where)
            self._at(self._clock.now() + PATIENCE, give_up)

    def forget(self) -> None:
        """Lose what is on its way: the house it came from is gone."""
        for task in list(self._tasks):
            task.cancel()

    def pending(self) -> int:
        """How many deliveries are not finished, redeliveries to come included."""
        return len(self._tasks)

    def under_way(self) -> Collection[asyncio.Task[None]]:
        """Every delivery that is not finished."""
        return self._tasks

    def imminent(self) -> int:
        """How many deliveries are not finished; redeliveries that are far off do not count."""
        return len(self._tasks) - self._far_off

    async def close(self) -> None:
        """Forget what is on its way and close every connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _start(self, carrying: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.get_running_loop().create_task(carrying)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _after(self, wait: timedelta, carry: Callable[[], "asyncio._CoroutineLike[None]"]) -> None:
        """Carry at once, or that much (virtual) later."""
        if wait:
            self._at(self._clock.now() + wait, lambda: self._start(carry()))
        else:
            self._start(carry())

    async def _carry(
        self, about: Message, build: Build, retries: Sequence[float], *, held: bool, late: float
    ) -> None:
        vendor = about.vendor
        if held:
            await self._overtaken(vendor)
        await self._clock.sleep(late)
        for attempt, pause in enumerate((0.0, *retries)):
            await self._pause(pause)
            done = await self._send(vendor, attempt, build)
            self._has_gone(vendor)
            self._planned.gone(about)
            if done:
                return

    async def _pause(self, seconds: float) -> None:
        far_off = seconds > SOON_SECONDS
        self._far_off += far_off
        try:
            await self._clock.sleep(seconds)
        finally:
            self._far_off -= far_off

    async def _overtaken(self, vendor: str) -> None:
        """Wait until a later message of the vendor has gone, or long enough."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._overtaking[vendor].append(woken)
        await self._clock.wait(woken, HELD_SECONDS)

    def _has_gone(self, vendor: str) -> None:
        for woken in self._overtaking.pop(vendor, []):
            if not woken.done():
                woken.set_result(None)

    async def _send(self, vendor: str, attempt: int, build: Build) -> bool:
        url, headers, body = build(attempt)
        async with self._slots:
            try:
                async with self._connection().post(
                    url, data=body, headers=headers, allow_redirects=False
                ) as answer:
                    status = answer.status
            except (aiohttp.ClientError, TimeoutError, OSError) as lost:
                status = 0
                self.delivered.append({"vendor": vendor, "attempt": attempt, "status": type(lost).__name__})
                return False
        self.delivered.append({"vendor": vendor, "attempt": attempt, "status": status})
        return status in OK

    def _connection(self) -> aiohttp.ClientSession:
        if self._session is None:
            limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            self._session = aiohttp.ClientSession(timeout=limit)
        return self._session
