"""What each function of the store costs SQLite: steps of its machine, and rows that were fetched.

A step is one instruction of SQLite's virtual machine (https://www.sqlite.org/opcode.html): a row that is looked at,
whether or not it is given, takes a few. Unlike time it is the same on every machine and in every run.
"""

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

STEPS_AT_ONCE = 50
STORE = str(Path(__file__).parents[2] / "core" / "store")
_ENGINE = ("engine.py", "group.py", "writer.py")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as the database was asked it."""

    name: str
    """The function of the store that asked: ``stock.page_of_stock``."""
    text: str
    parameters: Any


@dataclass(slots=True)
class Watch:
    """Counts, while it is ``on``, what functions of the store cost."""

    on: bool = False
    steps: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    statements: dict[str, Statement] = field(default_factory=dict)

    @contextlib.contextmanager
    def watching(self) -> Iterator["Watch"]:
        """Count meanwhile, from nothing."""
        self.steps, self.rows, self.on = Counter(), Counter(), True
        try:
            yield self
        finally:
            self.on = False


@contextlib.contextmanager
def watched() -> Iterator[Watch]:
    """Watch every connection of SQLite that is opened meanwhile."""
    watch, asking = Watch(), dict[int, str]()

    def connected(connection: Any, _record: object) -> None:
        def step() -> None:
            if watch.on:
                watch.steps[asking.get(id(connection), "")] += STEPS_AT_ONCE

        def row(_cursor: object, found: tuple[Any, ...]) -> tuple[Any, ...]:
            if watch.on:
                watch.rows[asking.get(id(connection), "")] += 1
            return found

        connection.set_progress_handler(step, STEPS_AT_ONCE)
        connection.row_factory = row

    def asked(conn: sa.Connection, _cursor: object, text: str, parameters: Any, *_more: object) -> None:
        name = _asker()
        asking[id(conn.connection.dbapi_connection)] = name
        if watch.on and not text.startswith(("BEGIN", "COMMIT", "PRAGMA")):
            one = parameters[0] if isinstance(parameters, list) and parameters else parameters
            watch.statements.setdefault(text, Statement(name, text, one))

    sa.event.listen(sa.Engine, "connect", connected)
    sa.event.listen(sa.Engine, "before_cursor_execute", asked)
    try:
        yield watch
    finally:
        sa.event.remove(sa.Engine, "connect", connected)
        sa.event.remove(sa.Engine, "before_cursor_execute", asked)


def _asker() -> str:
    """Return the function of the store that was handed to ``read`` or ``write``."""
    frame, found = sys._getframe(2), "?"
    while frame.f_back is not None:
        path = Path(frame.f_code.co_filename)
        if str(path).startswith(STORE) and path.name not in _ENGINE:
            found = f"{path.stem}.{frame.f_code.co_name}"
        frame = frame.f_back
    return found
