"""What every table is made of: merchant is the first column of every primary and foreign key."""

from typing import Any

import sqlalchemy as sa

from core.store.columns import UTCDateTime

METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def key(name: str) -> sa.Column[str]:
    """Return a column of the primary key."""
    return sa.Column(name, sa.Text, primary_key=True)


def text(name: str, **more: Any) -> sa.Column[str]:
    """Return a text that is always there."""
    return sa.Column(name, sa.Text, nullable=False, **more)


def optional(name: str) -> sa.Column[str | None]:
    """Return a text that may be missing."""
    return sa.Column(name, sa.Text, nullable=True)


def count(name: str, default: int = 0) -> sa.Column[int]:
    """Return a whole number."""
    return sa.Column(name, sa.Integer, nullable=False, server_default=sa.text(str(default)))


def yes(name: str) -> sa.Column[bool]:
    """Return a yes or no, no unless said."""
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def at(name: str) -> sa.Column[Any]:
    """Return an instant."""
    return sa.Column(name, UTCDateTime, nullable=False)


def maybe_at(name: str) -> sa.Column[Any]:
    """Return an instant that may be missing."""
    return sa.Column(name, UTCDateTime, nullable=True)


def table(name: str, *parts: sa.schema.SchemaItem) -> sa.Table:
    """Return a table whose first column is the merchant."""
    return sa.Table(name, METADATA, key("merchant"), *parts)


def of_order() -> sa.ForeignKeyConstraint:
    """Return the reference to an order of the same merchant."""
    return sa.ForeignKeyConstraint(["merchant", "order_id"], ["orders.merchant", "orders.order_id"])


def some(name: str, *columns: str, where: str) -> sa.Index:
    """Return an index of the rows that are ``where``, in words that both databases read the same."""
    which = sa.text(where)
    return sa.Index(name, *columns, postgresql_where=which, sqlite_where=which)
