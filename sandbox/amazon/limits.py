"""Usage plans: a token bucket for each operation, filled by the virtual clock.

https://developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits (read 2026-11).
"""

from datetime import datetime
from typing import Final

PACE: Final = 20.0
"""At a slow clock the plans are made this much roomier, or two hundred orders would take Amazon's own hours."""


class Limits:
    """The buckets of one application and one seller."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self._level: dict[str, tuple[float, datetime]] = {}

    def rate(self, plan_rate: float) -> float:
        """Requests a (virtual) second that this operation gets here."""
        return plan_rate * self.scale

    def take(self, operation: str, rate: float, *, burst: int, now: datetime) -> bool:
        """Take one request out of the operation's bucket; false when it is empty."""
        level, since = self._level.get(operation, (float(burst), now))
        filled = min(float(burst), level + (now - since).total_seconds() * self.rate(rate))
        if filled < 1:
            self._level[operation] = (filled, now)
            return False
        self._level[operation] = (filled - 1, now)
        return True


def scale_for(clock_rate: float, asked: float | None) -> float:
    """How much roomier than Amazon's the plans are: as asked, or as the clock's rate needs."""
    return asked if asked is not None else max(1.0, PACE / clock_rate)
