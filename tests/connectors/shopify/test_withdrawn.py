"""What staff cancel in the shop after we told of it: a fulfillment, or first that and then the order."""

import pytest

from core.model.order import ChannelState, Order
from tests.connectors.shopify.shop import connected, number
from tests.connectors.shopify.test_tell import a_parcel
from tests.sandbox.shopify_stand import paid

pytestmark = [pytest.mark.req("R115", "R110"), pytest.mark.case("C15")]

TWO = {"lines": [{"sku": "PARE-3", "qty": 2, "price": 2500}], "total": 5000, "pay": [paid(5000)]}


def work_of(order: Order) -> list[tuple[bool, list[int]]]:
    left = [(work.open, [units for _, _, units in work.lines if units]) for work in order.work_orders]
    return [(is_open, units) for is_open, units in left if units]


async def test_a_cancelled_fulfillment_is_withdrawn_and_its_units_are_to_ship_again() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())
        parcel = a_parcel((await shop.channel.fetch_order(order_id)).order, "FX-1")
        await shop.shipment_notifier.tell_shipped(order_id, parcel, key="t-1")
        level = stand.shop.books()["levels"]["SET-KNIFE-BOARD@reno"]
        stand.shop.play("cancel_fulfillment", {"order": "KK-1001"})

        order = (await shop.channel.fetch_order(order_id)).order
        again = a_parcel(order.model_copy(update={"work_orders": order.work_orders[-1:]}), "FX-1")
        await shop.shipment_notifier.tell_shipped(order_id, again, key="t-2")
        retold = (await shop.channel.fetch_order(order_id)).order

        assert (order.shipped, order.withdrawn, order.state) == ((), ("FX-1",), ChannelState.OPEN)
        assert (order.lines[0].open_quantity, work_of(order)) == (1, [(True, [1])])
        assert stand.shop.books()["levels"]["SET-KNIFE-BOARD@reno"] == level
        assert ([s.tracking for s in retold.shipped], retold.withdrawn) == (["FX-1"], ())
        assert retold.state is ChannelState.SHIPPED
        assert [f["tracking"] for f in stand.books("KK-1001")["fulfillments"]] == ["FX-1"]


async def test_of_two_fulfillments_the_one_that_is_named_is_cancelled() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place(**TWO))
        for tracking in ("FX-1", "FX-2"):
            parcel = a_parcel((await shop.channel.fetch_order(order_id)).order, tracking)
            await shop.shipment_notifier.tell_shipped(order_id, parcel, key=tracking)
        stand.shop.play("cancel_fulfillment", {"order": "KK-1001", "tracking": "FX-1"})

        order = (await shop.channel.fetch_order(order_id)).order

        assert ([s.tracking for s in order.shipped], order.withdrawn) == (["FX-2"], ("FX-1",))
        assert (order.lines[0].open_quantity, order.state) == (1, ChannelState.OPEN)


async def test_half_shipped_and_withdrawn_the_whole_is_asked_of_one_work_order_again() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place(**TWO))
        parcel = a_parcel((await shop.channel.fetch_order(order_id)).order, "FX-1")
        await shop.shipment_notifier.tell_shipped(order_id, parcel, key="t-1")
        stand.shop.play("cancel_fulfillment", {"order": "KK-1001"})

        assert work_of((await shop.channel.fetch_order(order_id)).order) == [(True, [2])]


async def test_staff_cancel_an_order_whose_parcel_was_told_an_app_cannot() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())
        parcel = a_parcel((await shop.channel.fetch_order(order_id)).order, "FX-1")
        await shop.shipment_notifier.tell_shipped(order_id, parcel, key="t-1")
        level = stand.shop.books()["levels"]["SET-KNIFE-BOARD@reno"]
        stand.shop.play("cancel", {"order": "KK-1001", "by": "merchant", "refund": True, "restock": True})

        order = (await shop.channel.fetch_order(order_id)).order
        books = stand.books("KK-1001")

        assert (order.state, order.shipped, order.withdrawn) == (ChannelState.CANCELLED, (), ("FX-1",))
        assert [(t.kind, t.amount.minor) for t in order.transactions] == [("sale", 11610), ("refund", 11610)]
        assert (books["cancelled"], books["fulfillments"], books["refunded"]) == (True, [], 11610)
        assert stand.shop.books()["levels"]["SET-KNIFE-BOARD@reno"] == level + 1
        with pytest.raises(ValueError, match="already been cancelled"):
            stand.shop.play("cancel", {"order": "KK-1001"})


async def test_nothing_is_cancelled_where_no_fulfillment_has_the_number() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())
        parcel = a_parcel((await shop.channel.fetch_order(order_id)).order, "FX-1")
        await shop.shipment_notifier.tell_shipped(order_id, parcel, key="t-1")

        with pytest.raises(ValueError, match="KK-1001 has no such fulfillment; did you mean FX-1"):
            stand.shop.play("cancel_fulfillment", {"order": "KK-1001", "tracking": "FX-2"})

        assert [f["tracking"] for f in stand.books("KK-1001")["fulfillments"]] == ["FX-1"]
