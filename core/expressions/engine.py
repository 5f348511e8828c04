"""What an engine does, and what it says where an expression has no value."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from core.expressions.scope import Scope
from core.expressions.tree import Node

Program = Callable[[Any], Any]
"""Gives the value of an expression over bound values; raises EvaluationError."""


class Engine(Protocol):
    """Evaluates expressions that were read and checked."""

    def compiled(self, tree: Node, scope: Scope) -> Program:
        """Return what evaluates an expression.

        Raises:
            ExpressionError: the engine refuses it.
        """
        ...

    def bound(self, values: Mapping[str, Any], scope: Scope) -> Any:
        """Return values, once for many expressions; times and lengths of time in them are this engine's."""
        ...

    def time(self, instant: datetime) -> Any:
        """Return an instant as this engine takes it."""
        ...

    def span(self, length: timedelta) -> Any:
        """Return a length of time as this engine takes it."""
        ...


NOT_THERE = "a field or name that is read is not there; ask has(...) first"
NO_ENTRY = "a list has fewer entries than the one that is read"
NOT_FOR_THESE = "null, or a value of another kind, stands where this cannot be; ask != null first"
BY_ZERO = "a number is divided by 0"
NOT_CONVERTED = "a text is no number or time, or a number is too large"
TOO_MUCH = "a list is too long for what is asked of it"
NO_VALUE = "it has no value over these values"
