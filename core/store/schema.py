"""Bring a database up to date."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

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
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
