"""What is wrong with a config file: where, what, and the nearest right name."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.errors import ConfigError
from core.nearest import nearest

__all__ = [
    "ConfigFileError",
    "Position",
    "Problem",
    "label_of",
    "lines_of",
    "nearest",
    "path_text",
    "place_in",
]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; line and column count from 1."""

    line: int
    column: int
    file: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong."""

    file: str
    at: Position
    says: str

    def __str__(self) -> str:
        return f"{self.file}:{self.at.line}:{self.at.column}: {self.says}"


class ConfigFileError(ConfigError):
    """Config files are wrong; the message has one ``file:line:col: what`` per line, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line for every reader of YAML."""


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, as a parser of YAML counts them."""
    return _BREAK.split(text)


def place_in(text: str) -> Position:
    """Return the place behind a text."""
    lines = lines_of(text)
    return Position(len(lines), len(lines[-1]) + 1)


def path_text(path: Sequence[str | int]) -> str:
    """Return a path as people write it: ``boxes[1].inner_mm``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def label_of(path: Sequence[str | int]) -> str:
    """Return the last named key of a path, with the indices after it."""
    names = [number for number, part in enumerate(path) if isinstance(part, str)]
    return path_text(path[names[-1] :]) if names else path_text(path)
