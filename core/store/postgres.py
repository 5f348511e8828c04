"""How PostgreSQL's connections are set up: who stands still in a transaction keeps nobody waiting, and nothing is compiled."""

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

STANDS_STILL_S = 8.0
"""So long a transaction may be without a statement: as long as its process may be silent before it is taken for dead."""
NAME_LENGTH = 40
"""So much of the end of a process's name is that of its sessions: PostgreSQL keeps 63 bytes of it."""


def prepare(name: str, connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Have the server end a transaction whose process stands still, or whose machine is gone: it holds locks on rows.

    https://www.postgresql.org/docs/15/runtime-config-client.html (read 2026-11-30).
    The session bears the name of its process, by which others end it: see ``processes.end_silent_sessions``.
    Nor is any plan compiled (``jit``): ours run for milliseconds, and the planner takes a recursive one for expensive.
    """
    idle_ms = int(STANDS_STILL_S * 1000)

    async def set_up(driver: asyncpg.Connection) -> None:
        await driver.execute(f"SET idle_in_transaction_session_timeout = {idle_ms}; SET jit = off")
        await driver.execute("SELECT set_config('application_name', $1, false)", name[-NAME_LENGTH:])

    connection.run_async(set_up)


def take_time(conn: sa.Connection) -> None:
    """Let this transaction be without a statement for as long as it takes: it computes, or writes to a file."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
