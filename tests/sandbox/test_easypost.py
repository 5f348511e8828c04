"""Rates, labels and refunds of EasyPost's stand-in, used through EasyPost's own library."""

import asyncio
from collections.abc import AsyncIterator

import easypost
import pytest

from sandbox.easypost.rating import grams
from tests.sandbox.easypost_stand import BOX_IN_BEND, EASTON, TORONTO, Stand, opened, rate_of
from tests.sandbox.stand import FAST, MONDAY_NOON, until


@pytest.fixture
async def stand(request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    async with opened(rate=getattr(request, "param", 1.0)) as made:
        yield made


async def test_every_carrier_is_rated_from_the_house_s_cards(stand: Stand) -> None:
    made = await stand.shipment()
    prices = {
        (each["carrier"], each["service"]): (each["rate"], each["delivery_days"]) for each in made["rates"]
    }
    # 2,150 g is five steps of 500 g, near: base + 5 x step.
    assert prices == {
        ("USPS", "GroundAdvantage"): ("10.30", 3), ("USPS", "Priority"): ("12.40", 2),
        ("UPS", "Ground"): ("10.30", 2), ("UPS", "2ndDayAir"): ("19.00", 2),
        ("FedEx", "FEDEX_GROUND"): ("9.70", 2), ("FedEx", "FEDEX_2_DAY"): ("18.40", 2),
    }  # fmt: skip
    assert (made["messages"], made["reference"]) == ([], "KK-1001")


@pytest.mark.parametrize(
    ("ounces", "weight"), [("75.84", 2150), ("70.5479", 2000), ("17.64", 500), ("17.67", 501), ("6.35", 180)]
)
def test_ounces_come_back_as_the_grams_they_were_made_of(ounces: str, weight: int) -> None:
    assert grams(ounces) == weight


async def test_the_zone_is_that_of_the_sending_warehouse(stand: Stand) -> None:
    made = await stand.shipment(from_address=EASTON)
    assert rate_of(made, "FEDEX_GROUND")["rate"] == "11.20"  # far from Easton: 8.20 + 5 x 0.60


async def test_a_carrier_offers_a_rate_to_a_po_box_and_then_refuses_its_label(stand: Stand) -> None:
    made = await stand.shipment(to=BOX_IN_BEND)
    assert {each["carrier"] for each in made["rates"]} == {"USPS", "UPS", "FedEx"}
    with pytest.raises(easypost.errors.InvalidRequestError, match="PO box"):
        await stand.bought("FEDEX_GROUND", to=BOX_IN_BEND)
    assert stand.state.books()["labels"] == []


@pytest.mark.req("R49")
async def test_a_parcel_abroad_without_customs_is_rated_by_nobody_and_says_why(stand: Stand) -> None:
    made = await stand.shipment(to=TORONTO)
    assert made["rates"] == []
    assert {each["message"] for each in made["messages"]} == {"shipment.customs_info: field required"}
    item = {
        "description": "Knife",
        "quantity": 1,
        "value": 89,
        "weight": 10.58,
        "hs_tariff_number": "821192",
        "origin_country": "US",
    }
    full = await stand.shipment(
        to=TORONTO, customs_info={"customs_items": [item], "contents_type": "merchandise"}
    )
    assert rate_of(full, "UPSStandard")["rate"] == "25.80"
    bare = await stand.shipment(
        to=TORONTO, customs_info={"customs_items": [{**item, "hs_tariff_number": None}]}
    )
    assert "customs_items.0.hs_tariff_number" in bare["messages"][0]["message"]


async def test_a_bought_label_has_number_price_and_file(stand: Stand) -> None:
    done = await stand.bought()
    assert (done["selected_rate"]["service"], done["selected_rate"]["rate"]) == ("FEDEX_GROUND", "9.70")
    async with stand.http.get(done["postage_label"]["label_url"]) as file:
        content = await file.read()
    assert (file.content_type, content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    books = stand.state.books()
    label = {
        key: books["labels"][0][key]
        for key in ("shipment", "reference", "tracking", "carrier", "price", "refunded")
    }
    assert label == {
        "shipment": done["id"], "reference": "KK-1001", "tracking": done["tracking_code"], "carrier": "FedEx",
        "price": 970, "refunded": False,
    }  # fmt: skip
    assert (books["postage"], books["shipments"]) == (970, 1)


async def test_a_label_is_printed_in_the_format_asked_for_and_converted_from_png(stand: Stand) -> None:
    done = await stand.bought(options={"label_format": "ZPL"})
    async with stand.http.get(done["postage_label"]["label_url"]) as file:
        assert (await file.text()).startswith("^XA")
    png = await stand.bought()
    converted = await stand.do(stand.sdk.shipment.label, png["id"], file_format="PDF")
    async with stand.http.get(converted["postage_label"]["label_pdf_url"]) as file:
        assert (await file.read()).startswith(b"%PDF-1.4")


@pytest.mark.req("R45")
async def test_a_second_buy_is_refused_and_nothing_is_paid_twice(stand: Stand) -> None:
    made = await stand.shipment()
    rate = rate_of(made, "FEDEX_GROUND")
    calls = [stand.do(stand.sdk.shipment.buy, made["id"], rate=rate) for _ in range(5)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    refused = [each for each in answers if isinstance(each, Exception)]
    assert [(each.http_status, each.code) for each in refused] == [(422, "SHIPMENT.POSTAGE.EXISTS")] * 4  # type: ignore[attr-defined]
    assert (len(stand.state.books()["labels"]), stand.state.books()["postage"]) == (1, 970)


@pytest.mark.req("R42")
async def test_a_dropped_reply_bought_the_label_and_reading_the_shipment_finds_it(stand: Stand) -> None:
    made = await stand.shipment()
    stand.world.faults.arm("reply_dropped:0")
    with pytest.raises(easypost.errors.HttpError):
        await stand.do(stand.sdk.shipment.buy, made["id"], rate=rate_of(made, "FEDEX_GROUND"))
    stand.world.faults.quiet()
    read = await stand.do(stand.sdk.shipment.retrieve, made["id"])
    assert read["postage_label"] is not None
    assert read["tracking_code"] == stand.state.books()["labels"][0]["tracking"]


@pytest.mark.req("R48")
async def test_a_hanging_carrier_costs_time_and_is_named(stand: Stand) -> None:
    stand.state.carrier_down("FedEx", mode="hang")
    started = asyncio.get_running_loop().time()
    made = await stand.shipment()
    assert asyncio.get_running_loop().time() - started >= 1.4
    assert {each["carrier"] for each in made["rates"]} == {"USPS", "UPS"}
    assert [(each["carrier"], each["message"]) for each in made["messages"]] == [
        ("FedEx", "The carrier did not respond in time.")
    ]
    stand.state.carrier_down("FedEx", mode=None)
    assert len((await stand.shipment())["rates"]) == 6


async def test_a_carrier_is_up_again_at_its_hour(stand: Stand) -> None:
    stand.state.carrier_down("UPS", mode="error", until=MONDAY_NOON.isoformat())
    assert stand.state.down("UPS") is None
    stand.state.carrier_down("UPS", mode="error", until="2026-11-30T12:40:00-08:00")
    assert stand.state.down("UPS") == "error"


@pytest.mark.parametrize("stand", [FAST], indirect=True)
@pytest.mark.req("R47")
async def test_a_refund_is_submitted_at_once_and_done_a_little_later(stand: Stand) -> None:
    done = await stand.bought()
    asked = await stand.do(stand.sdk.shipment.refund, done["id"])
    assert asked["refund_status"] == "submitted"
    await until(lambda: stand.state.shipments[done["id"]].refund_status == "refunded")
    books = stand.state.books()
    assert (books["labels"][0]["refunded"], books["postage"]) == (True, 0)


@pytest.mark.parametrize("stand", [FAST], indirect=True)
@pytest.mark.req("R47")
async def test_a_void_the_carrier_rejects_can_be_asked_again(stand: Stand) -> None:
    stand.state.reject_voids("FedEx")
    done = await stand.bought()
    await stand.do(stand.sdk.shipment.refund, done["id"])
    await until(lambda: stand.state.shipments[done["id"]].refund_status == "rejected")
    assert stand.state.books()["postage"] == 970
    await stand.do(stand.sdk.shipment.refund, done["id"])
    await until(lambda: stand.state.shipments[done["id"]].refund_status == "refunded")


async def test_a_label_that_was_never_bought_cannot_be_refunded(stand: Stand) -> None:
    made = await stand.shipment()
    with pytest.raises(easypost.errors.InvalidRequestError) as refused:
        await stand.do(stand.sdk.shipment.refund, made["id"])
    assert refused.value.code == "SHIPMENT.POSTAGE.REQUIRED"


async def test_sabotage_of_labels_shows_only_in_the_books(stand: Stand) -> None:
    stand.world.sabotage.arm("label_doubled")
    done = await stand.bought()
    assert stand.state.books()["postage"] == 1940
    assert [each["shipment"] for each in stand.state.books()["labels"]] == [done["id"], done["id"]]


async def test_sabotage_of_postage_shows_only_in_the_books(stand: Stand) -> None:
    stand.world.sabotage.arm("postage_changed")
    done = await stand.bought()
    read = await stand.do(stand.sdk.shipment.retrieve, done["id"])
    assert (read["selected_rate"]["rate"], stand.state.books()["postage"]) == ("9.70", 1070)
