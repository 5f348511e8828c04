"""What cel-python leaves of the specification in comparing, computing and converting, brought back.

A failed value is an argument like any other, and is given on.
"""

import math
import operator
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from celpy import celtypes
from celpy.evaluation import CELEvalError, base_functions

from core.expressions.functions import DURATION, instant
from core.expressions.patterns import is_found

_INTEGER = re.compile(r"-?[0-9]{1,19}")
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_SORTS = (celtypes.BoolType, bool, int, float, str, datetime, timedelta)


def _is_error(*values: Any) -> CELEvalError | None:
    return next((value for value in values if isinstance(value, CELEvalError)), None)


def _of_truth(decided: bool) -> Callable[[Any, Any], Any]:  # noqa: FBT001 - which of the two values decides alone
    def logic(left: Any, right: Any) -> Any:
        both = (left, right)
        if any(isinstance(one, celtypes.BoolType) and bool(one) is decided for one in both):
            return celtypes.BoolType(decided)
        if error := _is_error(*both):
            return error
        if not all(isinstance(one, celtypes.BoolType) for one in both):
            raise TypeError("no truth")
        return celtypes.BoolType(not decided)

    return logic


def _is_equal(left: Any, right: Any) -> bool:
    if _is_number(left) and _is_number(right):
        return bool(_number(left) == _number(right))
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_is_equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_is_equal(left[key], right[key]) for key in left)
    return _sort(left) is _sort(right) and (left is None or bool(left == right))


def _sort(value: Any) -> type:
    """Return the plain type of a value; what was computed of the engine's types may be of one."""
    return next((kind for kind in _SORTS if isinstance(value, kind)), type(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool | celtypes.BoolType)


def _number(value: Any) -> float:
    return int(value) if isinstance(value, int) else float(value)


def _equality(wanted: bool) -> Callable[[Any, Any], Any]:  # noqa: FBT001 - equal or not
    def compare(left: Any, right: Any) -> Any:
        return _is_error(left, right) or celtypes.BoolType(_is_equal(left, right) is wanted)

    return compare


def _order(compared: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def order(left: Any, right: Any) -> Any:
        if error := _is_error(left, right):
            return error
        if _is_number(left) and _is_number(right):
            return celtypes.BoolType(compared(_number(left), _number(right)))
        if _sort(left) is not _sort(right) or isinstance(left, list | dict | None):
            raise TypeError("no order")
        return celtypes.BoolType(compared(left, right))

    return order


def _member(value: Any, container: Any) -> Any:
    if error := _is_error(value, container):
        return error
    if isinstance(container, list) or (isinstance(container, dict) and isinstance(value, str | int)):
        return celtypes.BoolType(any(_is_equal(value, one) for one in container))
    raise TypeError("no list")


def _computed(name: str) -> Callable[[Any, Any], Any]:
    of_the_engine = base_functions[name]

    def compute(left: Any, right: Any) -> Any:
        if error := _is_error(left, right):
            return error
        both = (left, right)
        if any(isinstance(one, celtypes.BoolType | list | dict) for one in both):
            raise TypeError("no such arithmetic")
        if any(isinstance(one, int | float) for one in both) and _sort(left) is not _sort(right):
            raise TypeError("no such arithmetic")
        if isinstance(left, float):
            if name == "_%_":
                raise TypeError("no such arithmetic")
            return celtypes.DoubleType(_of_doubles(name, float(left), float(right)))
        return of_the_engine(left, right)

    return compute


def _of_doubles(name: str, left: float, right: float) -> float:
    if name != "_/_":
        return {"_+_": left + right, "_-_": left - right, "_*_": left * right}[name]
    if right:
        return left / right
    return (
        math.nan if not left or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
    )


def _negated(value: Any) -> Any:
    if error := _is_error(value):
        return error
    if not _is_number(value):
        raise TypeError("no number")
    return -value


def _int(value: Any) -> Any:
    if isinstance(value, str) and not _INTEGER.fullmatch(value):
        raise ValueError("no whole number")
    if not isinstance(value, str) and not _is_number(value):
        raise TypeError("no number")
    return celtypes.IntType(int(value))


def _double(value: Any) -> Any:
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise ValueError("no number")
    if not isinstance(value, str) and not _is_number(value):
        raise TypeError("no number")
    return celtypes.DoubleType(float(value))


def _string(value: Any) -> Any:
    match value:
        case bool() | celtypes.BoolType():
            return celtypes.StringType("true" if value else "false")
        case float():
            return celtypes.StringType(f"{value:g}")
        case int() | str():
            return celtypes.StringType(str(value))
    raise TypeError("no text")


def _timestamp(value: Any) -> Any:
    found = instant(str(value))
    if found is None:
        raise ValueError("no time")
    return celtypes.TimestampType(found)


def _duration(value: Any) -> Any:
    if not DURATION.fullmatch(str(value)):
        raise ValueError("no length of time")
    return celtypes.DurationType(str(value))


def _size(value: Any) -> Any:
    if not isinstance(value, str | list | dict):
        raise TypeError("no size")
    return celtypes.IntType(len(value))


def _of_text(asked: Callable[[str, str], bool]) -> Callable[[Any, Any], Any]:
    def ask(text: Any, part: Any) -> Any:
        if not isinstance(text, str) or not isinstance(part, str):
            raise TypeError("no text")
        return celtypes.BoolType(asked(str(text), str(part)))

    return ask


def _matches(text: Any, pattern: Any) -> Any:
    if not isinstance(text, str):
        raise TypeError("no text")
    return celtypes.BoolType(is_found(str(pattern), str(text)))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "_==_": _equality(wanted=True),
    "_!=_": _equality(wanted=False),
    "_<_": _order(operator.lt),
    "_<=_": _order(operator.le),
    "_>_": _order(operator.gt),
    "_>=_": _order(operator.ge),
    "_&&_": _of_truth(decided=False),
    "_||_": _of_truth(decided=True),
    "_in_": _member,
    "-_": _negated,
    **{name: _computed(name) for name in ("_+_", "_-_", "_*_", "_/_", "_%_")},
    "int": _int,
    "double": _double,
    "string": _string,
    "timestamp": _timestamp,
    "duration": _duration,
    "matches": _matches,
    "size": _size,
    "contains": _of_text(lambda text, part: part in text),
    "startsWith": _of_text(lambda text, part: text.startswith(part)),
    "endsWith": _of_text(lambda text, part: text.endswith(part)),
}
"""What replaces the engine's own, by its name there."""
