"""Kinds of values that an expression sees."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum


class Basic(Enum):
    """A kind of single value; the text is how a merchant is told of it."""

    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number with decimals"
    MONEY = "money"
    TRUTH = "true or false"
    TIME = "a time"
    SPAN = "a length of time"
    NOTHING = "null"
    ANY = "a value of any kind"


@dataclass(frozen=True, slots=True)
class Nullable:
    """A value of a kind, or null."""

    of: "Kind"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one kind."""

    of: "Kind"


@dataclass(frozen=True, slots=True)
class MapOf:
    """Values of one kind under any names."""

    of: "Kind"


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Values under known names; a shape may hold itself."""

    name: str
    fields: "dict[str, Kind]" = field(default_factory=dict, repr=False)


Kind = Basic | Nullable | ListOf | MapOf | Shape

NUMBERS = (Basic.WHOLE, Basic.NUMBER, Basic.MONEY)
ORDERED = (Basic.TEXT, Basic.TIME, Basic.SPAN)


def bare(kind: Kind) -> Kind:
    """Return a kind without its null."""
    return kind.of if isinstance(kind, Nullable) else kind


def told(kind: Kind) -> str:
    """Return what a value of a kind is, in words."""
    match kind:
        case Nullable(of=of):
            return f"{told(of)} or null"
        case ListOf():
            return "a list"
        case MapOf() | Shape():
            return "several named values"
        case _:
            return str(kind.value)


def is_alike(left: Kind, right: Kind) -> bool:
    """Return whether two values may be equal at all."""
    if Basic.ANY in (left, right):
        return True
    if Basic.NOTHING in (left, right):
        return isinstance(left, Nullable) or isinstance(right, Nullable) or left == right
    match bare(left), bare(right):
        case (ListOf(of=one), ListOf(of=other)) | (MapOf(of=one), MapOf(of=other)):
            return is_alike(one, other)
        case (Basic.WHOLE, Basic.NUMBER) | (Basic.NUMBER, Basic.WHOLE):
            return True
        case one, other:
            return one == other or (one in NUMBERS and other in NUMBERS)


def joined(left: Kind, right: Kind) -> Kind | None:
    """Return the kind of what is either of two, or None where they have none in common."""
    if left == right:
        return left
    if isinstance(left, Nullable) or isinstance(right, Nullable):
        if Basic.NOTHING in (left, right):
            return left if isinstance(left, Nullable) else right
        inside = joined(bare(left), bare(right))
        return None if inside is None else Nullable(inside)
    match left, right:
        case (Basic.ANY, _) | (_, Basic.ANY):
            return Basic.ANY
        case (Basic.MONEY, other) | (other, Basic.MONEY) if other in NUMBERS:
            return Basic.MONEY
        case (ListOf(of=one), ListOf(of=other)):
            inside = joined(one, other)
            return None if inside is None else ListOf(inside)
        case _:
            return None


def holds_money(kind: Kind) -> bool:
    """Return whether an amount is in a value of a kind."""
    return Basic.MONEY in _parts(kind, set())


def holds_any(kind: Kind) -> bool:
    """Return whether something of which no model says what it is, is in a value of a kind."""
    return Basic.ANY in _parts(kind, set())


def _parts(kind: Kind, seen: set[Shape]) -> Iterator[Kind]:
    yield kind
    match kind:
        case Nullable(of=of) | ListOf(of=of) | MapOf(of=of):
            yield from _parts(of, seen)
        case Shape() if kind not in seen:
            seen.add(kind)
            for one in kind.fields.values():
                yield from _parts(one, seen)
        case _:
            pass
