"""What a merchant was shown before go-live, and accepted."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.domain.state import OrderState, Stage
from core.store.columns import compact
from core.store.revisions import change_settings
from core.store.tables import effects, go_lives, orders
from core.store.writes import upsert

SHOWN_KEPT = timedelta(days=7)
"""How long a document that nobody accepted is kept."""
_OVER = (
    Stage.DELIVERED,
    Stage.SHIPPED_ELSEWHERE,
    Stage.FULFILLED_BY_CHANNEL,
    Stage.CANCELLED,
    Stage.CLOSED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoLiveRow:
    """A document of differences that was shown; accepted by whom, when and for what, or not."""

    document_id: str
    taken_at: datetime
    document: str
    accepted_at: datetime | None = None
    actor: str | None = None
    actions: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    undone_at: datetime | None = None


def keep_shown(conn: sa.Connection, merchant: str, shown: GoLiveRow) -> None:
    """Store a document that is shown now; old ones that nobody accepted go."""
    old = (go_lives.c.accepted_at.is_(None), go_lives.c.taken_at < shown.taken_at - SHOWN_KEPT)
    conn.execute(sa.delete(go_lives).where(go_lives.c.merchant == merchant, *old))
    row = {
        "merchant": merchant,
        "document_id": shown.document_id,
        "taken_at": shown.taken_at,
        "document": shown.document,
    }
    upsert(conn, go_lives, [row])


def accept_shown(conn: sa.Connection, merchant: str, accepted: GoLiveRow) -> bool:
    """Note who accepted a document for what; False where it was accepted before, or is not known."""
    change_settings(conn, merchant)
    changed = conn.execute(
        sa.update(go_lives)
        .where(
            go_lives.c.merchant == merchant,
            go_lives.c.document_id == accepted.document_id,
            go_lives.c.accepted_at.is_(None),
        )
        .values(
            accepted_at=accepted.accepted_at,
            actor=accepted.actor,
            actions=compact(list(accepted.actions)),
            connections=compact(list(accepted.connections)),
        )
    )
    return changed.rowcount == 1


def note_undone(conn: sa.Connection, merchant: str, document_id: str, *, now: datetime) -> bool:
    """Note that what was accepted with a document is taken back; False where it was before."""
    changed = conn.execute(
        sa.update(go_lives)
        .where(
            go_lives.c.merchant == merchant,
            go_lives.c.document_id == document_id,
            go_lives.c.accepted_at.is_not(None),
            go_lives.c.undone_at.is_(None),
        )
        .values(undone_at=now)
    )
    return changed.rowcount == 1


def find_shown(conn: sa.Connection, merchant: str, document_id: str) -> GoLiveRow | None:
    """Return a document that was shown, or None."""
    query = sa.select(go_lives).where(go_lives.c.merchant == merchant, go_lives.c.document_id == document_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else _go_live_of(row)


def list_accepted(conn: sa.Connection, merchant: str) -> list[GoLiveRow]:
    """Return the documents that were accepted, the newest first."""
    query = sa.select(go_lives).where(go_lives.c.merchant == merchant, go_lives.c.accepted_at.is_not(None))
    newest = query.order_by(go_lives.c.accepted_at.desc(), go_lives.c.document_id)
    return [_go_live_of(row) for row in conn.execute(newest)]


def _go_live_of(row: sa.Row[Any]) -> GoLiveRow:
    return GoLiveRow(
        document_id=row.document_id,
        taken_at=row.taken_at,
        document=row.document,
        accepted_at=row.accepted_at,
        actor=row.actor,
        actions=tuple(json.loads(row.actions or "[]")),
        connections=tuple(json.loads(row.connections or "[]")),
        undone_at=row.undone_at,
    )


def open_orders(conn: sa.Connection, merchant: str) -> list[tuple[str, str, OrderState]]:
    """Return (id, number, where it stands) of every order that something may still happen to, the oldest first."""
    query = sa.select(orders.c.order_id, orders.c.number, orders.c.state).where(
        orders.c.merchant == merchant, orders.c.stage.not_in([stage.value for stage in _OVER])
    )
    found = conn.execute(query.order_by(orders.c.placed_at, orders.c.order_id))
    return [(i, number, OrderState.model_validate_json(text)) for i, number, text in found]


def writes_so_far(conn: sa.Connection, merchant: str) -> int:
    """Return how many calls that change something at a vendor were journaled."""
    query = sa.select(sa.func.count()).where(effects.c.merchant == merchant)
    return conn.execute(query).scalar_one()
