"""A method that the file does not name goes by the default, and its merchant hears of it once (R95)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from core.config.merchant import MerchantConfig
from core.errors import NotFoundError
from core.services.notices import open_notices, see
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, MONDAY_8, Bench, config, home
from tests.core.flow.play import pass_time
from tests.core.flow.test_red_team import labels, state_of
from tests.core.flow.test_whole_way import GRACE

TEXT = (
    "Shipping method 'Overnight' is not in crossdock.yaml: its orders go without promise, by the cheapest rate. "
    "Name it under sla.promise."
)


def cart(number: int, method: str = "Overnight", **changes: object) -> Cart:
    known = {"lines": (("SOCKS-CHEF", 1, 2400),), "ship_to": home(), "method": method}
    return Cart(number=f"KK-{number}", **(known | changes))  # type: ignore[arg-type]


def runs(b: Bench, **changes: object) -> None:
    """Have another file in force."""
    kept: MerchantConfig = replace(config(), **changes)  # type: ignore[arg-type]
    b.hub.merchants[MERCHANT] = replace(b.hub.merchants[MERCHANT], config=kept)


async def told(b: Bench) -> list[tuple[str, str, str]]:
    return [(n.kind, n.subject, n.text) for n in await open_notices(b.hub, MERCHANT)]


@pytest.mark.req("R95")
async def test_of_twenty_orders_by_an_unlisted_method_one_notice_is_raised(b: Bench) -> None:
    for number in range(1001, 1021):
        place(b.world, "shop", cart(number))
    await pass_time(b, GRACE)
    assert len(labels(b)) == 20
    [notice] = await open_notices(b.hub, MERCHANT)
    assert (notice.kind, notice.subject, notice.text) == ("unlisted_method", "Overnight", TEXT)
    assert notice.since == MONDAY_8 + timedelta(minutes=15)
    [parcel] = (await state_of(b, "shop:kk-1001")).parcels
    assert parcel.quote.promised is None


@pytest.mark.req("R95")
async def test_each_unlisted_method_has_a_notice_and_goes_by_the_default_of_the_file(b: Bench) -> None:
    runs(b, promises={"Standard": 5, "*": 3})
    for number, method in enumerate(("Overnight", "Pick-up", "Standard", "Overnight"), start=1001):
        place(b.world, "shop", cart(number, method))
    await pass_time(b, GRACE)
    assert [(subject, text.partition(": ")[2]) for _, subject, text in await told(b)] == [
        ("Overnight", 'its orders go by the promise of "*" (3 working days). Name it under sla.promise.'),
        ("Pick-up", 'its orders go by the promise of "*" (3 working days). Name it under sla.promise.'),
    ]
    assert [
        (await state_of(b, f"shop:kk-{number}")).parcels[0].quote.promised for number in (1001, 1002, 1003)
    ] == [date(2026, 12, 3), date(2026, 12, 3), date(2026, 12, 7)]


@pytest.mark.req("R95")
async def test_once_seen_it_is_gone_and_later_orders_do_not_bring_it_back(b: Bench) -> None:
    place(b.world, "shop", cart(1001))
    await pass_time(b, GRACE)
    with pytest.raises(NotFoundError, match="no notice 'unlisted_method' of 'overnight'"):
        await see(b.hub, MERCHANT, "unlisted_method", "overnight")
    assert await told(b) == [("unlisted_method", "Overnight", TEXT)]

    await see(b.hub, MERCHANT, "unlisted_method", "Overnight")
    assert await told(b) == []
    place(b.world, "shop", cart(1002))
    await pass_time(b, GRACE)
    assert len(labels(b)) == 2
    assert await told(b) == []


@pytest.mark.req("R95")
async def test_once_the_file_names_the_method_the_notice_is_gone(b: Bench) -> None:
    place(b.world, "shop", cart(1001))
    await pass_time(b, GRACE)
    assert len(await told(b)) == 1
    runs(b, promises={"*": 4})
    assert len(await told(b)) == 1
    runs(b, promises={"Overnight": 1})
    assert await told(b) == []


@pytest.mark.req("R95")
async def test_a_listed_method_and_amazons_own_date_raise_nothing(b: Bench) -> None:
    place(b.world, "shop", cart(1001, "Express"))
    of_amazon = cart(2001, "Expedited", lines=(("KK-CHEF8", 1, 9900),), pay="marketplace")
    place(b.world, "amz", of_amazon)
    await pass_time(b, GRACE)
    assert len(labels(b)) == 2
    assert await told(b) == []


@pytest.mark.req("R95")
async def test_a_method_goes_by_its_allowed_services_and_without_any_the_order_is_held(b: Bench) -> None:
    runs(b, services={"Express": ("Hare Sw*",), "Standard": ("Snail *",), "*": ("Tortoise *",)})
    for number, method in enumerate(("Express", "International", "Standard"), start=1001):
        place(b.world, "shop", cart(number, method))
    await pass_time(b, GRACE)
    bought = [(await state_of(b, f"shop:kk-{number}")).parcels[0].label for number in (1001, 1002)]
    assert [(label.carrier, label.service) for label in bought if label] == [
        ("Hare", "Swift"),
        ("Tortoise", "Ground"),
    ]
    held = await state_of(b, "shop:kk-1003")
    assert held.holds == {
        "no_rate": "Hare Ground: not_allowed; Hare Swift: not_allowed; Tortoise Ground: not_allowed"
    }
    assert len(labels(b)) == 2
