"""Judgments that come late or change: risk that is pending, disputes, money added and given back, another address."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.bogus.carrier import scan
from connectors.bogus.channel import change_order, order_of
from connectors.bogus.client import Effect
from core.domain.state import Stage
from core.model.notification import NotificationKind
from core.model.order import RiskLevel
from core.model.shipment import TrackingState
from core.services import actions
from core.store.jobs import NewJob, enqueue
from core.store.orders import facts_of
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_red_team import edit, labels, state_of, tell_at_the_scan, with_total
from tests.core.flow.test_whole_way import GRACE, KARA, on_hand

KURT = Cart(number="KK-1003", lines=(("CHEF-8", 3, 18900),), ship_to=home(state="FL"))


def gateway_says(b: Bench, number: str, **changes: Any) -> None:
    """Have the gateway judge a payment anew, and tell of it."""
    known = b.world.payments[f"pay-{number}"]
    b.world.payments[known.reference] = known.model_copy(update=changes)
    b.world.notify("pay", NotificationKind.PAYMENT, known.reference)


@pytest.mark.req("R44", "R81")
async def test_a_payment_of_the_highest_risk_holds_at_once_while_its_units_stay_committed(b: Bench) -> None:
    place(b.world, "shop", KURT)
    gateway_says(b, "KK-1003", risk=RiskLevel.HIGH, risk_score=82)
    await settle(b)
    assert (await state_of(b, "shop:kk-1003")).holds == {"risk": "risk 82"}
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 3)
    await pass_time(b, GRACE)
    assert labels(b) == []


@pytest.mark.req("R44")
async def test_a_dispute_holds_again_what_a_person_released_at_the_same_score(b: Bench) -> None:
    place(b.world, "shop", KURT)
    gateway_says(b, "KK-1003", risk=RiskLevel.HIGH, risk_score=82)
    await settle(b)
    await actions.release(b.hub, MERCHANT, "shop:kk-1003", "risk", "person:kendra")
    await settle(b)
    assert (await state_of(b, "shop:kk-1003")).holds == {}
    gateway_says(b, "KK-1003", disputed=True)
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-1003")).holds == {"risk": "the payment is disputed"}
    assert labels(b) == []


@pytest.mark.req("R104")
async def test_while_the_channel_still_judges_the_order_waits_and_goes_on_with_its_answer(b: Bench) -> None:
    place(b.world, "shop", KARA)
    edit(b, "kk-1001", risk=RiskLevel.PENDING)
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-1001")).holds == {"risk": "the assessment is pending"}
    edit(b, "kk-1001", risk=RiskLevel.LOW)
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED


@pytest.mark.req("R104")
async def test_a_judgment_that_never_comes_is_asked_for_once_more_and_left_to_a_person(b: Bench) -> None:
    place(b.world, "shop", KARA)
    placed = b.clock.now()
    edit(b, "kk-1001", risk=RiskLevel.PENDING)
    b.world.notifications.clear()
    await b.store.write(
        enqueue,
        MERCHANT,
        [NewJob(kind="fetch", subject="shop:kk-1001", connection="shop", due_at=b.clock.now(), data={})],
    )
    await pass_time(b, placed + timedelta(hours=2, seconds=-1) - b.clock.now())
    assert (await state_of(b, "shop:kk-1001")).holds == {"risk": "the assessment is pending"}
    await pass_time(b, timedelta(seconds=1))
    assert (await state_of(b, "shop:kk-1001")).holds == {
        "risk": "no assessment came within 2 hours; a person must decide"
    }
    await pass_time(b, timedelta(days=2))
    assert labels(b) == []
    await actions.release(b.hub, MERCHANT, "shop:kk-1001", "risk", "person:kendra")
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED


@pytest.mark.req("R104")
async def test_an_answer_of_which_no_notification_told_is_found_at_the_limit(b: Bench) -> None:
    place(b.world, "shop", KARA)
    edit(b, "kk-1001", risk=RiskLevel.PENDING)
    await settle(b)
    kept = b.world.shop("shop").orders["kk-1001"]
    order = kept.order.model_copy(update={"risk": RiskLevel.LOW, "updated_at": b.clock.now() + GRACE})
    b.world.shop("shop").orders["kk-1001"] = kept.model_copy(update={"order": order})
    await pass_time(b, timedelta(hours=2))
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED


@pytest.mark.req("R92")
async def test_what_was_paid_too_much_is_noted_once_and_holds_nobody_up(b: Bench) -> None:
    place(b.world, "shop", KARA)
    edit(b, "kk-1001", **with_total(order_of(b.world, "shop", "kk-1001"), 11000))
    await settle(b)
    edit(b, "kk-1001", number="KK-1001")
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED
    texts = [f.text for f in await b.store.read(facts_of, MERCHANT, "shop:kk-1001") if f.kind == "noted"]
    assert texts == ["paid 6.10 USD more than the order's total"]


@pytest.mark.req("R92", "R29")
async def test_units_taken_off_the_order_before_it_ships_are_not_shipped(b: Bench) -> None:
    place(b.world, "shop", Cart(number="KK-5", lines=(("SKILLET-12", 3, 100),), ship_to=home()))
    await settle(b)
    order = order_of(b.world, "shop", "kk-5")
    [line] = order.lines
    fewer = line.model_copy(update={"quantity": 1, "open_quantity": 1})
    works = tuple(w.model_copy(update={"lines": (("l1-w", "l1", 1),)}) for w in order.work_orders)
    money = {"total": order.total.model_copy(update={"minor": 100})}
    money["total_presentment"] = order.total_presentment.model_copy(update={"minor": 100})
    edit(b, "kk-5", lines=(fewer,), work_orders=works, **money)
    await pass_time(b, GRACE)
    [parcel] = (await state_of(b, "shop:kk-5")).parcels
    assert parcel.quote.parcel.lines == (("l1", 1),)
    assert parcel.quote.parcel.gross_g == 3400 + 450
    assert (await on_hand(b))["SKILLET-12", "reno"] == (3, 1)


@pytest.mark.req("R88")
async def test_an_unpaid_order_waits_and_ships_once_a_person_says_so(b: Bench) -> None:
    place(b.world, "shop", KARA)
    edit(b, "kk-1001", transactions=())
    await pass_time(b, GRACE)
    waits = await state_of(b, "shop:kk-1001")
    assert (waits.stage, waits.holds) == (
        Stage.AWAITING_PAYMENT,
        {"payment_short": "116.10 USD is not paid yet"},
    )
    assert labels(b) == []
    await actions.release(b.hub, MERCHANT, "shop:kk-1001", "payment_short", "person:kendra")
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED


def moved(b: Bench, street: str, **changes: str) -> None:
    kept = b.world.shop("shop").orders["kk-1001"]
    personal = kept.personal.model_copy(update={"ship_to": home(street1=street, **changes)})
    b.world.shop("shop").orders["kk-1001"] = kept.model_copy(update={"personal": personal})
    b.clock.move_to(b.clock.now() + timedelta(seconds=1))
    change_order(b.world, "shop", order_of(b.world, "shop", "kk-1001"))


@pytest.mark.req("R24", "R51")
async def test_an_address_changed_after_the_label_holds_until_it_is_the_labels_again(b: Bench) -> None:
    tell_at_the_scan(b)
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    moved(b, "91 Elm Elbow")
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).holds == {
        "address_changed_after_label": "parcel reno-1 goes to the address that the order had before"
    }
    moved(b, "100 Test Kitchen Way")
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).holds == {}
    assert labels(b) == ["KK-1001/reno-1"]


@pytest.mark.req("R24")
@pytest.mark.parametrize("changes", [{"phone": "+15035559999"}, {"name": "KARA  kline"}])
async def test_the_same_address_spelt_otherwise_is_the_same(b: Bench, changes: dict[str, str]) -> None:
    tell_at_the_scan(b)
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    moved(b, "100 test kitchen way", **changes)
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).holds == {}


@pytest.mark.req("R24")
async def test_a_parcel_that_left_is_past_changing_and_a_person_may_let_it_go(b: Bench) -> None:
    tell_at_the_scan(b)
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    moved(b, "91 Elm Elbow")
    await settle(b)
    await actions.release(b.hub, MERCHANT, "shop:kk-1001", "address_changed_after_label", "person:kendra")
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).holds == {}
    moved(b, "92 Elm Elbow")
    await settle(b)
    assert list((await state_of(b, "shop:kk-1001")).holds) == ["address_changed_after_label"]
    scan(b.world, "post", "shp-1", TrackingState.IN_TRANSIT)
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).holds == {}


@pytest.mark.req("R24", "R66")
async def test_no_fact_of_an_edited_address_says_where_it_is_and_a_forgotten_person_leaves_no_trace(
    b: Bench,
) -> None:
    tell_at_the_scan(b)
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    moved(b, "91 Elm Elbow")
    await settle(b)
    told = [f.model_dump_json() for f in await b.store.read(facts_of, MERCHANT, "shop:kk-1001")]
    digests = {
        f.address
        for f in await b.store.read(facts_of, MERCHANT, "shop:kk-1001")
        if f.kind in {"quoted", "changed"}
    }
    assert len(digests) == 2
    assert not [text for text in told if "Elm" in text or "Kitchen" in text]
    assert b.world.effects[Effect.LABEL, "KK-1001/reno-1"] == 1
