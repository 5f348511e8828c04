"""Values that meet demands, or the certainty that none do. Pure.

What is found is tried by whoever asks. That nothing can meet demands is said only where it is certain.
"""

import contextlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice, pairwise
from typing import Any

from core.domain.rules.demands import Asks, Demand, Path, Way, is_met, is_number
from core.domain.rules.value_limits import limits
from core.domain.rules.ways import all_of
from core.expressions.kinds import Basic, Kind, ListOf, MapOf, Shape, bare

_MOST_ENTRIES = 60
_MOST_TRIED = 64
_BOUNDS = frozenset({Asks.LESS, Asks.AT_MOST, Asks.MORE, Asks.AT_LEAST})


class NoneFitError(Exception):
    """No value can meet the demands."""


class NotFoundOutError(Exception):
    """None was found, and there may be one."""


def values_for(demands: Iterable[Demand], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """Return values by their names, nested as the paths say, which meet all demands.

    Raises:
        NoneFitError: there are none.
        NotFoundOutError: nobody can say.
    """
    return _shaped(demands, Shape("", dict(kinds)))


def _shaped(demands: Iterable[Demand], kind: Kind) -> dict[str, Any]:
    by_path: defaultdict[Path, list[Demand]] = defaultdict(list)
    for demand in demands:
        by_path[demand.path].append(demand)
    found, open_ = [], False
    for path, asked in by_path.items():  # where one path is certain, the others do not matter
        try:
            found.append((path, _value(*_kind_at(kind, path), asked)))
        except NotFoundOutError:
            open_ = True
    if open_:
        raise NotFoundOutError
    values: dict[str, Any] = {}
    for path, value in found:
        if value is not _ABSENT:
            _put(values, path, value)
    return values


_ABSENT = object()
"""Stands for what is not there."""


def _put(values: dict[str, Any], path: Path, value: Any) -> None:
    *way, last = path
    for name in way:
        inside = values.setdefault(name, {})
        if not isinstance(inside, dict):
            raise NotFoundOutError
        values = inside
    values[last] = value


def _kind_at(kind: Kind, path: Path) -> tuple[Kind, tuple[Demand, ...]]:
    """Return the kind of what is at a path, and what it meets anyway."""
    anyway: tuple[Demand, ...] = ()
    for name in path:
        match bare(kind):
            case Shape(name=shape, fields=fields) if name in fields:
                kind = fields[name]
                anyway = tuple(limits(shape, name, kind))
            case MapOf(of=of):
                kind, anyway = of, ()
            case _:
                return Basic.ANY, ()
    return kind, anyway


def _value(kind: Kind, anyway: Sequence[Demand], demands: Sequence[Demand]) -> Any:
    if isinstance(bare(kind), ListOf):
        return _entries(bare(kind), demands)
    asks = {demand.asks for demand in demands}
    if asks == {Asks.NOT_THERE}:
        return _ABSENT
    if asks & {Asks.SOME, Asks.EVERY, Asks.HOLDS, Asks.LACKS} or bare(kind) in (Basic.TIME, Basic.SPAN):
        raise NotFoundOutError
    every = (*demands, *anyway)
    for one in _candidates(bare(kind), every):
        if all(is_met(one, demand) for demand in (demands if one is None else every)):
            return one
    if _is_certain(kind, every):
        raise NoneFitError
    raise NotFoundOutError


def _candidates(kind: Kind, demands: Sequence[Demand]) -> Iterator[Any]:
    named = list(_named(demands))
    yield from named
    if kind is Basic.TRUTH:
        yield from (True, False)
    if kind in (Basic.WHOLE, Basic.NUMBER, Basic.MONEY, Basic.ANY):
        yield from _numbers(sorted(one for one in named if is_number(one)), whole=kind is Basic.WHOLE)
    if kind in (Basic.TEXT, Basic.ANY):
        yield from _texts(demands)


def _named(demands: Iterable[Demand]) -> Iterator[Any]:
    for demand in demands:
        if demand.asks in (Asks.IN, Asks.NOT_IN):
            yield from demand.value
        elif demand.asks not in (Asks.SIZE, Asks.MATCHES, Asks.MATCHES_NOT):
            yield demand.value


def _numbers(named: Sequence[Any], *, whole: bool) -> Iterator[Any]:
    """Yield a number on each side of every number that is named, and between two."""
    for one in named:
        yield from (one + 1, one - 1)
    for one, other in pairwise(named):
        middle = (Decimal(one) + Decimal(other)) / 2
        yield int(middle) if whole else middle
    yield 0


def _texts(demands: Sequence[Demand]) -> Iterator[str]:
    by: defaultdict[Asks, list[str]] = defaultdict(list)
    for demand in demands:
        if isinstance(demand.value, str):
            by[demand.asks].append(demand.value)
    begins, ends = max(by[Asks.STARTS], key=len, default=""), max(by[Asks.ENDS], key=len, default="")
    middle = "-".join(by[Asks.CONTAINS])
    sizes = [demand.value[1] for demand in demands if demand.asks is Asks.SIZE]
    if begins + middle + ends:
        yield from (begins + middle + ends, f"{begins}{middle}x{ends}")
    yield from (text for pattern in by[Asks.MATCHES] for text in _like(pattern))
    for size in sizes:
        for length in (size, size + 1, size - 1):
            short = length - len(begins) - len(middle) - len(ends)
            yield f"{begins}{middle}{'x' * max(0, min(short, 1000))}{ends}"
    yield from ("other", "")


_FLAGS = re.compile(r"\(\?[a-z]+\)")
_IN_PATTERNS = (
    (re.compile(r"\[0-9\]|\\d|\[1-9\]"), "1"),
    (re.compile(r"\[A-Z\]"), "A"),
    (re.compile(r"\[a-z\]|\\w"), "a"),
    (re.compile(r"(?<!\\)\.[*+?]"), ""),
    (re.compile(r"(?<!\\)\{([0-9]+)[^}]*\}"), ""),
    (re.compile(r"(?<!\\)[\^$+*?()]"), ""),
    (re.compile(r"\\(.)"), r"\1"),
)
"""What stands in usual patterns, and a text that is as it says."""


def _like(pattern: str) -> Iterator[str]:
    """Yield texts that a pattern may fit; whether it does is tried."""
    for one in _FLAGS.sub("", pattern).split("|"):
        for sign, text in _IN_PATTERNS:
            one = sign.sub(text, one)  # noqa: PLW2901 - made simpler step by step
        yield one


def _is_certain(kind: Kind, demands: Sequence[Demand]) -> bool:
    """Return whether no value at all meets the demands, now that none of the candidates does."""
    asks = {demand.asks for demand in demands}
    if asks & {Asks.EQUAL, Asks.IN} or kind is Basic.TRUTH:
        return True  # every value that may be was a candidate
    return _is_empty(kind, demands)


def _is_empty(kind: Kind, demands: Sequence[Demand]) -> bool:
    """Return whether nothing lies between the bounds; numbers only."""
    bounds = [demand for demand in demands if demand.asks in _BOUNDS]
    if not all(is_number(demand.value) for demand in bounds):
        return False
    low = [(d.value, d.asks is Asks.MORE) for d in bounds if d.asks in (Asks.MORE, Asks.AT_LEAST)]
    high = [(d.value, d.asks is Asks.LESS) for d in bounds if d.asks in (Asks.LESS, Asks.AT_MOST)]
    if not low or not high:
        return False
    (least, above), (most, below) = max(low), min(high, key=lambda one: (one[0], not one[1]))
    if least == most:
        return above or below
    if bare(kind) is Basic.WHOLE and above and below and most - least == 1:
        return True
    return bool(least > most)


def _entries(kind: Any, demands: Sequence[Demand]) -> list[Any]:
    """Return a list that meets the demands."""
    of: Kind = kind.of
    asked: defaultdict[Asks, list[Any]] = defaultdict(list)
    for demand in demands:
        asked[demand.asks].append(demand.value)
    if set(asked) - {Asks.HOLDS, Asks.LACKS, Asks.SIZE, Asks.SOME, Asks.EVERY}:
        raise NotFoundOutError
    lacks = [Demand((), Asks.OTHER, value) for value in asked[Asks.LACKS]]
    found = [
        _entry_of_ways(of, asked[Asks.EVERY], [*lacks, Demand((), Asks.EQUAL, value)])
        for value in asked[Asks.HOLDS]
    ]
    found += [_entry_of_ways(of, [some, *asked[Asks.EVERY]], lacks) for some in asked[Asks.SOME]]
    if asked[Asks.EVERY] and not found:
        with contextlib.suppress(NoneFitError, NotFoundOutError):  # of an empty list everything holds of each
            found.append(_entry_of_ways(of, asked[Asks.EVERY], lacks))
    return _sized(found, of, asked[Asks.SIZE], asked[Asks.EVERY], lacks)


def _entry_of_ways(of: Kind, parts: Sequence[Sequence[Way]], besides: Sequence[Demand]) -> Any:
    """Return an entry that is as one way of each part has it, and meets some further demands."""
    certain = True
    tried = 0
    for way in islice(all_of(parts), _MOST_TRIED):
        tried += 1
        try:
            return _one(of, [*besides, *way.demands])
        except NoneFitError:
            continue
        except NotFoundOutError:
            certain = False
    if certain and tried < _MOST_TRIED:
        raise NoneFitError
    raise NotFoundOutError


def _one(of: Kind, demands: Sequence[Demand]) -> Any:
    """Return one entry: of single values a value, else named values."""
    if isinstance(bare(of), Shape):
        return _shaped(demands, bare(of))
    if any(demand.path for demand in demands):
        raise NotFoundOutError
    return _value(of, (), demands or [Demand((), Asks.OTHER, "")])


def _sized(
    found: list[Any],
    of: Kind,
    sizes: Sequence[tuple[Asks, Any]],
    every: Sequence[Sequence[Way]],
    lacks: Sequence[Demand],
) -> list[Any]:
    """Return a list with as many further entries as its size wants."""
    wanted = [Demand((), asks, value) for asks, value in sizes]
    while not all(is_met(len(found), demand) for demand in wanted):
        if len(found) >= _MOST_ENTRIES:
            raise NotFoundOutError
        if every or isinstance(bare(of), Shape):
            found.append(_entry_of_ways(of, every, lacks))
        else:
            found.append(_another(found, lacks))
    return found


def _another(found: Sequence[Any], lacks: Sequence[Demand]) -> str:
    """Return a text that is not in a list yet."""
    asked = [*lacks, *(Demand((), Asks.OTHER, one) for one in found)]
    names = (f"other{number}" for number in range(len(asked) + 1))
    return next(name for name in names if all(is_met(name, demand) for demand in asked))
