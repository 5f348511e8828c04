"""What ``tests:`` may say: each slip is told where it stands, with the nearest right name."""

from textwrap import dedent, indent

import pytest
from pydantic import BaseModel

from connectors.bogus.settings import BogusSettings
from core.config.loader import read
from core.config.merchant import MerchantConfig
from core.config.problems import ConfigFileError

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R75")]

KNOWN: dict[str, type[BaseModel]] = {"bogus": BogusSettings}
HEAD = """\
version: 1
merchant: kendra
connections:
  shop: {use: bogus, with: {plays: shop}}
  crm: {use: bogus, with: {plays: tool}}
  mail: {use: bogus, with: {plays: mailer}}
locations:
  reno: {name: Reno, street1: 1 Depot Way, city: Reno, state: NV, zip: "89502", country: US, timezone: America/Los_Angeles, cutoff: "15:00"}
rules:
  - id: ask
    when: order.verified
    then:
      - {id: score, http: {via: crm, take: {points: body.points}}}
      - {if: steps.score.points > 50, hold: "{{steps.score.points}} points"}
  - {id: nightly, every: day at 17:00, then: [{notify: {to: ops@example.test, text: hi}}]}
  - {id: scarce, when: stock.low, then: [{set_buffer: {channel: shop, units: 2}}]}
tests:
"""
FIRST = len(HEAD.splitlines()) + 1
"""The line of a test's first line."""


def config_of(tests: str) -> MerchantConfig:
    return read(HEAD + indent(dedent(tests), "  "), file="crossdock.yaml", environ={}, known=KNOWN)


def wrong(tests: str) -> list[str]:
    with pytest.raises(ConfigFileError) as caught:
        config_of(tests)
    first = f"crossdock.yaml:{FIRST}:"
    return [str(problem).removeprefix(first) for problem in caught.value.problems]


def test_a_file_says_how_its_tests_begin_and_go_on() -> None:
    [test] = config_of("""\
        - name: a score is waited for
          when: order.verified
          now: 2026-12-24T18:00Z
          given: {order: {total: 640, customer: {orders: 0}}, answers: {score: {points: 71}}}
          expect: [http, {hold: {reason: 71 points}}]
          rules: [ask]
          then: [{after: 2h, when: order.tagged, given: {event: {tag: gift}}, expect: []}]
        """).tests

    first, second = test.moments
    assert (test.name, test.now.isoformat()) == ("a score is waited for", "2026-12-24T18:00:00+00:00")
    assert first.given == {"order": {"total": 640, "customer": {"orders": 0}}}
    assert first.answers == {"score": {"points": 71}}
    assert [(one.action, one.said) for one in first.expect] == [
        ("http", {}),
        ("hold", {"reason": "71 points"}),
    ]
    assert (first.rules, second.rules) == (("ask",), None)
    assert (second.after.total_seconds(), second.trigger, second.given) == (
        7200,
        "order.tagged",
        {"event": {"tag": "gift"}},
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{order: {totl: 640}}", "unknown key 'totl' in tests[0].given.order; did you mean 'total'?"),
        ("{order: {total: much}}", "total: 'much' is no amount; write a number, as in 40.00"),
        ("{order: {total: null}}", "total: an amount is wanted, and nothing is given"),
        ('{order: {risk: "70"}}', "risk: a whole number is wanted; write 70, without quotes"),
        ("{order: {customer: {order: 0}}}",
         "unknown key 'order' in tests[0].given.order.customer; did you mean 'orders'?"),
        ("{order: {lines: [{quantity: 1}]}}",
         "unknown key 'quantity' in tests[0].given.order.lines[0] (one of: customized, discount, price, qty, ships, sku, title)"),
        ("{order: {tags: gift}}", "tags: a list is wanted here; write it in brackets: [gift]"),
        ("{order: {placed_at: yesterday}}",
         "placed_at: 'yesterday' is no instant; write day, T and time in UTC, as in 2026-12-24T18:00Z"),
        ("{event: {trigger: order.held}}", "unknown key 'trigger' in tests[0].given.event (one of: actor, amount, at, carrier, detail, minutes, parcel, price, reason, service, state, tag)"),
        ("{stock: {available: 1}}", "given: 'stock' is nothing that this test is about; write order"),
        ("{fail: {lable: gone}}", "fail: no step of the rules is 'lable' (one of: hold, http, notify, score, set_buffer)"),
        ("{fail: {http: {kode: gone}}}", "unknown key 'kode' in tests[0].given.fail.http; did you mean 'code'?"),
        ("{answers: {scor: {points: 1}}}", "answers: no http step has the id 'scor'; did you mean 'score'?"),
        ("{answers: {score: {point: 1}}}", "answers: step 'score' takes no 'point'; did you mean 'points'?"),
        ("{ordr: {}}", "unknown key 'ordr' in tests[0].given; did you mean 'order'?"),
    ],
)  # fmt: skip
def test_what_is_given_is_of_known_names_and_right_types(given: str, says: str) -> None:
    told = wrong(f"- {{name: a, when: order.verified, given: {given}, expect: []}}\n")
    assert says in [one.partition(": ")[2] for one in told]


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ("{name: a, when: order.verifed, expect: []}", "21: when: 'order.verifed' is no trigger; did you mean 'order.verified'?"),
        ("{name: a, expect: []}", "5: tests: a test begins with when:, or with schedule: and the id of a rule, one of the two"),
        ("{name: a, schedule: nightli, expect: []}", "25: schedule: no rule with every: is named 'nightli'; did you mean 'nightly'?"),
        ("{name: a, when: order.held}", "5: 'expect' is missing in tests[0]"),
        ("{name: a, when: order.held, expect: [hld]}", "42: expect: 'hld' is no action; did you mean 'hold'?"),
        ("{name: a, when: order.held, expect: [wait]}", "42: expect: 'wait' is no action; waits and stops are not expected"),
        ("{name: a, when: order.held, expect: [{hold: {reson: no}}]}",
         "50: unknown key 'reson' in hold; did you mean 'reason'?"),
        ("{name: a, when: order.held, expect: [{hold: no, tag: x}]}",
         '42: expect: one action is wanted here, as in hold or {hold: {reason: "Risk 70"}}'),
        ("{name: a, when: order.held, expect: [], rules: [aks]}", "53: rules: no rule is named 'aks'; did you mean 'ask'?"),
        ("{name: a, when: order.held, of: [aks], expect: []}", "38: of: no rule is named 'aks'; did you mean 'ask'?"),
        ("{name: a, when: order.held, expect: [], then: [{expect: []}]}",
         "52: then: what comes? write after: with a length of time, or when:"),
        ("{name: a, when: order.held, expect: [], then: [{after: 2, expect: []}]}",
         "60: after: '2' is no length of time; write a number and s, m, h or d, as in 15m"),
        ("{name: a, when: order.held, expect: [], then: [{when: stock.low, expect: []}]}",
         "59: when: 'stock.low' is about something else than the test, which is about order"),
    ],
)  # fmt: skip
def test_a_test_names_what_there_is(test: str, says: str) -> None:
    assert wrong(f"- {test}\n") == [says]


def test_two_tests_have_two_names() -> None:
    one = "- {name: a, when: order.held, expect: []}\n"
    with pytest.raises(ConfigFileError, match=r"crossdock\.yaml:\d+:12: name: test 'a' is given twice"):
        config_of(one + one)


def test_a_file_without_tests_has_none() -> None:
    assert config_of("[]").tests == ()
