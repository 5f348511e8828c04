"""What a person's request will do and cost, told before it is done; and that it is done so, once, on what was seen."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.bogus.client import Effect, Fault
from core.errors import RefusedError, RejectedError
from core.model.actions import Action
from core.model.asks import Ask
from core.model.order import RiskLevel
from core.services import actions
from core.services.plans import OrderPlan, plan, plans, release_all_plan
from core.store.orders import facts_of
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_red_team import labels, state_of
from tests.core.flow.test_waiting import ORDER, PERSON, configured, switch
from tests.core.flow.test_whole_way import GRACE, KARA


async def held_for_risk(b: Bench, *, pay_later: bool = True) -> None:
    place(b.world, "shop", replace(KARA, pay="later" if pay_later else "now"))
    for reference, paid in b.world.payments.items():
        b.world.payments[reference] = paid.model_copy(update={"risk": RiskLevel.HIGH})
    await settle(b)


async def planned(b: Bench, ask: Ask, of: str = "", *, ask_rates: bool = False) -> OrderPlan:
    return await plan(b.hub, MERCHANT, ORDER, ask, of, ask_rates=ask_rates)


def costs(found: OrderPlan) -> list[tuple[str, str, bool]]:
    return [(c.what, f"{c.amount.text()} {c.amount.currency}", c.about) for c in found.costs]


@pytest.mark.req("R113")
async def test_a_release_says_what_it_buys_and_captures_and_does_just_that(b: Bench) -> None:
    await held_for_risk(b)
    b.clock.move_to(b.clock.now() + GRACE)
    before = await b.store.read(facts_of, MERCHANT, ORDER)

    found = await planned(b, Ask.RELEASE, "risk", ask_rates=True)

    assert found.title == "Release KK-1001: risk"
    assert found.does == (
        "Buys Hare Ground for about 10.30 USD from reno, in box M.",
        "Then captures 116.10 USD.",
        "Then tells shop the tracking number, at once.",
        "Then mails the tracking number to the shopper.",
    )
    assert costs(found) == [("label", "10.30 USD", True), ("captured", "116.10 USD", False)]
    assert found.back == "Void the label, before it leaves and while the channel does not know it."
    assert await b.store.read(facts_of, MERCHANT, ORDER) == before
    assert labels(b) == []

    await actions.release(b.hub, MERCHANT, ORDER, "risk", PERSON, note="I called her", seen=found.version)
    await settle(b)
    [parcel] = (await state_of(b, ORDER)).parcels
    assert parcel.label is not None
    assert (parcel.label.carrier, parcel.label.service, parcel.label.price.minor) == ("Hare", "Ground", 1030)
    assert [(c.amount.minor, c.amount.currency) for c in (await state_of(b, ORDER)).captured] == [
        (11610, "USD")
    ]
    [released] = [f for f in await b.store.read(facts_of, MERCHANT, ORDER) if f.kind == "released"]
    assert (released.actor, released.note) == (PERSON, "I called her")


@pytest.mark.req("R113")
async def test_a_release_within_grace_says_when_it_buys(b: Bench) -> None:
    await held_for_risk(b, pay_later=False)

    found = await planned(b, Ask.RELEASE, "risk", ask_rates=True)

    assert found.does[0] == (
        "At 2026-11-30 16:15 UTC, when its grace is over: Buys Hare Ground for about 10.30 USD from reno, in box M."
    )
    assert found.back == "Hold it again, before its label is bought."


@pytest.mark.req("R113")
async def test_where_no_price_is_known_it_says_so(b: Bench) -> None:
    await held_for_risk(b)

    unasked = await planned(b, Ask.RELEASE, "risk")
    b.world.faults = lambda called: Fault.BEFORE if called == "quote" else None
    silent = await planned(b, Ask.RELEASE, "risk", ask_rates=True)

    assert "its price is not known yet." in unasked.does[0]
    assert "its price is not known: post does not say one now." in silent.does[0]
    assert (costs(unasked), costs(silent)) == ([("captured", "116.10 USD", False)],) * 2


@pytest.mark.req("R113")
async def test_a_release_that_leaves_another_hold_or_closed_gate_says_that_it_buys_nothing(b: Bench) -> None:
    place(b.world, "shop", Cart(number="KK-1001", lines=(("SKILLET-12", 9, 8597),), ship_to=home()))
    for reference, paid in b.world.payments.items():
        b.world.payments[reference] = paid.model_copy(update={"risk": RiskLevel.HIGH})
    await settle(b)
    assert (await planned(b, Ask.RELEASE, "risk")).does == (
        "Buys nothing: it stays held by backordered: 9 x SKILLET-12.",
    )

    place(b.world, "shop", replace(KARA, number="KK-1002"))
    for reference, paid in b.world.payments.items():
        b.world.payments[reference] = paid.model_copy(update={"risk": RiskLevel.HIGH})
    await settle(b)
    await switch(b, "post", Action.LABELS, on=False)
    other = await plan(b.hub, MERCHANT, "shop:kk-1002", Ask.RELEASE, "risk")
    assert other.does == (
        "Buys nothing: the order then waits for labels to be accepted: buying them is not accepted.",
    )


@pytest.mark.req("R113")
async def test_captures_that_are_not_accepted_are_not_promised(b: Bench) -> None:
    await switch(b, "shop", Action.CAPTURES, on=False)
    await held_for_risk(b)

    found = await planned(b, Ask.RELEASE, "risk")

    assert "Does not capture 116.10 USD: captures of shop are not accepted." in found.does
    assert costs(found) == []


@pytest.mark.req("R113")
async def test_a_rejection_says_what_is_given_back_and_what_is_set_free(b: Bench) -> None:
    await held_for_risk(b, pay_later=False)

    found = await planned(b, Ask.REJECT)

    assert found.does == (
        "Cancels KK-1001 at shop, for good.",
        "Gives 116.10 USD back to the shopper.",
        "Sets 1 x BOARD-WAL at reno, 1 x CHEF-8 at reno free, to be sold again.",
        "Mails the cancellation to the shopper.",
    )
    assert costs(found) == [("given back", "116.10 USD", False)]
    assert found.back == "It cannot be taken back."
    await actions.reject(b.hub, MERCHANT, ORDER, "fraud", PERSON, seen=found.version)
    await settle(b)
    assert (await state_of(b, ORDER)).stage == "cancelled"


@pytest.mark.req("R113")
async def test_of_an_authorization_it_is_said_that_it_is_let_go(b: Bench) -> None:
    await held_for_risk(b)

    assert "Lets the authorization of 116.10 USD go." in (await planned(b, Ask.REJECT)).does


@pytest.mark.req("R113")
async def test_who_asks_on_what_the_order_was_is_refused_and_nothing_changes(b: Bench) -> None:
    await held_for_risk(b)
    seen = (await planned(b, Ask.RELEASE, "risk")).version
    await actions.release(b.hub, MERCHANT, ORDER, "risk", PERSON, seen=seen)
    await settle(b)
    before = await b.store.read(facts_of, MERCHANT, ORDER)

    for ask in (
        actions.hold(b.hub, MERCHANT, ORDER, PERSON, seen=seen),
        actions.reject(b.hub, MERCHANT, ORDER, "no", PERSON, seen=seen),
        actions.ask_label(b.hub, MERCHANT, ORDER, PERSON, seen=seen),
    ):
        with pytest.raises(RefusedError, match="the order moved on since you looked"):
            await ask

    assert await b.store.read(facts_of, MERCHANT, ORDER) == before


@pytest.mark.req("R113")
async def test_a_person_s_request_for_the_label_ignores_grace(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await settle(b)
    assert labels(b) == []

    await actions.ask_label(b.hub, MERCHANT, ORDER, PERSON, note="picked up at noon")
    await settle(b)

    assert labels(b) == ["KK-1001/reno-1"]


@pytest.mark.req("R113")
async def test_buy_label_says_why_where_labels_are_not_accepted_and_changes_nothing(b: Bench) -> None:
    await switch(b, "post", Action.LABELS, on=False)
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    before = await b.store.read(facts_of, MERCHANT, ORDER)
    why = (
        "no label is bought: labels of post are not accepted. "
        "Accept Buy labels on the page Connections, or: crossdock go-live accept labels."
    )

    with pytest.raises(RefusedError) as refused:
        await actions.ask_label(b.hub, MERCHANT, ORDER, PERSON)

    assert str(refused.value) == (await planned(b, Ask.LABEL)).refused == why
    assert await b.store.read(facts_of, MERCHANT, ORDER) == before


@pytest.mark.req("R113")
async def test_a_label_that_the_channel_does_not_know_is_voided_the_order_held_and_released_to_another(
    b: Bench,
) -> None:
    configured(b, tell="scan")
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    assert labels(b) == ["KK-1001/reno-1"]

    found = await planned(b, Ask.VOID, "reno-1")
    assert found.title == "Void the label of parcel reno-1 of KK-1001"
    assert costs(found) == [("comes back", "10.30 USD", True)]
    await actions.void(b.hub, MERCHANT, ORDER, "reno-1", PERSON, note="wrong box", seen=found.version)
    await settle(b)

    state = await state_of(b, ORDER)
    assert (labels(b), state.stage, state.holds) == ([], "on_hold", {"by_person": "wrong box"})
    assert sum(a.units for a in state.allocations) == 2
    assert [p.parcel_id for p in state.voided] == ["reno-1"]

    await actions.release(b.hub, MERCHANT, ORDER, "by_person", PERSON)
    await settle(b)
    assert labels(b) == ["KK-1001/reno-2"]
    assert b.world.effects[Effect.LABEL, "KK-1001/reno-2"] == 1


@pytest.mark.req("R113")
async def test_a_label_that_the_channel_knows_or_that_left_is_not_voided(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    before = await b.store.read(facts_of, MERCHANT, ORDER)

    with pytest.raises(RefusedError, match="the channel knows parcel reno-1 as shipped"):
        await actions.void(b.hub, MERCHANT, ORDER, "reno-1", PERSON)
    with pytest.raises(RefusedError, match="has no label of a parcel 'reno-9'"):
        await actions.void(b.hub, MERCHANT, ORDER, "reno-9", PERSON)

    assert await b.store.read(facts_of, MERCHANT, ORDER) == before
    assert labels(b) == ["KK-1001/reno-1"]


@pytest.mark.req("R113")
async def test_all_that_may_be_asked_is_told_and_why_the_rest_may_not(b: Bench) -> None:
    await held_for_risk(b)

    found = {(p.ask, p.of): p.refused for p in await plans(b.hub, MERCHANT, ORDER)}

    assert found == {
        (Ask.RELEASE, "risk"): "",
        (Ask.LABEL, ""): "no label is bought: the order is held: risk: high risk",
        (Ask.HOLD, ""): "",
        (Ask.RETRY, ""): "the order is not parked",
        (Ask.REJECT, ""): "",
    }


@pytest.mark.req("R113")
async def test_a_retry_of_an_order_that_failed_before_its_label_says_that_it_buys(b: Bench) -> None:
    def faults(called: str) -> None:
        if called == "quote":
            raise RejectedError("no such service", connection="post")

    b.world.faults = faults
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    b.world.faults = lambda _: None

    found = await planned(b, Ask.RETRY, ask_rates=True)

    assert found.does[0] == "Buys Hare Ground for about 10.30 USD from reno, in box M."


@pytest.mark.req("R113")
async def test_a_release_of_all_names_them(b: Bench) -> None:
    await held_for_risk(b)

    found = await release_all_plan(b.hub, MERCHANT, "risk")
    nothing = await release_all_plan(b.hub, MERCHANT, "no_box")
    never = await release_all_plan(b.hub, MERCHANT, "backordered")

    assert (found.title, found.does[0]) == ("Release all 1: risk", "Releases shop:kk-1001.")
    assert nothing.refused == "no order is held: no box"
    assert never.refused == "'backordered' goes away when its cause is mended; a person cannot release it"


@pytest.mark.req("R113")
async def test_a_hold_keeps_an_order_from_its_label_until_it_is_released(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await settle(b)
    await actions.hold(b.hub, MERCHANT, ORDER, PERSON)
    await pass_time(b, timedelta(hours=1))
    assert labels(b) == []
    with pytest.raises(RefusedError, match="a person holds it already"):
        await actions.hold(b.hub, MERCHANT, ORDER, PERSON)

    await actions.release(b.hub, MERCHANT, ORDER, "by_person", PERSON)
    await settle(b)
    assert labels(b) == ["KK-1001/reno-1"]
