"""What a replay cannot know is named; what stored facts tell is used."""

from datetime import timedelta

import pytest

from core.domain.rules.differences import Differing
from core.domain.rules.trace import Trace
from core.model.facts import Fact
from core.model.holds import Hold
from core.services import actions
from core.services.backtests import backtest
from core.services.replays import ReplayedOrder, compare_order, replay_order
from core.store.orders import facts_of
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time
from tests.core.flow.ruled import ruled, use

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R75")]

HOUR = timedelta(hours=1)
HOLD = "- {id: keep, when: order.verified, then: [{hold: {reason: kept}}]}"
NOTHING = "- {id: none, when: order.cancelled, then: [{tag: gone}]}"
SCORE = """
- id: score
  when: order.verified
  then:
    - id: ask
      http: {via: crm, path: /score, take: {score: body.score}}
    - tag: asked
    - if: steps.ask.score > 50
      hold: {reason: "score {{steps.ask.score}}"}
"""


async def sold(b: Bench) -> None:
    place(
        b.world,
        "shop",
        Cart(number="KK-1", lines=(("SKILLET-12", 1, 7900),), ship_to=home(), email="kara@example.test"),
    )
    await pass_time(b, HOUR)


async def under(b: Bench, rules: str) -> ReplayedOrder:
    config = ruled(b.hub.connections(MERCHANT), b.world, rules).config
    return await compare_order(b.hub, MERCHANT, "shop:kk-1", config)


async def facts(b: Bench) -> list[Fact]:
    return await b.store.read(facts_of, MERCHANT, "shop:kk-1")


def unknown(trace: Trace) -> list[str]:
    return [one.what for one in trace.not_compared]


async def test_an_answer_that_nobody_gave_is_named_and_what_needs_it_is_not_done(b: Bench) -> None:
    use(b, NOTHING)
    await sold(b)
    before = await facts(b)

    after = (await under(b, SCORE)).after

    assert [(step.action, step.outcome) for step in after.steps] == [
        ("http", "done"),
        ("tag", "done"),
        ("hold", "not known"),
    ]
    assert unknown(after) == [
        "rule score, then.0: the answer of crm",
        "rule score, then.2: it needs the answer of steps.ask, which is not known",
    ]
    assert (after.state.tags, after.held) == (("asked",), ())
    assert (b.world.asked, await facts(b)) == ({}, before)


async def test_an_answer_that_is_stored_is_used_by_the_same_step_of_another_file(b: Bench) -> None:
    b.world.answers["/score"] = (200, {"score": 71})
    use(b, SCORE)
    await sold(b)

    compared = await under(b, SCORE.replace("> 50", "> 80"))

    assert [one.text for one in compared.differences] == ["- hold score: score 71"]
    assert len(b.world.asked) == 1


async def test_an_order_that_was_held_and_would_go_on_is_compared_up_to_there(b: Bench) -> None:
    use(b, HOLD)
    await sold(b)

    compared = await under(b, NOTHING)

    assert [one.text for one in compared.differences] == [
        "- rule keep at order.verified",
        "- hold keep: kept",
    ]
    assert unknown(compared.before) == []
    assert unknown(compared.after) == [
        "it was held here, and would have gone on: its rates, label and way then"
    ]


async def test_an_order_that_would_be_held_has_no_label_and_tells_nobody_of_one(b: Bench) -> None:
    use(b, "- {id: tell, when: order.labelled, then: [{notify: {to: ops@example.test, text: hello}}]}")
    await sold(b)

    compared = await under(b, HOLD)

    assert [one.text for one in compared.differences] == [
        "+ rule keep at order.verified",
        "- rule tell at order.labelled",
        "+ hold keep: kept",
        "- label " + label_of(compared.before),
        "- mail tell: ops@example.test: order.labelled",
    ]
    assert compared.after.state.holds == {Hold.BY_RULE: "kept"}
    assert unknown(compared.after) == []


def label_of(trace: Trace) -> str:
    [parcel] = trace.state.parcels
    assert parcel.label is not None
    label = parcel.label
    return f"{parcel.parcel_id}: {label.carrier} {label.service} {label.price.text()} USD"


async def test_what_a_person_released_stays_released(b: Bench) -> None:
    use(b, HOLD)
    await sold(b)
    await actions.release(b.hub, MERCHANT, "shop:kk-1", "by_rule", "user:u1")
    await pass_time(b, HOUR)

    trace = await replay_order(b.hub, MERCHANT, "shop:kk-1")

    state = await b.store.load(MERCHANT, "shop:kk-1")
    assert state is not None
    assert (trace.held, trace.state.holds, trace.state.stage) == ((("keep", "kept"),), {}, state.stage)
    assert unknown(trace) == []


async def test_another_limit_on_labels_takes_the_rates_that_were_given(b: Bench) -> None:
    use(b, NOTHING)
    await sold(b)

    dear = "- {id: dear, when: order.ready, if: order.total > 1, then: [{label: {max: 0.01}}]}"
    compared = await under(b, dear)

    kinds = [(one.kind, one.comes) for one in compared.differences]
    assert kinds == [(Differing.RULE, True), (Differing.LABEL, False), (Differing.CHOICE, True)]
    assert list(compared.after.state.holds) == [Hold.NO_RATE]
    for_all = await under(b, dear.replace("if: order.total > 1, ", ""))
    assert [one.kind for one in for_all.differences] == [Differing.LABEL]


async def test_a_backtest_says_what_came_of_the_orders_that_it_would_hold(b: Bench) -> None:
    use(b, NOTHING)
    await sold(b)

    found = await backtest(
        b.hub, MERCHANT, ruled(b.hub.connections(MERCHANT), b.world, HOLD).config, orders=5
    )

    held = {
        change.of: (change.orders, change.named, change.since)
        for change in found.changes
        if change.kind == "hold"
    }
    assert held == {"keep": (1, ("KK-1",), {"shipped": 1})}
    assert (found.orders, found.touched, found.file, found.not_compared) == (1, 1, (), {})
