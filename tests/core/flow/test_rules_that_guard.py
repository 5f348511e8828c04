"""What a merchant relies on rules for: nothing ships, is cancelled or is asked past them, and no order turns in circles."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.bogus.client import Effect, Fault, no_fault
from core.domain.commit import OrderCommit
from core.domain.fold import fold
from core.domain.notices import RULE_FAILED
from core.domain.state import OrderState, Stage
from core.engine.run import Run
from core.errors import RejectedError
from core.model.effects import Outcome
from core.model.facts import Fact, LabelBought, Quoted, Settled
from core.model.holds import Hold
from core.model.rule_facts import RuleMatched, RuleStepped
from core.model.rule_runs import RunOutcome, StepOutcome
from core.services import actions, annotations
from core.steps import STEPS
from core.store.notices import unseen_notices
from core.store.orders import facts_of
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle, stop_all
from tests.core.flow.ruled import use

pytestmark = pytest.mark.req("S30")

HOUR = timedelta(hours=1)
ORDER = "shop:kk-1"


def order(b: Bench, method: str = "Standard") -> None:
    lines = (("SKILLET-12", 1, 7900),)
    place(
        b.world,
        "shop",
        Cart(number="KK-1", lines=lines, ship_to=home(), email="k@example.test", method=method),
    )


async def state_of(b: Bench) -> OrderState:
    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    return state


async def facts(b: Bench) -> Sequence[Fact]:
    return await b.store.read(facts_of, MERCHANT, ORDER)


def ended(told: Sequence[Fact], rule: str) -> list[RunOutcome]:
    return [f.ended for f in told if isinstance(f, RuleStepped) and f.rule == rule and f.ended]


async def test_a_second_choice_of_a_label_is_rated_before_it_is_said_to_fail(b: Bench) -> None:
    use(
        b,
        """
    - {id: cheap, when: order.routed, if: order.total > 1, then: [{label: {max: 0.01}}, {note: cheap}]}
    - id: dear
      when: order.held
      if: event.reason == 'no_rate'
      then:
        - label: {max: 90.00}
          else: [{cancel: no label at all}]
        - tag: second-try
    """,
    )
    order(b)

    await pass_time(b, HOUR)

    state = await state_of(b)
    assert (state.stage, state.tags, state.rejection) == (Stage.SHIPPED, ("second-try",), None)
    assert ended(await facts(b), "dear") == [RunOutcome.DONE]


async def test_an_order_that_needs_attention_is_told_to_rules(b: Bench) -> None:
    use(b, "- {id: tell, when: order.needs_attention, then: [{tag: look-at-it}]}")

    async def refuse(_run: Run) -> None:
        raise RejectedError("no such thing", connection="post")

    b.worker.steps = {**STEPS, "quote": replace(STEPS["quote"], run=refuse)}
    order(b)
    await pass_time(b, HOUR)

    state = await state_of(b)
    assert state.parked is not None
    assert state.tags == ("look-at-it",)


async def test_what_came_before_the_wait_for_it_began_is_not_waited_for(b: Bench) -> None:
    use(
        b,
        """
    - {id: keep, when: order.verified, then: [{hold: look at it}]}
    - id: give-up
      when: order.held
      if: event.reason == 'by_rule'
      then:
        - notify: {to: ops@example.test, text: held}
        - wait: {until: order.released, for: 48h}
          else: [{cancel: nobody released it}]
    """,
    )
    b.world.faults = lambda operation: Fault.REFUSED if operation == "send" else None
    order(b)
    await settle(b)
    await actions.release(b.hub, MERCHANT, ORDER, "by_rule", "user:u1")
    await settle(b)
    b.world.faults = no_fault

    await pass_time(b, timedelta(hours=50))

    assert ((await state_of(b)).stage, (await state_of(b)).rejection) == (Stage.SHIPPED, None)


async def test_no_label_is_bought_while_a_rule_that_may_hold_the_order_waits_for_an_answer(b: Bench) -> None:
    use(
        b,
        """
    - id: score
      when: order.verified
      then:
        - http: {via: crm, path: /score}
          else: [{hold: no score}]
    """,
    )
    b.world.faults = lambda operation: Fault.REFUSED if operation == "call" else None
    order(b)
    await pass_time(b, HOUR)
    told = await facts(b)
    assert not [f for f in told if isinstance(f, LabelBought | Quoted)]
    assert (await state_of(b)).stage is Stage.READY

    b.world.faults = no_fault
    b.world.answers["/score"] = (404, {})
    await pass_time(b, HOUR)

    assert (await state_of(b)).holds == {Hold.BY_RULE: "no score"}


@pytest.mark.parametrize("method", ["Standard", "Overnight Air"])
async def test_a_step_that_fails_before_the_hold_of_its_rule_holds_the_order(b: Bench, method: str) -> None:
    use(
        b,
        """
    - {id: look, when: order.received, then: [{tag: "{{order.method}}"}, {hold: look at it}]}
    """,
    )
    order(b, method)

    await pass_time(b, HOUR)

    held = (await state_of(b)).holds[Hold.BY_RULE]
    assert held == f"rule look: tag failed: {method}: no tag; small letters, digits and '-', at most 40"


async def test_a_refused_request_of_a_rule_called_capture_is_no_declined_payment(b: Bench) -> None:
    use(b, "- {id: capture, when: order.verified, then: [{http: {via: crm, path: /no}}]}")
    b.world.answers["/no"] = (422, {})
    order(b)

    await pass_time(b, HOUR)

    assert (await state_of(b)).stage is Stage.SHIPPED


async def test_a_request_that_is_never_answered_is_given_up_and_its_order_goes_on(b: Bench) -> None:
    use(
        b,
        """
    - id: ask
      when: order.received
      then:
        - http: {via: crm, path: /slow, idempotent: true}
          retry: {attempts: 3, first: 1m}
          else: [{tag: no-answer}]
    """,
    )
    b.world.faults = lambda operation: Fault.LOST if operation == "call" else None
    order(b)

    await pass_time(b, 2 * HOUR)

    state = await state_of(b)
    assert (state.stage, state.tags, b.world.calls["crm", "call"]) == (Stage.SHIPPED, ("no-answer",), 3)


async def test_an_answer_that_comes_late_moves_no_run_backwards(b: Bench) -> None:
    use(
        b,
        """
    - id: ask
      when: order.received
      then:
        - http: {via: crm, path: /once}
          else: [{tag: unknown}]
        - wait: 5h
        - tag: done
    """,
    )
    faults = [Fault.REPLY_LOST]
    b.world.faults = lambda operation: faults.pop() if operation == "call" and faults else None
    order(b)
    await pass_time(b, HOUR)
    state = await state_of(b)
    [run] = state.rule_runs
    late = RuleStepped(
        at=b.clock.now(), run_id=run.run_id, rule="ask", step="then.0", action="http",
        outcome=StepOutcome.DONE, next="then.1",
    )  # fmt: skip
    settled = Settled(at=b.clock.now(), key="late", operation="call", outcome=Outcome.DONE)

    after = fold(fold(state, settled), late)
    assert after.rule_runs == state.rule_runs
    await b.store.commit(
        OrderCommit(merchant=MERCHANT, order_id=ORDER, at=b.clock.now(), happened=[settled, late])
    )
    await pass_time(b, 6 * HOUR)

    assert (await state_of(b)).tags == ("done", "unknown")
    assert b.world.effects[Effect.HOOK, "POST /once"] == 1


async def test_two_rules_that_start_each_other_end_and_the_order_goes_on(b: Bench) -> None:
    use(
        b,
        """
    - {id: a, when: order.tagged, if: event.tag == 'x', then: [{untag: x}]}
    - {id: b, when: order.untagged, if: event.tag == 'x', then: [{tag: x}]}
    """,
    )
    order(b)
    await settle(b)
    await annotations.set_tags(b.hub, MERCHANT, ORDER, ["x"], "user:u1")

    await pass_time(b, HOUR)

    state = await state_of(b)
    assert (state.parked, state.stage) == (None, Stage.SHIPPED)
    assert state.ran == {"a": 100, "b": 100}


async def test_a_label_that_is_chosen_already_is_not_chosen_again(b: Bench) -> None:
    use(b, "- {id: again, when: parcel.quoted, if: event.price > 1, then: [{label: {choose: fastest}}]}")
    order(b)

    await pass_time(b, HOUR)

    assert (await state_of(b)).stage is Stage.SHIPPED
    assert b.world.calls["post", "quote"] == 2


async def test_what_was_decided_with_a_new_route_is_offered_once(b: Bench) -> None:
    use(
        b,
        """
    - {id: east, when: order.received, then: [{route: easton}, {tag: gift}]}
    - {id: late, when: order.tagged, if: "order.locations == ['easton']", then: [{note: late}]}
    """,
    )
    order(b)

    await pass_time(b, HOUR)

    told = await facts(b)
    assert [f.rule for f in told if isinstance(f, RuleMatched)] == ["east"]
    assert [f.kind for f in told].count("units_committed") == 2


FAILS_LATE = "- {id: ask, when: order.labelled, then: [{http: {via: crm, path: /no}}, {hold: never}]}"


async def test_a_rule_that_fails_after_the_label_holds_nothing(b: Bench) -> None:
    use(b, FAILS_LATE)
    b.world.answers["/no"] = (400, {})
    order(b)

    await pass_time(b, HOUR)

    state = await state_of(b)
    assert (state.stage, state.holds, state.held_by_rules) == (Stage.SHIPPED, {}, {})


async def test_a_rule_of_orders_that_fails_is_told_to_people_once_a_day(b: Bench) -> None:
    use(b, FAILS_LATE)
    b.world.answers["/no"] = (400, {})
    order(b)
    await pass_time(b, HOUR)
    order(b, "KK-2")
    await pass_time(b, HOUR)

    failed = [notice for notice in await b.store.read(unseen_notices, MERCHANT) if notice.kind == RULE_FAILED]
    assert [(notice.subject, notice.text) for notice in failed] == [
        ("ask 2026-11-30", "Rule ask failed for shop:kk-1: crm: call: answered 400. See the page Runs")
    ]


async def test_before_anything_is_accepted_no_rule_does_anything(b: Bench) -> None:
    use(b, "- {id: r, when: order.received, then: [{notify: {to: ops@example.test, text: new}}, {tag: new}]}")
    await stop_all(b)
    order(b)

    await pass_time(b, HOUR)

    assert ((await state_of(b)).tags, [m for m in b.world.mails if m.kind == "rule:r"]) == ((), [])
