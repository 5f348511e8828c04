"""A row in every table, whatever tables there are: for what must keep all of them."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from core.store.columns import UTCDateTime
from core.store.tables import METADATA

WHEN = datetime(2026, 11, 29, 23, 59, 59, 123456, tzinfo=UTC)
_TEXTS = {"merchant": "kendra", "stage": "delivered", "sku": "MUG", "location": "reno"}


def fill_every_table(conn: sa.Connection) -> None:
    """Insert one row into each table; keys of one name have one value, so that every reference holds."""
    for table in METADATA.sorted_tables:
        conn.execute(sa.insert(table), row_of(table))


def row_of(table: sa.Table) -> dict[str, Any]:
    """Return a row with a value in every column."""
    return {column.key: _value_of(column) for column in table.columns}


def _value_of(column: sa.Column[Any]) -> object:
    kind = column.type
    if isinstance(kind, UTCDateTime):
        return WHEN
    if isinstance(kind, sa.LargeBinary):
        return b"\x00\xff" + column.name.encode()
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.Double):
        return 1.5
    if isinstance(kind, sa.Integer):
        return 2**40 if isinstance(kind, sa.BigInteger) else 7
    return _TEXTS.get(column.name, "{}" if column.name in {"data", "state"} else "Kärntner \N{SNOWMAN}")
