"""Statements that several parts of the store share."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]


def insert_new(conn: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows; those whose key exists already stay as they are."""
    if rows:
        insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
        conn.execute(insert(table).on_conflict_do_nothing(), rows)


def upsert(conn: sa.Connection, table: sa.Table, rows: Sequence[Row], *, keep: Sequence[str] = ()) -> None:
    """Insert rows, or overwrite those whose key exists in every given column but the key and ``keep``."""
    if not rows:
        return
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    changes = {name: statement.excluded[name] for name in rows[0] if name not in keys and name not in keep}
    ordered = sorted(rows, key=lambda row: tuple(row[key] for key in keys))
    conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes), ordered)


def update_by_key(conn: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Set the other columns of rows found by their primary key, in key order; every row names the same columns.

    Only for rows that this transaction has locked: nobody is told whether one was missing.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    changes: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in rows[0] if name not in keys}
    found = sa.and_(*(table.c[key] == sa.bindparam(f"key_{key}") for key in keys))
    statement = sa.update(table).where(found).values(changes)
    ordered = sorted(rows, key=lambda row: tuple(row[key] for key in keys))
    conn.execute(
        statement,
        [{(f"key_{n}" if n in keys else f"new_{n}"): value for n, value in row.items()} for row in ordered],
    )
