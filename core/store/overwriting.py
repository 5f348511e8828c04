"""Overwriting what was deleted: unlinked rows are still there to be carved until something is written over them.

SQLite overwrites by itself what is deleted (``secure_delete``), and its write-ahead log holds the pages of before until
it is emptied. PostgreSQL keeps deleted rows until VACUUM, and even then their bytes in the free space of a page
(measured on 15: the last row of a page stays readable in its file). Only a table that is written anew is without them.
"""

from collections.abc import Sequence

import sqlalchemy as sa

WAIT_S = 2.0
"""How long (seconds) others may be in the way, who wait as well meanwhile."""
LOOK_EVERY_S = 0.05
_LOCK_NOT_AVAILABLE = "55P03"
_USUAL_TIMEOUT_MS = 30_000


def empty_log(writer: sa.Engine, *, whole: bool) -> bool:
    """Write SQLite's log into the file and cut it off; ``whole`` writes the file anew first. False where a reader holds it."""
    connection = writer.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(WAIT_S * 1000)}")
        if whole:
            cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [(busy, _, _)] = cursor.fetchall()
        cursor.execute(f"PRAGMA busy_timeout={_USUAL_TIMEOUT_MS}")
        cursor.close()
    finally:
        connection.close()
    return not busy


def now_of(conn: sa.Connection) -> str:
    """Return PostgreSQL's name of this moment, a transaction's id."""
    return str(conn.exec_driver_sql("SELECT pg_current_xact_id()::xid::text").scalar_one())


def nobody_sees_before(conn: sa.Connection, moment: str) -> bool:
    """Return whether no other session of the database may still read rows that were deleted before a moment."""
    older = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND age(backend_xmin) > age(CAST(CAST(:moment AS text) AS xid))"
    )
    return not conn.execute(older, {"moment": moment}).scalar_one()


def write_anew(conn: sa.Connection, tables: Sequence[str]) -> bool:
    """Write PostgreSQL's tables anew, outside a transaction; False where others would not let go of them in time."""
    conn.exec_driver_sql(f"SET lock_timeout = {int(WAIT_S * 1000)}")
    try:
        for name in tables:
            conn.exec_driver_sql(f"VACUUM (FULL) {name}")
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        return False
    finally:
        conn.exec_driver_sql("RESET lock_timeout")
    return True
