"""Which database is meant, and the file of SQLite: whole, known by one name, and for its owner alone."""

import contextlib
import errno
import logging
import os
import sqlite3
import stat
from pathlib import Path

import sqlalchemy as sa

from core.errors import ConfigError
from core.store.server_address import DATABASE_URL, checked_server

LOG = logging.getLogger("crossdock.store")
UNFINISHED_RESTORE = "restore_unfinished"
"""The table that stands in a database while a backup is brought back into it, and alone where that was cut off."""
_SMALL = 1 << 16
"""Bytes: a file with every table of the hub is larger, unless they are still in its log."""
_HEADER = b"SQLite format 3\0"
_PRIVATE = 0o600
_HOW = "write sqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME"


def checked_url(url: str) -> str:
    """Return the address of a database that the hub can use.

    Raises:
        ConfigError: it is none; the message never shows a password.
    """
    try:
        place = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigError(f"{DATABASE_URL}: this is no address of a database; {_HOW}") from None
    if place.drivername in {"postgresql", "postgresql+asyncpg"}:
        if not place.database:
            raise ConfigError(f"{DATABASE_URL}: it names no database; {_HOW}")
        return checked_server(place).render_as_string(hide_password=False)
    if place.drivername != "sqlite":
        raise ConfigError(f"{DATABASE_URL}: {place.drivername} is not known here; {_HOW}")
    if place.host or place.query or not place.database or place.database.startswith((":memory:", "file:")):
        raise ConfigError(
            f"{DATABASE_URL}: it names no file; write sqlite:///FILE with three slashes, "
            "four where the path begins at the root"
        )
    _check_path(place.database)
    return url


def _check_path(database: str) -> None:
    """Refuse a path at which no file can be: one that leads in a circle or below a file, or a name that is too long."""
    try:
        file = Path(database).resolve()
        for each in (file, Path(f"{file}-journal")):  # the longest name beside it
            with contextlib.suppress(FileNotFoundError):
                each.stat()
    except (OSError, RuntimeError) as error:  # Python 3.11 tells a circle of links by a RuntimeError
        why = error.strerror if isinstance(error, OSError) else "its links lead in a circle"
        raise ConfigError(
            f"{DATABASE_URL}: no file can be at {database} ({why}); name one in a folder that is there"
        ) from error


def database_file(url: str) -> Path | None:
    """Return the file of SQLite, links followed, so that one file has one name; None on PostgreSQL."""
    place = sa.make_url(url)
    if place.get_backend_name() != "sqlite" or not place.database:
        return None
    return Path(place.database).resolve()


def keys_file(url: str) -> Path | None:
    """Return the file of keys that lies beside a file of SQLite, or would; None on PostgreSQL."""
    file = database_file(url)
    if file is None:
        return None
    named = Path(str(sa.make_url(url).database)).with_suffix(".keys")
    return named if named.exists() else file.with_suffix(".keys")


def check_file(url: str) -> None:
    """Refuse a file of SQLite that is not what it was: gone from beside its keys or its log, or known by two names.

    A disk that is not mounted would else begin an empty hub in silence, and the log of a missing file be thrown away.

    Raises:
        ConfigError: the message says what lies there and what to do.
    """
    file = database_file(url)
    if file is None:
        return
    if file.is_dir():
        raise ConfigError(f"{DATABASE_URL}: {file} is a folder; name a file in it")
    if file.exists() and not file.is_file():
        raise ConfigError(f"{DATABASE_URL}: {file} is no file of a disk; name one")
    if not file.parent.is_dir():
        raise ConfigError(
            f"{DATABASE_URL}: {file} cannot be written: there is no folder {file.parent}; make it first"
        )
    if not file.exists() or not file.stat().st_size or _is_without_tables(file):
        _refuse_remains(file, url)
    if not file.exists():
        return
    if file.stat().st_nlink > 1:
        # SQLite keeps its log by name: "How To Corrupt An SQLite Database File", 2.2 (read 2026-11).
        raise ConfigError(
            f"{file} has {file.stat().st_nlink} names (hard links), and would be corrupted if it were opened by two of "
            "them; remove all but one"
        )


def _refuse_remains(file: Path, url: str) -> None:
    keys, log = keys_file(url), Path(f"{file}-wal")
    remains = [p for p in (keys, log) if p is not None and p.exists() and p.stat().st_size]
    if remains:
        raise ConfigError(
            f"{file} is missing or empty, but {remains[0].name} lies beside it: is its disk mounted, was it moved? "
            "Put it back, or restore a backup (crossdock db restore); to begin anew, move "
            f"{' and '.join(p.name for p in remains)} away first"
        )


def _is_without_tables(file: Path) -> bool:
    """Return whether a file is SQLite's and holds no table: a restore that was killed leaves such a one."""
    if file.stat().st_size > _SMALL:  # to look costs a log and its index beside the file
        return False
    # By SQLite itself: to open and close its file beside it would end the locks that this process has on it.
    try:
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as opened:
            query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name <> ?"
            return bool(opened.execute(query, (UNFINISHED_RESTORE,)).fetchone() == (0,))
    except sqlite3.Error:  # whoever opens it for good says what is wrong
        return False


def make_private(file: Path) -> None:
    """Make a file of SQLite that its owner alone reads, before anything is written; its log takes the same rights.

    A file that others may read is tightened, and that is said; one that is not SQLite's is left as it is.
    """
    file = file.resolve()  # where a link leads: SQLite would make the file there, for everybody to read
    # Only a new file is opened: to close one that SQLite has open would end SQLite's own locks on it.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE))
    if _is_something_else(file):
        return
    for each in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
        tighten(each)


def _is_something_else(file: Path) -> bool:
    """Return whether others may read a file that is not SQLite's: a mistyped address changes no rights of it."""
    try:
        found = file.stat()
        if not found.st_mode & 0o077 or not stat.S_ISREG(found.st_mode):
            return False
        # Left open: to close it would end the locks that SQLite may have on it in this process.
        begins = os.pread(os.open(file, os.O_RDONLY), len(_HEADER), 0)
    except OSError:  # whoever opens it for good says what is wrong
        return False
    return begins not in (b"", _HEADER)


def tighten(file: Path) -> None:
    """Take a file's rights away from everybody but its owner, and say so; what is not there or no file is passed over.

    So is what lies on a file system that cannot be written, as secrets that are mounted into a container do.
    """
    try:
        found = file.stat()
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o077 and stat.S_ISREG(found.st_mode):
            file.chmod(mode & 0o700)
            LOG.warning("%s was readable by others (%o); now it is its owner's alone", file, mode)
    except FileNotFoundError:
        return
    except PermissionError:
        LOG.warning("%s is readable by others, and is not ours to change: chmod 600", file)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
