"""What time it is, and how long a machine's second lasts on that clock.

Instants (order times, cut-offs, ``due_at``) are read from this clock, never from the machine. It is the database's
(F16): the clocks of two machines may differ, and be set, without a claim or a look-up coming too early. A day that is played for a
demonstration goes by in steps: its clock is a page that another process writes, and stands still in between.
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

    def seconds(self) -> float:
        """Return the seconds by which limits and pauses are counted: the machine's, or those of a clock moved by hand."""
        ...

    def held_s(self) -> float:
        """Return the seconds for which an instant that has come may have come too early: the clock was set forward."""
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

    def held_s(self) -> float:
        """Nobody watches whether it was set."""
        return 0.0

    @property
    def by_hand(self) -> bool:
        """It runs by itself."""
        return False


HOLD_S = 120.0
"""How long nothing is looked up once a clock was set forward: longer than any look-up waits by itself."""
_JUMP_S = 1.0
"""A clock that is set forward by less is only put right."""


@dataclass(slots=True)
class DatabaseClock:
    """The database's time, which all processes share, carried on by the machine's seconds from one look to the next.

    The machine's own clock may be wrong or be set: nothing is read from it.
    """

    machine: Callable[[], float] = time.monotonic
    _zero: datetime | None = None
    """The database's time at second 0 of the machine."""
    _ahead_s: float = 0.0
    """By how much it ran ahead at ``_since``: it goes on at half its pace until it is true."""
    _since: float = 0.0
    _held_until: float = 0.0

    def now(self) -> datetime:
        """Return the present instant.

        Raises:
            RuntimeError: the database was never asked.
        """
        return self._at(self.machine())

    def seconds(self) -> float:
        """Return the machine's own seconds, which nobody sets back."""
        return self.machine()

    def held_s(self) -> float:
        """Return the seconds for which what was asked before the clock was set forward may still be under way."""
        return max(0.0, self._held_until - self.machine())

    @property
    def by_hand(self) -> bool:
        """It runs by itself."""
        return False

    def learn(self, instant: datetime, asked: float, answered: float, *, shared: bool) -> float:
        """Take over the database's ``instant``, read between two of the machine's seconds; return by how many it was off.

        A clock that is not ``shared`` with other processes is never set back, so that no timer waits for long.
        """
        read, unsure = (asked + answered) / 2, (answered - asked) / 2
        if self._zero is None:
            self._zero = instant - timedelta(seconds=read)
            return 0.0
        off = (instant - self._at(read)).total_seconds()
        if abs(off) <= unsure:
            return 0.0
        self._zero = instant - timedelta(seconds=read)
        self._ahead_s, self._since = (0.0 if shared else max(0.0, -off)), read
        if off > _JUMP_S:
            self._held_until = answered + HOLD_S
        return off

    def _at(self, second: float) -> datetime:
        if self._zero is None:
            raise RuntimeError("the database was not asked what time it is")
        ahead = max(0.0, self._ahead_s - (second - self._since) / 2)
        return self._zero + timedelta(seconds=second + ahead)


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

    def held_s(self) -> float:
        """Who moves it means it."""
        return 0.0

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

    def held_s(self) -> float:
        """Who moves it means it."""
        return 0.0

    @property
    def by_hand(self) -> bool:
        """It stands still until whoever owns the page moves it."""
        return True


def clock_of(environ: Mapping[str, str] = os.environ) -> Clock:
    """Return the clock that ``CROSSDOCK_CLOCK`` names, else one that follows the database.

    It is ``page:/path`` for one that is moved by hand.

    Raises:
        ConfigError: it is something else, or the page cannot be read.
    """
    text = environ.get("CROSSDOCK_CLOCK")
    if not text:
        return DatabaseClock()
    if text.startswith(_PAGE):
        return PageClock.open(Path(text.removeprefix(_PAGE)))
    raise ConfigError(f"CROSSDOCK_CLOCK: {text!r} names no clock; write page:/path of a sandbox's page")
