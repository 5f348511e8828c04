"""Failures of our own infrastructure, as tests bring them about."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from core.store.engine import Database
from core.store.failures import CommitLostError

CUT = sa.exc.DBAPIError("SELECT 1", {}, Exception("terminating connection"), connection_invalidated=True)
FULL = sa.exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))
LOCKED = sa.exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("database is locked"))
READ_ONLY = sa.exc.OperationalError(
    "UPDATE", {}, sqlite3.OperationalError("attempt to write a readonly database")
)
LOST = CommitLostError()
KINDS = {"cut": CUT, "full": FULL, "locked": LOCKED, "read-only": READ_ONLY, "commit lost": LOST}


@contextlib.contextmanager
def away(
    db: Database,
    error: Exception = CUT,
    *,
    times: int | None = None,
    of: Sequence[str] = ("read", "write", "write_first"),
) -> Iterator[list[str]]:
    """Have a database fail, always or so many times; give what was asked of it in vain, which grows."""
    asked: list[str] = []
    plain = {name: getattr(db, name) for name in of}

    def failing(name: str) -> Callable[..., Any]:
        async def ask(work: Any, *args: Any, **kwargs: Any) -> Any:
            if times is not None and len(asked) >= times:
                return await plain[name](work, *args, **kwargs)
            asked.append(name.removesuffix("_first"))
            raise error

        return ask

    for name in of:
        setattr(db, name, failing(name))
    try:
        yield asked
    finally:
        for name in of:
            delattr(db, name)
