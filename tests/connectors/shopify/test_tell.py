"""Telling the shop of a parcel: once, with its own lines."""

import pytest

from connectors.shopify.shipment_notifier import company_of
from core.errors import RejectedError
from core.model.order import Order
from core.model.shipment import Dispatch
from tests.connectors.shopify.shop import NOON, connected, number
from tests.sandbox.shopify_stand import paid


def a_parcel(order: Order, tracking: str, *, units: int = 1, carrier: str = "FedEx") -> Dispatch:
    (work,) = order.work_orders
    (work_line_id, line_id, _), *_ = work.lines
    return Dispatch(
        parcel_id="p1",
        carrier=carrier,
        service="FEDEX_GROUND",
        tracking=tracking,
        shipped_at=NOON,
        location="reno",
        lines=((line_id, units),),
        work_lines=((work.work_id, work_line_id, units),),
    )


@pytest.mark.req("S20", "R42")
async def test_a_parcel_is_told_once_however_often_it_is_told() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())
        parcel = a_parcel((await shop.channel.fetch_order(order_id)).order, "FX-1")

        first = await shop.shipment_notifier.tell_shipped(order_id, parcel, key="t-1")
        again = await shop.shipment_notifier.tell_shipped(order_id, parcel, key="t-1")

        assert first == again
        (kept,) = stand.books("KK-1001")["fulfillments"]
        assert (kept["tracking"], kept["company"], kept["location"]) == ("FX-1", "FedEx", "reno")


@pytest.mark.req("R55")
async def test_half_of_a_work_order_told_twice_ships_one_half() -> None:
    async with connected() as (stand, shop):
        lines = [{"sku": "PARE-3", "qty": 2, "price": 2500}]
        order_id = number(stand.place(lines=lines, total=5000, pay=[paid(5000)]))
        parcel = a_parcel((await shop.channel.fetch_order(order_id)).order, "FX-2")

        await shop.shipment_notifier.tell_shipped(order_id, parcel, key="t-2")
        await shop.shipment_notifier.tell_shipped(order_id, parcel, key="t-2")

        order = (await shop.channel.fetch_order(order_id)).order
        assert order.lines[0].open_quantity == 1
        assert len(order.shipped) == 1


async def test_a_closed_work_order_takes_no_second_parcel() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())
        order = (await shop.channel.fetch_order(order_id)).order
        await shop.shipment_notifier.tell_shipped(order_id, a_parcel(order, "FX-3"), key="t-3")

        with pytest.raises(RejectedError):
            await shop.shipment_notifier.tell_shipped(order_id, a_parcel(order, "FX-4"), key="t-4")

        assert [one["tracking"] for one in stand.books("KK-1001")["fulfillments"]] == ["FX-3"]


async def test_a_parcel_without_work_is_refused_before_anything_is_sent() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())
        parcel = a_parcel((await shop.channel.fetch_order(order_id)).order, "FX-5")

        with pytest.raises(RejectedError) as raised:
            await shop.shipment_notifier.tell_shipped(
                order_id, parcel.model_copy(update={"work_lines": ()}), key="t-5"
            )

        assert raised.value.code == "NO_WORK_ORDER"
        assert stand.books("KK-1001")["fulfillments"] == []


async def test_an_aggregators_name_of_a_carrier_is_told_as_the_shop_spells_it() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())
        order = (await shop.channel.fetch_order(order_id)).order

        await shop.shipment_notifier.tell_shipped(
            order_id, a_parcel(order, "1Z", carrier="UPSDAP"), key="t-6"
        )

        assert company_of("UPSDAP") == "UPS"
        assert stand.books("KK-1001")["fulfillments"][0]["company"] == "UPS"
