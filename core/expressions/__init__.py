"""Expressions of crossdock.yaml: CEL, checked when it is read, bounded when it is evaluated, behind one adapter."""

from core.expressions.expression import Expression, bind, compile_expression
from core.expressions.mistakes import EvaluationError, ExpressionError
from core.expressions.scope import Scope
from core.expressions.template import Template, Value, compile_template, value_of, written
from core.expressions.values import Bound

__all__ = [
    "Bound",
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "Scope",
    "Template",
    "Value",
    "bind",
    "compile_expression",
    "compile_template",
    "value_of",
    "written",
]
