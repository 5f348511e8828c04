"""The ways in which a condition can be true, each as demands on single values. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice, product
from typing import Any

from core.domain.rules.demands import MIRRORED, NEGATED, Asks, Demand, Path, Way
from core.expressions.tree import Binary, Call, Choice, Entries, Has, Literal, Logic, Loop, Node, Unary, path

MOST_WAYS = 256
"""So many ways of one condition are looked at."""
UNREAD = Way(is_whole=False)
"""Stands for what is asked and cannot be read."""
_NONE = object()
_TEXTS = frozenset({"startsWith", "endsWith", "contains", "matches"})
_COMPARISONS = frozenset(MIRRORED)


def ways(node: Node, *, wanted: bool = True) -> tuple[Way, ...]:
    """Return ways in which an expression is as wanted, at most ``MOST_WAYS``; some may ask more than can be read.

    Where there are fewer, none is left out.
    """
    return _Reading().ways(node, wanted=wanted)


class _Reading:
    """Reads one expression, each part of it once: how long it takes does not grow with how deep choices lie in it."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, bool], tuple[Way, ...]] = {}

    def ways(self, node: Node, *, wanted: bool) -> tuple[Way, ...]:
        key = (id(node), wanted)
        if key not in self._read:
            self._read[key] = tuple(islice(self._each(node, wanted=wanted), MOST_WAYS))
        return self._read[key]

    def _each(self, node: Node, *, wanted: bool) -> Iterator[Way]:
        match node:
            case Literal(value=bool() as value):
                yield from [Way()] if value is wanted else []
            case Unary(operator="!", operand=operand):
                yield from self.ways(operand, wanted=not wanted)
            case Logic(operator=operator, operands=operands):
                parts = [self.ways(one, wanted=wanted) for one in operands]
                yield from all_of(parts) if (operator == "&&") is wanted else chain.from_iterable(parts)
            case Choice(condition=condition, then=then, otherwise=otherwise):
                for holds, chosen in ((True, then), (False, otherwise)):
                    yield from all_of([self.ways(condition, wanted=holds), self.ways(chosen, wanted=wanted)])
            case _:
                yield self._single(node, wanted=wanted)

    def _single(self, node: Node, *, wanted: bool) -> Way:
        demand = _demand(node)
        if demand is None:
            return UNREAD
        if isinstance(node, Loop):
            return Way((self._of_entries(demand, node, wanted=wanted),))
        return Way((demand if wanted else _negated(demand),))

    def _of_entries(self, demand: Demand, loop: Loop, *, wanted: bool) -> Demand:
        """Return what is asked of the entries of a list: of one of them, or of each."""
        asks_some = (loop.function == "exists") is wanted
        inside = tuple(_inside(way, loop.name) for way in self.ways(loop.body, wanted=wanted))
        return Demand(demand.path, Asks.SOME if asks_some else Asks.EVERY, inside)


def all_of(parts: Sequence[Sequence[Way]]) -> Iterator[Way]:
    """Yield every way in which all parts are true together."""
    for chosen in product(*parts):
        yield Way(tuple(d for one in chosen for d in one.demands), all(one.is_whole for one in chosen))


def _negated(demand: Demand) -> Demand:
    if demand.asks is Asks.SIZE:
        asks, size = demand.value
        return Demand(demand.path, Asks.SIZE, (NEGATED[asks], size))
    return Demand(demand.path, NEGATED[demand.asks], demand.value)


def _demand(node: Node) -> Demand | None:
    match node:
        case Binary(operator="in", left=left, right=right):
            return _membership(left, right)
        case Binary(operator=operator, left=left, right=right) if operator in _COMPARISONS:
            return _comparison(left, Asks(operator), right) or _comparison(
                right, Asks(MIRRORED[operator]), left
            )
        case Has(field=field):
            return _on(field, Asks.THERE)
        case Call(function=function, of=Node() as of, arguments=(argument,)) if function in _TEXTS:
            value = _constant(argument)
            return _on(of, Asks(function), value) if isinstance(value, str) else None
        case Loop(function="exists" | "all", over=over):
            return _on(over, Asks.SOME)
        case _:
            return _on(node, Asks.EQUAL, value=True)


def _inside(way: Way, name: str) -> Way:
    """Return a way as an entry sees it: paths begin there."""
    if any(demand.path[0] != name for demand in way.demands):
        return UNREAD
    return Way(tuple(Demand(d.path[1:], d.asks, d.value) for d in way.demands), way.is_whole)


def _comparison(left: Node, asks: Asks, right: Node) -> Demand | None:
    value = _constant(right)
    if value is _NONE:
        return None
    match left:
        case Call(function="size", of=None, arguments=(of,)) | Call(function="size", of=Node() as of):
            return _on(of, Asks.SIZE, (asks, value))
        case _:
            return _on(left, asks, value)


def _membership(left: Node, right: Node) -> Demand | None:
    if isinstance(right, Entries):
        values = [_constant(one) for one in right.entries]
        return None if _NONE in values else _on(left, Asks.IN, tuple(values))
    value = _constant(left)
    return None if value is _NONE else _on(right, Asks.HOLDS, value)


def _on(node: Node, asks: Asks, value: Any = None) -> Demand | None:
    names: Path | None = path(node)
    return None if names is None else Demand(names, asks, value)


def _constant(node: Node) -> Any:
    match node:
        case Literal(value=value):
            return _exact(value)
        case Unary(operator="-", operand=Literal(value=value)) if _is_number(value):
            return -_exact(value)
        case _:
            return _NONE


def _is_number(value: object) -> bool:
    return not isinstance(value, str | bool | None)


def _exact(value: Any) -> Any:
    """Return a number as it is written out: what has decimals exactly."""
    return Decimal(str(value)) if _is_number(value) and not isinstance(value, int) else value
