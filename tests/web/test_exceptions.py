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
    assert "<b>risk</b>" in shown.text

    form = {"order": order_id, "action": "release", "reason": "risk"}
    answer = await site.ask("POST", "/exceptions", cookie=cookie, data=form)
    assert (answer.status, answer.headers["Location"]) == (303, "/exceptions")
    state = await site.b.hub.store.load(MERCHANT, order_id)
    assert state is not None
    assert state.holds == {}
    assert "KK-1003" not in (await site.ask("GET", "/exceptions", cookie=cookie)).text


async def test_a_hold_that_is_not_there_is_refused_and_the_order_stays_as_it_was(site: Site) -> None:
    order_id = await risky(site)
    before = await site.b.hub.store.load(MERCHANT, order_id)
    form = {"order": order_id, "action": "release", "reason": "backordered"}
    answer = await site.ask("POST", "/exceptions", cookie=await site.log_in(KEY), data=form)
    assert answer.status == 409
    assert "is not held by" in answer.text
    assert await site.b.hub.store.load(MERCHANT, order_id) == before


async def test_another_merchant_sees_and_releases_nothing(site: Site) -> None:
    order_id = await risky(site)
    cookie = await site.log_in(OTHER_KEY)
    assert "KK-1003" not in (await site.ask("GET", "/exceptions", cookie=cookie)).text
    form = {"order": order_id, "action": "release", "reason": "risk"}
    assert (await site.ask("POST", "/exceptions", cookie=cookie, data=form)).status == 404
    state = await site.b.hub.store.load(MERCHANT, order_id)
    assert state is not None
    assert state.holds.keys() == {"risk"}
