"""What a condition demands of single values, and whether a value meets it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from core.expressions.patterns import is_found

Path = tuple[str, ...]
"""The names that lead to a value, as in ``("order", "ship_to", "country")``; of an entry of a list from there on."""


class Asks(StrEnum):
    """What is asked of a value."""

    EQUAL = "=="
    OTHER = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    IN = "in"
    NOT_IN = "not in"
    HOLDS = "holds"
    """A list has an entry."""
    LACKS = "lacks"
    STARTS = "startsWith"
    ENDS = "endsWith"
    CONTAINS = "contains"
    MATCHES = "matches"
    STARTS_NOT = "not startsWith"
    ENDS_NOT = "not endsWith"
    CONTAINS_NOT = "not contains"
    MATCHES_NOT = "not matches"
    THERE = "there"
    NOT_THERE = "not there"
    SIZE = "size"
    """How many entries or letters it has: (what is asked of that number, the number)."""
    SOME = "some"
    """An entry of a list is as one of several ways has it."""
    EVERY = "every"
    """Each entry of a list is as one of several ways has it."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing that is asked of the value at a path."""

    path: Path
    asks: Asks
    value: Any = None


@dataclass(frozen=True, slots=True)
class Way:
    """Demands that make something true together."""

    demands: tuple[Demand, ...] = ()
    is_whole: bool = True
    """Whether nothing else is asked; otherwise a part of it could not be read, and may be false all the same."""


NEGATED: Mapping[Asks, Asks] = {
    one: other
    for pair in (
        (Asks.EQUAL, Asks.OTHER),
        (Asks.LESS, Asks.AT_LEAST),
        (Asks.MORE, Asks.AT_MOST),
        (Asks.IN, Asks.NOT_IN),
        (Asks.HOLDS, Asks.LACKS),
        (Asks.STARTS, Asks.STARTS_NOT),
        (Asks.ENDS, Asks.ENDS_NOT),
        (Asks.CONTAINS, Asks.CONTAINS_NOT),
        (Asks.MATCHES, Asks.MATCHES_NOT),
        (Asks.THERE, Asks.NOT_THERE),
    )
    for one, other in (pair, pair[::-1])
}
"""What is asked where the opposite is wanted."""
MIRRORED: Mapping[str, str] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
"""A comparison with its sides changed over."""

_COMPARED: Mapping[Asks, Callable[[Any, Any], bool]] = {
    Asks.LESS: lt,
    Asks.AT_MOST: le,
    Asks.MORE: gt,
    Asks.AT_LEAST: ge,
    Asks.EQUAL: eq,
    Asks.OTHER: ne,
}
_TEXTS: Mapping[Asks, Callable[[str, str], bool]] = {
    Asks.STARTS: str.startswith,
    Asks.ENDS: str.endswith,
    Asks.CONTAINS: str.__contains__,
    Asks.MATCHES: lambda text, pattern: _matches(pattern, text),
}


def is_met(value: Any, demand: Demand) -> bool:
    """Return whether a single value meets a demand; demands on lists are met where the list is made."""
    asks, wanted = demand.asks, demand.value
    if asks in (Asks.THERE, Asks.NOT_THERE):
        return (value is not None) == (asks is Asks.THERE)
    if asks in (Asks.IN, Asks.NOT_IN):
        return any(_is_same(value, one) for one in wanted) == (asks is Asks.IN)
    if asks in _COMPARED:
        return _is_compared(value, asks, wanted)
    is_opposite = asks not in _TEXTS and asks is not Asks.SIZE
    positive = NEGATED.get(asks, asks) if is_opposite else asks
    if not isinstance(value, str):
        return False
    if positive is Asks.SIZE:
        return _is_compared(len(value), *wanted)
    return _TEXTS[positive](value, wanted) != is_opposite


def _is_compared(value: Any, asks: Asks, wanted: Any) -> bool:
    if asks in (Asks.EQUAL, Asks.OTHER):
        return _is_same(value, wanted) == (asks is Asks.EQUAL)
    numbers = is_number(value) and is_number(wanted)
    return (numbers or (isinstance(value, str) and isinstance(wanted, str))) and _COMPARED[asks](
        value, wanted
    )


def is_number(value: object) -> bool:
    """Return whether a value is a number; true and false are none."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_same(value: Any, wanted: Any) -> bool:
    if is_number(value) and is_number(wanted):
        return bool(value == wanted)
    return type(value) is type(wanted) and bool(value == wanted)


def _matches(pattern: str, text: str) -> bool:
    try:
        return is_found(pattern, text)
    except ValueError:
        return False
