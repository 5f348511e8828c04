"""A set of a backup: a folder with a file of rows for each table, and a manifest that says what is in them.

Rows are JSON, a list for each, compressed; instants are ISO 8601 and bytes base64. So a set says the same on SQLite and
PostgreSQL, and moves from one to the other. What was deleted in the database is in no set: only rows are copied.
"""

import base64
import gzip
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import HubError
from core.store.columns import UTCDateTime

FORMAT = "crossdock-backup/1"
MANIFEST = "manifest.json"
_AT_ONCE = 1000


class BackupError(HubError):
    """A backup is not whole, not ours, or not for this database; nothing was changed."""


class TableFile(BaseModel):
    """A table's file: its columns with their kind (instant, bytes, value), how many rows, and its checksum."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    columns: dict[str, str]
    rows: int
    sha256: str


class Manifest(BaseModel):
    """What a set holds: when it was taken, at which schema, its tables in the order in which they are filled."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str
    taken_at: datetime
    schema_revision: str
    tables: tuple[TableFile, ...]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return the manifest of a set.

        Raises:
            BackupError: there is none, or it is not ours.
        """
        file = folder / MANIFEST
        try:
            found = cls.model_validate_json(file.read_bytes())
        except OSError as error:
            raise BackupError(f"{file} cannot be read ({error.strerror}): this is no backup") from error
        except ValidationError as error:
            raise BackupError(f"{file} is no manifest of a backup, or was changed") from error
        if found.format != FORMAT:
            raise BackupError(f"{file} has the format {found.format}, and this version reads {FORMAT}")
        return found


def write_table(conn: sa.Connection, table: sa.Table, folder: Path) -> TableFile:
    """Write a table's rows, a few at a time; the file is on the disk when this returns."""
    kinds = {column.name: _kind_of(column) for column in table.columns}
    query = sa.select(*table.columns).order_by(*table.primary_key)
    rows = conn.execution_options(yield_per=_AT_ONCE, stream_results=True).execute(query)
    count, file = 0, folder / f"{table.name}.jsonl.gz"
    with private(file) as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1, mtime=0) as out:
        for row in rows:
            line = [_told(value) for value in row]
            out.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            count += 1
    return TableFile(name=table.name, columns=kinds, rows=count, sha256=digest_of(file))


def read_table(folder: Path, told: TableFile) -> Iterator[list[dict[str, Any]]]:
    """Yield a table's rows by column, a thousand at a time."""
    instants = [name for name, kind in told.columns.items() if kind == "instant"]
    blobs = [name for name, kind in told.columns.items() if kind == "bytes"]
    batch: list[dict[str, Any]] = []
    with gzip.open(folder / f"{told.name}.jsonl.gz", "rb") as file:
        for line in file:
            row = dict(zip(told.columns, json.loads(line), strict=True))
            row |= {name: datetime.fromisoformat(row[name]) for name in instants if row[name] is not None}
            row |= {name: base64.b64decode(row[name]) for name in blobs if row[name] is not None}
            batch.append(row)
            if len(batch) == _AT_ONCE:
                yield batch
                batch = []
    if batch:
        yield batch


def check_set(folder: Path) -> Manifest:
    """Return the manifest of a set whose files are as they were written.

    Raises:
        BackupError: a file is missing or was changed; it is named.
    """
    manifest = Manifest.of(folder)
    for table in manifest.tables:
        file = folder / f"{table.name}.jsonl.gz"
        if not file.is_file():
            raise BackupError(f"{file} is missing: the backup is not whole")
        if digest_of(file) != table.sha256:
            raise BackupError(
                f"{file} was changed since the backup (its checksum differs); use another backup"
            )
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write what a set holds, last of all."""
    with private(folder / MANIFEST) as out:
        out.write(manifest.model_dump_json(indent=1).encode())


def columns_of(told: TableFile) -> sa.TableClause:
    """Return a table as it was when the set was taken, whatever it looks like now."""
    types: Mapping[str, sa.types.TypeEngine[Any]] = {"instant": UTCDateTime(), "bytes": sa.LargeBinary()}
    columns = [sa.column(name, types.get(kind, sa.types.NullType())) for name, kind in told.columns.items()]
    return sa.table(told.name, *columns)


def sets_in(folder: Path) -> Sequence[Path]:
    """Return the sets that lie in a folder and are finished, the oldest first."""
    if not folder.is_dir():
        return ()
    return sorted(each for each in folder.iterdir() if (each / MANIFEST).is_file() and each.suffix != ".part")


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


class private:  # noqa: N801 - used as a context
    """A new file that its owner alone reads, on the disk when the context ends."""

    def __init__(self, file: Path) -> None:
        self._out = os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")

    def __enter__(self) -> Any:
        return self._out

    def __exit__(self, *_: object) -> None:
        try:
            self._out.flush()
            os.fsync(self._out.fileno())
        finally:
            self._out.close()


def _kind_of(column: sa.Column[Any]) -> str:
    if isinstance(column.type, UTCDateTime):
        return "instant"
    return "bytes" if isinstance(column.type, sa.LargeBinary) else "value"


def _told(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes | memoryview) else value
