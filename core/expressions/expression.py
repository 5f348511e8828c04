"""An expression that was read and checked, and its value over what a rule sees."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from core.expressions.checker import Checker
from core.expressions.cost import Cost, Sizes, cost
from core.expressions.engine import TOO_MUCH, Engine, Program
from core.expressions.kinds import Basic, Kind, ListOf, Nullable, bare, holds_any, told
from core.expressions.mistakes import EvaluationError, ExpressionError
from core.expressions.operators import NO_MONEY, ONLY_PLAIN, refuse_amounts
from core.expressions.parser import parse
from core.expressions.scope import Scope
from core.expressions.tree import Call, Literal, Node, inner, path
from core.expressions.usual import usual_engine
from core.expressions.values import Bound, Converted, looked_up

_WANTED: dict[type, tuple[Kind, ...]] = {
    bool: (Basic.TRUTH,),
    str: (Basic.TEXT,),
    int: (Basic.WHOLE,),
    float: (Basic.NUMBER, Basic.WHOLE),
    Decimal: (Basic.MONEY, Basic.WHOLE),
    datetime: (Basic.TIME,),
    timedelta: (Basic.SPAN,),
}


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression of one scope."""

    text: str
    kind: Kind
    wants: type | None
    scope: Scope = field(repr=False)
    engine: Engine = field(repr=False)
    _path: tuple[str, ...] | None = field(repr=False)
    _program: Program = field(repr=False)
    _cost: Cost = field(repr=False)
    _computes_any: bool = field(repr=False)
    _gives_any: bool = field(repr=False)

    def evaluate(self, values: Mapping[str, Any] | Bound) -> Any:
        """Return the value over some values; a plain path gives what stands there as it is.

        Raises:
            EvaluationError: it has none; the message holds nothing of the values.
        """
        bound = values if isinstance(values, Bound) else bind(values, self.scope, engine=self.engine)
        if self._path is not None:
            found = looked_up(bound.values, self._path, self.scope)
        else:
            found = self._over(bound.converted())
        if self.wants is not None and not _is_wanted(found, self.wants):
            raise EvaluationError(f"{_wanted(self.wants)} is wanted, and it gives something else")
        return found

    def is_cheap_over(self, sizes: Sizes) -> bool:
        """Return whether it is never refused as too costly over values that are no larger."""
        return not self._cost.exceeds(sizes)

    def _over(self, values: Converted) -> Any:
        if values.has_untold_money and self._computes_any:
            raise EvaluationError(NO_MONEY)
        if values.has_untold_money and self._gives_any:
            raise EvaluationError(ONLY_PLAIN)
        if (self._cost.has_loops or not values.are_modest) and self._cost.exceeds(values.sizes):
            raise EvaluationError(TOO_MUCH)
        return self._program(values.data)


def bind(values: Mapping[str, Any], scope: Scope, *, engine: Engine | None = None) -> Bound:
    """Return values for many expressions of a scope, to be converted once.

    They are plain: dict, list, str, int, float, bool, None, Decimal, datetime, date, timedelta.
    """
    return Bound(values, scope, engine or usual_engine())


def compile_expression(
    text: str, scope: Scope, *, wants: type | None = None, engine: Engine | None = None
) -> Expression:
    """Return the expression of a text; ``wants`` is the type that its value must have.

    Raises:
        ExpressionError: it is none, names what is not there, compares or computes what does not fit, or gives
            something else than is wanted.
    """
    chosen, tree = engine or usual_engine(), parse(text)
    checker = Checker(scope)
    kind = checker.kind(tree)
    names = path(tree)
    if names is None:
        refuse_amounts(tree, kind)
    if wants is not None:
        _check_wanted(tree, kind, wants)
    program = chosen.compiled(tree, scope)
    _check_patterns(tree, scope, chosen)
    return Expression(
        text=text,
        kind=kind,
        wants=wants,
        scope=scope,
        engine=chosen,
        _path=names,
        _program=program,
        _cost=cost(tree, checker.kinds),
        _computes_any=checker.computes_any,
        _gives_any=holds_any(kind),
    )


def _check_wanted(tree: Node, kind: Kind, wants: type) -> None:
    if kind is Basic.ANY or kind in _WANTED.get(wants, ()) or (wants is list and isinstance(kind, ListOf)):
        return
    says = f"{_wanted(wants)} is wanted here, and this is {told(kind)}"
    if isinstance(kind, Nullable) and bare(kind) is Basic.TRUTH and wants is bool:
        says += "; write == true after it"
    elif wants is bool and path(tree) is not None:
        says += "; compare it with something"
    raise ExpressionError(says, tree.at)


def _wanted(wants: type) -> str:
    return told(ListOf(Basic.ANY) if wants is list else _WANTED[wants][0])


def _is_wanted(found: Any, wants: type) -> bool:
    if isinstance(found, bool):
        return wants is bool
    if isinstance(found, int) and wants in (float, Decimal):
        return True
    return isinstance(found, wants)


def _check_patterns(tree: Node, scope: Scope, engine: Engine) -> None:
    """Try every pattern, so that a wrong one is refused when it is read."""
    for call in _patterns(tree):
        (pattern,) = call.arguments
        trial = Call(
            at=0, function="matches", function_at=0, of=Literal(at=0, value=""), arguments=(pattern,)
        )
        try:
            engine.compiled(trial, scope)(engine.bound({}, scope))
        except (EvaluationError, ExpressionError) as error:
            says = "this is no pattern; . * + ? ( ) [ ] have a meaning in one, and \\ before them takes it"
            raise ExpressionError(says, pattern.at) from error


def _patterns(node: Node) -> Iterator[Call]:
    if isinstance(node, Call) and node.function == "matches":
        yield node
    for one in inner(node):
        yield from _patterns(one)
