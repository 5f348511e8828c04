"""What SQLite's planner is told of the tables: that a merchant has most rows of each, and how few share a longer key.

Told nothing, it takes any one column of an index to leave ten rows, and so may choose whichever index begins with the
merchant, and look at all rows of it. Statistics of its own (ANALYZE) would cost a look at every row, and other plans on
each database: these are the same everywhere, written when the tables are made or changed.
https://www.sqlite.org/queryplanner-ng.html (section 6.2, read 2026-11-30): the table may be filled by hand.
"""

import sqlalchemy as sa

from core.store.tables import METADATA

_ROWS = 1_000_000
"""Of every table, and of every index of all its rows."""
_SOME = 1_000
"""Rows of an index that is of some rows only."""
_OF_MOST = frozenset(
    {"ix_listings_written", "ix_listings_catalog", "ix_products_barcode", "ix_orders_personal"}
)
"""But for these, which leave few out."""
_KINDS = {
    "merchant": 2,
    "connection": 10,
    "stage": 1000,  # few orders are open, and these are sought
    "state": 5,
    "kind": 10,
    "location": 2,
    "waits_for": 10,
    "lane": 50,
    "bulk": 2,
    "assignee": 20,
    "action": 5,
}
"""How many values a column has; one that is not here tells a row from all but a few others."""
_MANY = 10_000


def tell_planner(conn: sa.Connection) -> None:
    """Write the statistics that SQLite plans by; PostgreSQL keeps its own."""
    if conn.dialect.name != "sqlite":
        return
    conn.exec_driver_sql("ANALYZE sqlite_master")  # makes the table that holds them, and reads no other
    conn.exec_driver_sql("DELETE FROM sqlite_stat1")
    told = [
        (table, index, stat) for table in sorted(METADATA.tables) for index, stat in _of_table(conn, table)
    ]
    conn.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", told)
    conn.exec_driver_sql("ANALYZE sqlite_master")  # reads them in


def _of_table(conn: sa.Connection, table: str) -> list[tuple[str, str]]:
    """Return (index, what it is told to hold) of a table: rows, then how many share its first columns, one more each."""
    found: list[tuple[str, str]] = []
    for _, index, unique, _, partial in conn.exec_driver_sql(f"PRAGMA index_list('{table}')").all():
        columns = [name for _, _, name in conn.exec_driver_sql(f"PRAGMA index_info('{index}')").all()]
        left = _SOME if partial and index not in _OF_MOST else _ROWS
        stat = [left]
        for name in columns:
            left = max(1, left // _KINDS.get(name, _MANY))
            stat.append(left)
        if unique:
            stat[-1] = 1
        found.append((index, " ".join(map(str, stat))))
    return found
