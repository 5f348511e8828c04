"""Rates, labels, voids and scans through EasyPost's own SDK."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from connectors.easypost.errors import CODES, REFUSALS, VOID_REFUSALS, error_of, plain
from connectors.easypost.units import inches, ounces
from core.errors import (
    AuthError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
    VendorPausedError,
)
from core.model.payment import MovementState
from core.model.shipment import Label, LabelRefused, TrackingEvent, TrackingState
from tests.connectors.easypost.stand import (
    KARA,
    KOFI,
    NOON,
    Stand,
    a_board,
    a_parcel,
    answering,
    closed,
    opened,
    rate_of,
    saying,
    standing,
    usd,
)
from tests.contracts import contracts
from tests.sandbox.stand import until


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with standing() as made:
        yield made


async def test_a_parcel_is_rated_by_every_carrier_in_whole_cents(stand: Stand) -> None:
    quotes = await stand.quoted()
    assert {(r.carrier, r.service, r.price.minor, r.price.currency, r.days) for r in quotes.rates} == {
        ("USPS", "GroundAdvantage", 1030, "USD", 3),
        ("USPS", "Priority", 1240, "USD", 2),
        ("UPS", "Ground", 1030, "USD", 2),
        ("UPS", "2ndDayAir", 1900, "USD", 2),
        ("FedEx", "FEDEX_GROUND", 970, "USD", 2),
        ("FedEx", "FEDEX_2_DAY", 1840, "USD", 2),
    }
    assert quotes.silent == ()
    assert stand.state.books()["labels"] == []


async def test_the_request_holds_our_reference_and_ounces_and_inches_that_never_understate(
    stand: Stand,
) -> None:
    await stand.quoted()
    [(path, body)] = stand.asked
    assert path == "POST /v2/shipments"
    assert body["shipment"] == {
        "reference": "KK-1001/reno-1",
        "from_address": {"name": "Kendra Reno", "street1": "1 Depot Way", "city": "Reno", "state": "NV", "zip": "89502", "country": "US"},
        "to_address": {
            "name": "Kara Kline", "street1": "100 Test Kitchen Way", "city": "Portland", "state": "OR", "zip": "97205", "country": "US",
        },
        "parcel": {"length": 16.54, "width": 12.6, "height": 3.15, "weight": 75.84},
    }  # fmt: skip


@pytest.mark.parametrize(("grams", "oz"), [(2150, "75.84"), (2000, "70.55"), (1, "0.04"), (180, "6.35")])
def test_grams_become_ounces_rounded_up_to_a_hundredth(grams: int, oz: str) -> None:
    assert ounces(grams) == Decimal(oz)


@pytest.mark.parametrize(("mm", "inch"), [(420, "16.54"), (320, "12.60"), (254, "10.00"), (1, "0.04")])
def test_millimetres_become_inches_rounded_up_to_a_hundredth(mm: int, inch: str) -> None:
    assert inches(mm) == Decimal(inch)


async def test_a_parcel_abroad_takes_its_customs_items_along(stand: Stand) -> None:
    quotes = await stand.quoted(to=KOFI, parcel=a_parcel(2010), customs=[a_board()])
    assert {(r.service, r.price.minor) for r in quotes.rates} == {
        ("FirstClassPackageInternationalService", 2550), ("UPSStandard", 2580), ("INTERNATIONAL_ECONOMY", 2750),
    }  # fmt: skip
    customs = stand.asked[0][1]["shipment"]["customs_info"]
    assert customs["customs_signer"] == "Kendra Reno"
    assert customs["customs_items"] == [
        {
            "description": "Walnut board", "quantity": 1, "value": "89.00", "currency": "USD", "weight": 56.44,
            "hs_tariff_number": "441919", "origin_country": "US", "code": "BOARD-WAL",
        }
    ]  # fmt: skip


@pytest.mark.req("R50")
@pytest.mark.case("C12")
async def test_an_exemption_is_declared_only_where_one_holds(stand: Stand) -> None:
    await stand.quoted(to=KOFI, customs=[a_board()], exemption="NOEEI 30.36")
    await stand.quoted(to=KOFI, customs=[a_board()])
    first, second = (body["shipment"]["customs_info"] for _, body in stand.asked)
    assert first["eel_pfc"] == "NOEEI 30.36"
    assert "eel_pfc" not in second


async def test_carriers_without_a_rate_are_named_once_with_what_they_said() -> None:
    rate = {
        "id": "rate_1",
        "carrier": "USPS",
        "service": "GroundAdvantage",
        "rate": "4.80",
        "currency": "USD",
        "delivery_days": 3,
    }
    messages = [
        {
            "carrier": "UPS",
            "type": "rate_error",
            "message": "Kara Kline lives in a PO box",
            "carrier_account_id": "ca_1",
        },
        {"carrier": "UPS", "type": "rate_error", "message": "something else", "carrier_account_id": "ca_2"},
        {
            "carrier": "USPS",
            "type": "rate_error",
            "message": "too heavy for one service",
            "carrier_account_id": "ca_3",
        },
        {"carrier": "FedEx", "type": "rate_error", "message": None, "carrier_account_id": "ca_4"},
        "a bare word",
    ]
    body = json.dumps({"id": "shp_1", "object": "Shipment", "rates": [rate], "messages": messages})
    async with answering(saying(201, body)) as ports:
        assert ports.carrier is not None
        quotes = await ports.carrier.quote(
            reference="r", parcel=a_parcel(), sender=KARA, recipient=KARA, customs=(), budget_s=2
        )
    assert quotes.silent == (("UPS", "… lives in a PO box"), ("FedEx", "no rate"))


async def test_a_carrier_that_hangs_is_named_and_the_others_rate(stand: Stand) -> None:
    stand.state.carrier_down("FedEx", mode="hang")
    quotes = await stand.quoted()
    assert {r.carrier for r in quotes.rates} == {"USPS", "UPS"}
    assert [carrier for carrier, _said in quotes.silent] == ["FedEx"]


async def test_a_rating_that_outlasts_its_budget_is_given_up(stand: Stand) -> None:
    stand.state.carrier_down("FedEx", mode="hang")
    began = time.monotonic()
    with pytest.raises(UnavailableError):
        await stand.quoted(budget_s=0.3)
    assert time.monotonic() - began < 1.0


async def test_a_price_that_cannot_be_read_silences_its_carrier_only() -> None:
    rate = {
        "id": "rate_1",
        "carrier": "UPS",
        "service": "Ground",
        "rate": "7.80",
        "currency": "USD",
        "delivery_days": None,
        "est_delivery_days": 4,
    }
    odd = rate | {"id": "rate_2", "carrier": "DHL", "rate": "7.805"}
    body = json.dumps({"id": "shp_1", "object": "Shipment", "rates": [rate, odd], "messages": []})
    async with answering(saying(201, body)) as ports:
        assert ports.carrier is not None
        quotes = await ports.carrier.quote(
            reference="r", parcel=a_parcel(), sender=KARA, recipient=KARA, customs=(), budget_s=2
        )
    assert [(r.carrier, r.price, r.days) for r in quotes.rates] == [("UPS", usd(780), 4)]
    assert quotes.silent == (("DHL", "its price cannot be read"),)


async def test_a_label_is_bought_and_its_file_fetched(stand: Stand) -> None:
    label = await stand.bought()
    assert (label.carrier, label.service, label.price, label.format) == (
        "FedEx",
        "FEDEX_GROUND",
        usd(970),
        "PNG",
    )
    assert str(label.tracker_id).startswith("trk_")
    assert (await stand.files.fetch_file(label.file_url)).startswith(b"\x89PNG")
    assert await stand.carrier.find_label(label.shipment_id) == label


@pytest.mark.req("R80")
async def test_what_was_sold_since_is_listed_page_by_page_without_what_is_taken_back(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.easypost.client.PAGE", 2)
    labels = [await stand.bought() for _ in range(5)]
    await stand.quoted()  # rated, and never bought
    await stand.carrier.void(labels[1].shipment_id)
    reference = "KK-1001/reno-1"

    sold = await stand.carrier.sold_labels(reference, NOON - timedelta(hours=1))

    kept = [label for label in reversed(labels) if label != labels[1]]
    assert [(told, label.label_id) for told, label in sold] == [(reference, label.label_id) for label in kept]
    assert await stand.carrier.sold_labels("another/", NOON - timedelta(hours=1)) == ()
    assert await stand.carrier.sold_labels(reference, NOON + timedelta(days=1)) == ()


async def test_a_label_comes_in_the_format_that_is_wanted(stand: Stand) -> None:
    label = await stand.bought(label_format="zpl")
    assert label.format == "ZPL"
    assert (await stand.files.fetch_file(label.file_url)).startswith(b"^XA")
    assert await stand.carrier.find_label(label.shipment_id) == label


async def test_a_label_found_later_says_when_it_was_sold_and_comes_in_the_format_wanted(stand: Stand) -> None:
    label = await stand.bought()
    assert label.bought_at is not None
    found = await stand.carrier.find_label(label.shipment_id, label_format="zpl")
    assert found is not None
    assert (found.format, found.bought_at) == ("ZPL", label.bought_at)


@pytest.mark.req("R45")
async def test_buying_again_gives_the_label_that_was_bought_and_pays_nothing(stand: Stand) -> None:
    quotes = await stand.quoted()
    rate, other = rate_of(quotes, "FEDEX_GROUND"), rate_of(quotes, "Ground")
    first = await stand.carrier.buy(quotes.shipment_id, rate, label_format="PNG")
    again = await asyncio.gather(
        *(stand.carrier.buy(quotes.shipment_id, other, label_format="PNG") for _ in range(5))
    )
    assert again == [first] * 5
    assert (len(stand.state.books()["labels"]), stand.state.books()["postage"]) == (1, 970)


@pytest.mark.req("R42")
async def test_fifty_buyers_at_once_get_one_label(stand: Stand) -> None:
    quotes = await stand.quoted()
    rate = rate_of(quotes, "FEDEX_GROUND")
    labels = await asyncio.gather(
        *(stand.carrier.buy(quotes.shipment_id, rate, label_format="PNG") for _ in range(50))
    )
    assert len({label.label_id for label in labels if isinstance(label, Label)}) == 1
    assert len(stand.state.books()["labels"]) == 1


@pytest.mark.req("R42")
async def test_a_lost_answer_is_unknown_and_the_look_up_finds_the_label(stand: Stand) -> None:
    quotes = await stand.quoted()
    stand.world.faults.arm("reply_dropped:1")
    with pytest.raises(OutcomeUnknownError):
        await stand.carrier.buy(quotes.shipment_id, rate_of(quotes, "FEDEX_GROUND"), label_format="PNG")
    stand.world.faults.arm("none")
    label = await stand.carrier.find_label(quotes.shipment_id)
    assert label is not None
    assert label.price == usd(970)
    assert len(stand.state.books()["labels"]) == 1


async def test_a_carrier_that_refuses_the_label_is_a_value(stand: Stand) -> None:
    quotes = await stand.quoted()
    stand.state.carrier_down("FedEx", mode="error")
    refused = await stand.carrier.buy(quotes.shipment_id, rate_of(quotes, "FEDEX_GROUND"), label_format="PNG")
    assert isinstance(refused, LabelRefused)
    assert refused.code == "SHIPMENT.POSTAGE.FAILURE"
    assert await stand.carrier.find_label(quotes.shipment_id) is None
    assert stand.state.books()["labels"] == []


@pytest.mark.req("R49")
async def test_a_refusal_names_the_fields_and_says_what_to_look_at() -> None:
    body = said(
        "ADDRESS.PARAMETERS.INVALID", [{"field": "to_address.phone", "message": "5035550100 is short"}]
    )
    async with answering(saying(422, body)) as ports:
        assert ports.carrier is not None
        refused = await ports.carrier.buy("shp_1", "rate_1", label_format="PNG")
    assert refused == LabelRefused(
        code="ADDRESS.PARAMETERS.INVALID",
        message=(
            "an address is not complete or not known; look at street, postcode, state and phone number "
            "(post: shipments.buy: answered 422 ADDRESS.PARAMETERS.INVALID, fields: to_address.phone)"
        ),
    )


async def test_a_void_is_asked_once_and_then_granted() -> None:
    async with standing(rate=600.0) as stand:
        label = await stand.bought()
        first = await stand.carrier.void(label.shipment_id)
        again = await stand.carrier.void(label.shipment_id)
        assert (first.state, first.amount, first.code) == (MovementState.PENDING, usd(970), None)
        assert again.state in {MovementState.PENDING, MovementState.DONE}
        await until(lambda: stand.state.books()["labels"][0]["refunded"])
        assert (await stand.carrier.void(label.shipment_id)).state is MovementState.DONE
        assert stand.state.books()["postage"] == 0


async def test_a_rejected_void_may_be_asked_again() -> None:
    async with standing(rate=600.0) as stand:
        stand.state.reject_voids("FedEx")
        label = await stand.bought()
        assert (await stand.carrier.void(label.shipment_id)).state is MovementState.PENDING
        await until(lambda: stand.state.find(label.shipment_id).refund_status == "rejected")
        assert (await stand.carrier.void(label.shipment_id)).state is MovementState.PENDING
        await until(lambda: stand.state.find(label.shipment_id).refund_status == "refunded")


@pytest.mark.req("R115")
@pytest.mark.case("C15")
@pytest.mark.parametrize(
    ("told", "state", "code"),
    [
        ("submitted", MovementState.PENDING, None), ("refunded", MovementState.DONE, None),
        ("rejected", MovementState.DECLINED, "rejected"), ("not_applicable", MovementState.DONE, "not_applicable"),
    ],
)  # fmt: skip
async def test_what_became_of_a_void_is_read_in_every_word_that_easypost_documents(
    stand: Stand, told: str, state: MovementState, code: str | None
) -> None:
    label = await stand.bought()
    stand.state.find(label.shipment_id).refund_status = told

    found = await stand.carrier.find_void(label.shipment_id)

    assert (found.state, found.code, found.reference) == (state, code, label.shipment_id)
    assert stand.state.find(label.shipment_id).refund_status == told


async def test_a_shipment_without_a_label_cannot_be_voided(stand: Stand) -> None:
    quotes = await stand.quoted()
    with pytest.raises(RejectedError) as refused:
        await stand.carrier.void(quotes.shipment_id)
    assert refused.value.code == "SHIPMENT.POSTAGE.REQUIRED"


async def test_scans_come_oldest_first_in_our_words() -> None:
    async with standing(rate=3600.0 * 12) as stand:
        label = await stand.bought()
        tracker = str(label.tracker_id)
        await until(lambda: stand.state.trackers[tracker].status == "delivered", seconds=20)
        scans = await stand.files.fetch_tracking(tracker)
    assert scans[0].state is TrackingState.PRE_TRANSIT
    assert scans[-1].state is TrackingState.DELIVERED
    assert [s.at for s in scans] == sorted(s.at for s in scans)
    assert {s.tracking for s in scans} == {label.tracking}
    assert scans[-1].at - scans[0].at > timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("return_to_sender", TrackingState.RETURN_TO_SENDER),
        ("available_for_pickup", TrackingState.OUT_FOR_DELIVERY),
        ("cancelled", TrackingState.FAILURE),
        ("error", TrackingState.FAILURE),
        ("teleported", TrackingState.UNKNOWN),
    ],
)
async def test_every_status_has_a_word_of_ours(status: str, state: TrackingState) -> None:
    scan = {
        "object": "TrackingDetail",
        "status": status,
        "datetime": "2026-12-01T01:30:00Z",
        "est_delivery_date": None,
    }
    body = {
        "id": "trk_1",
        "object": "Tracker",
        "tracking_code": "94",
        "est_delivery_date": "2026-12-03T00:00:00Z",
        "tracking_details": [scan],
    }
    async with answering(saying(200, json.dumps(body))) as ports:
        assert ports.label_files is not None
        [event] = await ports.label_files.fetch_tracking("trk_1")
    assert event == TrackingEvent.model_validate(
        {
            "tracking": "94",
            "state": state,
            "at": "2026-12-01T01:30:00Z",
            "estimated_delivery": "2026-12-03T00:00:00Z",
        }
    )


def said(code: str | None, errors: list[Any] | None = None) -> str:
    return json.dumps({"error": {"code": code, "message": "planted@example.test", "errors": errors or []}})


@pytest.mark.req("R42")
@pytest.mark.parametrize(
    ("status", "body", "buying", "reading"),
    [
        (401, said("UNAUTHORIZED"), AuthError, AuthError),
        (403, said("APIKEY.INACTIVE"), AuthError, AuthError),
        (402, said("PAYMENT_REQUIRED"), VendorPausedError, VendorPausedError),
        (402, said(None), VendorPausedError, VendorPausedError),
        (404, said("NOT_FOUND"), RejectedError, RejectedError),
        (422, said("SHIPMENT.PURCHASE.IN_PROGRESS"), OutcomeUnknownError, UnavailableError),
        (422, said("SHIPMENT.POSTAGE.NO_RESPONSE"), OutcomeUnknownError, UnavailableError),
        (429, said("RATE_LIMITED"), RateLimitError, RateLimitError),
        (500, said("INTERNAL_SERVER_ERROR"), OutcomeUnknownError, UnavailableError),
        (502, "<html>bad gateway</html>", OutcomeUnknownError, UnavailableError),
        (503, said("SERVICE_UNAVAILABLE"), UnavailableError, UnavailableError),
        (504, said("GATEWAY_TIMEOUT"), OutcomeUnknownError, UnavailableError),
        (200, "not json", OutcomeUnknownError, UnavailableError),
        (200, "[]", OutcomeUnknownError, UnavailableError),
        (200, '{"id": "shp_1"}', OutcomeUnknownError, None),
    ],
)
async def test_each_failure_says_what_to_do_next_and_repeats_nothing_of_the_body(
    status: int, body: str, buying: type[ConnectorError], reading: type[ConnectorError] | None
) -> None:
    async with answering(saying(status, body)) as ports:
        assert ports.carrier is not None
        with pytest.raises(ConnectorError) as raised:
            await ports.carrier.buy("shp_1", "rate_1", label_format="PNG")
        assert type(raised.value) is buying
        assert "planted" not in str(raised.value)
        if status == 402:
            assert raised.value.code == "PAYMENT_REQUIRED"
        if reading is None:
            assert await ports.carrier.find_label("shp_1") is None
            return
        with pytest.raises(ConnectorError) as read:
            await ports.carrier.find_label("shp_1")
    assert type(read.value) is reading


async def test_nothing_is_sent_twice_and_a_rate_limit_names_its_pause() -> None:
    calls: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        calls.append(request.method)
        return web.Response(status=429, text=said("RATE_LIMITED"), headers={"Retry-After": "3"})

    async with answering(answer) as ports:
        assert ports.carrier is not None
        began = time.monotonic()
        with pytest.raises(RateLimitError) as raised:
            await ports.carrier.find_label("shp_1")
    assert calls == ["GET"]
    assert raised.value.retry_after_s == 3.0
    assert time.monotonic() - began < 2.0


async def test_no_redirect_carries_the_key_away() -> None:
    calls: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        calls.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async with answering(answer) as ports:
        assert ports.carrier is not None
        with pytest.raises(UnavailableError):
            await ports.carrier.find_label("shp_1")
    assert calls == ["/v2/shipments/shp_1"]


async def test_nobody_at_the_door_is_unavailable_even_when_buying() -> None:
    ports = opened("http://127.0.0.1:1")
    assert ports.carrier is not None
    with pytest.raises(UnavailableError) as raised:
        await ports.carrier.buy("shp_1", "rate_1", label_format="PNG")
    await closed(ports)
    assert "planted" not in str(raised.value)


async def test_a_call_that_waits_too_long_for_a_thread_is_never_sent() -> None:
    calls: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        calls.append(request.path)
        await asyncio.sleep(0.6)
        return web.Response(status=201, text='{"id": "shp_1", "object": "Shipment", "rates": []}')

    async with answering(answer, threads=1) as ports:
        assert ports.carrier is not None
        quote = ports.carrier.quote
        first, second = await asyncio.gather(
            *(
                quote(reference=r, parcel=a_parcel(), sender=KARA, recipient=KARA, customs=(), budget_s=b)
                for r, b in (("first", 3.0), ("second", 0.3))
            ),
            return_exceptions=True,
        )
        await asyncio.sleep(0.5)
    assert not isinstance(first, BaseException)
    assert isinstance(second, UnavailableError)
    assert calls == ["/v2/shipments"]


def test_refusals_and_errors_are_told_apart() -> None:
    assert not set(CODES) & REFUSALS
    assert not set(CODES) & VOID_REFUSALS
    for code in REFUSALS | VOID_REFUSALS:
        error = error_of(connection="post", what="buy", may_act=True, status=422, code=code)
        assert (type(error), error.code) == (RejectedError, code)


@pytest.mark.req("R49")
def test_a_carrier_s_words_are_passed_on_without_the_person() -> None:
    words = "Kara Kline, 100 Test Kitchen Way 97205, kara@example.test, +15035550100: not served"
    assert plain(words, hide=("Kara Kline", "100 Test Kitchen Way", "", "OR")) == "…, … …, … +…: not served"


def test_recorded_answers_are_read() -> None:
    from connectors.easypost.carrier import _label, _rates, _scans

    read = 0
    for path in sorted((contracts() / "easypost" / "exchanges").rglob("*.json")):
        for exchange in json.loads(path.read_text(encoding="utf-8"))["exchanges"]:
            answer = exchange["response"].get("json")
            if not isinstance(answer, dict):
                continue
            if answer.get("object") == "Tracker" and "tracking_code" in answer:
                assert all(scan.tracking == answer["tracking_code"] for scan in _scans(answer))
                read += 1
            if str(answer.get("id", "")).startswith("shp_") and "rates" in answer:
                rates, spoilt = _rates(answer["rates"])
                assert (len(rates), spoilt) == (len(answer["rates"]), [])
                label = _label(answer)
                assert (label is None) is (answer["postage_label"] is None)
                read += 1
    assert read > 150


def test_the_recorded_purchase_is_read_to_the_cent() -> None:
    from connectors.easypost.carrier import _label

    text = (contracts() / "easypost" / "exchanges" / "python" / "test_shipment_buy.json").read_text(
        encoding="utf-8"
    )
    label = _label(json.loads(text)["exchanges"][-1]["response"]["json"])
    assert label is not None
    assert (label.shipment_id, label.carrier, label.price, label.format, label.tracker_id) == (
        "shp_16578f588f9546ec914afd2474e24ff5",
        "USPS",
        usd(607),
        "PNG",
        "trk_279431562ef84af89555e5c8a2029b2f",
    )
