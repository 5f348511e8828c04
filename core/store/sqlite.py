"""How SQLite's connections are set up, how they begin a transaction, and that every reference has its row."""

import contextlib
from collections import Counter
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry


class DanglingReferencesError(Exception):
    """Rows refer to rows that are not there; the message says of which table, how many and to what."""


def prepare_writer(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Set up a connection that writes."""
    # The driver's own transactions are switched off: it would begin too late and not IMMEDIATE.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def prepare_reader(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Set up a connection that only reads."""
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=1")


@contextlib.contextmanager
def unwatched(engine: sa.Engine) -> Iterator[None]:
    """Have no reference watched meanwhile."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA foreign_keys=OFF")
        yield
    finally:
        connection.cursor().execute("PRAGMA foreign_keys=ON")
        connection.close()


def check_references(conn: sa.Connection) -> None:
    """Look whether every reference has its row.

    Raises:
        DanglingReferencesError: one has not.
    """
    found = Counter((row[0], row[2]) for row in conn.exec_driver_sql("PRAGMA foreign_key_check"))
    if found:
        told = "; ".join(f"{count} of {table} to {to}" for (table, to), count in sorted(found.items()))
        raise DanglingReferencesError(f"rows refer to rows that are not there: {told}")


def begin_immediate(conn: sa.Connection) -> None:
    """Begin a transaction that writes."""
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def begin(conn: sa.Connection) -> None:
    """Begin a transaction that reads."""
    conn.exec_driver_sql("BEGIN")
