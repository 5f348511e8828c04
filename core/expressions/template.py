"""Text with ``{{ expressions }}`` in it, and values of a configuration that may be either."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from core.expressions.engine import Engine
from core.expressions.expression import Expression, bind, compile_expression
from core.expressions.kinds import Kind, ListOf, MapOf, Shape, bare
from core.expressions.mistakes import EvaluationError, ExpressionError
from core.expressions.scope import Scope
from core.expressions.values import Bound

MOST_PARTS = 50
"""Expressions of one text."""
_OPENING, _CLOSING = "{{", "}}"


@dataclass(frozen=True, slots=True)
class Template:
    """Text whose ``{{ expressions }}`` are replaced by their values."""

    text: str
    parts: tuple[str | Expression, ...]

    def render(self, values: Mapping[str, Any] | Bound, *, quoted: Callable[[str], str] | None = None) -> str:
        """Return the text over some values; ``quoted`` is done to each that is put in.

        Raises:
            EvaluationError: an expression in it has no value, or one that is no text.
        """
        bound = _bound_once(values, self.parts)
        quote = quoted or str
        return "".join(
            part if isinstance(part, str) else quote(written(part.evaluate(bound))) for part in self.parts
        )


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a configuration: as it stands there, an expression (``=...``) or a text with expressions."""

    made: Expression | Template | None
    literal: Any = None

    def of(self, values: Mapping[str, Any] | Bound) -> Any:
        """Return it over some values; an expression keeps its type.

        Raises:
            EvaluationError: an expression in it has no value.
        """
        match self.made:
            case Expression():
                return self.made.evaluate(values)
            case Template():
                return self.made.render(values)
            case None:
                return self.literal


def value_of(given: Any, scope: Scope, *, wants: type | None = None, engine: Engine | None = None) -> Value:
    """Return the value that a configuration gives; ``wants`` is asked of an expression.

    Raises:
        ExpressionError: an expression in it is wrong; the offset counts from the beginning of what is given.
    """
    if not isinstance(given, str):
        return Value(None, given)
    if given.startswith("="):
        try:
            return Value(compile_expression(given[1:], scope, wants=wants, engine=engine))
        except ExpressionError as error:
            raise error.moved(1) from error
    if _OPENING in given:
        return Value(compile_template(given, scope, engine=engine))
    return Value(None, given)


def compile_template(text: str, scope: Scope, *, engine: Engine | None = None) -> Template:
    """Return the template of a text.

    Raises:
        ExpressionError: braces are not closed or empty, or an expression in them is wrong.
    """
    parts: list[str | Expression] = []
    for part, at in _divided(text):
        if at is None:
            parts.append(part)
            continue
        try:
            expression = compile_expression(part, scope, engine=engine)
        except ExpressionError as error:
            raise error.moved(at) from error
        if not _is_writable(expression.kind):
            says = "this has several named values; name one of them"
            raise ExpressionError(says, at + len(part) - len(part.lstrip()))
        parts.append(expression)
        if len(parts) > 2 * MOST_PARTS:
            raise ExpressionError(f"a text has at most {MOST_PARTS} expressions", at)
    return Template(text, tuple(parts))


def _divided(text: str) -> Iterator[tuple[str, int | None]]:
    """Yield the parts of a text; of an expression, also where it begins."""
    at = 0
    while (opening := text.find(_OPENING, at)) >= 0:
        yield text[at:opening], None
        closing = _closing(text, opening + 2)
        if closing is None:
            raise ExpressionError("these {{ are not closed; write }} after the expression", opening)
        inside = text[opening + 2 : closing]
        if not inside.strip():
            raise ExpressionError("nothing stands between these {{ and }}", opening)
        yield inside, opening + 2
        at = closing + 2
    yield text[at:], None


def _closing(text: str, at: int) -> int | None:
    """Return where the braces that were opened are closed; those in quotes and of maps are others."""
    quote, depth = "", 0
    while at < len(text):
        char = text[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        elif text.startswith(_CLOSING, at):
            return at
        at += 1
    return None


def _is_writable(kind: Kind) -> bool:
    inside = bare(kind)
    return _is_writable(inside.of) if isinstance(inside, ListOf) else not isinstance(inside, MapOf | Shape)


def _bound_once(
    values: Mapping[str, Any] | Bound, parts: tuple[str | Expression, ...]
) -> Bound | Mapping[str, Any]:
    first = next((part for part in parts if isinstance(part, Expression)), None)
    if first is None or isinstance(values, Bound):
        return values
    return bind(values, first.scope, engine=first.engine)


def written(value: Any) -> str:
    """Return a value as people write it: amounts exactly, times in UTC, nothing for null.

    Raises:
        EvaluationError: it is several named values.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return str(value)
        case Decimal():
            return f"{value:f}"
        case float():
            return f"{value:.15g}"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case timedelta():
            return _length(value)
        case list() | tuple():
            return ", ".join(written(one) for one in value)
        case Mapping():
            raise EvaluationError("several named values stand where a text is wanted")
        case _:
            return str(value)


def _length(value: timedelta) -> str:
    """Return a length of time as ``2d 3h 5m``."""
    minutes, seconds = divmod(abs(int(value.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{n}{unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")) if n]
    return ("-" if value < timedelta() else "") + (" ".join(parts) or "0m")
