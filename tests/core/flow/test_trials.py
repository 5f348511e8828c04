"""What the tests of a file see a rule do is what the running hub does: the same steps, in the same order."""

from collections.abc import Sequence
from datetime import timedelta
from textwrap import dedent, indent

import pytest
from pydantic import BaseModel

from connectors.bogus.client import Fault
from connectors.bogus.settings import BogusSettings
from core.config.loader import read
from core.domain.rules.trial_words import failing_tests
from core.model.facts import Fact
from core.model.rule_facts import RuleStepped
from core.model.rule_runs import StepOutcome
from core.services import actions, annotations
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import pass_time
from tests.core.flow.ruled import FILE, use
from tests.core.flow.test_rules import facts, order

pytestmark = pytest.mark.req("S30")

HOUR = timedelta(hours=1)
KNOWN: dict[str, type[BaseModel]] = {"bogus": BogusSettings}
GIVEN = "order: {number: KK-1, total: 79.00, lines: [{sku: SKILLET-12, qty: 1, price: 79.00}], ship_to: {state: OR}, customer: {orders: null}}"


def done(told: Sequence[Fact]) -> list[str]:
    """Return the actions that a hub did, or tried to the end, as ``expect`` lists them."""
    over = (StepOutcome.DONE, StepOutcome.FAILED)
    return [
        fact.action
        for fact in told
        if isinstance(fact, RuleStepped) and fact.outcome in over and fact.action not in ("wait", "stop")
    ]


def failing(rules: str, tests: str) -> list[str]:
    text = FILE + indent(dedent(rules), "  ") + f"tests:\n{indent(dedent(tests), '  ')}"
    return [one.says for one in failing_tests(read(text, file="f", environ={}, known=KNOWN))]


PLAIN = {
    "several rules": """\
    - {id: one, when: order.received, then: [{tag: one}, {note: hi}]}
    - {id: two, when: order.received, if: order.total >= 79, stop: true, then: [{tag: two}, {untag: one}]}
    - {id: three, when: order.received, then: [{tag: three}]}
    """,
    "skipped steps": """\
    - id: sort
      when: order.received
      then:
        - tag: [large, west]
        - {if: order.units > 5, note: many}
        - {if: "'large' in order.tags", untag: large}
        - {if: "'large' in order.tags", note: still}
    """,
    "stopped": "- {id: a, when: order.received, then: [{tag: a}, {stop: true}, {tag: b}]}\n",
    "waits": "- {id: a, when: order.received, then: [{tag: a}, {wait: 2h}, {if: order.hours >= 2, note: later}, {wait: 2h}, {tag: c}]}\n",
    "too late": """\
    - id: a
      when: order.received
      then:
        - wait: {until: order.cancelled, for: 3h}
          else: [{note: "{{error.code}}"}, {tag: in-else}]
        - tag: after
    """,
    "no wait for what does not come": "- {id: a, when: order.received, then: [{wait: {until: order.cancelled, for: 3h}}, {tag: a}]}\n",
    "nobody of that name": """\
    - id: a
      when: order.received
      then:
        - {assign: nobody}
        - {notify: {to: ops@example.test, text: hi}}
        - {capture: true}
    """,
}


@pytest.mark.parametrize("rules", PLAIN.values(), ids=PLAIN)
async def test_a_hub_does_what_a_test_expects(b: Bench, rules: str) -> None:
    use(b, rules)
    order(b)
    await pass_time(b, 9 * HOUR)

    did = done(await facts(b))

    tests = f"- {{name: a, when: order.received, given: {{{GIVEN}}}, expect: [{', '.join(did)}]}}\n"
    if "wait" in rules:
        tests = f"""\
        - name: a
          when: order.received
          given: {{{GIVEN}}}
          expect: [{", ".join(did[: "tag: a}, {wait" in rules])}]
          then: [{{after: 9h, expect: [{", ".join(did[("tag: a}, {wait" in rules) :])}]}}]
        """
    assert failing(rules, tests) == []


async def test_a_hub_is_asked_refused_and_answered_as_a_test_says(b: Bench) -> None:
    rules = """\
    - id: ask
      when: order.received
      then:
        - id: score
          http: {via: crm, path: /score, take: {points: body.points}}
          else: [{tag: unscored}]
        - http: {via: crm, path: /no}
          else: [{tag: "refused"}]
        - if: steps.score.points > 50
          note: "{{steps.score.points}}"
    """
    use(b, rules)
    b.world.answers["/score"] = (200, {"points": 71})
    b.world.answers["/no"] = (404, {})
    order(b)
    await pass_time(b, HOUR)

    did = done(await facts(b))

    assert did == ["http", "http", "tag", "note"]
    rules = rules.replace(
        "- http: {via: crm, path: /no}", "- id: second\n          http: {via: crm, path: /no}"
    )
    tests = "- {name: a, when: order.received, given: {fail: {second: refused}, answers: {score: {points: 71}}}, expect: [http, http, tag, note]}\n"
    assert failing(rules, tests) == []


async def test_what_a_person_does_ends_a_wait_in_a_hub_and_in_a_test(b: Bench) -> None:
    rules = """\
    - id: wait
      when: order.received
      then:
        - wait: {until: order.tagged, for: 5h}
          else: [{tag: late}, {stop: true}]
        - note: in time
    """
    use(b, rules)
    order(b)
    await pass_time(b, HOUR)
    await annotations.set_tags(b.hub, MERCHANT, "shop:kk-1", ["gift"], "user:u1")
    await pass_time(b, 9 * HOUR)

    assert done(await facts(b)) == ["note"]
    tests = """\
    - name: a
      when: order.received
      expect: []
      then:
        - {after: 1h, when: order.tagged, expect: [note]}
        - {after: 9h, expect: []}
    """
    assert failing(rules, tests) == []


async def test_a_hold_and_its_release_are_alike(b: Bench) -> None:
    rules = """\
    - {id: hold, when: order.verified, then: [{hold: look}, {if: "'by_rule' in order.holds && order.stage == 'on_hold'", tag: held}]}
    - id: give-up
      when: order.held
      if: event.reason == 'by_rule'
      then:
        - wait: {until: order.released, for: 5h}
          else: [{cancel: nobody came}, {stop: true}]
        - note: released
    """
    use(b, rules)
    order(b)
    await pass_time(b, HOUR)
    await actions.release(b.hub, MERCHANT, "shop:kk-1", "by_rule", "user:u1")
    await pass_time(b, 9 * HOUR)

    assert done(await facts(b)) == ["hold", "tag", "note"]
    tests = """\
    - {name: a, when: order.verified, expect: [hold, tag]}
    - {name: b, when: order.held, expect: [], then: [{after: 1h, when: order.released, expect: [note]}, {after: 9h, expect: []}]}
    """
    assert failing(rules, tests) == []


async def test_a_mail_that_fails_is_answered_by_else_in_both(b: Bench) -> None:
    rules = """\
    - id: tell
      when: order.received
      then:
        - notify: {to: ops@example.test, text: hello}
          else: [{tag: "mail-{{error.code}}"}]
    """
    use(b, rules)
    faults = [Fault.REPLY_LOST]
    b.world.faults = lambda operation: faults.pop() if operation == "send" and faults else None
    order(b)
    await pass_time(b, HOUR)

    assert done(await facts(b)) == ["notify", "tag"]
    tests = "- {name: a, when: order.received, given: {fail: {notify: unknown}}, expect: [notify, {tag: mail-unknown}]}\n"
    assert failing(rules, tests) == []
