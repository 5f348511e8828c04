"""Rules that say how every order's labels are bought; what is wrong with a rule is told where it stands, with what is possible."""

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
        ("when: order.routed", "when: order.recieved",
         "47:11: when: 'order.recieved' is no trigger; did you mean 'order.received'?"),
        ("- label: {", "- charge: {}\n        label: {",
         "49:9: unknown key 'charge' in rules[1].then[0]; did you mean 'capture'?"),
        ("format: zpl", "format: gif", "49:66: format: 'gif' is not known here (one of: pdf, png, zpl)"),
        ("max: 40.00", "max: -1", "49:51: max: '-1' is no price; write a number above 0, as in 40.00"),
        ("max: 40.00", "max: 40 USD", "49:51: max: '40 USD' is no price; write 40"),
        ("choose: cheapest", "choose: best", "49:36: choose: 'best' is not known here (one of: cheapest, fastest)"),
        ("via: post", "via: posd", "49:22: via: no connection is named 'posd'; did you mean 'post'?"),
        ("via: post", "via: shop", "49:22: via: 'shop' uses shopify, which sells no labels; name an easypost connection"),
        ("{{error.message}}", "{{error.mesage}}",
         "50:51: reason: error has no 'mesage'; did you mean 'message'?"),
        ("id: ship", "id: split", "46:9: id: rule 'split' is given twice; first in line 43"),
        ('else: [{hold: {reason: "No label: {{error.message}}"}}]', "else: []",
         "50:15: else: 1 or more are wanted, not 0"),
        ("[{split: {by: location, only: when_needed}}]", "[]", "45:11: then: 1 or more are wanted, not 0"),
        ("[{split: {by: location, only: when_needed}}]", "[{}]",
         ("45:12: then: one action is wanted in a step: assign, buy_label, cancel, capture, hold, http, label, "
         "note, notify, release, route, split, stop, tag, untag, wait")),
        ("[{split: {by: location, only: when_needed}}]",
         "[{split: {by: location}, else: [{hold: {reason: no}}]}]",
         "45:36: else: 'split' cannot fail; else goes with assign, cancel, http, label, notify, release, route, wait"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_told_where_it_stands(old: str, new: str, says: str) -> None:
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


@pytest.mark.req("R75")
def test_everything_that_is_wrong_is_told_at_once_also_expressions_of_rules_that_have_other_faults() -> None:
    rules = """\
rules:
  - id: Hold Risky
    when: order.verifed
    if: order.totl > 500
    then:
      - hold: "Risk {{order.rsk}}"
        timeout: 2s
      - tag: VIP
        if: order.number == 5
      - notify: {to: ops, text: "{{order.nmber}}", colour: red}
      - tags: [a]
      - "stop"
  - id: after
    when: order.ready
    then: [{note: "{{order.stge}}"}]
"""
    assert wrong(GOOD + rules) == [
        "43:9: id: 'Hold Risky' is no name; write small letters, digits, '-' and '_', as in hold-risky",
        "44:11: when: 'order.verifed' is no trigger; did you mean 'order.verified'?",
        "45:15: if: order has no 'totl'; did you mean 'total'?",
        "47:29: hold: order has no 'rsk'; did you mean 'risk'?",
        "48:9: timeout: 'hold' cannot take too long; timeout goes with http, notify",
        "49:14: tag: 'VIP' is no tag; write small letters, digits and '-', at most 40",
        "50:26: if: text never equals a whole number; write '5', in quotes",
        "51:22: to: 'ops' is no mail address; write one as in ops@example.com",
        "51:42: text: order has no 'nmber'; did you mean 'number'?",
        "51:52: unknown key 'colour' in rules[0].then[2].notify (one of: subject, text, to, via)",
        "52:9: unknown key 'tags' in rules[0].then[3]; did you mean 'tag'?",
        "53:9: then[4]: names and values are wanted here, as in stop: ...",
        "56:28: note: order has no 'stge'; did you mean 'stage'?",
    ]


@pytest.mark.req("R75")
@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ('{when: order.ready, then: [{note: "${SECRET}"}]}',
         "43:46: ${NAME} reads the environment under 'connections' only"),
        ('{when: order.ready, if: "order.number == \'${SECRET}\'", then: [{note: x}]}',
         "43:36: ${NAME} reads the environment under 'connections' only"),
    ],
)  # fmt: skip
def test_a_rule_reads_no_environment(rule: str, says: str) -> None:
    assert says in wrong(GOOD + "rules:\n  - " + rule.replace("{when", "{id: r, when") + "\n")


@pytest.mark.req("R75")
def test_a_wait_for_what_never_comes_for_a_rule_is_refused() -> None:
    rule = "{id: r, when: stock.out, then: [{wait: {until: order.shipped, for: 2d}}]}"

    assert wrong(f"{GOOD}rules:\n  - {rule}\n") == [
        "43:52: until: 'order.shipped' never comes for a rule about stock"
    ]
