"""Bring a database up to date."""

from pathlib import Path

import sqlalchemy as sa

from core.store.engine import database

_MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"


async def upgrade(url: str) -> None:
    """Run every migration that the database has not seen; all of them or none."""
    db = database(url)
    try:
        await db.write(_upgrade)
    finally:
        await db.close()


def _upgrade(conn: sa.Connection) -> None:
    if _is_newest(conn):
        return
    # A fifth of a second to import: only a database that is behind pays for it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _is_newest(conn: sa.Connection) -> bool:
    """Return whether the newest revision, by which its file is named, is the one that the database stands at."""
    newest = max(file.name for file in (_MIGRATIONS / "versions").glob("*.py")).partition("_")[0]
    if not sa.inspect(conn).has_table("alembic_version"):
        return False
    return list(conn.execute(sa.text("SELECT version_num FROM alembic_version")).scalars()) == [newest]
