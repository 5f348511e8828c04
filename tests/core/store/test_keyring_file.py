"""The installation's keys: refused rather than repaired in silence (F9)."""

import base64
import os
import re
import sqlite3
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from assembly import database_url, opened_keys
from core.errors import ConfigError
from core.store.engine import database
from core.store.keyring_file import begin_keys, given_keys, keys_in, put_first
from core.store.keys import Purpose, data_key, unopened_keys, wrapped_by
from core.store.schema import upgrade
from core.store.sealing import Key, Keyring
from core.store.tables import data_keys
from tests.databases import KINDS, fresh_database

OLD, NEW = Key(b"1" * 32), Key(b"2" * 32)


def text_of(*keys: Key) -> str:
    return ",".join(base64.b64encode(key.secret).decode() for key in keys)


@pytest.fixture(params=KINDS)
async def filled(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database in which something is sealed under the old key."""
    async with fresh_database(request.param, tmp_path) as url:
        await upgrade(url)
        await sealed_under(url, Keyring([OLD]))
        yield url


async def sealed_under(url: str, ring: Keyring, order_id: str = "1") -> None:
    db = database(url)
    await db.write(data_key, ring, "kendra", Purpose.order(order_id))
    await db.close()


async def stored(url: str) -> list[tuple[str, bytes]]:
    db = database(url)
    query = sa.select(data_keys.c.wrapped_by, data_keys.c.wrapped)
    rows = await db.read(lambda conn: [(row[0], row[1]) for row in conn.execute(query)])
    await db.close()
    return rows


@pytest.mark.case("F9")
async def test_a_ring_that_opens_what_is_stored_is_taken(filled: str) -> None:
    for keys in ((OLD,), (NEW, OLD)):
        opened = await opened_keys({"CROSSDOCK_SECRET_KEYS": text_of(*keys)}, filled)
        assert opened.current == keys[0]


@pytest.mark.case("F9")
async def test_a_ring_without_a_needed_key_is_refused_by_the_key_s_id(filled: str) -> None:
    before = await stored(filled)

    with pytest.raises(
        ConfigError, match=rf"^CROSSDOCK_SECRET_KEYS: key {OLD.key_id} is missing or does not"
    ):
        await opened_keys({"CROSSDOCK_SECRET_KEYS": text_of(NEW)}, filled)

    assert await stored(filled) == before


@pytest.mark.case("F9")
async def test_a_wrapped_key_that_was_changed_is_told_by_the_key_it_does_not_open_with(filled: str) -> None:
    db = database(filled)
    changed = bytearray((await stored(filled))[0][1])
    changed[-1] ^= 1
    await db.write(lambda conn: conn.execute(sa.update(data_keys).values(wrapped=bytes(changed))).rowcount)

    assert await db.read(unopened_keys, Keyring([OLD])) == [OLD.key_id]
    await db.close()


@pytest.mark.case("F9")
async def test_every_key_that_is_needed_is_told_once_however_many_rows_it_wraps(filled: str) -> None:
    db = database(filled)
    for number in range(3):
        await db.write(data_key, Keyring([NEW]), "other", Purpose.order(str(number)))

    assert await db.read(wrapped_by) == sorted([OLD.key_id, NEW.key_id])
    assert await db.read(unopened_keys, Keyring([NEW])) == [OLD.key_id]
    assert await db.read(unopened_keys, Keyring([OLD, NEW])) == []
    await db.close()


def on_file(folder: Path) -> str:
    return f"sqlite:///{folder / 'hub.db'}"


@pytest.mark.case("F9")
async def test_no_keys_are_made_beside_data_that_they_would_not_open(tmp_path: Path) -> None:
    url = on_file(tmp_path)
    await upgrade(url)
    await sealed_under(url, Keyring([OLD]))

    with pytest.raises(
        ConfigError, match=rf"hub.keys is missing, and .* its keys \({OLD.key_id}\): put its copy"
    ):
        await opened_keys({}, url)

    assert not (tmp_path / "hub.keys").exists()


@pytest.mark.case("F9")
async def test_an_empty_database_begins_with_keys_of_the_owner_alone_and_keeps_them(tmp_path: Path) -> None:
    url = on_file(tmp_path)

    first, second = await opened_keys({}, url), await opened_keys({}, url)

    file = tmp_path / "hub.keys"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert first.text() == second.text() == file.read_text(encoding="ascii")
    assert sorted(name for name in os.listdir(tmp_path) if "keys" in name) == ["hub.keys"]  # noqa: PTH208


@pytest.mark.case("F9")
def test_of_two_that_begin_at_once_both_have_the_keys_of_the_first(tmp_path: Path) -> None:
    first, second = begin_keys(on_file(tmp_path)), begin_keys(on_file(tmp_path))

    assert first.text() == second.text()


@pytest.mark.case("F9")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "hub.keys is empty: put the copy of your keys back"),
        (" \n", "hub.keys is empty"),
        ("short", "hub.keys: key 1 is not 32 bytes in base64"),
        (f"{text_of(OLD)},", "hub.keys: key 2 is not 32 bytes in base64"),
    ],
)
async def test_a_keys_file_that_is_empty_or_broken_is_named(tmp_path: Path, text: str, says: str) -> None:
    file, url = tmp_path / "hub.keys", on_file(tmp_path)
    await upgrade(url)
    file.write_text(text, encoding="ascii")

    with pytest.raises(ConfigError, match=re.escape(says)):
        await opened_keys({}, url)

    assert file.read_text(encoding="ascii") == text


@pytest.mark.case("F9")
@pytest.mark.parametrize("left", ["hub.keys", "hub.db-wal"])
@pytest.mark.parametrize("emptied", [True, False])
async def test_a_database_gone_from_beside_its_keys_or_its_log_is_not_begun_anew(
    tmp_path: Path, left: str, emptied: bool
) -> None:
    (tmp_path / left).write_text(text_of(OLD), encoding="ascii")
    if emptied:
        (tmp_path / "hub.db").touch()

    with pytest.raises(
        ConfigError, match=f"hub.db is missing or empty, but {left} lies beside it: is its disk"
    ):
        database_url({"CROSSDOCK_DATABASE_URL": on_file(tmp_path)})

    assert (tmp_path / "hub.db").exists() is emptied


@pytest.mark.case("F9")
def test_a_database_without_tables_beside_its_keys_is_not_begun_anew(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "hub.db")) as file:
        file.execute("PRAGMA journal_mode=WAL")
    assert (tmp_path / "hub.db").stat().st_size == 4096
    assert database_url({"CROSSDOCK_DATABASE_URL": on_file(tmp_path)}) == on_file(tmp_path)
    (tmp_path / "hub.keys").write_text(text_of(OLD), encoding="ascii")

    with pytest.raises(ConfigError, match=r"hub.db is missing or empty, but hub.keys lies beside it"):
        database_url({"CROSSDOCK_DATABASE_URL": on_file(tmp_path)})


@pytest.mark.case("F9")
@pytest.mark.parametrize(
    ("environ", "says"),
    [
        (
            {"CROSSDOCK_SECRET_KEYS": text_of(OLD), "CROSSDOCK_SECRET_KEYS_FILE": "/x"},
            "are both set; unset one",
        ),
        ({"CROSSDOCK_SECRET_KEYS_FILE": "EMPTY"}, "EMPTY is empty; write the value into it"),
        ({"CROSSDOCK_SECRET_KEYS_FILE": "/nowhere/keys"}, "/nowhere/keys cannot be read as text"),
    ],
)
def test_keys_given_twice_or_from_a_file_that_is_not_mounted_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "EMPTY").touch()

    with pytest.raises(ConfigError, match=re.escape(says)):
        given_keys(environ, on_file(tmp_path))


@pytest.mark.case("F9")
async def test_the_file_beside_the_database_is_named_where_the_variable_hides_it(tmp_path: Path) -> None:
    url = on_file(tmp_path)
    await sealed_under(url, await opened_keys({}, url))

    with pytest.raises(
        ConfigError, match=r"\(hub.keys beside the database is not read while CROSSDOCK_SECRET_KEYS"
    ):
        await opened_keys({"CROSSDOCK_SECRET_KEYS": text_of(NEW)}, url)


def test_a_key_put_first_in_the_file_seals_at_once_in_a_process_that_runs(tmp_path: Path) -> None:
    file = tmp_path / "hub.keys"
    file.write_text(text_of(OLD), encoding="ascii")
    running, another = keys_in(file), keys_in(file)

    put_first(file, NEW)

    assert file.read_text(encoding="ascii") == text_of(NEW, OLD)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    running.renew()
    assert running.keys == (NEW, OLD)
    assert another.current == OLD  # it looks when it seals next, or meets a key it does not know


@pytest.mark.case("F9")
def test_a_file_broken_under_a_process_that_runs_leaves_its_keys_in_force(tmp_path: Path) -> None:
    file = tmp_path / "hub.keys"
    file.write_text(text_of(NEW, OLD), encoding="ascii")
    running = keys_in(file)

    for text in ("", "broken", text_of(NEW)):
        file.write_text(text, encoding="ascii")
        running.renew()
        assert running.keys == (NEW, OLD)


def test_only_one_command_at_a_time_writes_the_file(tmp_path: Path) -> None:
    file = tmp_path / "hub.keys"
    file.write_text(text_of(OLD), encoding="ascii")
    (tmp_path / "hub.keys.new").touch()

    with pytest.raises(ConfigError, match=r"hub.keys.new exists: another command is just writing it"):
        put_first(file, NEW)

    assert file.read_text(encoding="ascii") == text_of(OLD)


@pytest.mark.case("F9")
def test_a_key_put_first_through_a_link_is_in_the_file_that_others_share(tmp_path: Path) -> None:
    shared, link = tmp_path / "shared.keys", tmp_path / "hub.keys"
    shared.write_text(text_of(OLD), encoding="ascii")
    link.symlink_to("shared.keys")

    put_first(link, NEW)

    assert link.is_symlink()
    assert shared.read_text(encoding="ascii") == text_of(NEW, OLD)
    assert sorted(os.listdir(tmp_path)) == ["hub.keys", "shared.keys"]  # noqa: PTH208
