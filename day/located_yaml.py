"""YAML that knows where each of its values stands, so that every mistake of a file is told with line and column."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import yaml

# Safe, for a day file comes from anywhere; in C where there is one.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Json = dict[str, Any]
Path = tuple[str | int, ...]
Place = tuple[int, int]
"""A line and a column, from 1."""


class DayError(ValueError):
    """A day, or a part of one, is wrong; each line says where, what is wrong and what is right."""


@dataclass(slots=True)
class Document:
    """Data that is checked, and where each of its keys and values stands; data without a file is told by its path."""

    name: str
    data: Any
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    problems: list[tuple[Place, str]] = field(default_factory=list)

    def wrong(self, path: Path, place: Place | None, what: str) -> None:
        """Note a mistake."""
        if self.values:
            line, column = place or (1, 1)
            self.problems.append(((line, column), f"{self.name}:{line}:{column}: {what}"))
        else:
            self.problems.append(((0, 0), f"{self.name}{_dotted(path)}: {what}"))

    def finish(self) -> None:
        """Raise every mistake that was noted, in the file's order.

        Raises:
            DayError: there is one.
        """
        if self.problems:
            raise DayError("\n".join(what for _, what in sorted(self.problems, key=lambda each: each[0])))


@dataclass(frozen=True, slots=True)
class Position:
    """A position in a document: what is checked there, and where to complain."""

    document: Document
    path: Path = ()

    def __truediv__(self, key: str | int) -> "Position":
        return Position(self.document, (*self.path, key))

    def wrong(self, what: str) -> None:
        """Say what is wrong with the value here."""
        self.document.wrong(self.path, self.document.values.get(self.path), what)

    def wrong_key(self, what: str) -> None:
        """Say what is wrong with the key here."""
        place = self.document.keys.get(self.path) or self.document.values.get(self.path)
        self.document.wrong(self.path, place, what)

    def one_of(self, value: Any, words: Collection[str], what: str) -> None:
        """Want the value here to be one of those names."""
        if not isinstance(value, str) or value not in words:
            self.wrong(f"there is no {what} {shown(value)}{nearest(value, words)}")

    def key_of(self, key: str, words: Collection[str], what: str) -> None:
        """Want a key of the map here to be one of those names."""
        if key not in words:
            (self / key).wrong_key(f"there is no {what} {key}{nearest(key, words)}")


def read(text: str, name: str) -> Document:
    """Return the file's data with its positions; keys that come twice and unquoted dates are mistakes.

    Raises:
        DayError: it is no YAML.
    """
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        found = Document(name, loader.construct_document(node) if node is not None else None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise DayError(f"{name}:{line}:{column}: this is no YAML: {error.problem}") from error
    finally:
        loader.dispose()
    found.values[()] = (1, 1)
    if node is not None:
        _mark(found, node, ())
    return found


def _mark(found: Document, node: yaml.Node, path: Path) -> None:
    found.values[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.SequenceNode):
        for number, each in enumerate(node.value):
            _mark(found, each, (*path, number))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            place = (key.start_mark.line + 1, key.start_mark.column + 1)
            if inner in found.keys:
                found.wrong(inner, place, f"{key.value} stands here twice")
            if key.tag != "tag:yaml.org,2002:str":
                found.wrong(inner, place, f'a name must be text: write "{key.value}" in quotes')
            found.keys[inner] = place
            _mark(found, value, inner)


def nearest(word: object, words: Collection[str]) -> str:
    """Return how an error goes on: the nearest right word, or all of them where none is near."""
    near = difflib.get_close_matches(str(word), list(words), n=1, cutoff=0.5)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; there are {', '.join(sorted(words))}" if words else "; there is none"


def shown(value: Any) -> str:
    """Return a value as an error names it."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else str(value)


def _dotted(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
