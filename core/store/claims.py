"""Claims: one worker at a time owns an order, until it gives it back, dies, or its time runs out."""

import functools
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.domain.state import OrderState, Stage
from core.store.columns import WOKEN, UTCDateTime, keys_in, one_of
from core.store.known import SealedOrder, sealed_in, with_key
from core.store.lanes import first_of_lanes
from core.store.processes import GONE_AFTER, owner_silent
from core.store.reads import one_statement
from core.store.revisions import revision_beside
from core.store.tables import orders
from core.store.writes import update_by_key

OrderKey = tuple[str, str]
"""(merchant, order id)."""
_KEY = (orders.c.merchant, orders.c.order_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimWish:
    """Who wants which order until when."""

    merchant: str
    order_id: str
    owner: str
    now: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """An order in its claimer's hands, and how many runs in a row have failed."""

    state: OrderState
    attempts: int
    sealed: SealedOrder
    revision: int
    """Of its merchant's settings."""


def claim_all(conn: sa.Connection, wishes: Sequence[ClaimWish]) -> list[Claimed | None]:
    """Claim each order that is due and that nobody holds; None for the others. A claim is never shared."""
    keys = sorted({(wish.merchant, wish.order_id) for wish in wishes})
    dialect, silent_since = conn.dialect.name, min(wish.now for wish in wishes) - GONE_AFTER
    found = conn.execute(_wished(dialect), {**keys_in(dialect, keys), "silent_since": silent_since})
    rows = {(row.merchant, row.order_id): row for row in found}
    granted: dict[OrderKey, ClaimWish] = {}
    answers: list[Claimed | None] = []
    for wish in wishes:
        key = (wish.merchant, wish.order_id)
        row = rows.get(key)
        if row is None or key in granted or not _may_claim(row, wish.now):
            answers.append(None)
            continue
        granted[key] = wish
        state = OrderState.model_validate_json(row.state)
        answers.append(Claimed(state, row.attempts, sealed_in(row), row.revision))
    claimed = [
        {
            "merchant": m,
            "order_id": o,
            "claimed_by": wish.owner,
            "claimed_until": wish.until,
            # Whoever claims reads everything afterwards: what woke the order before is heard.
            "due_at": wish.now if rows[m, o].due_at == WOKEN else rows[m, o].due_at,
        }
        for (m, o), wish in granted.items()
    ]
    update_by_key(conn, orders, claimed)
    return answers


@functools.cache
def _wished(dialect: str) -> sa.Select[Any]:
    gone = owner_silent(orders.c.claimed_by, sa.bindparam("silent_since", type_=UTCDateTime)).label("gone")
    columns = (orders.c.state, orders.c.attempts, orders.c.due_at, orders.c.claimed_until, gone)
    query = with_key(sa.select(*_KEY, *columns, revision_beside(orders.c.merchant)))
    return query.where(one_of(dialect, _KEY)).order_by(*_KEY).with_for_update(of=orders)


def _may_claim(row: Any, now: datetime) -> bool:
    """Return whether an order is due and held by nobody."""
    due = row.due_at is not None and row.due_at <= now
    return due and (row.claimed_until is None or row.claimed_until < now or row.gone)


def renew_claims(
    conn: sa.Connection, owner: str, keys: Collection[OrderKey], *, until: datetime
) -> frozenset[OrderKey]:
    """Prolong an owner's claims and return those it still holds; the others somebody took over."""
    wanted = sorted(set(keys))
    if not wanted:
        return frozenset()
    dialect = conn.dialect.name
    held = conn.execute(_held(dialect), {**keys_in(dialect, wanted), "owner": owner})
    kept = [(m, o) for m, o in held]
    update_by_key(conn, orders, [{"merchant": m, "order_id": o, "claimed_until": until} for m, o in kept])
    return frozenset(kept)


@functools.cache
def _held(dialect: str) -> sa.Select[Any]:
    ours = (one_of(dialect, _KEY), orders.c.claimed_by == sa.bindparam("owner"))
    return sa.select(*_KEY).where(*ours).order_by(*_KEY).with_for_update()


def release_claim(conn: sa.Connection, merchant: str, order_id: str, *, owner: str) -> None:
    """End an owner's claim; somebody else's stays."""
    conn.execute(
        sa.update(orders)
        .where(orders.c.merchant == merchant, orders.c.order_id == order_id, orders.c.claimed_by == owner)
        .values(claimed_by=None, claimed_until=None)
    )


class DueOrder(NamedTuple):
    """An order that is due and held by nobody."""

    merchant: str
    order_id: str
    version: int
    waits_for: str
    """The connection that had no place for its next step when it was last looked at; empty where it is not known."""
    due_at: datetime


@one_statement
def first_orders(conn: sa.Connection, now: datetime, *, depth: int) -> list[DueOrder]:
    """Return the longest due orders of each merchant and of what they wait for, at most ``depth`` of each."""
    columns = [orders.c[name] for name in DueOrder._fields]
    found = first_of_lanes(conn, columns, orders.c.waits_for, now=now, depth=depth)
    return [DueOrder._make(row) for row in found]


def due_orders(
    conn: sa.Connection, now: datetime, *, limit: int, per_merchant: int
) -> list[tuple[str, str, int]]:
    """Return (merchant, order id, version) of orders that are due and held by nobody.

    Fair: every merchant's longest-due order comes before anybody's second, and none has more than ``per_merchant``.
    """
    turns: Counter[str] = Counter()
    placed: list[tuple[int, DueOrder]] = []
    for order in sorted(first_orders(conn, now, depth=per_merchant), key=lambda o: (o.due_at, o.order_id)):
        turns[order.merchant] += 1
        placed.append((turns[order.merchant], order))
    placed.sort(key=lambda p: (p[0], p[1].due_at, p[1].merchant))
    return [(o.merchant, o.order_id, o.version) for turn, o in placed if turn <= per_merchant][:limit]


_OVER = (Stage.DELIVERED, Stage.SHIPPED_ELSEWHERE, Stage.FULFILLED_BY_CHANNEL, Stage.CANCELLED, Stage.CLOSED)


def wake_open_orders(conn: sa.Connection, merchant: str, now: datetime) -> None:
    """Make every order of a merchant that is not over due by now."""
    _wake(conn, merchant, orders.c.stage.in_([stage.value for stage in Stage if stage not in _OVER]), now)


def wake_orders(conn: sa.Connection, merchant: str, wanted: sa.Select[tuple[str]], now: datetime) -> None:
    """Make the orders of a merchant whose ids a query gives due by now."""
    _wake(conn, merchant, orders.c.order_id.in_(wanted), now)


def _wake(conn: sa.Connection, merchant: str, which: sa.ColumnElement[bool], now: datetime) -> None:
    """Make orders due by now.

    One that somebody works on is marked: he may have read what is changed now, so it does not rest before it was
    looked at once more.
    """
    later = sa.or_(orders.c.due_at.is_(None), orders.c.due_at > now)
    query = sa.select(*_KEY, orders.c.claimed_by).where(
        orders.c.merchant == merchant, which, sa.or_(later, orders.c.claimed_by.is_not(None))
    )
    # Rows are locked in the order of their keys; SQLite locks none, and would read all orders in that order.
    ordered = query if conn.dialect.name == "sqlite" else query.order_by(*_KEY)
    found = conn.execute(ordered.with_for_update()).all()
    update_by_key(
        conn,
        orders,
        [{"merchant": m, "order_id": o, "due_at": now if owner is None else WOKEN} for m, o, owner in found],
    )
