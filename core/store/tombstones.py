"""Tombstones: of which orders and persons nothing is to be kept any more, whoever brings it again.

An order's is under its id, whether we know the order or not. A person's is under a keyed hash of the mail address, of
another kind than the hashes that find orders; it holds for orders placed before, also those that are found later.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.model.forgetting import Why
from core.store.columns import UTCDateTime, among, keys_in, one_of
from core.store.keys import Purpose, data_key, find_key, hash_under
from core.store.sealing import Keyring
from core.store.tables import data_keys, forgotten, orders, refs
from core.store.writes import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """That nothing of an order's person is kept since an instant, and why."""

    order_id: str
    at: datetime
    why: Why
    actor: str
    done_at: datetime | None


def lock_orders(conn: sa.Connection, merchant: str, order_ids: Iterable[str]) -> None:
    """Lock orders as a commit does: what is sealed for them is before this transaction, or sees its tombstones."""
    these = among(conn, (orders.c.merchant, orders.c.order_id), [(merchant, one) for one in order_ids])
    query = sa.select(orders.c.order_id).where(these).order_by(orders.c.merchant, orders.c.order_id)
    conn.execute(query.with_for_update()).all()


def bury(
    conn: sa.Connection, merchant: str, order_ids: Iterable[str], *, at: datetime, why: Why, actor: str
) -> None:
    """Put tombstones on orders; one that is there stays, and is done anew."""
    ids = sorted(set(order_ids))
    told = {"merchant": merchant, "kind": "order", "at": at, "why": why.value, "actor": actor}
    insert_new(conn, forgotten, [{**told, "subject": order_id} for order_id in ids])
    if ids:
        again = sa.update(forgotten).where(_orders(conn, [(merchant, order_id) for order_id in ids]))
        conn.execute(again.values(done_at=None))


def bury_person(
    conn: sa.Connection, keyring: Keyring, merchant: str, email: str, *, at: datetime, why: Why, actor: str
) -> None:
    """Put a tombstone on a person, for every order placed until an instant; a later instant prolongs it."""
    key = data_key(conn, keyring, merchant, Purpose.search())
    this = {"merchant": merchant, "kind": "person", "subject": hash_under(key, "forgotten", email)}
    insert_new(conn, forgotten, [{**this, "at": at, "why": why.value, "actor": actor}])
    mine = [forgotten.c[name] == value for name, value in this.items()]
    conn.execute(sa.update(forgotten).where(*mine, forgotten.c.at < at).values(at=at))


def buried(conn: sa.Connection, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of these (merchant, order id) have a tombstone."""
    if not keys:
        return set()
    dialect = conn.dialect.name
    found = conn.execute(_buried(dialect), keys_in(dialect, sorted(set(keys))))
    return {(merchant, order_id) for merchant, order_id in found}


@functools.cache
def _buried(dialect: str) -> sa.Select[Any]:
    named = (forgotten.c.merchant, forgotten.c.subject)
    return sa.select(*named).where(forgotten.c.kind == "order", one_of(dialect, named))


def buried_until(conn: sa.Connection, keyring: Keyring, merchant: str, email: str) -> datetime | None:
    """Return until when a person's orders have been forgotten; None where nobody asked for it."""
    key = find_key(conn, keyring, merchant, Purpose.search())
    if key is None:
        return None
    query = sa.select(forgotten.c.at).where(
        forgotten.c.merchant == merchant,
        forgotten.c.kind == "person",
        forgotten.c.subject == hash_under(key, "forgotten", email),
    )
    return conn.execute(query).scalar_one_or_none()


def any_person_buried(conn: sa.Connection, merchants: Iterable[str]) -> bool:
    """Return whether a person of these merchants has a tombstone: where none has, no address need be hashed."""
    dialect, wanted = conn.dialect.name, [(merchant,) for merchant in sorted(merchants)]
    return bool(wanted) and conn.execute(_persons(dialect), keys_in(dialect, wanted)).first() is not None


@functools.cache
def _persons(dialect: str) -> sa.Select[Any]:
    of = one_of(dialect, (forgotten.c.merchant,)), forgotten.c.kind == "person"
    return sa.select(forgotten.c.subject).where(*of).limit(1)


def buried_references(conn: sa.Connection, keys: Sequence[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Return which of these (merchant, kind, reference) lead to an order with a tombstone: a payment, a tracker."""
    if not keys:
        return set()
    dialect = conn.dialect.name
    found = conn.execute(_buried_references(dialect), keys_in(dialect, sorted(set(keys))))
    return {(merchant, kind, reference) for merchant, kind, reference in found}


@functools.cache
def _buried_references(dialect: str) -> sa.Select[Any]:
    named = (refs.c.merchant, refs.c.kind, refs.c.reference)
    grave = sa.and_(
        forgotten.c.merchant == refs.c.merchant,
        forgotten.c.kind == "order",
        forgotten.c.subject == refs.c.order_id,
    )
    return sa.select(*named).select_from(refs.join(forgotten, grave)).where(one_of(dialect, named))


def why_forgotten(
    conn: sa.Connection,
    keyring: Keyring,
    merchant: str,
    order_id: str,
    *,
    email: str | None,
    placed_at: datetime,
) -> Why | None:
    """Return why nothing personal of an order is to be kept, before it is known; None where it may be kept."""
    grave = tombstone_of(conn, merchant, order_id)
    if grave is not None:
        return grave.why
    until = None if email is None else buried_until(conn, keyring, merchant, email)
    return Why.REQUEST if until is not None and placed_at <= until else None


def tombstone_of(conn: sa.Connection, merchant: str, order_id: str) -> Tombstone | None:
    """Return an order's tombstone, or None."""
    found = _tombstones(conn, _orders(conn, [(merchant, order_id)]))
    return found[0] if found else None


def open_tombstones(conn: sa.Connection, merchant: str, limit: int, *, since: datetime) -> list[Tombstone]:
    """Return orders of which it is not sure yet that nothing is left, the longest forgotten first.

    Also such as were done since an instant and have a key again: two transactions did not see each other.
    """
    key_of = (
        data_keys.c.merchant == merchant,
        data_keys.c.purpose == Purpose.order("").text + forgotten.c.subject,
    )
    again = sa.and_(forgotten.c.done_at >= since, sa.exists().where(*key_of))
    left = sa.or_(forgotten.c.done_at.is_(None), again)
    return _tombstones(
        conn, sa.and_(forgotten.c.merchant == merchant, forgotten.c.kind == "order", left), limit
    )


def close_tombstones(conn: sa.Connection, merchant: str, order_ids: Sequence[str], *, at: datetime) -> None:
    """Say that nothing is left of orders, and that what was there is overwritten."""
    these = _orders(conn, [(merchant, order_id) for order_id in sorted(order_ids)])
    conn.execute(sa.update(forgotten).where(these).values(done_at=at))


def _tombstones(
    conn: sa.Connection, where: sa.ColumnElement[bool], limit: int | None = None
) -> list[Tombstone]:
    query = sa.select(forgotten).where(where).order_by(forgotten.c.at, forgotten.c.subject).limit(limit)
    return [
        Tombstone(order_id=row.subject, at=row.at, why=Why(row.why), actor=row.actor, done_at=row.done_at)
        for row in conn.execute(query)
    ]


def _orders(conn: sa.Connection, keys: Sequence[tuple[str, str]]) -> sa.ColumnElement[bool]:
    named = (forgotten.c.merchant, forgotten.c.subject)
    return sa.and_(forgotten.c.kind == "order", among(conn, named, keys))


def bury_keyless(conn: sa.Connection, now: datetime) -> None:
    """Put a tombstone for each order whose personal data no key opens: after the backup its person was forgotten."""
    key = sa.exists().where(
        data_keys.c.merchant == orders.c.merchant,
        data_keys.c.purpose == sa.literal("order:") + orders.c.order_id,
    )
    buried = sa.exists().where(
        forgotten.c.merchant == orders.c.merchant,
        forgotten.c.kind == "order",
        forgotten.c.subject == orders.c.order_id,
    )
    keyless = sa.select(
        orders.c.merchant,
        sa.literal("order"),
        orders.c.order_id,
        sa.literal(now, UTCDateTime),
        sa.literal(Why.BEFORE.value),
        sa.literal("hub"),
    ).where(orders.c.personal.is_not(None), ~key, ~buried)
    columns = ["merchant", "kind", "subject", "at", "why", "actor"]
    conn.execute(sa.insert(forgotten).from_select(columns, keyless))
