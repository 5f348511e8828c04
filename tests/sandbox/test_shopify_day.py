"""The shop's part of a trading day, as the golden day tells it."""

import pytest

from tests.sandbox.shopify_stand import Stand, kim, opened, paid

SET_OF_FOUR = {"sku": "SET-KNIVES-4", "qty": 3, "price": 18900}


async def test_a_kit_is_a_listing_of_its_own_to_the_shop() -> None:
    async with opened() as stand:
        knives, sets = stand.level("CHEF-8"), stand.level("SET-KNIVES-4")

        stand.place(lines=[SET_OF_FOUR], total=62164, tax=3969, shipping=1495, pay=[paid(62164)])

        assert stand.level("CHEF-8") == knives
        assert stand.level("SET-KNIVES-4") == (sets[0] - 3, 3, sets[2])


async def test_a_rejected_order_comes_back_on_sale_and_its_total_stays_in_the_books() -> None:
    async with opened() as stand:
        before = stand.level("SET-KNIVES-4")
        stand.place(lines=[SET_OF_FOUR], total=62164, tax=3969, shipping=1495, pay=[paid(62164)])

        stand.shop.play("cancel", {"order": "KK-1001", "by": "merchant", "refund": True, "restock": True})

        books = stand.books("KK-1001")
        assert stand.level("SET-KNIVES-4") == before
        assert (books["total"], books["captured"], books["refunded"]) == (62164, 62164, 62164)
        assert books["present_total"] == 62164
        assert (books["financial"], books["cancelled"]) == ("REFUNDED", True)
        assert await current_total(stand, books["id"]) == "0.0"


async def test_the_same_name_is_not_taken_twice() -> None:
    async with opened() as stand:
        stand.place(**kim())
        level = stand.level("SKILLET-12")

        with pytest.raises(ValueError, match="already has an order 'KK-1002'"):
            stand.place(**kim())

        assert stand.level("SKILLET-12") == level
        assert len(stand.world.stripe.payments) == 1


async def test_a_line_split_over_locations_when_no_location_has_all() -> None:
    async with opened() as stand:
        stand.place(lines=[{"sku": "SKILLET-12", "qty": 4, "price": 7900}], total=31600, pay=[paid(31600)])

        assert stand.level("SKILLET-12", "reno") == (0, 3, 3)
        assert stand.level("SKILLET-12", "easton") == (1, 1, 2)


async def test_the_second_order_of_a_shopper_counts_both() -> None:
    async with opened() as stand:
        stand.place()
        customer = {"name": "Kara Kline", "email": "kara@example.test", "orders_before": 1}

        gid = stand.place(id="KK-1009", customer=customer)

        found = await stand.ask(
            "query C($id: ID!) { order(id: $id) { customer { numberOfOrders } } }", id=gid
        )
        assert found["order"]["customer"]["numberOfOrders"] == "2"


async def test_a_verb_the_shop_does_not_know_is_refused() -> None:
    async with opened() as stand:
        with pytest.raises(ValueError, match="a shop cannot dance"):
            stand.shop.play("dance", {})


async def current_total(stand: Stand, gid: str) -> str:
    query = "query T($id: ID!) { order(id: $id) { currentTotalPriceSet { shopMoney { amount } } } }"
    found = await stand.ask(query, id=gid)
    return str(found["order"]["currentTotalPriceSet"]["shopMoney"]["amount"])
