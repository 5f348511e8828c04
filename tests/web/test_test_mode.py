"""Test mode stands on every page, in the API, and on the orders whose steps wait for it (R99)."""

from datetime import timedelta

import pytest

from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import pass_time
from tests.web.site import KEY, OTHER_KEY, Site

BANNER = '<p class="alert test-mode"><b>Test mode.</b> pay is in test mode: nothing is confirmed to a live channel.</p>'
WHY = (
    "Test mode: shop is not in test mode, so no label is bought for this order, and no shipment, capture, refund or "
    "cancellation is told there."
)
PAGES = ("/orders", "/stock", "/links", "/connections", "/deliveries", "/exceptions", "/orders/KK-1001")


@pytest.mark.req("R99")
async def test_every_page_says_that_the_merchant_is_in_test_mode_and_no_page_of_a_rival(site: Site) -> None:
    place(
        site.b.world,
        "shop",
        Cart(number="KK-1001", lines=(("SOCKS-CHEF", 1, 2797),), ship_to=home(), email=None),
    )
    await pass_time(site.b, timedelta(minutes=1))
    cookie, rivals = await site.log_in(), await site.log_in(OTHER_KEY)
    for path in PAGES:
        assert "Test mode" not in (await site.ask("GET", path, cookie=cookie)).text, path

    site.change(MERCHANT, "pay", mode="test")

    for path in PAGES:
        answer = await site.ask("GET", path, cookie=cookie)
        assert answer.status == 200
        assert BANNER in answer.text, path
    assert WHY in (await site.ask("GET", "/orders/KK-1001", cookie=cookie)).text
    assert "Test mode" not in (await site.ask("GET", "/orders", cookie=rivals)).text


@pytest.mark.req("R99")
async def test_two_connections_in_test_mode_are_both_named(site: Site) -> None:
    site.change(MERCHANT, "pay", mode="test")
    site.change(MERCHANT, "post", mode="test")

    page = (await site.ask("GET", "/orders", cookie=await site.log_in())).text

    assert "<b>Test mode.</b> pay, post are in test mode: nothing is confirmed to a live channel." in page


@pytest.mark.req("R99")
async def test_the_api_tells_each_mode_and_who_puts_the_merchant_in_test_mode(site: Site) -> None:
    site.change(MERCHANT, "pay", mode="test")
    site.change(MERCHANT, "shop", mode="live")

    told = (await site.ask("GET", "/api/v1/connections", key=KEY)).json

    assert told["in_test"] == ["pay"]
    assert {c["connection"]: c["mode"] for c in told["connections"]} == {
        "shop": "live",
        "amz": None,
        "pay": "test",
        "post": None,
        "mail": None,
    }


@pytest.mark.req("R99")
async def test_a_live_order_cannot_be_rejected_in_test_mode(site: Site) -> None:
    place(
        site.b.world,
        "shop",
        Cart(number="KK-1001", lines=(("SOCKS-CHEF", 1, 2797),), ship_to=home(), email=None),
    )
    await pass_time(site.b, timedelta(minutes=1))
    site.change(MERCHANT, "pay", mode="test")

    answer = await site.ask("POST", "/api/v1/orders/KK-1001/reject", key=KEY, json={"why": "no"})

    assert answer.status == 409
    assert answer.json["detail"] == "test mode (pay): nothing is cancelled or refunded at shop"
    page = (await site.ask("GET", "/orders/KK-1001", cookie=await site.log_in())).text
    assert "Reject this order" not in page
