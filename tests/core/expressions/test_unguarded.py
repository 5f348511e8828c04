"""A condition that could not be computed where a value is null is advised against, at the value, when it is read."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.expressions import EvaluationError, Scope, compile_expression
from core.expressions.parser import parse
from core.expressions.unguarded import unguarded
from core.model.rule_values import EventValues, OrderValues
from tests.core.rules.files import config_of
from tests.core.rules.test_conflicts_any import CONDITIONS, ORDERS, looked_at

pytestmark = pytest.mark.req("R75")

SCOPE = Scope.of({"order": OrderValues, "event": EventValues, "now": datetime})
FAILS = {
    "order.customer.orders > 3": ("order.customer.orders", 0),
    "order.weight_g / 1000 > 5": ("order.weight_g", 0),
    "order.test && order.weight_g > 5": ("order.weight_g", 14),
    "order.weight_g > 5 || order.test": ("order.weight_g", 0),
    "order.assignee.startsWith('a')": ("order.assignee", 0),
    "!(order.weight_g > 2)": ("order.weight_g", 2),
    "order.test ? order.weight_g > 5 : order.risk > 5": ("order.weight_g", 13),
    "order.weight_g == null && order.weight_g > 5": ("order.weight_g", 0),
}
HOLDS_UP = [
    "order.customer.orders != null && order.customer.orders > 3",
    "order.customer.orders > 3 && order.customer.orders != null",
    "order.customer.orders == null || order.customer.orders > 3",
    "order.weight_g == null ? false : order.weight_g > 3",
    "order.customer.orders == 3",
    "order.weight_g in [1, 2]",
    "order.weight_g != order.units",
    "order.lines.exists(l, l.sku == 'MUG')",
    "order.total > 5",
    "event.minutes > 5",
]


def advised(text: str) -> list[tuple[str, int]]:
    return [(".".join(names), at) for names, at in unguarded(parse(text), SCOPE, but=frozenset({"event"}))]


@pytest.mark.parametrize("text", FAILS)
def test_a_value_that_may_be_null_is_told_where_it_stands(text: str) -> None:
    assert advised(text) == [FAILS[text]]


@pytest.mark.parametrize("text", HOLDS_UP)
def test_what_can_be_computed_with_null_is_not_told(text: str) -> None:
    assert advised(text) == []


@settings(max_examples=200, deadline=None)
@given(text=CONDITIONS, orders=st.lists(ORDERS, min_size=10, max_size=10))
def test_what_is_not_told_is_computed_whatever_is_null(text: str, orders: list[dict[str, Any]]) -> None:
    bare = text.replace("order.customer.orders != null && ", "")
    condition = compile_expression(bare, SCOPE, wants=bool)
    told = advised(bare)

    for order in orders:
        try:
            condition.evaluate(looked_at({**order, "customer": {"orders": None}}))
        except EvaluationError:
            assert [name for name, _ in told] == ["order.customer.orders"]


def test_the_advice_names_the_place_and_what_to_write() -> None:
    config = config_of(
        """
        rules:
          - {id: one, when: order.verified, if: order.weight_g > 9000, then: [{if: "order.customer.orders < 2", tag: a}]}
        """
    )

    says = "may be null, and this cannot be computed then; write"
    weight, orders = map(str, config.advice)
    assert (
        weight == f"crossdock.yaml:14:41: if: order.weight_g {says} order.weight_g != null && ... around it"
    )
    assert orders == (
        f"crossdock.yaml:14:77: if: order.customer.orders {says} order.customer.orders != null && ... around it"
    )
