"""The files of a folder, by the merchant that each is about."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.config.file_text import text_of
from core.config.problems import ConfigFileError, Position, Problem
from core.config.yaml_text import Document, read_yaml
from core.errors import ConfigError

END = ".yaml"
_NAMED = re.compile(r"^merchant:[ \t]*[\"']?([\w-]+)", re.MULTILINE)
_NOBODY = ""


@dataclass(slots=True)
class File:
    """One file of a folder."""

    path: Path
    name: str
    """Within the folder."""
    text: str = ""
    document: Document | None = None
    """None where it could not be read."""
    merchant: str = _NOBODY

    @property
    def at(self) -> Position:
        """Where it says whose it is."""
        start = Position(1, 1, str(self.path))
        return start if self.document is None else self.document.position(("merchant",))


@dataclass(slots=True)
class Folder:
    """What a folder holds."""

    merchants: dict[str, list[File]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, at: Position, says: str) -> None:
        """Note what is wrong with a file."""
        self.problems.append(Problem(at.file, at, says))

    @property
    def complete(self) -> Iterator[list[File]]:
        """The files of each merchant of whom all could be read."""
        for files in self.merchants.values():
            if all(file.document is not None for file in files):
                yield files


def read_folder(folder: Path, environ: Mapping[str, str]) -> Folder:
    """Return the files of a folder, and of the folders in it, each of which is one merchant's.

    Raises:
        ConfigError: no file lies there, or one cannot be read at all.
    """
    found = Folder()
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    for place in (folder, *inner):
        _note_strays(found, place, is_inner=place is not folder)
        files = [_file(found, path, folder, environ) for path in sorted(place.glob(f"*{END}"))]
        for merchant, theirs in _by_merchant(found, files, is_inner=place is not folder).items():
            others = found.merchants.setdefault(merchant or str(place), theirs)
            if others is not theirs:
                says = f"merchant '{merchant}' has files in {others[0].path.parent} already; keep all in one folder"
                found.wrong(theirs[0].at, says)
    if not found.merchants and not found.problems:
        raise ConfigError(f"{folder}: no {END} file lies in this folder")
    return found


def _note_strays(found: Folder, place: Path, *, is_inner: bool) -> None:
    """Note files that would be passed over: of another ending, or in a folder too deep."""
    for path in sorted(place.glob("*.yml")):
        found.wrong(
            Position(1, 1, str(path)), f"only {END} files are read; rename this one to {path.stem}{END}"
        )
    for path in sorted(place.glob(f"*/*{END}")) if is_inner else ():
        if not path.parent.name.startswith("."):
            says = f"this lies too deep to be read; put it into {place}, one folder for each merchant"
            found.wrong(Position(1, 1, str(path)), says)


def _file(found: Folder, path: Path, folder: Path, environ: Mapping[str, str]) -> File:
    file = File(path, path.relative_to(folder).as_posix())
    try:
        file.text = text_of(path, check="CROSSDOCK_CONFIG or --config")
        document = read_yaml(file.text, file=str(path), environ=environ, environment_under=("connections",))
    except ConfigFileError as error:
        found.problems += error.problems
        named = _NAMED.search(file.text)
        file.merchant = named[1] if named else _NOBODY
        return file
    if isinstance(document.values, dict):
        file.document = document
        file.merchant = str(document.values.get("merchant", _NOBODY))
    else:
        says = "names and values are wanted here: the file begins with version: 1"
        found.problems += [*document.problems, Problem(str(path), document.position(()), says)]
    return file


def _by_merchant(found: Folder, files: list[File], *, is_inner: bool) -> dict[str, list[File]]:
    """Return the files of one place by merchant; one that does not say whose it is belongs to the only one there."""
    named = list(dict.fromkeys(file.merchant for file in files if file.merchant != _NOBODY))
    if is_inner and len(named) > 1:
        first, second = (next(f for f in files if f.merchant == name) for name in named[:2])
        says = f"{first.path} says merchant: {first.merchant}, and a folder in a folder is one merchant's"
        found.wrong(second.at, says)
    by_merchant: dict[str, list[File]] = {}
    for file in files:
        if file.merchant == _NOBODY and len(named) == 1:
            file.merchant = named[0]
        if file.merchant == _NOBODY and named and file.document is not None:
            right = ", or ".join(f"merchant: {name}" for name in named)
            says = f"this file does not say whose it is, and several merchants' lie here; write {right}"
            found.wrong(Position(1, 1, str(file.path)), says)
        by_merchant.setdefault(file.merchant, []).append(file)
    # What is nobody's may be anybody's: what the others lack cannot be told.
    return {} if named and _NOBODY in by_merchant else by_merchant
