"""``crossdock db``: keys changed as the how-to says, a backup taken, looked at and brought back."""

import asyncio
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.failpoints import listening
from core.store.sealing import Key, Keyring
from core.store.single_instance import one_at_a_time
from tests.command import Said, command, rows, with_an_order
from tests.databases import fresh_database

HOW_TO = Path(__file__).resolve().parent.parent / "docs" / "how-to"


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    """The command on an installation whose keys lie in the file beside the database, as a newcomer's do."""
    for run in command(tmp_path, monkeypatch, capsys):
        monkeypatch.delenv("CROSSDOCK_SECRET_KEYS")
        yield run


def commands_of(page: str) -> list[tuple[str, ...]]:
    """Return the lines of a how-to that are to be typed, without the word crossdock."""
    text = (HOW_TO / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```\n(.*?)```", text, re.DOTALL)
    return [tuple(line.split()[1:]) for block in blocks for line in block.splitlines()]


@pytest.mark.case("F9")
def test_keys_in_a_file_are_changed_as_the_how_to_says(said: Said, tmp_path: Path) -> None:
    with_an_order(said)
    file = tmp_path / "hub.keys"
    old, (before,) = file.read_text(), rows(said, "db", "keys")
    assert (before["seals"], before["wraps"] > 0) == ("yes", True)

    assert commands_of("rotate-keys.md") == [("db", "new-key"), ("db", "rotate-keys")]
    code, out, err = said("db", "new-key")
    assert (code, err) == (0, "")
    found = said("doctor")[1]
    assert "old_keys" in found
    assert before["key"] in found
    code, out, err = said("db", "rotate-keys")
    assert (code, err) == (0, "")
    assert f"{before['wraps']} stored keys were wrapped anew" in out
    assert f"no longer needed by the database: {before['key']}" in out
    assert "old_keys" not in said("doctor")[1]

    first, after = rows(said, "db", "keys")
    assert (first["seals"], first["wraps"]) == ("yes", before["wraps"])
    assert (after["key"], after["wraps"], after["needed"]) == (before["key"], 0, "no")
    shown = said("orders", "show", "KK-1001")
    both = file.read_text()
    file.write_text(both.removesuffix(f",{old}"))  # the old one taken out
    assert said("orders", "show", "KK-1001") == shown
    file.write_text(old)  # and the wrong one
    code, out, err = said("orders", "list")
    assert (code, out) == (1, "")
    assert f"hub.keys: key {first['key']} is missing or does not open what is stored" in err


@pytest.mark.case("F15")
def test_a_backup_is_brought_back_elsewhere(
    said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_an_order(said)
    listed, folder = rows(said, "orders", "list"), str(tmp_path / "backup")
    code, out, _ = said("db", "backup", folder)
    assert code == 0
    assert "The keys of the installation are in no backup" in out
    assert said("db", "restore", folder)[0] == 1  # the database is there still
    assert rows(said, "orders", "list") == listed
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("CROSSDOCK_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere/hub.db")

    code, _, err = said("db", "restore", folder)
    assert code == 1
    assert "hub.keys is missing: put the copy of your keys there" in err
    (tmp_path / "elsewhere" / "hub.keys").write_text((tmp_path / "hub.keys").read_text())
    code, out, _ = said("db", "restore", folder, "--check")
    assert code == 0
    assert "is whole and opens with keys" in out
    assert not (tmp_path / "elsewhere" / "hub.db").exists()
    code, out, _ = said("db", "restore", folder)
    assert code == 0
    assert "labels, levels, captures and mails are stopped" in out
    assert "Do again what was done since that backup: people forgotten, users removed or given less" in out

    assert rows(said, "orders", "list") == listed


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("backup",), "backup wants a folder"),
        (("keys", "folder"), "keys wants no folder"),
        (("backup", "folder", "--check"), "--at, --keys and --check are of restore"),
    ],
)
def test_wrong_words_are_answered_with_2(said: Said, words: tuple[str, ...], says: str) -> None:
    code, out, err = said("db", *words)
    assert (code, out) == (2, "")
    assert says in err


def test_a_folder_without_a_backup_is_named(said: Said, tmp_path: Path) -> None:
    code, _, err = said("db", "restore", str(tmp_path / "nothing"), "--check")
    assert code == 1
    assert "hub.keys is missing" in err


@pytest.mark.case("F15")
def test_a_folder_that_cannot_be_written_is_named_and_not_the_database(said: Said, tmp_path: Path) -> None:
    said("db", "upgrade")
    (tmp_path / "file").touch()

    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        code, out, err = said("db", "backup", str(folder))
        assert (code, out) == (1, "")
        assert f"{folder} cannot be written (" in err
        assert "CROSSDOCK_DATABASE_URL" not in err


@pytest.mark.case("F13")
def test_others_start_on_postgres_while_a_backup_is_taken_or_keys_are_rotated(
    said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    async def start(url: str) -> None:
        async with asyncio.timeout(10), one_at_a_time(url):
            started.append(url)

    def meanwhile(name: str) -> None:
        if name in {"backup.keys.written", "keys.rotate.batch"}:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(asyncio.run, start(os.environ["CROSSDOCK_DATABASE_URL"])).result()

    with asyncio.Runner() as runner:
        made = fresh_database("postgres", tmp_path)
        url = runner.run(made.__aenter__())
        monkeypatch.setenv("CROSSDOCK_DATABASE_URL", url)
        ring = [Key.fresh(), Key.fresh()]
        monkeypatch.setenv("CROSSDOCK_SECRET_KEYS", Keyring(ring[1:]).text())
        with_an_order(said)
        monkeypatch.setenv("CROSSDOCK_SECRET_KEYS", Keyring(ring).text())
        with listening(meanwhile):
            assert said("db", "backup", str(tmp_path / "backup"))[0] == 0
            assert started == [url]
            assert said("db", "rotate-keys")[0] == 0
        assert len(started) > 1
        runner.run(made.__aexit__(None, None, None))
