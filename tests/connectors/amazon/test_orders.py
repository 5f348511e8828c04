"""Orders of Amazon as canonical orders: from Amazon's own examples, from a hand-written one, and over the wire."""

import copy
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.amazon.channel import page_of
from connectors.amazon.order import order_of
from core.domain.fold import fold
from core.domain.holds import Context, causes
from core.domain.state import OrderState
from core.errors import MappingError, RejectedError
from core.model.address import Absence, Absent, Region
from core.model.facts import Received
from core.model.holds import Hold
from core.model.money import Money
from core.model.order import ChannelState, FetchedOrder, FulfilledBy, TaxMode, residue_of
from core.model.shipment import Dispatch
from tests.connectors.amazon.account import selling
from tests.contracts import contracts
from tests.contracts_amazon import check_response
from tests.sandbox.amazon_stand import FBA, KARL, KRIS, MONDAY, US

SAMPLES = Path(__file__).parents[3] / "mappings" / "amazon"


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def sample() -> dict[str, Any]:
    told: dict[str, Any] = json.loads((SAMPLES / "sample.json").read_text(encoding="utf-8"))
    return told


def read(payload: dict[str, Any]) -> FetchedOrder:
    return order_of(payload, connection="amz", main=US)


@pytest.mark.req("R22", "R91")
def test_the_sample_is_read_as_written_by_hand() -> None:
    expected = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))

    assert json.loads(read(sample()).model_dump_json()) == expected
    check_response("orders_2026-01-01", "getOrder", 200, {"order": sample()})


@pytest.mark.req("R22")
def test_amazons_own_examples_add_up_to_the_cent() -> None:
    cases = json.loads((contracts() / "amazon/cases/orders_2026-01-01.json").read_text())["cases"]
    us = read(cases[0]["response"]["orders"][0]).order
    gb = read(cases[1]["response"]["order"]).order

    assert (us.total, us.tips, residue_of(us)) == (usd(15499), usd(500), usd(0))
    assert [line.unit_price for line in us.lines] == [usd(4999), usd(4999)]
    assert us.programs == ("PRIME", "TRANSPARENCY")
    assert [line.customized for line in us.lines] == [True, False]
    assert (gb.total.text(), gb.shipping.text(), gb.shipping_tax.text()) == ("103.97", "10.00", "1.00")
    assert (gb.lines[0].tax.text(), gb.lines[0].customized) == ("3.00", False)
    assert residue_of(gb).minor == 0
    assert gb.shipped[0].lines == (("20212345678901", 3),)


@pytest.mark.req("R96")
@pytest.mark.parametrize(
    ("of_order", "of_item", "hold"),
    [
        ({}, {}, None),
        ({"programs": ["AMAZON_BUSINESS", "INVOICE_BY_AMAZON", "PREMIUM"]}, {"programs": ["SUBSCRIBE_AND_SAVE"]}, None),
        ({"programs": ["PRIME"]}, {}, "PRIME"),
        ({"programs": ["AMAZON_EASY_SHIP"]}, {}, "AMAZON_EASY_SHIP"),
        ({"programs": ["DELIVERY_BY_AMAZON", "AMAZON_BUSINESS"]}, {}, "DELIVERY_BY_AMAZON"),
        ({"programs": ["PREORDER"]}, {}, "PREORDER"),
        ({"programs": ["IN_STORE_PICK_UP"]}, {}, "IN_STORE_PICK_UP"),
        ({"programs": ["SOMETHING_NEW"]}, {}, "SOMETHING_NEW"),
        ({}, {"programs": ["TRANSPARENCY"]}, "TRANSPARENCY"),
        ({"programs": ["PRIME"]}, {"programs": ["TRANSPARENCY"]}, "PRIME, TRANSPARENCY"),
        ({}, {"product": {"customization": {"customizedUrl": "https://amazon.example/c/1"}}}, "customized"),
        ({}, {"cancellation": {"cancellationRequest": {"requester": "BUYER"}}}, "the buyer asks to cancel"),
    ],
)  # fmt: skip
def test_what_amazon_does_not_leave_to_us_holds_with_its_reason(
    of_order: dict[str, Any], of_item: dict[str, Any], hold: str | None
) -> None:
    payload = sample()
    payload["programs"] = []
    for item in payload["orderItems"]:
        item["programs"] = []
        item.pop("cancellation", None)
        item["product"].pop("customization", None)
    payload |= of_order
    product = payload["orderItems"][0]["product"] | of_item.get("product", {})
    payload["orderItems"][0] |= {**of_item, "product": product}
    order = read(payload).order
    lines = tuple(
        line.model_copy(update={"open_quantity": line.quantity * line.ships}) for line in order.lines
    )
    whole = order.model_copy(update={"lines": lines, "shipped": ()})
    state = fold(OrderState(), Received(at=MONDAY, order=whole, needs=()))
    context = Context(
        home_countries=frozenset(), tariff_code=lambda _: "8211.92", places={}, no_label="", now=MONDAY
    )
    assert causes(state, context).get(Hold.NOT_OURS) == hold


@pytest.mark.req("R22")
@pytest.mark.parametrize(("goods", "units", "price", "discount"), [("10.00", 3, 334, 2), ("9.99", 3, 333, 0)])
def test_goods_that_do_not_divide_by_units_stay_exact(
    goods: str, units: int, price: int, discount: int
) -> None:
    payload = sample()
    item = payload["orderItems"][0]
    payload["orderItems"] = [item]
    item["quantityOrdered"] = units
    item["fulfillment"] = {"quantityFulfilled": 0, "quantityUnfulfilled": units}
    item["proceeds"]["breakdowns"] = [{"type": "ITEM", "subtotal": _money(goods)}]
    payload["proceeds"] = {"grandTotal": _money(goods)}

    order = read(payload).order

    assert (order.lines[0].unit_price, order.lines[0].discount) == (usd(price), usd(discount))
    assert residue_of(order) == usd(0)


@pytest.mark.req("R22")
def test_a_total_that_the_parts_do_not_reach_leaves_its_residue() -> None:
    payload = sample()
    payload["proceeds"]["grandTotal"] = _money("99.99")

    assert residue_of(read(payload).order) == usd(9999 - 8043)


@pytest.mark.req("R91")
def test_tax_inside_the_prices_is_told_apart_from_tax_on_top() -> None:
    payload = sample()
    payload["orderItems"] = payload["orderItems"][:1]
    payload["orderItems"][0]["proceeds"]["breakdowns"] = [
        {"type": "ITEM", "subtotal": _money("20.00")},
        {"type": "TAX", "subtotal": _money("3.19")},
    ]
    payload["proceeds"] = {"grandTotal": _money("20.00")}

    order = read(payload).order

    assert (order.tax_mode, residue_of(order)) == (TaxMode.INCLUDED, usd(0))


def test_a_negative_charge_becomes_a_discount() -> None:
    payload = sample()
    payload["orderItems"] = payload["orderItems"][:1]
    payload["orderItems"][0]["proceeds"]["breakdowns"] = [
        {"type": "ITEM", "subtotal": _money("20.00")},
        {"type": "OTHER", "subtotal": _money("-1.50")},
    ]
    payload["proceeds"] = {"grandTotal": _money("18.50")}

    order = read(payload).order

    assert (order.lines[1].unit_price, order.lines[1].discount, order.lines[1].ships) == (
        usd(0),
        usd(150),
        False,
    )
    assert residue_of(order) == usd(0)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"orderItems": None}, "orderItems"),
        ({"lastUpdatedTime": "yesterday"}, "lastUpdatedTime"),
        ({"fulfillment": {"fulfillmentStatus": "LOST"}}, "fulfillment.fulfillmentStatus"),
        (
            {"proceeds": {"grandTotal": {"amount": "1.001", "currencyCode": "USD"}}},
            "proceeds.grandTotal.amount",
        ),
        ({"proceeds": {"grandTotal": {"amount": "80.43", "currencyCode": "EUR"}}}, "order"),
    ],
)
def test_an_order_that_does_not_fit_names_the_path(change: dict[str, Any], path: str) -> None:
    with pytest.raises(MappingError) as wrong:
        read({**sample(), **change})

    assert wrong.value.path == path


def test_a_category_of_proceeds_nobody_knows_is_refused_rather_than_dropped() -> None:
    payload = sample()
    payload["orderItems"][0]["proceeds"]["breakdowns"].append(
        {"type": "SURPRISE", "subtotal": _money("1.00")}
    )

    with pytest.raises(MappingError, match="SURPRISE"):
        read(payload)


@pytest.mark.req("R65")
@pytest.mark.parametrize(
    ("status", "recipient", "why"),
    [
        ("PENDING", None, Absence.PENDING),
        ("UNSHIPPED", None, Absence.DENIED),
        ("UNSHIPPED", {}, Absence.WITHHELD),
        ("SHIPPED", None, Absence.WITHHELD),
        ("UNSHIPPED", {"deliveryAddress": {"city": "Columbus"}}, Absence.WITHHELD),
    ],
)
def test_a_missing_address_says_why(status: str, recipient: dict[str, Any] | None, why: Absence) -> None:
    payload = copy.deepcopy(sample())
    del payload["recipient"]
    if recipient is not None:
        payload["recipient"] = recipient
    payload["fulfillment"]["fulfillmentStatus"] = status

    fetched = read(payload)

    assert fetched.order.ship_to == Absent(why=why)
    assert fetched.personal.ship_to is None


def test_units_cancelled_off_a_living_order_are_no_longer_wanted() -> None:
    payload = sample()
    payload["orderItems"][0]["quantityOrdered"] = 5
    payload["orderItems"][0]["fulfillment"] = {"quantityFulfilled": 1, "quantityUnfulfilled": 2}

    line = read(payload).order.lines[0]

    assert (line.quantity, line.open_quantity) == (3, 2)


@pytest.mark.req("R65", "R91")
async def test_an_order_is_fetched_pending_and_then_open() -> None:
    async with selling() as sold:
        assert sold.ports.channel is not None
        sold.stand.amazon.place({**KARL, "status": "PENDING"})
        pending = (await sold.ports.channel.fetch_order("112-4000001-0000001")).order
        sold.stand.amazon.amazon_status({"order": "112-4000001-0000001", "to": "UNSHIPPED"})
        fetched = await sold.ports.channel.fetch_order("112-4000001-0000001")

    order = fetched.order
    assert (pending.state, pending.ship_to, pending.total) == (
        ChannelState.PENDING,
        Absent(why=Absence.PENDING),
        usd(0),
    )
    assert [(line.listing, line.quantity) for line in pending.lines] == [("KK-SOCKS-2PK", 1)]
    assert (order.state, order.fulfilled_by, order.method) == (
        ChannelState.OPEN,
        FulfilledBy.MERCHANT,
        "EXPEDITED",
    )
    assert (order.total, order.marketplace_tax, order.shipping) == (usd(3869), usd(270), usd(999))
    assert order.lines[0].tax + order.shipping_tax == usd(270)
    assert (order.tax_mode, residue_of(order)) == (TaxMode.EXCLUDED, usd(0))
    assert order.ship_by == datetime(2026, 12, 1, 7, 59, 59, tzinfo=UTC)
    assert order.deliver_by == datetime(2026, 12, 3, 7, 59, 59, tzinfo=UTC)
    assert order.deliver_on == date(2026, 12, 2)
    assert (order.paid_via_channel, order.transactions) == (True, ())
    assert order.ship_to == Region(country="US", state="OH")
    assert fetched.personal.ship_to is not None
    assert (fetched.personal.ship_to.name, fetched.personal.ship_to.zip) == ("Karl Kruger", "43215")


@pytest.mark.req("R37", "R65")
async def test_an_order_that_amazon_fulfills_has_money_and_no_address() -> None:
    async with selling() as sold:
        assert sold.ports.channel is not None
        sold.stand.amazon.place(FBA)
        order = (await sold.ports.channel.fetch_order("112-4000004-0000004")).order

    assert (order.fulfilled_by, order.state) == (FulfilledBy.CHANNEL, ChannelState.SHIPPED)
    assert order.ship_to == Absent(why=Absence.WITHHELD)
    assert (order.total, order.marketplace_tax, residue_of(order)) == (usd(1398), usd(98), usd(0))


async def test_the_buyers_wish_to_cancel_is_seen() -> None:
    async with selling() as sold:
        assert sold.ports.channel is not None
        sold.stand.amazon.place(KRIS)
        sold.stand.amazon.request_cancel({"order": "112-4000002-0000002"})
        wished = (await sold.ports.channel.fetch_order("112-4000002-0000002")).order
        sold.stand.amazon.cancel({"order": "112-4000002-0000002", "by": "merchant"})
        gone = (await sold.ports.channel.fetch_order("112-4000002-0000002")).order

    assert (wished.cancel_requested, wished.state) == (True, ChannelState.OPEN)
    assert (gone.cancel_requested, gone.state) == (False, ChannelState.CANCELLED)
    assert [line.open_quantity for line in gone.lines] == [0, 0]


async def test_an_order_that_is_not_there_is_rejected() -> None:
    async with selling() as sold:
        assert sold.ports.channel is not None
        with pytest.raises(RejectedError) as refused:
            await sold.ports.channel.fetch_order("112-0000000-0000000")

    assert refused.value.code == "NotFound"


@pytest.mark.req("R06")
async def test_changed_orders_come_page_by_page_oldest_change_first() -> None:
    async with selling() as sold:
        channel = sold.ports.channel
        assert channel is not None
        for number in range(120):
            line = {"listing": "KK-SOCKS-FBA", "qty": 1, "price": 100}
            sold.stand.amazon.listings["KK-SOCKS-FBA"].fba_quantity = 40
            sold.stand.amazon.place(
                {**FBA, "id": f"112-{number:07d}-1000000", "lines": [line], "tax": 0, "total": 100}
            )
        first = await channel.changed_orders(MONDAY - timedelta(minutes=1), None)
        second = await channel.changed_orders(MONDAY - timedelta(minutes=1), first.next_page)

    assert (len(first.orders), len(second.orders), second.next_page) == (100, 20, None)
    assert first.orders[0][0] == "112-0000000-1000000"
    assert second.orders[-1][0] == "112-0000119-1000000"
    assert list(first.orders) == sorted(first.orders, key=lambda one: one[1])


def _money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "USD"}


def a_package(status: str | None, units: int = 1, tracking: str = "1Z0000000000000001") -> dict[str, Any]:
    told = {} if status is None else {"packageStatus": {"status": status}}
    items = [{"orderItemId": "1", "quantity": units}]
    return {"packageReferenceId": tracking[-2:], "trackingNumber": tracking, "packageItems": items, **told}


def unshipped_with(*packages: dict[str, Any]) -> dict[str, Any]:
    """One knife, merchant-fulfilled, that Amazon says is not shipped."""
    price = {"unitPrice": {"amount": "10.00", "currencyCode": "USD"}}
    return {
        "orderId": "111-1111111-1111111",
        "createdTime": "2026-11-30T10:00:00Z",
        "lastUpdatedTime": "2026-11-30T10:00:00Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": US},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
        "orderItems": [
            {
                "orderItemId": "1",
                "quantityOrdered": 1,
                "product": {"sellerSku": "KK-CHEF8-FBM", "price": price},
                "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 1},
            }
        ],
        "packages": list(packages),
    }


@pytest.mark.req("R84")
@pytest.mark.case("C6")
@pytest.mark.parametrize(
    ("packages", "known"),
    [
        ([a_package("CANCELLED")], []),
        ([a_package("SHIPPED")], ["1Z0000000000000001"]),
        ([a_package("UNDELIVERABLE")], ["1Z0000000000000001"]),
        ([a_package("TOMORROW")], ["1Z0000000000000001"]),
        ([a_package(None)], ["1Z0000000000000001"]),
        ([a_package("CANCELLED"), a_package("PENDING", tracking="1Z0000000000000002")], ["1Z0000000000000002"]),
        ([a_package("CANCELLED"), a_package("CANCELLED", tracking="1Z0000000000000002")], []),
    ],
)  # fmt: skip
def test_a_cancelled_package_is_not_shipped(packages: list[dict[str, Any]], known: list[str]) -> None:
    order = read(unshipped_with(*packages)).order

    assert order.unreadable is None
    assert [shipped.tracking for shipped in order.shipped] == known
    assert (order.state, order.lines[0].open_quantity) == (ChannelState.OPEN, 1)


@pytest.mark.req("R84")
@pytest.mark.case("C6")
async def test_our_own_package_that_was_cancelled_at_amazon_is_known_there_no_more() -> None:
    async with selling() as sold:
        assert sold.ports.channel is not None
        assert sold.ports.shipment_notifier is not None
        sold.stand.amazon.place(KARL)
        line = (await sold.ports.channel.fetch_order(KARL["id"])).order.lines[0]
        parcel = Dispatch(
            parcel_id="p1", carrier="UPS", service="Ground", tracking="1Z9", shipped_at=MONDAY + timedelta(hours=1),
            location="reno", lines=((line.line_id, 1),), work_lines=(), work_places=(),
        )  # fmt: skip
        reference = await sold.ports.shipment_notifier.tell_shipped(KARL["id"], parcel, key="k")
        told = (await sold.ports.channel.fetch_order(KARL["id"])).order
        kept = sold.stand.amazon.known({"order": KARL["id"]})
        sold.stand.amazon.cancel_package(kept, reference)
        cancelled = (await sold.ports.channel.fetch_order(KARL["id"])).order
        await sold.ports.shipment_notifier.tell_shipped(KARL["id"], parcel, key="k2")
        again = (await sold.ports.channel.fetch_order(KARL["id"])).order

    assert ([s.tracking for s in told.shipped], told.state) == (["1Z9"], ChannelState.SHIPPED)
    assert (cancelled.shipped, cancelled.state) == ((), ChannelState.OPEN)
    assert cancelled.lines[0].open_quantity == 1
    assert ([s.tracking for s in again.shipped], again.state) == (["1Z9"], ChannelState.SHIPPED)


@pytest.mark.req("R25", "R81")
@pytest.mark.case("C2")
async def test_open_orders_of_amazon_are_listed_however_long_ago_they_changed() -> None:
    async with selling() as sold:
        channel = sold.ports.channel
        assert channel is not None
        for number, days in (("1", 9), ("2", 400), ("3", 735)):
            at = (MONDAY - timedelta(days=days)).isoformat()
            sold.stand.amazon.place({**KARL, "id": f"112-400000{number}-0000009", "at": at})
        sold.stand.amazon.place({**KARL, "status": "PENDING"})
        sold.stand.amazon.place(KRIS)
        sold.stand.amazon.cancel({"order": KRIS["id"], "by": "merchant"})
        sold.stand.amazon.place(FBA)

        found = await channel.open_orders(MONDAY, None)
        changed = await channel.changed_orders(MONDAY - timedelta(days=7), None)

    assert [order_id for order_id, _ in found.orders] == [
        "112-4000002-0000009",
        "112-4000001-0000009",
        KARL["id"],
    ]
    assert found.shown_since == MONDAY - timedelta(days=729)
    assert "112-4000001-0000009" not in [order_id for order_id, _ in changed.orders]


@pytest.mark.req("R105")
def test_one_order_whose_change_cannot_be_read_hides_no_other_of_its_page() -> None:
    told = [{"orderId": "1", "lastUpdatedTime": 7}, {"orderId": "2"}]
    known = {"orderId": "3", "lastUpdatedTime": MONDAY.isoformat()}

    assert [order_id for order_id, _ in page_of({"orders": [known, *told]}).orders] == ["1", "2", "3"]
