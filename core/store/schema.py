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
    if revision_of(conn) != newest_revision():
        upgrade_to(conn, "head")


def upgrade_to(conn: sa.Connection, revision: str) -> None:
    """Run the migrations up to a revision."""
    # A fifth of a second to import: only a database that is behind pays for it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = conn
    command.upgrade(config, revision)


def newest_revision() -> str:
    """Return the newest revision that this version knows, by which its file is named."""
    return max(known_revisions())


def known_revisions() -> set[str]:
    """Return every revision that this version knows."""
    return {file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("*.py")}


def revision_of(conn: sa.Connection) -> str | None:
    """Return the revision that a database stands at; None for one without tables."""
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found
