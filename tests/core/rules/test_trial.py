"""Tests of a file are run without store and vendors, by the code that runs rules."""

from textwrap import dedent, indent

import pytest
from pydantic import BaseModel

from connectors.bogus.settings import BogusSettings
from core.config.loader import read
from core.domain.rules.trial_words import failing_tests
from core.errors import ConfigError
from tests.core.rules.files import config_of

pytestmark = pytest.mark.req("S30")

KNOWN: dict[str, type[BaseModel]] = {"bogus": BogusSettings}
HEAD = """\
version: 1
merchant: kendra
connections:
  shop: {use: bogus, with: {plays: shop}}
  crm: {use: bogus, with: {plays: tool}}
  mail: {use: bogus, with: {plays: mailer}}
  post: {use: bogus, with: {plays: carrier}}
locations:
  reno: {name: Reno, street1: 1 Depot Way, city: Reno, state: NV, zip: "89502", country: US, timezone: America/Los_Angeles, cutoff: "15:00"}
  easton: {name: Easton, street1: 1 Depot Way, city: Easton, state: PA, zip: "18042", country: US, timezone: America/New_York, cutoff: "15:00"}
sla: {stages: {on_hold: 4h}}
"""


def failing(rules: str, tests: str) -> list[str]:
    """Run tests over rules; return what fails, without where the file has it."""
    text = f"{HEAD}rules:\n{indent(dedent(rules), '  ')}tests:\n{indent(dedent(tests), '  ')}"
    config = read(text, file="crossdock.yaml", environ={}, known=KNOWN)
    assert config.tests
    return [problem.says.removeprefix("tests: ") for problem in failing_tests(config)]


RISKY = """\
- id: hold-risky
  when: order.verified
  if: order.risk >= 70 || (order.total > 500 && order.customer.orders == 0)
  then: [{hold: {reason: "Risk {{order.risk}}"}}]
  stop: true
- {id: all, when: order.verified, then: [{tag: seen}, {notify: {to: ops@example.test, text: "{{order.number}}"}}]}
"""


def test_a_test_that_comes_out_as_expected_says_nothing() -> None:
    assert (
        failing(
            RISKY,
            """\
            - {name: a, when: order.verified, given: {order: {total: 640, customer: {orders: 0}}}, expect: [hold]}
            - {name: b, when: order.verified, given: {order: {risk: 71}}, expect: [{hold: Risk 71}], rules: [hold-risky]}
            - {name: c, when: order.verified, expect: [tag, notify], rules: [all]}
            - {name: d, when: order.received, expect: []}
            """,
        )
        == []
    )


@pytest.mark.req("R75")
def test_a_test_that_fails_says_where_it_stands_what_was_expected_and_what_came() -> None:
    text = f"{HEAD}rules:\n{indent(RISKY, '  ')}tests:\n  - {{name: risky, when: order.verified, expect: [hold]}}\n"
    config = read(text, file="crossdock.yaml", environ={}, known=KNOWN)

    [problem] = failing_tests(config)

    line = len(text.splitlines())
    assert str(problem) == (f"crossdock.yaml:{line}:49: tests: 'risky' expected hold, and got tag, notify")


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ("given: {order: {risk: 70}}, expect: []", "expected nothing, and got hold"),
        ("given: {order: {risk: 70}}, expect: [{hold: Risk 71}]",
         "expected hold {reason: Risk 71}, and got hold {reason: Risk 70}"),
        ("expect: [{tag: [seen, gift]}, notify]", "expected tag {tags: [seen, gift]}, notify, and got tag {tags: [seen]}, notify"),
        ("expect: [tag, {notify: {to: me@example.test}}]",
         "expected tag, notify {to: me@example.test}, and got tag, notify {to: [ops@example.test]}"),
        ("expect: [tag, notify], rules: [hold-risky]", "expected the rules hold-risky, and got all"),
        ("expect: [tag, notify], rules: []", "expected the rules none, and got all"),
    ],
)  # fmt: skip
def test_only_what_is_named_is_compared(test: str, says: str) -> None:
    assert failing(RISKY, f"- {{name: a, when: order.verified, {test}}}\n") == [f"'a' {says}"]


def test_later_steps_see_what_steps_before_them_did() -> None:
    rules = """\
    - id: a
      when: order.verified
      then:
        - tag: gift
        - assign: rae
        - if: "order.tags.exists(t, t == 'gift') && order.assignee == 'rae'"
          hold: look
        - if: order.stage == 'on_hold'
          note: "{{order.holds}}"
        - release: by_rule
        - if: order.stage == 'ready'
          untag: gift
    - {id: b, when: order.verified, then: [{if: size(order.tags) > 0, note: late}]}
    """
    tests = """\
    - name: a
      when: order.verified
      expect: [tag, assign, hold, {note: by_rule}, release, untag]
      rules: [a, b]
    """
    assert failing(rules, tests) == []


def test_a_step_fails_as_the_test_says_and_its_else_is_done() -> None:
    rules = """\
    - id: ship
      when: order.routed
      then:
        - id: cheapest
          label: {via: post, max: 25.00}
          else: [{hold: {reason: "No label: {{error.message}} ({{error.code}})"}}]
        - notify: {to: ops@example.test, text: hi}
    """
    tests = """\
    - {name: a, when: order.routed, given: {fail: {label: carrier_down}}, expect: [label, {hold: "No label: carrier down (carrier_down)"}, notify]}
    - {name: b, when: order.routed, given: {fail: {cheapest: {code: gone, message: no more}}}, expect: [label, {hold: "No label: no more (gone)"}, notify]}
    - {name: c, when: order.routed, given: {fail: {notify: refused}}, expect: [{label: {via: post, max: 25}}, notify]}
    """
    assert failing(rules, tests) == []


def test_a_rule_that_says_for_every_order_which_label_is_bought_is_tried_too() -> None:
    rules = "- {id: ship, when: order.routed, then: [{label: {via: post, choose: cheapest}}]}\n"
    tests = "- {name: a, when: order.routed, expect: [{label: {choose: cheapest}}]}\n"
    assert failing(rules, tests) == []


def test_what_an_address_answers_is_used_by_later_steps() -> None:
    rules = """\
    - id: ask
      when: order.verified
      then:
        - id: score
          http: {via: crm, path: "/score/{{order.number}}", json: {total: "=order.total"}, take: {points: body.points}}
          else: [{tag: unknown}]
        - if: steps.score.points > 50
          hold: "{{steps.score.points}} points, {{steps.score.status}}"
    """
    tests = """\
    - name: high
      when: order.verified
      given: {order: {total: 79.5}, answers: {score: {points: 71}}}
      expect: [{http: {path: /score/1001, json: {total: "79.5"}}}, {hold: "71 points, 200"}]
    - {name: low, when: order.verified, given: {answers: {score: {points: 12}}}, expect: [http]}
    - {name: down, when: order.verified, given: {fail: {score: unavailable}, answers: {score: {points: 12}}}, expect: [http, tag]}
    """
    assert failing(rules, tests) == [
        "'down' expected http, tag, and got http, tag, hold; rule ask: null, or a value of another kind, stands where this cannot be; ask != null first"
    ]


def test_what_is_computed_in_a_path_adds_no_folder_and_no_parameter() -> None:
    rules = """\
    - id: ask
      when: order.verified
      then:
        - http: {via: crm, path: "/a/{{order.number}}?of={{order.number}}&b=/1", json: {path: "{{order.number}}", http: {path: "{{order.number}}"}}}
        - http: {via: crm, path: "='/a/' + order.number"}
        - http: {via: crm, path: "/a/b?c=d"}
    """
    tests = """\
    - name: a
      when: order.verified
      given: {order: {number: "K/K-1?x=1&ü {}"}}
      expect:
        - http: {path: "/a/K%2FK-1%3Fx%3D1%26%C3%BC%20%7B%7D?of=K%2FK-1%3Fx%3D1%26%C3%BC%20%7B%7D&b=/1", json: {path: "K/K-1?x=1&ü {}", http: {path: "K/K-1?x=1&ü {}"}}}
        - http: {path: "/a/K/K-1%3Fx%3D1%26%C3%BC%20%7B%7D"}
        - http: {path: "/a/b?c=d"}
    """
    assert failing(rules, tests) == []


def test_what_cannot_be_computed_holds_the_order_and_says_why() -> None:
    rules = '- {id: odd, when: order.verified, if: "order.parcels[3].labelled", then: [{tag: odd}]}\n'
    tests = "- {name: a, when: order.verified, expect: [tag]}\n"
    [told] = failing(rules, tests)
    assert told == (
        "'a' expected tag, and got hold; rule odd: a list has fewer entries than the one that is read"
    )


LATER = """\
- id: cancel
  when: order.held
  if: event.reason == 'by_rule'
  then:
    - wait: {until: order.released, for: 48h}
      else: [{cancel: "nobody released it in {{order.hours}} h"}, {stop: true}]
    - note: released
- id: remind
  when: order.held
  then: [{wait: 2h}, {note: "{{order.minutes}} min"}, {wait: 2h}, {tag: old}]
"""


def test_time_passes_and_waits_end_in_their_order() -> None:
    tests = """\
    - name: nobody comes
      when: order.held
      expect: []
      rules: [cancel, remind]
      then:
        - {after: 119m, expect: []}
        - {after: 1m, expect: [{note: 120 min}]}
        - {after: 44h, expect: [tag]}
        - {after: 2h, expect: [{cancel: nobody released it in 49 h}]}
        - {after: 100d, expect: []}
    """
    assert failing(LATER, tests) == []


def test_what_a_run_waits_for_may_come() -> None:
    tests = """\
    - name: somebody comes
      when: order.held
      given: {event: {reason: by_rule}}
      expect: []
      then:
        - {when: order.tagged, given: {order: {tags: [gift]}}, expect: []}
        - {after: 1h, when: order.released, given: {order: {stage: ready, holds: []}}, expect: [{note: released}]}
        - {after: 5d, expect: [note, tag]}
    - {name: another hold, when: order.held, given: {event: {reason: risk}}, expect: [], rules: [remind]}
    """
    assert failing(LATER, tests) == []


KEEPS = """\
- id: score
  when: order.verified
  then:
    - http: {via: crm, path: /score, take: {score: body.score}}
    - {if: order.total > 100, hold: large}
"""


def test_a_step_that_fails_before_a_hold_holds_the_order_as_in_the_hub() -> None:
    tests = """\
    - name: fails
      when: order.verified
      given: {fail: {http: {code: refused, message: no}}}
      expect: [http, {hold: "rule score: http failed: no"}]
    - name: labelled by then
      when: order.verified
      given: {order: {stage: labelled}, fail: {http: {code: refused, message: no}}}
      expect: [http]
    """
    assert failing(KEEPS, tests) == []


def test_a_step_that_cannot_be_computed_holds_the_order_once() -> None:
    rules = """\
    - id: odd
      when: order.verified
      then: [{if: "order.parcels[3].labelled", tag: odd}, {hold: large}]
    """
    [told] = failing(rules, "- {name: a, when: order.verified, expect: [tag]}\n")
    assert told == (
        "'a' expected tag, and got hold; rule odd: a list has fewer entries than the one that is read"
    )


def test_what_came_while_a_run_did_something_else_is_not_waited_for() -> None:
    rules = """\
    - id: slow
      when: order.held
      then: [{wait: 1h}, {wait: {until: order.released, for: 48h}, else: [{cancel: late}, {stop: true}]}, {note: released}]
    """
    tests = """\
    - name: meanwhile
      when: order.held
      expect: []
      then:
        - {after: 30m, when: order.released, given: {order: {stage: ready, holds: []}}, expect: []}
        - {after: 30m, expect: [{note: released}]}
    - name: before it began
      when: order.released
      expect: []
      then:
        - {when: order.held, expect: []}
        - {after: 1h, expect: []}
        - {after: 48h, expect: [cancel]}
    """
    assert failing(rules, tests) == []


def test_a_moment_that_comes_out_otherwise_says_when_and_the_rest_is_not_tried() -> None:
    tests = """\
    - name: a
      when: order.held
      expect: []
      then:
        - {after: 1h, expect: []}
        - {after: 1h, when: order.released, expect: [tag]}
        - {after: 1h, expect: [cancel]}
    """
    assert failing(LATER, tests) == ["'a' expected tag after 2h when order.released, and got note, note"]


def test_rules_about_stock_connections_and_hours_are_tried_too() -> None:
    rules = """\
    - {id: scarce, when: stock.low, if: stock.available <= 2, then: [{set_buffer: {channel: shop, units: 2}}, {notify: {to: ops@example.test, text: "{{stock.sku}}"}}]}
    - {id: lost, when: connection.lost, then: [{notify: {to: ops@example.test, text: "{{connection.name}}: {{connection.reason}}"}}]}
    - {id: nightly, every: day at 17:00, if: orders.on_hold > 0, then: [{notify: {to: ops@example.test, text: "{{orders.on_hold}} on hold"}}]}
    """
    tests = """\
    - {name: a, when: stock.low, given: {stock: {sku: MUG, available: 2}}, expect: [{set_buffer: {units: 2}}, {notify: {text: MUG}}]}
    - {name: b, when: stock.low, expect: []}
    - {name: c, when: connection.lost, given: {connection: {name: post, reason: paused}}, expect: [{notify: {text: "post: paused"}}]}
    - {name: d, schedule: nightly, given: {orders: {on_hold: 3}}, expect: [{notify: {text: 3 on hold}}], rules: [nightly]}
    - {name: e, schedule: nightly, expect: []}
    """
    assert failing(rules, tests) == []


def test_a_rule_is_not_asked_about_what_it_did_itself() -> None:
    rules = "- {id: a, when: order.tagged, then: [{tag: more}]}\n"
    tests = """\
    - {name: a, when: order.tagged, given: {event: {actor: "rule:a"}}, expect: []}
    - {name: b, when: order.tagged, given: {event: {actor: "user:u1"}}, expect: [tag]}
    """
    assert failing(rules, tests) == []


def test_a_hold_of_what_has_shipped_cannot_be_done() -> None:
    rules = "- {id: a, when: order.shipped, then: [{hold: no}, {tag: held}]}\n"
    [told] = failing(rules, "- {name: a, when: order.shipped, expect: [hold, tag]}\n")
    assert told.startswith("'a' expected hold, tag, and got hold; hold: nothing of the order can be held")


def test_a_test_may_be_of_some_rules_only() -> None:
    test = "- {name: a, when: order.verified, of: [all], given: {order: {risk: 99}}, expect: [tag, notify], rules: [all]}\n"
    assert failing(RISKY, test) == []


@pytest.mark.parametrize(
    "given",
    [
        "{hours: 999999999999999, minutes: 999999999999999999999}",
        "{hours: -5, placed_at: 2999-12-31T23:59Z}",
        "{lines: [{qty: 999999999999999999999999, price: 1}]}",
        "{lines: [], items: [], parcels: [], locations: [], tags: []}",
        "{items: [{sku: A, weight_g: null, origin: null}], weight_g: null}",
        "{lines: [{sku: null, ships: false}], stage: nonsense, risk_level: odd, holds: [odd]}",
        "{payment: {paid: null, state: odd}, customer: {orders: null}, assignee: null, ship_by: null}",
        "{risk: -1, total: -0.01, currency: ''}",
    ],
)
@pytest.mark.parametrize(
    "when", ["order.received", "order.held", "parcel.failed", "order.stuck", "payment.checked"]
)
def test_odd_values_are_tried_like_others(given: str, when: str) -> None:
    rules = f"""\
    - id: all
      when: {when}
      if: "order.total < 1000000 || order.units > 3 || order.lines.exists(l, l.qty > 3)"
      then: [{{tag: a}}, {{hold: "{{{{order.hours}}}} {{{{order.weight_g}}}} {{{{order.holds}}}}"}}, {{label: {{via: post}}}}, {{wait: 2h}}, {{note: "{{{{event.parcel}}}}"}}]
    """
    tests = f"- {{name: a, when: {when}, now: 2999-12-31T23:59Z, given: {{order: {given}}}, expect: [], then: [{{after: 3650d, expect: []}}]}}\n"
    assert len(failing(rules, tests)) <= 1


@pytest.mark.req("R75")
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            "Kara Smith",
            "no code, and the step would fail: texts that are kept have up to 64 letters, digits and",
        ),
        (
            "9007199254740992",
            "no number that is kept, and the step would fail: they go up to 9007199254740991",
        ),
        ("[1, 2]", "no single value, and the step would fail"),
    ],
)
def test_an_answer_that_no_step_would_keep_is_a_mistake(answer: str, says: str) -> None:
    rules = "rules: [{id: a, when: order.verified, then: [{id: s, http: {via: crm, take: {x: body.x}}}]}]\n"
    tests = "tests: [{name: t, when: order.verified, given: {answers: {s: {x: %s}}}, expect: [http]}]\n"

    with pytest.raises(ConfigError) as refused:
        config_of(rules + tests % answer)

    assert f"answers: x is {says}" in str(refused.value)
    assert "Kara" not in str(refused.value)
    assert len(config_of(rules + tests % "71.5").tests) == 1
