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
    dialect, count = conn.dialect.name, len(columns)
    if dialect == "postgresql":
        bound = [[key[i] for key in keys] for i in range(count)]
        given = [sa.bindparam(None, one, type_=postgresql.ARRAY(sa.Text), unique=True) for one in bound]
    else:
        given = [sa.bindparam(None, json.dumps(keys), unique=True)]
    return _found_by(dialect, columns, _table_of(dialect, count, given))


def one_of(dialect: str, columns: Sequence[sa.Column[Any]]) -> sa.ColumnElement[bool]:
    """Return the condition that these text columns together are one of the keys that ``keys_in`` gives.

    It is ``among`` for a statement that is made once: on a hot path most of what ``among`` costs is making it anew.
    """
    return _found_by(dialect, columns, keys_table(dialect, len(columns)))


def keys_table(dialect: str, count: int) -> sa.FromClause:
    """Return the keys that ``keys_in`` gives as rows of so many columns ``k0``, ``k1`` and so on, to join with."""
    if dialect == "postgresql":
        given = [sa.bindparam(f"keys_{i}", type_=postgresql.ARRAY(sa.Text)) for i in range(count)]
    else:
        given = [sa.bindparam("keys")]
    return _table_of(dialect, count, given)


def _table_of(dialect: str, count: int, given: Sequence[sa.BindParameter[Any]]) -> sa.FromClause:
    names = [f"k{i}" for i in range(count)]
    if dialect == "postgresql":
        return sa.func.unnest(*given).table_valued(*names, name="wanted").render_derived()
    listed = sa.func.json_each(*given).table_valued("value")
    parts = (
        sa.func.json_extract(listed.c.value, sa.literal_column(f"'$[{i}]'")).label(name)
        for i, name in enumerate(names)
    )
    return sa.select(*parts).subquery("wanted")


def _found_by(
    dialect: str, columns: Sequence[sa.Column[Any]], wanted: sa.FromClause
) -> sa.ColumnElement[bool]:
    if dialect == "postgresql":
        return sa.tuple_(*columns).in_(sa.select(*wanted.c))
    # Joined column by column: of a row value SQLite may take the first index that begins with the merchant, and look
    # at all of the merchant's rows.
    table = columns[0].table
    sought = table.alias("sought")
    same = (sought.c[column.name] == key for column, key in zip(columns, wanted.c, strict=True))
    rowids: sa.Select[tuple[int]] = sa.select(sa.literal_column("sought.rowid", sa.Integer))
    found = rowids.select_from(wanted.join(sought, sa.and_(*same)))
    return sa.literal_column(f"{table.name}.rowid", sa.Integer).in_(found)


def keys_in(dialect: str, keys: Sequence[tuple[str, ...]]) -> dict[str, object]:
    """Return the parameters by which a statement with ``one_of`` finds these keys; there is at least one."""
    if dialect == "postgresql":
        return {f"keys_{i}": [key[i] for key in keys] for i in range(len(keys[0]))}
    return {"keys": json.dumps(keys)}


def compact(value: object) -> str:
    """Return a value as JSON without blanks, keys sorted: equal values have equal text."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
