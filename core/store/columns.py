"""Column types and expressions that mean the same on SQLite and PostgreSQL."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

WOKEN = datetime(1970, 1, 1, tzinfo=UTC)
"""When an order is due that was woken while somebody works on it: he looks once more before it rests."""


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """An aware instant: ISO text with microseconds on SQLite, so that it sorts; timestamptz on PostgreSQL."""

    impl = sa.String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        """Return the column type of the database in use."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | datetime | None:
        """Return the instant in UTC; a naive one is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the instant has no time zone; give an offset")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.isoformat(timespec="microseconds")

    def process_result_value(
        self,
        value: str | datetime | None,
        dialect: Dialect,  # noqa: ARG002 - the signature is SQLAlchemy's
    ) -> datetime | None:
        """Return the stored instant, aware and in UTC."""
        if value is None:
            return None
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return instant.astimezone(UTC)


def among(
    conn: sa.Connection, columns: Sequence[sa.Column[Any]], keys: Sequence[tuple[str, ...]]
) -> sa.ColumnElement[bool]:
    """Return the condition that these text columns together are one of ``keys``.

    One statement text for any number of keys: arrays on PostgreSQL, a JSON list on SQLite.
    """
    if conn.dialect.name == "postgresql":
        arrays = [
            sa.bindparam(None, [key[i] for key in keys], type_=postgresql.ARRAY(sa.Text), unique=True)
            for i in range(len(columns))
        ]
        names = [f"k{i}" for i in range(len(columns))]
        wanted = sa.func.unnest(*arrays).table_valued(*names, name="wanted").render_derived()
        return sa.tuple_(*columns).in_(sa.select(*(wanted.c[name] for name in names)))
    # Joined column by column: of a row value SQLite may take the first index that begins with the merchant, and look
    # at all of the merchant's rows.
    table = columns[0].table
    sought = table.alias("sought")
    listed = sa.func.json_each(sa.bindparam(None, json.dumps(keys), unique=True)).table_valued("value")
    same = [
        sought.c[column.name] == sa.func.json_extract(listed.c.value, f"$[{i}]")
        for i, column in enumerate(columns)
    ]
    rowids: sa.Select[tuple[int]] = sa.select(sa.literal_column("sought.rowid", sa.Integer))
    found = rowids.select_from(listed.join(sought, sa.true())).where(*same)
    return sa.literal_column(f"{table.name}.rowid", sa.Integer).in_(found)


def one_of(dialect: str, columns: Sequence[sa.ColumnElement[str]]) -> sa.ColumnElement[bool]:
    """Return the condition that these text columns together are one of the keys that ``keys_in`` gives.

    It is ``among`` for a statement that is made once: on a hot path most of what ``among`` costs is making it anew.
    """
    if dialect == "postgresql":
        rows = keys_table(dialect, len(columns))
        return sa.tuple_(*columns).in_(sa.select(*rows.c))
    listed = sa.func.json_each(sa.bindparam("keys")).table_valued("value")
    parts = (
        sa.func.json_extract(listed.c.value, sa.literal_column(f"'$[{i}]'")) for i in range(len(columns))
    )
    return sa.tuple_(*columns).in_(sa.select(*parts))


def found_by(dialect: str, columns: Sequence[sa.Column[Any]]) -> sa.ColumnElement[bool]:
    """Return the same condition for a statement that has others by which SQLite might look for its rows first."""
    if dialect == "postgresql":
        return one_of(dialect, columns)
    table, wanted = columns[0].table, keys_table(dialect, len(columns))
    sought = table.alias("sought")
    same = (sought.c[column.name] == key for column, key in zip(columns, wanted.c, strict=True))
    rowids: sa.Select[tuple[int]] = sa.select(sa.literal_column("sought.rowid", sa.Integer))
    found = rowids.select_from(wanted.join(sought, sa.and_(*same)))
    return sa.literal_column(f"{table.name}.rowid", sa.Integer).in_(found)


def keys_table(dialect: str, count: int) -> sa.FromClause:
    """Return the keys that ``keys_in`` gives as rows of so many columns ``k0``, ``k1`` and so on, to join with."""
    names = [f"k{i}" for i in range(count)]
    if dialect == "postgresql":
        arrays = [sa.bindparam(f"keys_{i}", type_=postgresql.ARRAY(sa.Text)) for i in range(count)]
        return sa.func.unnest(*arrays).table_valued(*names, name="wanted").render_derived()
    listed = sa.func.json_each(sa.bindparam("keys")).table_valued("value")
    parts = (
        sa.func.json_extract(listed.c.value, sa.literal_column(f"'$[{i}]'")).label(name)
        for i, name in enumerate(names)
    )
    return sa.select(*parts).subquery("wanted")


def keys_in(dialect: str, keys: Sequence[tuple[str, ...]]) -> dict[str, object]:
    """Return the parameters by which a statement with ``one_of`` finds these keys; there is at least one."""
    if dialect == "postgresql":
        return {f"keys_{i}": [key[i] for key in keys] for i in range(len(keys[0]))}
    return {"keys": json.dumps(keys)}


def compact(value: object) -> str:
    """Return a value as JSON without blanks, keys sorted: equal values have equal text."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
