"""What a run tells is folded in memory and committed with the next intent: nothing is lost, reordered or decided on old settings."""

from datetime import timedelta

import pytest

from core.domain.commit import OrderCommit, Settlement
from core.engine.advance import advance, begin
from core.engine.answers import Call
from core.engine.effects import Done, Effect, perform
from core.engine.run import ClaimLostError, Run
from core.engine.step import Step, Steps
from core.model.actions import Action
from core.model.effects import Outcome
from core.model.facts import Fact, Noted, Settled
from core.store.claims import release_claim
from core.store.orders import facts_of
from core.store.products import save_products
from core.store.switches import set_switch
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, PRODUCTS, Bench, home
from tests.core.flow.play import settle
from tests.core.flow.test_effects import edited_by_another, never
from tests.stored import effects_of

ORDER = "shop:kk-1"


async def claimed(b: Bench) -> Run:
    place(b.world, "shop", Cart(number="KK-1", lines=(("CHEF-8", 1, 9278),), ship_to=home()))
    await settle(b)
    b.clock.move_to(b.clock.now() + timedelta(minutes=15))
    run = await begin(b.hub, MERCHANT, ORDER)
    assert run is not None
    return run


def noted(b: Bench, text: str) -> Noted:
    return Noted(at=b.clock.now(), text=text)


async def texts(b: Bench) -> list[str]:
    return [f.text for f in await b.store.read(facts_of, MERCHANT, ORDER) if isinstance(f, Noted)]


def effect(asked: list[str], name: str = "try:1") -> Effect:
    async def call(key: str) -> Done:
        asked.append(key)
        return Done()

    return Effect(name=name, operation="buy", connection="post", data={}, call=call, find=never)


@pytest.mark.req("R12")
async def test_what_is_decided_is_committed_with_the_next_intent_and_so_is_the_outcome_before(
    b: Bench,
) -> None:
    run, asked, before = await claimed(b), list[str](), b.store.db.transactions
    run.decide([noted(b, "one")])
    await perform(run, effect(asked))
    assert b.store.db.transactions - before == 1
    await perform(run, effect(asked, "try:2"))
    assert b.store.db.transactions - before == 2
    assert [(e.key, e.state) for e in await b.store.read(effects_of, MERCHANT, ORDER)] == [
        (f"{ORDER}/try:1/1", "done"),
        (f"{ORDER}/try:2/1", "intent"),
    ]
    await run.flush()
    [first, second] = await b.store.read(effects_of, MERCHANT, ORDER)
    assert (first.state, second.state, await texts(b)) == ("done", "done", ["one"])
    assert await b.store.load(MERCHANT, ORDER) == run.state == run.stood


@pytest.mark.req("R42")
async def test_an_outcome_is_committed_before_a_vendor_is_asked_again(b: Bench) -> None:
    run, asked, stored = await claimed(b), list[str](), list[str]()
    await perform(run, effect(asked))

    async def answer() -> None:
        stored.extend(e.state for e in await b.store.read(effects_of, MERCHANT, ORDER))

    await run.ask(Call("post", "quote"), answer)
    assert stored == ["done"]


@pytest.mark.req("R12")
async def test_what_happens_after_a_decision_comes_after_it(b: Bench) -> None:
    run = await claimed(b)
    run.decide([noted(b, "decided first")])
    await run.commit(happened=[noted(b, "happened then")])
    run.decide([noted(b, "decided again")])
    await run.settle([noted(b, "came of an effect")], [])
    await run.flush()
    assert await texts(b) == ["decided first", "happened then", "decided again", "came of an effect"]


@pytest.mark.req("R12")
async def test_of_an_order_that_moved_meanwhile_the_decision_is_dropped_and_what_happened_is_not(
    b: Bench,
) -> None:
    run = await claimed(b)
    run.decide([noted(b, "decided on what stood")])
    await edited_by_another(b)
    await run.commit(happened=[noted(b, "happened")], decided=[noted(b, "decided on it too")])
    assert await texts(b) == ["happened"]
    assert run.state.label_asked
    assert await b.store.load(MERCHANT, ORDER) == run.state == run.stood


@pytest.mark.req("R42")
async def test_an_outcome_that_is_told_after_a_decision_lands_though_the_order_moved(b: Bench) -> None:
    run, key = await claimed(b), f"{ORDER}/try:1/1"
    run.decide([noted(b, "decided on what stood")])
    await edited_by_another(b)
    fact = Settled(at=b.clock.now(), key=key, operation="buy", outcome=Outcome.DONE)
    await run.settle([fact], [Settlement(key=key, outcome=Outcome.DONE)])
    await run.flush()
    assert (await texts(b), run.state.settled[key], run.state.label_asked) == ([], Outcome.DONE, True)


@pytest.mark.req("R42")
async def test_a_lost_claim_ends_the_run_and_what_happened_is_committed_all_the_same(b: Bench) -> None:
    run = await claimed(b)
    run.decide([noted(b, "decided by who lost it")])
    await b.store.write(release_claim, MERCHANT, ORDER, owner=b.hub.owner)
    with pytest.raises(ClaimLostError):
        await run.commit(happened=[noted(b, "happened")])
    assert await texts(b) == ["happened"]


@pytest.mark.req("R19")
async def test_a_stop_switch_holds_before_the_next_effect_although_nobody_reads_it(b: Bench) -> None:
    run, asked = await claimed(b), list[str]()
    assert run.allowed("post", Action.LABELS)
    await b.store.write(set_switch, MERCHANT, "post", "labels", on=False, actor="k", now=b.clock.now())
    await perform(run, effect(asked))
    assert (asked, run.state.open, await b.store.read(effects_of, MERCHANT, ORDER)) == ([], (), [])
    assert not run.allowed("post", Action.LABELS)
    assert b.hub.snapshots.of[MERCHANT].settings.revision == run.settings


@pytest.mark.req("R19")
async def test_a_stop_switch_holds_though_the_step_has_read_the_settings_anew_meanwhile(b: Bench) -> None:
    run, asked = await claimed(b), list[str]()

    async def buys(run: Run) -> None:
        await b.store.write(set_switch, MERCHANT, "post", "labels", on=False, actor="k", now=b.clock.now())
        await run.look_around(run.settings + 1)
        await perform(run, effect(asked))

    step = Step(
        name="buys",
        words="",
        due=lambda view: view.now if view.accepted("post", Action.LABELS) else None,
        run=buys,
    )
    await advance(run, {"buys": step})
    assert (asked, run.state.open, await b.store.read(effects_of, MERCHANT, ORDER)) == ([], (), [])


@pytest.mark.req("R12")
async def test_settings_that_changed_have_the_same_decision_taken_anew_and_only_once(b: Bench) -> None:
    run, asked = await claimed(b), list[str]()
    [chef] = [product for product in PRODUCTS if product.sku == "CHEF-8"]
    await b.store.write(save_products, MERCHANT, [chef.__class__(sku="CHEF-8", title="Knife", weight_g=310)])
    await perform(run, effect(asked))
    assert asked == []
    assert run.products["CHEF-8"].weight_g == 310
    await perform(run, effect(asked))
    assert asked == [f"{ORDER}/try:1/1"]


@pytest.mark.req("R12")
async def test_one_merchants_settings_are_nobody_elses(b: Bench) -> None:
    run, asked = await claimed(b), list[str]()
    await b.store.write(set_switch, "another", "post", "labels", on=False, actor="k", now=b.clock.now())
    await perform(run, effect(asked))
    assert asked == [f"{ORDER}/try:1/1"]


@pytest.mark.req("R12")
async def test_a_commit_that_knows_where_the_order_stood_tells_the_same_as_one_that_reads_it(
    b: Bench,
) -> None:
    run = await claimed(b)
    facts: list[Fact] = [noted(b, "a")]
    await run.commit(happened=facts)
    await edited_by_another(b)
    old = run.stood
    commit = OrderCommit(
        merchant=MERCHANT, order_id=ORDER, at=b.clock.now(), happened=[noted(b, "b")], known=old
    )
    answer = await b.store.commit(commit)
    assert answer.state is not None
    assert answer.state.label_asked  # what another told is not written over by what was known
    assert await b.store.load(MERCHANT, ORDER) == answer.state


@pytest.mark.req("R12")
async def test_an_order_that_moved_by_as_many_facts_as_were_decided_does_not_stand_still(b: Bench) -> None:
    run, asked, told = await claimed(b), list[str](), list[str]()

    async def decides(run: Run) -> None:
        run.decide([noted(b, "decided")])
        told.append("decided")
        await edited_by_another(b)

    async def acts(run: Run) -> None:
        await perform(run, effect(asked))

    def steps() -> Steps:
        now = run.now
        return {
            "decides": Step(name="decides", words="", due=lambda _: None if told else now, run=decides),
            "acts": Step(name="acts", words="", due=lambda _: None if asked else now, run=acts),
        }

    await advance(run, steps())
    assert (asked, run.state.label_asked, run.state.parked) == ([f"{ORDER}/try:1/1"], True, None)
    assert await texts(b) == []
