"""What time it is, and how long a machine's second lasts on that clock.

Instants (order times, cut-offs, ``due_at``) are read from this clock, never from the machine. A day that is played for a
demonstration goes by in steps: its clock is a page that another process writes, and stands still in between.
"""

import mmap
import os
import time
from collections.abc import Mapping
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

    def seconds(self) -> float:
        """Return the seconds by which limits and pauses are counted: the machine's, or those of a clock moved by hand."""
        ...

    @property
    def by_hand(self) -> bool:
        """Whether it stands still until somebody moves it."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Return the machine's own seconds, which nobody sets back."""
        return time.monotonic()

    @property
    def by_hand(self) -> bool:
        """It runs by itself."""
        return False


@dataclass(slots=True)
class SteppedClock:
    """A clock that stands still until it is moved: for simulation and tests."""

    instant: datetime

    def now(self) -> datetime:
        """Return the instant it was last moved to."""
        return self.instant

    def seconds(self) -> float:
        """Return the seconds of the instant: in simulation the machine lives on this clock."""
        return self.instant.timestamp()

    @property
    def by_hand(self) -> bool:
        """It stands still until it is moved."""
        return True

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

    def seconds(self) -> float:
        """Return the seconds of the page: while it stands still, no pause ends at an instant that nobody could name."""
        return self.now().timestamp()

    @property
    def by_hand(self) -> bool:
        """It stands still until whoever owns the page moves it."""
        return True


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
