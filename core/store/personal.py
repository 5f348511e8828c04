"""Sealed columns: personal data under its order's own key, deliveries under the key of their day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.model.commit import OrderCommit
from core.model.order import Personal
from core.store.keys import Purpose, find_key, find_search_hash, hash_under, keys_for
from core.store.orders import find
from core.store.sealing import Keyring, Place, open_sealed, seal
from core.store.tables import deliveries, orders


@dataclass(frozen=True, slots=True)
class SealedPersonal:
    """Personal data as it is stored, and the (kind, keyed hash) pairs by which the order is found again."""

    personal: bytes
    key_id: str
    search: tuple[tuple[str, str], ...]


def seal_personal(
    conn: sa.Connection, keyring: Keyring, units: Sequence[OrderCommit]
) -> dict[tuple[str, str], SealedPersonal]:
    """Seal what the commits bring, by (merchant, order id)."""
    bring = [(commit, commit.sealed) for commit in units if commit.sealed is not None]
    of_orders = [(commit.merchant, Purpose.order(commit.order_id)) for commit, _ in bring]
    of_search = [(commit.merchant, Purpose.search()) for commit, brought in bring if brought.search]
    keys = keys_for(conn, keyring, [*of_orders, *of_search])
    sealed: dict[tuple[str, str], SealedPersonal] = {}
    for commit, brought in bring:
        key = keys[commit.merchant, Purpose.order(commit.order_id)]
        search = tuple(
            (_hash_kind(kind), hash_under(keys[commit.merchant, Purpose.search()], kind, value))
            for kind, value in brought.search
        )
        personal = seal(key, brought.personal_json.encode(), _order_place(commit.merchant, commit.order_id))
        sealed[commit.merchant, commit.order_id] = SealedPersonal(personal, key.key_id, search)
    return sealed


def personal_of(conn: sa.Connection, keyring: Keyring, merchant: str, order_id: str) -> Personal | None:
    """Return an order's personal data; None where there is none, or its key was deleted."""
    query = sa.select(orders.c.personal).where(orders.c.merchant == merchant, orders.c.order_id == order_id)
    sealed = conn.execute(query).scalar_one_or_none()
    if sealed is None:
        return None
    key = find_key(conn, keyring, merchant, Purpose.order(order_id))
    if key is None:
        return None
    return Personal.model_validate_json(open_sealed(key, sealed, _order_place(merchant, order_id)))


def address_digest(
    conn: sa.Connection, keyring: Keyring, merchant: str, order_id: str, text: str
) -> str | None:
    """Return a digest of an address under its order's own key; None where that key was deleted."""
    key = find_key(conn, keyring, merchant, Purpose.order(order_id))
    return None if key is None else hash_under(key, "address", text)[:16]


def find_person(conn: sa.Connection, keyring: Keyring, merchant: str, kind: str, value: str) -> list[str]:
    """Return the ids of the orders that were sealed with this value of a kind."""
    hashed = find_search_hash(conn, keyring, merchant, kind, value)
    return [] if hashed is None else find(conn, merchant, _hash_kind(kind), hashed)


@dataclass(frozen=True, slots=True)
class Body:
    """A delivery's body on its way into the inbox."""

    merchant: str
    connection: str
    event_id: str
    received_at: datetime
    plain: bytes


def seal_bodies(conn: sa.Connection, keyring: Keyring, bodies: Sequence[Body]) -> list[tuple[bytes, str]]:
    """Return (sealed body, key id) of each, in order."""
    days = [(body.merchant, Purpose.day(body.received_at.date())) for body in bodies]
    keys = keys_for(conn, keyring, days)
    return [
        (
            seal(keys[day], body.plain, _body_place(body.merchant, body.connection, body.event_id)),
            keys[day].key_id,
        )
        for body, day in zip(bodies, days, strict=True)
    ]


def body_of(
    conn: sa.Connection, keyring: Keyring, merchant: str, connection: str, event_id: str
) -> bytes | None:
    """Return a delivery's body in clear; None where there is no such delivery or its day was forgotten."""
    row = conn.execute(
        sa.select(deliveries.c.body, deliveries.c.received_at).where(
            deliveries.c.merchant == merchant,
            deliveries.c.connection == connection,
            deliveries.c.event_id == event_id,
        )
    ).one_or_none()
    if row is None or row.body is None:
        return None
    key = find_key(conn, keyring, merchant, Purpose.day(row.received_at.date()))
    return None if key is None else open_sealed(key, row.body, _body_place(merchant, connection, event_id))


def _hash_kind(kind: str) -> str:
    return f"{kind}_hash"


def _order_place(merchant: str, order_id: str) -> Place:
    return Place(merchant=merchant, table="orders", row=(order_id,))


def _body_place(merchant: str, connection: str, event_id: str) -> Place:
    return Place(merchant=merchant, table="deliveries", row=(connection, event_id))
