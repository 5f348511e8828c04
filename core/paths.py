"""Paths into a vendor's payload, ``customer.id`` and ``lines[0].title``: what stands there is read, or written into a copy."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from core.conversions import kind_of
from core.errors import MappingError

_STEP = re.compile(r"(?P<key>[^.\[\]]+)(?:\[(?P<index>\d+)\])?")


@dataclass(frozen=True, slots=True)
class At:
    """Where in a payload a field is being read."""

    root: object
    here: object
    path: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path: steps are keys of objects and positions in lists."""

    text: str
    absolute: bool
    steps: tuple[str | int, ...]

    def find(self, at: At, *, lenient: bool = False) -> tuple[object, str]:
        """Return the value, or None where any step is absent, and its full path."""
        value = at.root if self.absolute else at.here
        where = "" if self.absolute else at.path
        for step in self.steps:
            where = joined(where, step)
            if isinstance(step, int):
                value = value[step] if isinstance(value, list) and step < len(value) else None
            elif isinstance(value, Mapping):
                value = value.get(step)
            elif value is None or lenient:
                value = None
            else:
                raise MappingError(where, f"expected an object around it, found {kind_of(value)}")
        return value, where or "."

    def put(self, payload: object, value: object) -> Any:
        """Return a copy of a payload with a value at this path.

        Raises:
            MappingError: there is no such place in it.
        """
        return _put(payload, self.steps, value, "")


def _put(around: object, steps: tuple[str | int, ...], value: object, where: str) -> object:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    where = joined(where, step)
    if isinstance(step, int):
        if not isinstance(around, list) or step >= len(around):
            raise MappingError(where, "there is no such entry")
        return [*around[:step], _put(around[step], rest, value, where), *around[step + 1 :]]
    if not isinstance(around, Mapping):
        raise MappingError(where, f"expected an object around it, found {kind_of(around)}")
    return {**around, step: _put(around.get(step), rest, value, where)}


@cache
def path_of(text: str) -> Path:
    """Return the path of a text.

    Raises:
        ValueError: it is none.
    """
    absolute = text.startswith("/")
    rest = text[1:] if absolute else text
    steps: list[str | int] = []
    for part in rest.split(".") if rest not in {"", "."} else []:
        match = _STEP.fullmatch(part)
        if match is None:
            raise ValueError(text)
        steps.append(match["key"])
        if match["index"]:
            steps.append(int(match["index"]))
    return Path(text, absolute, tuple(steps))


def joined(path: str, step: str | int) -> str:
    """Return a path with one more step."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step
