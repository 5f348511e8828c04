"""Evaluates by cel-python, which is all Python: where the other engine cannot be installed, and as a second opinion.

It is hundreds of times slower and checks no types, and in the comparing of numbers, of null and of values of different
kinds it leaves the specification; ``FUNCTIONS`` brings that back.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import celpy
import lark
from celpy import celtypes
from celpy.adapter import json_to_cel
from celpy.celparser import CELParseError
from celpy.evaluation import CELEvalError, Evaluator

from core.expressions import engine
from core.expressions.cel_python_functions import FUNCTIONS
from core.expressions.engine import Program
from core.expressions.mistakes import EvaluationError, ExpressionError
from core.expressions.printed import printed
from core.expressions.scope import Scope
from core.expressions.tree import Node

_SAYS = (
    (KeyError, engine.NOT_THERE),
    (IndexError, engine.NO_ENTRY),
    (ZeroDivisionError, engine.BY_ZERO),
    (ValueError, engine.NOT_CONVERTED),
    (TypeError, engine.NOT_FOR_THESE),
    (AttributeError, engine.NOT_FOR_THESE),
)
_MOST_CALLS = 20_000
_FAILURES = (CELEvalError, *(kind for kind, _ in _SAYS), RecursionError, OverflowError)


class _Evaluator(Evaluator):
    """Returns what fails in ``map``, ``filter`` and ``exists_one`` as a value, so that ``||`` may go on beside it."""

    def sub_evaluator(self, ast: "lark.Tree[lark.Token]") -> Evaluator:
        return _Evaluator(ast, activation=self.activation)

    def member_dot_arg(self, tree: "lark.Tree[lark.Token]") -> Any:
        try:
            return super().member_dot_arg(tree)
        except CELEvalError as error:
            return error


class _Runner(celpy.InterpretedRunner):
    def evaluate(self, context: Any) -> Any:
        return _Evaluator(ast=self.ast, activation=self.new_activation()).evaluate(context)


class CelPython:
    """The engine; always its interpreter, for its compiler fails where the interpreter was used before it."""

    def __init__(self) -> None:
        # It raises the interpreter's limit of recursion to 2,500, which what is nested 24 deep needs.
        self._environment = celpy.Environment(runner_class=_Runner)
        self._left = threading.local()
        self._functions = {name: self._counted(function) for name, function in FUNCTIONS.items()}

    def compiled(self, tree: Node, scope: Scope) -> Program:  # noqa: ARG002 - the other engine reads it
        """Return what evaluates an expression."""
        try:
            parsed = self._environment.compile(printed(tree))
            runner = self._environment.program(parsed, functions=self._functions)
        except CELParseError as error:
            raise ExpressionError("this does not fit together: it is refused", tree.at) from error

        def run(bound: Any) -> Any:
            self._left.calls = _MOST_CALLS
            try:
                return _plain(runner.evaluate(bound))
            except _FAILURES as error:
                raise EvaluationError(_says(error)) from None

        return run

    def bound(self, values: Mapping[str, Any], scope: Scope) -> Any:  # noqa: ARG002 - the other engine reads it
        """Return the values in this engine's types."""
        return {name: json_to_cel(value) for name, value in values.items()}

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that ends an evaluation which calls too many: this engine has no bound of its own."""

        def counted(*given: Any) -> Any:
            self._left.calls -= 1
            if self._left.calls < 0:
                raise EvaluationError(engine.TOO_MUCH)
            return function(*given)

        return counted

    def time(self, instant: datetime) -> Any:
        """Return an instant in this engine's type."""
        return celtypes.TimestampType(instant)

    def span(self, length: timedelta) -> Any:
        """Return a length of time in this engine's type."""
        return celtypes.DurationType(length)


def _says(error: BaseException) -> str:
    cause = error.args[1] if isinstance(error, CELEvalError) and len(error.args) > 1 else type(error)
    if isinstance(cause, type):
        return next((says for kind, says in _SAYS if issubclass(cause, kind)), engine.NO_VALUE)
    return engine.NO_VALUE


def _plain(value: Any) -> Any:
    match value:
        case CELEvalError():
            raise value
        case None:
            return None
        case bool() | celtypes.BoolType():
            return bool(value)
        case list():
            return [_plain(one) for one in value]
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case datetime():
            return datetime.fromtimestamp(value.timestamp(), tz=value.tzinfo)
        case timedelta():
            return timedelta(seconds=value.total_seconds())
        case _:
            return next(kind(value) for kind in (int, float, str) if isinstance(value, kind))
