"""The virtual clock: real time, stretched."""

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Virtual time that runs `rate` times as fast as the wall clock."""

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

    def real_seconds(self, virtual_seconds: float) -> float:
        """How long that many virtual seconds last on the wall clock."""
        return max(0.0, virtual_seconds) / self.rate

    async def sleep(self, virtual_seconds: float) -> None:
        """Wait for that many virtual seconds."""
        await asyncio.sleep(self.real_seconds(virtual_seconds))

    async def sleep_until(self, when: datetime) -> None:
        """Wait until the virtual clock shows that instant."""
        await self.sleep((when - self.now()).total_seconds())

    def text(self) -> str:
        """`<virtual start>/<unix seconds at start>/<rate>`: what another process needs to keep the same time."""
        return f"{self.start.isoformat()}/{self._unix!r}/{self.rate!r}"
