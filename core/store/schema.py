"""Bring a database up to date: all of it or nothing, and with nobody else at it."""

import contextlib
from pathlib import Path

import sqlalchemy as sa

from core.errors import ConfigError
from core.failpoints import failpoint
from core.store.database_file import UNFINISHED_RESTORE
from core.store.engine import database
from core.store.failures import is_infrastructure
from core.store.planner import tell_planner
from core.store.single_instance import STARTING, single_instance
from core.store.sqlite import DanglingReferencesError

_MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"
LOOKS = 50
"""How often the database is asked, a tenth of a second apart, whether those that were just stopped are gone."""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user
AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> :starting
"""


async def upgrade(url: str, *, serves: bool = False) -> None:
    """Run every migration that the database has not seen; all of them or none.

    ``serves``: this process holds the file of SQLite for itself already.

    Raises:
        ConfigError: the database is newer than this code, others use it, a backup was brought back into it in part, or
            a migration failed; nothing is changed.
    """
    db = database(url)
    try:
        found = await db.read(_revision_before)
        if found == newest_revision():
            return
        refuse_newer(url, found)
        with contextlib.nullcontext() if serves or found is None else single_instance(url):
            await db.migrate(_upgrade_alone)
    except (sa.exc.SQLAlchemyError, DanglingReferencesError) as error:
        if is_infrastructure(error):
            raise
        raise ConfigError(
            f"the database at {place_of(url)} could not be brought to revision {newest_revision()}, and is as it was: "
            f"{cause_of(error)}; rehearse on a copy (crossdock db upgrade --dry-run), and report this"
        ) from error
    finally:
        await db.close()


def newest_revision() -> str:
    """Return the newest revision that this version knows, by which its file is named."""
    return max(known_revisions())


def known_revisions() -> set[str]:
    """Return every revision that this version knows."""
    return {file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("*.py")}


def revision_of(conn: sa.Connection) -> str | None:
    """Return the revision that a database stands at; None for an empty one."""
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def migrate_to(conn: sa.Connection, revision: str) -> None:
    """Run the migrations up to a revision in the transaction of a connection; ``head`` is the newest."""
    # A fifth of a second to import: only a database that is behind pays for it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = conn
    command.upgrade(config, revision)


def _revision_before(conn: sa.Connection) -> str | None:
    found = revision_of(conn)
    if found is None and sa.inspect(conn).has_table(UNFINISHED_RESTORE):
        raise ConfigError(
            "a restore into this database was cut off: say it again (crossdock db restore FOLDER); to begin anew, take "
            "a new database"
        )
    return found


def refuse_newer(url: str, found: str | None) -> None:
    """Return if this code knows the revision of a database.

    Raises:
        ConfigError: a newer crossdock upgraded it.
    """
    if found is not None and found not in known_revisions():
        raise ConfigError(
            f"the database at {place_of(url)} stands at revision {found}, and this crossdock knows none after {newest_revision()}: "
            "a newer one upgraded it. Start that one, or restore the backup from before the upgrade"
        )


def refuse_others(conn: sa.Connection) -> None:
    """Return if nobody else uses a PostgreSQL database in the name of the hub; of SQLite a lock beside the file says so.

    A process of before would go on writing what the code of now does not read. Those that wait to start do nothing yet.

    Raises:
        ConfigError: somebody is connected.
    """
    if conn.dialect.name != "postgresql":
        return
    others = 0
    for _ in range(LOOKS):
        others = conn.execute(sa.text(_OTHERS), {"starting": STARTING}).scalar_one()
        if not others:
            return
        conn.execute(sa.text("SELECT pg_sleep(0.1), pg_stat_clear_snapshot()"))
    raise ConfigError(
        f"{others} other connections of the hub's own role use the database, and it is to be upgraded: "
        "stop every process of the hub first, then start the new version (docs/how-to/upgrade.md)"
    )


def place_of(url: str) -> str:
    """Return where a database is, without its password."""
    return sa.make_url(url).render_as_string(hide_password=True).rpartition("@")[2]


def cause_of(error: Exception) -> str:
    """Return what a database said, without the values that it was given."""
    said = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return f"{type(said).__name__}: {str(said).partition(chr(10))[0]}"


def _upgrade_alone(conn: sa.Connection) -> None:
    if revision_of(conn) is not None:
        refuse_others(conn)
    migrate_to(conn, "head")
    tell_planner(conn)
    failpoint("schema.upgrade.before_commit")
