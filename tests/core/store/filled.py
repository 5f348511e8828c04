"""Two rows in every table that a database has, whatever its revision, and what is in it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

MERCHANT = "rows"
"""Whose rows they are: nobody's who works in the tests."""
Contents = dict[str, list[dict[str, Any]]]
"""The rows of each table by its name, in one order."""

_NOTIFIED = '{"v":1,"at":"2026-11-30T12:00:00Z","actor":"gateway","kind":"gateway_rang","reference":"pi_1"}'
_STATE = {
    "version": 1,
    "order": {"lines": [{"title": 'Mühle "left":true, "parted":{', "left": 1}]},
    "made_of": {"parted": {"left": 1}},
    "parcels": [{"quote": {"note": "left"}, "left": True}, {"left": False}],
    "voided": [{"left": True}],
    "parted": {"1": 2},
}
"""A state whose keys of before stand where they are meant, and also where they are not."""
WRITTEN: Mapping[tuple[str, str], str] = {
    ("facts", "kind"): "gateway_rang",
    ("facts", "data"): _NOTIFIED,
    ("orders", "state"): json.dumps(_STATE, separators=(",", ":"), ensure_ascii=False),
    ("effects", "request"): '[{"believed":3,"key":{"listing":"mug","location":null},"units":1}]',
    ("brakes", "changes"): '[{"believed":null,"key":{"listing":"mug","location":null},"units":1}]',
    ("switches", "state"): "on",
    ("ledger", "kind"): "counted",
    ("errands", "data"): '{"since":"2026-11-30T12:00:00+00:00"}',
}
"""What a column holds that takes not just anything, or that a migration writes anew: by table and column."""


def fill(conn: sa.Connection) -> None:
    """Put two rows into each table that has none; one where it takes one of each merchant.

    Raises:
        AssertionError: a table refuses them; the message says which, and where to write down what it takes.
    """
    empty = [name for name, rows in contents(conn).items() if not rows]
    tables = sa.MetaData()
    tables.reflect(conn, only=empty)
    for table in tables.sorted_tables:
        if table.name not in empty:
            continue
        try:
            rows = (1,) if [c.name for c in table.primary_key] == ["merchant"] else (1, 2)
            conn.execute(table.insert(), [{c.name: _value(c, n) for c in table.columns} for n in rows])
        except sa.exc.DBAPIError as error:
            raise AssertionError(
                f"{table.name} takes no row made of its columns' types alone ({error.orig}): "
                f"say in WRITTEN of {__name__} what the column in question holds"
            ) from error


def contents(conn: sa.Connection) -> Contents:
    """Return every row of every table, as the database tells them."""
    names = sorted(set(sa.inspect(conn).get_table_names()) - {"alembic_version"})
    rows = {name: conn.exec_driver_sql(f'SELECT * FROM "{name}"').mappings() for name in names}
    return {name: sorted(map(dict, found), key=repr) for name, found in rows.items()}


def _value(column: sa.Column[Any], number: int) -> Any:
    """Return what a column holds in the first or second row; one that refers to another holds the same as that."""
    written = WRITTEN.get((column.table.name, column.name))
    if written is not None:
        return written
    for reference in column.foreign_keys:
        return _value(reference.column, number)
    if column.name == "merchant":
        return MERCHANT
    instant = datetime(2999, 1, number, tzinfo=UTC)
    for kind, value in (
        (sa.Boolean, True),
        (sa.Integer, number),
        (sa.Float, number),
        (sa.Numeric, number),
        (sa.LargeBinary, f"{column.name} {number}".encode()),
        (sa.DateTime, instant),
        (sa.Date, instant.date()),
        (sa.JSON, {column.name: number}),
    ):
        if isinstance(column.type, kind):
            return value
    if isinstance(column.type, sa.String) and column.type.length == 32:  # an instant on SQLite
        return instant.isoformat(timespec="microseconds")
    return f"{column.name} {number}"
