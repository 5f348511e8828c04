"""Payments read, captured and refunded through Stripe's own SDK."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from core.errors import (
    AuthError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)
from core.model.money import Money
from core.model.order import RiskLevel
from core.model.payment import GatewayPayment, Movement, MovementState, PaymentState
from tests.connectors.stripe.stand import AN_INTENT, NOON, Stand, answering, closed, opened, standing, usd
from tests.contracts import contracts


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with standing() as made:
        yield made


@pytest.mark.req("R42")
async def test_an_authorized_payment_is_read_with_what_may_be_taken_and_until_when(stand: Stand) -> None:
    ids = stand.pays(9291, capture=False)
    seen = await stand.gateway.fetch_payment(ids["payment_intent"])
    assert seen.capture_before is not None
    assert abs(seen.capture_before - (NOON + timedelta(days=7))) < timedelta(minutes=1)
    assert seen.model_copy(update={"capture_before": None}) == GatewayPayment(
        reference=ids["payment_intent"],
        state=PaymentState.VERIFIED,
        amount=usd(9291),
        captured=usd(0),
        capturable=usd(9291),
        refunded=usd(0),
        live=True,
        risk=RiskLevel.LOW,
        risk_score=12,
    )


async def test_a_charge_is_read_as_the_payment_intent_it_belongs_to(stand: Stand) -> None:
    ids = stand.pays(62164, risk_level="highest", risk_score=82)
    by_intent = await stand.gateway.fetch_payment(ids["payment_intent"])
    by_charge = await stand.gateway.fetch_payment(ids["charge"])
    assert (by_charge.captured, by_charge.capturable, by_charge.risk, by_charge.risk_score) == (
        usd(62164),
        usd(0),
        RiskLevel.HIGH,
        82,
    )
    assert by_charge == by_intent.model_copy(update={"reference": ids["charge"]})


async def test_refunds_and_a_dispute_are_seen(stand: Stand) -> None:
    ids = stand.pays(10000)
    await stand.gateway.refund_payment(ids["payment_intent"], usd(2500), key="refund:1")
    part = await stand.gateway.fetch_payment(ids["charge"])
    await stand.gateway.refund_payment(ids["charge"], usd(7500), key="refund:2")
    stand.state.dispute(ids["payment_intent"])
    whole = await stand.gateway.fetch_payment(ids["payment_intent"])
    assert (part.state, part.refunded, part.disputed) == (PaymentState.PARTIALLY_REFUNDED, usd(2500), False)
    assert (whole.state, whole.refunded, whole.disputed) == (PaymentState.REFUNDED, usd(10000), True)


@pytest.mark.parametrize(
    ("reason", "state"),
    [("automatic", PaymentState.LAPSED), ("requested_by_customer", PaymentState.CANCELLED)],
)
async def test_an_authorization_that_was_let_go_says_why(
    stand: Stand, reason: str, state: PaymentState
) -> None:
    ids = stand.pays(9291, capture=False)
    stand.state.cancel(stand.state.find(ids["payment_intent"]), reason)
    for reference in ids.values():
        seen = await stand.gateway.fetch_payment(reference)
        assert (seen.state, seen.capturable, seen.captured, seen.refunded) == (state, usd(0), usd(0), usd(0))


@pytest.mark.req("R42")
async def test_capturing_twice_with_one_key_takes_the_money_once(stand: Stand) -> None:
    ids = stand.pays(9291, capture=False)
    first = await stand.gateway.capture_payment(ids["payment_intent"], usd(9291), key="capture:1")
    again = await stand.gateway.capture_payment(ids["payment_intent"], usd(9291), key="capture:1")
    assert first == again == Movement(state=MovementState.DONE, reference=ids["charge"], amount=usd(9291))
    assert [c.amount for c in stand.state.payments[ids["payment_intent"]].captures] == [9291]


@pytest.mark.req("R42")
async def test_a_lost_answer_is_unknown_and_the_same_key_finds_what_was_done(stand: Stand) -> None:
    ids = stand.pays(9291, capture=False)
    stand.wire.drops_answers = True
    with pytest.raises(OutcomeUnknownError):
        await stand.gateway.capture_payment(ids["payment_intent"], usd(9291), key="capture:1")
    stand.wire.drops_answers = False
    again = await stand.gateway.capture_payment(ids["payment_intent"], usd(9291), key="capture:1")
    assert again == Movement(state=MovementState.DONE, reference=ids["charge"], amount=usd(9291))
    assert [c.amount for c in stand.state.payments[ids["payment_intent"]].captures] == [9291]


async def test_an_authorization_that_was_let_go_counts_as_nothing_given_back() -> None:
    released = {
        "id": "ch_1", "object": "charge", "amount": 9291, "amount_captured": 0, "amount_refunded": 9291, "captured": False,
        "refunded": True, "currency": "usd", "status": "succeeded", "livemode": True, "payment_intent": None, "review": None,
    }  # fmt: skip
    async with answering(200, "{}", read=released) as gateway:
        seen = await gateway.fetch_payment("ch_1")
    assert (seen.state, seen.captured, seen.capturable, seen.refunded, seen.live) == (
        PaymentState.CANCELLED,
        usd(0),
        usd(0),
        usd(0),
        True,
    )


@pytest.mark.req("R44")
async def test_an_open_review_is_waited_for_and_a_report_of_fraud_is_the_highest_risk() -> None:
    charge = {**AN_INTENT["latest_charge"], "fraud_details": {"stripe_report": "fraudulent"}}
    async with answering(200, "{}", read={**AN_INTENT, "review": {"id": "prv_1", "open": True}}) as gateway:
        assert (await gateway.fetch_payment("pi_1")).risk is RiskLevel.PENDING
    async with answering(200, "{}", read={**AN_INTENT, "latest_charge": charge}) as gateway:
        assert (await gateway.fetch_payment("pi_1")).risk is RiskLevel.HIGH


async def test_capturing_again_with_another_key_is_declined_and_takes_nothing(stand: Stand) -> None:
    ids = stand.pays(9291, capture=False)
    await stand.gateway.capture_payment(ids["payment_intent"], usd(5000), key="capture:1")
    again = await stand.gateway.capture_payment(ids["payment_intent"], usd(4291), key="capture:2")
    assert again == Movement(state=MovementState.DECLINED, code="payment_intent_unexpected_state")
    assert [c.amount for c in stand.state.payments[ids["payment_intent"]].captures] == [5000]


@pytest.mark.req("R42")
async def test_refunding_twice_with_one_key_gives_the_money_back_once(stand: Stand) -> None:
    ids = stand.pays(62164)
    first = await stand.gateway.refund_payment(ids["payment_intent"], usd(62164), key="refund:1")
    again = await stand.gateway.refund_payment(ids["payment_intent"], usd(62164), key="refund:1")
    other = await stand.gateway.refund_payment(ids["payment_intent"], usd(1), key="refund:2")
    assert first == again
    assert (first.state, first.amount) == (MovementState.DONE, usd(62164))
    assert other == Movement(state=MovementState.DECLINED, code="charge_already_refunded")
    assert [r.amount for r in stand.state.payments[ids["payment_intent"]].refunds] == [62164]


@pytest.mark.req("R23")
async def test_an_amount_in_another_currency_is_refused_and_nothing_is_taken(stand: Stand) -> None:
    ids = stand.pays(9291, capture=False)
    with pytest.raises(RejectedError) as refused:
        await stand.gateway.capture_payment(
            ids["payment_intent"], Money(minor=9291, currency="CAD"), key="capture:1"
        )
    assert refused.value.code == "currency"
    assert stand.wire.operations == ["GET /v1/payment_intents/{intent}"]
    assert stand.state.payments[ids["payment_intent"]].captures == []


@pytest.mark.parametrize("reference", ["pi_1/../../v1/accounts", "pi_", "cus_123", "", "ch_1?x=1"])
async def test_what_is_no_reference_of_stripe_is_never_sent(stand: Stand, reference: str) -> None:
    with pytest.raises(RejectedError) as refused:
        await stand.gateway.fetch_payment(reference)
    assert refused.value.code == "reference"
    assert stand.wire.requests == []


async def test_an_unknown_payment_is_rejected_with_stripe_s_code_and_request_id(stand: Stand) -> None:
    with pytest.raises(RejectedError) as refused:
        await stand.gateway.fetch_payment("pi_3unknown")
    assert refused.value.code == "resource_missing"
    assert str(refused.value.request_id).startswith("req_")


async def test_a_wrong_key_is_an_auth_error_that_does_not_show_it(stand: Stand) -> None:
    gateway, ports = opened(stand.url, key="sk_test_planted")
    with pytest.raises(AuthError) as refused:
        await gateway.fetch_payment("pi_3unknown")
    await closed(ports)
    assert "planted" not in f"{refused.value!r} {refused.value.__cause__} {ports!r}".replace(
        str(refused.value.__cause__), ""
    )


async def test_every_parameter_sent_stands_in_stripe_s_own_table(stand: Stand) -> None:
    held, paid = stand.pays(500, capture=False), stand.pays(900)
    await stand.gateway.fetch_payment(paid["charge"])
    await stand.gateway.capture_payment(held["payment_intent"], usd(500), key="k1")
    await stand.gateway.refund_payment(paid["payment_intent"], usd(900), key="k2")
    text = (contracts() / "stripe" / "stripe-cli" / "request_params_2026-08.json").read_text(encoding="utf-8")
    table = json.loads(text)["operations"]
    assert set(stand.wire.operations) == {
        "GET /v1/charges/{charge}",
        "GET /v1/payment_intents/{intent}",
        "POST /v1/payment_intents/{intent}/capture",
        "POST /v1/refunds",
    }
    for operation, names, headers in stand.wire.requests:
        # `expand` is common to all operations; the table leaves it out.
        assert names - {"expand"} <= set(table[operation]["params"]), operation
        assert headers["Stripe-Version"] == "2026-10-28.endive"
        assert "X-Stripe-Client-User-Agent" not in headers
        assert re.fullmatch(r"Crossdock stripe-python/[\d.]+", headers["User-Agent"])
        assert headers.get("Idempotency-Key") == (
            None if operation.startswith("GET") else ("k1" if "capture" in operation else "k2")
        )


def said(code: str | None = None, *, kind: str = "invalid_request_error", **more: str) -> str:
    return json.dumps(
        {
            "error": {
                "type": kind,
                "message": "for planted@example.test",
                **({"code": code} if code else {}),
                **more,
            }
        }
    )


@pytest.mark.req("R42")
@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, said(), AuthError),
        (403, said(), AuthError),
        (404, said("resource_missing"), RejectedError),
        (400, said("parameter_invalid_integer"), RejectedError),
        (400, said(kind="idempotency_error"), RejectedError),
        (409, said("idempotency_key_in_use"), UnavailableError),
        (429, said("rate_limit"), RateLimitError),
        (429, said("lock_timeout"), RateLimitError),
        (500, said(kind="api_error"), OutcomeUnknownError),
        (502, "<html>bad gateway</html>", OutcomeUnknownError),
        (503, said(kind="api_error"), UnavailableError),
        (200, "not json", OutcomeUnknownError),
        (200, '{"id": "pi_1", "object": "payment_intent"}', OutcomeUnknownError),
    ],
)
async def test_each_failure_of_a_capture_says_what_to_do_next_and_repeats_nothing_of_the_body(
    status: int, body: str, error: type[ConnectorError]
) -> None:
    async with answering(status, body) as gateway:
        with pytest.raises(ConnectorError) as raised:
            await gateway.capture_payment("pi_1", usd(9291), key="k")
    assert type(raised.value) is error
    assert "planted" not in str(raised.value)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (said("card_declined", kind="card_error", decline_code="insufficient_funds"), "insufficient_funds"),
        (said("expired_card", kind="card_error"), "expired_card"),
    ],
)
async def test_a_decline_is_a_value_with_the_bank_s_code(body: str, code: str) -> None:
    async with answering(402, body) as gateway:
        moved = await gateway.capture_payment("pi_1", usd(9291), key="k")
    assert moved == Movement(state=MovementState.DECLINED, code=code)


async def test_a_rate_limit_names_its_pause() -> None:
    async with answering(429, said("rate_limit"), headers={"Retry-After": "7"}) as gateway:
        with pytest.raises(RateLimitError) as raised:
            await gateway.refund_payment("pi_1", usd(1), key="k")
    assert raised.value.retry_after_s == 7.0


async def test_nobody_at_the_door_is_unavailable() -> None:
    gateway, ports = opened("http://127.0.0.1:1", key="sk_test_x")
    with pytest.raises(UnavailableError):
        await gateway.fetch_payment("pi_1")
    await closed(ports)
