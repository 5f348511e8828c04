"""How PostgreSQL's connections are set up: who stands still in a transaction keeps nobody waiting, and nothing is compiled."""

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

STANDS_STILL_S = 8.0
"""So long a transaction may be without a statement: as long as its process may be silent before it is taken for dead."""
STATEMENT_S = 300.0
"""So long one statement may take; PostgreSQL counts it as one where a process stopped between sending it and its values."""


def prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Have the server end a transaction whose process stands still, or whose machine is gone: it holds locks on rows.

    https://www.postgresql.org/docs/15/runtime-config-client.html (read 2026-11-30).
    Nor is any plan compiled (``jit``): ours run for milliseconds, and the planner takes a recursive one for expensive.
    """
    idle, statement = _ms(STANDS_STILL_S), _ms(STATEMENT_S)

    async def set_up(driver: asyncpg.Connection) -> None:
        await driver.execute(
            f"SET idle_in_transaction_session_timeout = {idle}; SET statement_timeout = {statement}; SET jit = off"
        )

    connection.run_async(set_up)


def take_time(conn: sa.Connection) -> None:
    """Let this transaction take as long as it does, and be without a statement: it computes, or writes to a file."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        conn.exec_driver_sql("SET LOCAL statement_timeout = 0")


def bound_statements(conn: sa.Connection, *, bound: bool) -> None:
    """Say whether statements outside of a transaction may take only so long."""
    conn.exec_driver_sql(f"SET statement_timeout = {_ms(STATEMENT_S) if bound else 0}")


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
