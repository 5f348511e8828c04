"""The virtual clock: real time, stretched; or an instant that stands still until it is moved by hand."""

import asyncio
import heapq
import itertools
import mmap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

PAGE_BYTES: Final = 8
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
TURNS: Final = 4
"""How often the loop turns after a timer, so that whoever waited for it has done what it does at that instant."""

Woken = asyncio.Future[None]


class Clock:
    """Virtual time that runs `rate` times as fast as the wall clock."""

    stands = False
    """Whether it stands still until it is moved."""
    fired = 0
    """How many timers have come, on a clock that is moved."""

    def __init__(self, start: datetime, rate: float = 1.0) -> None:
        if start.tzinfo is None:
            raise ValueError("the clock's start needs an offset")
        if rate <= 0:
            raise ValueError("the clock's rate must be above 0")
        self.start = start.astimezone(UTC)
        self.rate = rate
        self._unix = time.time()

    def now(self) -> datetime:
        """The present virtual instant, in UTC."""
        return self.start + timedelta(seconds=(time.time() - self._unix) * self.rate)

    def seconds(self) -> float:
        """The seconds by which a vendor counts what it allows: real ones, for its callers are real."""
        return time.monotonic()

    async def sleep(self, virtual_seconds: float) -> None:
        """Wait for that many virtual seconds."""
        await asyncio.sleep(max(0.0, virtual_seconds) / self.rate)

    async def sleep_until(self, when: datetime) -> None:
        """Wait until the virtual clock shows that instant."""
        await self.sleep((when - self.now()).total_seconds())

    async def wait(self, woken: Woken, virtual_seconds: float) -> None:
        """Wait until somebody wakes, but no longer than that many virtual seconds."""
        await asyncio.wait((woken,), timeout=max(0.0, virtual_seconds) / self.rate)

    def asleep(self, _task: asyncio.Task[object]) -> bool:
        """Whether a task waits for a later instant that only a move brings."""
        return False

    def next_at(self) -> datetime | None:
        """When the next timer comes that a move brings; none where nobody waits for one."""
        return None

    async def move_to(self, _instant: datetime) -> None:
        """Refuse to be moved."""
        raise TypeError("this clock runs by itself; start the sandbox with --stepped to move it by hand")

    def text(self) -> str:
        """`<virtual start>/<unix seconds at start>/<rate>`: what another process needs to keep the same time."""
        return f"{self.start.isoformat()}/{self._unix!r}/{self.rate!r}"


class SteppedClock(Clock):
    """A clock that stands still until it is moved; other processes read its instant from a page.

    The page is a file of one int64 in the machine's byte order: microseconds since 1970.
    """

    stands = True

    def __init__(self, start: datetime, page: Path) -> None:
        super().__init__(start)
        self._path = page
        page.write_bytes(bytes(PAGE_BYTES))
        with page.open("r+b") as file:
            # Eight aligned bytes are written at once: nobody reads half an instant.
            self._page = memoryview(mmap.mmap(file.fileno(), PAGE_BYTES)).cast("q")
        self._timers: list[tuple[datetime, int, Woken]] = []
        self._numbers = itertools.count()
        self._asleep: dict[asyncio.Task[object], Woken] = {}
        self._moving = asyncio.Lock()
        self._show(self.start)

    def now(self) -> datetime:
        """The instant it was last moved to."""
        return EPOCH + timedelta(microseconds=self._page[0])

    def seconds(self) -> float:
        """The seconds of this clock: its callers live on it."""
        return self.now().timestamp()

    async def sleep(self, virtual_seconds: float) -> None:
        """Wait until it has been moved that far."""
        await self.sleep_until(self.now() + timedelta(seconds=virtual_seconds))

    async def sleep_until(self, when: datetime) -> None:
        """Wait until it has been moved to that instant."""
        if when <= self.now():
            await asyncio.sleep(0)
        else:
            await self._sleep_until(asyncio.get_running_loop().create_future(), when)

    async def wait(self, woken: Woken, virtual_seconds: float) -> None:
        """Wait until somebody wakes, or it has been moved that far."""
        await self._sleep_until(woken, self.now() + timedelta(seconds=virtual_seconds))

    def asleep(self, task: asyncio.Task[object]) -> bool:
        """Whether a task waits for a later instant."""
        woken = self._asleep.get(task)
        return woken is not None and not woken.done()

    def next_at(self) -> datetime | None:
        """When the next timer comes; none where nobody waits."""
        while self._timers and self._timers[0][2].done():
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    async def move_to(self, instant: datetime) -> None:
        """Move on; every timer on the way comes in its turn and sees its own instant."""
        async with self._moving:
            if instant < self.now():
                raise ValueError(f"the clock shows {self.now().isoformat()}; it cannot go back")
            while (following := self.next_at()) is not None and following <= instant:
                self._show(following)
                _when, _number, woken = heapq.heappop(self._timers)
                woken.set_result(None)
                self.fired += 1
                for _turn in range(TURNS):
                    await asyncio.sleep(0)
            self._show(instant)

    def text(self) -> str:
        """`page:<path>`: where another process reads the same time."""
        return f"page:{self._path}"

    def _show(self, instant: datetime) -> None:
        self._page[0] = (instant.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)

    async def _sleep_until(self, woken: Woken, when: datetime) -> None:
        task = asyncio.current_task()
        heapq.heappush(self._timers, (when, next(self._numbers), woken))
        if task is not None:
            self._asleep[task] = woken
        try:
            await woken
        finally:
            if task is not None:
                del self._asleep[task]
