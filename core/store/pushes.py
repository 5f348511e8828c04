"""The journal of level pushes: one row of effects per call, written before the call and settled after it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from core.model.stock import LevelChange
from core.store.columns import compact
from core.store.tables import effects
from core.store.writes import insert_new


def journal_push(
    conn: sa.Connection,
    merchant: str,
    connection: str,
    key: str,
    *,
    changes: Sequence[LevelChange],
    owner: str,
    now: datetime,
) -> None:
    """Write down which levels a call is about to set.

    An earlier call of the connection that nobody settled (its worker died, its answer was lost) is over: what it set
    is read again before anything is written, and this call says the newest.
    """
    conn.execute(
        sa.update(effects)
        .where(
            effects.c.merchant == merchant,
            effects.c.connection == connection,
            effects.c.operation == "set_levels",
            effects.c.state == "intent",
        )
        .values(state="unknown", settled_at=now)
    )
    row = {
        "merchant": merchant,
        "key": key,
        "order_id": None,
        "operation": "set_levels",
        "connection": connection,
        "fence": "absolute",
        "owner": owner,
        "state": "intent",
        "intended_at": now,
        "request": compact([change.model_dump(mode="json") for change in changes]),
        "result": "{}",
    }
    insert_new(conn, effects, [row])


def settle_push(
    conn: sa.Connection, merchant: str, key: str, *, results: Mapping[str, str], now: datetime
) -> None:
    """Write down how each listing of a call ended."""
    conn.execute(
        sa.update(effects)
        .where(effects.c.merchant == merchant, effects.c.key == key, effects.c.state == "intent")
        .values(state="done", result=compact(dict(results)), settled_at=now)
    )
