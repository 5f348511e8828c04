"""Every address of a database that is none ends in one clear line, and files are their owner's alone (F13, F15)."""

import asyncio
import base64
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import certifi
import pytest
import sqlalchemy as sa

from assembly import database_url, open_hub
from core.errors import ConfigError
from core.store.database_file import tighten
from core.store.engine import database
from core.store.schema import revision_of, upgrade
from core.store.server_address import connect
from core.store.single_instance import single_instance
from tests.command import Said, command
from tests.installed import installed

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


ODD = {
    "hub.db": "CROSSDOCK_DATABASE_URL: this is no address of a database; write sqlite:///FILE",
    ":memory:": "this is no address of a database",
    "mysql://u:pass-word-9@127.0.0.1/hub": "mysql is not known here",
    "postgres://u:pass-word-9@127.0.0.1/hub": "postgres is not known here; write sqlite:///FILE or postgresql",
    "postgresql+psycopg2://u:pass-word-9@127.0.0.1/hub": "postgresql+psycopg2 is not known here",
    "postgresql://127.0.0.1:1": "it names no database",
    "postgresql://u:pass-word-9@127.0.0.1:1/hub": "the database at 127.0.0.1:1/hub cannot be used",
    "postgresql://u@127.0.0.1:port/hub": "this is no address of a database",
    "sqlite://": "it names no file; write sqlite:///FILE with three slashes",
    "sqlite:///": "it names no file",
    "sqlite:///:memory:": "it names no file",
    "sqlite:///file:hub.db?mode=memory&uri=true": "it names no file",
    "sqlite:///FOLDER/hub.db?mode=ro": "it names no file",
    "sqlite://hub.db": "it names no file",
    "sqlite:///FOLDER": "is a folder; name a file in it",
    "sqlite:///FOLDER/nowhere/hub.db": "hub.db cannot be written: there is no folder",
    "sqlite:///FOLDER/garbage.db/hub.db": "garbage.db/hub.db (Not a directory); name one in a folder that is there",
    f"sqlite:///FOLDER/{'a' * 252}": "aaa (File name too long); name one in a folder that is there",
    "sqlite:///FOLDER/circle.db": "circle.db (its links lead in a circle)",
    "postgresql://u@127.0.0.1:99999/hub": "99999 is no port; write one from 1 to 65535",
    "postgresql://u@bad..host/hub": "'bad..host' is no name of a host",
    "postgresql://u@127.0.0.1:1/hub?nonsense=1": "?nonsense= is not known here; there is ssl, sslmode, host, port",
    "postgresql://u@127.0.0.1:1/hub?sslmode=bogus": "?ssl= wants one of disable, allow, prefer, require, verify-ca",
    "postgresql://u@127.0.0.1:1/hub?ssl=require&sslmode=disable": "?ssl= wants one of",
    "postgresql://u@127.0.0.1:1/hub?sslmode=prefer": "the database at 127.0.0.1:1/hub?ssl=prefer cannot be used",
    "sqlite:///FOLDER/garbage.db": "file is not a database",
    "sqlite:///FOLDER/linked.db": "has 2 names (hard links)",
}


@pytest.mark.case("F15")
@pytest.mark.parametrize("words", [("orders", "list"), ("db", "upgrade"), ("db", "upgrade", "--dry-run")])
@pytest.mark.parametrize("url", ODD)
def test_an_odd_address_ends_in_one_clear_line(
    said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "garbage.db").write_bytes(b"no database at all " * 100)
    (tmp_path / "garbage.db").chmod(0o600)
    (tmp_path / "linked.db").write_bytes(b"SQLite format 3\0")
    (tmp_path / "circle.db").symlink_to(tmp_path / "circle.db")
    (tmp_path / "also.db").hardlink_to(tmp_path / "linked.db")
    monkeypatch.setenv("CROSSDOCK_DATABASE_URL", url.replace("FOLDER", str(tmp_path)))

    code, out, err = said(*words)

    assert (code, out) == (1, "")
    assert ODD[url] in err
    assert len(err.splitlines()) == 1
    assert "pass-word-9" not in err


@pytest.mark.case("F15")
@pytest.mark.parametrize("word", ["ssl", "sslmode"])
@pytest.mark.parametrize(
    ("mode", "encrypted"), [("disable", False), ("prefer", True), ("require", True), ("verify-full", True)]
)
async def test_tls_is_asked_for_as_the_address_says_by_every_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, word: str, mode: str, encrypted: bool
) -> None:
    (tmp_path / "root.crt").write_text(certificate())
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "root.crt"))
    asked: list[bool] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(8) == b"\x00\x00\x00\x08\x04\xd2\x16\x2f")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = database_url({"CROSSDOCK_DATABASE_URL": f"postgresql://u@127.0.0.1:{port}/hub?{word}={mode}"})
        db = database(url)
        with pytest.raises((OSError, sa.exc.DBAPIError, asyncpg.PostgresError)):
            await db.read(revision_of)
        await db.close()
        by_engine, asked[:] = asked[0], []
        with pytest.raises((OSError, asyncpg.PostgresError)):
            await connect(url, "hub")

    assert (by_engine, asked[0]) == (encrypted, encrypted)


def certificate() -> str:
    """Return any certificate: what it signs is not asked here."""
    return Path(certifi.where()).read_text(encoding="ascii", errors="ignore")


@pytest.mark.case("F15")
def test_a_root_certificate_that_is_missing_is_told_in_one_line(
    said: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CROSSDOCK_DATABASE_URL", "postgresql://u@127.0.0.1:1/hub")
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "nowhere.crt"))

    for words in (("orders",), ("db", "upgrade"), ("serve", "--port", "0")):
        code, out, err = said(*words)
        assert (code, out) == (1, "")
        assert "127.0.0.1:1/hub" in err
        assert "nowhere.crt" in err or "No such file" in err or "FileNotFoundError" in err
        assert len(err.splitlines()) == 1


@pytest.mark.case("F13")
def test_one_file_is_served_once_by_whichever_path_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "hub.db").touch()
    (tmp_path / "link.db").symlink_to(data / "hub.db")
    (tmp_path / "folder").symlink_to(data)
    monkeypatch.chdir(data)
    others = ("hub.db", "../data/hub.db", f"{tmp_path}/link.db", f"{tmp_path}/folder/hub.db")

    with single_instance(f"sqlite:///{data}/hub.db"):
        for path in others:
            with (
                pytest.raises(ConfigError, match="another crossdock serves on"),
                single_instance(f"sqlite:///{path}"),
            ):
                pass

    for path in others:
        with single_instance(f"sqlite:///{path}"):
            pass


@pytest.mark.case("F15")
@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_every_file_of_the_database_is_its_owner_s_alone(tmp_path: Path, umask: int) -> None:
    environ = installed(tmp_path)
    del environ["CROSSDOCK_SECRET_KEYS"]
    found: dict[str, str] = {}

    async def look() -> None:
        url = database_url(environ)
        with single_instance(url):
            async with open_hub(environ):
                found.update(modes(tmp_path))

    before = os.umask(umask)
    try:
        asyncio.run(look())
    finally:
        os.umask(before)

    assert found == dict.fromkeys(("hub.db", "hub.db-wal", "hub.db-shm", "hub.db.lock", "hub.keys"), "600")


@pytest.mark.case("F15")
def test_files_that_others_may_read_are_tightened_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    environ = installed(tmp_path)
    del environ["CROSSDOCK_SECRET_KEYS"]

    async def opened() -> None:
        with single_instance(database_url(environ)):
            async with open_hub(environ):
                pass

    asyncio.run(opened())
    for name in ("hub.db", "hub.db.lock", "hub.keys"):
        (tmp_path / name).chmod(0o644)
    asyncio.run(opened())

    assert modes(tmp_path) == dict.fromkeys(("hub.db", "hub.db.lock", "hub.keys"), "600")
    assert sum("was readable by others (644)" in record.getMessage() for record in caplog.records) == 3


READ_ONLY = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 9
"$2" -c 'import sys; from pathlib import Path; from core.store.keyring_file import keys_in; keys_in(Path(sys.argv[1]))' "$1/keys"
"""


@pytest.mark.case("F15")
def test_keys_that_are_mounted_into_a_container_and_cannot_be_changed_are_read(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(base64.b64encode(bytes(32)).decode())
    (tmp_path / "keys").chmod(0o444)
    words = ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh", str(tmp_path), sys.executable]

    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    if ended.returncode == 9 or "unshare" in ended.stderr:
        pytest.skip("nothing may be mounted here")
    assert (ended.returncode, ended.stderr) == (0, "")


def modes(folder: Path) -> dict[str, str]:
    return {p.name: f"{stat.S_IMODE(p.stat().st_mode):o}" for p in folder.glob("hub.*")}


@pytest.mark.case("F15")
async def test_a_database_made_through_a_link_that_led_nowhere_is_its_owner_s_alone(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "disk" / "hub.db")
    before = os.umask(0o022)
    try:
        await upgrade(f"sqlite:///{tmp_path}/link.db")
    finally:
        os.umask(before)

    assert modes(tmp_path / "disk") == {"hub.db": "600"}


@pytest.mark.case("F15")
@pytest.mark.parametrize(
    "words", [("orders", "list"), ("db", "upgrade"), ("db", "restore", "FOLDER", "--check")]
)
@pytest.mark.parametrize("text", ["no database, and short\n", "no database at all " * 100])
def test_a_mistyped_address_changes_no_rights_of_a_file(
    said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "hub.txt").write_text(text)
    (tmp_path / "hub.txt").chmod(0o644)
    monkeypatch.setenv("CROSSDOCK_DATABASE_URL", f"sqlite:///{tmp_path}/hub.txt")

    assert said(*words)[0] == 1

    assert modes(tmp_path)["hub.txt"] == "644"
    assert (tmp_path / "hub.txt").read_text() == text


@pytest.mark.case("F15")
def test_what_is_no_file_is_refused_and_keeps_its_rights(said: Said, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hub.db")
    (tmp_path / "hub.db").chmod(0o666)

    code, out, err = said("orders", "list")

    assert (code, out) == (1, "")
    assert "hub.db is no file of a disk; name one" in err
    tighten(tmp_path / "hub.db")
    assert modes(tmp_path)["hub.db"] == "666"
