"""Counts what this process sends to its database."""

import re
from collections import Counter
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_BLANKS = re.compile(r"\s+")


class Statements:
    """How often each text was sent since the count began; a text that is executed for many rows at once counts once."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        event.listen(Engine, "before_cursor_execute", self._count)

    def _count(
        self, _conn: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: Any
    ) -> None:
        self.counts[statement] += 1

    def close(self) -> None:
        """Count no more."""
        event.remove(Engine, "before_cursor_execute", self._count)

    def take(self) -> Counter[str]:
        """Return what was counted, and begin anew."""
        taken, self.counts = self.counts, Counter()
        shortened: Counter[str] = Counter()
        for text, times in taken.items():
            shortened[_BLANKS.sub(" ", text)[:160]] += times
        return shortened
