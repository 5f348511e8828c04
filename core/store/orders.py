"""What is read of orders: one by one, by reference, and page by page. Nothing here writes."""

import functools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.domain.state import OrderState, Stage
from core.model.annotations import NOBODY
from core.model.facts import FACT, Fact
from core.model.holds import Hold
from core.store.columns import among, keys_in, one_of
from core.store.pages import Page, newest_first
from core.store.reads import one_statement
from core.store.tables import facts, ledger, orders, refs, stock
from core.store.tables.orders import HELD, TAGGED

_KEY = (orders.c.merchant, orders.c.order_id)
_HELD, _TAGGED = sa.text(HELD), sa.text(TAGGED)
LAST_CHARACTER = "\U0010ffff"
"""It comes after every other: what begins with a text comes before the text with this behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order as lists show it."""

    order_id: str
    connection: str
    external_id: str
    number: str
    placed_at: datetime
    stage: Stage
    holds: tuple[Hold, ...]
    tags: tuple[str, ...]
    assignee: str | None
    total_minor: int | None
    currency: str | None
    due_at: datetime | None
    attempts: int
    version: int


@one_statement
def load_all(conn: sa.Connection, keys: Sequence[tuple[str, str]]) -> list[OrderState | None]:
    """Return where each (merchant, order) stands; None where there is no such order."""
    dialect = conn.dialect.name
    found = conn.execute(_states(dialect), keys_in(dialect, sorted(set(keys))))
    states = {(m, o): OrderState.model_validate_json(state) for m, o, state in found}
    return [states.get(key) for key in keys]


@functools.cache
def _states(dialect: str) -> sa.Select[Any]:
    return sa.select(*_KEY, orders.c.state).where(one_of(dialect, _KEY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an order stands, when it is looked at next, and how many runs failed since."""

    state: OrderState
    due_at: datetime | None
    attempts: int
    error: str | None = None
    """Why the last run failed."""


def standings(conn: sa.Connection, merchant: str, order_ids: Sequence[str]) -> dict[str, Standing]:
    """Return where each order stands; one that is not there is left out."""
    if not order_ids:
        return {}
    dialect, keys = conn.dialect.name, sorted({(merchant, order_id) for order_id in order_ids})
    return {
        row.order_id: Standing(
            state=OrderState.model_validate_json(row.state),
            due_at=row.due_at,
            attempts=row.attempts,
            error=row.error,
        )
        for row in conn.execute(_standing(dialect), keys_in(dialect, keys))
    }


@functools.cache
def _standing(dialect: str) -> sa.Select[Any]:
    columns = (orders.c.order_id, orders.c.state, orders.c.due_at, orders.c.attempts, orders.c.error)
    return sa.select(*columns).where(one_of(dialect, _KEY))


@one_statement
def updates_of(conn: sa.Connection, merchant: str, order_ids: Sequence[str]) -> dict[str, datetime]:
    """Return when each of these orders that is known changed at its channel, as it was told last."""
    if not order_ids:
        return {}
    dialect, keys = conn.dialect.name, sorted({(merchant, order_id) for order_id in order_ids})
    found = conn.execute(_updates(dialect), keys_in(dialect, keys))
    return {order_id: datetime.fromisoformat(told) for order_id, told in found if told is not None}


@functools.cache
def _updates(dialect: str) -> sa.Select[Any]:
    # Not by reading whole states: a poll lists many orders that are known already.
    if dialect == "postgresql":
        told = sa.cast(orders.c.state, postgresql.JSONB)[("order", "updated_at")].astext
    else:
        told = sa.func.json_extract(orders.c.state, "$.order.updated_at")
    return sa.select(orders.c.order_id, told).where(one_of(dialect, _KEY))


def facts_of(conn: sa.Connection, merchant: str, order_id: str) -> list[Fact]:
    """Return an order's facts, the first one first."""
    query = sa.select(facts.c.data).where(facts.c.merchant == merchant, facts.c.order_id == order_id)
    return [FACT.validate_json(text) for text in conn.execute(query.order_by(facts.c.seq)).scalars()]


@one_statement
def facts_between(
    conn: sa.Connection, merchant: str, order_id: str, after: int, up_to: int
) -> list[tuple[int, Fact]]:
    """Return an order's facts after one version and up to another, each with its version."""
    query = sa.select(facts.c.seq, facts.c.data).where(
        facts.c.merchant == merchant,
        facts.c.order_id == order_id,
        facts.c.seq > after,
        facts.c.seq <= up_to,
    )
    return [(seq, FACT.validate_json(data)) for seq, data in conn.execute(query.order_by(facts.c.seq))]


@one_statement
def find(conn: sa.Connection, merchant: str, kind: str, reference: str) -> list[str]:
    """Return the ids of the orders that a reference belongs to."""
    query = sa.select(refs.c.order_id).where(
        refs.c.merchant == merchant, refs.c.kind == kind, refs.c.reference == reference
    )
    return list(conn.execute(query.order_by(refs.c.order_id)).scalars())


@one_statement
def find_all(conn: sa.Connection, references: Sequence[tuple[str, str, str]]) -> list[list[str]]:
    """Return the ids of the orders that each (merchant, kind, reference) belongs to."""
    dialect, found = conn.dialect.name, defaultdict[tuple[str, str, str], list[str]](list)
    for *named, order_id in conn.execute(_referred(dialect), keys_in(dialect, sorted(set(references)))):
        found[named[0], named[1], named[2]].append(order_id)
    return [found[reference] for reference in references]


@functools.cache
def _referred(dialect: str) -> sa.Select[Any]:
    named = (refs.c.merchant, refs.c.kind, refs.c.reference)
    return sa.select(*named, refs.c.order_id).where(one_of(dialect, named)).order_by(refs.c.order_id)


_REFERENCES = ("payment", "shipment", "tracker", "tracking")
"""Kinds of references that are no keyed hash of a person."""
MOST_FOUND = 1000
"""So many orders does a SKU, or the beginning of a number, lead to: those of the newest ledger rows, the last numbers."""


def find_known_by(conn: sa.Connection, merchant: str, text: str) -> list[str]:
    """Return the ids of the orders that a tracking number, a vendor's id, or a SKU that they took units of leads to.

    Of a SKU that more than ``MOST_FOUND`` orders took units of, those that did so last at each location.
    """
    by_reference = sa.select(refs.c.order_id).where(
        refs.c.merchant == merchant, refs.c.kind.in_(_REFERENCES), refs.c.reference == text
    )
    found = set(conn.execute(by_reference.limit(MOST_FOUND)).scalars())
    counters = sa.select(stock.c.location).where(stock.c.merchant == merchant, stock.c.sku == text)
    for location in conn.execute(counters).scalars().all():
        of = (ledger.c.merchant == merchant, ledger.c.sku == text, ledger.c.location == location)
        newest = sa.select(ledger.c.order_id).where(*of).order_by(ledger.c.seq.desc()).limit(MOST_FOUND)
        found |= {order_id for order_id in conn.execute(newest).scalars() if order_id is not None}
    return sorted(found)


def find_number(conn: sa.Connection, merchant: str, number: str) -> list[str]:
    """Return the ids of the orders that people call ``number``; two channels may use the same one."""
    # Compared here: told that the number is this one, SQLite would see no use for the index of numbers in small letters.
    alike = (orders.c.merchant == merchant, sa.func.lower(orders.c.number) == sa.func.lower(number))
    found = conn.execute(sa.select(orders.c.order_id, orders.c.number).where(*alike))
    return sorted(order_id for order_id, called in found if called == number)


def find_external(conn: sa.Connection, merchant: str, connection: str, external_id: str) -> str | None:
    """Return the id of the order that a channel calls ``external_id``, or None."""
    query = sa.select(orders.c.order_id).where(
        orders.c.merchant == merchant,
        orders.c.connection == connection,
        orders.c.external_id == external_id,
    )
    return conn.execute(query).scalar_one_or_none()


def list_orders(
    conn: sa.Connection,
    merchant: str,
    *,
    stage: Stage | None = None,
    hold: str | None = None,
    connection: str | None = None,
    tag: str | None = None,
    assignee: str | None = None,
    text: str | None = None,
    known_by: Sequence[str] = (),
    after: str | None = None,
    limit: int = 50,
) -> Page[OrderRow]:
    """Return a page of orders, the newest first.

    ``assignee`` is a name, or ``NOBODY``. ``text`` is the beginning of a number or of the channel's id; the ids in ``known_by`` are listed besides. A page starts behind the last order of the one
    before, so that orders placed meanwhile neither repeat nor hide any.
    """
    query = sa.select(orders).where(orders.c.merchant == merchant)
    if stage is not None:
        query = query.where(orders.c.stage == stage.value)
    if hold is not None:
        query = query.where(_HELD, orders.c.holds.contains(f" {hold} ", autoescape=True))
    if connection is not None:
        query = query.where(orders.c.connection == connection)
    if tag is not None:
        query = query.where(_TAGGED, orders.c.tags.contains(f" {tag} ", autoescape=True))
    if assignee is not None:
        query = query.where(orders.c.assignee == (None if assignee == NOBODY else assignee))
    if text:
        ids = set(known_by)
        for column in (orders.c.number, orders.c.external_id):
            ids.update(_beginning(conn, merchant, column, text))
        query = query.where(among(conn, _KEY, [(merchant, order_id) for order_id in sorted(ids)]))
    return newest_first(
        conn, query, (orders.c.placed_at, orders.c.order_id), _order_row, after=after, limit=limit
    )


def _beginning(conn: sa.Connection, merchant: str, column: sa.Column[str], text: str) -> Sequence[str]:
    """Return the ids of orders whose number, or channel's id, begins so, whatever its case: the last ones."""
    lower, first, last = sa.func.lower(column), sa.func.lower(text), sa.func.lower(text + LAST_CHARACTER)
    # PostgreSQL keeps this index by characters, whatever order a language gives them: these are its operators.
    least, most = ("~>=~", "~<~") if conn.dialect.name == "postgresql" else (">=", "<")
    within = (lower.op(least, is_comparison=True)(first), lower.op(most, is_comparison=True)(last))
    newest = sa.select(orders.c.order_id).where(orders.c.merchant == merchant, *within)
    backwards = lower.op("USING")(sa.literal_column("~>~")) if least == "~>=~" else lower.desc()
    return conn.execute(newest.order_by(backwards).limit(MOST_FOUND)).scalars().all()


def known_orders(conn: sa.Connection, merchant: str, order_ids: Sequence[str]) -> list[str]:
    """Return those of some orders that are stored here."""
    wanted = [(merchant, order_id) for order_id in order_ids]
    query = sa.select(orders.c.order_id).where(orders.c.merchant == merchant, among(conn, _KEY, wanted))
    return list(conn.execute(query.order_by(orders.c.order_id)).scalars())


Placed = tuple[datetime, str]
"""(when it was placed, order id)."""


def orders_of_connection(
    conn: sa.Connection, merchant: str, connection: str, *, after: Placed | None = None, limit: int
) -> list[Placed]:
    """Return the next orders of a connection behind one, the oldest first."""
    key = (orders.c.placed_at, orders.c.order_id)
    query = sa.select(*key).where(orders.c.merchant == merchant, orders.c.connection == connection)
    if after is not None:
        placed_at = sa.bindparam("placed", after[0], orders.c.placed_at.type)
        query = query.where(sa.tuple_(*key) > sa.tuple_(placed_at, after[1]))
    return [(at, order_id) for at, order_id in conn.execute(query.order_by(*key).limit(limit))]


def orders_held(conn: sa.Connection, merchant: str, reason: str) -> list[str]:
    """Return the ids of the orders held for a reason, the oldest first."""
    held = (_HELD, orders.c.holds.contains(f" {reason} ", autoescape=True))
    query = sa.select(orders.c.order_id).where(orders.c.merchant == merchant, *held)
    return list(conn.execute(query.order_by(orders.c.placed_at, orders.c.order_id)).scalars())


MOST_COUNTED = 10_000
"""Of a stage at which more orders stand, so many are counted."""


def counts_by_stage(conn: sa.Connection, merchant: str, *, most: int = MOST_COUNTED) -> dict[Stage, int]:
    """Return how many orders of a merchant stand at each stage, up to ``most`` of each; stages without any are left out."""
    found: dict[Stage, int] = {}
    for stage in Stage:
        at = (orders.c.merchant == merchant, orders.c.stage == stage.value)
        some = sa.select(sa.literal(1)).where(*at).limit(most).subquery()
        found[stage] = conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
    return {stage: number for stage, number in found.items() if number}


def _order_row(row: sa.Row[Any]) -> OrderRow:
    return OrderRow(
        order_id=row.order_id,
        connection=row.connection,
        external_id=row.external_id,
        number=row.number,
        placed_at=row.placed_at,
        stage=Stage(row.stage),
        holds=tuple(Hold(word) for word in row.holds.split()),
        tags=tuple(row.tags.split()),
        assignee=row.assignee,
        total_minor=row.total_minor,
        currency=row.currency,
        due_at=row.due_at,
        attempts=row.attempts,
        version=row.version,
    )


def count_numbered(conn: sa.Connection, merchant: str, number: str) -> int:
    """Return how many orders of a merchant have a number: each channel counts for itself."""
    return len(find_number(conn, merchant, number))
