"""Joins the files of one merchant into one document, in which every value still knows its file."""

from collections.abc import Sequence

from core.config.problems import Problem
from core.config.yaml_mistakes import START
from core.config.yaml_text import Document, Path

ALIKE = frozenset({"version", "merchant"})
"""What every file says for itself."""
_DEEPER = frozenset({("sla",)})
"""Whose keys hold names in their turn."""


def joined(documents: Sequence[Document]) -> Document:
    """Return the first of some documents, with what the others say put into it.

    Names are put together, lists are joined in the order of the documents. A name that two of them say is a problem
    of the second.
    """
    whole, *others = documents
    for other in others:
        _check_version(other)
        _Joining(whole, other).join()
    return whole


def _check_version(document: Document) -> None:
    version = document.values.get("version")
    if "version" not in document.values:
        says = "'version' is missing; every file begins with version: 1"
        document.problems.append(Problem(document.file, START, says))
    elif version is True or version != 1:
        document.wrong(("version",), f"version: '{version}' is not known here; write version: 1")


class _Joining:
    """Puts what one document says into another."""

    def __init__(self, whole: Document, other: Document) -> None:
        self._whole = whole
        self._other = other
        self._shifts: dict[str, int] = {}

    def join(self) -> None:
        whole, other = self._whole, self._other
        values = {key: value for key, value in other.values.items() if key not in ALIKE}
        self._names((), whole.values, values)
        for mine, theirs in ((whole.at, other.at), (whole.key_at, other.key_at)):
            for path, place in theirs.items():
                mine.setdefault(self._moved(path), place)
        for path, text in other.written.items():
            whole.written.setdefault(self._moved(path), text)
        for path, unset in other.unset.items():
            whole.unset.setdefault(self._moved(path), []).extend(unset)
        whole.quoted |= {self._moved(path) for path in other.quoted}
        whole.from_environment |= {self._moved(path) for path in other.from_environment}
        whole.environment_values |= other.environment_values
        whole.problems += other.problems
        whole.advice += other.advice

    def _names(self, path: Path, mine: dict[str, object], theirs: dict[str, object]) -> None:
        for key, value in theirs.items():
            if key in mine:
                self._same((*path, key), mine[key], value)
            else:
                mine[key] = value

    def _same(self, path: Path, mine: object, theirs: object) -> None:
        """Join two values of one key, where they can be."""
        is_section = len(path) == 1
        if isinstance(mine, dict) and isinstance(theirs, dict) and (is_section or path[:-1] in _DEEPER):
            self._names(path, mine, theirs)
        elif isinstance(mine, list) and isinstance(theirs, list) and is_section:
            key = str(path[0])
            self._shifts[key] = len(mine)
            self._whole.begins.setdefault(key, [0]).append(len(mine))
            mine += theirs
        elif mine is not None or not is_section:
            self._twice(path, mine, theirs)

    def _twice(self, path: Path, mine: object, theirs: object) -> None:
        if len(path) == 1 and type(mine) is not type(theirs):
            wanted = "a list is" if isinstance(mine, list) else "names and values are"
            first = self._whole.where(path, of=self._other.position(path))
            self._other.wrong(path, f"{path[0]}: {wanted} wanted here, as in {first}")
            return
        first = self._whole.where(path, of=self._other.position(path, key=True), key=True)
        label = ".".join(str(part) for part in path[:-1])
        says = f"{label}: '{path[-1]}' is given twice; first in {first}"
        self._other.wrong(path, says.removeprefix(": "), key=True)

    def _moved(self, path: Path) -> Path:
        """Return where a path of the other document is in the whole."""
        shift = self._shifts.get(str(path[0]), 0) if len(path) > 1 else 0
        if not shift or not isinstance(path[1], int):
            return path
        return (path[0], path[1] + shift, *path[2:])
