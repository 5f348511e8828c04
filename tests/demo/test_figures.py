"""The player's own arithmetic: how quotes are listed, amounts written, and when two witnesses contradict each other."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from day.day import load_day
from demo import KENDRA
from demo.books import Books, Taken
from demo.checkpoints import checkpoint
from demo.checks import COMPARED, agreed, run_checks
from demo.figures import Told, Words, mails, order_figures, quotes
from demo.money import amount

DAY = load_day(KENDRA)


def a_rate(carrier: str, service: str, price: int | None, arrives: str | None, reason: str) -> dict[str, Any]:
    return {
        "carrier": carrier,
        "service": service,
        "price_minor": price,
        "arrives": arrives,
        "reason": reason,
    }


def test_quotes_stand_by_reason_then_price_then_date_then_name() -> None:
    rates = [
        a_rate("UPS", "Ground", 830, "2026-12-02", "no_po_box"),
        a_rate("FedEx", "*", None, None, "no_answer"),
        a_rate("USPS", "Ground", 1030, "2026-12-03", "dearer"),
        a_rate("USPS", "Express", 990, "2026-12-09", "late"),
        a_rate("UPS", "Saver", 1030, "2026-12-02", "dearer"),
        a_rate("DHL", "Saver", 1030, "2026-12-02", "dearer"),
        a_rate("GLS", "Parcel", 10, "2026-12-02", "other_currency"),
        a_rate("USPS", "Priority", 1000, "2026-12-02", "chosen"),
    ]

    assert [row[:3] for row in quotes({"rates": rates})] == [
        ["USPS", "Priority", 1000],
        ["DHL", "Saver", 1030],
        ["UPS", "Saver", 1030],
        ["USPS", "Ground", 1030],
        ["USPS", "Express", 990],
        ["UPS", "Ground", 830],
        ["GLS", "Parcel", 10],
        ["FedEx", "*", None],
    ]


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (0, "USD", "0.00"),
        (5, "EUR", "0.05"),
        (-552, "USD", "-5.52"),
        (151641, "USD", "1,516.41"),
        (1500, "JPY", "1,500"),
        (1500, "KWD", "1.500"),
        (None, "USD", "-"),
    ],
)
def test_amounts_have_the_places_of_their_currency(minor: int | None, currency: str, text: str) -> None:
    assert amount(minor, currency) == text


def test_mails_are_counted_by_kind() -> None:
    assert mails(["confirmation", "shipping:reno-1", "shipping:easton-1", "cancellation"]) == {
        "order_confirmation": 1,
        "shipping_confirmation": 2,
        "cancellation": 1,
    }


def an_order() -> Told:
    """An order of 46.00, of which 3 units were committed and 1 released again; paid in pounds, shipped once."""
    at = "2026-11-30T17:00:00+00:00"
    gbp = {"minor": 4000, "currency": "GBP"}
    order = {
        "ship_to": {"country": "GB", "state": None},
        "marketplace_tax": {"minor": 0},
        "total_presentment": gbp,
    }
    units = [{"sku": "CHEF-8", "location": "reno", "units": 3}]
    facts: list[dict[str, Any]] = [
        {"kind": "received", "at": at, "order": order},
        {"kind": "units_committed", "at": at, "allocations": units},
        {"kind": "held", "at": at, "reason": "risk"},
        {"kind": "held", "at": at, "reason": "payment_short"},
        {"kind": "held", "at": at, "reason": "risk"},
        {"kind": "units_released", "at": at, "allocations": [units[0] | {"units": 1}]},
        {"kind": "payment_checked", "at": at, "verdicts": [{"authority": "pay"}, {"authority": "channel"}]},
        {"kind": "captured", "at": at},
    ]
    paid = {"state": "succeeded", "currency": "GBP", "transaction_id": "t", "reference": None}
    view = {
        "number": "KK-1", "connection": "shop", "stage": "on_hold", "holds": {"risk": "high"}, "payment": "verified",
        "payment_authorities": ["channel", "pay"], "total_minor": 4600, "currency": "USD", "parcels": [], "voided": [],
        "messages": ["confirmation"],
        "transactions": [
            paid | {"gateway": "gift_card", "kind": "sale", "amount_minor": 1000},
            paid | {"gateway": "stripe", "kind": "authorization", "amount_minor": 3000},
            paid | {"gateway": "stripe", "kind": "capture", "amount_minor": 3000},
            paid | {"gateway": "stripe", "kind": "refund", "amount_minor": 500},
            paid | {"gateway": "stripe", "kind": "sale", "amount_minor": 77, "state": "failed"},
        ],
    }  # fmt: skip
    return Told(view, facts)


def test_an_orders_figures_add_up() -> None:
    found = order_figures(an_order(), Words(DAY))

    assert found["act"] == "I"
    assert found["units"] == {"CHEF-8@reno": 2}
    assert found["holds"] == ["risk", "payment_short"]
    assert found["outcome"] == "held"
    assert found["payment"] == {
        "authority": ["channel", "stripe"],
        "state": "verified",
        "captured": 4000,
        "authorized": 3000,
        "captures": 1,
        "charges": [1000, 3000],
        "refunds": 1,
        "refunded": 500,
        "total": 4600,
        "tax_collected_by_marketplace": 0,
        "stripe_calls": 1,
        "currency": "GBP",
    }


def a_cancelled_order(*, by_hub: bool) -> Told:
    """An order of 55.00, of which the channel gave 4.00 back before everything went back."""
    at, sold = "2026-11-30T17:00:00+00:00", {"minor": 5500, "currency": "USD"}
    sale = {"kind": "sale", "state": "succeeded", "amount_minor": 5500}
    back = {"kind": "refund", "state": "succeeded", "amount_minor": 400}
    rest = back | {"amount_minor": 5100}
    alive = {"state": "open", "total": sold, "transactions": [sale, back]}
    gone = {"state": "cancelled", "total": sold | {"minor": 0}, "transactions": [sale, back, rest]}
    ours = [{"kind": "cancelled_at_channel", "at": at}] if by_hub else []
    facts: list[dict[str, Any]] = [
        {"kind": "received", "at": at, "order": alive},
        *ours,
        {"kind": "changed", "at": at, "order": gone},
    ]
    return Told({"stage": "cancelled", "total_minor": 0, "transactions": [sale, back, rest]}, facts)


@pytest.mark.parametrize("by_hub", [True, False])
def test_a_cancelled_order_keeps_the_total_it_had_and_only_the_hubs_own_refunds_are_its(
    *, by_hub: bool
) -> None:
    told = a_cancelled_order(by_hub=by_hub)

    assert told.total == 5500
    assert told.refunds_by_hub == (1 if by_hub else 0)
    assert (an_order().total, an_order().refunds_by_hub) == (4600, 0)
    told.view["total_minor"] = 5200  # Amazon tells it only once the order is released, or cancelled
    assert told.total == 5200


def at_the_shop(*, total: int, currency: str, captured: int) -> list[str]:
    """What the checks of the shop say of an order sold for 55.00 USD, 40.00 refunded by line, and paid in euros."""
    paid = {"kind": "sale", "state": "succeeded", "amount_minor": 5000, "currency": "EUR", "gateway": "cash"}
    ours = {
        "connection": "shop", "stage": "ready", "total_minor": 1500, "currency": "USD", "parcels": [], "voided": [],
        "messages": [], "captures": {}, "effects": {}, "transactions": [paid], "holds": {}, "backordered": {},
        "units": {}, "parked": None,
    }  # fmt: skip
    kept = {
        "total": 5500, "present_total": total, "currency": "USD", "cancelled": False, "fulfillments": [], "lines": [],
        "by_gateway": {"cash": {currency: {"authorized": 0, "captured": captured, "refunded": 0}}},
    }  # fmt: skip
    books = Books(
        orders={"KK-1": ours},
        listings=[],
        stock=[],
        writes=0,
        vendors={
            "shopify": {"orders": {"KK-1": kept}, "levels": {}},
            "amazon": {"orders": {}, "levels": {}, "fba": {}},
            "stripe": {"payments": {}},
            "easypost": {"labels": []},
            "mail": {"messages": []},
        },
    )
    of_the_shop = ("orders of shopify", "money at shopify")
    return [text for check in run_checks(books) if check.name in of_the_shop for text in check.differences]


def test_present_totals_are_compared_and_money_in_the_currency_it_moved_in() -> None:
    assert at_the_shop(total=1500, currency="EUR", captured=5000) == []
    assert len(at_the_shop(total=5500, currency="EUR", captured=5000)) == 1
    assert len(at_the_shop(total=1500, currency="USD", captured=5000)) == 1
    assert len(at_the_shop(total=1500, currency="EUR", captured=5001)) == 1


@pytest.mark.req("R115")
@pytest.mark.case("C3")
def test_what_amazon_cancelled_is_in_no_sum_of_either_witness() -> None:
    order = {"marketplace_tax": {"minor": 270}, "state": "open"}
    view = {
        "connection": "amz", "currency": "USD", "stage": "shipped", "total_minor": 3869, "transactions": [],
        "parcels": [], "voided": [], "messages": [], "effects": {}, "backordered": {}, "holds": {},
    }  # fmt: skip
    kept = {"currency": "USD", "total": 3869, "tax_collected_by_marketplace": 270}
    told, books = {}, {}
    for number, payment, status in (("1", "verified", "SHIPPED"), ("2", "cancelled", "CANCELLED")):
        told[number] = Told({**view, "payment": payment}, [{"kind": "received", "order": order}])
        books[number] = {**kept, "status": status, "shipments": []}
    vendor = {
        "shopify": {"orders": {}, "levels": {}, "writes": 0},
        "amazon": {"orders": books, "levels": {}, "fba": {}, "writes": 0},
        "stripe": {"payments": {}},
        "easypost": {"labels": []},
        "mail": {"messages": []},
    }
    kept_books = Books(orders={}, listings=[], stock=[], writes=0, vendors=vendor)
    taken = Taken(name="C", at=datetime(2026, 11, 30, 19, tzinfo=UTC), books=kept_books, told=told)

    found = checkpoint(taken, Words(DAY))

    sums = {"USD": {"orders": 2, "total": 3869, "tax_collected_by_marketplace": 270}}
    assert (found["books"]["amazon"], found["vendors"]["books"]["amazon"]) == (sums, sums)


def both_sides() -> dict[str, Any]:
    same = {
        "shop": {"CHEF-8@reno": 4},
        "amz": {"KK-CHEF8-FBM": 3, "KK-SOCKS-FBA": 9},
        "orders": {"on_channels": 2, "shipped": 1},
        "labels": {"bought": 1, "postage": 970},
        "mails": {"order_confirmation": 1},
        "books": {"stripe": {"USD": {"captured": 11610}}, "captures_by_hub": 1},
    }
    return {**copy.deepcopy(same), "vendors": copy.deepcopy(same)}


def figures_that_differ(found: dict[str, Any]) -> list[str]:
    empty = Books(
        orders={},
        listings=[],
        stock=[],
        writes=0,
        vendors={
            "shopify": {"orders": {}, "levels": {}},
            "amazon": {"orders": {}, "levels": {}, "fba": {}},
            "stripe": {"payments": {}},
            "easypost": {"labels": []},
            "mail": {"messages": []},
        },
    )
    taken = Taken(name="C", at=datetime(2026, 11, 30, 19, tzinfo=UTC), books=empty, told={})
    return [text for check in agreed(taken, found, accepted=True) for text in check.differences]


def test_two_witnesses_that_say_the_same_agree() -> None:
    assert figures_that_differ(both_sides()) == []


@pytest.mark.parametrize("part", COMPARED)
def test_one_unit_or_cent_between_the_witnesses_is_noticed(part: str) -> None:
    found = both_sides()
    place = found["vendors"][part]
    while isinstance(place[next(iter(place))], dict):
        place = place[next(iter(place))]
    place[next(iter(place))] += 1

    assert len(figures_that_differ(found)) == 1


def test_what_the_hub_never_read_it_does_not_claim() -> None:
    found = both_sides()
    found["amz"]["KK-SOCKS-FBA"] = None

    assert figures_that_differ(found) == []
