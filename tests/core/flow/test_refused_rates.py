"""A label that is refused at purchase: that rate is dropped, and the next best is taken."""

from datetime import timedelta

import pytest

from connectors.bogus.client import Effect
from core.domain.state import Stage
from core.services import actions
from core.store.orders import facts_of
from simulation.shoppers import place
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import pass_time
from tests.core.flow.test_red_team import labels, state_of
from tests.core.flow.test_whole_way import GRACE, KARA

ID = "shop:kk-1001"


async def refusals(b: Bench) -> list[str]:
    return [f.service for f in await b.store.read(facts_of, MERCHANT, ID) if f.kind == "rate_refused"]


@pytest.mark.req("R73", "R51")
@pytest.mark.case("C8")
async def test_the_next_best_rate_is_bought_on_the_same_shipment(b: Bench) -> None:
    b.world.refusing = {"Hare Ground"}
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)

    state = await state_of(b, ID)
    [parcel] = state.parcels
    assert (state.parked, state.stage) == (None, Stage.SHIPPED)
    assert [(r.name, r.reason.value, r.detail) for r in parcel.quote.rates] == [
        ("Tortoise Ground", "chosen", ""),
        ("Hare Swift", "dearer", ""),
        ("Hare Ground", "refused", "not_there"),
    ]
    assert parcel.label is not None
    assert parcel.label.carrier == "Tortoise"
    assert parcel.quote.saved is not None
    assert parcel.quote.saved.minor == 870
    assert b.world.effects[Effect.LABEL, "KK-1001/reno-1"] == 1


@pytest.mark.req("R73")
@pytest.mark.case("C8")
async def test_where_every_rate_is_refused_the_order_is_held_and_no_rate_is_tried_twice(b: Bench) -> None:
    b.world.refusing = {"Hare Ground", "Tortoise Ground", "Hare Swift"}
    place(b.world, "shop", KARA)
    await pass_time(b, timedelta(hours=2))

    state = await state_of(b, ID)
    assert state.holds == {"no_rate": "Hare Ground: refused; Hare Swift: refused; Tortoise Ground: refused"}
    assert await refusals(b) == ["Ground", "Ground", "Swift"]
    assert (state.parked, labels(b)) == (None, [])


@pytest.mark.req("R73")
@pytest.mark.case("C8")
async def test_a_person_may_have_it_tried_again(b: Bench) -> None:
    b.world.refusing = {"Hare Ground", "Tortoise Ground", "Hare Swift"}
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    b.world.refusing = set()
    await actions.release(b.hub, MERCHANT, ID, "no_rate", "person:kendra")
    await pass_time(b, GRACE)

    [parcel] = (await state_of(b, ID)).parcels
    assert parcel.label is not None
    assert parcel.label.carrier == "Hare"
