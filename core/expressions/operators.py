"""Which values are compared and computed with which: money is compared, never computed with."""

import re

from core.expressions.kinds import (
    NUMBERS,
    ORDERED,
    Basic,
    Kind,
    ListOf,
    MapOf,
    bare,
    holds_money,
    is_alike,
    told,
)
from core.expressions.mistakes import ExpressionError
from core.expressions.tree import Binary, Literal, Node

ARITHMETIC = ("+", "-", "*", "/", "%")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
NO_MONEY = "money is compared here, never computed with; the hub does that itself, exactly"
ONLY_PLAIN = "money is passed on only by its plain name, as in order.total"

_COMPUTED: dict[tuple[Kind, str, Kind], Kind] = {
    **{(kind, sign, kind): kind for kind in (Basic.WHOLE, Basic.NUMBER) for sign in ("+", "-", "*", "/")},
    (Basic.WHOLE, "%", Basic.WHOLE): Basic.WHOLE,
    (Basic.TEXT, "+", Basic.TEXT): Basic.TEXT,
    (Basic.TIME, "+", Basic.SPAN): Basic.TIME,
    (Basic.SPAN, "+", Basic.TIME): Basic.TIME,
    (Basic.SPAN, "+", Basic.SPAN): Basic.SPAN,
    (Basic.TIME, "-", Basic.SPAN): Basic.TIME,
    (Basic.TIME, "-", Basic.TIME): Basic.SPAN,
    (Basic.SPAN, "-", Basic.SPAN): Basic.SPAN,
}


def result(node: Binary, left: Kind, right: Kind) -> Kind:
    """Return the kind of what two values give.

    Raises:
        ExpressionError: they are not for this operator.
    """
    if node.operator in ARITHMETIC:
        return _computed(node, left, right)
    if node.operator == "in":
        _check_member(node, left, right)
    elif node.operator in ("==", "!="):
        _check_equality(node, left, right)
    else:
        _check_order(node, left, right)
    return Basic.TRUTH


def refuse_money(node: Node, kind: Kind) -> None:
    """Refuse to compute with an amount.

    Raises:
        ExpressionError: it is one.
    """
    if bare(kind) is Basic.MONEY:
        raise ExpressionError(NO_MONEY, node.at)


def _computed(node: Binary, left: Kind, right: Kind) -> Kind:
    refuse_money(node.left, left)
    refuse_money(node.right, right)
    one, other = bare(left), bare(right)
    if (one, node.operator, other) in _COMPUTED:
        return _COMPUTED[one, node.operator, other]
    kinds = (one, other)
    if Basic.ANY in kinds:
        known = other if one is Basic.ANY else one
        if known in (Basic.ANY, Basic.TEXT, Basic.WHOLE, Basic.NUMBER, Basic.TIME, Basic.SPAN):
            return Basic.TEXT if known is Basic.TEXT and node.operator == "+" else Basic.ANY
    says = f"'{node.operator}' is not for {told(left)} and {told(right)}"
    if kinds in ((Basic.WHOLE, Basic.NUMBER), (Basic.NUMBER, Basic.WHOLE)):
        says += "; write whole numbers as 2.0 or double(x)"
    elif Basic.TEXT in kinds and node.operator == "+" and Basic.WHOLE in kinds:
        says += "; write string(x) to join a number to a text"
    elif isinstance(one, ListOf) or isinstance(other, ListOf):
        says += "; lists are not joined"
    raise ExpressionError(says, node.operator_at)


def _check_member(node: Binary, left: Kind, right: Kind) -> None:
    inside = bare(right)
    if inside is Basic.ANY:
        return
    if inside is Basic.TEXT:
        says = "'in' looks into a list; to look into text, write text.contains('part')"
        raise ExpressionError(says, node.operator_at)
    if not isinstance(inside, ListOf | MapOf):
        raise ExpressionError(f"'in' looks into a list, and this is {told(right)}", node.right.at)
    entries = inside.of if isinstance(inside, ListOf) else Basic.TEXT
    if not is_alike(bare(left), entries):
        says = f"{told(left)} is never in this list, which holds {told(entries)}"
        raise ExpressionError(says, node.left.at)


def _check_equality(node: Binary, left: Kind, right: Kind) -> None:
    if is_alike(left, right):
        return
    for side, kind, other in ((node.left, left, right), (node.right, right, left)):
        if other is Basic.NOTHING:
            raise ExpressionError("this is never null", side.at)
        if isinstance(bare(kind), ListOf) and not isinstance(bare(other), ListOf):
            says = f"this is a list and never equals {told(other)}; write 'x' in list"
            raise ExpressionError(says, side.at)
    says = f"{told(left)} never equals {told(right)}{_as_other(node, left, right)}"
    raise ExpressionError(says, node.operator_at)


def _as_other(node: Binary, left: Kind, right: Kind) -> str:
    """Return how to write a value out so that it is of the other side's kind."""
    for side, kind in ((node.left, bare(right)), (node.right, bare(left))):
        value = side.value if isinstance(side, Literal) else None
        if isinstance(value, str) and kind in (*NUMBERS, Basic.MONEY) and _NUMBER.fullmatch(value):
            return f"; write {value}, without quotes"
        if isinstance(value, int | float) and not isinstance(value, bool) and kind is Basic.TEXT:
            return f"; write '{value}', in quotes"
        if isinstance(value, str) and kind is Basic.TIME:
            return "; write timestamp('2026-12-01T00:00:00Z')"
        if isinstance(value, str) and kind is Basic.TRUTH:
            return "; write true or false, without quotes"
    return ""


def _check_order(node: Binary, left: Kind, right: Kind) -> None:
    one, other = bare(left), bare(right)
    if (one in NUMBERS and other in NUMBERS) or (one == other and one in ORDERED):
        return
    orderable = (*NUMBERS, *ORDERED, Basic.ANY)
    if Basic.ANY in (one, other) and one in orderable and other in orderable:
        return
    says = f"'{node.operator}' does not compare {told(left)} with {told(right)}"
    if one is Basic.TRUTH and isinstance(node.left, Binary) and other in NUMBERS:
        says += "; write 1 < x && x < 5, each comparison by itself"
    else:
        says += _as_other(node, left, right)
    raise ExpressionError(says, node.operator_at)


def refuse_amounts(node: Node, kind: Kind) -> None:
    """Refuse a result with an amount in it: through CEL it would be rounded.

    Raises:
        ExpressionError: there is one.
    """
    if holds_money(kind):
        raise ExpressionError(ONLY_PLAIN, node.at)
