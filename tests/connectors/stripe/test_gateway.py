"""Payments read through Stripe's own SDK."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from core.domain.payment import check
from core.errors import (
    AuthError,
    MappingError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)
from core.model.order import RiskLevel
from core.model.payment import GatewayPayment, PaymentState
from sandbox.stripe.fidelity import ROWS
from tests.connectors.stripe.stand import AN_INTENT, NOON, Stand, answering, closed, opened, standing, usd
from tests.contracts import contracts
from tests.core.payment.test_verify import STRIPE, order, paid


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with standing() as made:
        yield made


@pytest.mark.req("R42")
async def test_an_authorized_payment_is_read_with_its_amount_and_until_when_it_holds(stand: Stand) -> None:
    ids = stand.pays(9291, capture=False)
    seen = await stand.gateway.fetch_payment(ids["payment_intent"])
    assert seen.capture_before is not None
    assert abs(seen.capture_before - (NOON + timedelta(days=7))) < timedelta(minutes=1)
    assert seen.model_copy(update={"capture_before": None}) == GatewayPayment(
        reference=ids["payment_intent"],
        state=PaymentState.VERIFIED,
        amount=usd(9291),
        captured=usd(0),
        refunded=usd(0),
        live=True,
        risk=RiskLevel.LOW,
        risk_score=12,
    )


async def test_a_charge_is_read_as_the_payment_intent_it_belongs_to(stand: Stand) -> None:
    ids = stand.pays(62164, risk_level="highest", risk_score=82)
    by_intent = await stand.gateway.fetch_payment(ids["payment_intent"])
    by_charge = await stand.gateway.fetch_payment(ids["charge"])
    assert (by_charge.captured, by_charge.risk, by_charge.risk_score) == (usd(62164), RiskLevel.HIGH, 82)
    assert by_charge == by_intent.model_copy(update={"reference": ids["charge"]})


async def test_refunds_and_a_dispute_are_seen(stand: Stand) -> None:
    ids = stand.pays(10000)
    payment = stand.state.find(ids["payment_intent"])
    stand.state.give_back(payment, 2500, reason=None, metadata={})
    part = await stand.gateway.fetch_payment(ids["charge"])
    stand.state.give_back(payment, 7500, reason=None, metadata={})
    stand.state.dispute(ids["payment_intent"])
    whole = await stand.gateway.fetch_payment(ids["payment_intent"])
    assert (part.state, part.refunded, part.disputed) == (PaymentState.PARTIALLY_REFUNDED, usd(2500), False)
    assert (whole.state, whole.refunded, whole.disputed) == (PaymentState.REFUNDED, usd(10000), True)


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("expired", PaymentState.LAPSED), ("automatic", PaymentState.LAPSED),
        ("requested_by_customer", PaymentState.CANCELLED), ("abandoned", PaymentState.CANCELLED),
        ("duplicate", PaymentState.CANCELLED), ("fraudulent", PaymentState.CANCELLED),
        ("failed_invoice", PaymentState.CANCELLED), ("void_invoice", PaymentState.CANCELLED),
        (None, PaymentState.CANCELLED),
    ],
)  # fmt: skip
@pytest.mark.req("R115", "R40")
@pytest.mark.case("C4")
async def test_an_authorization_that_was_let_go_says_why(
    stand: Stand, reason: str | None, state: PaymentState
) -> None:
    ids = stand.pays(9291, capture=False)
    stand.state.cancel(stand.state.find(ids["payment_intent"]), reason)
    for reference in ids.values():
        seen = await stand.gateway.fetch_payment(reference)
        assert (seen.state, seen.captured, seen.refunded) == (state, usd(0), usd(0))


async def test_an_authorization_that_was_let_go_counts_as_nothing_given_back() -> None:
    released = {
        "id": "ch_1", "object": "charge", "amount": 9291, "amount_captured": 0, "amount_refunded": 9291, "captured": False,
        "refunded": True, "currency": "usd", "status": "succeeded", "livemode": True, "payment_intent": None, "review": None,
    }  # fmt: skip
    async with answering(200, json.dumps(released)) as gateway:
        seen = await gateway.fetch_payment("ch_1")
    assert (seen.state, seen.captured, seen.refunded, seen.live) == (
        PaymentState.CANCELLED,
        usd(0),
        usd(0),
        True,
    )


# https://docs.stripe.com/changelog/basil/2025-03-31/remove-refund-from-partial-capture-and-payment-cancellation-flow:
# a charge that was let go says neither `refunded` nor `amount_refunded` any more.
@pytest.mark.req("R115", "R40")
@pytest.mark.case("C4")
@pytest.mark.parametrize(
    ("card", "held_until"), [({}, NOON + timedelta(days=7)), ({"capture_before": 1780000000}, None)]
)
async def test_a_charge_of_its_own_that_was_let_go_is_lapsed_by_its_time(
    card: dict[str, int], held_until: datetime | None
) -> None:
    alone = {
        "id": "ch_1", "object": "charge", "amount": 9291, "amount_captured": 0, "amount_refunded": 0, "captured": False,
        "refunded": False, "currency": "usd", "status": "succeeded", "livemode": True, "payment_intent": None,
        "review": None, "created": int(NOON.timestamp()), "payment_method_details": {"type": "card", "card": card},
    }  # fmt: skip
    async with answering(200, json.dumps(alone)) as gateway:
        seen = await gateway.fetch_payment("ch_1")
    until = held_until or datetime.fromtimestamp(1780000000, UTC)
    assert (seen.capture_before, seen.captured, seen.refunded) == (until, usd(0), usd(0))

    sold = order(9291, paid("authorization", 9291)).model_copy(update={"placed_at": NOON})
    moment = timedelta(seconds=1)
    found = [check(sold, STRIPE, {"pi_1": seen}, at).state for at in (until - moment, until, until + moment)]
    assert found == [PaymentState.VERIFIED, PaymentState.LAPSED, PaymentState.LAPSED]


@pytest.mark.req("R44")
async def test_an_open_review_is_waited_for_and_a_report_of_fraud_is_the_highest_risk() -> None:
    charge = {**AN_INTENT["latest_charge"], "fraud_details": {"stripe_report": "fraudulent"}}
    reviewed = {**AN_INTENT, "review": {"id": "prv_1", "open": True}}
    async with answering(200, json.dumps(reviewed)) as gateway:
        assert (await gateway.fetch_payment("pi_1")).risk is RiskLevel.PENDING
    async with answering(200, json.dumps({**AN_INTENT, "latest_charge": charge})) as gateway:
        assert (await gateway.fetch_payment("pi_1")).risk is RiskLevel.HIGH


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
    paid = stand.pays(900)
    await stand.gateway.fetch_payment(paid["charge"])
    await stand.gateway.fetch_payment(paid["payment_intent"])
    text = (contracts() / "stripe" / "stripe-cli" / "request_params_2026-08.json").read_text(encoding="utf-8")
    table = json.loads(text)["operations"]
    assert set(stand.wire.operations) == {
        "GET /v1/charges/{charge}",
        "GET /v1/payment_intents/{intent}",
    }
    for operation, names, headers in stand.wire.requests:
        # `expand` is common to all operations; the table leaves it out.
        assert names - {"expand"} <= set(table[operation]["params"]), operation
        assert names <= ROWS[operation].honoured
        assert ROWS[operation].compared_with == "recordings"
        assert headers["Stripe-Version"] == "2026-10-28.endive"
        assert "X-Stripe-Client-User-Agent" not in headers
        assert re.fullmatch(r"Crossdock stripe-python/[\d.]+", headers["User-Agent"])


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


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, said(), AuthError),
        (403, said(), AuthError),
        (404, said("resource_missing"), RejectedError),
        (400, said("parameter_invalid_integer"), RejectedError),
        (429, said("rate_limit"), RateLimitError),
        (429, said("lock_timeout"), RateLimitError),
        (500, said(kind="api_error"), UnavailableError),
        (502, "<html>bad gateway</html>", UnavailableError),
        (503, said(kind="api_error"), UnavailableError),
        (200, "not json", UnavailableError),
        (200, '{"id": "pi_1", "object": "payment_intent"}', MappingError),
    ],
)
async def test_each_failure_says_what_to_do_next_and_repeats_nothing_of_the_body(
    status: int, body: str, error: type[Exception]
) -> None:
    async with answering(status, body) as gateway:
        with pytest.raises(error) as raised:
            await gateway.fetch_payment("pi_1")
    assert type(raised.value) is error
    assert "planted" not in str(raised.value)


async def test_a_rate_limit_names_its_pause() -> None:
    async with answering(429, said("rate_limit"), headers={"Retry-After": "7"}) as gateway:
        with pytest.raises(RateLimitError) as raised:
            await gateway.fetch_payment("pi_1")
    assert raised.value.retry_after_s == 7.0


async def test_nobody_at_the_door_is_unavailable() -> None:
    gateway, ports = opened("http://127.0.0.1:1", key="sk_test_x")
    with pytest.raises(UnavailableError):
        await gateway.fetch_payment("pi_1")
    await closed(ports)
