"""Vendor pauses: a vendor does nothing of one kind for a whole account; one row says so until it is mended."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.store.claims import wake_open_orders
from core.store.tables import jobs, pauses
from core.store.writes import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorPause:
    """What a vendor does not do, since when and why, and when it is next asked."""

    connection: str
    action: str
    since: datetime
    reason: str
    look_at: datetime
    cleared_at: datetime | None = None


def save_pause(conn: sa.Connection, merchant: str, pause: VendorPause) -> bool:
    """Raise a pause, or put off the next look of the one that stands; return whether it is new."""
    key = {"merchant": merchant, "connection": pause.connection, "action": pause.action}
    told = {"since": pause.since, "reason": pause.reason, "look_at": pause.look_at}
    of = [pauses.c[name] == value for name, value in key.items()]
    # A row that is not there yet is put there cleared, so that of two who raise it at once one is the first.
    insert_new(conn, pauses, [{**key, **told, "cleared_at": pause.since}])
    stands = conn.execute(sa.select(pauses.c.cleared_at).where(*of).with_for_update()).one()
    if stands.cleared_at is None:
        told = {"reason": pause.reason, "look_at": pause.look_at}
    conn.execute(sa.update(pauses).where(*of).values(**told, cleared_at=None))
    return stands.cleared_at is not None


def list_pauses(conn: sa.Connection, merchant: str) -> tuple[VendorPause, ...]:
    """Return the pauses that stand, by connection and action."""
    found = conn.execute(
        sa.select(pauses)
        .where(pauses.c.merchant == merchant, pauses.c.cleared_at.is_(None))
        .order_by(pauses.c.connection, pauses.c.action)
    )
    return tuple(
        VendorPause(
            connection=row.connection,
            action=row.action,
            since=row.since,
            reason=row.reason,
            look_at=row.look_at,
        )
        for row in found
    )


def take_turn(
    conn: sa.Connection, merchant: str, connection: str, action: str, *, now: datetime, look_at: datetime
) -> bool:
    """Return whether the caller is the one who asks the vendor again; the next turn is at ``look_at``."""
    changed = conn.execute(
        sa.update(pauses)
        .where(*_is(merchant, connection, action), pauses.c.look_at <= now)
        .values(look_at=look_at)
    )
    return bool(changed.rowcount)


def end_pause(conn: sa.Connection, merchant: str, connection: str, action: str, *, now: datetime) -> bool:
    """Clear a pause, and have all that waited for it go on; return whether it stood."""
    changed = conn.execute(sa.update(pauses).where(*_is(merchant, connection, action)).values(cleared_at=now))
    if changed.rowcount:
        _go_on(conn, merchant, connection, now)
    return bool(changed.rowcount)


def ask_now(conn: sa.Connection, merchant: str, connection: str, *, now: datetime) -> int:
    """Have a connection's paused actions tried again at once; return how many there are."""
    of = (pauses.c.merchant == merchant, pauses.c.connection == connection, pauses.c.cleared_at.is_(None))
    changed = conn.execute(sa.update(pauses).where(*of).values(look_at=now))
    if changed.rowcount:
        _go_on(conn, merchant, connection, now)
    return int(changed.rowcount)


def _go_on(conn: sa.Connection, merchant: str, connection: str, now: datetime) -> None:
    wake_open_orders(conn, merchant, now)
    failed = (
        jobs.c.merchant == merchant,
        jobs.c.connection == connection,
        jobs.c.error.is_not(None),
    )
    conn.execute(sa.update(jobs).where(*failed, jobs.c.due_at > now).values(due_at=now))


def _is(merchant: str, connection: str, action: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        pauses.c.merchant == merchant,
        pauses.c.connection == connection,
        pauses.c.action == action,
        pauses.c.cleared_at.is_(None),
    )
