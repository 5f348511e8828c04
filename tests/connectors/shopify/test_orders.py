"""Orders as the shop tells them, over HTTP."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.errors import RejectedError
from core.model.address import Absence, Absent, Region
from core.model.money import Money, Side
from core.model.order import ChannelState, RiskLevel, Shipped, TransactionKind, TransactionState, residue_of
from tests.connectors.shopify.shop import NOON, connected, number
from tests.sandbox.shopify_stand import kim, paid


def usd(minor: int, side: Side = Side.SHOP) -> Money:
    return Money(minor=minor, currency="USD", side=side)


@pytest.mark.req("S01", "R22", "R26")
async def test_an_order_is_read_with_its_money_people_and_work() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())

        fetched = await shop.channel.fetch_order(order_id)

        order = fetched.order
        assert (order.connection, order.order_id, order.number) == ("shop", order_id, "KK-1001")
        assert order.state is ChannelState.OPEN
        assert order.placed_at == NOON
        (line,) = order.lines
        assert (line.listing, line.quantity, line.open_quantity, line.ships) == (
            "SET-KNIFE-BOARD",
            1,
            1,
            True,
        )
        assert (line.unit_price, line.discount, line.tax) == (usd(12900), usd(1290), usd(0))
        assert order.total == usd(11610)
        assert order.total_presentment == usd(11610, Side.PRESENTMENT)
        assert residue_of(order) == usd(0)
        assert order.method == "Standard"
        assert order.ship_to == Region(country="US", state="OR")
        assert order.customer_orders_before == 0
        assert order.risk is RiskLevel.LOW
        (taken,) = order.transactions
        assert (taken.kind, taken.state, taken.gateway) == (
            TransactionKind.SALE,
            TransactionState.SUCCEEDED,
            "stripe",
        )
        assert taken.amount == usd(11610, Side.PRESENTMENT)
        assert taken.reference in stand.world.stripe.books()["payments"]
        (work,) = order.work_orders
        assert work.open
        assert [(line_id, units) for _, line_id, units in work.lines] == [(line.line_id, 1)]
        assert fetched.personal.ship_to is not None
        assert fetched.personal.ship_to.street1 == "100 Test Kitchen Way"
        assert fetched.personal.email == "kara@example.test"


@pytest.mark.req("R22", "R91")
async def test_tax_on_lines_and_shipping_adds_up_to_the_cent() -> None:
    async with connected() as (stand, shop):
        order = (await shop.channel.fetch_order(number(stand.place(**kim())))).order

        assert order.total == usd(9291)
        assert order.lines[0].tax + order.shipping_tax == usd(696)
        assert order.shipping == usd(695)
        assert residue_of(order) == usd(0)
        assert order.transactions[0].kind is TransactionKind.AUTHORIZATION


@pytest.mark.req("R23")
async def test_another_currency_of_the_shopper_keeps_its_own_side() -> None:
    async with connected() as (stand, shop):
        other = {
            "currency": "CAD",
            "prices": [17500],
            "shipping": 0,
            "tax": 0,
            "total": 15750,
        }
        order_id = number(
            stand.place(
                presentment=other,
                pay=[{"gateway": "shopify_payments", "amount": 15750, "currency": "CAD", "capture": "now"}],
            )
        )

        order = (await shop.channel.fetch_order(order_id)).order

        assert order.total == usd(11610)
        assert order.total_presentment == Money(minor=15750, currency="CAD", side=Side.PRESENTMENT)
        assert order.transactions[0].amount == Money(minor=15750, currency="CAD", side=Side.PRESENTMENT)
        assert residue_of(order) == usd(0)


@pytest.mark.req("R90")
async def test_a_line_that_needs_no_shipping_ships_nothing() -> None:
    async with connected() as (stand, shop):
        lines = [
            {"sku": "PARE-3", "qty": 2, "price": 2500},
            {"sku": None, "title": "Delivery protection", "qty": 1, "price": 198, "ships": False},
        ]
        order_id = number(stand.place(lines=lines, total=5198, pay=[paid(5198)]))

        order = (await shop.channel.fetch_order(order_id)).order

        protection = order.lines[1]
        assert (protection.ships, protection.open_quantity, protection.listing) == (False, 0, None)
        assert protection.unit_price == usd(198)
        assert residue_of(order) == usd(0)


@pytest.mark.req("R84")
async def test_another_apps_hold_closes_the_work() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())
        stand.shop.play("other_tool", {"order": "KK-1001", "do": "hold", "name": "Linnworks"})

        (work,) = (await shop.channel.fetch_order(order_id)).order.work_orders

        assert not work.open
        assert work.held_by is not None


@pytest.mark.req("R84")
async def test_a_parcel_of_another_tool_makes_the_order_shipped() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())
        play: dict[str, Any] = {"order": "KK-1001", "do": "ship", "name": "Linnworks", "tracking": "LW-1"}
        stand.shop.play("other_tool", play)

        order = (await shop.channel.fetch_order(order_id)).order

        assert order.state is ChannelState.SHIPPED
        line = order.lines[0]
        assert [one.tracking for one in order.shipped] == ["LW-1"]
        assert order.shipped[0].lines == ((line.line_id, 1),)
        assert isinstance(order.shipped[0], Shipped)
        assert line.open_quantity == 0


@pytest.mark.req("R92")
async def test_a_refund_by_line_leaves_what_is_still_wanted() -> None:
    async with connected() as (stand, shop):
        lines = [{"sku": "PARE-3", "qty": 3, "price": 2500, "discount": 100}]
        order_id = number(stand.place(lines=lines, tax=247, total=7647, pay=[paid(7647)]))
        before = (await shop.channel.fetch_order(order_id)).order
        assert residue_of(before) == usd(0)

        stand.shop.play(
            "refund", {"order": "KK-1001", "by": "channel", "lines": [{"sku": "PARE-3", "qty": 1}]}
        )
        after = (await shop.channel.fetch_order(order_id)).order

        assert after.lines[0].quantity == 2
        assert after.total < before.total
        assert residue_of(after) == usd(0)


@pytest.mark.req("R22", "R24")
async def test_an_edit_is_read_with_its_new_line_and_total() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())
        added = {"sku": None, "title": "Gift wrap", "qty": 1, "price": 500, "ships": False}
        stand.shop.play("edit", {"order": "KK-1001", "add": [added], "tax": 52, "total": 12162})

        order = (await shop.channel.fetch_order(order_id)).order

        assert [line.unit_price for line in order.lines] == [usd(12900), usd(500)]
        assert order.total == usd(12162)
        assert residue_of(order) == usd(0)


@pytest.mark.req("R03")
async def test_a_cancelled_order_says_so() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())
        stand.shop.play("cancel", {"order": "KK-1001", "by": "channel", "refund": True, "restock": True})

        order = (await shop.channel.fetch_order(order_id)).order

        assert order.state is ChannelState.CANCELLED


async def test_an_order_that_is_not_there_is_refused() -> None:
    async with connected() as (_, shop):
        with pytest.raises(RejectedError) as raised:
            await shop.channel.fetch_order("404")
        assert raised.value.code == "NOT_FOUND"


@pytest.mark.req("R06", "R26")
async def test_changed_orders_come_oldest_change_first_and_page_by_page() -> None:
    async with connected() as (stand, shop):
        ids = [
            number(stand.place(id=f"KK-{2000 + n}", lines=[{"sku": "PARE-3", "qty": 1, "price": 11610}]))
            for n in range(3)
        ]

        changed = await shop.channel.changed_orders(NOON - timedelta(minutes=5), None)
        none = await shop.channel.changed_orders(NOON + timedelta(hours=1), None)

        assert [order_id for order_id, _ in changed.orders] == ids
        assert all(moment.utcoffset() == timedelta(0) for _, moment in changed.orders)
        assert changed.next_page is None
        assert none.orders == ()


@pytest.mark.req("R65")
async def test_an_address_we_may_not_read_is_denied_and_one_that_nothing_needs_is_not_missed() -> None:
    async with connected() as (stand, shop):
        lines = [{"sku": None, "title": "Gift card", "qty": 1, "price": 11610, "ships": False}]
        order_id = number(stand.place(lines=lines, ship_to=None))

        fetched = await shop.channel.fetch_order(order_id)

        assert fetched.order.ship_to == Absent(why=Absence.NOT_NEEDED)
        assert fetched.personal.ship_to is None


@pytest.mark.req("R25", "R81")
@pytest.mark.case("C2")
async def test_open_orders_are_listed_however_long_ago_they_changed() -> None:
    async with connected() as (stand, shop):
        nine = number(stand.place(id="OLD-9", at=(NOON - timedelta(days=9)).isoformat()))
        stand.place(id="OLD-61", at=(NOON - timedelta(days=61)).isoformat())
        today = number(stand.place(id="NEW-1"))
        stand.place(id="GONE-1")
        stand.shop.play("cancel", {"order": "GONE-1", "by": "merchant"})
        stand.place(id="SENT-1")
        stand.shop.play(
            "other_tool",
            {"name": "Tool", "do": "ship", "order": "SENT-1", "carrier": "UPS", "tracking": "1Z1"},
        )

        found = await shop.channel.open_orders(NOON, None)
        changed = await shop.channel.changed_orders(NOON - timedelta(days=7), None)

    assert [order_id for order_id, _ in found.orders] == [nine, today]
    assert (found.next_page, found.shown_since) == (None, NOON - timedelta(days=60))
    assert nine not in [order_id for order_id, _ in changed.orders]


@pytest.mark.req("R25")
@pytest.mark.case("C2")
async def test_an_app_that_may_read_all_orders_is_clipped_nowhere() -> None:
    async with connected() as (_stand, shop):
        [token] = shop.tokens.tokens
        shop.tokens.tokens[0] = replace(token, scopes=("read_orders", "read_all_orders"))

        found = await shop.channel.open_orders(NOON, None)

    assert found.shown_since is None
