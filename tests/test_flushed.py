"""What is acknowledged is on disk: seen from outside by strace on SQLite, and by PostgreSQL's own settings."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.store.engine import Postgres
from tests.databases import fresh_database
from tests.flushed import calls_of, too_early, traced, why_not

WEBHOOKS = 40


@pytest.mark.req("R11")
async def test_no_webhook_is_acknowledged_before_it_is_on_disk(tmp_path: Path) -> None:
    reason = await why_not()
    if reason:
        pytest.skip(reason)

    count, early = too_early(await traced(tmp_path, WEBHOOKS))

    assert (count, early) == (WEBHOOKS, [])


RECEIVED = '7 recvfrom(9<socket:[5]>, "POST /webhooks/kendra/shop HTTP/1.1\\r\\nHost"..., 65536, 0, NULL, NULL) = 300'
WRITTEN = '8 pwrite64(4</data/hub.db-wal>, "\\0\\0\\0\\1"..., 4096, 32) = 4096'
FLUSHED = "8 fdatasync(4</data/hub.db-wal>) = 0"
ANSWERED = '7 sendto(9<socket:[5]>, "HTTP/1.1 200 OK\\r\\n"..., 150, 0, NULL, 0) = 150'


@pytest.mark.parametrize(
    ("lines", "early"),
    [
        ([RECEIVED, WRITTEN, FLUSHED, ANSWERED], 0),
        ([WRITTEN, FLUSHED, RECEIVED, ANSWERED], 1),
        ([FLUSHED, RECEIVED, WRITTEN, ANSWERED, FLUSHED], 1),
        ([RECEIVED, WRITTEN, FLUSHED.replace("= 0", "= -1 EIO (Input/output error)"), ANSWERED], 1),
        ([RECEIVED, FLUSHED, WRITTEN, ANSWERED], 1),
        ([RECEIVED, WRITTEN, FLUSHED.replace("hub.db-wal", "other"), ANSWERED], 1),
        (
            [
                RECEIVED,
                WRITTEN,
                "8 fdatasync(4</data/hub.db-wal> <unfinished ...>",
                "8 <... fdatasync resumed>) = 0",
                ANSWERED,
            ],
            0,
        ),
        (
            [
                RECEIVED,
                WRITTEN,
                "8 fdatasync(4</data/hub.db-wal> <unfinished ...>",
                ANSWERED,
                "8 <... fdatasync resumed>) = 0",
            ],
            1,
        ),
    ],
    ids=[
        "written and flushed",
        "before it came",
        "flushed later",
        "it failed",
        "written after",
        "another file",
        "in two parts",
        "not over yet",
    ],
)
def test_what_a_trace_tells_is_read(lines: list[str], early: int) -> None:
    count, found = too_early(calls_of(lines))

    assert (count, len(found)) == (1, early)


DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


def said_by(conn: sa.Connection) -> dict[str, bool]:
    """Return of each setting whether this session says it itself."""
    query = sa.text("SELECT name, source = 'session' AS ours FROM pg_settings WHERE name IN :names")
    found = conn.execute(query.bindparams(sa.bindparam("names", DURABLE, expanding=True)))
    return dict(row._tuple() for row in found)


@pytest.mark.req("R11")
async def test_no_session_of_ours_weakens_what_the_server_does_before_it_says_committed(
    tmp_path: Path,
) -> None:
    async with fresh_database("postgres", tmp_path) as url:
        db = Postgres(url)
        told = [await db.write(said_by), await db.write_first(said_by), await db.read(said_by)]
        await db.close()

    assert told == [dict.fromkeys(DURABLE, False)] * 3
