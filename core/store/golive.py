"""What a merchant was shown before go-live and accepted, and the opening counts that can be taken back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.flow.state import OrderState, Stage
from core.store import ledger as shelves
from core.store.columns import among, compact
from core.store.levels import mark_dirty
from core.store.tables import effects, go_lives, ledger, openings, orders
from core.store.writes import upsert

SHOWN_KEPT = timedelta(days=7)
"""How long a document that nobody accepted is kept."""
_OVER = (
    Stage.DELIVERED,
    Stage.SHIPPED_ELSEWHERE,
    Stage.FULFILLED_BY_CHANNEL,
    Stage.CANCELLED,
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


def first_naming(
    conn: sa.Connection, merchant: str, connection: str, action: str | None, *, since: datetime
) -> datetime | None:
    """Return when an action (None: any) was first accepted with a connection's name since an instant; None: never."""
    columns = (go_lives.c.accepted_at, go_lives.c.actions, go_lives.c.connections)
    query = sa.select(*columns).where(go_lives.c.merchant == merchant, go_lives.c.accepted_at >= since)
    for at, actions, connections in conn.execute(query.order_by(go_lives.c.accepted_at)):
        if connection in json.loads(connections) and (action is None or action in json.loads(actions)):
            first: datetime = at
            return first
    return None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningLine:
    """Units that an opening says lie on a shelf; ``before`` is what was counted there, None where nothing was."""

    sku: str
    location: str
    units: int
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Opening counts that were loaded at once, by whom, when and from where."""

    number: int
    at: datetime
    actor: str
    source: str
    lines: tuple[OpeningLine, ...]
    undone_at: datetime | None = None


def load_opening(
    conn: sa.Connection,
    merchant: str,
    lines: Sequence[tuple[str, str, int]],
    *,
    source: str,
    actor: str,
    now: datetime,
) -> Opening:
    """Count every line, all or none, and keep what stood there before."""
    number = _last_number(conn, merchant) + 1
    keys = [(merchant, sku, location) for sku, location, _ in lines]
    locked = shelves.lock_stock(conn, (), create=keys)
    kept = [
        OpeningLine(
            sku=sku,
            location=location,
            units=units,
            before=locked.counters[key].on_hand if locked.counters[key].counted else None,
        )
        for key, (sku, location, units) in zip(keys, lines, strict=True)
    ]
    changed = shelves.count(conn, merchant, lines, actor=actor, now=now, note=note_of(number))
    mark_dirty(conn, changed, now)
    told = [{"sku": k.sku, "location": k.location, "units": k.units, "before": k.before} for k in kept]
    row = {"merchant": merchant, "number": number, "at": now, "actor": actor, "source": source}
    conn.execute(sa.insert(openings).values(**row, lines=compact(told)))
    return Opening(number=number, at=now, actor=actor, source=source, lines=tuple(kept))


def undo_opening(
    conn: sa.Connection, merchant: str, opening: Opening, *, actor: str, now: datetime
) -> list[str]:
    """Take opening counts back; return the lines that another count moved since: then nothing is taken back.

    What came and went since stays so: each shelf is changed by the difference that the opening made.
    """
    keys = [(merchant, line.sku, line.location) for line in opening.lines]
    locked = shelves.lock_stock(conn, keys)
    others = _counted_since(conn, merchant, keys, opening.number)
    if others:
        return others
    made = _made_by(conn, merchant, keys, opening.number)
    for line, key in zip(opening.lines, keys, strict=True):
        counter = locked.counters[key]
        if line.before is None:
            counter.counted = False
            locked.changed.add(key[:2])
        note = f"undo of {note_of(opening.number)}"
        locked.move(
            shelves.Move(shelf=key, at=now, kind="adjusted", on_hand=-made[key], actor=actor, note=note)
        )
    locked.write(conn)
    mark_dirty(conn, locked.changed, now)
    of = (openings.c.merchant == merchant, openings.c.number == opening.number)
    conn.execute(sa.update(openings).where(*of).values(undone_at=now))
    return []


def note_of(number: int) -> str:
    """Return what the ledger calls an opening."""
    return f"opening {number}"


def _ledger_rows(conn: sa.Connection, keys: Sequence[shelves.Shelf]) -> Sequence[sa.Row[Any]]:
    columns = (ledger.c.merchant, ledger.c.sku, ledger.c.location)
    query = sa.select(ledger).where(among(conn, columns, keys)).order_by(*columns, ledger.c.seq)
    return conn.execute(query).all()


def _made_by(
    conn: sa.Connection, merchant: str, keys: Sequence[shelves.Shelf], number: int
) -> Mapping[shelves.Shelf, int]:
    return {
        (merchant, row.sku, row.location): row.d_on_hand
        for row in _ledger_rows(conn, keys)
        if row.kind == "counted" and row.note == note_of(number)
    }


def _counted_since(
    conn: sa.Connection, merchant: str, keys: Sequence[shelves.Shelf], number: int
) -> list[str]:
    undone = {note_of(o.number) for o in list_openings(conn, merchant) if o.undone_at is not None}
    newest = {
        (merchant, row.sku, row.location): row.note
        for row in _ledger_rows(conn, keys)
        if row.kind == "counted" and row.note not in undone
    }
    return [f"{sku} at {at}" for m, sku, at in keys if newest.get((m, sku, at)) != note_of(number)]


def list_openings(conn: sa.Connection, merchant: str) -> list[Opening]:
    """Return the openings of a merchant, the newest first."""
    query = sa.select(openings).where(openings.c.merchant == merchant).order_by(openings.c.number.desc())
    return [
        Opening(
            number=row.number,
            at=row.at,
            actor=row.actor,
            source=row.source,
            lines=tuple(OpeningLine(**line) for line in json.loads(row.lines)),
            undone_at=row.undone_at,
        )
        for row in conn.execute(query)
    ]


def _last_number(conn: sa.Connection, merchant: str) -> int:
    query = sa.select(sa.func.max(openings.c.number)).where(openings.c.merchant == merchant)
    return conn.execute(query).scalar() or 0
