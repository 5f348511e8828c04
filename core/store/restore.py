"""A backup brought back into an empty database, in one transaction: all of it or nothing."""

from datetime import datetime

import sqlalchemy as sa

from core.failpoints import failpoint
from core.store.after_restore import after_restore
from core.store.backup_choice import Backup
from core.store.backup_set import BackupError, Manifest, check_set, columns_of, read_table
from core.store.database_file import UNFINISHED_RESTORE
from core.store.schema import known_revisions, migrate_to, newest_revision
from core.store.sealing import Keyring
from core.store.tables import METADATA


def check_backup(backup: Backup, keyring: Keyring) -> tuple[Manifest, Manifest]:
    """Return the manifests of a backup that is whole, known to this version, and opened by the ring.

    Raises:
        BackupError: it is not; the message names what.
    """
    data, keys = check_set(backup.data), check_set(backup.keys)
    for manifest in (data, keys):
        if manifest.schema_revision not in known_revisions():
            raise BackupError(
                f"the backup is of revision {manifest.schema_revision}, and this version knows up to "
                f"{newest_revision()}: restore with the version that took it, or a newer one"
            )
    known = {key.key_id for key in keyring.keys}
    rows = (row for table in keys.tables for rows in read_table(backup.keys, table) for row in rows)
    missing = sorted({str(row["wrapped_by"]) for row in rows} - known)
    if missing:
        raise BackupError(
            f"{keyring.source}: key {', '.join(missing)} is missing, under which the backup's keys are sealed; add it "
            "behind the others"
        )
    return data, keys


def begin_restore(conn: sa.Connection) -> None:
    """Say in a database without tables, before anything is brought back, that it is no new one.

    Raises:
        BackupError: it is not empty. Nothing is changed.
    """
    _refuse_tables(conn)
    conn.execute(sa.text(f"CREATE TABLE IF NOT EXISTS {UNFINISHED_RESTORE} (begun integer)"))


def restore(conn: sa.Connection, backup: Backup, keyring: Keyring, *, now: datetime) -> dict[str, int]:
    """Fill an empty database, bring it up to date, and leave it reading only; return how many rows each table has.

    Raises:
        BackupError: the backup is not whole, or the database is not empty. Nothing is changed.
    """
    _refuse_tables(conn)
    data, keys = check_backup(backup, keyring)
    migrate_to(conn, data.schema_revision)
    for folder, manifest in ((backup.data, data), (backup.keys, keys)):
        for table in manifest.tables:
            for rows in read_table(folder, table):
                conn.execute(sa.insert(columns_of(table)), rows)
    failpoint("restore.rows.written")
    if data.schema_revision != newest_revision():
        migrate_to(conn, "head")
    after_restore(conn, taken_at=data.taken_at, now=now)
    conn.execute(sa.text(f"DROP TABLE IF EXISTS {UNFINISHED_RESTORE}"))
    return {table.name: table.rows for manifest in (data, keys) for table in manifest.tables}


def _refuse_tables(conn: sa.Connection) -> None:
    if any(sa.inspect(conn).has_table(name) for name in ("alembic_version", *METADATA.tables)):
        raise BackupError("the database has tables already; restore into a new one (no data is overwritten)")
