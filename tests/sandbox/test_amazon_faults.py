"""Amazon's limits, its armed faults, and its one silent wrong."""

from typing import Any

import aiohttp
import pytest
from sp_api.base.exceptions import SellingApiNotFoundException, SellingApiRequestThrottledException

from tests.sandbox.amazon_stand import (
    HOUSE,
    KARL,
    KRIS,
    SELLER,
    US,
    Stand,
    browser,
    served,
    settled,
    subscribed,
)

KNIFE = "KK-CHEF8-FBM"
EVER = "2026-11-30T00:00:00Z"


async def set_knives(stand: Stand, quantity: int) -> Any:
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity}]
    patches = [{"op": "replace", "path": "/attributes/fulfillment_availability", "value": value}]
    body = {"productType": "PRODUCT", "patches": patches}
    answer = await stand.listings().patch_listings_item(SELLER, KNIFE, marketplaceIds=US, body=body)
    return answer.payload


async def knives_shown(stand: Stand) -> int:
    answer = await stand.listings().get_listings_item(
        SELLER, KNIFE, marketplaceIds=US, includedData="fulfillmentAvailability"
    )
    return int(answer.payload["fulfillmentAvailability"][0]["quantity"])


async def test_a_usage_plan_lets_a_burst_through_and_then_answers_429() -> None:
    async with served(scale=1) as stand:
        orders = stand.orders()
        answers = [await orders.search_orders(lastUpdatedAfter=EVER) for _call in range(20)]
        with pytest.raises(SellingApiRequestThrottledException) as throttled:
            await orders.search_orders(lastUpdatedAfter=EVER)

    assert answers[0].rate_limit == "0.0056"
    assert throttled.value.amzn_code == "QuotaExceeded"


async def test_the_plan_of_one_operation_does_not_use_up_anothers() -> None:
    async with served(scale=1) as stand:
        stand.amazon.place(KARL)
        orders = stand.orders()
        for _call in range(20):
            await orders.search_orders(lastUpdatedAfter=EVER)
        with pytest.raises(SellingApiRequestThrottledException):
            await orders.search_orders(lastUpdatedAfter=EVER)

        assert (await orders.get_order(KARL["id"])).payload["order"]["orderId"] == KARL["id"]


async def test_a_bucket_fills_with_the_virtual_clock() -> None:
    async with served(scale=1, rate=2000) as stand:
        orders = stand.orders()
        for _call in range(20):
            await orders.search_orders(lastUpdatedAfter=EVER)
        await stand.world.clock.sleep(400)

        assert (await orders.search_orders(lastUpdatedAfter=EVER)).payload["orders"] == []


async def test_a_slow_clock_gets_roomier_plans_unless_the_house_says_otherwise() -> None:
    async with served(scale=None) as stand:
        first = stand.amazon.limits.scale
        stand.amazon.load({**HOUSE, "limits": {"scale": 3}})

        assert (first, stand.amazon.limits.scale) == (20.0, 3)


async def test_a_throttled_or_failed_call_did_nothing() -> None:
    for spec, status in (("throttle:1", 429), ("error:1", 500)):
        async with served(spec=spec) as stand, browser() as http:
            url = f"{stand.url}/listings/2021-08-01/items/{SELLER}/{KNIFE}?marketplaceIds={US}"
            headers = {"x-amz-access-token": stand.amazon.login.access(None)}
            value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 1}]
            patches = [{"op": "replace", "path": "/attributes/fulfillment_availability", "value": value}]
            body = {"productType": "PRODUCT", "patches": patches}
            async with http.patch(url, json=body, headers=headers) as answer:
                got, error = answer.status, await answer.json()

            assert got == status
            assert error["errors"][0]["code"] == {429: "QuotaExceeded", 500: "InternalFailure"}[status]
            assert stand.books()["levels"][KNIFE] == 14


async def test_a_dropped_reply_has_acted() -> None:
    async with served(spec="reply_dropped:1") as stand, browser() as http:
        stand.amazon.place(KARL)
        url = f"{stand.url}/orders/v0/orders/{KARL['id']}/shipmentConfirmation"
        headers = {"x-amz-access-token": stand.amazon.login.access(None)}
        detail = {
            "packageReferenceId": "1",
            "carrierCode": "UPS",
            "trackingNumber": "1Z1",
            "shipDate": "2026-12-01T00:00:00Z",
            "orderItems": [{"orderItemId": "00000100000011", "quantity": 1}],
        }
        with pytest.raises(aiohttp.ClientError):
            await http.post(url, json={"marketplaceId": US, "packageDetail": detail}, headers=headers)

        assert stand.books()["orders"][KARL["id"]]["status"] == "SHIPPED"


async def test_a_stale_read_gives_the_order_before_its_last_change() -> None:
    async with served(spec="stale:1") as stand:
        stand.amazon.place({**KARL, "status": "PENDING"})
        stand.amazon.play("amazon_status", {"order": KARL["id"], "to": "UNSHIPPED"})
        orders = stand.orders()
        seen = [
            (await orders.get_order(KARL["id"], includedData="FULFILLMENT")).payload["order"]["fulfillment"][
                "fulfillmentStatus"
            ]
            for _read in range(3)
        ]

    # Never more than twice in a row.
    assert seen == ["PENDING", "PENDING", "UNSHIPPED"]


async def test_a_read_is_never_stale_half_a_minute_after_the_change() -> None:
    async with served(spec="stale:1", rate=1000) as stand:
        stand.amazon.place({**KARL, "status": "PENDING"})
        stand.amazon.play("amazon_status", {"order": KARL["id"], "to": "UNSHIPPED"})
        await stand.world.clock.sleep(31)
        order = (await stand.orders().get_order(KARL["id"], includedData="FULFILLMENT")).payload["order"]

    assert order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert stand.world.faults.injected == {}


async def test_a_patch_may_be_accepted_and_not_applied() -> None:
    async with served(rate=100) as stand:
        stand.amazon.play("patch_not_applied", {"listing": KNIFE, "times": 1})
        first = await set_knives(stand, 5)
        await stand.world.clock.sleep(3)
        unchanged = await knives_shown(stand)
        await set_knives(stand, 5)
        await stand.world.clock.sleep(3)

        assert (first["status"], unchanged, await knives_shown(stand)) == ("ACCEPTED", 14, 5)


async def test_the_fault_stale_makes_a_patch_accepted_and_not_applied() -> None:
    async with served(spec="stale:1") as stand:
        answer = await set_knives(stand, 5)

        assert answer["status"] == "ACCEPTED"
        assert stand.books()["levels"][KNIFE] == 14
        assert stand.world.faults.injected == {"stale": 1}


async def test_a_lost_order_stands_only_in_the_books() -> None:
    async with served() as stand:
        await subscribed(stand)
        stand.world.sabotage.arm("amazon_order_lost")
        stand.amazon.place(KARL)
        stand.amazon.place(KRIS)
        await settled(stand)
        found = (await stand.orders().search_orders(lastUpdatedAfter=EVER)).payload["orders"]
        with pytest.raises(SellingApiNotFoundException):
            await stand.orders().get_order(KARL["id"])
        queue = stand.amazon.queues.by_name[stand.amazon.queues.first]

        assert [order["orderId"] for order in found] == [KRIS["id"]]
        assert len(queue.messages) == 1
        assert set(stand.books()["orders"]) == {KARL["id"], KRIS["id"]}
        assert stand.world.sabotage.subject == KARL["id"]


async def test_a_lost_shipment_is_shown_and_not_in_the_books() -> None:
    detail = {
        "packageReferenceId": "1",
        "carrierCode": "UPS",
        "trackingNumber": "1Z1",
        "shipDate": "2026-12-01T00:00:00Z",
        "orderItems": [{"orderItemId": "00000100000011", "quantity": 1}],
    }
    async with served() as stand:
        stand.world.sabotage.arm("amazon_tracking_lost")
        stand.amazon.place(KARL)
        await stand.orders_v0().confirm_shipment(KARL["id"], marketplaceId=US, packageDetail=detail)
        order = (await stand.orders().get_order(KARL["id"], includedData="PACKAGES")).payload["order"]

        assert order["packages"][0]["trackingNumber"] == "1Z1"
        assert stand.books()["orders"][KARL["id"]]["shipments"] == []


async def test_a_lost_level_reads_back_right_while_shoppers_see_another() -> None:
    async with served(rate=100) as stand:
        stand.world.sabotage.arm("amazon_level_lost")
        await set_knives(stand, 5)
        await stand.world.clock.sleep(3)

        assert await knives_shown(stand) == 5
        assert stand.books()["levels"][KNIFE] == 6


async def test_calls_are_counted_and_login_and_queue_are_not_among_them() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)
        await stand.orders().get_order(KARL["id"])
        await stand.orders().get_order(KARL["id"])

        assert stand.books()["calls"] == 2


async def test_unknown_verbs_orders_and_statuses_are_refused() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)
        stand.amazon.place(KRIS)
        stand.amazon.play("cancel", {"order": KRIS["id"]})
        before = stand.books()
        for verb, what in (
            ("amazon_status", {"order": KRIS["id"], "to": "UNSHIPPED"}),
            ("edit", {"order": KARL["id"]}),
            ("cancel", {"order": "112-0000000-0000000"}),
            ("amazon_status", {"order": KARL["id"], "to": "Shipped"}),
        ):
            with pytest.raises(ValueError, match=r"know|status"):
                stand.amazon.play(verb, what)
        with pytest.raises(ValueError, match="already"):
            stand.amazon.place(KARL)

        assert stand.books() == before
        assert stand.amazon.knows(KARL["id"])
        assert not stand.amazon.knows("112-0000000-0000000")
