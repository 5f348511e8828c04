"""A retry that begins in an ``else``, at a wait, or where a hold was left by the failure."""

import pytest

from core.model.holds import Hold
from core.services import annotations
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import pass_time, settle
from tests.core.flow.retried import (
    HOUR,
    SCORE,
    facts,
    failed,
    listed,
    received,
    refused,
    retry,
    state_of,
    steps,
)
from tests.core.flow.test_offered_again import in_force

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R42"), pytest.mark.req("R75")]


ELSE = """
- id: score
  when: order.received
  then:
    - http: {via: crm, path: /first}
      else:
        - note: "{{error.code}}"
        - http: {via: crm, path: /second, json: {why: "{{error.code}}"}}
        - note: "told {{error.code}}"
    - tag: scored
"""


async def test_a_run_that_failed_in_an_else_is_retried_there_or_before_it(b: Bench) -> None:
    b.world.answers = {"/first": (400, {}), "/second": (400, {})}
    await in_force(b, ELSE)
    run_id = await received(b)
    b.world.answers["/second"] = (200, {})

    again = await retry(b, run_id, "then.0.else.1")
    await settle(b)

    assert await steps(b, again) == [("http", "done"), ("note", "done"), ("tag", "done")]
    [noted, told] = [fact.text for fact in await facts(b) if fact.kind == "noted"]
    assert told == f"told {noted}"


async def test_the_step_whose_else_was_done_is_retried_and_its_else_is_left_out_where_it_is_done(
    b: Bench,
) -> None:
    b.world.answers = {"/first": (400, {}), "/second": (400, {})}
    await in_force(b, ELSE)
    run_id = await received(b)
    b.world.answers["/first"] = (200, {})

    again = await retry(b, run_id, "then.0")
    await settle(b)

    assert await steps(b, again) == [("http", "done"), ("tag", "done")]


async def test_an_else_that_a_run_did_not_come_to_is_no_beginning(b: Bench) -> None:
    text = SCORE.replace(
        "    - tag: scored", "    - wait: {until: order.tagged, for: 1h}\n      else: [{tag: late}]"
    )
    run_id = await failed(b, text)

    assert await refused(b, run_id, "then.3.else.0") == (
        "then.3.else.0 is in an else that this run did not come to: name another step"
    )


async def test_a_wait_that_was_stopped_finds_what_came_since_the_first_run_began(b: Bench) -> None:
    rule = """
    - id: r
      when: order.received
      then: [{wait: {until: order.tagged, for: 1h}}, {note: tagged}]
    """
    await in_force(b, rule)
    run_id = await received(b)
    await pass_time(b, 2 * HOUR)
    assert (await listed(b))[0] == (run_id, "r", "stopped")
    await annotations.set_tags(b.hub, MERCHANT, "shop:kk-1", ["vip"], "user:kendra")
    await settle(b)

    again = await retry(b, run_id, "then.0")
    await settle(b)

    assert await steps(b, again) == [("wait", "done"), ("note", "done")]


GUARD = """
- id: guard
  when: order.verified
  then:
    - id: ask
      http: {via: crm, path: /first, take: {bad: body.bad}}
    - if: steps.ask.bad == true
      hold: bad
"""


async def test_the_hold_that_a_failure_left_goes_and_the_rule_decides_anew(b: Bench) -> None:
    b.world.answers = {"/first": (400, {})}
    await in_force(b, GUARD)
    run_id = await received(b)
    await pass_time(b, HOUR)
    held = (await state_of(b)).holds
    assert list(held) == [Hold.BY_RULE]
    b.world.answers["/first"] = (200, {"bad": True})

    again = await retry(b, run_id, "ask")
    await pass_time(b, HOUR)

    assert await steps(b, again) == [("http", "done"), ("hold", "done")]
    assert (await state_of(b)).holds == {Hold.BY_RULE: "bad"}
    assert not [fact for fact in await facts(b) if fact.kind == "label_bought"]


async def test_an_order_whose_rule_finds_nothing_at_the_retry_goes_on(b: Bench) -> None:
    b.world.answers = {"/first": (400, {})}
    await in_force(b, GUARD)
    run_id = await received(b)
    await pass_time(b, HOUR)
    b.world.answers["/first"] = (200, {"bad": False})

    await retry(b, run_id, "ask")
    await pass_time(b, HOUR)

    assert (await state_of(b)).holds == {}
    assert [fact.kind for fact in await facts(b)].count("label_bought") == 1


async def test_a_hold_stays_where_the_retry_begins_behind_what_failed(b: Bench) -> None:
    b.world.answers = {"/first": (400, {})}
    await in_force(b, GUARD + "    - tag: looked\n")
    run_id = await received(b)
    await pass_time(b, HOUR)
    before = (await state_of(b)).holds

    await retry(b, run_id, "then.2")
    await pass_time(b, HOUR)

    assert (await state_of(b)).holds == before != {}
    assert (await state_of(b)).tags == ("looked",)
