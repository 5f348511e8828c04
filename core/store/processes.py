"""The processes of the hub, and which of their claims still count.

A process says every few seconds that it lives. What one holds that has fallen silent, or has ended, is free at once:
its claims need not run out first. That another acts early is no danger: what a claim was lost under is refused by the
row, and an effect without an outcome is looked up no earlier than its own instant, whoever owns the order by then.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.store.columns import UTCDateTime
from core.store.postgres import NAME_LENGTH
from core.store.tables import processes
from core.store.writes import upsert

GONE_AFTER = timedelta(seconds=8)
"""A process that has said nothing for so long is taken for dead."""
KEPT = timedelta(days=1)
"""How long a dead process is remembered: longer than any claim lasts."""


def beat(conn: sa.Connection, owner: str, role: str, now: datetime) -> None:
    """Say that a process lives."""
    upsert(
        conn,
        processes,
        [{"owner": owner, "role": role, "since": now, "beat_at": now}],
        keep=["since"],
    )


def end_silent_sessions(conn: sa.Connection, now: datetime) -> int:
    """End what sessions of PostgreSQL are at whose process is taken for dead; return how many that were.

    They hold locks on rows that others wait for, and the server by itself ends only those that are between two statements.
    """
    if conn.dialect.name != "postgresql":
        return 0
    ending = sa.text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity, processes"
        " WHERE datname = current_database() AND usename = current_user AND state <> 'idle'"
        " AND application_name = right(processes.owner, CAST(:length AS integer)) AND beat_at < :since"
    ).bindparams(sa.bindparam("since", type_=UTCDateTime))
    return int(conn.execute(ending, {"since": now - GONE_AFTER, "length": NAME_LENGTH}).scalar_one())


def end_process(conn: sa.Connection, owner: str) -> None:
    """Say that a process ends: what it still holds is free."""
    conn.execute(sa.update(processes).where(processes.c.owner == owner).values(beat_at=None))


def living(conn: sa.Connection) -> list[str]:
    """Return the processes that did not say that they ended."""
    return list(conn.scalars(sa.select(processes.c.owner).where(processes.c.beat_at.is_not(None))))


def is_taken_for_dead(conn: sa.Connection, owner: str, now: datetime) -> bool:
    """Return whether others take a process for dead that once said that it lives: its claims count no more."""
    row = sa.select(processes.c.owner).where(processes.c.owner == owner, _silent(now - GONE_AFTER))
    return conn.execute(row).first() is not None


def forget_processes(conn: sa.Connection, now: datetime) -> None:
    """Delete those of long ago."""
    conn.execute(sa.delete(processes).where(processes.c.since < now - KEPT, _silent(now - GONE_AFTER)))


def unheld(row: Any, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that nobody holds a row: it was given back, its claim ran out, or its owner is gone.

    ``row`` are the columns of a table, or of its alias.
    """
    return unheld_at(row, now, now - GONE_AFTER)


def unheld_at(row: Any, now: Any, silent_since: Any) -> sa.ColumnElement[bool]:
    """Return the same condition of instants that may be parameters, for a statement that is made once."""
    return sa.or_(
        row.claimed_until.is_(None), row.claimed_until < now, owner_silent(row.claimed_by, silent_since)
    )


def owner_gone(claimed_by: sa.ColumnElement[str | None], now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a claim's process is known and lives no more.

    A claim's name is that of its process, or begins with it and a slash. One of a process that never said that it
    lives (a verb of the command) lasts its time.
    """
    return owner_silent(claimed_by, now - GONE_AFTER)


def owner_silent(claimed_by: sa.ColumnElement[str | None], since: Any) -> sa.ColumnElement[bool]:
    """Return the same condition of an instant that may be a parameter: the process said nothing since."""
    owner = processes.c.owner
    theirs = sa.func.substr(claimed_by.concat("/"), 1, sa.func.length(owner) + 1) == owner.concat("/")
    return sa.exists().where(theirs, _silent(since))


def _silent(since: Any) -> sa.ColumnElement[bool]:
    return sa.or_(processes.c.beat_at.is_(None), processes.c.beat_at < since)
