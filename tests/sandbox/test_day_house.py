"""Any house of the format day/1 can be moved into, and a wrong one is told apart."""

import copy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.day_stand import FBA, KARA, KRIS, Day, Json, a_day, golden_house

COPENHAGEN = {
    "street1": "9 Havnegade", "city": "Copenhagen", "zip": "1058", "country": "DK", "timezone": "Europe/Copenhagen",
    "days": ["mon", "tue", "wed", "thu", "fri"], "holidays": ["2026-12-01"], "cutoff": "14:00",
}  # fmt: skip


def another_house() -> Json:
    """A tea shop in Copenhagen: prices in euro with the tax inside, yen on one rate card, no Amazon."""
    return {
        "merchant": "tea", "shop": "tea.myshopify.com", "currency": "EUR", "taxes_included": True,
        "locations": {"kbh": COPENHAGEN},
        "products": {"TEA-1": {"title": "Tea", "weight_g": 500, "size_mm": [100, 100, 100], "hs": "0902.10", "origin": "IN"}},
        "kits": {}, "counts": {"kbh": {"TEA-1": 5}},
        "listings": {"shop": [{"listing": "TEA-1", "at": "kbh", "of": {"TEA-1": 1}, "shows": 5}]},
        "zones": {"kbh": {"home": ["DK"], "north": ["SE", "NO"]}},
        "cards": [
            {"carrier": "GLS", "service": "Pakke", "currency": "EUR", "base": 500, "step": {"home": 100, "north": 250},
             "days": {"home": 1, "north": 3}, "po_box": False},
            {"carrier": "PostNord", "service": "MyPack", "currency": "JPY", "base": 800, "step": {"home": 40},
             "days": {"home": 2}, "po_box": False},
        ],
        "before": [],
    }  # fmt: skip


def a_cup(**more: Any) -> Json:
    """Two packets, 25.00 with 5.00 of tax inside, and 4.00 of shipping: 29.00."""
    return {
        "channel": "shop", "id": "T-1", "customer": {"name": "Kirsten Koch", "email": "kirsten@example.test"},
        "ship_to": {"street1": "1 Nyhavn", "city": "Aarhus", "zip": "8000", "country": "DK"},
        "lines": [{"sku": "TEA-1", "qty": 2, "price": 1250}], "shipping": 400, "tax": 580, "tax_included": True,
        "total": 2900, "method": "Standard", "currency": "EUR",
        "pay": [{"gateway": "stripe", "amount": 2900, "currency": "EUR", "capture": "now"}], **more,
    }  # fmt: skip


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    async with a_day(tmp_path) as opened:
        yield opened


async def test_an_order_from_before_stands_at_its_own_time_and_takes_nothing_off_the_shelf(day: Day) -> None:
    books = await day.get("/books")
    order = books["shopify"]["orders"]["KK-1000"]
    assert (order["placed_at"], order["captured"]) == ("2026-11-29T21:10:00-08:00", 4974)
    assert books["shopify"]["levels"]["UTIL-5@reno"] == 9
    (payment,) = books["stripe"]["payments"].values()
    assert (payment["created"], payment["live"]) == ("2026-11-29T21:10:00-08:00", True)
    await day.settle()
    assert day.heard == []


async def test_an_unlinked_and_an_fba_listing_show_one_less_after_a_sale(day: Day) -> None:
    await day.play(place=KRIS)
    await day.play(place=FBA)

    books = await day.books("amazon")
    assert (books["levels"]["KK-TONGS-NEW"], books["levels"]["KK-CHEF8-FBM"], books["fba"]) == (
        5,
        13,
        {"KK-SOCKS-FBA": 39},
    )
    kris = books["orders"]["112-4000002-0000002"]
    assert (kris["total"], kris["tax_collected_by_marketplace"]) == (12128, 1128)


async def test_another_house_replaces_everything_and_sells_in_its_own_currency(day: Day) -> None:
    await day.play(place=KARA)
    await day.done("/house", another_house())
    books = await day.get("/books")
    assert (books["shopify"]["orders"], books["amazon"]["orders"], books["stripe"]["payments"]) == (
        {},
        {},
        {},
    )
    assert books["shopify"]["levels"] == {"TEA-1@kbh": 5}

    await day.play(place=a_cup())

    order = (await day.books("shopify"))["orders"]["T-1"]
    assert (order["currency"], order["total"], order["tax"], order["tax_included"]) == (
        "EUR",
        2900,
        580,
        True,
    )
    assert order["by_gateway"] == {"stripe": {"EUR": {"authorized": 0, "captured": 2900, "refunded": 0}}}
    _, asked = await day.ask("{ shop { currencyCode taxesIncluded ianaTimezone timezoneOffset } }")
    assert asked["data"]["shop"] == {
        "currencyCode": "EUR",
        "taxesIncluded": True,
        "ianaTimezone": "Europe/Copenhagen",
        "timezoneOffset": "+0100",
    }


async def test_rates_follow_the_cards_of_the_house_in_any_currency_and_its_own_calendar(day: Day) -> None:
    await day.done("/house", another_house())
    sender = {key: COPENHAGEN[key] for key in ("street1", "city", "zip", "country")}
    to = {"street1": "1 Nyhavn", "city": "Aarhus", "zip": "8000", "country": "DK"}

    _, made = await day.parcel(1001, to, "T-1/1", from_address=sender)

    # 1,001 g are three steps: 5.00 + 3 x 1.00, and 800 + 3 x 40 yen, which have no decimals.
    assert [(r["carrier"], r["rate"], r["currency"]) for r in made["rates"]] == [
        ("GLS", "8.00", "EUR"),
        ("PostNord", "920", "JPY"),
    ]
    # Bought on Monday at 16:00 in Copenhagen, two hours late: Tuesday is a holiday, so it leaves on Wednesday.
    _, bought = await day.easypost(f"/shipments/{made['id']}/buy", {"rate": made["rates"][0]})
    assert bought["tracker"]["est_delivery_date"] == "2026-12-03T12:00:00Z"


async def test_a_house_without_a_shop_takes_no_order_of_one(day: Day) -> None:
    house = golden_house()
    del house["listings"]["shop"], house["shop"], house["before"]
    await day.done("/house", house)

    status, answer = await day.post("/play", {"place": KARA})

    assert (status, answer["error"]) == (400, "place.channel: there is no connection shop; there are amz")
    assert (await day.books("shopify"))["orders"] == {}


@pytest.mark.parametrize(
    ("part", "value", "told"),
    [
        (("locations", "reno", "timezone"), "America/Renno", "house.locations.reno.timezone: there is no time zone America/Renno"),
        (("locations", "reno", "cutoff"), "3 pm", 'house.locations.reno.cutoff: a time is written in quotes, as in "15:00", not 3 pm'),
        (("listings", "shop", 0, "at"), "rneo", "house.listings.shop[0].at: there is no location rneo; did you mean reno?"),
        (("listings", "shop", 0, "shows"), "15", "house.listings.shop[0].shows: this must be a whole number (money in minor units), not 15"),
        (("cards", 0, "currency"), "usd", "house.cards[0].currency: this must be a currency's three capital letters"),
        (("cards", 0, "step", "moon"), 5, "house.cards[0].days: this says nothing of the zone moon"),
        (("before", 0, "place", "lines", 0, "sku"), "UTIL-6", "there is no listing of the shop UTIL-6; did you mean UTIL-5?"),
        (("prodcts",), {}, "house.prodcts: there is no prodcts here; did you mean products?"),
    ],
)  # fmt: skip
async def test_a_wrong_house_is_refused_by_what_and_where_and_nothing_changes(
    day: Day, part: tuple[Any, ...], value: Any, told: str
) -> None:
    before, house = await day.get("/books"), copy.deepcopy(golden_house())
    place: Any = house
    for step in part[:-1]:
        place = place[step]
    place[part[-1]] = value

    status, answer = await day.post("/house", house)

    assert (status, answer["ok"]) == (400, False)
    assert told in answer["error"]
    assert await day.get("/books") == before


async def test_a_house_in_test_mode_has_test_orders_and_test_payments(day: Day) -> None:
    await day.done("/house", golden_house() | {"mode": "test"})
    keys = (await day.get("/"))["vendors"]["stripe"]["keys"]

    (payment,) = (await day.books("stripe"))["payments"].items()

    assert (await day.get("/"))["vendors"]["stripe"]["key"] == keys["test"]
    status, seen = await day.stripe(f"/payment_intents/{payment[0]}", key=keys["test"])
    assert (status, seen["livemode"], seen["amount"]) == (200, False, 4974)
    status, refused = await day.stripe(f"/payment_intents/{payment[0]}", key=keys["live"])
    assert (status, refused["error"]["code"]) == (404, "resource_missing")
    assert "exists in test mode, but a live mode key" in refused["error"]["message"]
    _, asked = await day.ask("{ orders(first: 1) { nodes { test transactions { test } } } }")
    assert asked["data"]["orders"]["nodes"] == [{"test": True, "transactions": [{"test": True}]}]


async def test_a_test_key_opens_easypost_too_and_buys_test_labels_only(day: Day) -> None:
    keys = (await day.get("/"))["vendors"]["easypost"]["keys"]
    _, made = await day.parcel(2150, KARA["ship_to"])
    assert (made["mode"], keys["live"][:4], keys["test"][:4]) == ("production", "EZAK", "EZTK")

    status, _ = await day.easypost(f"/shipments/{made['id']}", key=keys["test"])

    assert status == 404
