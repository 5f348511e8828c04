"""A day on which a shopper pays in a currency that is withdrawn: the order is known, and nothing is sold twice."""

from typing import Any

import pytest

from day.day import Day, load_day
from demo import KENDRA
from demo.player import Play, play_day

ANG = {"gateway": "shopify_payments", "amount": 10382, "currency": "ANG", "capture": "now"}
DOLLARS = {"gateway": "stripe", "amount": 6495, "currency": "USD", "capture": "now"}


def two_orders_of_three_knives() -> Day:
    """Three paring knives lie in Reno: two are paid in ANG at eight, two in dollars half an hour later."""
    kendra = load_day(KENDRA)
    when = [
        {"at": "2026-11-30T07:00:00-08:00", "connect": ["shop", "amz", "pay", "post", "mail"]},
        {"at": "2026-11-30T07:30:00-08:00", "accept": "all"},
        {"at": "2026-11-30T08:00:00-08:00", "place": knives("CUR-1", 5800, 0, ANG) | {
            "presentment": {"currency": "ANG", "total": 10382, "prices": [5191], "shipping": 0, "tax": 0},
        }},
        {"at": "2026-11-30T08:30:00-08:00", "place": knives("CUR-2", 6495, 695, DOLLARS)},
    ]  # fmt: skip
    clock = {"start": "2026-11-30T07:00:00-08:00", "end": "2026-11-30T09:00:00-08:00"}
    parts = {"clock": clock, "when": when, "then": {}, "acts": [{"id": "I", "until": clock["end"]}]}
    looks = [{"id": "L1", "at": clock["end"]}]
    given = kendra.data["given"]
    counts = {**given["counts"], "reno": {**given["counts"]["reno"], "PARE-3": 3}}
    return Day({**kendra.data, **parts, "looks": looks, "given": {**given, "counts": counts}})


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
    found, _ = await play_day(Play(json=True), two_orders_of_three_knives())

    first, second = found["orders"]["CUR-1"], found["orders"]["CUR-2"]
    assert [check for check in found["checks"] if not check["ok"]] == []
    assert (first["outcome"], first["holds"]) == ("held", ["unreadable"])
    assert first["units"] == {"PARE-3@reno": 2}
    assert (first["payment"]["total"], first["payment"]["currency"]) == (None, None)
    assert (first["parcels"], first["mails"]) == ([], {})
    assert (second["outcome"], second["holds"], second["parcels"]) == ("held", ["backordered"], [])
    assert found["effects"] == {"doubled": 0, "unknown": 0}
