"""Sealed columns: personal data under its order's own key, and so the deliveries that tell of the order.

Deliveries that may name a person otherwise have a key of their day and object, the rest the key of their day.
Of whom a tombstone says that nothing is kept, nothing is sealed: there is no key for it any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.domain.commit import OrderCommit
from core.model.forgetting import Why
from core.model.order import Personal
from core.store.keys import Purpose, find_key, find_key_named, find_search_hash, hash_under, keys_for
from core.store.orders import find
from core.store.sealing import Key, Keyring, Place, open_sealed, seal
from core.store.tables import deliveries, orders, refs
from core.store.tombstones import any_person_buried, buried, buried_references, buried_until, bury

_OF_ORDERS = "fetch"
"""The kind of job that a delivery about an order asks for; its subject is our id of the order."""
_OF_PERSONS = frozenset(
    {"payment", "tracking", "unreadable", "person_redact", "person_export", "shop_redact"}
)
"""Kinds of job whose deliveries may name a person."""
REFERENCE_OF = {"payment": "payment", "tracking": "tracker"}
"""Kind of job -> kind of the reference by which its object is one of an order's."""


@dataclass(frozen=True, slots=True)
class SealedPersonal:
    """Personal data as it is stored, and the (kind, keyed hash) pairs by which the order is found again."""

    personal: bytes
    key_id: str
    search: tuple[tuple[str, str], ...]


def seal_personal(
    conn: sa.Connection, keyring: Keyring, units: Sequence[OrderCommit], gone: set[tuple[str, str]]
) -> dict[tuple[str, str], SealedPersonal]:
    """Seal what the commits bring, by (merchant, order id); nothing of orders that are ``gone``, to which more may be added."""
    _bury_the_forgotten(conn, keyring, units, gone)
    bring = [
        (commit, commit.sealed)
        for commit in units
        if commit.sealed is not None and (commit.merchant, commit.order_id) not in gone
    ]
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


def _bury_the_forgotten(
    conn: sa.Connection, keyring: Keyring, units: Sequence[OrderCommit], gone: set[tuple[str, str]]
) -> None:
    """Add the new orders of persons who were forgotten to those of which nothing personal is kept."""
    new = {
        (commit.merchant, commit.order_id): commit
        for commit in units
        if commit.sealed is not None and commit.create is not None
    }
    if not any_person_buried(conn, {merchant for merchant, _ in new}):
        return
    for (merchant, order_id), commit in new.items():
        email = dict(commit.sealed.search).get("email") if commit.sealed is not None else None
        if email is None or commit.create is None:
            continue
        until = buried_until(conn, keyring, merchant, email)
        if until is not None and commit.create.placed_at <= until:
            bury(conn, merchant, [order_id], at=commit.at, why=Why.REQUEST, actor="hub")
            gone.add((merchant, order_id))


def personal_of(conn: sa.Connection, keyring: Keyring, merchant: str, order_id: str) -> Personal | None:
    """Return an order's personal data; None where there is none, or its key was deleted."""
    query = sa.select(orders.c.personal).where(orders.c.merchant == merchant, orders.c.order_id == order_id)
    sealed = conn.execute(query).scalar_one_or_none()
    if sealed is None:
        return None
    key = find_key(conn, keyring, merchant, Purpose.order(order_id))
    if key is None:
        return None
    return open_personal(key, sealed, merchant, order_id)


def open_personal(key: Key, sealed: bytes, merchant: str, order_id: str) -> Personal:
    """Return an order's personal data from what is stored."""
    return Personal.model_validate_json(open_sealed(key, sealed, _order_place(merchant, order_id)))


def address_digest(key: Key, text: str) -> str:
    """Return a digest of an address under its order's own key."""
    return hash_under(key, "address", text)[:16]


def find_person(conn: sa.Connection, keyring: Keyring, merchant: str, kind: str, value: str) -> list[str]:
    """Return the ids of the orders that were sealed with this value of a kind."""
    hashed = find_search_hash(conn, keyring, merchant, kind, value)
    return [] if hashed is None else find(conn, merchant, _hash_kind(kind), hashed)


def has_search_hash(conn: sa.Connection, merchant: str, order_id: str, kind: str) -> bool:
    """Return whether an order can be found by a value of that kind, which is not told."""
    those = (refs.c.merchant == merchant, refs.c.order_id == order_id, refs.c.kind == _hash_kind(kind))
    return conn.execute(sa.select(sa.literal(1)).where(*those).limit(1)).scalar() is not None


@dataclass(frozen=True, slots=True)
class Body:
    """A delivery's body on its way into the inbox."""

    merchant: str
    connection: str
    event_id: str
    received_at: datetime
    plain: bytes
    kind: str
    """The kind of job that it asks for; empty where it asks for none."""
    subject: str
    """What that is about, the connection in front."""

    @property
    def purpose(self) -> Purpose:
        """What its key is for."""
        return purpose_of_body(self.kind, self.subject, self.received_at)


def purpose_of_body(kind: str, subject: str, received_at: datetime) -> Purpose:
    """Return what the key of a delivery's body is for."""
    if kind == _OF_ORDERS:
        return Purpose.order(subject)
    return Purpose.day(received_at.date(), subject if kind in _OF_PERSONS else "")


def seal_bodies(
    conn: sa.Connection, keyring: Keyring, bodies: Sequence[Body]
) -> list[tuple[bytes | None, str | None]]:
    """Return (sealed body, key id) of each, in order; None where nothing of it is kept.

    That is one that asks for nothing (nobody could tell whom it names), and one about an order that was forgotten.
    """
    kept = [bool(body.kind) for body in bodies]
    for index in _of_the_forgotten(conn, bodies):
        kept[index] = False
    keys = keys_for(
        conn,
        keyring,
        [(body.merchant, body.purpose) for body, keep in zip(bodies, kept, strict=True) if keep],
    )
    return [
        _sealed_body(keys[body.merchant, body.purpose], body) if keep else (None, None)
        for body, keep in zip(bodies, kept, strict=True)
    ]


def _sealed_body(key: Key, body: Body) -> tuple[bytes, str]:
    return seal(key, body.plain, _body_place(body.merchant, body.connection, body.event_id)), key.key_id


def _of_the_forgotten(conn: sa.Connection, bodies: Sequence[Body]) -> list[int]:
    """Return the numbers of the bodies about orders that were forgotten, by the order itself or by its payments and parcels."""
    orders_of = {i: (b.merchant, b.subject) for i, b in enumerate(bodies) if b.kind == _OF_ORDERS}
    found_by = {
        i: (b.merchant, REFERENCE_OF[b.kind], b.subject.removeprefix(f"{b.connection}:"))
        for i, b in enumerate(bodies)
        if b.kind in REFERENCE_OF
    }
    gone, referred = buried(conn, list(orders_of.values())), buried_references(conn, list(found_by.values()))
    return [
        *(i for i, order in orders_of.items() if order in gone),
        *(i for i, reference in found_by.items() if reference in referred),
    ]


def body_of(
    conn: sa.Connection, keyring: Keyring, merchant: str, connection: str, event_id: str
) -> bytes | None:
    """Return a delivery's body in clear; None where there is no such delivery or nothing of it is kept."""
    row = conn.execute(
        sa.select(deliveries.c.body, deliveries.c.body_key).where(
            deliveries.c.merchant == merchant,
            deliveries.c.connection == connection,
            deliveries.c.event_id == event_id,
        )
    ).one_or_none()
    if row is None or row.body is None:
        return None
    key = find_key_named(conn, keyring, merchant, row.body_key)
    return None if key is None else open_sealed(key, row.body, _body_place(merchant, connection, event_id))


def _hash_kind(kind: str) -> str:
    return f"{kind}_hash"


def _order_place(merchant: str, order_id: str) -> Place:
    return Place(merchant=merchant, table="orders", row=(order_id,))


def _body_place(merchant: str, connection: str, event_id: str) -> Place:
    return Place(merchant=merchant, table="deliveries", row=(connection, event_id))
