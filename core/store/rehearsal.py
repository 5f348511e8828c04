"""An upgrade rehearsed: what it would do and how long it would take, and the database stays as it is."""

import asyncio
import fcntl
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from pydantic import ValidationError

from core.store.engine import Database, database
from core.store.rebuild import rebuild
from core.store.schema import cause_of, migrate_to, newest_revision, refuse_newer, refuse_others, revision_of
from core.store.sqlite import DanglingReferencesError

_FOLDER = "crossdock-rehearsal-"
COMPARED = 1000
"""Orders that are compared with their facts at most: each costs some milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What an upgrade does to a database."""

    before: str | None
    """The revision that it stands at; None where it is empty."""
    after: str
    rows: Mapping[str, tuple[int | None, int | None]]
    """Rows of each table before and after; None where there is no such table."""
    seconds: float
    """How long the migrations took; counting and comparing apart."""
    compared: int
    """Orders that were compared with their facts: those placed first, which the earliest versions told."""
    differing: int
    """Of these, whose row says something else than their facts, as this code reads them; ``db rebuild`` mends them."""
    problems: tuple[str, ...]
    """Why it would be refused; empty: it would go through."""


class _TakeBackError(Exception):
    """Rolls back what was rehearsed."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        super().__init__()
        self.rehearsal = rehearsal


async def rehearse(url: str) -> Rehearsal:
    """Upgrade a copy of a SQLite database, or a PostgreSQL database in a transaction that is rolled back.

    The copy lies in a folder of its own under ``TMPDIR``, closed to others, and is deleted at once, also where this
    is cancelled; one that a killed process left is deleted by the next rehearsal. On PostgreSQL the
    tables are locked meanwhile, so that it is refused while others use the database.

    Raises:
        ConfigError: the database is newer than this code, or others use it.
    """
    place = sa.make_url(url)
    if place.get_backend_name() == "postgresql":
        return await _rehearse(url, url)
    with _folder_of_copy() as folder:
        # Shielded: the copy is deleted at once, and not when the migration that nobody waits for has come to its end.
        return await asyncio.shield(asyncio.ensure_future(_rehearse_copy(url, f"{folder}/copy.db")))


async def _rehearse_copy(url: str, copy: str) -> Rehearsal:
    await asyncio.to_thread(_copy, sa.make_url(url).database or "", copy)
    return await _rehearse(f"sqlite:///{copy}", url)


@contextmanager
def _folder_of_copy() -> Iterator[str]:
    """Give a folder that is deleted at the end; delete before those of processes that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        _remove_left(left)
    with tempfile.TemporaryDirectory(prefix=_FOLDER, ignore_cleanup_errors=True) as folder:
        opened = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(opened, fcntl.LOCK_SH)
            yield folder
        finally:
            os.close(opened)


def _remove_left(folder: Path) -> None:
    """Delete a copy of ours that no process holds: a lock ends with its process, whatever ended that."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        if os.fstat(opened).st_uid == os.geteuid():
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:  # somebody rehearses there
        return
    finally:
        os.close(opened)


def _copy(database: str, copy: str) -> None:
    """Copy a file of SQLite as it stands between two commits; whoever works on it goes on."""
    if Path(database).is_file():
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)


async def _rehearse(url: str, told: str) -> Rehearsal:
    """Rehearse at a URL; ``told`` is the one that people know."""
    db = database(url)
    try:
        before = await db.read(revision_of)
        refuse_newer(told, before)
        rows = await db.read(_rows)
        try:
            return await _upgraded(db, before, rows)
        except (sa.exc.SQLAlchemyError, DanglingReferencesError) as error:
            return _made(before, rows, rows, problems=(cause_of(error),))
    finally:
        await db.close()


async def _upgraded(db: Database, before: str | None, rows: Mapping[str, int]) -> Rehearsal:
    try:
        return await db.migrate(_upgrade, before, rows)
    except _TakeBackError as done:
        return done.rehearsal


def _upgrade(conn: sa.Connection, before: str | None, rows: Mapping[str, int]) -> Rehearsal:
    if before is not None:
        refuse_others(conn)
    begun = time.monotonic()
    migrate_to(conn, "head")
    seconds = time.monotonic() - begun
    after = _rows(conn)
    differing, problems = 0, tuple[str, ...]()
    try:
        differing = rebuild(conn, oldest=COMPARED)
    except ValidationError as error:
        problems = (f"facts that this version cannot read: {error.error_count()} mistakes in {error.title}",)
    made = _made(before, rows, after, seconds=seconds, differing=differing, problems=problems)
    if conn.dialect.name == "postgresql":
        raise _TakeBackError(made)
    return made


def _made(
    before: str | None,
    rows: Mapping[str, int],
    after: Mapping[str, int],
    *,
    problems: tuple[str, ...],
    seconds: float = 0,
    differing: int = 0,
) -> Rehearsal:
    return Rehearsal(
        before=before,
        after=newest_revision(),
        rows={name: (rows.get(name), after.get(name)) for name in sorted({*rows, *after})},
        seconds=seconds,
        compared=min(COMPARED, after.get("orders", 0)) if seconds else 0,
        differing=differing,
        problems=problems,
    )


def _rows(conn: sa.Connection) -> dict[str, int]:
    """Return the number of rows by table."""
    names = sorted(set(sa.inspect(conn).get_table_names()) - {"alembic_version"})
    return {
        name: conn.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one()
        for name in names
    }
