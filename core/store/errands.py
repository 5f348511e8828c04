"""Errands: everything that waits and is not an order (fetches, polls, pushes, refreshes), as rows with ``due_at``.

An errand can ring while it runs; it is then due again when it ends, so that nothing that rang is lost.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.store.columns import among, compact
from core.store.tables import deliveries, errands
from core.store.writes import update_by_key

ErrandKey = tuple[str, str, str]
"""(merchant, kind, subject)."""
_KEY = (errands.c.merchant, errands.c.kind, errands.c.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A wish that an errand runs, no later than ``due_at``; ``data`` is kept only where the errand is new."""

    kind: str
    subject: str
    connection: str
    due_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """An errand as its row says; ``rings`` counts how often it rang."""

    merchant: str
    kind: str
    subject: str
    connection: str
    due_at: datetime | None
    rings: int
    attempts: int
    error: str | None
    parked_at: datetime | None
    claimed_by: str | None
    data: dict[str, Any]

    @property
    def key(self) -> ErrandKey:
        """What names it."""
        return (self.merchant, self.kind, self.subject)


def ring_all(conn: sa.Connection, rings: Sequence[tuple[str, Ring]]) -> None:
    """Make each (merchant, errand) due by its instant or earlier; a parked one is sent on."""
    if not rings:
        return
    # The same errand may ring several times in one batch: a repeated key would be refused.
    merged: dict[tuple[str, str, str], dict[str, Any]] = {}
    for merchant, ring in rings:
        row = merged.setdefault((merchant, ring.kind, ring.subject), _row(merchant, ring))
        row["due_at"] = min(row["due_at"], ring.due_at)
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    statement = insert(errands)
    new = statement.excluded
    earlier = sa.case(
        (sa.or_(errands.c.due_at.is_(None), errands.c.due_at > new.due_at), new.due_at),
        else_=errands.c.due_at,
    )
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["merchant", "kind", "subject"],
            set_={"due_at": earlier, "rings": errands.c.rings + 1, "parked_at": None},
        ),
        [merged[key] for key in sorted(merged)],
    )


def _row(merchant: str, ring: Ring) -> dict[str, Any]:
    return {
        "merchant": merchant,
        "kind": ring.kind,
        "subject": ring.subject,
        "connection": ring.connection,
        "due_at": ring.due_at,
        "rings": 1,
        "data": compact(dict(ring.data)),
    }


def claim_errands(
    conn: sa.Connection,
    *,
    owner: str,
    now: datetime,
    until: datetime,
    limit: int,
    kinds: Sequence[str] | None = None,
    skip: Sequence[ErrandKey] = (),
) -> list[Errand]:
    """Claim what is due and held by nobody, the longest due first; ``skip`` names what the owner is at already."""
    free = sa.or_(errands.c.claimed_until.is_(None), errands.c.claimed_until < now)
    query = sa.select(errands).where(errands.c.due_at <= now, free)
    if kinds is not None:
        query = query.where(errands.c.kind.in_(kinds))
    if skip:
        query = query.where(~among(conn, _KEY, skip))
    rows = conn.execute(
        query.order_by(errands.c.due_at, *errands.primary_key).limit(limit).with_for_update(skip_locked=True)
    ).all()
    claimed = [replace(errand_of(row), claimed_by=owner) for row in rows]
    update_by_key(conn, errands, [{**_key(e), "claimed_by": owner, "claimed_until": until} for e in claimed])
    return claimed


def renew_errands(conn: sa.Connection, owner: str, keys: Sequence[ErrandKey], *, until: datetime) -> None:
    """Prolong an owner's claims; what somebody else took over stays theirs."""
    conn.execute(
        sa.update(errands)
        .where(among(conn, _KEY, keys), errands.c.claimed_by == owner)
        .values(claimed_until=until)
    )


def give_back_errands(conn: sa.Connection, owner: str, keys: Sequence[ErrandKey]) -> None:
    """End an owner's claims on errands that were cut off: they stay due."""
    conn.execute(
        sa.update(errands)
        .where(among(conn, _KEY, keys), errands.c.claimed_by == owner)
        .values(claimed_by=None, claimed_until=None)
    )


def finish(
    conn: sa.Connection,
    errand: Errand,
    *,
    now: datetime,
    due_at: datetime | None = None,
    data: dict[str, Any] | None = None,
    error: str | None = None,
    attempts: int = 0,
    park: bool = False,
) -> bool:
    """End a run and free the claim; return whether the errand rang meanwhile and so is due now.

    Without ``due_at`` the errand is gone and its deliveries are done; parked, both are kept with the error.
    """
    row = conn.execute(sa.select(errands).where(_is(errand)).with_for_update()).one_or_none()
    if row is None or row.claimed_by != errand.claimed_by:  # the claim ran out and somebody else took over
        return False
    rang = bool(row.rings != errand.rings)
    if not rang and not park and due_at is None:
        conn.execute(sa.delete(errands).where(_is(errand)))
        _mark_deliveries(conn, errand, state="done", error=None)
        return False
    parked = park and not rang
    conn.execute(
        sa.update(errands)
        .where(_is(errand))
        .values(
            due_at=now if rang else None if parked else due_at,
            claimed_by=None,
            claimed_until=None,
            attempts=attempts,
            error=error,
            parked_at=now if parked else None,
            data=row.data if data is None else compact(data),
        )
    )
    if not rang and error is None:
        _mark_deliveries(conn, errand, state="done", error=None)
    elif parked:
        _mark_deliveries(conn, errand, state="parked", error=error)
    return rang


def list_errands(conn: sa.Connection, merchant: str, *, kind: str | None = None) -> list[Errand]:
    """Return a merchant's errands by kind and subject."""
    query = sa.select(errands).where(errands.c.merchant == merchant)
    if kind is not None:
        query = query.where(errands.c.kind == kind)
    return [errand_of(row) for row in conn.execute(query.order_by(errands.c.kind, errands.c.subject))]


def errand_of(row: sa.Row[Any]) -> Errand:
    """Return the errand of a row."""
    return Errand(
        merchant=row.merchant,
        kind=row.kind,
        subject=row.subject,
        connection=row.connection,
        due_at=row.due_at,
        rings=row.rings,
        attempts=row.attempts,
        error=row.error,
        parked_at=row.parked_at,
        claimed_by=row.claimed_by,
        data=json.loads(row.data),
    )


def _key(errand: Errand) -> dict[str, str]:
    return {"merchant": errand.merchant, "kind": errand.kind, "subject": errand.subject}


def _is(errand: Errand) -> sa.ColumnElement[bool]:
    return sa.and_(*(errands.c[name] == value for name, value in _key(errand).items()))


def _mark_deliveries(conn: sa.Connection, errand: Errand, *, state: str, error: str | None) -> None:
    of_errand = sa.and_(*(deliveries.c[name] == value for name, value in _key(errand).items()))
    conn.execute(
        sa.update(deliveries).where(of_errand, deliveries.c.state != "done").values(state=state, error=error)
    )
