"""The label rule of crossdock.yaml: at most so much, in this format, and what people read where no rate will do."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from connectors.bogus.client import Fault
from core.config.rules import LabelRule
from core.config.schema import LocationKeys
from core.domain.state import ParcelState, Stage
from core.model.shipment import RateReason
from core.store.labels import labels_of
from core.store.orders import facts_of
from simulation.shoppers import place
from tests.builders import MERCHANT, Bench, config
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_red_team import labels, state_of
from tests.core.flow.test_whole_way import GRACE, KARA

PACIFIC = ZoneInfo("America/Los_Angeles")


def rule(b: Bench, **says: object) -> None:
    labels = LabelRule(**says)  # type: ignore[arg-type]
    b.hub.merchants[MERCHANT] = replace(b.hub.merchants[MERCHANT], config=replace(config(), labels=labels))


async def parcel_of(b: Bench) -> ParcelState:
    [parcel] = (await state_of(b, "shop:kk-1001")).parcels
    return parcel


@pytest.mark.req("R73")
async def test_a_rate_that_costs_the_most_allowed_is_taken_and_dearer_ones_are_over_it(b: Bench) -> None:
    rule(b, at_most=Decimal("10.30"))
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    parcel = await parcel_of(b)
    assert [
        (r.carrier, r.service, r.price and r.price.minor, r.arrives, r.reason) for r in parcel.quote.rates
    ] == [
        ("Hare", "Ground", 1030, date(2026, 12, 2), RateReason.CHOSEN),
        ("Tortoise", "Ground", 1030, date(2026, 12, 3), RateReason.DEARER),
        ("Hare", "Swift", 1900, date(2026, 12, 1), RateReason.OVER_MAX),
    ]
    assert parcel.quote.saved is not None
    assert parcel.quote.saved.minor == 0


@pytest.mark.req("R73")
async def test_where_every_rate_is_over_the_most_the_order_is_held_in_the_rules_own_words(b: Bench) -> None:
    rule(b, at_most=Decimal("10.29"), no_label="No label: {{error.message}}")
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-1001")).holds == {
        "no_rate": "No label: Hare Ground: over_max; Hare Swift: over_max; Tortoise Ground: over_max"
    }
    assert labels(b) == []


@pytest.mark.parametrize("wanted", ["PNG", "PDF", "ZPL"])
async def test_the_label_is_bought_and_kept_in_the_format_of_the_rule(b: Bench, wanted: str) -> None:
    rule(b, format=wanted)
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    assert [s.label and s.label.format for s in b.world.shipments.values()] == [wanted]
    assert [
        file.format for file in await b.store.read(labels_of, b.store.keys, MERCHANT, "shop:kk-1001")
    ] == [wanted]


@pytest.mark.req("R42")
async def test_a_label_whose_answer_was_lost_was_bought_when_the_carrier_sold_it(b: Bench) -> None:
    left = [Fault.REPLY_LOST]
    b.world.faults = lambda called: left.pop() if called == "buy" and left else None
    place(b.world, "shop", KARA)
    placed = b.clock.now()
    await pass_time(b, timedelta(minutes=20))
    parcel = await parcel_of(b)
    assert not left
    assert parcel.label is not None
    assert parcel.label.at == placed + timedelta(minutes=15)
    bought = [
        f
        for f in await b.store.read(facts_of, MERCHANT, "shop:kk-1001")
        if f.kind == "settled" and f.operation == "buy"
    ]
    assert bought[0].at > parcel.label.at


@pytest.mark.req("R94")
async def test_rates_asked_before_the_cutoff_are_asked_again_after_it(b: Bench) -> None:
    b.clock.move_to(datetime(2026, 11, 30, 14, 44, 59, tzinfo=PACIFIC))
    left = [Fault.BEFORE] * 3
    b.world.faults = lambda called: left.pop() if called == "buy" and left else None
    place(b.world, "shop", KARA)
    await settle(b)
    b.clock.move_to(datetime(2026, 11, 30, 14, 59, 59, tzinfo=PACIFIC))
    await settle(b)
    assert (await parcel_of(b)).quote.arrives == date(2026, 12, 2)
    await pass_time(b, timedelta(minutes=5))
    parcel = await parcel_of(b)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED
    assert parcel.label is not None
    assert parcel.label.at > datetime(2026, 11, 30, 15, 0, tzinfo=PACIFIC)
    assert parcel.quote.arrives == date(2026, 12, 3)


@pytest.mark.req("R86")
def test_as_shipped_a_label_is_asked_for_and_waits_half_an_hour() -> None:
    fields = LocationKeys.model_fields
    assert (fields["labels"].default, fields["grace"].default) == ("ask", timedelta(minutes=30))
