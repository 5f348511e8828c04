"""Reads YAML 1.2 with the position of every key and value.

PyYAML's C parser gives the nodes; what a plain scalar means is decided here, for PyYAML's own rules are those of
YAML 1.1 (``no`` is false, ``15:00`` is 900). Numbers with a point become Decimal: no floats. ``${NAME}`` reads the
environment, only under the keys that the caller allows.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import yaml

from core.config.problems import ConfigFileError, Position, Problem
from core.config.yaml_mistakes import START, syntax_problem

Path = tuple[str | int, ...]

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TAGS = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)")
_ENVIRONMENT = re.compile(r"\$\{([^}]*)\}")
_INVISIBLE = re.compile("[\\u00a0\\u2007\\u202f\\u3000\\u200b\\u2060\\ufeff]+")
_CURLY = frozenset("\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(
    r"\$([A-Z_][A-Z0-9_]*)|\$\(([A-Z_][A-Z0-9_]*)\)|%([A-Z_][A-Z0-9_]*)%|\{\{ *(?:env\.)?([A-Z_][A-Z0-9_]*) *\}\}"
    r"|\$\{([A-Za-z_][A-Za-z0-9_]*)"
)
_LONGEST_NUMBER = 30
"""Digits of anything that is counted; longer ones are text."""
# Far more than any merchant needs; less than an anchor that repeats itself would make.
_MOST_NODES = 50_000


@dataclass(slots=True)
class Document:
    """The values of a file, or of several that were joined; where each stands, and what is wrong so far."""

    file: str
    values: Any = None
    problems: list[Problem] = field(default_factory=list)
    environment_values: set[str] = field(default_factory=set, repr=False)
    """What ``${NAME}`` gave: secrets, to be kept out of logs."""
    from_environment: set[Path] = field(default_factory=set)
    """Where a value reads the environment."""
    unset: dict[Path, list[Problem]] = field(default_factory=dict)
    """Where a value reads a variable that is not set."""
    written: dict[Path, str] = field(default_factory=dict, repr=False)
    """Values without quotes, as they are written: ``02139`` is not 2139."""
    quoted: set[Path] = field(default_factory=set, repr=False)
    """Texts in quotes, in one line."""
    advice: list[Problem] = field(default_factory=list)
    """What may stand so and was perhaps not meant so."""
    at: dict[Path, Position] = field(default_factory=dict)
    key_at: dict[Path, Position] = field(default_factory=dict)
    begins: dict[str, list[int]] = field(default_factory=dict)
    """Of lists that several files gave: the number of each file's first item."""

    def wrong(self, path: Path, says: str, *, key: bool = False) -> None:
        """Note what is wrong with the value at a path, or with its key."""
        self._note(self.problems, self.position(path, key=key), says)

    def wrong_within(self, path: Path, offset: int, says: str) -> None:
        """Note what is wrong so many characters within the text at a path; of a block of text, where it begins."""
        self._note(self.problems, self._within(path, offset), says)

    def advise_within(self, path: Path, offset: int, says: str) -> None:
        """Note what was perhaps not meant so, at the same place."""
        self._note(self.advice, self._within(path, offset), says)

    def _within(self, path: Path, offset: int) -> Position:
        at = self.position(path)
        if path in self.written:
            return replace(at, column=at.column + offset)
        return replace(at, column=at.column + 1 + offset) if path in self.quoted else at

    def advise(self, path: Path, says: str, *, key: bool = False) -> None:
        """Note what may stand so and was perhaps not meant so."""
        self._note(self.advice, self.position(path, key=key), says)

    def _note(self, problems: list[Problem], at: Position, says: str) -> None:
        problems.append(Problem(at.file or self.file, at, says))

    def position(self, path: Path, *, key: bool = False) -> Position:
        """Return where a value (or its key) stands; of something missing, where it would belong."""
        while path:
            found = self.key_at.get(path) if key else None
            found = found or self.at.get(path)
            if found:
                return found
            path = path[:-1]
        return self.at.get((), START)

    def given(self, path: Path) -> Path:
        """Return how much of a path the file has: an action may be written by its one value alone."""
        while path and path not in self.at:
            path = path[:-1]
        return path

    def where(self, path: Path, *, of: Position, key: bool = False) -> str:
        """Return the line of a value, or of its key, in words for somebody who reads at another place."""
        found = self.position(path, key=key)
        return f"line {found.line}" if found.file == of.file else f"{found.file}:{found.line}"

    def own(self, path: Path) -> Path:
        """Return a path as the file itself counts, which may be one of several."""
        if len(path) > 1 and isinstance(path[1], int):
            first = max((n for n in self.begins.get(str(path[0]), ()) if n <= path[1]), default=0)
            return (path[0], path[1] - first, *path[2:])
        return path


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
    except yaml.YAMLError as error:
        raise ConfigFileError([syntax_problem(file, text, error)]) from error
    except RecursionError as error:
        raise ConfigFileError([Problem(file, START, "this is nested too deep to be read")]) from error
    if node is None:
        says = "the file is empty; copy crossdock.example.yaml and change what is yours"
        raise ConfigFileError([Problem(file, START, says)])
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
        self._document.at[path] = self._mark(node)
        self._left -= 1
        if self._left < 0 or any(node is outer for outer in self._open):
            says = "the anchors of this file repeat without end or too often"
            raise ConfigFileError([Problem(self._document.file, self._mark(node), says)])
        if node.tag not in _TAGS:
            self._document.wrong(
                path, "tags like '!name' are not used here; put text that begins with ! in quotes"
            )
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
                is_braces = isinstance(key, yaml.MappingNode) and bool(key.flow_style)
                says = (
                    "text with {{ }} is put in quotes, all of it" if is_braces else "a key must be plain text"
                )
                problem = Problem(self._document.file, self._mark(key), says)
                self._document.problems.append(problem)
                continue
            here = (*path, key.value)
            self._check_key(key)
            if key.value in first:
                says = f"'{key.value}' is given twice; first in line {first[key.value]}"
                self._document.problems.append(Problem(self._document.file, self._mark(key), says))
                continue
            first[key.value] = self._mark(key).line
            self._document.key_at[here] = self._mark(key)
            values[key.value] = self.read(value, here)
        return values

    def _check_key(self, key: yaml.ScalarNode) -> None:
        """Note a key that looks like another one than it is."""
        strange = _INVISIBLE.match(key.value)
        if strange:
            code = f"U+{ord(strange[0][0]):04X}"
            says = (
                f"an invisible character ({code}) stands before '{key.value[strange.end() :]}'; write blanks"
            )
        elif key.value == "<<" and not key.style:
            says = "'<<' merges nothing here; write the keys out"
        else:
            return
        self._document.problems.append(Problem(self._document.file, self._mark(key), says))

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        text: str = node.value
        self._check_reference(text, path)
        if "${" in text:
            return self._from_environment(text, path)
        if node.style:  # quoted, or a block of text
            if node.style in "\"'" and node.start_mark.line == node.end_mark.line:
                self._document.quoted.add(path)
            return text
        self._document.written[path] = text
        if text[:1] in _CURLY:
            straight = text.strip("".join(_CURLY))
            self._document.wrong(
                path, f'curly quotes are a part of the text; write straight ones: "{straight}"'
            )
        if text in NOTHING:
            return None
        if text in _TRUTHS:
            return _TRUTHS[text]
        if len(text) > _LONGEST_NUMBER:
            return text
        if _INTEGER.fullmatch(text):
            return int(text)
        return Decimal(text) if _DECIMAL.fullmatch(text) else text

    def _check_reference(self, text: str, path: Path) -> None:
        """Note what other programs read the environment by."""
        found = _REFERENCE.fullmatch(text) if path and path[0] in self._environment_under else None
        if found:
            name = next(part for part in found.groups() if part)
            self._document.wrong(path, f'this reads no environment; write "${{{name}}}"')

    def _from_environment(self, text: str, path: Path) -> str:
        """Return a text with ``${NAME}`` replaced; it stays text, whatever the environment says."""
        if not path or path[0] not in self._environment_under:
            where = " and ".join(sorted(self._environment_under))
            self._document.wrong(path, f"${{NAME}} reads the environment under '{where}' only")
            return text
        self._document.from_environment.add(path)

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if not _NAME.fullmatch(name):
                self._document.wrong(path, f"'${{{name}}}' names no environment variable; write ${{NAME}}")
            elif name not in self._environ:
                says = f"environment variable {name} is not set; set it where this runs: export {name}=..."
                problem = Problem(self._document.file, self._document.position(path), says)
                self._document.unset.setdefault(path, []).append(problem)
            else:
                self._document.environment_values.add(self._environ[name])
                return self._environ[name]
            return ""

        return _ENVIRONMENT.sub(value, text)

    def _mark(self, node: yaml.Node) -> Position:
        return Position(node.start_mark.line + 1, node.start_mark.column + 1, self._document.file)
