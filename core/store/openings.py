"""Opening counts that were loaded at once and can be taken back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.store import ledger as stock_ledger
from core.store.columns import among, compact
from core.store.stock import MANY, wake_backorders
from core.store.stock_told import mark_changed
from core.store.tables import ledger, openings


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningLine:
    """Units that an opening says lie at a location; ``before`` is what was counted there, None where nothing was."""

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
    locked = stock_ledger.lock_stock(conn, (), create=keys)
    kept = [
        OpeningLine(
            sku=sku,
            location=location,
            units=units,
            before=locked.counters[key].on_hand if locked.counters[key].counted else None,
        )
        for key, (sku, location, units) in zip(keys, lines, strict=True)
    ]
    changed = stock_ledger.count(conn, merchant, lines, actor=actor, now=now, note=note_of(number))
    mark_changed(conn, changed, now, bulk=len(changed) > MANY)
    wake_backorders(conn, merchant, now)
    told = [{"sku": k.sku, "location": k.location, "units": k.units, "before": k.before} for k in kept]
    row = {"merchant": merchant, "number": number, "at": now, "actor": actor, "source": source}
    conn.execute(sa.insert(openings).values(**row, lines=compact(told), counts=len(told)))
    return Opening(number=number, at=now, actor=actor, source=source, lines=tuple(kept))


def undo_opening(
    conn: sa.Connection, merchant: str, opening: Opening, *, actor: str, now: datetime
) -> list[str]:
    """Take opening counts back; return the lines that another count moved since: then nothing is taken back.

    What came and went since stays so: each counter is changed by the difference that the opening made.
    """
    keys = [(merchant, line.sku, line.location) for line in opening.lines]
    locked = stock_ledger.lock_stock(conn, keys)
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
            stock_ledger.Move(
                stock_key=key, at=now, kind="adjusted", on_hand=-made[key], actor=actor, note=note
            )
        )
    locked.write(conn)
    mark_changed(conn, locked.changed, now, bulk=len(locked.changed) > MANY)
    of = (openings.c.merchant == merchant, openings.c.number == opening.number)
    conn.execute(sa.update(openings).where(*of).values(undone_at=now))
    return []


def note_of(number: int) -> str:
    """Return what the ledger calls an opening."""
    return f"opening {number}"


def _ledger_rows(conn: sa.Connection, keys: Sequence[stock_ledger.StockKey]) -> Sequence[sa.Row[Any]]:
    columns = (ledger.c.merchant, ledger.c.sku, ledger.c.location)
    counted = (among(conn, columns, keys), ledger.c.kind == "counted")
    query = sa.select(ledger).where(*counted).order_by(*columns, ledger.c.seq)
    return conn.execute(query).all()


def _made_by(
    conn: sa.Connection, merchant: str, keys: Sequence[stock_ledger.StockKey], number: int
) -> Mapping[stock_ledger.StockKey, int]:
    return {
        (merchant, row.sku, row.location): row.d_on_hand
        for row in _ledger_rows(conn, keys)
        if row.note == note_of(number)
    }


def _counted_since(
    conn: sa.Connection, merchant: str, keys: Sequence[stock_ledger.StockKey], number: int
) -> list[str]:
    gone = sa.select(openings.c.number).where(
        openings.c.merchant == merchant, openings.c.undone_at.is_not(None)
    )
    undone = {note_of(taken_back) for taken_back in conn.execute(gone).scalars()}
    newest = {
        (merchant, row.sku, row.location): row.note
        for row in _ledger_rows(conn, keys)
        if row.note not in undone
    }
    return [f"{sku} at {at}" for m, sku, at in keys if newest.get((m, sku, at)) != note_of(number)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHead:
    """Opening counts without their lines; ``counts`` says how many there are."""

    number: int
    at: datetime
    actor: str
    source: str
    undone_at: datetime | None
    counts: int


def list_openings(conn: sa.Connection, merchant: str, *, limit: int = 50) -> list[OpeningHead]:
    """Return the newest openings of a merchant, the newest first."""
    query = sa.select(*_HEAD).where(openings.c.merchant == merchant).order_by(openings.c.number.desc())
    return [OpeningHead(**row._mapping) for row in conn.execute(query.limit(limit))]  # noqa: SLF001 - its public name


_MOST_NUMBER = 2**31 - 1


def find_opening(conn: sa.Connection, merchant: str, number: int | None = None) -> Opening | None:
    """Return an opening by its number, or the newest that was not taken back; None where there is none."""
    if number is not None and not 0 < number <= _MOST_NUMBER:  # no database keeps such a number
        return None
    query = sa.select(openings).where(openings.c.merchant == merchant)
    which = openings.c.undone_at.is_(None) if number is None else openings.c.number == number
    row = conn.execute(query.where(which).order_by(openings.c.number.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return Opening(
        number=row.number,
        at=row.at,
        actor=row.actor,
        source=row.source,
        lines=tuple(OpeningLine(**line) for line in json.loads(row.lines)),
        undone_at=row.undone_at,
    )


_HEAD = [openings.c[field.name] for field in fields(OpeningHead)]


def _last_number(conn: sa.Connection, merchant: str) -> int:
    query = sa.select(sa.func.max(openings.c.number)).where(openings.c.merchant == merchant)
    return conn.execute(query).scalar() or 0
