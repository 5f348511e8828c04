"""The border: plain values of the hub on one side, values that an engine takes on the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from core.expressions.cost import Sizes
from core.expressions.engine import NOT_THERE, Engine
from core.expressions.kinds import Basic, Kind, ListOf, MapOf, Shape, bare
from core.expressions.mistakes import EvaluationError
from core.expressions.scope import Scope

MOST_ENTRIES = 1_000
"""Of any one list or map."""
_DEEPEST = 32
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


class Bound:
    """Values for many expressions of one scope; they are converted once, when the first needs it."""

    def __init__(self, values: Mapping[str, Any], scope: Scope, engine: Engine) -> None:
        self.values = values
        self.scope = scope
        self.engine = engine
        self._made: Converted | None = None

    def converted(self) -> "Converted":
        """Return the values as the engine takes them.

        Raises:
            EvaluationError: a list is too long, or a value is of no kind that an expression sees.
        """
        if self._made is None:
            border = _Border(self.engine)
            plain = {
                name: border.taken(self.values.get(name), kind) for name, kind in self.scope.variables.items()
            }
            sizes = Sizes(border.longest_list, border.longest_text, border.count)
            data = self.engine.bound(plain, self.scope)
            self._made = Converted(data, sizes, sizes.are_modest, border.has_untold_money)
        return self._made


class Converted(NamedTuple):
    """What an engine takes, and how large it is."""

    data: Any
    sizes: Sizes
    are_modest: bool
    has_untold_money: bool
    """Whether an amount is among values of which no model says what they are."""


@dataclass(slots=True)
class _Border:
    """Converts, and notes how much went through."""

    engine: Engine
    longest_list: int = 0
    longest_text: int = 0
    count: int = 0
    has_untold_money: bool = False
    _depth: int = field(default=0, repr=False)

    def taken(self, value: Any, kind: Kind) -> Any:
        """Return a value as the engine takes it; of a shape, every field and no other, null where it is missing."""
        self.count += 1
        if value is None or value is True or value is False:
            return value
        if type(value) is str or type(value) is int:
            return self._single(value, kind)
        match bare(kind):
            case Shape(fields=fields) if isinstance(value, Mapping):
                return self._several(
                    lambda: {name: self.taken(value.get(name), of) for name, of in fields.items()}
                )
            case ListOf(of=of) if isinstance(value, list | tuple | set | frozenset):
                self._measure(value)
                return self._several(lambda: [self.taken(one, of) for one in value])
            case MapOf(of=of) if isinstance(value, Mapping):
                self._measure(value)
                return self._several(
                    lambda: {self._text(key): self.taken(one, of) for key, one in value.items()}
                )
            case _ if isinstance(value, Mapping):
                return self.taken(value, MapOf(Basic.ANY))
            case _ if isinstance(value, list | tuple | set | frozenset):
                return self.taken(value, ListOf(Basic.ANY))
            case _:
                return self._single(value, kind)

    def _single(self, value: Any, kind: Kind) -> Any:
        match value:
            case Enum():
                return self._single(value.value, kind)
            case str():
                return self._text(value)
            case int():
                if not _SMALLEST <= value <= _LARGEST:
                    raise EvaluationError("a whole number is too large for an expression")
                return int(value)
            case Decimal():
                # The one place where an amount loses its exactness: from here on it is only compared.
                self.has_untold_money |= bare(kind) not in (Basic.MONEY, Basic.NUMBER)
                return float(value)
            case float():
                return float(value)
            case datetime():
                return self.engine.time(_aware(value))
            case date():
                return value.isoformat()
            case timedelta():
                return self.engine.span(value)
        raise EvaluationError(f"no expression sees a value of the type {type(value).__name__}")

    def _text(self, value: Any) -> str:
        text = str(value)
        if not text.isascii():  # half a surrogate is no character, and the engine fails at it
            text = text.encode("utf-8", "replace").decode("utf-8")
        if "\0" in text:  # where the engine would end it
            text = text.replace("\0", "?")
        self.longest_text = max(self.longest_text, len(text))
        return text

    def _measure(self, value: Any) -> None:
        if len(value) > MOST_ENTRIES:
            raise EvaluationError(
                f"a list has more than {MOST_ENTRIES} entries, the most that an expression sees"
            )
        self.longest_list = max(self.longest_list, len(value))

    def _several(self, made: Callable[[], Any]) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise EvaluationError(
                f"values are nested deeper than {_DEEPEST}, the most that an expression sees"
            )
        inside = made()
        self._depth -= 1
        return inside


def _aware(value: datetime) -> datetime:
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def looked_up(values: Mapping[str, Any], names: tuple[str, ...], scope: Scope) -> Any:
    """Return what stands under a path, exactly as it was given; what a null is asked for is null.

    Raises:
        EvaluationError: nothing stands there, of what has no known names.
    """
    found: Any = values.get(names[0])
    kind: Kind = scope.variables[names[0]]
    for name in names[1:]:
        if found is None:
            return None
        inside = bare(kind)
        is_known = isinstance(inside, Shape)
        if not isinstance(found, Mapping) or (not is_known and name not in found):
            raise EvaluationError(NOT_THERE)
        found = found.get(name)
        kind = inside.fields[name] if isinstance(inside, Shape) else _within(inside)
    return found


def _within(kind: Kind) -> Kind:
    return kind.of if isinstance(kind, MapOf) else Basic.ANY
