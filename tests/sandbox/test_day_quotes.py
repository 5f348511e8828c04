"""The golden day's quotes by pencil, when labels leave and arrive, and what a label says of itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.day_stand import KARA, KELLY, KIM, Day, a_day

KARA_S = [
    ("USPS", "GroundAdvantage", "10.30", "12-03"), ("USPS", "Priority", "12.40", "12-02"),
    ("UPS", "Ground", "10.30", "12-02"), ("UPS", "2ndDayAir", "19.00", "12-02"),
    ("FedEx", "FEDEX_GROUND", "9.70", "12-02"), ("FedEx", "FEDEX_2_DAY", "18.40", "12-02"),
]  # fmt: skip
KIM_S = [
    ("USPS", "GroundAdvantage", "15.20", "12-04"), ("USPS", "Priority", "17.50", "12-03"),
    ("UPS", "Ground", "12.60", "12-04"), ("UPS", "2ndDayAir", "24.70", "12-02"),
    ("FedEx", "FEDEX_GROUND", "11.80", "12-03"), ("FedEx", "FEDEX_2_DAY", "24.10", "12-02"),
]  # fmt: skip
KELLY_S = [
    ("USPS", "GroundAdvantage", "5.90", "12-03"), ("USPS", "Priority", "8.80", "12-02"),
    ("UPS", "Ground", "8.30", None), ("UPS", "2ndDayAir", "14.60", None),
    ("FedEx", "FEDEX_GROUND", "8.50", None), ("FedEx", "FEDEX_2_DAY", "14.00", None),
]  # fmt: skip


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    async with a_day(tmp_path) as opened:
        yield opened


async def quotes(day: Day, grams: int, to: dict[str, Any]) -> list[tuple[str, str, str, str | None]]:
    """Every offer with the day its parcel would arrive; none where the carrier does not take it."""
    _, first = await day.parcel(grams, to)
    found = []
    for offered in first["rates"]:
        _, made = await day.parcel(grams, to)
        same = next(each for each in made["rates"] if each["service"] == offered["service"])
        status, bought = await day.easypost(f"/shipments/{made['id']}/buy", {"rate": {"id": same["id"]}})
        due = bought["tracker"]["est_delivery_date"] if status == 200 else None
        # 13:00 in Reno is 21:00 in UTC.
        assert due is None or due.endswith("T21:00:00Z")
        found.append((offered["carrier"], offered["service"], offered["rate"], due and due[5:10]))
    return found


@pytest.mark.parametrize(
    ("at", "grams", "order", "table"),
    [("11-30T08:15:00", 2150, KARA, KARA_S), ("11-30T08:55:00", 3850, KIM, KIM_S), ("11-30T10:20:00", 260, KELLY, KELLY_S)],
    ids=["kara", "kim", "kelly"],
)  # fmt: skip
async def test_the_six_quotes_of_the_golden_day(
    day: Day, at: str, grams: int, order: dict[str, Any], table: list[Any]
) -> None:
    await day.move(at)
    assert await quotes(day, grams, order["ship_to"]) == table


async def test_a_carrier_that_takes_no_post_office_box_rates_it_and_refuses_the_label(day: Day) -> None:
    _, made = await day.parcel(260, KELLY["ship_to"])
    ups = next(each for each in made["rates"] if each["service"] == "Ground")

    status, refused = await day.easypost(f"/shipments/{made['id']}/buy", {"rate": {"id": ups["id"]}})

    assert (status, refused["error"]["code"]) == (422, "SHIPMENT.POSTAGE.FAILURE")
    assert (await day.books("easypost"))["labels"] == []


async def test_a_label_is_scanned_at_half_past_five_and_delivered_at_one_on_the_quoted_day(day: Day) -> None:
    await day.move("11-30T08:15:00")
    _, made = await day.parcel(2150, KARA["ship_to"])
    rate = next(each for each in made["rates"] if each["service"] == "FEDEX_GROUND")
    _, bought = await day.easypost(f"/shipments/{made['id']}/buy", {"rate": {"id": rate["id"]}})
    assert bought["postage_label"]["created_at"] == "2026-11-30T16:15:00Z"

    seen = []
    for at in ("11-30T17:29:59", "11-30T17:30:00", "12-02T12:59:59", "12-02T13:00:00"):
        await day.move(at)
        _, shipment = await day.easypost(f"/shipments/{made['id']}")
        seen.append(shipment["tracker"]["status"])

    assert seen == ["pre_transit", "in_transit", "in_transit", "delivered"]


@pytest.mark.parametrize(("at", "due"), [("15:00:00", "12-02"), ("15:00:01", "12-03")])
async def test_a_label_bought_at_the_cut_off_leaves_today_and_a_second_later_tomorrow(
    day: Day, at: str, due: str
) -> None:
    await day.move(f"11-30T{at}")
    _, made = await day.parcel(2150, KARA["ship_to"])
    ground = next(each for each in made["rates"] if each["service"] == "FEDEX_GROUND")

    _, bought = await day.easypost(f"/shipments/{made['id']}/buy", {"rate": {"id": ground["id"]}})

    assert bought["tracker"]["est_delivery_date"] == f"2026-{due}T21:00:00Z"


@pytest.mark.parametrize(
    ("form", "kind"), [("PNG", "image/png"), ("PDF", "application/pdf"), ("ZPL", "application/zpl")]
)
async def test_a_label_comes_in_the_format_that_was_asked_for(day: Day, form: str, kind: str) -> None:
    _, made = await day.parcel(2150, KARA["ship_to"], options={"label_format": form})

    _, bought = await day.easypost(f"/shipments/{made['id']}/buy", {"rate": made["rates"][0]})

    label = bought["postage_label"]
    assert label["label_file_type"] == kind
    async with day.http.get(label["label_url"]) as file:
        assert (file.status, file.content_type) == (200, kind)


async def test_the_books_name_each_label_its_price_its_order_and_when_it_was_bought(day: Day) -> None:
    await day.play(place=KARA)
    await day.move("11-30T08:15:00")
    _, made = await day.parcel(2150, KARA["ship_to"])
    rate = next(each for each in made["rates"] if each["service"] == "FEDEX_GROUND")

    await day.easypost(f"/shipments/{made['id']}/buy", {"rate": {"id": rate["id"]}})

    books = await day.books("easypost")
    (label,) = books["labels"]
    assert {key: label[key] for key in ("carrier", "service", "price", "currency", "refunded", "order", "from", "to")} == {
        "carrier": "FedEx", "service": "FEDEX_GROUND", "price": 970, "currency": "USD", "refunded": False,
        "order": "KK-1001", "from": "reno", "to": "US-OR",
    }  # fmt: skip
    assert label["bought_at"] == "2026-11-30T16:15:00+00:00"
    assert (books["writes"], books["writes_by_operation"]) == (1, {"shipment.buy": 1})
