"""Shipments confirmed with the SDK as shipped, and the confirmations that Amazon refuses."""

import copy
from typing import Any

import pytest
from sp_api.base.exceptions import SellingApiBadRequestException

from tests.sandbox.amazon_stand import FBA, KARL, US, Stand, served

ALL = "FULFILLMENT,PACKAGES"
ITEM = "00000100000011"


def package(**changes: Any) -> dict[str, Any]:
    return {
        "packageReferenceId": "1",
        "carrierCode": "FedEx",
        "shippingMethod": "FEDEX_2_DAY",
        "trackingNumber": "794600000001",
        "shipDate": "2026-12-01T01:30:00Z",
        "orderItems": [{"orderItemId": ITEM, "quantity": 1}],
        **changes,
    }


async def confirm(stand: Stand, **changes: Any) -> Any:
    return await stand.orders_v0().confirm_shipment(
        KARL["id"], marketplaceId=US, packageDetail=package(**changes)
    )


async def test_a_confirmed_package_is_shown_and_stands_in_the_books() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)
        await confirm(stand)
        order = (await stand.orders().get_order(KARL["id"], includedData=ALL)).payload["order"]
        books = stand.books()["orders"][KARL["id"]]

    assert order["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert order["orderItems"][0]["fulfillment"] == {"quantityFulfilled": 1, "quantityUnfulfilled": 0}
    (shown,) = order["packages"]
    assert (shown["carrier"], shown["trackingNumber"]) == ("FedEx", "794600000001")
    assert books["status"] == "SHIPPED"
    assert books["shipments"][0].pop("at").startswith("2026-11-30T16:00:0")
    assert books["shipments"] == [
        {
            "reference": "1",
            "carrier_code": "FedEx",
            "carrier_name": None,
            "tracking": "794600000001",
            "method": "FEDEX_2_DAY",
            "app": "hub",
            "lines": [{"listing": "KK-SOCKS-2PK", "qty": 1}],
        }
    ]


async def test_the_same_package_told_again_is_updated_and_not_doubled() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)
        await confirm(stand)
        await confirm(stand, trackingNumber="794600000002")
        (shipment,) = stand.books()["orders"][KARL["id"]]["shipments"]

    assert shipment["tracking"] == "794600000002"


async def test_several_packages_of_one_order_ship_it_bit_by_bit() -> None:
    line = {"listing": "KK-SOCKS-2PK", "qty": 3, "price": 2600}
    async with served() as stand:
        stand.amazon.place({**KARL, "lines": [line], "shipping": 0, "tax": 0, "total": 7800})
        await confirm(stand)
        part = stand.books()["orders"][KARL["id"]]["status"]
        await confirm(stand, packageReferenceId="2", orderItems=[{"orderItemId": ITEM, "quantity": 2}])
        books = stand.books()["orders"][KARL["id"]]

    assert part == "PARTIALLY_SHIPPED"
    assert books["status"] == "SHIPPED"
    assert [shipment["reference"] for shipment in books["shipments"]] == ["1", "2"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"carrierCode": "Fedex"}, "CarrierCode"),
    ({"carrierCode": "Other"}, "CarrierName"),
    ({"packageReferenceId": "A-1"}, "positive numeric"),
    ({"packageReferenceId": 1}, "invalid type"),
    ({"packageReferenceId": "0"}, "positive numeric"),
    ({"trackingNumber": None}, "trackingNumber"),
    ({"shipDate": "soon"}, "shipDate"),
    ({"shipDate": "2026-11-01T00:00:00Z"}, "ShipDate"),
    ({"orderItems": []}, "OrderItems"),
    ({"orderItems": [{"orderItemId": "9", "quantity": 1}]}, "not an item"),
    ({"orderItems": [{"orderItemId": ITEM, "quantity": 2}]}, "more of"),
    ({"orderItems": [{"orderItemId": ITEM, "quantity": 0}]}, "positive"),
]


@pytest.mark.parametrize(("changes", "words"), REFUSED)
async def test_a_wrong_confirmation_is_refused_and_changes_nothing(
    changes: dict[str, Any], words: str
) -> None:
    async with served() as stand:
        stand.amazon.place(KARL)
        before = copy.deepcopy(stand.books()["orders"])
        with pytest.raises(SellingApiBadRequestException, match=words):
            await confirm(stand, **changes)

        assert stand.books()["orders"] == before


@pytest.mark.parametrize("status", ["PENDING", "CANCELLED"])
async def test_an_order_that_is_not_open_cannot_be_confirmed(status: str) -> None:
    async with served() as stand:
        stand.amazon.place(KARL)
        stand.amazon.play("amazon_status", {"order": KARL["id"], "to": status})
        with pytest.raises(SellingApiBadRequestException, match=status):
            await confirm(stand)

        assert stand.books()["orders"][KARL["id"]]["shipments"] == []


async def test_an_order_that_amazon_ships_cannot_be_confirmed() -> None:
    async with served() as stand:
        stand.amazon.place(FBA)
        with pytest.raises(SellingApiBadRequestException, match="fulfilled by Amazon"):
            await stand.orders_v0().confirm_shipment(FBA["id"], marketplaceId=US, packageDetail=package())


async def test_another_package_of_a_shipped_order_is_refused() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)
        await confirm(stand)
        with pytest.raises(SellingApiBadRequestException, match="more of"):
            await confirm(stand, packageReferenceId="2")

        assert len(stand.books()["orders"][KARL["id"]]["shipments"]) == 1


async def test_a_carrier_that_is_not_listed_is_named() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)
        await confirm(stand, carrierCode="Other", carrierName="Jitsu")
        (shipment,) = stand.books()["orders"][KARL["id"]]["shipments"]

    assert (shipment["carrier_code"], shipment["carrier_name"]) == ("Other", "Jitsu")
