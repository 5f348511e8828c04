"""Reads YAML 1.2 with the position of every key and value.

PyYAML's C parser gives the nodes; what a plain scalar means is decided here, for PyYAML's own rules are those of
YAML 1.1 (``no`` is false, ``15:00`` is 900). Numbers with a point become Decimal: no floats. ``${NAME}`` reads the
environment, only under the keys that the caller allows.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from core.config.problems import ConfigFileError, Position, Problem

Path = tuple[str | int, ...]

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TAGS = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)")
_ENVIRONMENT = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Far more than any merchant needs; less than an anchor that repeats itself would make.
_MOST_NODES = 50_000
_START = Position(1, 1)


@dataclass(slots=True)
class Document:
    """A file's values, where each stands, and what is wrong so far."""

    file: str
    values: Any = None
    problems: list[Problem] = field(default_factory=list)
    environment_values: set[str] = field(default_factory=set, repr=False)
    """What ``${NAME}`` gave: secrets, to be kept out of logs."""
    at: dict[Path, Position] = field(default_factory=dict)
    key_at: dict[Path, Position] = field(default_factory=dict)

    def wrong(self, path: Path, says: str, *, key: bool = False) -> None:
        """Note what is wrong with the value at a path, or with its key."""
        self.problems.append(Problem(self.file, self.position(path, key=key), says))

    def position(self, path: Path, *, key: bool = False) -> Position:
        """Return where a value (or its key) stands; of something missing, where it would belong."""
        while path:
            found = self.key_at.get(path) if key else None
            found = found or self.at.get(path)
            if found:
                return found
            path = path[:-1]
        return self.at.get((), _START)


def read_yaml(
    text: str, *, file: str, environ: Mapping[str, str], environment_under: Collection[str]
) -> Document:
    """Return a YAML text's values; problems that do not end the reading are noted in the document.

    Raises:
        ConfigFileError: it is no YAML.
    """
    document = Document(file)
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise ConfigFileError([_syntax_problem(document, text, error)]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigFileError(
            [Problem(file, _START, "this is no YAML text: strange characters or nesting")]
        ) from error
    if node is None:
        raise ConfigFileError([Problem(file, _START, "the file is empty")])
    document.values = _Reader(document, environ, environment_under).read(node, ())
    return document


class _Reader:
    """Turns nodes into values."""

    def __init__(
        self, document: Document, environ: Mapping[str, str], environment_under: Collection[str]
    ) -> None:
        self._document = document
        self._environ = environ
        self._environment_under = environment_under
        self._open: list[yaml.Node] = []
        self._left = _MOST_NODES

    def read(self, node: yaml.Node, path: Path) -> Any:
        self._document.at[path] = _mark(node)
        self._left -= 1
        if self._left < 0 or any(node is outer for outer in self._open):
            says = "the anchors of this file repeat without end or too often"
            raise ConfigFileError([Problem(self._document.file, _mark(node), says)])
        if node.tag not in _TAGS:
            self._document.wrong(path, "tags like '!name' are not used here")
        self._open.append(node)
        value: Any
        if isinstance(node, yaml.MappingNode):
            value = self._mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            value = [self.read(item, (*path, number)) for number, item in enumerate(node.value)]
        elif isinstance(node, yaml.ScalarNode):
            value = self._scalar(node, path)
        else:
            raise TypeError(f"YAML has no nodes of type {type(node).__name__}")
        self._open.pop()
        return value

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                problem = Problem(self._document.file, _mark(key), "a key must be plain text")
                self._document.problems.append(problem)
                continue
            here = (*path, key.value)
            if key.value in first:
                says = f"'{key.value}' is given twice; first in line {first[key.value]}"
                self._document.problems.append(Problem(self._document.file, _mark(key), says))
                continue
            first[key.value] = _mark(key).line
            self._document.key_at[here] = _mark(key)
            values[key.value] = self.read(value, here)
        return values

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        text: str = node.value
        if "${" in text:
            return self._from_environment(text, path)
        if node.style:  # quoted, or a block of text
            return text
        if text in _NOTHING:
            return None
        if text in _TRUTHS:
            return _TRUTHS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return Decimal(text) if _DECIMAL.fullmatch(text) else text

    def _from_environment(self, text: str, path: Path) -> str:
        """Return a text with ``${NAME}`` replaced; it stays text, whatever the environment says."""
        if not path or path[0] not in self._environment_under:
            where = " and ".join(sorted(self._environment_under))
            self._document.wrong(path, f"${{NAME}} reads the environment under '{where}' only")
            return text

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if not _NAME.fullmatch(name):
                self._document.wrong(path, f"'${{{name}}}' names no environment variable; write ${{NAME}}")
            elif name not in self._environ:
                self._document.wrong(path, f"environment variable {name} is not set")
            else:
                self._document.environment_values.add(self._environ[name])
                return self._environ[name]
            return ""

        return _ENVIRONMENT.sub(value, text)


def _mark(node: yaml.Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


def _syntax_problem(document: Document, text: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    at = Position(mark.line + 1, mark.column + 1) if mark else _START
    says = f"this is no YAML: {error.problem or error.context}"
    lines = text.splitlines()
    if at.line <= len(lines) and re.search(r"(?<![\"'])\$\{", lines[at.line - 1]):
        says += '; put ${NAME} in quotes: "${NAME}"'
    return Problem(document.file, at, says)
