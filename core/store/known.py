"""What is known of orders, read together however many ask: where each stands, whose it is, and whether it is to be forgotten."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from core.domain.state import OrderState
from core.model.forgetting import Why
from core.model.order import Personal
from core.store.columns import keys_in, one_of
from core.store.keys import Purpose, place_of
from core.store.personal import open_personal
from core.store.revisions import revisions_of
from core.store.sealing import Key, Keyring
from core.store.tables import data_keys, forgotten, orders

OrderKey = tuple[str, str]
"""(merchant, order id)."""
_KEY = (orders.c.merchant, orders.c.order_id)
_GRAVE = (forgotten.c.merchant, forgotten.c.subject)


@dataclass(frozen=True, slots=True)
class SealedOrder:
    """An order's personal data as it is stored, and the key of the order, sealed too; None where it has none."""

    merchant: str
    order_id: str
    personal: bytes | None
    wrapped: bytes | None

    def open(self, keyring: Keyring) -> "Whose":
        """Return whose order it is; nobody's, once its key was deleted."""
        if self.wrapped is None:
            return Whose()
        purpose = Purpose.order(self.order_id)
        key = Key(keyring.open_sealed(self.wrapped, place_of(self.merchant, purpose.text)))
        if self.personal is None:
            return Whose(key=key)
        return Whose(open_personal(key, self.personal, self.merchant, self.order_id), key)


@dataclass(frozen=True, slots=True)
class Whose:
    """An order's personal data in clear, and the key of the order; None where there is none, or it is forgotten."""

    personal: Personal | None = field(default=None, repr=False)
    key: Key | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of an order; ``state`` is None where there is none."""

    state: OrderState | None
    whose: Whose
    forgotten: Why | None
    """Why nothing personal of it is kept."""
    revision: int
    """Of its merchant's settings."""


def with_key(query: sa.Select[Any]) -> sa.Select[Any]:
    """Return a query of orders with what ``SealedOrder`` is made of beside each row."""
    key = sa.and_(
        data_keys.c.merchant == orders.c.merchant,
        data_keys.c.purpose == sa.literal(Purpose.order("").text) + orders.c.order_id,
    )
    return query.add_columns(orders.c.personal, data_keys.c.wrapped).select_from(
        orders.outerjoin(data_keys, key)
    )


def sealed_in(row: sa.Row[Any]) -> SealedOrder:
    """Return what a row of such a query says."""
    return SealedOrder(row.merchant, row.order_id, row.personal, row.wrapped)


def know_all(conn: sa.Connection, keyring: Keyring, keys: Sequence[OrderKey]) -> list[Known]:
    """Return what is known of each (merchant, order id)."""
    wanted = sorted(set(keys))
    dialect = conn.dialect.name
    named = keys_in(dialect, wanted)
    rows = {(row.merchant, row.order_id): row for row in conn.execute(_stored(dialect), named)}
    revisions = revisions_of(conn, (merchant for merchant, _ in wanted))
    gone = {(m, order_id): Why(why) for m, order_id, why in conn.execute(_graves(dialect), named)}
    return [
        Known(
            state=OrderState.model_validate_json(rows[key].state) if key in rows else None,
            whose=sealed_in(rows[key]).open(keyring) if key in rows else Whose(),
            forgotten=gone.get(key),
            revision=revisions.get(key[0], 0),
        )
        for key in keys
    ]


@functools.cache
def _stored(dialect: str) -> sa.Select[Any]:
    return with_key(sa.select(*_KEY, orders.c.state)).where(one_of(dialect, _KEY))


@functools.cache
def _graves(dialect: str) -> sa.Select[Any]:
    return sa.select(*_GRAVE, forgotten.c.why).where(forgotten.c.kind == "order", one_of(dialect, _GRAVE))
