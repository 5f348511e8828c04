"""Databases of earlier revisions for tests, and what is in them."""

import gzip
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.store.engine import database
from core.store.schema import migrate_to, revision_of
from tests.core.store.filled import Contents, contents, fill

HUBS = Path(__file__).parent / "released_hubs"
KEYS = {
    "0006": "ikffSbQd86mhH0FZEQ6miIIi8CvU3nJb08BTKth06Z4=",
    "0008": "xoPUWHd/39fDnuQ2qe6T3CELAaAYS41wshAU8FNOzfc=",
}
"""The keys of the databases in released_hubs: each the day of tests/crash/scenario.py as the hub of that revision left it."""


async def on(url: str, work: Callable[..., Any], *args: Any) -> Any:
    """Do something with a database on a connection of its own, as an upgrade does."""
    db = database(url)
    try:
        return await db.migrate(work, *args)
    finally:
        await db.close()


def all_of(conn: sa.Connection) -> tuple[str | None, Contents, list[str]]:
    if conn.dialect.name == "sqlite":
        query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
    else:
        query = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"
    return revision_of(conn), contents(conn), list(conn.exec_driver_sql(query).scalars())


def filled_at(conn: sa.Connection, revision: str) -> None:
    migrate_to(conn, revision)
    fill(conn)


async def left_by_hub(revision: str, url: str, folder: Path) -> None:
    """Unpack a database of before; on PostgreSQL, its rows into tables of that revision."""
    file = folder / "hub.db"
    file.write_bytes(gzip.decompress((HUBS / f"hub_{revision}.db.gz").read_bytes()))
    if url.startswith("sqlite"):
        return
    rows = await on(f"sqlite:///{file}", contents)
    await on(url, _load, revision, rows)


def _load(conn: sa.Connection, revision: str, rows: Contents) -> None:
    migrate_to(conn, revision)
    tables = sa.MetaData()
    tables.reflect(conn)
    for table in tables.sorted_tables:
        if rows.get(table.name):
            told = [
                {c.name: _as_postgres_has_it(c, row[c.name]) for c in table.columns}
                for row in rows[table.name]
            ]
            conn.execute(table.insert(), told)


def _as_postgres_has_it(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, sa.DateTime):
        return datetime.fromisoformat(value)
    return bool(value) if isinstance(column.type, sa.Boolean) else value
