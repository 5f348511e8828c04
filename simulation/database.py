"""The database that several simulated processes share: each call goes there and back, in an order that the seed chooses."""

import asyncio
import functools
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from core.store.append_only import create_all
from core.store.columns import UTCDateTime
from core.store.processes import GONE_AFTER
from simulation.loop import SeededLoop
from simulation.memory import Memory

_FREE = "SELECT min(due_at), NULL, NULL FROM {} WHERE claimed_until IS NULL HAVING min(due_at) IS NOT NULL"
_HELD = (
    "SELECT due_at, claimed_until, (SELECT beat_at FROM processes WHERE owner = claimed_by) "
    "FROM {} WHERE claimed_until IS NOT NULL AND due_at IS NOT NULL"
)
_DUE = " UNION ALL ".join(part.format(table) for table in ("orders", "jobs") for part in (_FREE, _HELD))
"""Asked at every instant, hence without what SQLAlchemy would do for it."""
_MOMENT = timedelta(microseconds=1)
"""A claim that ends at an instant is free a moment later."""

P = ParamSpec("P")
T = TypeVar("T")

_BESIDE = sa.MetaData()
takeovers = sa.Table(
    "takeovers",
    _BESIDE,
    sa.Column("subject", sa.Text),
    sa.Column("holder", sa.Text),
    sa.Column("until", UTCDateTime),
    sa.Column("beat_at", UTCDateTime),
    sa.Column("taker", sa.Text),
    sa.Column("taker_until", UTCDateTime),
)
"""Whoever claimed what another held, written down by the database itself: the code under test cannot hide it."""
_WATCH = (
    "CREATE TRIGGER {table}_watched AFTER UPDATE OF claimed_by ON {table} WHEN OLD.claimed_by <> NEW.claimed_by "
    "BEGIN INSERT INTO takeovers SELECT {subject}, OLD.claimed_by, OLD.claimed_until, "
    "(SELECT beat_at FROM processes WHERE owner = OLD.claimed_by), NEW.claimed_by, NEW.claimed_until; END"
)
_WATCHED = (("orders", "NEW.order_id"), ("jobs", "NEW.kind || ' ' || NEW.subject"))


class SharedDatabase(Memory):
    """One SQLite in memory; transactions come one after another, and what was asked is done even if the asker dies."""

    def __init__(self, filled: bytes | None = None) -> None:
        super().__init__()
        self._raw = _raw(self._engine)
        self._raw.deserialize(_empty() if filled is None else filled)

    async def write(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` and commit; whatever it raises rolls back."""
        return await _loop().outside(lambda: self.now_written(work, *args, **kwargs))

    async def read(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work``."""
        return await _loop().outside(lambda: self.looked(work, *args, **kwargs))

    def now_written(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` and commit, here and now."""
        result = self.looked(work, *args, **kwargs)
        self._written(1)
        return result

    def looked(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` here and now."""
        with self._engine.begin() as conn:
            return work(conn, *args, **kwargs)

    def next_due(self) -> datetime | None:
        """Return the earliest instant at which an order or a job is due and held by nobody."""
        found: list[datetime] = []
        for due_at, until, beat_at in self._raw.execute(_DUE):
            free_at = datetime.fromisoformat(due_at)
            if until is not None:
                ends = datetime.fromisoformat(until)
                gone = ends if beat_at is None else datetime.fromisoformat(beat_at) + GONE_AFTER
                free_at = max(free_at, min(ends, gone) + _MOMENT)
            found.append(free_at)
        return min(found, default=None)

    def as_bytes(self) -> bytes:
        """Return all that it holds."""
        made: bytes = self._raw.serialize()
        return made

    def dispose(self) -> None:
        """Forget everything."""
        self._engine.dispose()


def _loop() -> SeededLoop:
    loop = asyncio.get_running_loop()
    if not isinstance(loop, SeededLoop):
        raise TypeError("this database answers on a seeded loop only")
    return loop


@functools.cache
def _empty() -> bytes:
    """Return an empty database with every table, as bytes: they are made once, and copied for every run."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    with engine.begin() as conn:
        create_all(conn)
        _BESIDE.create_all(conn)
        for table, subject in _WATCHED:
            conn.exec_driver_sql(_WATCH.format(table=table, subject=subject))
    with closing(_raw(engine)) as raw:
        made: bytes = raw.serialize()
    return made


def _raw(engine: sa.Engine) -> Any:  # SQLAlchemy does not say of what type it is
    return engine.raw_connection().driver_connection
