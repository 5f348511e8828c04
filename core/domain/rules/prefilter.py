"""Which rules cannot start for an order, whatever rules do: told from what only others tell of it. Pure.

Of a condition ``a && b`` it is enough that ``a`` is false: by CEL the whole is false then, whatever ``b`` is. It is
told only of orders of a usual size, for which no condition can be refused as too costly to compute.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.config.rules import Rule
from core.domain.rules.values import checked_values, order_values
from core.domain.state import OrderState
from core.expressions import Bound, EvaluationError, Expression, ExpressionError, bind, compile_expression
from core.expressions.cost import Sizes
from core.expressions.parser import parse
from core.expressions.printed import printed
from core.expressions.tree import Field, Logic, Loop, Name, Node, inner
from core.model import facts as f
from core.model.products import Product
from core.model.triggers import Trigger

OF_CHANNEL = frozenset({
    *("id", "number", "channel", "placed_at", "test", "total", "currency", "shipping", "discount"),
    *("paid_currency", "method", "ship_by", "deliver_by", "customer", "ship_to", "lines", "units", "weight_g"),
    *("skus", "programs", "cancel_requested", "attributes"),
})  # fmt: skip
"""The values of an order that are the same wherever it stands, until its channel tells it anew."""
OF_CHECK = frozenset({"risk", "risk_level"})
"""Those that are the same until its channel tells it anew, or its payment is checked."""
CHECKED = frozenset({"state", "paid", "disputed", "gateways"})
"""The same of ``order.payment``."""
_MOST_ENTRIES, _LONGEST_TEXT, _MOST_FACTS = 100, 1_000, 200
_LARGEST = Sizes(longest_list=_MOST_ENTRIES, longest_text=100_000, values=5_000)
"""No larger are the values of an order of a usual size, with all that rules may have said of it."""


@dataclass(frozen=True, slots=True)
class Prefilter:
    """What of the rules of two files can be told of an order beforehand."""

    fixed: Mapping[str, tuple[tuple[Expression, ...], ...]]
    """By rule, for each version of it: the parts of its condition that look at nothing else."""
    names: frozenset[str]
    """What these parts look at, of an order."""
    together: Expression | None
    """False where each rule has a part that is; None where it cannot be one expression."""

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "Prefilter":
        """Return that of rules about orders; two may have one id."""
        found: defaultdict[str, list[tuple[Expression, ...]]] = defaultdict(list)
        for rule in rules:
            found[rule.id].append(tuple(_fixed_parts(rule)))
        fixed = {name: tuple(versions) for name, versions in found.items() if all(versions)}
        parts = (parse(part.text) for versions in fixed.values() for one in versions for part in one)
        names = frozenset(name or "" for part in parts for name in _names(part, frozenset()))
        return cls(fixed, names, _together([one for versions in fixed.values() for one in versions]))

    def never(
        self, facts: Sequence[f.Fact], products: Mapping[str, Product], now: datetime
    ) -> frozenset[str]:
        """Return the rules of which no version can start for an order."""
        if not self.fixed or not _is_usual(facts):
            return frozenset()
        scope = next(iter(self.fixed.values()))[0][0].scope
        bound = [bind(values, scope) for values in self._tellings(facts, products, now)]
        if not all(map(_is_modest, bound)):
            return frozenset()
        if self.together is not None and all(_is_false(self.together, one) for one in bound):
            return frozenset(self.fixed)
        return frozenset(
            name
            for name, versions in self.fixed.items()
            if all(any(_is_false(part, one) for part in parts) for parts in versions for one in bound)
        )

    def _tellings(
        self, facts: Sequence[f.Fact], products: Mapping[str, Product], now: datetime
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the values of an order for each way in which its channel told it and its payment was checked, each once."""
        checks: list[f.PaymentChecked] = []
        if self.names & {*OF_CHECK, "payment"}:
            checks = [fact for fact in facts if isinstance(fact, f.PaymentChecked)]
        told: list[dict[str, Any]] = []
        for fact in facts:
            if not isinstance(fact, f.Received | f.Changed):
                continue
            values = order_values(OrderState(order=fact.order, needs=fact.needs), fact.order, products, now)
            known = {name: values[name] for name in self.names}
            if known in told:
                continue  # told as before: then it is so with each check too
            told.append(known)
            yield {"order": values, "now": now}
            for check in checks:
                checked = checked_values(OrderState(payment=check), fact.order)
                with_check = known | {name: value for name, value in checked.items() if name in self.names}
                if with_check not in told:
                    told.append(with_check)
                    yield {"order": with_check, "now": now}


def _fixed_parts(rule: Rule) -> Iterator[Expression]:
    """Yield the parts of a rule's condition that look at nothing else; none where it listens to an order's standing still.

    Such a rule has the hub look at an order at instants of its own.
    """
    condition = rule.condition
    if condition is None or Trigger.ORDER_STUCK in rule.triggers or not condition.is_cheap_over(_LARGEST):
        return
    tree = parse(condition.text)
    is_all = isinstance(tree, Logic) and tree.operator == "&&"
    for part in tree.operands if isinstance(tree, Logic) and is_all else (tree,):
        if None not in _names(part, frozenset()):
            try:
                yield compile_expression(printed(part), condition.scope, wants=bool, engine=condition.engine)
            except ExpressionError:
                continue  # it cannot stand by itself


def _together(rules: Sequence[Sequence[Expression]]) -> Expression | None:
    """Return one expression that is false where each rule has a part that is false."""
    if not rules:
        return None
    first = rules[0][0]
    text = " || ".join("(" + " && ".join(f"({part.text})" for part in parts) + ")" for parts in rules)
    try:
        return compile_expression(text, first.scope, wants=bool, engine=first.engine)
    except ExpressionError:
        return None


def _names(node: Node, own: frozenset[str]) -> Iterator[str | None]:
    """Yield what a part looks at of an order; None for all that something else may change. A loop names its own entries."""
    match node:
        case Field(of=Field(of=Name(name="order"), name="payment"), name=name) if "order" not in own:
            yield "payment" if name in CHECKED else None
        case Field(of=Name(name="order"), name=name) if "order" not in own:
            yield name if name in OF_CHANNEL | OF_CHECK else None
        case Name(name=name):
            yield from () if name in own else (None,)
        case Loop(over=over, name=name, body=body):
            yield from _names(over, own)
            yield from _names(body, own | {name})
        case _:
            for one in inner(node):
                yield from _names(one, own)


def _is_usual(facts: Sequence[f.Fact]) -> bool:
    """Return whether no list that is made of an order's facts can be long."""
    if len(facts) > _MOST_FACTS or sum(isinstance(fact, f.Quoted) for fact in facts) > _MOST_ENTRIES:
        return False
    orders = [fact for fact in facts if isinstance(fact, f.Received | f.Changed)]
    units = [fact for fact in facts if isinstance(fact, f.UnitsCommitted)]
    return (
        sum(len(fact.allocations) + len(fact.backordered) for fact in units) <= _MOST_ENTRIES
        and max((max(len(fact.needs), len(fact.order.lines)) for fact in orders), default=0) <= _MOST_ENTRIES
    )


def _is_modest(bound: Bound) -> bool:
    try:
        sizes = bound.converted().sizes
    except EvaluationError:
        return False
    return sizes.are_modest and sizes.longest_text <= _LONGEST_TEXT


def _is_false(part: Expression, bound: Bound) -> bool:
    try:
        return part.evaluate(bound) is False
    except EvaluationError:
        return False
