"""Stops asking a vendor that does not answer, so that its silence takes nobody's place but its own."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from core.errors import UnavailableError

FAILURES = 5
PAUSE_S = 3.0


class BreakerOpenError(UnavailableError):
    """No call was made: the vendor failed too often in a row and is left alone for a while."""


@dataclass(slots=True)
class _Line:
    failures: int = 0
    closed_until: float = 0.0


@dataclass(slots=True)
class Breaker:
    """Per (merchant, connection): after FAILURES in a row no call is made for PAUSE_S, then one may try."""

    monotonic: Callable[[], float] = time.monotonic
    _lines: dict[tuple[str, str], _Line] = field(default_factory=dict)

    def check(self, merchant: str, connection: str) -> None:
        """Return if a call may be made.

        Raises:
            BreakerOpenError: the vendor failed too often in a row; the message says for how long it is left alone.
        """
        line = self._lines.get((merchant, connection))
        if line is None or line.closed_until <= self.monotonic():
            return
        raise BreakerOpenError(
            f"left alone for {PAUSE_S:g} s after {line.failures} failures in a row", connection=connection
        )

    def failed(self, merchant: str, connection: str) -> None:
        """Count a failure; the next call may be refused."""
        line = self._lines.setdefault((merchant, connection), _Line())
        line.failures += 1
        if line.failures >= FAILURES:
            line.closed_until = self.monotonic() + PAUSE_S

    def answered(self, merchant: str, connection: str) -> None:
        """Forget the failures: the vendor answers."""
        self._lines.pop((merchant, connection), None)
