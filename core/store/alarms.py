"""Alarms: a vendor does nothing of one kind for a whole account; one row says so until it is mended."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.store.claims import wake_open_orders
from core.store.tables import alarms, errands
from core.store.writes import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What a vendor does not do, since when and why, and when it is next asked."""

    connection: str
    action: str
    since: datetime
    reason: str
    look_at: datetime
    cleared_at: datetime | None = None


def raise_alarm(conn: sa.Connection, merchant: str, alarm: Alarm) -> bool:
    """Raise an alarm, or put off the next look of the one that stands; return whether it is new."""
    key = {"merchant": merchant, "connection": alarm.connection, "action": alarm.action}
    told = {"since": alarm.since, "reason": alarm.reason, "look_at": alarm.look_at}
    of = [alarms.c[name] == value for name, value in key.items()]
    # A row that is not there yet is put there cleared, so that of two who raise it at once one is the first.
    insert_new(conn, alarms, [{**key, **told, "cleared_at": alarm.since}])
    stands = conn.execute(sa.select(alarms.c.cleared_at).where(*of).with_for_update()).one()
    if stands.cleared_at is None:
        told = {"reason": alarm.reason, "look_at": alarm.look_at}
    conn.execute(sa.update(alarms).where(*of).values(**told, cleared_at=None))
    return stands.cleared_at is not None


def open_alarms(conn: sa.Connection, merchant: str) -> tuple[Alarm, ...]:
    """Return the alarms that stand, by connection and action."""
    found = conn.execute(
        sa.select(alarms)
        .where(alarms.c.merchant == merchant, alarms.c.cleared_at.is_(None))
        .order_by(alarms.c.connection, alarms.c.action)
    )
    return tuple(
        Alarm(
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
        sa.update(alarms)
        .where(*_is(merchant, connection, action), alarms.c.look_at <= now)
        .values(look_at=look_at)
    )
    return bool(changed.rowcount)


def clear(conn: sa.Connection, merchant: str, connection: str, action: str, *, now: datetime) -> bool:
    """Clear an alarm, and have all that waited for it go on; return whether it stood."""
    changed = conn.execute(sa.update(alarms).where(*_is(merchant, connection, action)).values(cleared_at=now))
    if changed.rowcount:
        _go_on(conn, merchant, connection, now)
    return bool(changed.rowcount)


def look_now(conn: sa.Connection, merchant: str, connection: str, *, now: datetime) -> int:
    """Have a connection's paused actions tried again at once; return how many there are."""
    of = (alarms.c.merchant == merchant, alarms.c.connection == connection, alarms.c.cleared_at.is_(None))
    changed = conn.execute(sa.update(alarms).where(*of).values(look_at=now))
    if changed.rowcount:
        _go_on(conn, merchant, connection, now)
    return int(changed.rowcount)


def _go_on(conn: sa.Connection, merchant: str, connection: str, now: datetime) -> None:
    wake_open_orders(conn, merchant, now)
    failed = (
        errands.c.merchant == merchant,
        errands.c.connection == connection,
        errands.c.error.is_not(None),
    )
    conn.execute(sa.update(errands).where(*failed, errands.c.due_at > now).values(due_at=now))


def _is(merchant: str, connection: str, action: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        alarms.c.merchant == merchant,
        alarms.c.connection == connection,
        alarms.c.action == action,
        alarms.c.cleared_at.is_(None),
    )
