"""What the databases really raise, sorted: their own failures are waited out, ours are not; and nothing lands twice."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncTransaction

from core.store.engine import Postgres, Sqlite, database
from core.store.failures import (
    AGAIN_AFTER_S,
    CommitLostError,
    is_infrastructure,
    may_pass,
    name_of,
    until_answered,
)
from core.store.orders import facts_of
from core.store.store import Store
from tests.core.store.builders import a_commit, a_new_order, noted
from tests.databases import database_with_tables
from tests.outages import CUT, FULL, away

pytestmark = [pytest.mark.case("F1"), pytest.mark.req("R66")]


@pytest.fixture
async def postgres(tmp_path: Path) -> AsyncIterator[Postgres]:
    async with database_with_tables("postgres", tmp_path) as url:
        db = Postgres(url)
        yield db
        await db.close()


# --- what SQLite raises ---


def full(db: sqlite3.Connection, _: Path) -> None:
    db.execute("PRAGMA max_page_count = 1")
    db.execute("CREATE TABLE t (x)")


def read_only(db: sqlite3.Connection, _: Path) -> None:
    db.execute("PRAGMA query_only = 1")
    db.execute("CREATE TABLE t (x)")


def locked(_: sqlite3.Connection, file: Path) -> None:
    first, second = (sqlite3.connect(file, timeout=0, isolation_level=None) for _ in range(2))
    first.execute("BEGIN IMMEDIATE")
    second.execute("BEGIN IMMEDIATE")


def nowhere(_: sqlite3.Connection, file: Path) -> None:
    sqlite3.connect(file / "below" / "hub.db")


def no_database(_: sqlite3.Connection, file: Path) -> None:
    file.write_bytes(b"not a database at all" * 50)
    sqlite3.connect(file).execute("SELECT * FROM sqlite_master")


@pytest.mark.parametrize(
    ("fail", "name"),
    [
        (full, "SQLITE_FULL"),
        (read_only, "SQLITE_READONLY"),
        (locked, "SQLITE_BUSY"),
        (nowhere, "SQLITE_CANTOPEN"),
        (no_database, "SQLITE_NOTADB"),
    ],
)
def test_what_sqlite_fails_at_itself_is_our_infrastructure_s(
    fail: Callable[[sqlite3.Connection, Path], None], name: str, tmp_path: Path
) -> None:
    with pytest.raises(sqlite3.Error) as raised:
        fail(sqlite3.connect(tmp_path / "a.db"), tmp_path / "b.db")
    error = raised.value
    wrapped = sa.exc.DBAPIError.instance("COMMIT", {}, error, sqlite3.Error)

    assert is_infrastructure(error)
    assert is_infrastructure(wrapped)
    assert name_of(wrapped) == name


@pytest.mark.parametrize(
    "statement",
    [
        "SELEC 1",
        "SELECT * FROM nothing",
        "INSERT INTO t VALUES (1, 2)",
        "INSERT INTO t VALUES (NULL)",
        "SELECT y FROM t",
    ],
)
async def test_a_wrong_statement_is_our_code_s_on_sqlite(statement: str, tmp_path: Path) -> None:
    db = Sqlite(f"sqlite:///{tmp_path / 'hub.db'}")
    await db.write(lambda conn: conn.exec_driver_sql("CREATE TABLE t (x NOT NULL)"))
    with pytest.raises(sa.exc.DBAPIError) as raised:
        await db.write(lambda conn: conn.exec_driver_sql(statement))
    await db.close()

    assert not is_infrastructure(raised.value)


# --- what PostgreSQL raises ---

OWN = [
    "08006", "25006", "40001", "40P01", "53100", "53200", "53300", "55P03",
    "57014", "57P01", "57P02", "57P03", "58030", "XX000", "XX001",
]  # fmt: skip
OURS = ["22003", "22P02", "23503", "23505", "25001", "42601", "42P01", "P0001", "0A000"]


async def raised_with(db: Postgres, state: str) -> Exception:
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(sa.exc.DBAPIError) as raised:
        await db.write(lambda conn: conn.exec_driver_sql(raising))
    return raised.value


async def test_the_codes_by_which_postgresql_fails_itself_are_our_infrastructure_s(
    postgres: Postgres,
) -> None:
    sorted_so = {state: is_infrastructure(await raised_with(postgres, state)) for state in (*OWN, *OURS)}

    assert sorted_so == {state: state in OWN for state in (*OWN, *OURS)}


async def test_a_database_that_lets_nobody_in_is_waited_for(tmp_path: Path) -> None:
    async with database_with_tables("postgres", tmp_path) as url:
        place = sa.make_url(url)
        server = Postgres(place.set(database="postgres").render_as_string(hide_password=False))
        closed = Postgres(url)
        try:
            await server.write(_let_in, str(place.database), answer=False)
            with pytest.raises((sa.exc.DBAPIError, asyncpg.PostgresError)) as raised:
                await closed.read(count)
            await server.write(_let_in, str(place.database), answer=True)
            assert await closed.read(count) == 0
        finally:
            await server.close()
            await closed.close()

    assert (is_infrastructure(raised.value), may_pass(raised.value)) == (True, True)


def _let_in(conn: sa.Connection, name: str, *, answer: bool) -> None:
    conn.exec_driver_sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {answer}')


async def test_a_sequence_that_was_not_asked_before_is_our_code_s_under_the_same_code(
    postgres: Postgres,
) -> None:
    def ask(conn: sa.Connection) -> None:
        conn.exec_driver_sql("CREATE TEMP SEQUENCE s")
        conn.exec_driver_sql("SELECT currval('s')")

    with pytest.raises(sa.exc.DBAPIError) as raised:
        await postgres.write(ask)

    assert not is_infrastructure(raised.value)


@pytest.mark.parametrize(
    ("says", "own"),
    [
        ("database is not accepting commands to avoid wraparound data loss in database hub", True),
        ("cannot assign new transaction IDs to avoid wraparound data loss in database hub", True),
        ("stack depth limit exceeded", False),
    ],
)
async def test_a_server_that_has_no_more_numbers_for_transactions_is_waited_for(
    postgres: Postgres, says: str, own: bool
) -> None:
    raising = f"DO $$ BEGIN RAISE EXCEPTION '{says}' USING ERRCODE = '54000'; END $$"
    with pytest.raises(sa.exc.DBAPIError) as raised:
        await postgres.write(lambda conn: conn.exec_driver_sql(raising))

    assert is_infrastructure(raised.value) is own


async def test_a_value_that_the_driver_cannot_write_is_our_code_s(postgres: Postgres) -> None:
    with pytest.raises(sa.exc.DBAPIError) as raised:
        await postgres.read(lambda conn: conn.execute(sa.text("SELECT CAST(:n AS int)"), {"n": 2**70}))

    assert not is_infrastructure(raised.value)


@pytest.mark.parametrize(
    "error",
    [
        CommitLostError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.InternalClientError("got result for unknown protocol state 3"),
        ConnectionRefusedError(111, "Connect call failed"),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_driver_that_does_not_reach_its_server_is_our_infrastructure_s(error: Exception) -> None:
    assert is_infrastructure(error)


def test_what_an_answer_of_the_driver_means_is_not_read_into_a_wrong_argument() -> None:
    assert not is_infrastructure(asyncpg.DataError("invalid input for query argument $1"))
    assert not is_infrastructure(asyncpg.UniqueViolationError("duplicate key"))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_what_a_failed_statement_tells_holds_none_of_its_values(kind: str, tmp_path: Path) -> None:
    async with database_with_tables(kind, tmp_path) as url:
        db = database(url)
        for work in (db.read, db.write):
            with pytest.raises(sa.exc.DBAPIError) as raised:
                await work(_name_a_shopper)
            assert "Ada Lovelace" not in str(raised.value)
        await db.close()


def _name_a_shopper(conn: sa.Connection) -> None:
    conn.execute(sa.text("SELECT nowhere FROM configs WHERE text = :name"), {"name": "Ada Lovelace"})


# --- a cut is mended at once, and nothing lands twice ---


def insert(conn: sa.Connection) -> int:
    conn.exec_driver_sql(
        "INSERT INTO configs (merchant, hash, loaded_at, text) VALUES ('kendra', 'h', now(), '')"
    )
    return 7


def count(conn: sa.Connection) -> int:
    return int(conn.exec_driver_sql("SELECT count(*) FROM configs").scalar_one())


async def test_a_transaction_whose_connection_is_cut_is_done_again_on_another(postgres: Postgres) -> None:
    runs = []

    def work(conn: sa.Connection) -> int:
        runs.append(insert(conn))
        if len(runs) == 1:
            conn.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return runs[-1]

    assert await postgres.write(work) == 7
    assert len(runs) == 2
    assert await postgres.read(count) == 1


async def test_a_read_whose_connection_is_cut_is_read_again(postgres: Postgres) -> None:
    runs = []

    def work(conn: sa.Connection) -> int:
        runs.append(1)
        if len(runs) == 1:
            conn.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return count(conn)

    assert await postgres.read(work) == 0
    assert len(runs) == 2


def refusing(state: str) -> tuple[Callable[..., Awaitable[None]], list[bytes]]:
    """Return what answers as a server that refuses every log-in with a code, and the log-ins that it had."""
    fields = b"SFATAL\0VFATAL\0C" + state.encode() + b"\0Mno log-in now\0\0"
    log_ins: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while message := await reader.read(4096):
            if len(message) == 8:  # may the connection be encrypted: it may not
                writer.write(b"N")
                continue
            log_ins.append(message)
            writer.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
            break
        writer.close()

    return answer, log_ins


@pytest.mark.parametrize(
    ("state", "tries"),
    [("57P03", 5), ("57P01", 5), ("08004", 5), ("28P01", 1), ("53300", 1)],
    ids=["starting up", "shutting down", "refused before it", "a wrong password", "too many connections"],
)
async def test_a_server_that_stops_or_starts_is_asked_again_and_one_that_knows_nobody_is_not(
    monkeypatch: pytest.MonkeyPatch, state: str, tries: int
) -> None:
    monkeypatch.setattr("core.store.engine._AGAIN_AFTER_S", (0.0, 0.0, 0.0, 0.0))
    answer, log_ins = refusing(state)
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        db = Postgres(f"postgresql+asyncpg://u:p@127.0.0.1:{port}/x")
        with pytest.raises((sa.exc.DBAPIError, asyncpg.PostgresError)) as raised:
            await db.read(count)
        await db.close()

    assert is_infrastructure(raised.value)
    assert len(log_ins) == tries


@pytest.mark.parametrize("landed", [True, False], ids=["it landed", "it did not"])
async def test_what_became_of_a_lost_commit_is_asked_of_the_server(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, landed: bool
) -> None:
    plain, lost = AsyncTransaction.commit, list[AsyncTransaction]()

    async def commit(transaction: AsyncTransaction) -> None:
        if not lost:
            lost.append(transaction)
            if landed:
                await plain(transaction)
            else:
                await transaction.rollback()
            raise ConnectionResetError(104, "Connection reset by peer")
        await plain(transaction)

    monkeypatch.setattr(AsyncTransaction, "commit", commit)

    assert await postgres.write(insert) == 7
    assert await postgres.read(count) == 1


async def test_a_fault_of_ours_is_done_once(postgres: Postgres) -> None:
    runs = []

    def work(conn: sa.Connection) -> None:
        runs.append(1)
        conn.exec_driver_sql("SELEC 1")

    with pytest.raises(sa.exc.ProgrammingError):
        await postgres.write(work)
    assert len(runs) == 1


# --- many who wait together ---


async def test_an_outage_is_told_to_all_who_wait_and_nobody_is_looked_for_who_is_to_blame(
    batched_store: Store,
) -> None:
    store = batched_store
    for number in range(8):
        await store.commit(a_new_order(str(number)))
    with away(store.db, FULL) as asked:
        told = await asyncio.gather(
            *(store.commit(a_commit(str(n), happened=(noted("n"),))) for n in range(8)),
            return_exceptions=True,
        )

    assert told == [FULL] * 8
    assert asked == ["write"]
    assert [f.kind for f in await store.read(facts_of, "kendra", "shop:0")] == ["received"]


async def test_what_is_known_here_alone_is_asked_again_until_it_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.store.failures.AGAIN_AFTER_S", 0)
    left = [CUT, FULL, OSError(28, "No space left on device")]

    async def ask() -> str:
        if left:
            raise left.pop()
        return "stored"

    assert await until_answered(ask) == "stored"
    assert AGAIN_AFTER_S == 0.5
