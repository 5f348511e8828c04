"""Carries the vendors' webhooks to their subscribers, as badly as the armed faults say."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import aiohttp

from sandbox.values import Json

if TYPE_CHECKING:
    from sandbox.world import World

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


class Courier:
    """Every webhook on its way."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._count: Counter[str] = Counter()
        self._far_off = 0
        self.delivered: list[Json] = []

    def post(self, vendor: str, subject: str, build: Build, *, retries: Sequence[float]) -> None:
        """Queue one webhook; retries are the virtual seconds before each redelivery."""
        self._count[f"{vendor} {subject}"] += 1
        where = f"{vendor} webhook {subject} #{self._count[f'{vendor} {subject}']}"
        faults = self._world.faults
        if faults.strike("drop", where):
            return
        dice = faults.dice(where)
        copies = dice.randint(2, 4) if faults.strike("duplicate", where) else 1
        held = faults.strike("reorder", where)
        late = dice.uniform(*LATE_SECONDS) if faults.strike("delay", where) else 0.0
        for _copy in range(copies):
            self._start(self._carry(vendor, build, retries, held=held, late=late))

    def pending(self) -> int:
        """How many deliveries are not finished, redeliveries to come included."""
        return len(self._tasks)

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

    async def _carry(
        self, vendor: str, build: Build, retries: Sequence[float], *, held: bool, late: float
    ) -> None:
        clock = self._world.clock
        if held:
            await self._overtaken(vendor)
        await clock.sleep(late)
        for attempt, pause in enumerate((0.0, *retries)):
            await self._pause(pause)
            done = await self._send(vendor, attempt, build)
            self._has_gone(vendor)
            if done:
                return

    async def _pause(self, seconds: float) -> None:
        far_off = seconds > SOON_SECONDS
        self._far_off += far_off
        try:
            await self._world.clock.sleep(seconds)
        finally:
            self._far_off -= far_off

    async def _overtaken(self, vendor: str) -> None:
        """Wait until a later message of the vendor has gone, or long enough."""
        patience = self._world.clock.real_seconds(HELD_SECONDS)
        try:
            await asyncio.wait_for(self._gone[vendor].wait(), patience)
        except TimeoutError:
            return

    def _has_gone(self, vendor: str) -> None:
        self._gone[vendor].set()
        self._gone[vendor] = asyncio.Event()

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
