"""A backup of the whole database, taken while the hub serves, and its keys apart.

``FOLDER/data/<instant>`` holds every table but the keys under which its values are sealed, ``FOLDER/keys/<instant>``
those keys, wrapped by the installation's, which are in neither. Keys have an age of their own: the newest set of keys
opens older data too, all but what was forgotten since.
"""

import contextlib
import fcntl
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from core.failpoints import failpoint
from core.store.backup_choice import DATA, KEYS, NAME, instant_of, is_of_future
from core.store.backup_set import (
    FORMAT,
    BackupError,
    Manifest,
    sets_in,
    write_manifest,
    write_table,
)
from core.store.postgres import take_time
from core.store.schema import newest_revision, revision_of
from core.store.tables import METADATA, data_keys

LOG = logging.getLogger("crossdock.store")
_LOCK = ".lock"
_PRIVATE = 0o700


def write_backup(conn: sa.Connection, folder: Path, *, now: datetime) -> tuple[Manifest, Manifest]:
    """Write both sets as the database stands in this transaction; return the manifests of data and keys.

    Raises:
        BackupError: the database is of another version, a backup of this second is there already, or the folder cannot
            be written. Nothing is left of it.
    """
    take_time(conn)
    check_revision(conn)
    name = now.astimezone(UTC).strftime(NAME)
    tables = [table for table in METADATA.sorted_tables if table is not data_keys]
    made: list[Path] = []
    with contextlib.ExitStack() as unfinished, _writing(folder):
        unfinished.callback(_remove, made)
        # The keys first: no data without the keys that open it.
        keys = _write_set(conn, folder / KEYS / name, [data_keys], now, made)
        failpoint("backup.keys.written")
        data = _write_set(conn, folder / DATA / name, tables, now, made)
        unfinished.pop_all()
        return data, keys


def _remove(made: Sequence[Path]) -> None:
    for each in made:
        shutil.rmtree(each, ignore_errors=True)


def check_revision(conn: sa.Connection) -> None:
    """Return if a database stands where this version can take its backup.

    Raises:
        BackupError: it is of another version.
    """
    revision = revision_of(conn)
    if revision != newest_revision():
        raise BackupError(
            f"the database stands at revision {revision}, and this version at {newest_revision()}: take the backup with "
            "the version that serves, or run `crossdock db upgrade` first"
        )


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder for one backup at a time, and delete what was left there by such as were killed.

    Raises:
        BackupError: another one is being taken into it, or it cannot be written.
    """
    with _writing(folder):
        folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        opened = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"another backup is being taken into {folder}; wait until it is done") from None
        except OSError:  # a file system without locks: what is unfinished there may be of one that runs
            LOG.warning("%s takes no locks: unfinished sets (.part) are not deleted", folder)
        else:
            remove_unfinished(folder)
        yield
    finally:
        os.close(opened)


def remove_unfinished(folder: Path) -> None:
    """Delete the sets that were never finished: they hold keys that no age would end."""
    for part in [*(folder / DATA).glob("*.part"), *(folder / KEYS).glob("*.part")]:
        shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Tell a failure of files as the folder's; one of a connection is the database's."""
    try:
        yield
    except (ConnectionError, TimeoutError):
        raise
    except OSError as error:
        raise BackupError(
            f"{folder} cannot be written ({error.strerror}); check its rights and room"
        ) from error


def _write_set(
    conn: sa.Connection, folder: Path, tables: Sequence[sa.Table], now: datetime, made: list[Path]
) -> Manifest:
    if folder.exists():
        raise BackupError(f"{folder} is there already; wait a second")
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)  # of a backup that was killed
    made.append(part)
    for parent in (folder.parent.parent, folder.parent, part):
        parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    manifest = Manifest(
        format=FORMAT,
        taken_at=now,
        schema_revision=newest_revision(),
        tables=tuple(write_table(conn, table, part) for table in tables),
    )
    write_manifest(part, manifest)
    part.rename(folder)
    made.append(folder)
    return manifest


def prune_keys(folder: Path, *, now: datetime, kept: timedelta) -> list[str]:
    """Delete the sets of keys that are older than their age, but never the newest that is whole; return their names.

    A set that is damaged or of the future is named in a warning, and nothing else waits for it.
    """
    dated: list[tuple[datetime, Path]] = []
    newest: Path | None = None
    for each in sets_in(folder / KEYS):
        taken = instant_of(each)
        if taken is None or is_of_future(each, now):
            LOG.warning("%s is of the future or of no time, and stays: delete it yourself", each)
            continue
        dated.append((taken, each))
        if _has_manifest(each):
            newest = each
    old = [each for taken, each in dated if each != newest and taken < now - kept] if newest else []
    with _writing(folder):
        for each in old:
            shutil.rmtree(each)
    return [each.name for each in old]


def _has_manifest(each: Path) -> bool:
    try:
        Manifest.of(each)
    except BackupError as error:
        LOG.warning("a set of keys is damaged: %s", error)
        return False
    return True
