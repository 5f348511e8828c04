"""The rules that run so far, `split` and `label`; every other shape is refused where it stands, with what is possible."""

from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest

from core.config.rules import LabelRule
from tests.contracts import contracts
from tests.core.config.test_loader import GOOD, config_of, wrong

RULES = """\
rules:
  - id: split
    when: order.verified
    then: [{split: {by: location, only: when_needed}}]
  - id: ship
    when: order.routed
    then:
      - label: {via: post, choose: cheapest, max: 40.00, format: zpl}
        else: [{hold: {reason: "No label: {{error.message}}"}}]
"""


def test_the_merchants_own_rules_are_read() -> None:
    assert config_of(GOOD + RULES).labels == LabelRule(
        via="post", at_most=Decimal("40.00"), format="ZPL", no_label="No label: {{error.message}}"
    )


@pytest.mark.parametrize("rules", ["", "rules: []\n", RULES.partition("  - id: ship")[0]])
def test_without_a_label_rule_labels_are_bought_as_ever(rules: str) -> None:
    assert config_of(GOOD + rules).labels == LabelRule(
        via=None, at_most=None, format="PNG", no_label="{{error.message}}"
    )


def test_a_label_rule_may_say_as_little_as_nothing() -> None:
    bare = "rules:\n  - {id: ship, when: order.routed, then: [{label: {}}]}\n"
    assert config_of(GOOD + bare).labels == LabelRule()


@pytest.mark.parametrize(("written", "most"), [("40", "40"), ('"40.50"', "40.50"), ("0.01", "0.01")])
def test_the_most_a_label_may_cost_is_kept_as_it_is_written(written: str, most: str) -> None:
    assert config_of(GOOD + RULES.replace("40.00", written)).labels.at_most == Decimal(most)


@pytest.mark.req("R75")
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("when: order.routed\n", "when: order.routed\n    if: order.risk >= 70\n",
         "48:5: unknown key 'if' in rules[1] (one of: id, then, when)"),
        ("when: order.routed", "when: order.received",
         "47:11: when: 'order.received' is not known here; did you mean 'order.routed'?"),
        ("- label: {", "- charge: {}\n        label: {",
         "49:9: unknown key 'charge' in rules[1].then[0] (one of: else, label, split)"),
        ("format: zpl", "format: gif", "49:66: format: 'gif' is not known here (one of: pdf, png, zpl)"),
        ("max: 40.00", "max: -1", "49:51: max: '-1' is no price; write a number above 0, as in 40.00"),
        ("max: 40.00", "max: 40 USD", "49:51: max: '40 USD' is no price; write 40"),
        ("choose: cheapest", "choose: fastest", "49:36: choose: 'fastest' is not known here (one of: cheapest)"),
        ("via: post", "via: posd", "49:22: via: no connection is named 'posd'; did you mean 'post'?"),
        ("via: post", "via: shop", "49:22: via: 'shop' uses shopify, which sells no labels; name an easypost connection"),
        ("{{error.message}}", "{{order.risk}}",
         "50:32: reason: '{{order.risk}}' is not filled in; only {{error.message}} is"),
        ("id: ship", "id: split", "46:9: id: rule 'split' is given twice"),
        ("when: order.routed", "when: order.verified", "48:5: then: 'label' goes with when: order.routed"),
        ("when: order.verified", "when: order.routed", "45:5: then: 'split' goes with when: order.verified"),
        ('else: [{hold: {reason: "No label: {{error.message}}"}}]', "else: []",
         "50:15: else: 1 or more are wanted, not 0"),
        ("[{split: {by: location, only: when_needed}}]", "[]", "45:11: then: 1 or more are wanted, not 0"),
        ("[{split: {by: location, only: when_needed}}]", "[{}]", "45:12: then: one action is wanted: split or label"),
        ("[{split: {by: location, only: when_needed}}]",
         "[{split: {by: location}, else: [{hold: {reason: no}}]}]", "45:36: else goes with label"),
    ],
)  # fmt: skip
def test_any_other_rule_is_refused_where_it_stands(old: str, new: str, says: str) -> None:
    assert RULES.count(old) == 1
    assert says in wrong(GOOD + RULES.replace(old, new))


@pytest.mark.req("R75")
def test_two_rules_that_say_how_labels_are_bought_are_refused() -> None:
    second = "  - {id: again, when: order.routed, then: [{label: {}}]}\n"
    assert wrong(GOOD + RULES + second) == ["51:5: rules: 'ship' and 'again' both buy labels; keep one"]


def test_the_golden_days_own_file_loads_as_it_stands() -> None:
    day = Path(contracts().parent / "golden" / "kendra_day.yaml").read_text(encoding="utf-8")
    kendra = config_of(dedent(day.partition("\nconfig:")[2].partition("\n")[2].partition("\n# ---")[0]))

    assert (list(kendra.locations), kendra.promise("International")) == (["reno", "easton"], 7)
    assert kendra.labels == LabelRule(
        via="post", at_most=Decimal("40.00"), format="ZPL", no_label="No label: {{error.message}}"
    )
