"""What the merchant accepted and what is stopped, by connection and kind of action."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.store.reads import one_statement
from core.store.revisions import change_settings
from core.store.tables import switches
from core.store.writes import insert_new, upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Whether an action of a connection may run, who said so and when, and when it was first accepted."""

    connection: str
    action: str
    on: bool
    at: datetime
    actor: str
    first_at: datetime | None = None


def save_switch(conn: sa.Connection, merchant: str, switch: Switch) -> None:
    """Store whether an action may run; the instant at which it was first accepted stays."""
    change_settings(conn, merchant)
    this = (
        switches.c.merchant == merchant,
        switches.c.connection == switch.connection,
        switches.c.action == switch.action,
    )
    first_at = conn.execute(sa.select(switches.c.first_at).where(*this).with_for_update()).scalar()
    row = {
        "merchant": merchant,
        "connection": switch.connection,
        "action": switch.action,
        "state": "on" if switch.on else "off",
        "at": switch.at,
        "actor": switch.actor,
        "first_at": first_at or (switch.at if switch.on else None),
    }
    upsert(conn, switches, [row])


LIVE = "live"


def list_switches(conn: sa.Connection, merchant: str) -> dict[tuple[str, str], Switch]:
    """Return every switch somebody set, by (connection, action)."""
    query = sa.select(switches).where(switches.c.merchant == merchant).order_by(*switches.primary_key)
    return {
        (row.connection, row.action): Switch(
            connection=row.connection,
            action=row.action,
            on=row.state == "on",
            at=row.at,
            actor=row.actor,
            first_at=row.first_at,
        )
        for row in conn.execute(query)
    }


def go_live(conn: sa.Connection, merchant: str, connection: str, *, actor: str, now: datetime) -> None:
    """Note since when a connection is worked with; the first time stays. It reads: nothing is accepted by it."""
    change_settings(conn, merchant)
    row = {"connection": connection, "action": LIVE, "state": "on", "at": now, "actor": actor}
    insert_new(conn, switches, [{"merchant": merchant, **row}])


def live_since(conn: sa.Connection, merchant: str, connection: str) -> datetime | None:
    """Return since when a connection is worked with, or None: it was never connected."""
    query = sa.select(switches.c.at).where(
        switches.c.merchant == merchant, switches.c.connection == connection, switches.c.action == LIVE
    )
    since: datetime | None = conn.execute(query).scalar_one_or_none()
    return since


def set_switch(
    conn: sa.Connection, merchant: str, connection: str, action: str, *, on: bool, actor: str, now: datetime
) -> None:
    """Say whether an action of a connection may run."""
    save_switch(conn, merchant, Switch(connection=connection, action=action, on=on, at=now, actor=actor))


@one_statement
def accepted_actions(conn: sa.Connection, merchant: str) -> frozenset[tuple[str, str]]:
    """Return (connection, action) of everything that may run."""
    return frozenset(key for key, switch in list_switches(conn, merchant).items() if switch.on)
