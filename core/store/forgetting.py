"""Forgetting: everything of an order's person goes in one transaction, and what was left of the forgotten is found.

The order's key opens its personal data, its label files and the deliveries that told of it; deliveries about its
payments and parcels have keys of their own. Amounts, counts and facts stay: they hold none of it.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.model.forgetting import Why
from core.model.order import Personal
from core.store.columns import among
from core.store.keys import Purpose, forget_all
from core.store.personal import REFERENCE_OF, body_of, personal_of, purpose_of_body
from core.store.revisions import change_settings
from core.store.sealing import Keyring, SealBrokenError
from core.store.tables import data_keys, deliveries, labels, orders, refs
from core.store.tombstones import bury, bury_person, lock_orders

OVERWRITTEN = ("data_keys", "refs")
"""The tables whose deleted rows would tell something: keys that open, hashes that a guess confirms."""
_OF_PERSONS = "%_hash"
_UNTOLD = frozenset({"unreadable", "person_redact", "person_export"})
"""Deliveries that may name anybody: only their text tells whom."""
_SHORTEST = 6
"""Texts shorter than this (characters) would be found in any delivery."""
_BODY = (deliveries.c.merchant, deliveries.c.connection, deliveries.c.event_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be forgotten: orders by our ids (also of such as we do not know yet), and who asks."""

    order_ids: tuple[str, ...]
    at: datetime
    why: Why
    actor: str
    emails: tuple[str, ...] = ()
    """Persons of whom nothing is to be kept, whichever of their orders placed until now comes to light later."""
    deliveries: tuple[tuple[str, str], ...] = ()
    """(connection, event id) whose bodies go as well: the request's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What there is of persons, by place; counts."""

    keys: int = 0
    personal: int = 0
    hashes: int = 0
    labels: int = 0
    bodies: int = 0

    def __add__(self, other: "Remains") -> "Remains":
        return Remains(**{name: n + getattr(other, name) for name, n in asdict(self).items()})

    def __bool__(self) -> bool:
        return any(asdict(self).values())

    def counts(self) -> dict[str, int]:
        """Return the counts by place, as people read them."""
        return {
            "a key": self.keys,
            "personal data": self.personal,
            "hashes": self.hashes,
            "label files": self.labels,
            "deliveries": self.bodies,
        }


@dataclass(slots=True)
class _Bodies:
    """Deliveries to be emptied: their keys (merchant, connection, event id), and what their own keys are for."""

    keys: set[tuple[str, str, str]] = field(default_factory=set)
    purposes: set[Purpose] = field(default_factory=set)

    def add(self, row: sa.Row[Any]) -> None:
        self.keys.add((row.merchant, row.connection, row.event_id))
        self.purposes.add(purpose_of_body(row.kind, row.subject, row.received_at))


def forget_orders(
    conn: sa.Connection, keyring: Keyring, merchant: str, wish: Wish, *, connections: Iterable[str]
) -> Remains:
    """Put the tombstones, delete what is there, and return what that was; doing it again finds nothing.

    ``connections`` are those whose deliveries may tell of the orders' payments and parcels.
    """
    if wish.emails:
        change_settings(conn, merchant)
    lock_orders(conn, merchant, wish.order_ids)
    bury(conn, merchant, wish.order_ids, at=wish.at, why=wish.why, actor=wish.actor)
    for email in wish.emails:
        bury_person(conn, keyring, merchant, email, at=wish.at, why=wish.why, actor=wish.actor)
    needles = set(wish.emails)
    for order_id in wish.order_ids:
        needles |= _texts(_known(conn, keyring, merchant, order_id))
    bodies = _Bodies()
    for row in bodies_of(conn, merchant, wish.order_ids, connections):
        bodies.add(row)
    for row in _bodies_naming(conn, keyring, merchant, needles):
        bodies.add(row)
    for row in _rows(conn, [(merchant, *one) for one in wish.deliveries]):
        bodies.add(row)
    return _erased(conn, merchant, wish.order_ids, bodies)


def remains_of(
    conn: sa.Connection, merchant: str, order_ids: Sequence[str], *, connections: Iterable[str]
) -> Remains:
    """Return what there is of the persons of orders."""
    pairs = _pairs(merchant, order_ids)
    purposes = [(merchant, Purpose.order(order_id).text) for order_id in order_ids]
    has_personal = among(conn, _ORDER, pairs) & orders.c.personal.is_not(None)
    return Remains(
        keys=_count(conn, data_keys, among(conn, [data_keys.c.merchant, data_keys.c.purpose], purposes)),
        personal=_count(conn, orders, has_personal),
        hashes=_count(conn, refs, _hashes(conn, pairs)),
        labels=_count(conn, labels, among(conn, [labels.c.merchant, labels.c.order_id], pairs)),
        bodies=len(list(bodies_of(conn, merchant, order_ids, connections))),
    )


_ORDER = (orders.c.merchant, orders.c.order_id)


def _erased(conn: sa.Connection, merchant: str, order_ids: Sequence[str], bodies: _Bodies) -> Remains:
    pairs = _pairs(merchant, order_ids)
    purposes = {Purpose.order(order_id) for order_id in order_ids}
    # A plain key of a day is that of many deliveries: their bodies go one by one.
    own = {purpose for purpose in bodies.purposes if purpose.is_own}
    keys = forget_all(conn, [(merchant, purpose) for purpose in purposes | own])
    hashes = conn.execute(sa.delete(refs).where(_hashes(conn, pairs))).rowcount
    files = conn.execute(
        sa.delete(labels).where(among(conn, [labels.c.merchant, labels.c.order_id], pairs))
    ).rowcount
    emptied = sa.update(deliveries).where(among(conn, _BODY, sorted(bodies.keys)))
    conn.execute(emptied.values(body=None, body_key=None))
    personal = conn.execute(
        sa.update(orders)
        .where(among(conn, _ORDER, pairs), orders.c.personal.is_not(None))
        .values(personal=None, personal_key=None, forget_at=None)
    ).rowcount
    return Remains(keys=keys, personal=personal, hashes=hashes, labels=files, bodies=len(bodies.keys))


def bodies_of(
    conn: sa.Connection,
    merchant: str,
    order_ids: Sequence[str],
    connections: Iterable[str],
    *,
    emptied: bool = False,
) -> Iterator[sa.Row[Any]]:
    """Yield the deliveries with a body that tell of orders, or of their payments and parcels; also those ``emptied``."""
    found = [(merchant, "fetch", order_id) for order_id in order_ids]
    referred = sa.select(refs.c.kind, refs.c.reference).where(
        among(conn, [refs.c.merchant, refs.c.order_id], _pairs(merchant, order_ids)),
        refs.c.kind.in_(REFERENCE_OF.values()),
    )
    jobs = {kind: job for job, kind in REFERENCE_OF.items()}
    at = sorted(set(connections))
    found += [
        (merchant, jobs[kind], f"{c}:{reference}") for kind, reference in conn.execute(referred) for c in at
    ]
    these = among(conn, [deliveries.c.merchant, deliveries.c.kind, deliveries.c.subject], found)
    query = sa.select(deliveries).where(these)
    yield from conn.execute(query if emptied else query.where(deliveries.c.body.is_not(None)))


def _bodies_naming(
    conn: sa.Connection, keyring: Keyring, merchant: str, needles: Iterable[str]
) -> Iterator[sa.Row[Any]]:
    """Yield the deliveries of which only the text tells whom they name, and that name one of these."""
    wanted = [text for needle in needles for text in _spellings(needle) if len(text) >= _SHORTEST]
    if not wanted:
        return
    query = sa.select(deliveries).where(
        deliveries.c.merchant == merchant,
        deliveries.c.kind.in_(_UNTOLD),
        deliveries.c.body.is_not(None),
    )
    for row in conn.execute(query).all():
        body = body_of(conn, keyring, merchant, row.connection, row.event_id) or b""
        text = body.decode(errors="replace").casefold()
        if any(needle in text for needle in wanted):
            yield row


def _known(conn: sa.Connection, keyring: Keyring, merchant: str, order_id: str) -> Personal | None:
    """Return an order's personal data; None where it does not open: it goes all the same."""
    try:
        return personal_of(conn, keyring, merchant, order_id)
    except SealBrokenError:
        return None


def _texts(personal: Personal | None) -> set[str]:
    """Return what tells a person: name, mail address, phone number, street."""
    if personal is None:
        return set()
    address = personal.ship_to
    at = (address.name, address.phone, address.street1) if address is not None else ()
    return {text.strip() for text in (personal.email, personal.customer_name, *at) if text}


def _spellings(text: str) -> set[str]:
    """Return a text as it may stand in a delivery: as it is, and as JSON escapes it."""
    return {text.casefold(), json.dumps(text)[1:-1].casefold()}


def _rows(conn: sa.Connection, keys: Sequence[tuple[str, str, str]]) -> Sequence[sa.Row[Any]]:
    named = (deliveries.c.merchant, deliveries.c.connection, deliveries.c.event_id)
    return conn.execute(sa.select(deliveries).where(among(conn, named, keys))).all() if keys else ()


def _hashes(conn: sa.Connection, pairs: Sequence[tuple[str, str]]) -> sa.ColumnElement[bool]:
    return among(conn, [refs.c.merchant, refs.c.order_id], pairs) & refs.c.kind.like(_OF_PERSONS)


def _pairs(merchant: str, order_ids: Iterable[str]) -> list[tuple[str, str]]:
    return [(merchant, order_id) for order_id in sorted(set(order_ids))]


def _count(conn: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
    return conn.execute(sa.select(sa.func.count()).select_from(table).where(where)).scalar_one()
