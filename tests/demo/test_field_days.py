"""Short days from the field, played over real HTTP and held to what was worked out by hand."""

from collections.abc import Sequence
from typing import Any

import pytest

from day.day import Day, load_day
from demo import KENDRA
from demo.player import Play, play_day

ANG = {"gateway": "shopify_payments", "amount": 10382, "currency": "ANG", "capture": "now"}
DOLLARS = {"gateway": "stripe", "amount": 6495, "currency": "USD", "capture": "now"}


def two_hours(*events: dict[str, Any], before: Sequence[dict[str, Any]] = ()) -> Day:
    """Kendra's Monday from seven to nine, with three paring knives on the shelf and these events after all is accepted."""
    kendra = load_day(KENDRA)
    begun: list[dict[str, Any]] = [
        {"at": "2026-11-30T07:00:00-08:00", "connect": ["shop", "amz", "pay", "post", "mail"]},
        {"at": "2026-11-30T07:30:00-08:00", "accept": "all"},
    ]
    end = "2026-11-30T09:00:00-08:00"
    given = kendra.data["given"]
    counts = {**given["counts"], "reno": {**given["counts"]["reno"], "PARE-3": 3}}
    return Day(
        {
            **kendra.data,
            "clock": {"start": begun[0]["at"], "end": end},
            "given": {**given, "counts": counts, "before": [{"place": order} for order in before]},
            "acts": [{"id": "I", "until": end}],
            "looks": [{"id": "L1", "at": end}],
            "when": [*begun, *events],
            "then": {},
        }
    )


def knives(number: str, total: int, shipping: int, paid: dict[str, Any]) -> dict[str, Any]:
    return {
        "channel": "shop", "id": number, "method": "Standard",
        "customer": {"name": "Test Shopper", "email": f"{number.lower()}@example.test", "orders_before": 1},
        "ship_to": {
            "street1": "100 Test Kitchen Way", "city": "Portland", "state": "OR", "zip": "97205", "country": "US",
            "phone": "+15035550101",
        },
        "lines": [{"sku": "PARE-3", "qty": 2, "price": 2900}],
        "shipping": shipping, "tax": 0, "tax_included": False, "total": total, "currency": "USD",
        "pay": [paid | ({"risk": {"level": "normal", "score": 5}} if paid is DOLLARS else {})],
    }  # fmt: skip


@pytest.mark.req("R105", "R21")
@pytest.mark.case("C1")
async def test_what_was_paid_in_a_withdrawn_currency_is_known_and_not_sold_again() -> None:
    in_guilders = {"currency": "ANG", "total": 10382, "prices": [5191], "shipping": 0, "tax": 0}
    day = two_hours(
        {
            "at": "2026-11-30T08:00:00-08:00",
            "place": knives("CUR-1", 5800, 0, ANG) | {"presentment": in_guilders},
        },
        {"at": "2026-11-30T08:30:00-08:00", "place": knives("CUR-2", 6495, 695, DOLLARS)},
    )

    found, _ = await play_day(Play(json=True), day)

    first, second = found["orders"]["CUR-1"], found["orders"]["CUR-2"]
    assert [check for check in found["checks"] if not check["ok"]] == []
    assert (first["outcome"], first["holds"]) == ("held", ["unreadable"])
    assert first["units"] == {"PARE-3@reno": 2}
    assert (first["payment"]["total"], first["payment"]["currency"]) == (None, None)
    assert (first["parcels"], first["mails"]) == ([], {})
    assert (second["outcome"], second["holds"], second["parcels"]) == ("held", ["backordered"], [])
    assert found["effects"] == {"doubled": 0, "unknown": 0}


@pytest.mark.req("R92", "R21")
@pytest.mark.case("C5")
async def test_what_was_given_back_whole_before_its_label_is_closed_and_free_for_the_next() -> None:
    day = two_hours(
        {"at": "2026-11-30T08:00:00-08:00", "place": knives("END-1", 6495, 695, DOLLARS)},
        {"at": "2026-11-30T08:05:00-08:00", "refund": {"order": "END-1", "by": "channel", "amount": 6495}},
        {"at": "2026-11-30T08:10:00-08:00", "place": knives("END-2", 6495, 695, DOLLARS)},
    )

    found, _ = await play_day(Play(json=True), day)

    first, second = found["orders"]["END-1"], found["orders"]["END-2"]
    assert [check for check in found["checks"] if not check["ok"]] == []
    assert (first["outcome"], first["units"], first["parcels"]) == ("closed", {}, [])
    assert (first["payment"]["state"], first["payment"]["refunded"]) == ("refunded", 6495)
    assert (second["outcome"], second["units"]) == ("shipped", {"PARE-3@reno": 2})
    assert found["effects"] == {"doubled": 0, "unknown": 0}


@pytest.mark.req("R25", "R81", "R85")
@pytest.mark.case("C2")
async def test_what_was_open_and_unchanged_for_nine_days_is_known_when_the_shop_is_connected() -> None:
    old = knives("OLD-1", 6495, 695, DOLLARS) | {"at": "2026-11-21T07:00:00-08:00"}
    day = two_hours(
        {"at": "2026-11-30T08:00:00-08:00", "place": knives("NEW-1", 6495, 695, DOLLARS)}, before=[old]
    )

    found, _ = await play_day(Play(json=True), day)

    first, second = found["orders"]["OLD-1"], found["orders"]["NEW-1"]
    assert [check for check in found["checks"] if not check["ok"]] == []
    assert (first["outcome"], first["holds"], first["units"]) == (
        "held",
        ["before_go_live"],
        {"PARE-3@reno": 2},
    )
    assert (second["outcome"], second["holds"]) == ("held", ["backordered"])


def voided(order: dict[str, Any]) -> list[bool]:
    return [parcel["voided"] for parcel in order["parcels"]]


@pytest.mark.req("R115", "R47", "R92")
@pytest.mark.case("C15")
async def test_staff_cancel_what_was_told_and_label_units_and_money_come_back() -> None:
    turned_down = [
        {"void_rejected": {"carrier": carrier, "times": 2}} for carrier in ("USPS", "UPS", "FedEx")
    ]
    day = two_hours(
        {"at": "2026-11-30T08:00:00-08:00", "place": knives("OFF-1", 6495, 695, DOLLARS)},
        *({"at": "2026-11-30T08:20:00-08:00", **verb} for verb in turned_down),
        {
            "at": "2026-11-30T08:30:00-08:00",
            "cancel": {"order": "OFF-1", "by": "merchant", "refund": True, "restock": True},
        },
        {"at": "2026-11-30T08:35:00-08:00", "place": knives("NEXT-1", 6495, 695, DOLLARS)},
    )

    found, _ = await play_day(Play(json=True), day)

    first, following = found["orders"]["OFF-1"], found["orders"]["NEXT-1"]
    [look] = found["checkpoints"]
    assert [check for check in found["checks"] if not check["ok"]] == []
    assert (first["outcome"], first["units"], first["holds"]) == ("cancelled", {}, [])
    assert voided(first) == [True]
    assert (first["payment"]["state"], first["payment"]["refunded"]) == ("refunded", 6495)
    assert (following["outcome"], following["units"]) == ("shipped", {"PARE-3@reno": 2})
    assert (look["labels"]["bought"], look["labels"]["voided"]) == (2, 1)
    assert look["vendors"]["labels"].items() <= look["labels"].items()
    assert found["effects"] == {"doubled": 0, "unknown": 0}


@pytest.mark.req("R115", "R97")
@pytest.mark.case("C15")
async def test_a_fulfillment_that_staff_cancel_alone_holds_its_order_and_voids_nothing() -> None:
    day = two_hours(
        {"at": "2026-11-30T08:00:00-08:00", "place": knives("OFF-2", 6495, 695, DOLLARS)},
        {"at": "2026-11-30T08:30:00-08:00", "cancel_fulfillment": {"order": "OFF-2"}},
    )

    found, _ = await play_day(Play(json=True), day)

    order, [look] = found["orders"]["OFF-2"], found["checkpoints"]
    assert [check for check in found["checks"] if not check["ok"]] == []
    assert (order["outcome"], order["holds"]) == (None, ["withdrawn"])
    assert voided(order) == [False]
    assert (look["labels"]["bought"], look["labels"]["voided"]) == (1, 0)
    assert order["units"] == {"PARE-3@reno": 2}
    assert found["effects"] == {"doubled": 0, "unknown": 0}
