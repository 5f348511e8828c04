"""What a merchant was shown before go-live, and accepted."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.domain.state import OrderState, Stage
from core.store.columns import compact
from core.store.revisions import change_settings
from core.store.tables import effects, go_live_rows, go_lives, orders
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
    rows_id: str | None = None
    """Under which the listings are kept that it shows, where they are many."""


def keep_rows(conn: sa.Connection, merchant: str, rows_id: str, page: int, text: str) -> None:
    """Store a page of the listings that a document shows."""
    row = {"merchant": merchant, "rows_id": rows_id, "page": page, "rows": text}
    conn.execute(sa.insert(go_live_rows), [row])


def find_rows(conn: sa.Connection, merchant: str, rows_id: str, page: int) -> str | None:
    """Return a page of the listings that a document shows; None behind the last."""
    this = (go_live_rows.c.merchant == merchant, go_live_rows.c.rows_id == rows_id)
    query = sa.select(go_live_rows.c.rows).where(*this, go_live_rows.c.page == page)
    return conn.execute(query).scalar_one_or_none()


def fresh_rows(conn: sa.Connection, merchant: str, since: datetime) -> GoLiveRow | None:
    """Return the newest document whose many listings were written down after an instant and nobody accepted since."""
    newest = sa.select(go_lives).where(go_lives.c.merchant == merchant, go_lives.c.taken_at > since)
    row = conn.execute(newest.order_by(go_lives.c.taken_at.desc()).limit(1)).one_or_none()
    if row is None or row.rows_id is None or row.accepted_at is not None:
        return None
    return _go_live_of(row)


def keep_shown(conn: sa.Connection, merchant: str, shown: GoLiveRow) -> None:
    """Store a document that is shown now; old ones that nobody accepted go."""
    kept = timedelta(hours=1) if shown.rows_id is not None else SHOWN_KEPT
    old = (go_lives.c.accepted_at.is_(None), go_lives.c.taken_at < shown.taken_at - kept)
    conn.execute(sa.delete(go_lives).where(go_lives.c.merchant == merchant, *old))
    shown_still = sa.select(go_lives.c.rows_id).where(
        go_lives.c.merchant == merchant, go_lives.c.rows_id.is_not(None)
    )
    # They are named by the instant at which they were begun: what somebody writes down just now is left alone.
    begun = go_live_rows.c.rows_id < (shown.taken_at - timedelta(hours=1)).isoformat()
    of_none = (begun, go_live_rows.c.rows_id.not_in(shown_still))
    conn.execute(sa.delete(go_live_rows).where(go_live_rows.c.merchant == merchant, *of_none))
    row = {
        "merchant": merchant,
        "document_id": shown.document_id,
        "taken_at": shown.taken_at,
        "document": shown.document,
        "rows_id": shown.rows_id,
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


def count_accepted(conn: sa.Connection, merchant: str) -> int:
    """Return how many documents were accepted."""
    query = sa.select(sa.func.count()).where(
        go_lives.c.merchant == merchant, go_lives.c.accepted_at.is_not(None)
    )
    return conn.execute(query).scalar_one()


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
        rows_id=row.rows_id,
    )


def open_orders(conn: sa.Connection, merchant: str) -> list[tuple[str, str, OrderState]]:
    """Return (id, number, where it stands) of every order that something may still happen to, the oldest first."""
    columns = (orders.c.order_id, orders.c.number, orders.c.state, orders.c.placed_at)
    query = sa.select(*columns).where(
        orders.c.merchant == merchant,
        orders.c.stage.in_([stage.value for stage in Stage if stage not in _OVER]),
    )
    # Put in order here: SQLite would take the index of all orders by time for it.
    found = sorted(conn.execute(query).all(), key=lambda row: (row.placed_at, row.order_id))
    return [(row.order_id, row.number, OrderState.model_validate_json(row.state)) for row in found]


MOST_WRITES = 100_000
"""So many are counted, where there are more."""


def writes_so_far(conn: sa.Connection, merchant: str) -> int:
    """Return how many calls that change something at a vendor were journaled, up to ``MOST_WRITES``."""
    some = sa.select(sa.literal(1)).where(effects.c.merchant == merchant).limit(MOST_WRITES).subquery()
    return conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
