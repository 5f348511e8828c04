"""What an order waits for, until when, and what to do: for each step, gate, hold and stage, and on an order's whole way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.bogus.carrier import scan
from connectors.bogus.client import Fault
from core.domain.state import Stage
from core.engine.step import Step
from core.errors import RejectedError
from core.model.actions import Action
from core.model.gates import Gate
from core.model.holds import Hold
from core.model.order import RiskLevel
from core.model.shipment import TrackingState
from core.services import actions
from core.services.actions import read_order
from core.services.waiting import STAGES, Asked, Waiting, waiting_of, waits_for
from core.steps import STEPS
from core.store.switches import set_switch
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, config, connections, home
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_whole_way import GRACE, KARA

ORDER = "shop:kk-1001"
PERSON = "person:kendra"


async def waits(b: Bench, order_id: str = ORDER) -> Waiting:
    return (await waiting_of(b.hub, MERCHANT, [order_id]))[order_id]


async def switch(b: Bench, connection: str, action: Action, *, on: bool) -> None:
    now = b.clock.now()
    await b.store.write(set_switch, MERCHANT, connection, action.value, on=on, actor=PERSON, now=now)


def configured(b: Bench, **says: str) -> None:
    b.hub.merchants[MERCHANT] = connections(b.world, config(**says))


@pytest.mark.req("R112")
@pytest.mark.parametrize("member", [*Hold, *Gate])
def test_every_hold_and_gate_has_words_and_says_what_a_person_does(member: Hold | Gate) -> None:
    assert member.words
    assert member.words[0] == member.words[0].lower()
    assert not member.words.endswith(".")
    assert member.do[0].isupper()
    assert member.do.endswith(".")


@pytest.mark.req("R112")
@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.name)
def test_every_step_has_words_that_tell_what_is_waited_for(step: Step) -> None:
    assert step.words
    assert not step.words.endswith(".")


@pytest.mark.req("R112")
def test_every_stage_has_its_words() -> None:
    assert set(STAGES) == set(Stage)


@pytest.mark.req("R112")
async def test_an_order_says_what_it_waits_for_all_along_its_way(b: Bench) -> None:
    configured(b, tell="scan")
    place(b.world, "shop", KARA)
    await settle(b)
    assert (await waits(b)).line == (
        "the end of its grace, until 2026-11-30 16:15 UTC. Nothing, or press Buy label to ship it at once."
    )

    await pass_time(b, GRACE)
    assert (await waits(b)).line == "the first scan by Hare. Hand it to the carrier."

    scanned(b)
    await pass_time(b, timedelta(minutes=1))
    assert (await waits(b)).line == "its delivery by Hare. Nothing: its scans are followed."


def scanned(b: Bench) -> None:
    [shipment_id] = b.world.shipments
    scan(b.world, "post", shipment_id, TrackingState.IN_TRANSIT)


@pytest.mark.req("R112")
async def test_labels_that_are_not_accepted_are_what_it_waits_for(b: Bench) -> None:
    await switch(b, "post", Action.LABELS, on=False)
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)

    assert (await waits(b)).line == (
        "labels to be accepted: post may not sell any yet. "
        "Accept Buy labels on the page Connections, or: crossdock go-live accept labels."
    )


@pytest.mark.req("R112")
async def test_a_warehouse_that_asks_first_waits_for_a_person(b: Bench) -> None:
    configured(b, labels="ask")
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)

    assert (await waits(b)).line == "a person's word: Kendra Reno asks before it buys. Press Buy label."


@pytest.mark.req("R112")
async def test_captures_that_are_not_accepted_are_waited_for_although_the_label_is_bought(b: Bench) -> None:
    await switch(b, "shop", Action.CAPTURES, on=False)
    place(b.world, "shop", replace(KARA, pay="later"))
    await pass_time(b, GRACE)

    told = await waits(b)
    assert told.what == "its money: captures of shop are not accepted"
    assert told.do == "Accept Capture money on the page Connections, or: crossdock go-live accept captures."


@pytest.mark.req("R112")
async def test_what_a_vendor_does_for_nobody_is_named_with_its_next_look(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await settle(b)
    b.world.paused = {"buy"}
    await pass_time(b, GRACE)

    told = await waits(b)
    assert told.what.startswith("its label to be bought; post does it for nobody now: ")
    assert told.until is not None
    assert told.until > b.clock.now()
    assert "press Try again now on the page Connections" in told.do


@pytest.mark.req("R112")
async def test_a_failed_try_says_when_the_next_one_is(b: Bench) -> None:
    b.world.faults = lambda called: Fault.BEFORE if called == "quote" else None
    place(b.world, "shop", KARA)
    await settle(b)
    b.clock.move_to(b.clock.now() + GRACE)
    await settle(b)

    told = await waits(b)
    # While nobody else is answered it is no attempt.
    assert told.what == "its packing and its rates; post: does not answer"
    assert told.until is not None
    assert told.until > b.clock.now()
    assert told.do == "Nothing: the hub tries it again by itself."


@pytest.mark.req("R112", "R106")
@pytest.mark.parametrize(("attempts", "says"), [(1, "1 attempt failed"), (3, "3 attempts failed")])
async def test_attempts_that_count_are_told(b: Bench, attempts: int, says: str) -> None:
    b.world.faults = lambda called: Fault.BEFORE if called == "quote" else None
    place(b.world, "shop", KARA)
    await settle(b)
    b.clock.move_to(b.clock.now() + GRACE)
    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    view = (await read_order(b.hub, MERCHANT, ORDER)).view()
    later = b.clock.now() + timedelta(minutes=5)
    told = waits_for(Asked(view=view, due_at=later, attempts=attempts), STEPS)
    assert (told.what, told.until) == (f"its packing and its rates; {says}", later)


@pytest.mark.req("R112")
async def test_every_hold_that_stands_is_told_with_its_detail_and_its_remedies(b: Bench) -> None:
    place(b.world, "shop", Cart(number="KK-1001", lines=(("SKILLET-12", 9, 8597),), ship_to=home()))
    for reference, paid in b.world.payments.items():
        b.world.payments[reference] = paid.model_copy(update={"risk": RiskLevel.HIGH})
    await settle(b)

    assert (await waits(b)).line == (
        "backordered: 9 x SKILLET-12; risk: high risk. "
        "Receive stock, or reject it. Look at the payment, then release the order or reject it."
    )


@pytest.mark.req("R112")
async def test_an_assessment_that_is_pending_is_waited_for_until_its_limit(b: Bench) -> None:
    place(b.world, "shop", KARA)
    for reference, paid in b.world.payments.items():
        b.world.payments[reference] = paid.model_copy(update={"risk": RiskLevel.PENDING})
    await settle(b)

    told = await waits(b)
    assert (told.what, told.until) == (
        "risk: the assessment is pending",
        datetime(2026, 11, 30, 18, 0, tzinfo=UTC),
    )


@pytest.mark.req("R112")
async def test_a_parked_order_says_at_what_it_failed_and_why(b: Bench) -> None:
    def faults(called: str) -> None:
        if called == "quote":
            raise RejectedError("no such service", connection="post")

    b.world.faults = faults
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)

    told = await waits(b)
    assert told.what.startswith(
        "a person: it waits for its packing and its rates; that failed: post: no such service"
    )
    assert told.do == "Mend the cause, then press Try again, or: crossdock orders retry."


@pytest.mark.req("R112")
async def test_an_order_that_a_person_holds_says_so_with_the_note(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await settle(b)
    await actions.hold(b.hub, MERCHANT, ORDER, PERSON, note="the shopper calls back")
    await pass_time(b, GRACE)

    assert (await waits(b)).line == ("held by a person: the shopper calls back. Release it when it may go.")
    await actions.release(b.hub, MERCHANT, ORDER, "by_person", PERSON)
    await pass_time(b, timedelta(minutes=1))
    assert (await waits(b)).what == "its delivery by Hare"


@pytest.mark.req("R112")
async def test_a_cancelled_order_waits_for_nothing(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await settle(b)
    await actions.reject(b.hub, MERCHANT, ORDER, "no", PERSON)
    await settle(b)

    assert (await waits(b)).line == "nothing: it is cancelled. Nothing."
