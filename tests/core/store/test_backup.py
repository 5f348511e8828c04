"""A backup is whole, private, without the installation's keys, and comes back into an empty database or not at all."""

import asyncio
import errno
import gzip
import json
import multiprocessing
import signal
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.errors import ConfigError
from core.failpoints import listening
from core.model.actions import Action
from core.store.backup import alone_in, prune_keys, write_backup
from core.store.backup_choice import find_backup
from core.store.backup_set import BackupError, check_set
from core.store.database_file import check_file
from core.store.engine import Database, database
from core.store.keys import Purpose, data_key, find_key, forget
from core.store.restore import begin_restore, check_backup, restore
from core.store.schema import newest_revision, revision_of, upgrade
from core.store.sealing import Key, Keyring
from core.store.switches import list_switches, set_switch
from core.store.tables import METADATA, data_keys, orders, sessions
from tests.databases import KINDS, fresh_database
from tests.rows import fill_every_table, row_of

RING = Keyring([Key(b"1" * 32)])
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)

KEPT = timedelta(days=7)


@pytest.fixture
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database with a row in every table; of SQLite, where a test does not say otherwise."""
    async with fresh_database(getattr(request, "param", "sqlite"), tmp_path) as url:
        await upgrade(url)
        opened = database(url)
        await opened.write(fill_every_table)
        await opened.write(lambda conn: conn.execute(sa.delete(data_keys)).rowcount)  # wrapped by no key
        await opened.write(data_key, RING, "kendra", Purpose.order("1"))
        yield opened
        await opened.close()


@pytest.fixture
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database without any table; the same."""
    folder = tmp_path / "empty"
    folder.mkdir()
    async with fresh_database(getattr(request, "param", "sqlite"), folder) as url:
        opened = database(url)
        yield opened
        await opened.close()


def rows_of(conn: sa.Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table.name: [tuple(row) for row in conn.execute(sa.select(table).order_by(*table.primary_key))]
        for table in METADATA.sorted_tables
    }


CHANGED_BY_RESTORE = {
    "restores", "switches", "jobs", "listings", "orders", "vault", "idempotency_keys", "sessions", "one_time_links",
    "forgotten", "settings_revisions",
}  # fmt: skip
"""What must not be believed any more: see core/store/after_restore.py."""


@pytest.mark.req("R80")
@pytest.mark.parametrize("db", KINDS, indirect=True)
@pytest.mark.parametrize("empty", KINDS, indirect=True)
async def test_every_row_comes_back_on_either_database(db: Database, empty: Database, tmp_path: Path) -> None:
    before = await db.read(rows_of)
    assert all(before[name] for name in before), "a table without rows proves nothing"
    await db.read(write_backup, tmp_path / "backup", now=NOW)

    told = await empty.write(restore, find_backup(tmp_path / "backup", now=NOW), RING, now=NOW + DAY)

    after = await empty.read(rows_of)
    assert told == {name: len(rows) for name, rows in before.items()}
    for name in before.keys() - CHANGED_BY_RESTORE:
        assert after[name] == before[name], name
    assert await empty.read(revision_of) == newest_revision()


@pytest.mark.req("R80")
@pytest.mark.parametrize("empty", KINDS, indirect=True)
async def test_what_was_brought_back_acts_on_nobody_until_it_is_accepted_again(
    db: Database, empty: Database, tmp_path: Path
) -> None:
    for action in Action:
        await db.write(set_switch, "kendra", "post", action.value, on=True, actor="person:kim", now=NOW - DAY)
    await db.read(write_backup, tmp_path / "backup", now=NOW)

    await empty.write(restore, find_backup(tmp_path / "backup", now=NOW), RING, now=NOW + DAY)

    assert await empty.read(lambda conn: conn.execute(sa.select(sessions)).all()) == []
    switches = await empty.read(list_switches, "kendra")
    of_actions = {k[1]: s for k, s in switches.items() if k[0] == "post"}
    assert {(s.on, s.actor, s.at) for s in of_actions.values()} == {(False, "restore", NOW + DAY)}
    assert of_actions["labels"].first_at == NOW - DAY
    assert of_actions["mails"].first_at == NOW + DAY


async def test_the_files_are_their_owner_s_and_hold_neither_the_ring_nor_keys_beside_data(
    db: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    await db.read(write_backup, folder, now=NOW)

    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_dir()} == {0o700}
    assert not (folder / "data" / "20261130T120000Z" / "data_keys.jsonl.gz").exists()
    everything = b"".join(
        gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in files
    )
    assert RING.text().encode() not in everything
    assert RING.current.secret not in everything


async def test_keys_past_their_age_go_and_a_forgotten_person_with_them(
    db: Database, empty: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    await db.read(write_backup, folder, now=NOW)
    await db.write(forget, "kendra", Purpose.order("1"))
    assert prune_keys(folder, now=NOW + 30 * DAY, kept=KEPT) == []  # the newest stays, however old
    await db.read(write_backup, folder, now=NOW + DAY)

    assert prune_keys(folder, now=NOW + 6 * DAY, kept=KEPT) == []
    assert prune_keys(folder, now=NOW + 8 * DAY, kept=KEPT) == ["20261130T120000Z"]

    backup = find_backup(folder, "20261130T120000Z", now=NOW + 8 * DAY)  # the old data, with the newest keys
    assert backup.keys.name == "20261201T120000Z"
    await empty.write(restore, backup, RING, now=NOW + 8 * DAY)
    assert await empty.read(find_key, RING, "kendra", Purpose.order("1")) is None


@pytest.mark.parametrize("db", KINDS, indirect=True)
async def test_a_database_with_tables_is_not_overwritten(db: Database, tmp_path: Path) -> None:
    await db.read(write_backup, tmp_path / "backup", now=NOW)
    before = await db.read(rows_of)

    with pytest.raises(BackupError, match="has tables already; restore into a new one"):
        await db.write(restore, find_backup(tmp_path / "backup", now=NOW), RING, now=NOW)

    assert await db.read(rows_of) == before


def changed(file: Path, **values: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


WRONG = {
    "a byte of a file": "orders.jsonl.gz was changed since the backup",
    "a file": "facts.jsonl.gz is missing: the backup is not whole",
    "the manifest": "manifest.json is no manifest of a backup",
    "a newer schema": "the backup is of revision 9999, and this version knows up to",
    "another format": "has the format crossdock-backup/9, and this version reads crossdock-backup/1",
    "the keys": "no set of keys as new as 20261130T120000Z",
    "the ring": f"key {RING.current.key_id} is missing, under which the backup's keys are sealed",
    "the name": "no backup of the name 1999; there is 20261130T120000Z",
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_backup_that_is_not_as_it_was_is_refused_and_nothing_is_written(
    db: Database, empty: Database, tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "backup"
    await db.read(write_backup, folder, now=NOW)
    data, ring, at = folder / "data" / "20261130T120000Z", RING, None
    spoil(folder, data, what)
    if what == "the ring":
        ring = Keyring([Key(b"2" * 32)])
    if what == "the name":
        at = "1999"

    with pytest.raises(BackupError, match=WRONG[what]):
        await empty.write(lambda conn: restore(conn, find_backup(folder, at, now=NOW), ring, now=NOW))

    assert await empty.read(revision_of) is None


def spoil(folder: Path, data: Path, what: str) -> None:
    if what == "a byte of a file":
        file = data / "orders.jsonl.gz"
        file.write_bytes(file.read_bytes()[:-1] + b"\x07")
    elif what == "a file":
        (data / "facts.jsonl.gz").unlink()
    elif what == "the manifest":
        (data / "manifest.json").write_text("{")
    elif what == "a newer schema":
        changed(data / "manifest.json", schema_revision="9999")
    elif what == "another format":
        changed(data / "manifest.json", format="crossdock-backup/9")
    elif what == "the keys":
        (folder / "keys" / "20261130T120000Z" / "manifest.json").unlink()


async def test_a_backup_can_be_checked_without_bringing_it_back(db: Database, tmp_path: Path) -> None:
    await db.read(write_backup, tmp_path / "backup", now=NOW)

    data, keys = check_backup(find_backup(tmp_path / "backup", now=NOW), RING)

    assert (data.taken_at, data.schema_revision) == (NOW, newest_revision())
    assert [table.name for table in keys.tables] == [data_keys.name]
    assert check_set(tmp_path / "backup" / "data" / "20261130T120000Z") == data


def bring_back_and_die(url: str, folder: str) -> None:
    """A process that is killed with every row written and nothing committed."""

    def die(name: str) -> None:
        if name == "restore.rows.written":
            signal.raise_signal(signal.SIGKILL)

    async def run() -> None:
        db = database(url)
        await db.write(begin_restore)
        await db.migrate(restore, find_backup(Path(folder), now=NOW), RING, now=NOW + DAY)

    with listening(die):
        asyncio.run(run())


@pytest.mark.case("F9")
@pytest.mark.parametrize("kind", KINDS)
async def test_no_hub_begins_on_what_a_killed_restore_left_and_it_can_be_said_again(
    db: Database, tmp_path: Path, kind: str
) -> None:
    await db.read(write_backup, tmp_path / "backup", now=NOW)
    (tmp_path / "new").mkdir()
    async with fresh_database(kind, tmp_path / "new") as url:
        (tmp_path / "new" / "hub.keys").write_text(RING.text(), encoding="ascii")
        child = multiprocessing.get_context("spawn").Process(
            target=bring_back_and_die, args=(url, str(tmp_path / "backup"))
        )
        child.start()
        await asyncio.to_thread(child.join, 60)
        assert child.exitcode == -signal.SIGKILL

        with pytest.raises(ConfigError, match="a restore into this database was cut off: say it again"):
            await upgrade(url)
        if kind == "sqlite":
            with pytest.raises(ConfigError, match=r"hub.db is missing or empty, but hub.keys lies beside it"):
                check_file(url)

        again = database(url)
        await again.write(begin_restore)
        await again.migrate(restore, find_backup(tmp_path / "backup", now=NOW), RING, now=NOW + DAY)
        assert await again.read(revision_of) == newest_revision()
        assert not await again.read(lambda conn: sa.inspect(conn).has_table("restore_unfinished"))
        await again.close()
        check_file(url)
        await upgrade(url)


YEAR_2031 = datetime(2031, 11, 30, tzinfo=UTC)
FUTURE, RIGHT, NEXT = "20311130T000000Z", "20261130T120000Z", "20261201T120000Z"


@pytest.fixture
async def sealed(tmp_path: Path) -> AsyncIterator[Database]:
    """A database with one order that has personal data, and no key yet."""
    async with fresh_database("sqlite", tmp_path) as url:
        await upgrade(url)
        opened = database(url)
        await opened.write(lambda conn: conn.execute(sa.insert(orders), an_order()).rowcount)
        yield opened
        await opened.close()


def an_order() -> dict[str, Any]:
    return row_of(orders) | {"order_id": "1"}


@pytest.mark.case("F9")
async def test_a_backup_of_the_future_is_named_and_neither_it_nor_its_keys_are_taken(
    sealed: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "backup"
    await sealed.read(write_backup, folder, now=YEAR_2031)  # before the order had its key
    await sealed.write(data_key, RING, "kendra", Purpose.order("1"))
    await sealed.read(write_backup, folder, now=NOW)

    found = [find_backup(folder, at, now=NOW + DAY) for at in (None, RIGHT)]

    assert [(each.data.name, each.keys.name, each.keyless) for each in found] == [(RIGHT, RIGHT, 0)] * 2
    assert f"{FUTURE} is of the future, and is not taken by itself: --at {FUTURE}" in caplog.text
    named = find_backup(folder, FUTURE, now=NOW + DAY, keys=FUTURE)
    assert (named.data.name, named.keys.name, named.keyless) == (FUTURE, FUTURE, 1)
    assert prune_keys(folder, now=NOW + 30 * DAY, kept=KEPT) == []
    assert f"{FUTURE} is of the future or of no time, and stays: delete it yourself" in caplog.text


@pytest.mark.case("F6")
async def test_whoever_was_forgotten_since_stays_so_and_other_keys_are_taken_only_by_their_name(
    sealed: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    await sealed.write(data_key, RING, "kendra", Purpose.order("1"))
    await sealed.read(write_backup, folder, now=NOW)
    await sealed.write(forget, "kendra", Purpose.order("1"))
    await sealed.read(write_backup, folder, now=NOW + DAY)

    found = find_backup(folder, RIGHT, now=NOW + DAY)
    assert (found.keys.name, found.keyless, found.held_elsewhere, found.other_keys) == (NEXT, 1, 1, RIGHT)

    named = find_backup(folder, RIGHT, RIGHT, now=NOW + DAY)
    assert (named.keys.name, named.keyless, named.held_elsewhere) == (RIGHT, 0, 0)
    with pytest.raises(BackupError, match=f"no set of the name 1999; there is {RIGHT}, {NEXT}"):
        find_backup(folder, RIGHT, "1999", now=NOW + DAY)


@pytest.mark.case("F9")
async def test_a_damaged_set_of_keys_is_named_and_everything_else_goes_on(
    db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "backup"
    for days in range(3):
        await db.read(write_backup, folder, now=NOW + days * DAY)
    (folder / "keys" / NEXT / "manifest.json").write_text("{")
    (folder / "keys" / "20261202T120000Z" / "data_keys.jsonl.gz").write_bytes(b"damaged")

    assert find_backup(folder, RIGHT, now=NOW + 2 * DAY).keys.name == RIGHT
    assert "20261202T120000Z/data_keys.jsonl.gz was changed since the backup" in caplog.text
    assert prune_keys(folder, now=NOW + 8.5 * DAY, kept=KEPT) == [RIGHT, NEXT]
    assert f"a set of keys is damaged: {folder}/keys/{NEXT}/manifest.json is no manifest" in caplog.text


def sets_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.glob("*/*"))


@pytest.mark.case("F9")
@pytest.mark.parametrize("db", KINDS, indirect=True)
async def test_a_disk_that_is_full_between_keys_and_data_is_told_and_nothing_is_left(
    db: Database, tmp_path: Path
) -> None:
    def fill(name: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with (
        listening(fill),
        pytest.raises(BackupError, match=r"backup cannot be written \(No space left on device\)"),
    ):
        await db.read(write_backup, tmp_path / "backup", now=NOW)

    assert sets_of(tmp_path / "backup") == []


@pytest.mark.case("F9")
@pytest.mark.parametrize("db", ["postgres"], indirect=True)
async def test_a_connection_lost_between_keys_and_data_is_got_over(db: Database, tmp_path: Path) -> None:
    passed = []

    def cut(name: str) -> None:
        passed.append(name)
        if len(passed) == 1:
            raise ConnectionResetError

    with listening(cut):
        await db.read(write_backup, tmp_path / "backup", now=NOW)

    assert passed == ["backup.keys.written"] * 2
    assert sets_of(tmp_path / "backup") == [f"data/{RIGHT}", f"keys/{RIGHT}"]


@pytest.mark.case("F9")
def test_what_killed_backups_left_is_deleted_by_the_next_and_only_one_is_taken_at_a_time(
    tmp_path: Path,
) -> None:
    for kind in ("data", "keys"):
        (tmp_path / kind / f"{RIGHT}.part").mkdir(parents=True)
        (tmp_path / kind / f"{RIGHT}.part" / "data_keys.jsonl.gz").touch()

    with alone_in(tmp_path):
        assert sets_of(tmp_path) == []
        with pytest.raises(BackupError, match="another backup is being taken into"), alone_in(tmp_path):
            pass
