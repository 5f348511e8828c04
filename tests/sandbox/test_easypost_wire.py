"""EasyPost's stand-in on the wire: keys, refusals, recorded shapes, tracking and signatures."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import easypost
import pytest
from easypost.util import validate_webhook

from sandbox.easypost.hooks import signatures
from tests.contracts import contracts
from tests.contracts_easypost import check_objects
from tests.sandbox.easypost_stand import EASTON, PORTLAND, Stand, opened, rate_of
from tests.sandbox.stand import FAST, Subscriber, until


@pytest.fixture
async def stand(request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    async with opened(rate=getattr(request, "param", 1.0)) as made:
        yield made


@pytest.mark.parametrize(
    ("asked", "fields"),
    [({}, ["shipment"]), ({"parcel": {"weight": 1}}, ["to_address", "from_address"])],
)
async def test_a_shipment_without_its_parts_is_refused_as_recorded(
    stand: Stand, asked: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(easypost.errors.InvalidRequestError) as refused:
        await stand.do(stand.sdk.shipment.create, **asked)
    assert (refused.value.http_status, refused.value.code) == (422, "PARAMETER.REQUIRED")
    body = json.loads(refused.value.http_body)
    assert body["error"]["errors"] == [{"field": name, "message": "cannot be blank"} for name in fields]
    assert stand.state.books()["shipments"] == 0


async def test_another_key_and_no_key_open_nothing(stand: Stand) -> None:
    for headers, status in (({}, 401), ({"Authorization": "Bearer EZTKother"}, 403)):
        async with stand.http.get(f"{stand.url}/v2/shipments", headers=headers) as answer:
            assert answer.status == status
            assert set((await answer.json())["error"]) == {"code", "message", "errors"}
    async with stand.http.get(
        f"{stand.url}/v2/shipments", headers={"Authorization": aiohttp.encode_basic_auth(stand.state.key, "")}
    ) as answer:
        assert answer.status == 200


async def test_a_path_or_a_method_that_is_not_there_is_refused_in_easypost_s_shape(stand: Stand) -> None:
    headers = {"Authorization": f"Bearer {stand.state.key}"}
    for method, path, status in (
        ("PUT", "/shipments", 405),
        ("GET", "/nothing", 404),
        ("POST", "/shipments/x", 405),
    ):
        async with stand.http.request(method, f"{stand.url}/v2{path}", headers=headers) as answer:
            assert answer.status == status
            assert set((await answer.json())["error"]) == {"code", "message", "errors"}


def _keys(shown: Any, recorded: Any, at: str = "") -> list[str]:
    """Where a recorded answer has a key that ours lacks; both must be objects or lists of them."""
    if isinstance(recorded, dict) and isinstance(shown, dict):
        lacking = [f"{at}.{key}" for key in recorded if key not in shown]
        return lacking + [
            each
            for key in recorded
            if key in shown and key != "verifications"
            for each in _keys(shown[key], recorded[key], f"{at}.{key}")
        ]
    if isinstance(recorded, list) and isinstance(shown, list) and recorded and shown:
        return _keys(shown[0], recorded[0], f"{at}[]")
    return []


def _recorded(name: str, *, method: str, ending: str) -> Any:
    text = (contracts() / "easypost" / "exchanges" / "python" / name).read_text(encoding="utf-8")
    exchanges = json.loads(text)
    exchanges = exchanges if isinstance(exchanges, list) else exchanges["exchanges"]
    for each in exchanges:
        if each["request"]["method"] == method and each["request"]["url"].endswith(ending):
            body = each["response"].get("json") or each["response"]["body"]
            return json.loads(body) if isinstance(body, str) else body
    raise LookupError(name)


async def test_answers_have_every_key_that_the_real_ones_were_recorded_with(stand: Stand) -> None:
    item = {
        "description": "Shirts",
        "quantity": 2,
        "value": 23,
        "weight": 11,
        "hs_tariff_number": "654321",
        "origin_country": "US",
    }
    customs = {"customs_items": [item], "contents_type": "merchandise"}
    made = await stand.shipment(
        customs_info=customs, options={"label_format": "PNG", "invoice_number": "123"}
    )
    assert _keys(made, _recorded("test_shipment_create.json", method="POST", ending="/shipments")) == []
    done = await stand.do(stand.sdk.shipment.buy, made["id"], rate=rate_of(made, "GroundAdvantage"))
    assert _keys(done, _recorded("test_shipment_buy.json", method="POST", ending="/buy")) == []
    hook = await stand.do(stand.sdk.webhook.create, url="http://127.0.0.1:1/in", webhook_secret="s")
    assert _keys(hook, _recorded("test_webhook_create.json", method="POST", ending="/webhooks")) == []
    tracker = await stand.do(stand.sdk.tracker.retrieve, done["tracker"]["id"])
    shown = _recorded("test_tracker_all.json", method="GET", ending="page_size=5")["trackers"][0]
    assert _keys(tracker, {**shown, "tracking_details": [], "carrier_detail": None}) == []


def test_the_older_signature_is_the_one_of_the_vendor_s_vector() -> None:
    vector = json.loads((contracts() / "easypost" / "webhook-hmac-vector.json").read_text(encoding="utf-8"))
    body = base64.b64decode(vector["body_base64"])
    signed = signatures(vector["secret"], body, url="http://127.0.0.1:1/in", at=datetime.now(UTC))
    assert signed["X-Hmac-Signature"] == vector["signature"]


@pytest.mark.parametrize("stand", [FAST], indirect=True)
@pytest.mark.req("R17", "R56")
async def test_tracking_arrives_by_signed_webhook(stand: Stand) -> None:
    async with Subscriber().listening() as subscriber:
        await stand.do(stand.sdk.webhook.create, url=subscriber.url, webhook_secret="sécret")
        done = await stand.bought()
        await until(lambda: len(subscriber.got) == 2)
    made = validate_webhook(subscriber.got[0][1], subscriber.got[0][0], "sécret")
    assert (made["description"], made["result"]["status"]) == ("tracker.created", "unknown")
    assert (made["result"]["id"], made["previous_attributes"]) == (done["tracker"]["id"], {})
    headers, body = subscriber.got[1]
    event = validate_webhook(body, headers, "sécret")
    assert (event["description"], event["result"]["status"]) == ("tracker.updated", "pre_transit")
    assert event["result"]["tracking_code"] == done["tracking_code"]
    assert event["previous_attributes"] == {"status": "unknown"}
    at = datetime.strptime(headers["X-Timestamp"], "%a, %d %b %Y %H:%M:%S %z")
    assert (
        headers["X-Hmac-Signature-V2"]
        == signatures("sécret", body, url=subscriber.url, at=at)["X-Hmac-Signature-V2"]
    )


async def test_the_carrier_scans_at_half_past_five_and_delivers_at_one(stand: Stand) -> None:
    # Noon in Reno: leaves on Monday, two working days. In Easton it is a moment past three: leaves on Tuesday.
    west = stand.state.trackers[(await stand.bought())["tracker"]["id"]]
    assert west.due == datetime(2026, 12, 2, 21, 0, tzinfo=UTC)
    east = await stand.bought(from_address=EASTON, to={**PORTLAND, "state": "NY"})
    assert stand.state.trackers[east["tracker"]["id"]].due == datetime(2026, 12, 3, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize("stand", [FAST], indirect=True)
@pytest.mark.req("R110")
async def test_a_label_that_was_taken_back_is_told_of_and_one_that_was_not_is_not(stand: Stand) -> None:
    async with Subscriber().listening() as subscriber:
        await stand.do(stand.sdk.webhook.create, url=subscriber.url)
        stand.state.reject_voids("FedEx")
        done = await stand.bought()
        await stand.do(stand.sdk.shipment.refund, done["id"])
        await until(lambda: stand.state.shipments[done["id"]].refund_status == "rejected")
        await stand.do(stand.sdk.shipment.refund, done["id"])
        await until(lambda: stand.state.shipments[done["id"]].refund_status == "refunded")
        await until(lambda: "refund.successful" in _told(subscriber))

    assert [kind for kind in _told(subscriber) if kind.startswith("refund")] == ["refund.successful"]
    event = next(event for event in map(json.loads, subscriber.bodies) if event["description"][0] == "r")
    assert (event["result"]["status"], event["result"]["shipment_id"]) == ("refunded", done["id"])
    assert event["result"]["tracking_code"] == done["tracking_code"]
    check_objects(event)


def _told(subscriber: Subscriber) -> list[str]:
    return [json.loads(body)["description"] for body in subscriber.bodies]
