"""What a file says otherwise is true at once when it is applied: levels, and what open orders wait for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from core.config.merchant import MerchantConfig, StockRule
from core.domain.state import Stage
from core.failpoints import listening
from core.model.stock import ListingKey
from core.services.rules_in_force import apply, put_in_force
from core.store.configs import save_config
from core.store.jobs import list_jobs_of_kind
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.merchant_runs import count
from tests.core.flow.play import pass_time, settle
from tests.core.flow.ruled import read_rules

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R09")]
LONG = timedelta(seconds=90)
KNIFE = ListingKey(listing="KK-CHEF8")
RULE = "- {id: gone, when: order.cancelled, then: [{tag: gone}]}\n"


async def files(b: Bench, units: int) -> tuple[MerchantConfig, MerchantConfig]:
    """Put the bench's file in force; return it and one that keeps so many units back from Amazon."""
    known = b.hub.connections(MERCHANT)
    text = read_rules(RULE).text
    before = replace(known.config, text=text, digest="a" * 64)
    other = replace(
        before,
        text=f"{text}# {units}\n",
        digest="b" * 64,
        stock=(StockRule(pattern="*", buffer={"amz": units}, low=None),),
    )
    b.hub.read_config = lambda said: next(one for one in (before, other) if one.text == said)
    b.hub.reopened = lambda connections, config: replace(connections, config=config)
    b.hub.merchants[MERCHANT] = replace(known, config=before)
    await b.store.write(save_config, MERCHANT, before.digest, text, now=b.clock.now())
    await put_in_force(b.hub, MERCHANT)
    return before, other


async def test_levels_follow_the_units_that_an_applied_file_keeps_back(on_disk: Bench) -> None:
    b = on_disk
    _, other = await files(b, 4)
    await count(b, 9)
    await settle(b)
    assert b.world.shop("amz").levels[KNIFE] == 7  # two are never shown

    await apply(b.hub, MERCHANT, other, actor="user:kendra")
    await settle(b)

    assert b.world.shop("amz").levels[KNIFE] == 5
    assert await b.store.read(list_jobs_of_kind, MERCHANT, "levels_again") == []


async def test_a_process_that_starts_with_such_a_file_brings_levels_true_as_well(b: Bench) -> None:
    _, other = await files(b, 4)
    await count(b, 9)
    await settle(b)

    b.hub.merchants[MERCHANT] = replace(b.hub.connections(MERCHANT), config=other)
    await b.store.write(save_config, MERCHANT, other.digest, other.text, now=b.clock.now())
    await put_in_force(b.hub, MERCHANT)
    await settle(b)

    assert b.world.shop("amz").levels[KNIFE] == 5


async def test_a_file_that_keeps_the_same_back_looks_at_no_level(b: Bench) -> None:
    before, other = await files(b, 4)
    await apply(b.hub, MERCHANT, replace(other, stock=before.stock), actor="user:kendra")

    assert await b.store.read(list_jobs_of_kind, MERCHANT, "levels_again") == []


class KilledError(BaseException):
    """Stands for the end of a process."""


def die_once() -> Callable[[str], None]:
    died: list[str] = []

    def listen(place: str) -> None:
        if place == "levels.again.before" and not died:
            died.append(place)
            raise KilledError

    return listen


async def test_who_dies_before_the_listings_are_marked_marks_them_later(b: Bench) -> None:
    _, other = await files(b, 4)
    await count(b, 9)
    await settle(b)
    await apply(b.hub, MERCHANT, other, actor="user:kendra")

    with listening(die_once()), pytest.raises(KilledError):
        await settle(b)
    b.clock.instant += 10 * LONG
    await settle(b)

    assert b.world.shop("amz").levels[KNIFE] == 5


async def test_an_order_that_waited_for_a_person_goes_on_where_an_applied_file_asks_none(b: Bench) -> None:
    before, other = await files(b, 4)
    asks = {key: replace(one, labels="ask") for key, one in before.locations.items()}
    before = replace(before, locations=asks)
    b.hub.merchants[MERCHANT] = replace(b.hub.connections(MERCHANT), config=before)
    await count(b, 9)
    place(
        b.world,
        "shop",
        Cart(number="KK-1", lines=(("CHEF-8", 1, 6997),), ship_to=home(), email="kara@example.test"),
    )
    await settle(b)
    await pass_time(b, timedelta(hours=30))
    waits = await b.store.load(MERCHANT, "shop:kk-1")
    assert waits is not None
    assert (waits.stage, [parcel.label for parcel in waits.parcels]) == (Stage.READY, [])

    await apply(b.hub, MERCHANT, other, actor="user:kendra")
    await pass_time(b, timedelta(hours=30))

    goes = await b.store.load(MERCHANT, "shop:kk-1")
    assert goes is not None
    assert [parcel.label is not None for parcel in goes.parcels] == [True]
