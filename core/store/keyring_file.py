"""Where the installation's keys come from: the environment or, with SQLite, a file beside the database.

Nothing is repaired in silence: keys are made only where nothing stored needs any, and written as a whole or not at all.
A file is read again whenever it changed, so that a key that is put in front seals at once, without a restart.
"""

import contextlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from core.config.environ import setting
from core.errors import ConfigError
from core.failpoints import failpoint
from core.store.database_file import keys_file, tighten
from core.store.keys import unopened_keys, wrapped_by
from core.store.sealing import HOW_TO, SECRET_KEYS, Key, Keyring, parse_keys

LOG = logging.getLogger("crossdock.store")


def given_keys(environ: Mapping[str, str], url: str) -> Keyring | None:
    """Return the keys that are given; None where none are, and a file of SQLite may begin with fresh ones.

    Raises:
        ConfigError: what is given is no list of keys, or there is none and PostgreSQL is meant.
    """
    named = environ.get(f"{SECRET_KEYS}_FILE")
    beside = keys_file(url)
    if setting(environ, SECRET_KEYS) is not None:
        return keys_in(Path(named)) if named else Keyring.from_environ(environ)
    if beside is None:
        return Keyring.from_environ(environ)
    return keys_in(beside) if beside.exists() else None


def keys_in(file: Path) -> Keyring:
    """Return the keys of a file; they are read again whenever the file changed.

    Raises:
        ConfigError: the file is empty or broken; the message never shows a key.
    """
    tighten(file)
    return Keyring(_read(file), source=str(file), newer=_changes_of(file))


def _read(file: Path) -> list[Key]:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read as text; check the path and its rights") from error
    if not text:
        raise ConfigError(
            f"{file} is empty: put the copy of your keys back. Where there is none, nothing that is sealed opens again"
        )
    return parse_keys(text, str(file))


def _changes_of(file: Path) -> Callable[[], Sequence[Key] | None]:
    """Return what gives the keys of a file when it changed since it was read last, else None."""
    known = [_stamp(file)]

    def newer() -> Sequence[Key] | None:
        stamp = _stamp(file)
        if stamp == known[0]:
            return None
        known[0] = stamp
        try:
            return _read(file)
        except ConfigError as error:
            LOG.warning("the keys known so far stay in force: %s", error)
            return None

    return newer


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def check_keys(conn: sa.Connection, keys: Keyring | None, url: str) -> None:
    """Refuse to open stored data with keys that do not open it, and to begin anew beside it (F9).

    Raises:
        ConfigError: the message names the keys' ids, where keys are looked for, and what to do. Nothing was changed.
    """
    if not sa.inspect(conn).has_table("data_keys"):
        return
    missing = wrapped_by(conn) if keys is None else unopened_keys(conn, keys)
    if not missing:
        return
    names, beside = ", ".join(missing), keys_file(url)
    if keys is None:
        raise ConfigError(
            f"{beside} is missing, and what is stored was sealed with its keys ({names}): put its copy back, or give "
            f"the keys in {SECRET_KEYS}. No new keys are made beside data that they do not open"
        )
    lies = ""
    if beside is not None and beside.exists() and str(beside) != keys.source:
        lies = f" ({beside.name} beside the database is not read while {SECRET_KEYS} is set)"
    raise ConfigError(
        f"{keys.source}: key {names} is missing or does not open what is stored; add it behind the others{lies}. "
        "Nothing was changed"
    )


def begin_keys(url: str) -> Keyring:
    """Make fresh keys in the file beside a database that holds nothing sealed; who comes second takes the first's.

    Raises:
        ConfigError: the file cannot be written.
    """
    file = keys_file(url)
    if file is None:
        raise ConfigError(f"{SECRET_KEYS} is not set. {HOW_TO}")
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        _write(part, Keyring.generate().text())
        failpoint("keys.begin.written")
        # A link, no renaming: it fails where another process was faster, whose keys may already be in use.
        with contextlib.suppress(FileExistsError):
            os.link(part, file)
            LOG.warning("new keys written to %s; keep a copy: without them no stored token opens again", file)
        part.unlink()
        _sync_folder(file.parent)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written ({error.strerror}); or set {SECRET_KEYS}") from error
    return keys_in(file)


def put_first(file: Path, key: Key) -> None:
    """Put a new key in front of those of a file: as a whole, or not at all.

    Raises:
        ConfigError: the file is not to be read or written, or another is just being put there.
    """
    keyring = keys_in(file)
    file = file.resolve()  # a link stays one: others read what it names
    part = file.with_name(f"{file.name}.new")
    try:
        _write(part, Keyring([key, *keyring.keys]).text())
        failpoint("keys.put_first.written")
        part.replace(file)
        _sync_folder(file.parent)
    except FileExistsError:
        raise ConfigError(
            f"{part} exists: another command is just writing it. If none runs, delete it and try again"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written ({error.strerror}); check its folder's rights"
        ) from error


def _write(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _sync_folder(folder: Path) -> None:
    """Bring the name of a new file onto the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
