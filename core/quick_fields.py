"""The fields of a mapping as plain functions of a payload, for payloads as their vendor documents them.

They know no places and explain nothing: whatever is not as it should be raises one of ``UNCLEAR``, and whoever called
reads the payload again in the way that says what is wrong and where, or reads it all the same.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from core.errors import MappingError
from core.model.money import Money, Side, minor_of
from core.paths import Path

Quick = Callable[[Any, Any], Any]
"""Of the whole payload and the element in it that is being read."""
Wanted = tuple[tuple[Path, frozenset[object]], ...]

UNCLEAR = (MappingError, AttributeError, LookupError, TypeError, ValueError)


def got(path: Path) -> Quick:
    """Return what finds the value at a path; None where a step is absent."""
    if any(isinstance(step, int) for step in path.steps):
        return _stepwise(path)
    match path.steps, path.absolute:
        case (), absolute:
            return _root if absolute else _here
        case (str(key),), True:
            return lambda root, _here: root.get(key)
        case (str(key),), False:
            return lambda _root, here: here.get(key)
        case (str(key), str(inner)), False:
            return _two(key, inner)
        case (str(key), str(inner), str(innermost)), False:
            return _three(key, inner, innermost)
    return _stepwise(path)


def _root(root: Any, _here: Any) -> Any:
    return root


def _here(_root: Any, here: Any) -> Any:
    return here


def _two(key: str, inner: str) -> Quick:
    def get(_root: Any, here: Any) -> Any:
        value = here.get(key)
        return None if value is None else value.get(inner)

    return get


def _three(key: str, inner: str, innermost: str) -> Quick:
    def get(_root: Any, here: Any) -> Any:
        value = here.get(key)
        if value is None or (value := value.get(inner)) is None:
            return None
        return value.get(innermost)

    return get


def _stepwise(path: Path) -> Quick:
    absolute, steps = path.absolute, path.steps

    def get(root: Any, here: Any) -> Any:
        value = root if absolute else here
        for step in steps:
            if isinstance(step, int):
                value = value[step] if isinstance(value, list) and step < len(value) else None
            elif value is not None:
                value = value.get(step)
        return value

    return get


def always(value: object) -> Quick:
    """Return what gives one value, whatever the payload."""
    return lambda _root, _here: value


def group(fields: Mapping[str, Quick]) -> Quick:
    """Return what gives the values of fields by their names."""
    each = tuple(fields.items())

    def read(root: Any, here: Any) -> dict[str, Any]:
        return {name: field(root, here) for name, field in each}

    return read


def one_of(paths: tuple[Path, ...], convert: Callable[[Any, str], object], absent: Quick) -> Quick:
    """Return what converts the first value that is there; ``absent`` stands for one that is nowhere."""
    if len(paths) > 1:
        return _first(tuple(got(path) for path in paths), convert, absent)
    path = paths[0]
    if len(path.steps) == 1 and isinstance(path.steps[0], str) and not path.absolute:
        return _of_key(path.steps[0], convert, absent)
    get = got(path)

    def read(root: Any, here: Any) -> object:
        value = get(root, here)
        if value is None or (value.__class__ is str and not value.strip()):
            return absent(root, here)
        return convert(value, "")

    return read


def _of_key(key: str, convert: Callable[[Any, str], object], absent: Quick) -> Quick:
    def read(root: Any, here: Any) -> object:
        value = here.get(key)
        if value is None or (value.__class__ is str and not value.strip()):
            return absent(root, here)
        return convert(value, "")

    return read


def _first(gets: tuple[Quick, ...], convert: Callable[[Any, str], object], absent: Quick) -> Quick:
    def read(root: Any, here: Any) -> object:
        for get in gets:
            value = get(root, here)
            if value is not None and not (isinstance(value, str) and not value.strip()):
                return convert(value, "")
        return absent(root, here)

    return read


def missing(_root: Any, _here: Any) -> object:
    """Refuse: nothing stands for the value.

    Raises:
        LookupError: always.
    """
    raise LookupError


def money(paths: tuple[Path, ...], currency: Path, side: Side, absent: Quick) -> Quick:
    """Return what reads one amount."""
    get = got(paths[0]) if len(paths) == 1 else one_of(paths, lambda value, _where: value, always(None))
    code_of = got(currency)

    def read(root: Any, here: Any) -> object:
        value = get(root, here)
        if value is None:
            return absent(root, here)
        code = code_of(root, here)
        return Money(minor=_minor(value, code), currency=code, side=side)

    return read


def nothing(currency: Path, side: Side) -> Quick:
    """Return what gives an amount of zero."""
    code_of = got(currency)
    return lambda root, here: _zero(code_of(root, here), side)


@cache
def _zero(code: str, side: Side) -> Money:
    return Money(minor=0, currency=code, side=side)


def _minor(value: Any, code: Any) -> int:
    if value.__class__ is not str or code.__class__ is not str:
        raise TypeError
    return minor_of(value, code)


def within(path: Path, where: Wanted, *, may_miss: bool) -> Callable[[Any, Any], Iterator[Any] | list[Any]]:
    """Return what gives the elements of a list that fit ``where``."""
    get, wanted = got(path), tuple((got(one), values) for one, values in where)

    def read(root: Any, here: Any) -> list[Any]:
        found = get(root, here)
        if found is None and may_miss:
            return []
        if found.__class__ is not list:
            raise TypeError
        if not wanted:
            return found
        return [one for one in found if all(value(root, one) in values for value, values in wanted)]

    return read


def each(elements: Quick, one: Quick) -> Quick:
    """Return what reads every element of a list."""
    return lambda root, here: [one(root, element) for element in elements(root, here)]


def total(elements: Quick, of: Path, currency: Path, side: Side) -> Quick:
    """Return what adds up an amount of every element; each is in the currency that its own element names."""
    get, code_of = got(of), got(currency)

    def read(root: Any, here: Any) -> Money:
        code, minor = code_of(root, here), 0
        found = elements(root, here)
        for element in found:
            own = code_of(root, element)
            if own != code:
                raise ValueError(own)
            minor += _minor(get(root, element), own)
        if not minor:
            return _zero(code, side)
        return Money(minor=minor, currency=code, side=side)

    return read
