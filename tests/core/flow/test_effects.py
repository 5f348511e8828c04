"""The journal's own promises, one effect at a time: intended before it is asked for, and settled as what it was."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.commit import Intent, Landed, OrderCommit
from core.domain.state import OpenIntent
from core.engine.advance import begin
from core.engine.effects import Done, Effect, look_up, perform
from core.engine.run import Run
from core.errors import RejectedError
from core.model.effects import Outcome
from core.model.facts import Intended, LabelAsked
from core.ports import Mode
from core.store.claims import wake_open_orders
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import settle

ORDER = "shop:kk-1"
GRACE = timedelta(minutes=15)
KEY = f"{ORDER}/try:1/1"
Call = Callable[[str], Awaitable[Done]]


async def claimed(b: Bench) -> Run:
    place(b.world, "shop", Cart(number="KK-1", lines=(("CHEF-8", 1, 9278),), ship_to=home()))
    await settle(b)
    b.clock.move_to(b.clock.now() + GRACE)
    run = await begin(b.hub, MERCHANT, ORDER)
    assert run is not None
    return run


async def never(_run: Run, _intent: OpenIntent) -> Done:
    return Done(outcome=Outcome.UNDONE)


def effect(call: Call, *, operation: str = "buy") -> Effect:
    return Effect(name="try:1", operation=operation, connection="post", data={}, call=call, find=never)


async def edited_by_another(b: Bench) -> None:
    fact = LabelAsked(at=b.clock.now(), actor="person:kendra")
    await b.store.commit(OrderCommit(merchant=MERCHANT, order_id=ORDER, at=b.clock.now(), happened=[fact]))


@pytest.mark.req("R42")
async def test_the_vendor_is_not_asked_where_the_order_moved_on_before(b: Bench) -> None:
    run, asked = await claimed(b), list[str]()

    async def call(key: str) -> Done:
        asked.append(key)
        return Done()

    await edited_by_another(b)
    await perform(run, effect(call))
    assert asked == []
    assert (KEY in run.state.settled, run.state.open, run.state.label_asked) == (False, (), True)
    await perform(run, effect(call))  # the same decision on the order as it stands now
    assert asked == [KEY]
    assert run.state.settled[KEY] is Outcome.DONE


@pytest.mark.req("R42")
@pytest.mark.parametrize("moved", [False, True])
async def test_a_refusal_counts_against_the_order_only_as_it_stood_when_it_was_asked_for(
    b: Bench, *, moved: bool
) -> None:
    run = await claimed(b)

    async def call(_key: str) -> Done:
        if moved:
            await edited_by_another(b)
        raise RejectedError("not sold there", connection="post", code="no_service")

    async def reads_again(_run: Run, _intent: OpenIntent) -> Done:
        run.state = await b.store.load(MERCHANT, ORDER) or run.state
        return Done(outcome=Outcome.UNDONE)

    asked = replace(effect(call), find=reads_again)
    if moved:
        await perform(run, asked)
    else:
        with pytest.raises(RejectedError, match="not sold there"):
            await perform(run, asked)
    assert run.state.settled[KEY] is Outcome.REFUSED
    assert run.state.open == ()
    assert run.state.label_asked is moved


@pytest.mark.req("R99")
@pytest.mark.parametrize("takes_back", [False, True])
async def test_in_test_mode_nothing_is_done_at_a_live_vendor_but_what_takes_back(
    b: Bench, *, takes_back: bool
) -> None:
    run, asked = await claimed(b), list[str]()

    async def call(key: str) -> Done:
        asked.append(key)
        return Done()

    known = b.hub.merchants[MERCHANT]
    modes: dict[str, Mode] = {"shop": "test", "post": "live"}
    ports = {name: replace(p, mode=modes.get(name)) for name, p in known.ports.items()}
    b.hub.merchants[MERCHANT] = replace(known, ports=ports)
    tried = replace(effect(call), takes_back=takes_back)
    if takes_back:
        await perform(run, tried)
        assert (asked, run.state.settled.get(KEY)) == ([KEY], Outcome.DONE)
    else:
        with pytest.raises(
            RejectedError, match="buy: nothing is changed there while the merchant is in test mode"
        ):
            await perform(run, tried)
        assert (asked, run.state.settled.get(KEY), run.state.open) == ([], None, ())


@pytest.mark.req("R42")
async def test_an_intent_is_looked_up_no_earlier_than_after_call_limit_and_settle_time(b: Bench) -> None:
    run = await claimed(b)
    operation = run.connections.operation("post", "buy")
    found = list[OpenIntent]()

    async def call(_key: str) -> Done:
        found.extend((await b.store.load(MERCHANT, ORDER) or run.state).open)
        return Done()

    await perform(run, effect(call))
    waits = timedelta(seconds=operation.call_limit_s + operation.settle_s)
    assert [(i.key, i.operation, i.connection, i.look_up_at - b.clock.now()) for i in found] == [
        (KEY, "buy", "post", waits)
    ]


@pytest.mark.req("R42", "R97")
async def test_no_label_is_bought_from_a_location_that_the_file_does_not_name_any_more(b: Bench) -> None:
    place(b.world, "shop", Cart(number="KK-1", lines=(("CHEF-8", 1, 9278),), ship_to=home()))
    await settle(b)
    known = b.hub.merchants[MERCHANT]
    locations = {name: at for name, at in known.config.locations.items() if name != "reno"}
    b.hub.merchants[MERCHANT] = replace(known, config=replace(known.config, locations=locations))
    b.clock.move_to(b.clock.now() + GRACE)
    await settle(b)
    assert b.world.calls["post", "buy"] == 0
    b.hub.merchants[MERCHANT] = known
    await b.store.write(wake_open_orders, MERCHANT, now=b.clock.now())
    await settle(b)
    assert b.world.calls["post", "buy"] == 1


@pytest.mark.req("R42")
async def test_of_two_intents_without_an_outcome_the_one_that_waits_longest_is_looked_up_first(
    b: Bench,
) -> None:
    run, looked = await claimed(b), list[str]()
    for name, seconds in (("try:late", 300), ("try:soon", 60)):
        await intended(run, f"{ORDER}/{name}/1", seconds)

    async def find(_run: Run, intent: OpenIntent) -> Done:
        looked.append(intent.key)
        return Done(outcome=Outcome.UNDONE)

    b.clock.move_to(b.clock.now() + timedelta(minutes=10))
    await look_up(run, {"buy": find})
    assert looked == [f"{ORDER}/try:soon/1"]
    assert [i.key for i in run.state.open] == [f"{ORDER}/try:late/1"]
    await look_up(run, {"buy": find})
    assert (looked[1:], run.state.open) == ([f"{ORDER}/try:late/1"], ())


async def intended(run: Run, key: str, seconds: int) -> None:
    """Commit an intent whose outcome a crash left open."""
    look_up_at = run.now + timedelta(seconds=seconds)
    told = Intended(at=run.now, key=key, operation="buy", connection="post", look_up_at=look_up_at, data={})
    kept = Intent(key=key, operation="buy", connection="post", fence="key", owner="w1", request={})
    assert isinstance(await run.commit(decided=[told], intents=[kept]), Landed)
