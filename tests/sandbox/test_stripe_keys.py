"""Idempotency keys and faults of Stripe's stand-in: what is repeated acts once."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
import stripe

from tests.sandbox.stripe_stand import Stand, opened

# The library hands its form to httpx the old way.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
async def stand(request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    async with opened(rate=getattr(request, "param", 1.0)) as made:
        yield made


@pytest.mark.req("R42")
async def test_the_same_key_and_form_gets_the_same_answer_and_acts_once(stand: Stand) -> None:
    payment = stand.paid()
    form = {"payment_intent": payment, "amount": "100"}
    status, first, headers = await stand.call("POST", "/v1/refunds", form=form, key="refund:1")
    assert (status, "Idempotent-Replayed" in headers) == (200, False)
    status, again, headers = await stand.call("POST", "/v1/refunds", form=form, key="refund:1")
    assert (status, again, headers["Idempotent-Replayed"]) == (200, first, "true")
    assert stand.state.books()["payments"][payment]["refunded"] == 100


@pytest.mark.req("R42")
async def test_the_same_key_with_another_form_is_refused(stand: Stand) -> None:
    payment = stand.paid()
    await stand.call("POST", "/v1/refunds", form={"payment_intent": payment, "amount": "100"}, key="refund:1")
    other = {"payment_intent": payment, "amount": "101"}
    status, body, _ = await stand.call("POST", "/v1/refunds", form=other, key="refund:1")
    assert (status, body["error"]["type"]) == (400, "idempotency_error")
    assert stand.state.books()["payments"][payment]["refunded"] == 100


@pytest.mark.req("R42")
async def test_a_key_in_flight_answers_409_to_the_second_call(stand: Stand) -> None:
    payment = stand.paid()
    form = {"payment_intent": payment, "amount": "100"}
    calls = [stand.call("POST", "/v1/refunds", form=form, key="refund:1") for _ in range(5)]
    statuses = sorted(status for status, _, _ in await asyncio.gather(*calls))
    assert statuses == [200, 409, 409, 409, 409]
    assert stand.state.books()["payments"][payment]["refunded"] == 100


async def test_a_refusal_of_the_form_does_not_use_the_key_up(stand: Stand) -> None:
    payment = stand.paid()
    wrong = {"payment_intent": payment, "amount": "0"}
    status, body, _ = await stand.call("POST", "/v1/refunds", form=wrong, key="refund:1")
    assert (status, body["error"]["code"]) == (400, "parameter_invalid_integer")
    right = {"payment_intent": payment, "amount": "100"}
    status, _, _ = await stand.call("POST", "/v1/refunds", form=right, key="refund:1")
    assert status == 200


async def test_an_armed_throttle_answers_stripe_s_own_429_before_acting(stand: Stand) -> None:
    payment = stand.authorized()
    stand.world.faults.arm("throttle:1")
    with pytest.raises(stripe.RateLimitError):
        await stand.sdk.v1.payment_intents.capture_async(payment)
    assert stand.state.books()["payments"][payment]["captured"] == 0
    assert stand.world.faults.injected == {"throttle": 1}


@pytest.mark.req("R42")
async def test_a_dropped_reply_did_the_work_and_the_key_finds_it_again(stand: Stand) -> None:
    payment = stand.authorized()
    stand.world.faults.arm("reply_dropped:0")
    path = f"/v1/payment_intents/{payment}/capture"
    with pytest.raises(aiohttp.ClientError):
        await stand.call("POST", path, key="capture:KK-1002")
    assert stand.state.books()["payments"][payment]["captured"] == 9291
    status, body, headers = await stand.call("POST", path, key="capture:KK-1002")
    assert (status, body["amount_received"], headers["Idempotent-Replayed"]) == (200, 9291, "true")
    assert stand.state.books()["payments"][payment]["captured"] == 9291
