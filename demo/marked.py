"""YAML that knows where each of its values stands, and the small words that shapes are written in.

A check looks at a value and tells its spot what is wrong; every mistake of a file is told, not only the first.
"""

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import yaml

# Safe, for a day file comes from anywhere; in C where there is one.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Path = tuple[str | int, ...]
Check = Callable[[Any, "Spot"], None]


class DayError(Exception):
    """A day file is wrong; each line says file:line:column, what is wrong and what is right."""


@dataclass(slots=True)
class Marked:
    """A file's data, and the line and column (from 1) of every key and value."""

    name: str
    data: Any
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def wrong(self, place: tuple[int, int], what: str) -> None:
        """Note a mistake."""
        self.problems.append(f"{self.name}:{place[0]}:{place[1]}: {what}")

    def finish(self) -> None:
        """Raise every mistake that was noted, in the file's order.

        Raises:
            DayError: there is one.
        """
        if self.problems:
            raise DayError("\n".join(sorted(self.problems, key=_position)))


def _position(problem: str) -> tuple[int, int]:
    _, line, column, *_ = problem.split(":", 3)
    return int(line), int(column)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file: what is checked there, and where to complain."""

    file: Marked
    path: Path = ()

    def __truediv__(self, key: str | int) -> "Spot":
        return Spot(self.file, (*self.path, key))

    def wrong(self, what: str) -> None:
        """Say what is wrong with the value here."""
        self.file.wrong(self.file.values.get(self.path, (1, 1)), what)

    def wrong_key(self, what: str) -> None:
        """Say what is wrong with the key here."""
        self.file.wrong(self.file.keys.get(self.path) or self.file.values.get(self.path, (1, 1)), what)


def read(text: str, name: str) -> Marked:
    """Return the file's data with its positions; keys that come twice and unquoted dates are mistakes.

    Raises:
        DayError: it is no YAML.
    """
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        found = Marked(name, loader.construct_document(node) if node is not None else None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise DayError(f"{name}:{line}:{column}: this is no YAML: {error.problem}") from error
    finally:
        loader.dispose()
    if node is not None:
        _mark(found, node, ())
    return found


def _mark(found: Marked, node: yaml.Node, path: Path) -> None:
    found.values[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.SequenceNode):
        for number, each in enumerate(node.value):
            _mark(found, each, (*path, number))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            place = (key.start_mark.line + 1, key.start_mark.column + 1)
            if inner in found.keys:
                found.wrong(place, f"{key.value} stands here twice")
            if key.tag != "tag:yaml.org,2002:str":
                found.wrong(place, f'a name must be text: write "{key.value}" in quotes')
            found.keys[inner] = place
            _mark(found, value, inner)


def nearest(word: object, words: Collection[str]) -> str:
    """Return how to go on: the nearest right word, or all of them where none is near."""
    near = difflib.get_close_matches(str(word), list(words), n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"it is one of {', '.join(sorted(words))}"


def anything(_value: Any, _spot: Spot) -> None:
    """Accept what stands here."""


def text(value: Any, spot: Spot) -> None:
    """Want words."""
    if not isinstance(value, str):
        spot.wrong(f"this must be text, not {_shown(value)}; put it in quotes")


def flag(value: Any, spot: Spot) -> None:
    """Want true or false."""
    if not isinstance(value, bool):
        spot.wrong(f"this is true or false, not {_shown(value)}")


def whole(value: Any, spot: Spot, *, least: int = 0) -> None:
    """Want a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        spot.wrong(f"this must be a whole number (money in minor units), not {_shown(value)}")
    elif value < least:
        spot.wrong(f"this must be at least {least}, not {value}")


def count(value: Any, spot: Spot) -> None:
    """Want a whole number above 0."""
    whole(value, spot, least=1)


def instant(value: Any, spot: Spot) -> None:
    """Want an instant with an offset, quoted."""
    if not isinstance(value, str):
        spot.wrong(f'an instant is written in quotes, as in "2026-11-30T07:00:00-08:00", not {_shown(value)}')
        return
    try:
        if datetime.fromisoformat(value).tzinfo is None:
            spot.wrong(f"{value} lacks its offset, as in {value}-08:00")
    except ValueError:
        spot.wrong(f'{value!r} is no instant; write it as "2026-11-30T07:00:00-08:00"')


def day(value: Any, spot: Spot) -> None:
    """Want a date, quoted."""
    _parsed(value, spot, date.fromisoformat, "date", "2026-11-30")


def hour(value: Any, spot: Spot) -> None:
    """Want a time of day, quoted."""
    _parsed(value, spot, time.fromisoformat, "time", "15:00")


def _parsed(value: Any, spot: Spot, parse: Callable[[str], object], what: str, sample: str) -> None:
    try:
        if not isinstance(value, str):
            raise ValueError  # noqa: TRY301, TRY004 - told as any other
        parse(value)
    except ValueError:
        spot.wrong(f'a {what} is written in quotes, as in "{sample}", not {_shown(value)}')


def nullable(check: Check) -> Check:
    """Accept null, too."""

    def maybe(value: Any, spot: Spot) -> None:
        if value is not None:
            check(value, spot)

    return maybe


def word(words: Collection[str], what: str = "word") -> Check:
    """Want one of a closed list."""

    def one(value: Any, spot: Spot) -> None:
        if not isinstance(value, str) or value not in words:
            spot.wrong(f"{_shown(value)} is no {what}; {nearest(value, words)}")

    return one


def many(check: Check, *, least: int = 0) -> Check:
    """Want a list."""

    def every(value: Any, spot: Spot) -> None:
        if not isinstance(value, list):
            spot.wrong(f"this must be a list, not {_shown(value)}")
            return
        if len(value) < least:
            spot.wrong(f"this list needs at least {least}")
        for number, each in enumerate(value):
            check(each, spot / number)

    return every


def table(check: Check, words: Collection[str] | None = None, what: str = "name") -> Check:
    """Want a map whose keys are names (of a closed list, if there is one)."""

    def every(value: Any, spot: Spot) -> None:
        if not isinstance(value, dict):
            spot.wrong(f"this must be a map, not {_shown(value)}")
            return
        for key, each in value.items():
            if words is not None and key not in words:
                (spot / str(key)).wrong_key(f"{key} is no {what}; {nearest(key, words)}")
            check(each, spot / str(key))

    return every


def record(needed: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """Want a map with these keys, and perhaps those; no other key."""
    known = {**needed, **(optional or {})}

    def every(value: Any, spot: Spot) -> None:
        if not isinstance(value, dict):
            spot.wrong(f"this must be a map with {', '.join(known)}, not {_shown(value)}")
            return
        for key in needed:
            if key not in value:
                spot.wrong(f"{key} is missing")
        for key, each in value.items():
            if key in known:
                known[key](each, spot / key)
            else:
                (spot / str(key)).wrong_key(f"there is no {key} here; {nearest(key, known)}")

    return every


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else str(value)
