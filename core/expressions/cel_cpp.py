"""Evaluates by Google's cel-cpp (cel-expr-python)."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from cel_expr_python import cel
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from core.expressions import engine
from core.expressions.cel_cpp_types import typed
from core.expressions.engine import Program
from core.expressions.mistakes import EvaluationError, ExpressionError
from core.expressions.printed import printed
from core.expressions.scope import Scope
from core.expressions.tree import Node

_SAID = re.compile(r"<input>:-?[0-9]+:-?[0-9]+: (.*)")
_SAYS = (
    ("Key not found", engine.NOT_THERE),
    ("Index error", engine.NO_ENTRY),
    ("Applying SELECT", engine.NOT_FOR_THESE),
    ("No matching overloads", engine.NOT_FOR_THESE),
    ("Invalid container type", engine.NOT_FOR_THESE),
    ("divide by zero", engine.BY_ZERO),
    ("modulus by zero", engine.BY_ZERO),
    ("overflow", engine.NOT_CONVERTED),
    ("onver", engine.NOT_CONVERTED),
    ("teration", engine.TOO_MUCH),
)


class CelCpp:
    """The engine. Types are checked as the models say, values are evaluated as they come."""

    def compiled(self, tree: Node, scope: Scope) -> Program:
        """Return what evaluates an expression, after its types were checked a second time."""
        checking, running = _environments(scope)
        text = printed(tree, loose=True)
        try:
            checking.compile(text)
            expression = running.compile(text)
        except RuntimeError as error:
            raise _refusal(error, tree) from error

        def run(bound: Any) -> Any:
            try:
                found = expression.eval(bound)
            except RuntimeError as error:  # so it ends one that looked at too many entries
                raise EvaluationError(_says(str(error))) from None
            return _value(found)

        return run

    def bound(self, values: Mapping[str, Any], scope: Scope) -> Any:
        """Return an activation."""
        return _environments(scope)[1].Activation(values)

    def time(self, instant: datetime) -> Any:
        """Return the only form that is taken inside of a map."""
        made = Timestamp()
        made.FromDatetime(instant)
        return made

    def span(self, length: timedelta) -> Any:
        """Return the only form that is taken inside of a map."""
        made = Duration()
        made.FromTimedelta(length)
        return made


@lru_cache(maxsize=256)
def _environments(scope: Scope) -> tuple[Any, Any]:
    pool, variables = typed(scope)
    anything = dict.fromkeys(variables, cel.Type.DYN)
    return cel.NewEnv(pool, variables=variables), cel.NewEnv(variables=anything)


def _value(found: Any) -> Any:
    """Return a value. An evaluation that failed is one as well: this is the one place that looks."""
    kind = found.type().name()
    if kind in ("ERROR", "UNKNOWN"):
        raise EvaluationError(_says(str(found.value())))
    return found.plain_value()


def _says(told: str) -> str:
    """Return a sentence of ours for one of the engine's, which may quote the values."""
    return next((says for part, says in _SAYS if part in told), engine.NO_VALUE)


def _refusal(error: Exception, tree: Node) -> ExpressionError:
    """Return what the engine finds wrong that our own walk did not: nothing is known of that kind."""
    found = _SAID.search(str(error))
    return ExpressionError(f"this does not fit together: {found[1] if found else 'it is refused'}", tree.at)
