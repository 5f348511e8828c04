"""What a database keeps in files, byte by byte: also what no statement shows any more."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

CHUNK = 16 * 1024 * 1024
OVERLAP = 256
"""Bytes that two chunks share: longer than anything that is looked for."""
SQLITE_FILES = ("", "-wal", "-shm", "-journal")


def chunks_of_file(path: Path) -> Iterator[bytes]:
    """Yield a file in chunks that overlap; nothing where there is none."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        offset = 0
        while chunk := file.read(CHUNK):
            yield chunk
            offset += max(1, len(chunk) - OVERLAP) if len(chunk) == CHUNK else len(chunk)
            file.seek(offset)


def sqlite_files(database: str) -> list[Path]:
    """Return the files of an SQLite database: its pages, its write-ahead log, that one's index, its journal."""
    return [path for end in SQLITE_FILES if (path := Path(f"{database}{end}")).is_file()]


def chunks_of_tables(conn: sa.Connection, tables: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield (table, chunk) of PostgreSQL's own files of tables, dead rows and free space included.

    Raises:
        sqlalchemy.exc.DBAPIError: this role may not read the server's files.
    """
    conn.exec_driver_sql("CHECKPOINT")
    read = sa.text("SELECT pg_read_binary_file(:path, :offset, :length, true)")
    for table in tables:
        base = conn.execute(sa.text("SELECT pg_relation_filepath(:name)"), {"name": table}).scalar_one()
        segment = 0
        while True:
            path = f"{base}.{segment}" if segment else base
            offset = 0
            while chunk := conn.execute(
                read, {"path": path, "offset": offset, "length": CHUNK}
            ).scalar_one_or_none():
                yield table, chunk
                offset += len(chunk) - OVERLAP if len(chunk) == CHUNK else len(chunk)
            if not offset:
                break
            segment += 1
