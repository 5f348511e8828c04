"""Stripe's stand-in, used through Stripe's own library and held against Stripe's own schemas."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
import stripe

from tests.contracts import contracts
from tests.sandbox.stand import FAST, Subscriber, until
from tests.sandbox.stripe_stand import Stand, opened

# The library hands its form to httpx the old way.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
async def stand(request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    async with opened(rate=getattr(request, "param", 1.0)) as made:
        yield made


def fits(name: str, shown: dict[str, Any]) -> None:
    """Fail unless that is what Stripe's own types say the object looks like."""
    folder = contracts() / "stripe" / "stripe-node-23.1.0-jsonschema"
    schema = json.loads((folder / "stripe.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator({"$ref": f"#/definitions/root.{name}", **schema}).validate(shown)


async def test_an_authorization_shows_what_may_be_captured_and_the_card_s_risk(stand: Stand) -> None:
    payment = stand.authorized()
    read = await stand.sdk.v1.payment_intents.retrieve_async(payment, {"expand": ["latest_charge"]})
    assert (read.status, read.amount, read.amount_capturable, read.amount_received) == (
        "requires_capture",
        9291,
        9291,
        0,
    )
    assert (read.currency, read.livemode) == ("usd", True)
    charge: Any = read.latest_charge
    assert (charge.captured, charge.outcome.risk_level, charge.outcome.risk_score) == (False, "normal", 15)
    week_later = stand.world.clock.start + timedelta(days=7)
    assert abs(charge.payment_method_details.card.capture_before - week_later.timestamp()) < 60


async def test_every_object_is_what_stripe_s_own_types_say(stand: Stand) -> None:
    held, paid = stand.authorized(), stand.paid()
    _, made, _ = await stand.call("POST", "/v1/refunds", form={"payment_intent": paid, "amount": "610"})
    stand.state.dispute(paid)
    fits("Refund", made)
    for payment in (held, paid):
        _, bare, _ = await stand.call("GET", f"/v1/payment_intents/{payment}")
        _, whole, _ = await stand.call("GET", f"/v1/payment_intents/{payment}?expand[]=latest_charge.refunds")
        _, charge, _ = await stand.call("GET", f"/v1/charges/{bare['latest_charge']}")
        fits("PaymentIntent", bare)
        fits("PaymentIntent", whole)
        fits("Charge", whole["latest_charge"])
        fits("Charge", charge)
    _, disputes, _ = await stand.call("GET", f"/v1/disputes?payment_intent={paid}")
    fits("Dispute", disputes["data"][0])
    form = {"url": "http://127.0.0.1:1/in", "enabled_events[]": "*"}
    _, endpoint, _ = await stand.call("POST", "/v1/webhook_endpoints", form=form)
    fits("WebhookEndpoint", endpoint)
    for event in stand.state.events.values():
        fits("EventBase", event)


@pytest.mark.req("R41", "R43")
async def test_capturing_moves_the_money_once_and_a_second_capture_is_refused(stand: Stand) -> None:
    payment = stand.authorized()
    taken = await stand.sdk.v1.payment_intents.capture_async(payment, {"amount_to_capture": 9000})
    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 9000, 0)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stand.sdk.v1.payment_intents.capture_async(payment)
    assert refused.value.code == "payment_intent_unexpected_state"
    booked = stand.state.books()["payments"][payment]
    assert (booked["captured"], booked["status"], booked["order"]) == (9000, "succeeded", "KK-1002")
    assert [(each["amount"], each["by"]) for each in booked["captures"]] == [(9000, "api")]


async def test_a_charge_of_a_payment_intent_is_captured_through_that_only(stand: Stand) -> None:
    payment = stand.authorized()
    charge = stand.state.payments[payment].charge
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stand.sdk.v1.charges.capture_async(charge, {"amount": 9291})
    assert refused.value.code == "payment_intent_unexpected_state"
    listed = await stand.sdk.v1.payment_intents.list_async({"limit": 1})
    assert [(each.id, each.status) for each in listed.data] == [(payment, "requires_capture")]


async def test_more_than_was_authorized_cannot_be_captured(stand: Stand) -> None:
    payment = stand.authorized()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stand.sdk.v1.payment_intents.capture_async(payment, {"amount_to_capture": 9292})
    assert refused.value.code == "amount_too_large"
    assert stand.state.books()["payments"][payment]["captured"] == 0


@pytest.mark.req("R15")
async def test_refunds_never_exceed_what_was_captured(stand: Stand) -> None:
    payment = stand.paid()
    first = await stand.sdk.v1.refunds.create_async({"payment_intent": payment, "amount": 11000})
    assert (first.status, first.amount) == ("succeeded", 11000)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        await stand.sdk.v1.refunds.create_async({"payment_intent": payment, "amount": 611})
    last = await stand.sdk.v1.refunds.create_async({"payment_intent": payment})
    assert last.amount == 610
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stand.sdk.v1.refunds.create_async({"payment_intent": payment})
    assert refused.value.code == "charge_already_refunded"
    listed = await stand.sdk.v1.refunds.list_async({"payment_intent": payment})
    assert sorted(each.amount for each in listed.data) == [610, 11000]
    assert stand.state.books()["payments"][payment]["refunded"] == 11610


async def test_a_manual_payment_of_our_own_can_be_made_and_cancelled(stand: Stand) -> None:
    made = await stand.sdk.v1.payment_intents.create_async({
        "amount": 552, "currency": "usd", "capture_method": "manual", "confirm": True,
        "payment_method": "pm_card_visa", "metadata": {"order": "KK-1004"},
    })  # fmt: skip
    assert made.status == "requires_capture"
    gone = await stand.sdk.v1.payment_intents.cancel_async(
        made.id, {"cancellation_reason": "requested_by_customer"}
    )
    assert (gone.status, gone.amount_capturable) == ("canceled", 0)
    with pytest.raises(stripe.InvalidRequestError):
        await stand.sdk.v1.payment_intents.capture_async(made.id)


async def test_a_declined_card_answers_402_and_takes_nothing(stand: Stand) -> None:
    with pytest.raises(stripe.CardError) as declined:
        await stand.sdk.v1.payment_intents.create_async({
            "amount": 552, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa_chargeDeclined",
        })  # fmt: skip
    assert (declined.value.code, declined.value.http_status) == ("card_declined", 402)
    (booked,) = stand.state.books()["payments"].values()
    assert (booked["captured"], booked["status"]) == (0, "requires_payment_method")


async def test_an_unknown_parameter_is_refused_by_its_name(stand: Stand) -> None:
    payment = stand.authorized()
    form = {"amount": "9291"}
    status, body, headers = await stand.call("POST", f"/v1/payment_intents/{payment}/capture", form=form)
    assert (status, body["error"]["code"], body["error"]["param"]) == (400, "parameter_unknown", "amount")
    assert headers["Request-Id"].startswith("req_")
    assert stand.state.books()["payments"][payment]["captured"] == 0


@pytest.mark.parametrize("auth", ["", "Bearer sk_test_someOtherAccount0000"])
async def test_a_missing_or_wrong_key_gets_401_without_showing_the_key(stand: Stand, auth: str) -> None:
    status, body, headers = await stand.call("GET", f"/v1/payment_intents/{stand.paid()}", auth=auth)
    assert (status, body["error"]["type"]) == (401, "invalid_request_error")
    assert headers["WWW-Authenticate"] == 'Bearer realm="Stripe"'
    assert "someOther" not in body["error"]["message"]


async def test_what_does_not_exist_gets_404_with_its_name(stand: Stand) -> None:
    with pytest.raises(stripe.InvalidRequestError) as missing:
        await stand.sdk.v1.payment_intents.retrieve_async("pi_nothing")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    status, body, _ = await stand.call("GET", "/v1/nonsense")
    assert (status, body["error"]["type"]) == (404, "invalid_request_error")


async def test_events_are_delivered_signed_and_the_library_verifies_them(stand: Stand) -> None:
    async with Subscriber().listening() as subscriber:
        endpoint = await stand.sdk.v1.webhook_endpoints.create_async(
            {"url": subscriber.url, "enabled_events": ["payment_intent.succeeded", "charge.captured"]}
        )
        stand.state.capture_from_shop(stand.authorized(), 9291)
        await until(lambda: len(subscriber.got) == 2)
        for headers, body in subscriber.got:
            stripe.WebhookSignature.verify_header(
                body.decode(), headers["Stripe-Signature"], str(endpoint.secret)
            )
    kinds = sorted(json.loads(body)["type"] for body in subscriber.bodies)
    assert kinds == ["charge.captured", "payment_intent.succeeded"]
    event = json.loads(subscriber.bodies[0])
    assert (await stand.sdk.v1.events.retrieve_async(event["id"])).type == event["type"]
    listed = await stand.sdk.v1.webhook_endpoints.list_async()
    assert "secret" not in listed.data[0].to_dict()


@pytest.mark.parametrize("stand", [FAST], indirect=True)
@pytest.mark.req("R40")
async def test_an_authorization_lapses_at_its_own_hour(stand: Stand) -> None:
    soon = stand.world.clock.now() + timedelta(minutes=2)
    taken = stand.state.take(9291, "USD", capture=False, capture_before=soon)
    await until(lambda: stand.state.payments[taken["payment_intent"]].status == "canceled")
    read = await stand.sdk.v1.payment_intents.retrieve_async(taken["payment_intent"])
    assert (read.status, read.cancellation_reason) == ("canceled", "expired")


# https://docs.stripe.com/changelog/basil/2025-03-31/remove-refund-from-partial-capture-and-payment-cancellation-flow
@pytest.mark.req("R115")
@pytest.mark.case("C4")
@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("expired", ["charge.expired", "payment_intent.canceled"]),
        ("requested_by_customer", ["payment_intent.canceled"]),
    ],
)
async def test_an_authorization_that_is_let_go_makes_no_refund(
    stand: Stand, reason: str, told: list[str]
) -> None:
    payment = stand.authorized()
    before = set(stand.state.events)
    stand.state.cancel(stand.state.find(payment), reason)
    announced = [event["type"] for name, event in stand.state.events.items() if name not in before]
    read = await stand.sdk.v1.payment_intents.retrieve_async(payment, {"expand": ["latest_charge"]})
    charge = read.to_dict()["latest_charge"]
    assert sorted(announced) == told
    shown = [charge[name] for name in ("captured", "amount_captured", "amount_refunded", "refunded")]
    assert shown == [False, 0, 0, False]
    assert (await stand.sdk.v1.refunds.list_async({"payment_intent": payment})).data == []


@pytest.mark.req("R115")
@pytest.mark.case("C4")
async def test_what_a_capture_leaves_over_is_no_refund(stand: Stand) -> None:
    payment = stand.authorized()
    before = set(stand.state.events)
    await stand.sdk.v1.payment_intents.capture_async(payment, {"amount_to_capture": 5000})
    announced = [event["type"] for name, event in stand.state.events.items() if name not in before]
    read = await stand.sdk.v1.payment_intents.retrieve_async(payment, {"expand": ["latest_charge"]})
    charge = read.to_dict()["latest_charge"]
    shown = [charge[name] for name in ("captured", "amount_captured", "amount_refunded", "refunded")]
    assert shown == [True, 5000, 0, False]
    assert sorted(announced) == ["charge.captured", "payment_intent.succeeded"]
    assert (await stand.sdk.v1.refunds.list_async({"payment_intent": payment})).data == []


async def test_a_lost_capture_looks_right_to_the_api_and_is_missing_in_the_books(stand: Stand) -> None:
    stand.world.sabotage.arm("capture_lost")
    first, second = stand.authorized(), stand.authorized()
    stand.state.capture_from_shop(first, 9291)
    stand.state.capture_from_shop(second, 9291)
    read = await stand.sdk.v1.payment_intents.retrieve_async(first)
    assert (read.status, read.amount_received) == ("succeeded", 9291)
    books = stand.state.books()["payments"]
    assert [books[first]["captured"], books[second]["captured"]] == [0, 9291]
    assert stand.world.sabotage.subject == "KK-1002"


async def test_a_doubled_capture_looks_right_to_the_api_and_stands_twice_in_the_books(stand: Stand) -> None:
    stand.world.sabotage.arm("capture_doubled")
    payment = stand.authorized()
    stand.state.capture_from_shop(payment, 9291)
    read = await stand.sdk.v1.payment_intents.retrieve_async(payment)
    assert read.amount_received == 9291
    assert stand.state.books()["payments"][payment]["captured"] == 18582
