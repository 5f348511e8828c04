"""The page of exceptions: what stands still, why, and the button that sends it on."""

import pytest

from core.model.order import RiskLevel
from core.store.orders import list_orders
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import settle
from tests.web.site import KEY, OTHER_KEY, Site


async def risky(site: Site) -> str:
    cart = Cart(number="KK-1003", lines=(("CHEF-8", 1, 8900),), ship_to=home())
    place(site.b.world, "shop", cart)
    for reference, paid in site.b.world.payments.items():
        site.b.world.payments[reference] = paid.model_copy(update={"risk": RiskLevel.HIGH})
    await settle(site.b)
    [row] = (await site.b.hub.store.read(list_orders, MERCHANT)).items
    return row.order_id


@pytest.mark.req("S04")
async def test_a_held_order_is_listed_with_its_cause_and_released_by_its_button(site: Site) -> None:
    order_id = await risky(site)
    cookie = await site.log_in(KEY)
    shown = await site.ask("GET", "/exceptions", cookie=cookie)
    assert shown.status == 200
    assert "KK-1003" in shown.text
    assert "risk: high risk" in shown.text
    assert "Look at the payment, then release the order or reject it." in shown.text

    answer = await site.press("/exceptions", {"order": order_id, "action": "release", "of": "risk"})
    assert answer.status == 303
    assert answer.headers["Location"].startswith(f"/orders/{order_id.replace(':', '%3A')}/done?since=")
    state = await site.b.hub.store.load(MERCHANT, order_id)
    assert state is not None
    assert state.holds == {}
    assert "KK-1003" not in (await site.ask("GET", "/exceptions", cookie=cookie)).text


async def test_a_hold_that_is_not_there_is_refused_and_the_order_stays_as_it_was(site: Site) -> None:
    order_id = await risky(site)
    before = await site.b.hub.store.load(MERCHANT, order_id)
    form = {"order": order_id, "action": "release", "of": "backordered"}
    answer = await site.ask("POST", "/exceptions", cookie=await site.log_in(KEY), data=form)
    assert answer.status == 409
    assert "is not held by" in answer.text
    assert await site.b.hub.store.load(MERCHANT, order_id) == before


async def test_another_merchant_sees_and_releases_nothing(site: Site) -> None:
    order_id = await risky(site)
    cookie = await site.log_in(OTHER_KEY)
    assert "KK-1003" not in (await site.ask("GET", "/exceptions", cookie=cookie)).text
    form = {"order": order_id, "action": "release", "of": "risk"}
    assert (await site.ask("POST", "/exceptions", cookie=cookie, data=form)).status == 404
    state = await site.b.hub.store.load(MERCHANT, order_id)
    assert state is not None
    assert state.holds.keys() == {"risk"}


@pytest.mark.req("R105")
@pytest.mark.case("C1")
async def test_an_order_that_cannot_be_read_whole_is_shown_without_amounts_and_read_again_by_its_button(
    site: Site,
) -> None:
    site.b.world.shop("shop").unreadable["kk-7"] = "totalTipReceivedSet"
    place(site.b.world, "shop", Cart(number="KK-7", lines=(("CHEF-8", 1, 8900),), ship_to=home()))
    await settle(site.b)
    cookie = await site.log_in(KEY)

    listed = (await site.ask("GET", "/exceptions", cookie=cookie)).text
    shown = (await site.ask("GET", "/orders/shop:kk-7", cookie=cookie)).text
    told = (await site.ask("GET", "/api/v1/orders/KK-7", key=KEY)).json

    assert "cannot be read whole: totalTipReceivedSet: expected text, found a number" in listed
    assert "Read it again" in listed
    assert "amount unknown" in shown
    assert "XXX" not in shown + listed
    assert (told["total_minor"], told["currency"], told["lines"][0]["unit_price_minor"]) == (None, None, None)
    assert (told["holds"].keys(), told["units"]) == ({"unreadable"}, {"CHEF-8@reno": 1})

    site.b.world.shop("shop").unreadable.clear()
    form = {"order": "shop:kk-7", "action": "retry"}
    assert (await site.press("/exceptions", form)).status == 303
    await settle(site.b)
    assert (await site.ask("GET", "/api/v1/orders/KK-7", key=KEY)).json["total_minor"] == 8900
