"""How PostgreSQL's connections are set up: who stands still in the middle of a transaction keeps nobody waiting for long."""

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

STANDS_STILL_S = 8.0
"""So long a transaction may be without a statement: as long as its process may be silent before it is taken for dead."""


def prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Have the server end a transaction whose process stands still, or whose machine is gone: it holds locks on rows.

    https://www.postgresql.org/docs/current/runtime-config-client.html (read 2026-11-30): idle_in_transaction_session_timeout.
    """

    async def bound(driver: asyncpg.Connection) -> None:
        await driver.execute(f"SET idle_in_transaction_session_timeout = {int(STANDS_STILL_S * 1000)}")

    connection.run_async(bound)


def take_time(conn: sa.Connection) -> None:
    """Let this transaction be without a statement for as long as it takes: what is written to a file, or computed, takes long."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
