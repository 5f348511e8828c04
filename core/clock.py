"""What time it is, and how long a machine's second lasts on that clock.

Business instants (order times, cut-offs, ``due_at``) are read from this clock; lengths that belong to the machine (call
limits, claims, settle times) go through ``span``. A day that is played for a demonstration goes by in steps: its clock
is a page that another process writes, and stands still in between.
"""

import mmap
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, Self

from core.errors import ConfigError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAGE_BYTES = 8
_PAGE = "page:"


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


@dataclass(frozen=True, slots=True)
class PageClock:
    """A clock that stands still until whoever owns its page moves it: one int64, microseconds since 1970, in a file."""

    path: Path
    _page: memoryview = field(repr=False, compare=False)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a page that somebody else writes.

        Raises:
            ConfigError: there is no such file, or it is too short to hold an instant.
        """
        try:
            with path.open("rb") as file:
                page = mmap.mmap(file.fileno(), _PAGE_BYTES, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"CROSSDOCK_CLOCK: {path} is no page of a clock ({error}); is the sandbox that owns it running?"
            ) from error
        # Eight aligned bytes are read at once: never half of one instant and half of another.
        return cls(path, memoryview(page).cast("q"))

    def now(self) -> datetime:
        """Return the instant on the page."""
        return _EPOCH + timedelta(microseconds=self._page[0])

    def span(self, machine_s: float) -> timedelta:
        """Return the same length: whoever waits for it waits until the page has been moved so far."""
        return timedelta(seconds=machine_s)


def seconds_of(clock: Clock) -> Callable[[], float]:
    """Return the seconds by which limits and pauses are counted: the machine's, or those of a page.

    On a page that stands still, no pause would ever end by real time at an instant that anybody could name.
    """
    if isinstance(clock, PageClock):
        return lambda: clock.now().timestamp()
    return time.monotonic


def clock_of(environ: Mapping[str, str] = os.environ) -> Clock:
    """Return the clock that ``CROSSDOCK_CLOCK`` names, else the machine's own.

    It is ``page:/path`` for one that is moved by hand.

    Raises:
        ConfigError: it is something else, or the page cannot be read.
    """
    text = environ.get("CROSSDOCK_CLOCK")
    if not text:
        return SystemClock()
    if text.startswith(_PAGE):
        return PageClock.open(Path(text.removeprefix(_PAGE)))
    raise ConfigError(f"CROSSDOCK_CLOCK: {text!r} names no clock; write page:/path of a sandbox's page")
