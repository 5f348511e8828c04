"""Whatever two conditions say: an order that is told matches both, and where none is told none does."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config.merchant import MerchantConfig
from core.domain.rules.conflicts import conflicts_of
from core.domain.rules.trial_values import event_given, values_given
from core.expressions import EvaluationError
from core.model.triggers import Subject, Trigger
from tests.core.rules.files import config_of
from tests.core.rules.test_conflicts import two

pytestmark = pytest.mark.req("R75")

COUNTS = st.integers(0, 4)
WORDS = st.sampled_from(["A", "AB", "ABC", "B", "CB"])
COMPARED = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
TEXTS = st.sampled_from(["startsWith", "endsWith", "contains"])

ATOMS = st.one_of(
    st.builds("order.units {} {}".format, COMPARED, COUNTS),
    st.builds("{} {} order.risk".format, COUNTS, COMPARED),
    st.builds("order.total {} {}".format, COMPARED, st.sampled_from(["1", "1.5", "2.0", "3"])),
    st.builds("order.method {} '{}'".format, st.sampled_from(["==", "!="]), WORDS),
    st.builds("order.method.{}('{}')".format, TEXTS, WORDS),
    st.builds("order.method in ['{}', '{}']".format, WORDS, WORDS),
    st.builds("size(order.method) {} {}".format, COMPARED, COUNTS),
    st.builds("'{}' in order.tags".format, WORDS),
    st.builds("size(order.tags) {} {}".format, COMPARED, COUNTS),
    st.builds("order.tags.{}(t, t.{}('{}'))".format, st.sampled_from(["exists", "all"]), TEXTS, WORDS),
    st.builds("order.tags.{}(t, t == '{}')".format, st.sampled_from(["exists", "all"]), WORDS),
    st.builds(
        "order.lines.{}(l, l.qty {} {} && l.sku != '{}')".format,
        st.sampled_from(["exists", "all"]),
        COMPARED,
        COUNTS,
        WORDS,
    ),
    st.sampled_from(["order.test", "order.ship_to.po_box", "order.customer.orders == null"]),
    st.builds("(order.customer.orders != null && order.customer.orders {} {})".format, COMPARED, COUNTS),
)


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    )


CONDITIONS = st.recursive(ATOMS, _joined, max_leaves=5)
ORDERS = st.fixed_dictionaries(
    {
        "units": COUNTS,
        "risk": COUNTS,
        "total": st.sampled_from([1, 1.5, 2, 2.5, 3, 4]),
        "method": st.one_of(WORDS, st.just("")),
        "tags": st.lists(WORDS, max_size=3, unique=True),
        "lines": st.lists(st.fixed_dictionaries({"qty": COUNTS, "sku": WORDS}), min_size=1, max_size=2),
        "test": st.booleans(),
        "ship_to": st.fixed_dictionaries({"po_box": st.booleans()}),
        "customer": st.fixed_dictionaries({"orders": st.one_of(st.none(), COUNTS)}),
    }
)


PLAIN = config_of("")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def looked_at(order: dict[str, Any]) -> dict[str, Any]:
    values = values_given(PLAIN, Trigger.ORDER_VERIFIED, {"order": order}, Subject.ORDER, NOW)
    event = event_given("order.verified", {}, values, NOW)
    return {**values, "event": dict(event), "now": NOW}


def is_matched(config: MerchantConfig, order: dict[str, Any]) -> bool:
    values = looked_at(order)
    try:
        return all(rule.condition is None or rule.condition.evaluate(values) for rule in config.rules.rules)
    except EvaluationError:
        return False


@settings(max_examples=300, deadline=None)
@given(one=CONDITIONS, other=CONDITIONS, orders=st.lists(ORDERS, min_size=20, max_size=20))
def test_what_is_told_matches_both_and_what_is_not_told_matches_never(
    one: str, other: str, orders: list[dict[str, Any]]
) -> None:
    config = config_of(two(one, other))

    found = conflicts_of(config)

    for conflict in found.found:
        assert is_matched(config, dict(conflict.given.get("order", {})))
    if not found.found and not found.undecided:
        assert [order for order in orders if is_matched(config, order)] == []
