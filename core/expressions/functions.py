"""The functions there are, and of what they are."""

import re
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.expressions.kinds import Basic, Kind, ListOf, MapOf, bare, told
from core.expressions.mistakes import ExpressionError
from core.expressions.operators import refuse_money
from core.expressions.parser import LOOPS
from core.expressions.tree import Call, Literal, Node
from core.nearest import nearest

_LISTED = (ListOf, MapOf)


@dataclass(frozen=True, slots=True)
class _Function:
    """What a function takes and gives; ``of`` are kinds of its value, or of what stands before the point."""

    of: tuple[Kind, ...]
    gives: Kind
    arguments: tuple[Kind, ...] = ()
    optional: int = 0
    """So many of the arguments, the last, may be missing."""


_TEXT_TO_TRUTH = _Function((Basic.TEXT,), Basic.TRUTH, (Basic.TEXT,))
_OF_TIME = _Function((Basic.TIME,), Basic.WHOLE, (Basic.TEXT,), optional=1)
_OF_BOTH = _Function((Basic.TIME, Basic.SPAN), Basic.WHOLE, (Basic.TEXT,), optional=1)
METHODS = {
    "contains": _TEXT_TO_TRUTH,
    "endsWith": _TEXT_TO_TRUTH,
    "matches": _TEXT_TO_TRUTH,
    "startsWith": _TEXT_TO_TRUTH,
    "getDate": _OF_TIME,
    "getDayOfWeek": _OF_TIME,
    "getDayOfYear": _OF_TIME,
    "getFullYear": _OF_TIME,
    "getMonth": _OF_TIME,
    "getHours": _OF_BOTH,
    "getMinutes": _OF_BOTH,
    "getSeconds": _OF_BOTH,
    "size": _Function((Basic.TEXT,), Basic.WHOLE),
}
CONVERSIONS = {
    "double": _Function((Basic.WHOLE, Basic.NUMBER, Basic.TEXT), Basic.NUMBER),
    "duration": _Function((Basic.TEXT,), Basic.SPAN),
    "int": _Function((Basic.WHOLE, Basic.NUMBER, Basic.TEXT), Basic.WHOLE),
    "size": METHODS["size"],
    "string": _Function((Basic.WHOLE, Basic.TEXT, Basic.TRUTH), Basic.TEXT),
    "timestamp": _Function((Basic.TEXT,), Basic.TIME),
}
_MEANT = {
    **dict.fromkeys(("count", "len", "length"), "size()"),
    **dict.fromkeys(("any", "some"), "exists()"),
    **dict.fromkeys(("every",), "all()"),
    **dict.fromkeys(("includes", "has"), "contains() of text, 'x' in list"),
    **dict.fromkeys(("starts_with", "startswith"), "startsWith()"),
    **dict.fromkeys(("ends_with", "endswith"), "endsWith()"),
    **dict.fromkeys(("like", "match"), "matches()"),
}
DURATION = re.compile(r"-?(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:h|ms|us|ns|m|s))+")
_OFFSET = re.compile(r"[-+][0-9]{2}:[0-9]{2}")


def check_known(node: Call) -> None:
    """See that there is a function of a name.

    Raises:
        ExpressionError: there is none.
    """
    known, elsewhere = (CONVERSIONS, METHODS) if node.of is None else (METHODS, CONVERSIONS)
    if node.function in known:
        return
    says = f"there is no function '{node.function}()' here"
    if node.function in elsewhere or node.function in LOOPS:
        says += f"; write x.{node.function}(...)" if node.of is None else f"; write {node.function}(x)"
    elif node.function in _MEANT:
        says += f"; write {_MEANT[node.function]}"
    else:
        names = (*CONVERSIONS, "has") if node.of is None else (*METHODS, *LOOPS)
        says += nearest(f"{node.function}()", [f"{name}()" for name in names])
    raise ExpressionError(says, node.function_at)


def called(node: Call, of: Kind | None, arguments: Sequence[Kind]) -> Kind:
    """Return the kind of what a call gives.

    Raises:
        ExpressionError: the function is not for these values.
    """
    if of is None:
        return _converted(node, arguments)
    function, subject = METHODS[node.function], bare(of)
    _check_subject(node, function, subject, node.of or node)
    most = len(function.arguments) if subject is not Basic.SPAN else 0
    if not most - function.optional <= len(arguments) <= most:
        some = "one value" if most else "nothing"
        says = f"{node.function}() takes {some} in its brackets, not {len(arguments)}"
        raise ExpressionError(says, node.function_at)
    for given, kind in zip(node.arguments, arguments, strict=True):
        if bare(kind) not in (Basic.TEXT, Basic.ANY):
            raise ExpressionError(f"{node.function}() wants text here, and this is {told(kind)}", given.at)
    if function is _OF_TIME or function is _OF_BOTH or node.function == "matches":
        _check_written(node)
    return function.gives


def _converted(node: Call, arguments: Sequence[Kind]) -> Kind:
    if len(arguments) != 1:
        says = f"{node.function}() takes one value in its brackets, not {len(arguments)}"
        raise ExpressionError(says, node.function_at)
    (given,), function = node.arguments, CONVERSIONS[node.function]
    refuse_money(given, arguments[0])
    _check_subject(node, function, bare(arguments[0]), given)
    if isinstance(given, Literal):
        _check_literal(node.function, given)
    return function.gives


def _check_subject(node: Call, function: _Function, kind: Kind, given: Node) -> None:
    if kind is Basic.ANY or kind in function.of or (node.function == "size" and isinstance(kind, _LISTED)):
        return
    refuse_money(given, kind)
    wanted = " or ".join(told(one) for one in function.of)
    says = f"{node.function}() is for {wanted}, and this is {told(kind)}"
    if isinstance(kind, ListOf) and node.function == "contains":
        says = "contains() looks into text; to look into a list, write 'x' in list"
    raise ExpressionError(says, given.at)


def _check_written(node: Call) -> None:
    """See that a pattern or time zone is written out, and that a zone is one."""
    for given in node.arguments:
        if not isinstance(given, Literal) or not isinstance(given.value, str):
            raise ExpressionError(f"{node.function}() wants text in quotes here", given.at)
        if node.function != "matches" and not _is_zone(given.value):
            says = f"there is no time zone '{given.value}'; write one such as 'America/New_York' or '+02:00'"
            raise ExpressionError(says, given.at)


def _is_zone(name: str) -> bool:
    return bool(_OFFSET.fullmatch(name)) or name in zoneinfo.available_timezones()


def _check_literal(function: str, given: Literal) -> None:
    """See that a length of time or a time that is written out is one."""
    if function == "duration" and not DURATION.fullmatch(str(given.value)):
        raise ExpressionError("a length of time is written as '48h', '30m' or '1h30m'", given.at)
    if function == "timestamp" and instant(str(given.value)) is None:
        raise ExpressionError("a time is written as '2026-12-01T09:30:00Z'", given.at)


def instant(text: str) -> datetime | None:
    """Return the time that a text stands for (RFC 3339, with its zone), or None."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[-+][0-9]{2}:[0-9]{2})"
)
