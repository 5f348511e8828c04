"""Reads a file of ours as text; what is no UTF-8 is told with the place of the first strange byte."""

import codecs
import os
import shutil
from pathlib import Path

from core.config.problems import ConfigFileError, Position, Problem, place_in
from core.errors import ConfigError

MOST_BYTES = 1_000_000
"""Far more than any merchant needs."""
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def text_of(path: Path, *, check: str) -> str:
    """Return what a file says; ``check`` names the setting that is to be looked at where it cannot be read.

    Raises:
        ConfigFileError: it is no UTF-8, or far too large.
        ConfigError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check {check}") from error
    if len(content) > MOST_BYTES:
        raise _wrong(
            path, Position(1, 1), f"the file is larger than {MOST_BYTES} bytes; is it the right one?"
        )
    if content.startswith(_WIDE):
        raise _wrong(path, Position(1, 1), "the file is saved as UTF-16 ('Unicode'); save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", errors="replace")
        byte = content[error.start]
        says = f"this is no UTF-8 (byte {byte:02X}); save the file as UTF-8"
        raise _wrong(path, place_in(before), says) from error


def replace_text(path: Path, *, before: str, after: str) -> None:
    """Put another text in place of a file's, at once: whoever reads it meanwhile sees the one or the other.

    Raises:
        ConfigError: the file says something else than it said, or cannot be written.
    """
    place = path.resolve()
    new = place.with_name(f".{place.name}.new")
    try:
        content = place.read_bytes()
        mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
        if content != mark + before.encode():
            raise ConfigError(f"{path}: it was changed meanwhile; nothing was written")
        with new.open("xb") as file:
            file.write(mark + after.encode())
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(place, new)
        new.replace(place)
    except OSError as error:
        if not isinstance(error, FileExistsError):
            new.unlink(missing_ok=True)
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); nothing was changed") from error


def _wrong(path: Path, at: Position, says: str) -> ConfigFileError:
    return ConfigFileError([Problem(str(path), at, says)])
