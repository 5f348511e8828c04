"""The connector beside what Stripe does: recorded payments, declines, refunds that end later, reviews, every event."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe

from connectors.stripe.settings import ENABLED_EVENTS
from connectors.stripe.webhooks import StripeWebhooks
from core.model.notification import NotificationKind, WebhookRequest
from core.model.order import RiskLevel
from core.model.payment import GatewayPayment, PaymentState
from sandbox.clock import SteppedClock
from sandbox.stripe.cards import DECLINES
from sandbox.stripe.refusals import Refused
from tests.connectors.stripe.stand import NOON, SECRET, Stand, answering, standing, usd
from tests.contracts import contracts
from tests.sandbox.stripe_contract import unfit

pytestmark = pytest.mark.req("R110")


def recorded() -> Iterator[dict[str, Any]]:
    """Every intent and charge that was recorded whole at Stripe, of API 2025-10-29 and later."""
    for path in sorted((contracts() / "stripe" / "exchanges" / "pay-rails").glob("*.json")):
        for exchange in json.loads(path.read_text(encoding="utf-8"))["exchanges"]:
            answer = exchange["response"]
            if answer["headers"].get("stripe-version", "") < "2025-10" or answer["status"] != 200:
                continue
            body = json.loads(answer["body"])
            whole = isinstance(body.get("latest_charge"), dict) or isinstance(
                body.get("payment_intent"), dict
            )
            if body.get("object") in ("payment_intent", "charge") and whole:
                yield body


async def read(body: dict[str, Any]) -> GatewayPayment:
    async with answering(200, json.dumps(body)) as gateway:
        return await gateway.fetch_payment(body["id"])


async def test_every_recorded_payment_is_read_with_the_amounts_that_stand_in_it() -> None:
    seen = 0
    for body in recorded():
        payment = await read(body)
        taken = body["amount_received" if body["object"] == "payment_intent" else "amount_captured"]
        assert (payment.reference, payment.live) == (body["id"], False)
        assert (payment.amount.minor, payment.captured.minor) == (body["amount"], taken)
        assert payment.amount.currency == body["currency"].upper()
        seen += 1
    assert seen >= 10


async def test_a_recorded_authorization_says_until_when_it_holds_and_its_risk() -> None:
    [body] = [
        each
        for each in recorded()
        if each["id"] == "pi_3SRzpsKXBGcbgpbZ1Ke9ZFyn" and each["object"] == "payment_intent"
    ]
    assert await read(body) == GatewayPayment(
        reference="pi_3SRzpsKXBGcbgpbZ1Ke9ZFyn",
        state=PaymentState.VERIFIED,
        amount=usd(2900),
        captured=usd(0),
        refunded=usd(0),
        live=False,
        capture_before=datetime.fromtimestamp(1763404144, UTC),
        risk=RiskLevel.LOW,
        risk_score=44,
    )


async def test_what_the_connector_asks_is_answered_in_stripe_s_own_types() -> None:
    async with standing() as stand:
        ids = stand.pays(5000)
        stand.state.open_review(ids["payment_intent"])
        headers = {"api_key": stand.state.key, "stripe_version": stripe.api_version}
        transport = stripe.HTTPXClient()
        sdk = stripe.StripeClient(
            headers["api_key"],
            base_addresses={"api": stand.url},
            http_client=transport,
            max_network_retries=0,
        )
        intent = await sdk.v1.payment_intents.retrieve_async(
            ids["payment_intent"], {"expand": ["latest_charge", "review"]}
        )
        charge = await sdk.v1.charges.retrieve_async(ids["charge"], {"expand": ["payment_intent", "review"]})
        await transport.close_async()  # type: ignore[no-untyped-call]
    for shown in (intent.to_dict(), charge.to_dict()):
        assert unfit(shown) is None
        assert unfit(shown["review"]) is None
    assert unfit(intent.to_dict()["latest_charge"]) is None
    assert unfit(charge.to_dict()["payment_intent"]) is None


def declined(stand: Stand) -> dict[str, str]:
    payment = stand.state.open(5000, "usd", capture_method="automatic", metadata={})
    card, code = next(iter(DECLINES.items()))
    stand.state.decline(payment, method=card, code=code)
    return {"payment_intent": payment.id, "charge": payment.charge}


async def test_a_declined_payment_is_waited_for_and_its_charge_is_over() -> None:
    async with standing() as stand:
        ids = declined(stand)
        by_intent = await stand.gateway.fetch_payment(ids["payment_intent"])
        by_charge = await stand.gateway.fetch_payment(ids["charge"])
    assert (by_intent.state, by_intent.captured, by_intent.capture_before) == (
        PaymentState.PENDING,
        usd(0),
        None,
    )
    assert (by_charge.state, by_charge.captured, by_charge.refunded) == (
        PaymentState.CANCELLED,
        usd(0),
        usd(0),
    )


@pytest.mark.req("R15")
@pytest.mark.parametrize(
    ("card", "then", "refunded"),
    [
        ("pm_card_visa", PaymentState.REFUNDED, 5000),
        ("pm_card_pendingRefund", PaymentState.REFUNDED, 5000),
        ("pm_card_refundFail", PaymentState.VERIFIED, 0),
    ],
)
async def test_a_refund_that_failed_is_money_that_was_never_given_back(
    card: str, then: PaymentState, refunded: int, tmp_path: Path
) -> None:
    clock = SteppedClock(NOON, tmp_path / "clock")
    async with standing(clock) as stand:
        ids = stand.state.take(5000, "usd", capture=True, method=card)
        stand.state.refund_from_shop(ids["payment_intent"])
        for reference in ids.values():
            assert (await stand.gateway.fetch_payment(reference)).state is PaymentState.REFUNDED
        await clock.move_to(NOON + timedelta(hours=1))
        for reference in ids.values():
            seen = await stand.gateway.fetch_payment(reference)
            assert (seen.state, seen.captured, seen.refunded) == (then, usd(5000), usd(refunded))


@pytest.mark.req("R44")
async def test_a_review_is_waited_for_until_somebody_has_looked() -> None:
    async with standing() as stand:
        ids = stand.pays(5000)
        risks = []
        stand.state.open_review(ids["payment_intent"])
        risks += [(await stand.gateway.fetch_payment(reference)).risk for reference in ids.values()]
        stand.state.close_review(ids["payment_intent"])
        risks += [(await stand.gateway.fetch_payment(reference)).risk for reference in ids.values()]
    assert risks == [RiskLevel.PENDING, RiskLevel.PENDING, RiskLevel.LOW, RiskLevel.LOW]


async def test_every_event_that_is_told_names_the_payment_by_both_its_ids(tmp_path: Path) -> None:
    clock = SteppedClock(NOON, tmp_path / "clock")
    told = set()
    async with standing(clock) as stand:
        everything = [declined(stand)]
        for card in ("pm_card_visa", "pm_card_pendingRefund", "pm_card_refundFail"):
            everything.append(stand.state.take(5000, "usd", capture=True, method=card))
            stand.state.refund_from_shop(everything[-1]["payment_intent"], 100)
        disputed, held, lapsing = (
            stand.pays(5000),
            stand.pays(5000, capture=False),
            stand.pays(5000, capture=False),
        )
        everything += [disputed, held, lapsing]
        stand.state.dispute(disputed["payment_intent"])
        stand.state.open_review(disputed["payment_intent"])
        stand.state.close_review(disputed["payment_intent"])
        stand.state.capture_from_shop(held["payment_intent"])
        await asyncio.sleep(0)  # what is to come later begins to wait
        await clock.move_to(NOON + timedelta(days=8))
        await asyncio.sleep(0)
        by_intent = {ids["payment_intent"]: ids["charge"] for ids in everything}
        for event in stand.state.events.values():
            body = json.dumps(event).encode()
            signed = str(
                stripe.WebhookSignature.generate_signature_header(
                    body.decode(), SECRET, int(NOON.timestamp())
                )
            )
            request = WebhookRequest(
                method="POST", path="/webhooks/kendra/pay", headers={"stripe-signature": signed}, body=body
            )
            found = StripeWebhooks("pay", (SECRET,)).parse_webhook(request, now=NOON)
            assert {each.kind for each in found} == {NotificationKind.PAYMENT}
            names = [each.subject for each in found]
            early = event["data"]["object"].get("latest_charge", "") is None
            assert names == [names[0]] if early else names == [names[0], by_intent[names[0]]], event["type"]
            told.add(event["type"])
    never = {
        "charge.dispute.closed", "charge.dispute.funds_reinstated", "charge.updated",
        "payment_intent.partially_funded", "radar.early_fraud_warning.created",
    }  # fmt: skip
    assert set(ENABLED_EVENTS) - told == never


@pytest.mark.req("R15")
async def test_what_was_charged_back_is_told_as_disputed_and_the_shop_cannot_give_it_back() -> None:
    async with standing() as stand:
        ids = stand.pays(5000)
        stand.state.dispute(ids["payment_intent"])
        with pytest.raises(Refused, match="has been charged back; cannot issue a refund"):
            stand.state.refund_from_shop(ids["payment_intent"])
        seen = await stand.gateway.fetch_payment(ids["payment_intent"])
    assert (seen.disputed, seen.refunded) == (True, usd(0))
