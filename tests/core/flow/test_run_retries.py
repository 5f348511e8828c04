"""A run of a rule that failed is retried from a step: once, under the file in force, and nothing that was done is done twice."""

import asyncio

import pytest

from connectors.bogus.client import Fault
from core.domain.commit import OrderCommit
from core.errors import NotFoundError
from core.model.facts import FACT, Forgotten
from core.model.forgetting import Why
from core.model.rule_facts import RuleMatched, RuleRetried
from core.services import actions
from core.services.offering_again import Offering, Scope
from core.services.replays import replay_order
from core.services.run_retries import retry_plan
from core.services.runs import run_trace
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import pass_time, settle
from tests.core.flow.retried import (
    FAILED,
    HOUR,
    SCORE,
    asked,
    facts,
    failed,
    listed,
    received,
    refused,
    retry,
    state_of,
    steps,
)
from tests.core.flow.ruled import use
from tests.core.flow.test_offered_again import in_force
from tests.stored import effects_of

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R42"), pytest.mark.req("R75")]


async def test_a_failed_run_goes_on_from_the_step_and_nothing_before_is_done_again(on_disk: Bench) -> None:
    b = on_disk
    run_id = await failed(b)
    assert await steps(b, run_id) == FAILED
    b.world.answers["/second"] = (200, {})

    again = await retry(b, run_id, "then.2")
    await settle(b)

    assert await listed(b) == [(run_id, "score", "failed"), (again, "score", "done")]
    assert await steps(b, again) == [("http", "done"), ("tag", "done")]
    assert asked(b)["POST /first"] == 1
    assert [fact.text for fact in await facts(b) if fact.kind == "noted"] == ["asked for KK-1"]
    assert (await state_of(b)).tags == ("scored",)


async def test_what_earlier_steps_came_to_is_used_and_the_run_says_what_it_repeats(b: Bench) -> None:
    run_id = await failed(b)
    b.world.answers["/second"] = (200, {})

    again = await retry(b, run_id, "then.2")

    [fact] = [fact for fact in await facts(b) if isinstance(fact, RuleRetried)]
    began = next(fact.run_id for fact in await facts(b) if isinstance(fact, RuleMatched))
    assert (fact.again_of, fact.run_id) == (began, f"{began}~2")
    assert (fact.actor, fact.next, fact.trigger) == ("user:kendra", "then.2", "order.received")
    assert fact.results == {"first": {"status": 200, "code": 7}}
    assert fact.error == {}
    first, second = [await run_trace(b.hub, MERCHANT, one) for one in (run_id, again)]
    assert (first.again_of, first.past.retried_as) == (None, again)
    assert (second.again_of, second.past.retried_as) == (run_id, None)
    assert second.run.next == "then.2"


async def test_each_try_has_a_key_of_its_own_in_the_journal(b: Bench) -> None:
    run_id = await failed(b)
    again = await retry(b, run_id, "then.2")
    await settle(b)
    third = await retry(b, again, "then.2")
    b.world.answers["/second"] = (200, {})
    await settle(b)

    kept = [e for e in await b.store.read(effects_of, MERCHANT) if ":then.2" in e.key]
    assert [(e.key.partition("score")[2].partition(":")[0], e.state) for e in kept] == [
        ("", "refused"),
        ("~2", "refused"),
        ("~3", "done"),
    ]
    assert [ended for *_, ended in await listed(b)] == ["failed", "failed", "done"]
    assert (await run_trace(b.hub, MERCHANT, third)).again_of == again


async def test_a_step_may_be_named_by_its_id_and_left_out(b: Bench) -> None:
    b.world.answers = {"/first": (400, {})}
    await in_force(b, SCORE.replace("steps.first.code", "order.number"))
    run_id = await received(b)

    plan = await retry_plan(b.hub, MERCHANT, run_id, "first")
    again = await retry(b, run_id, "then.3")
    await settle(b)

    assert plan.does == (
        "Does then.1 (first) and what comes behind it, as crossdock.yaml:15:5 in force says now.",
        "Does not again what was done: then.0 (note).",
    )
    assert (plan.title, plan.back) == ("Retry the run of rule score from first", "It cannot be taken back.")
    assert await steps(b, again) == [("tag", "done")]


async def test_asked_twice_at_once_it_is_retried_once(on_disk: Bench) -> None:
    b = on_disk
    run_id = await failed(b)

    told = await asyncio.gather(*(retry(b, run_id, "then.2") for _ in range(3)), return_exceptions=True)
    await settle(b)

    [again] = [one for one in told if isinstance(one, str)]
    words = f"the run was retried already, as run {again}; if that one failed, retry that one"
    assert sorted(str(one) for one in told) == sorted([again, words, words])
    assert len(await listed(b)) == 2


# --- what is refused ---


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("then.0", "then.0 (note) was done, and would be done twice: name a step behind it"),
        ("first", "then.1 (http) was done, and would be done twice: name a step behind it"),
        (
            "then.9",
            (
                "rule score has no step 'then.9' in the file in force; it has then.0 (note), then.1 (first),"
                " then.2 (http), then.3 (tag)"
            ),
        ),
    ],
)
async def test_no_step_is_retried_that_was_done_or_is_none(b: Bench, start: str, why: str) -> None:
    assert await refused(b, await failed(b), start) == why


async def test_a_run_that_goes_on_or_is_done_is_not_retried(b: Bench) -> None:
    await in_force(b, SCORE + "    - wait: 2h\n")
    b.world.answers = {"/first": (200, {"code": 7}), "/second": (200, {})}
    run_id = await received(b)

    assert await refused(b, run_id, "then.2") == (
        "the run goes on: it can be retried once it has failed or was stopped"
    )
    await pass_time(b, 2 * HOUR)
    assert await refused(b, run_id, "then.2") == "the run is done: nothing of it failed"


async def test_a_run_that_is_none_is_not_found(b: Bench) -> None:
    with pytest.raises(NotFoundError, match="no run 'order-1'"):
        await retry(b, "order-1", "then.0")


async def test_a_rule_that_is_gone_or_is_about_something_else_is_not_retried(b: Bench) -> None:
    run_id = await failed(b)
    gone = (
        "the file in force has no rule score about order any more: put one in force that has it, then retry"
    )
    for text in (
        "- {id: other, when: order.received, then: [{tag: a}]}",
        "- {id: score, when: stock.out, then: [{stop: true}]}",
    ):
        await in_force(b, text)
        assert await refused(b, run_id, "then.2") == gone


async def test_a_mended_step_is_done_as_the_file_in_force_says(b: Bench) -> None:
    run_id = await failed(b)
    b.world.answers["/third"] = (200, {})
    await in_force(b, SCORE.replace("/second", "/third"))

    again = await retry(b, run_id, "then.2")
    await settle(b)

    assert (await listed(b))[1] == (again, "score", "done")
    assert (asked(b).get("POST /third"), asked(b)["POST /first"]) == (1, 1)


async def test_a_rule_that_says_something_else_above_the_step_is_not_retried(b: Bench) -> None:
    run_id = await failed(b)
    changed = (
        "rule score says something else above then.2 than when the run began, so that nobody can tell which of its steps"
        " were done: leave those as they were, put the file in force, then retry"
    )
    for text in (
        SCORE.replace("asked for", "look at"),
        SCORE.replace("    - id: first", "    - tag: new\n    - id: first"),
    ):
        await in_force(b, text)
        assert await refused(b, run_id, "then.2") == changed


async def test_an_order_that_was_cancelled_since_is_not_retried(b: Bench) -> None:
    run_id = await failed(b)
    await actions.reject(b.hub, MERCHANT, "shop:kk-1", "wrong", "user:kendra")
    await pass_time(b, HOUR)
    assert (await state_of(b)).cancelled

    assert await refused(b, run_id, "then.2") == (
        "the order was cancelled since the run began: nothing is done for it any more"
    )


async def test_an_order_whose_person_was_forgotten_is_not_retried(b: Bench) -> None:
    run_id, now = await failed(b), b.clock.now()
    forgotten = Forgotten(at=now, why=Why.REQUEST)
    await b.store.commit(OrderCommit(merchant=MERCHANT, order_id="shop:kk-1", at=now, happened=(forgotten,)))

    assert await refused(b, run_id, "then.2") == (
        "the order's person was forgotten: nothing is done for it any more"
    )


async def test_what_a_rule_does_because_an_order_was_cancelled_is_retried(b: Bench) -> None:
    await failed(b, SCORE + "- {id: tell, when: order.cancelled, then: [{http: {via: crm, path: /gone}}]}\n")
    b.world.answers["/gone"] = (400, {})
    await actions.reject(b.hub, MERCHANT, "shop:kk-1", "wrong", "user:kendra")
    await pass_time(b, HOUR)
    run_id = next(run_id for run_id, rule, _ in await listed(b) if rule == "tell")
    b.world.answers["/gone"] = (200, {})

    again = await retry(b, run_id, "then.0")
    await settle(b)

    assert await steps(b, again) == [("http", "done")]


async def test_a_step_in_doubt_is_not_done_again_but_the_run_may_go_on_behind_it(b: Bench) -> None:
    faults = [Fault.REPLY_LOST]
    run_id = await _in_doubt(b, faults)

    assert await refused(b, run_id, "then.2") == (
        "nobody can tell whether then.2 (http) was done, and it is not done twice: look where it was sent to; to go on"
        " behind it, retry from then.3; if a repeat does no harm, write `idempotent: true` at the step"
    )
    again = await retry(b, run_id, "then.3")
    await settle(b)

    assert asked(b)["POST /second"] == 1
    assert (await steps(b, again), (await state_of(b)).tags) == ([("tag", "done")], ("scored",))


async def test_a_step_in_doubt_whose_repeat_does_no_harm_by_now_is_done_again(b: Bench) -> None:
    run_id = await _in_doubt(b, [Fault.REPLY_LOST])
    await in_force(b, SCORE.replace("path: /second,", "path: /second, idempotent: true,"))

    again = await retry(b, run_id, "then.2")
    await settle(b)

    assert await steps(b, again) == [("http", "done"), ("tag", "done")]
    assert asked(b)["POST /second"] == 2


async def _in_doubt(b: Bench, faults: list[Fault]) -> str:
    b.world.answers = {"/first": (200, {"code": 7}), "/second": (200, {})}
    await in_force(b, SCORE)
    b.world.faults = lambda operation: (
        faults.pop() if operation == "call" and faults and asked(b).get("POST /first") else None
    )
    run_id = await received(b)
    await pass_time(b, HOUR)
    assert await steps(b, run_id) == FAILED
    return run_id


async def test_a_condition_that_nobody_could_compute_is_no_step_to_retry(b: Bench) -> None:
    rule = "- {id: r, when: order.received, if: 'order.units / (order.units - 1) > 5', then: [{tag: a}]}\n"
    await in_force(b, rule)
    run_id = await received(b)

    assert (await refused(b, run_id, "then.0")).startswith("the condition of rule r could not be computed")


async def test_a_retry_counts_as_no_run_of_its_rule_and_is_not_offered_again(b: Bench) -> None:
    run_id = await failed(b)
    b.world.answers["/second"] = (200, {})
    await retry(b, run_id, "then.2")
    await settle(b)

    assert (await state_of(b)).ran == {"score": 1}
    planned = await Offering(b.hub, MERCHANT, b.hub.config(MERCHANT), "user:kendra").planned(Scope.OPEN)
    assert planned.lines == ()


async def test_a_replay_answers_a_step_as_its_retry_was_answered(b: Bench) -> None:
    run_id = await failed(b)
    assert (await replay_order(b.hub, MERCHANT, "shop:kk-1")).state.tags == ()
    b.world.answers["/second"] = (200, {})
    await retry(b, run_id, "then.2")
    await settle(b)

    trace = await replay_order(b.hub, MERCHANT, "shop:kk-1")

    assert [(step.action, step.outcome) for step in trace.steps] == [
        ("note", "done"),
        ("http", "done"),
        ("http", "done"),
        ("tag", "done"),
    ]


async def _lost(b: Bench) -> str:
    """Have a run lose its file between two tries of a request; return its id."""
    b.world.answers = {"/first": (200, {"code": 7})}
    b.world.faults = lambda operation: Fault.BEFORE if operation == "call" and asked(b) else None
    run_id = await received(b)
    b.hub.older_rules[MERCHANT, b.hub.config(MERCHANT).rules.digest] = None
    await in_force(b, SCORE + "- {id: more, when: order.held, then: [{tag: a}]}\n")
    await pass_time(b, HOUR)
    assert (await steps(b, run_id))[2:] == [("http", "retry"), ("-", "failed")]
    return run_id


async def test_a_run_that_nobody_could_go_on_with_is_in_doubt_at_a_step_that_asks_somebody(b: Bench) -> None:
    await in_force(b, SCORE)
    run_id = await _lost(b)

    told = await refused(b, run_id, "then.2")
    assert told.startswith("nobody can tell whether then.2 (http) was done, and it is not done twice")
    await retry(b, run_id, "then.3")
    await settle(b)

    assert (await state_of(b)).tags == ("scored",)


async def test_a_run_whose_file_is_kept_no_longer_is_refused(b: Bench) -> None:
    use(b, SCORE)
    run_id = await _lost(b)

    assert await refused(b, run_id, "then.3") == (
        "the file that the run began under is kept no longer, so that nobody can tell which steps were done: do by hand"
        " what is left of it"
    )


async def test_facts_of_before_there_were_retries_are_read(b: Bench) -> None:
    stored = (
        '{"kind":"rule_matched","v":1,"at":"2026-11-30T16:00:00Z","actor":"rule:r","run_id":"3/order.received/r","rule":"r",'
        '"digest":"d","where":"crossdock.yaml:9:5","trigger":"order.received","event":{"trigger":"order.received",'
        '"at":"2026-11-30T16:00:00Z","actor":"channel"},"values":{}}'
    )
    fact = FACT.validate_json(stored)
    assert isinstance(fact, RuleMatched)
    assert fact.run_id == "3/order.received/r"
    retried = FACT.validate_json(
        stored.replace("rule_matched", "rule_retried").replace(
            '"values":{}', '"again_of":"3/order.received/r","next":"then.1"'
        )
    )
    assert isinstance(retried, RuleRetried)
    assert (retried.results, retried.error, retried.lifts) == ({}, {}, "")
