"""Two rules that can match the same order with different results are found, with an order that shows it."""

from collections.abc import Mapping
from typing import Any

import pytest

from core.domain.rules.conflict_words import conflict_advice, conflict_problems, tried_text
from core.domain.rules.conflicts import conflicts_of
from core.domain.rules.contradictions import CONTRADICTING
from core.domain.rules.trial_words import failing_tests
from core.errors import ConfigError
from core.model.triggers import Trigger
from tests.core.rules.files import config_of

pytestmark = pytest.mark.req("R75")

WEST, EAST = "route: {to: [west]}", "route: {to: [east]}"


def two(one: str, other: str, *, first: str = WEST, second: str = EAST, when: str = "order.verified") -> str:
    conditions = [f", if: {condition!r}" if condition else "" for condition in (one, other)]
    return (
        "rules:\n"
        f"  - {{id: one, when: {when}{conditions[0]}, then: [{{{first}}}]}}\n"
        f"  - {{id: other, when: {when}{conditions[1]}, then: [{{{second}}}]}}\n"
    )


BOTH: list[tuple[str, str, Mapping[str, Any]]] = [
    ("", "", {}),
    ("order.total > 500", "", {"total": 501}),
    ("order.total > 500", "order.ship_to.state in ['CA', 'NV']", {"total": 501, "ship_to": {"state": "CA"}}),
    ("order.total >= 500", "order.total <= 500", {"total": 500}),
    ("order.units > 5", "order.units < 7", {"units": 6}),
    ("order.total > 100", "order.total > 200 && order.risk >= 70", {"total": 201, "risk": 70}),
    ("order.risk_level == 'high'", "order.risk_level != 'low'", {"risk_level": "high"}),
    ("'vip' in order.tags", "!('gift' in order.tags)", {"tags": ["vip"]}),
    ("'vip' in order.tags", "size(order.tags) >= 2", {"tags": ["vip", "other0"]}),
    (
        "order.channel == 'shop' || order.test",
        "!(order.channel == 'shop')",
        {"test": True, "channel": "post"},
    ),
    ("order.method.startsWith('Exp')", "order.method.endsWith('day')", {"method": "Expday"}),
    ("order.method.matches('(?i)^express|overnight')", "", {"method": "express"}),
    ("order.customer.orders == null", "", {"customer": {"orders": None}}),
    (
        "order.customer.orders != null && order.customer.orders > 3",
        "order.customer.orders != 4",
        {"customer": {"orders": 5}},
    ),
    ("order.lines.exists(l, l.sku == 'MUG' && l.qty > 3)", "", {"lines": [{"sku": "MUG", "qty": 4}]}),
    (
        "order.lines.exists(l, l.sku == 'MUG')",
        "!order.lines.exists(l, l.qty < 2)",
        {"lines": [{"qty": 2, "sku": "MUG"}]},
    ),
    (
        "order.lines.exists(l, l.sku == 'MUG') && order.lines.exists(l, l.sku == 'TEE')",
        "order.lines.all(l, l.ships)",
        {"lines": [{"sku": "MUG", "ships": True}, {"sku": "TEE", "ships": True}]},
    ),
    ("order.skus.exists(s, s.startsWith('GLASS-'))", "", {"skus": ["GLASS-"]}),
    ("order.units > 5 ? order.test : order.total > 9", "order.units <= 5", {"units": 5, "total": 10}),
    ("has(order.attributes.gift) && order.attributes.gift == true", "", {"attributes": {"gift": True}}),
    ("order.tags.all(t, t == 'gift')", "order.tags.all(t, t == 'vip')", {"tags": []}),
    ("5 < order.units", "7 > order.units", {"units": 6}),
    ("order.ship_to.po_box", "order.ship_to.country == 'US'", {"ship_to": {"po_box": True, "country": "US"}}),
    ("order.risk > 60", "order.risk_level != 'low'", {"risk": 65, "risk_level": "medium"}),
    (
        "order.units > 5",
        "order.lines.exists(l, l.sku == 'MUG')",
        {"units": 6, "lines": [{"sku": "MUG", "qty": 6}]},
    ),
    (
        "order.units > 5",
        "order.lines.exists(l, l.qty == 2)",
        {"units": 6, "lines": [{"qty": 2}, {"qty": 4}]},
    ),
    (
        "'MUG' in order.skus && 'TEE' in order.skus",
        "order.lines.exists(l, l.qty > 3)",
        {"skus": ["MUG", "TEE"], "lines": [{"qty": 4, "sku": "MUG"}, {"sku": "TEE"}]},
    ),
    ("order.stage != 'ready' && order.stage.startsWith('s')", "", {"stage": "shipped"}),
]


@pytest.mark.parametrize(("one", "other", "order"), BOTH)
def test_an_order_that_both_rules_match_is_found(one: str, other: str, order: Mapping[str, Any]) -> None:
    found = conflicts_of(config_of(two(one, other)))

    (conflict,) = found.found
    assert conflict.given == ({"order": order} if order else {})
    assert [act.said for act in conflict.acts] == [{"to": ["west"]}, {"to": ["east"]}]
    assert (found.undecided, found.unsearched) == ((), 0)


NEVER_BOTH = [
    ("order.total > 500", "order.total <= 500"),
    ("order.units > 5", "order.units < 6"),
    ("order.channel == 'shop'", "order.channel == 'amz'"),
    ("order.ship_to.state in ['CA', 'NV']", "order.ship_to.state in ['NY', 'PA']"),
    ("order.ship_to.country == 'US'", "order.ship_to.country != 'US'"),
    ("order.ship_to.po_box", "!order.ship_to.po_box"),
    ("'vip' in order.tags", "!('vip' in order.tags)"),
    ("order.lines.exists(l, l.sku == 'MUG' && l.qty > 3)", "!order.lines.exists(l, l.sku == 'MUG')"),
    ("order.lines.exists(l, l.qty > 3)", "order.lines.all(l, l.qty <= 3)"),
    ("order.risk >= 70 || order.total > 500", "order.risk < 70 && order.total < 400"),
    ("order.method == 'Express'", "order.method.startsWith('Stand')"),
    ("event.trigger == 'order.routed'", ""),
    ("order.customer.orders == null", "order.customer.orders == 3"),
    ("order.units < 0", ""),
    ("order.total < 0", ""),
    ("order.lines.exists(l, l.price < 0)", ""),
    ("order.customer.orders != null && order.customer.orders < 0", ""),
    ("order.risk > 100", ""),
    ("order.stage == 'packed'", ""),
    ("order.payment.state == 'paid'", ""),
    ("order.channel == 'nobody'", ""),
    ("order.risk > 80 && order.risk_level == 'high'", "order.risk < 70"),
    ("order.stage.matches('^x')", ""),
]


@pytest.mark.parametrize(("one", "other"), NEVER_BOTH)
def test_rules_that_no_order_can_match_both_are_no_conflict(one: str, other: str) -> None:
    found = conflicts_of(config_of(two(one, other)))

    assert (found.found, found.undecided, found.unsearched) == ((), (), 0)


UNKNOWN = [
    ("now.getHours('UTC') == 3", ""),
    ("now - order.placed_at > duration('9999h')", ""),
    ("order.total == order.shipping && order.total > 5", "order.shipping == 0"),
    ("order.lines.exists_one(l, l.qty == 77)", ""),
    ("order.method.matches('^[b-d]{2}x$')", ""),
    ("order.method.startsWith('AB')", "!order.method.contains('B')"),
    (
        "order.method.startsWith('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!')",
        "order.method.matches('^(a+)+$')",
    ),
    ("order.total < 10", "order.lines.exists(l, l.price > 100)"),
    ("order.total > 50", "order.payment.paid != null && order.payment.paid < 20"),
    ("order.lines.exists(l, l.qty == 3)", "order.units == 2"),
    ("order.skus.all(s, s == 'MUG') && 'MUG' in order.skus", "order.lines.exists(l, l.sku == 'TEE')"),
    ("order.items.exists(i, i.units == 3)", "order.units == 2"),
    ("order.risk > 80", "order.risk_level == 'low'"),
]


@pytest.mark.parametrize(("one", "other"), UNKNOWN)
def test_what_nobody_can_say_is_not_decided(one: str, other: str) -> None:
    config = config_of(two(one, other))
    found = conflicts_of(config)

    assert found.found == ()
    assert [(above.id, below.id) for above, below in found.undecided] == [("one", "other")]
    (advice,) = map(str, conflict_advice(config, found))
    assert advice == (
        "crossdock.yaml:14:5: rules: not decided whether 'one' (crossdock.yaml:13:5) and 'other' can match the same"
        " and contradict each other; a test: with both would show it"
    )


CONTRADICTORY = [
    ("assign: alice", "assign: bob"),
    ("cancel: gone", "buy_label: true"),
    ("cancel: gone", "capture: true"),
    ("hold: look", "buy_label: true"),
    ("hold: look", "release: by_rule"),
    ("label: {max: 20}", "label: {max: 30}"),
    (WEST, EAST),
    ("tag: [gift, vip]", "untag: [vip]"),
]


@pytest.mark.parametrize(("first", "second"), [*CONTRADICTORY, *(pair[::-1] for pair in CONTRADICTORY)])
def test_actions_contradict_in_either_order(first: str, second: str) -> None:
    config = config_of(two("order.units == 3", "order.units > 2", first=first, second=second))

    (conflict,) = conflicts_of(config).found

    assert conflict.given == {"order": {"units": 3}}
    assert [act.action for act in conflict.acts] == [first.partition(":")[0], second.partition(":")[0]]


def test_every_pair_of_actions_is_tried_above() -> None:
    tried = {frozenset(one.partition(":")[0] for one in pair) for pair in CONTRADICTORY}

    assert tried == {frozenset(pair) for pair in CONTRADICTING} - {frozenset({"set_buffer"})}


SAME = [
    ("assign: alice", "assign: alice"),
    ("tag: [gift]", "untag: [vip]"),
    ("tag: [gift]", "tag: [vip]"),
    (WEST, WEST),
    ("hold: look", "hold: look again"),
    ("hold: look", "release: risk"),
    ("hold: look", "cancel: gone"),
    ("label: {max: 20}", "label: {max: 20}"),
    ("label: {via: post}", "label: {via: post, choose: cheapest, format: png}"),
    ("label: {max: 20}", "label: {max: 20, via: post}"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_what_goes_together_is_no_conflict(first: str, second: str) -> None:
    found = conflicts_of(config_of(two("order.units == 3", "order.units > 2", first=first, second=second)))

    assert (found.found, found.undecided) == ((), ())


def test_two_rules_about_stock_that_keep_other_units_back_contradict() -> None:
    shop, more = "set_buffer: {channel: shop, units: 2}", "set_buffer: {channel: shop, units: 5}"
    config = config_of(
        two(
            "stock.available < 3", "stock.sku.startsWith('GLASS-')", first=shop, second=more, when="stock.low"
        )
    )

    (conflict,) = conflicts_of(config).found

    assert conflict.trigger is Trigger.STOCK_LOW
    assert conflict.given == {"stock": {"available": 2, "sku": "GLASS-"}}


SETTLED = {
    "what is said of every label, and otherwise of some": """
        rules:
          - {id: one, when: order.verified, then: [{label: {max: 20}}]}
          - {id: other, when: order.verified, if: order.units > 3, then: [{label: {max: 30}}]}
        """,
    "a rule that stops those below it": """
        rules:
          - {id: one, when: order.verified, then: [{route: {to: [west]}}], stop: true}
          - {id: other, when: order.verified, then: [{route: {to: [east]}}]}
        """,
    "a rule that says so": """
        rules:
          - {id: one, when: order.verified, then: [{route: {to: [west]}}]}
          - {id: other, when: order.verified, then: [{route: {to: [east]}}], overrides: [one]}
        """,
    "another trigger": """
        rules:
          - {id: one, when: order.received, then: [{route: {to: [west]}}]}
          - {id: other, when: order.verified, then: [{route: {to: [east]}}]}
        """,
    "a step's own condition": """
        rules:
          - {id: one, when: order.verified, then: [{if: order.test, route: {to: [west]}}]}
          - {id: other, when: order.verified, then: [{if: "!order.test", route: {to: [east]}}]}
        """,
    "what would be done after the end": """
        rules:
          - {id: one, when: order.verified, then: [{stop: true}, {route: {to: [west]}}]}
          - {id: other, when: order.verified, then: [{route: {to: [east]}}]}
        """,
    "the same rule's last word": """
        rules:
          - {id: one, when: order.verified, then: [{route: {to: [west]}}, {route: {to: [east]}}]}
          - {id: other, when: order.verified, then: [{route: {to: [east]}}]}
        """,
    "what is said of every label otherwise": """
        rules:
          - {id: usual, when: order.verified, then: [{label: {max: 20}}]}
          - {id: one, when: order.verified, if: order.units > 3, then: [{label: {choose: fastest}}]}
          - {id: other, when: order.verified, then: [{if: order.units > 4, label: {max: 20, choose: fastest}}]}
        """,
    "what is done after a wait": """
        rules:
          - {id: one, when: order.verified, then: [{wait: 2h}, {route: {to: [west]}}]}
          - {id: other, when: order.verified, then: [{route: {to: [east]}}]}
        """,
}


@pytest.mark.parametrize("why", SETTLED)
def test_what_the_file_settles_is_no_conflict(why: str) -> None:
    found = conflicts_of(config_of(SETTLED[why]))

    assert (found.found, found.undecided) == ((), ())


def test_an_order_that_a_third_rule_keeps_from_both_shows_nothing() -> None:
    config = config_of(
        """
        rules:
          - {id: first, when: order.verified, if: order.units > 2, then: [{tag: [many]}], stop: true}
          - {id: one, when: order.verified, if: order.units > 5, then: [{route: {to: [west]}}]}
          - {id: other, when: order.verified, then: [{route: {to: [east]}}]}
        """
    )

    found = conflicts_of(config)

    assert found.found == ()
    assert [(above.id, below.id) for above, below in found.undecided] == [("one", "other")]


def test_what_is_computed_is_compared_as_it_comes_out() -> None:
    same = two("", "", first="assign: '{{order.channel}}'", second="assign: shop")
    other = two("", "", first="assign: '{{order.channel}}'", second="assign: alice")

    assert conflicts_of(config_of(same)).found == ()
    (conflict,) = conflicts_of(config_of(other)).found
    assert [act.said["to"] for act in conflict.acts] == ["shop", "alice"]


def test_a_conflict_is_told_with_both_places_and_a_test_that_shows_it() -> None:
    text = two("order.total > 500", "order.ship_to.state in ['CA', 'NV']")
    config = config_of(text)

    found = conflicts_of(config)

    (told,) = map(str, conflict_problems(config, found))
    assert told == (
        "crossdock.yaml:14:5: rules: 'one' (crossdock.yaml:13:5) and 'other' can match the same and contradict each"
        " other: route {to: [west]} and route {to: [east]}; tried with when: order.verified, given: {order: {total:"
        " 501, ship_to: {state: CA}}}. Have their conditions exclude each other, or give 'one' stop: true, or, where"
        " 'other' is to count, give it overrides: [one]"
    )
    pasted = f"tests:\n  - {{name: both, {tried_text(found.found[0])}, expect: [route, route], rules: [one, other]}}\n"
    tested = config_of(text + pasted)
    assert len(tested.tests) == 1
    assert failing_tests(tested) == ()


def test_a_route_that_only_some_orders_get_is_not_the_last_word() -> None:
    config = config_of(
        """
        rules:
          - {id: one, when: order.verified, then: [{route: {to: [west]}}, {if: order.test, route: {to: [east]}}]}
          - {id: other, when: order.verified, then: [{route: {to: [east]}}]}
        """
    )

    (conflict,) = conflicts_of(config).found

    assert [act.said for act in conflict.acts] == [{"to": ["west"]}, {"to": ["east"]}]


def test_the_time_is_asked_for_at_every_order_that_is_made() -> None:
    asked = iter([False, False, True])
    config = config_of(two("order.units > 9 || order.risk > 9", "order.units < 0"))

    found = conflicts_of(config, is_over=lambda: next(asked))

    assert (found.found, found.undecided, found.unsearched) == ((), (), 1)


def test_choices_within_choices_are_read_once_each() -> None:
    condition = "order.test"
    for number in range(20):
        condition = f"({condition} ? order.units > {number} : order.risk > {number})"

    found = conflicts_of(config_of(two(condition, "order.units < 3")))

    assert (found.found, len(found.undecided), found.unsearched) == ((), 1, 0)


def test_what_no_time_was_left_for_is_counted() -> None:
    config = config_of(two("order.units > 1", ""))
    found = conflicts_of(config, is_over=lambda: True)

    assert (found.found, found.undecided, found.unsearched) == ((), (), 1)
    (told,) = map(str, conflict_advice(config, found))
    assert told == (
        "crossdock.yaml:13:5: rules: 1 pair of rules was not compared for conflicts: the time for it was over"
    )


@pytest.mark.parametrize("name", ["other", "onne", "nobody"])
def test_only_a_rule_above_can_be_overridden(name: str) -> None:
    near = "; did you mean 'one'?" if name == "onne" else ""
    with pytest.raises(ConfigError) as refused:
        config_of(
            "rules:\n"
            f"  - {{id: one, when: order.verified, then: [{{{WEST}}}]}}\n"
            f"  - {{id: other, overrides: [{name}], when: order.verified, then: [{{{EAST}}}]}}\n"
        )

    says = str(refused.value)
    assert says.startswith("crossdock.yaml:14:")
    assert f"overrides: no rule above this one is named '{name}'" in says
    assert near in says
