"""Whether rules were last told that a connection is lost, or that it is back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.model.merchant_runs import MerchantRun
from core.store.pauses import LAPSES, list_pauses
from core.store.rule_runs import begin_runs, go_on_runs
from core.store.tables import connections_told
from core.store.writes import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLook:
    """What was told of a connection, and how it stands."""

    told_lost: bool
    changes: int
    """How often it was lost or came back so far."""
    lost: bool
    reason: str
    """Why it is paused; empty where it is not."""
    look_at: datetime | None
    """When it is to be looked at again; None: when it is paused next."""


def look_at_connection(conn: sa.Connection, merchant: str, connection: str, now: datetime) -> ConnectionLook:
    """Return what was told of a connection, and how it stands."""
    this = (connections_told.c.merchant == merchant, connections_told.c.connection == connection)
    told = conn.execute(sa.select(connections_told).where(*this)).one_or_none()
    stand = [pause for pause in list_pauses(conn, merchant, now) if pause.connection == connection]
    told_lost = told is not None and told.lost
    # One that is lost is back when nothing of it is paused any more.
    lost = [pause for pause in stand if told_lost or pause.lost_at <= now]
    # A pause that nobody waits for any more is over without anybody ending it.
    looks = [pause.lost_at if pause.lost_at > now else now + LAPSES for pause in stand]
    return ConnectionLook(
        told_lost=told_lost,
        changes=0 if told is None else told.changes,
        lost=bool(lost),
        reason=next((pause.reason for pause in [*lost, *stand]), ""),
        look_at=min(looks, default=None),
    )


def tell_connection(
    conn: sa.Connection,
    merchant: str,
    connection: str,
    look: ConnectionLook,
    *,
    started: Sequence[MerchantRun],
    waited: Sequence[MerchantRun],
    now: datetime,
) -> None:
    """Note that a connection was told as lost, or back, and begin what that starts; once another told it, nothing."""
    insert_new(conn, connections_told, [{"merchant": merchant, "connection": connection}])
    this = (connections_told.c.merchant == merchant, connections_told.c.connection == connection)
    changes = conn.execute(sa.select(connections_told.c.changes).where(*this).with_for_update()).scalar_one()
    if changes != look.changes:
        return
    conn.execute(sa.update(connections_told).where(*this).values(lost=look.lost, changes=changes + 1))
    begin_runs(conn, merchant, started, now=now)
    go_on_runs(conn, merchant, waited, now=now)
