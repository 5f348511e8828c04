"""An upgrade is rehearsed: it tells what would become of a database, and the database stays as it is."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from core.errors import ConfigError
from core.store import schema
from core.store.rehearsal import Rehearsal, rehearse
from core.store.schema import newest_revision, upgrade
from tests.command import Said, command, rows
from tests.core.store.earlier import all_of, filled_at, left_by_hub, on
from tests.databases import KINDS, fresh_database
from tests.installed import installed

pytestmark = pytest.mark.case("F2")


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for what is temporary."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.parametrize("kind", KINDS)
async def test_it_tells_revisions_rows_and_orders_to_compute_again_and_changes_nothing(
    kind: str, tmp_path: Path, elsewhere: Path
) -> None:
    async with fresh_database(kind, tmp_path) as url:
        await left_by_hub("0006", url, tmp_path)
        before = await on(url, all_of)
        found = await rehearse(url)
        assert await on(url, all_of) == before

    assert replace(found, rows={}, seconds=0) == Rehearsal(
        before="0006", after=newest_revision(), rows={}, seconds=0, compared=5, differing=5, problems=()
    )
    assert found.seconds > 0
    told = {
        name: found.rows[name] for name in ("alarms", "errands", "facts", "jobs", "orders", "pauses", "zones")
    }
    assert told == {
        "alarms": (1, None),
        "errands": (6, None),
        "facts": (102, 102),
        "jobs": (None, 6),
        "orders": (5, 5),
        "pauses": (None, 1),
        "zones": (0, 0),
    }
    assert os.listdir(elsewhere) == []  # noqa: PTH208 - a path would block the loop


@pytest.mark.parametrize("kind", KINDS)
async def test_an_upgrade_that_fails_is_told_as_a_problem(
    kind: str, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fresh_database(kind, tmp_path) as url:
        await on(url, filled_at, "0008")
        await on(url, lambda conn: conn.exec_driver_sql("DROP TABLE brakes"))
        before = await on(url, all_of)
        found = await rehearse(url)
        assert await on(url, all_of) == before

    [problem] = found.problems
    assert "brakes" in problem
    assert set(found.rows.values()) == {(2, 2)}


@pytest.mark.parametrize("kind", KINDS)
async def test_facts_that_this_version_cannot_read_are_told_as_a_problem(
    kind: str, tmp_path: Path, elsewhere: Path
) -> None:
    async with fresh_database(kind, tmp_path) as url:
        await on(url, filled_at, "0008")
        await on(url, _tell_of_tomorrow)
        found = await rehearse(url)

    [problem] = found.problems
    assert problem.startswith("facts that this version cannot read: 1 mistakes")


def _tell_of_tomorrow(conn: sa.Connection) -> None:
    conn.exec_driver_sql(
        "INSERT INTO facts (merchant, order_id, seq, kind, v, at, actor, data)"
        " SELECT merchant, order_id, seq + 2, 'of_tomorrow', 1, at, 'hub', '{\"kind\":\"of_tomorrow\"}' FROM facts"
    )


async def test_nobody_who_serves_on_postgres_is_held_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "LOOKS", 2)
    async with fresh_database("postgres", tmp_path) as url:
        await on(url, filled_at, "0008")
        serving = await asyncpg.connect(url.replace("+asyncpg", ""))
        with pytest.raises(ConfigError, match="1 other connections of the hub's own role use the database"):
            await rehearse(url)
        await serving.close()


async def test_who_serves_on_sqlite_goes_on_meanwhile(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    await on(url, filled_at, "0008")
    writing = sqlite3.connect(tmp_path / "hub.db", isolation_level=None)
    writing.execute("BEGIN IMMEDIATE")
    writing.execute("DELETE FROM zones")

    found = await rehearse(url)
    writing.execute("COMMIT")
    writing.close()

    assert (found.problems, found.rows["zones"]) == ((), (2, 2))


async def test_an_up_to_date_database_has_nothing_before_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    await upgrade(url)
    found = await rehearse(url)

    assert (found.before, found.after, found.problems) == (newest_revision(), newest_revision(), ())
    assert {before == after == 0 for before, after in found.rows.values()} == {True}


def test_the_command_prints_what_it_found_and_ends_with_1_on_a_problem(said: Said, tmp_path: Path) -> None:
    code, out, err = said("db", "upgrade", "--dry-run")
    assert (code, err) == (0, "")
    assert out.startswith(f"from revision none to {newest_revision()}, in ")
    assert out.endswith("nothing was changed; the upgrade would go through\n")
    assert "\norders " in out
    assert not list(tmp_path.glob("*.db"))

    said("db", "upgrade")
    told = rows(said, "db", "upgrade", "--dry-run")
    assert (told["before"], told["after"], told["rows"]["orders"]) == (
        newest_revision(),
        newest_revision(),
        [0, 0],
    )

    [file] = tmp_path.glob("*.db")
    plain = sqlite3.connect(file)
    plain.execute("DROP TABLE zones")
    plain.execute("UPDATE alembic_version SET version_num = '0005'")
    plain.commit()
    plain.close()
    code, out, _ = said("db", "upgrade", "--dry-run")
    assert code == 1
    assert "\nproblem: OperationalError: " in out
    assert out.endswith("nothing was changed; the upgrade would be refused\n")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("rebuild", "--dry-run"), "--dry-run is of upgrade"),
        (("upgrade", "--json"), "--json is of the rehearsal (--dry-run), of keys and of backups"),
    ],
)
def test_what_is_not_rehearsed_is_refused_by_name(said: Said, words: tuple[str, ...], why: str) -> None:
    assert said("db", *words) == (2, "", f"crossdock db: {why}\n")


SLOW = """
import asyncio, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
import core.store.rehearsal as rehearsal

async def never(url, told):
    print("copied", flush=True)
    await asyncio.sleep(60)

rehearsal._rehearse = never
import cli
sys.exit(cli.main(["db", "upgrade", "--dry-run"]))
"""


def rehearsing(folder: Path) -> subprocess.Popen[str]:
    """A process that has made its copy, and goes on with it for a minute."""
    environ = installed(folder) | {"TMPDIR": str(folder / "temporary")}
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "copied\n"
    assert len(list((folder / "temporary").rglob("copy.db"))) == 1
    return process


@pytest.mark.case("F15")
@pytest.mark.parametrize(("told", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_copy_is_deleted_where_the_command_is_told_to_end(
    said: Said, tmp_path: Path, elsewhere: Path, told: signal.Signals, code: int
) -> None:
    said("db", "upgrade")
    process = rehearsing(tmp_path)

    process.send_signal(told)

    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == code
    assert list(elsewhere.iterdir()) == []


@pytest.mark.case("F15")
def test_the_copy_of_a_killed_process_is_deleted_by_the_next_and_of_a_running_one_is_not(
    said: Said, tmp_path: Path, elsewhere: Path
) -> None:
    said("db", "upgrade")
    process = rehearsing(tmp_path)

    assert said("db", "upgrade", "--dry-run")[0] == 0
    assert len(list(elsewhere.rglob("copy.db"))) == 1
    process.kill()
    process.communicate(timeout=30)
    assert said("db", "upgrade", "--dry-run")[0] == 0

    assert list(elsewhere.iterdir()) == []
