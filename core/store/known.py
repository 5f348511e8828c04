"""What is known of orders, read together however many ask: where each stands, whose it is, and whether it is to be forgotten."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from core.domain.state import OrderState
from core.model.forgetting import Why
from core.model.order import Personal
from core.store.columns import keys_in, keys_table
from core.store.keys import Purpose, place_of
from core.store.personal import open_personal
from core.store.reads import one_statement
from core.store.revisions import revision_beside
from core.store.sealing import Key, Keyring
from core.store.tables import data_keys, forgotten, orders

OrderKey = tuple[str, str]
"""(merchant, order id)."""


@dataclass(frozen=True, slots=True)
class SealedOrder:
    """An order's personal data as it is stored, and the key of the order, sealed too; None where it has none."""

    merchant: str
    order_id: str
    personal: bytes | None
    wrapped: bytes | None

    def open(self, keyring: Keyring) -> "Unsealed":
        """Return whose order it is; nobody's, once its key was deleted."""
        if self.wrapped is None:
            return Unsealed()
        purpose = Purpose.order(self.order_id)
        key = Key(keyring.open_sealed(self.wrapped, place_of(self.merchant, purpose.text)))
        if self.personal is None:
            return Unsealed(key=key)
        return Unsealed(open_personal(key, self.personal, self.merchant, self.order_id), key)


@dataclass(frozen=True, slots=True)
class Unsealed:
    """An order's personal data in clear, and the key of the order; None where there is none, or it is forgotten."""

    personal: Personal | None = field(default=None, repr=False)
    key: Key | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of an order; ``state`` is None where there is none."""

    state: OrderState | None
    unsealed: Unsealed
    forgotten: Why | None
    """Why nothing personal of it is kept."""
    revision: int
    """Of its merchant's settings."""


def with_key(query: sa.Select[Any]) -> sa.Select[Any]:
    """Return a query of orders with what ``SealedOrder`` is made of beside each row."""
    key = sa.and_(
        data_keys.c.merchant == orders.c.merchant,
        data_keys.c.purpose == _purpose(orders.c.order_id),
    )
    return query.add_columns(orders.c.personal, data_keys.c.wrapped).select_from(
        orders.outerjoin(data_keys, key)
    )


def sealed_in(row: sa.Row[Any]) -> SealedOrder:
    """Return what a row of such a query says."""
    return SealedOrder(row.merchant, row.order_id, row.personal, row.wrapped)


@one_statement
def know_all(conn: sa.Connection, keyring: Keyring, keys: Sequence[OrderKey]) -> list[Known]:
    """Return what is known of each (merchant, order id)."""
    dialect = conn.dialect.name
    found = conn.execute(_known(dialect), keys_in(dialect, sorted(set(keys))))
    rows = {(row.merchant, row.order_id): row for row in found}
    return [_known_of(keyring, rows[key]) for key in keys]


def _known_of(keyring: Keyring, row: sa.Row[Any]) -> Known:
    return Known(
        state=None if row.state is None else OrderState.model_validate_json(row.state),
        unsealed=sealed_in(row).open(keyring),
        forgotten=None if row.why is None else Why(row.why),
        revision=row.revision,
    )


@functools.cache
def _known(dialect: str) -> sa.Select[Any]:
    wanted = keys_table(dialect, 2)
    merchant, order_id = wanted.c.k0, wanted.c.k1
    order = sa.and_(orders.c.merchant == merchant, orders.c.order_id == order_id)
    key = sa.and_(data_keys.c.merchant == merchant, data_keys.c.purpose == _purpose(order_id))
    grave = sa.and_(forgotten.c.merchant == merchant, forgotten.c.subject == order_id)
    beside = wanted.outerjoin(orders, order).outerjoin(data_keys, key)
    return sa.select(
        merchant.label("merchant"),
        order_id.label("order_id"),
        orders.c.state,
        orders.c.personal,
        data_keys.c.wrapped,
        forgotten.c.why,
        revision_beside(merchant),
    ).select_from(beside.outerjoin(forgotten, sa.and_(grave, forgotten.c.kind == "order")))


def _purpose(order_id: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    return sa.literal(Purpose.order("").text) + order_id
