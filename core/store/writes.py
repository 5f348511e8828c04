"""Statements that several parts of the store share; each is made once."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]


def insert_new(conn: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows; those whose key exists already stay as they are."""
    if rows:
        conn.execute(_insert_new(conn.dialect.name, table), rows)


@functools.cache
def _insert_new(dialect: str, table: sa.Table) -> sa.Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


def upsert(conn: sa.Connection, table: sa.Table, rows: Sequence[Row], *, keep: Sequence[str] = ()) -> None:
    """Insert rows, or overwrite those whose key exists in every given column but the key and ``keep``."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    ordered = sorted(rows, key=lambda row: tuple(row[key] for key in keys))
    conn.execute(_upsert(conn.dialect.name, table, tuple(rows[0]), tuple(keep)), ordered)


@functools.cache
def _upsert(dialect: str, table: sa.Table, names: tuple[str, ...], keep: tuple[str, ...]) -> sa.Insert:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    changes = {name: statement.excluded[name] for name in names if name not in keys and name not in keep}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def _insert(dialect: str, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def update_by_key(conn: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Set the other columns of rows found by their primary key, in key order; every row names the same columns.

    Only for rows that this transaction has locked: nobody is told whether one was missing.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    ordered = sorted(rows, key=lambda row: tuple(row[key] for key in keys))
    conn.execute(
        _update_by_key(table, tuple(rows[0])),
        [{(f"key_{n}" if n in keys else f"new_{n}"): value for n, value in row.items()} for row in ordered],
    )


@functools.cache
def _update_by_key(table: sa.Table, names: tuple[str, ...]) -> sa.Update:
    keys = [column.name for column in table.primary_key]
    changes: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in names if name not in keys}
    found = sa.and_(*(table.c[key] == sa.bindparam(f"key_{key}") for key in keys))
    return sa.update(table).where(found).values(changes)
