"""What time it is, and how long a machine's second lasts on that clock.

A demonstration runs a day in a minute. Business instants (order times, cut-offs, ``due_at``) are read from
this clock; lengths that belong to the machine (call limits, claims, settle times) go through ``span``, so that
ten real seconds stay ten real seconds however fast the day goes by.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """A clock; ``now`` is aware UTC."""

    def now(self) -> datetime:
        """Return the present instant."""
        ...

    def span(self, machine_s: float) -> timedelta:
        """Return how far this clock moves while the machine lives ``machine_s`` seconds."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.now(UTC)

    def span(self, machine_s: float) -> timedelta:
        """Return the same length: a second here is a second."""
        return timedelta(seconds=machine_s)


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A clock that showed ``start`` at ``started_unix_s`` and runs ``rate`` times as fast since."""

    start: datetime
    started_unix_s: float
    rate: float

    def now(self) -> datetime:
        """Return the present virtual instant."""
        return self.start + timedelta(seconds=(time.time() - self.started_unix_s) * self.rate)

    def span(self, machine_s: float) -> timedelta:
        """Return how far this clock moves in ``machine_s`` real seconds."""
        return timedelta(seconds=machine_s * self.rate)


@dataclass(slots=True)
class SteppedClock:
    """A clock that stands still until it is moved: for simulation and tests."""

    instant: datetime

    def now(self) -> datetime:
        """Return the instant it was last moved to."""
        return self.instant

    def span(self, machine_s: float) -> timedelta:
        """Return the same length: in simulation the machine lives on this clock."""
        return timedelta(seconds=machine_s)

    def move_to(self, instant: datetime) -> None:
        """Move forward; moving back is refused."""
        if instant < self.instant:
            raise ValueError(f"the clock shows {self.instant.isoformat()}; it cannot go back")
        self.instant = instant


def clock_of(environ: Mapping[str, str] = os.environ) -> Clock:
    """Return the clock that ``CROSSDOCK_CLOCK`` names (``start/unix seconds/rate``), else the machine's own."""
    text = environ.get("CROSSDOCK_CLOCK")
    if not text:
        return SystemClock()
    start, started, rate = text.split("/")
    return ScaledClock(datetime.fromisoformat(start).astimezone(UTC), float(started), float(rate))
