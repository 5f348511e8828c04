"""Captures and cancellations through the shop: each once."""

import asyncio

import pytest

from core.errors import RejectedError
from core.model.money import Money, Side
from core.model.order import ChannelState, TransactionKind
from core.model.payment import MovementState
from tests.connectors.shopify.shop import connected, number
from tests.sandbox.shopify_stand import kim


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD", side=Side.PRESENTMENT)


@pytest.mark.req("R89")
async def test_an_authorization_is_captured_once_and_a_repeat_is_refused() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place(**kim()))
        (promise,) = (await shop.channel.fetch_order(order_id)).order.transactions

        taken = await shop.channel_payments.capture(order_id, promise.transaction_id, usd(9291), key="c-1")
        with pytest.raises(RejectedError):
            await shop.channel_payments.capture(order_id, promise.transaction_id, usd(9291), key="c-1")

        assert (taken.state, taken.amount) == (MovementState.DONE, usd(9291))
        assert stand.books("KK-1002")["captured"] == 9291
        assert stand.stripe("KK-1002")["captured"] == 9291
        kinds = [one.kind for one in (await shop.channel.fetch_order(order_id)).order.transactions]
        assert kinds == [TransactionKind.AUTHORIZATION, TransactionKind.CAPTURE]


async def test_more_than_was_authorized_is_not_captured() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place(**kim()))
        (promise,) = (await shop.channel.fetch_order(order_id)).order.transactions

        with pytest.raises(RejectedError):
            await shop.channel_payments.capture(order_id, promise.transaction_id, usd(9292), key="c-2")

        assert stand.books("KK-1002")["captured"] == 0


@pytest.mark.req("R46", "R89")
async def test_a_cancelled_order_gives_all_money_back_and_a_repeat_is_refused() -> None:
    async with connected() as (stand, shop):
        order_id = number(stand.place())

        await shop.channel_payments.cancel_order(order_id, refund=True, restock=True, key="x-1")
        async with asyncio.timeout(5):
            while (await shop.channel.fetch_order(order_id)).order.state is not ChannelState.CANCELLED:  # noqa: ASYNC110  the shop's job sets no event
                await asyncio.sleep(0.02)
        with pytest.raises(RejectedError):
            await shop.channel_payments.cancel_order(order_id, refund=True, restock=True, key="x-1")

        assert stand.books("KK-1001")["refunded"] == 11610
        assert stand.stripe("KK-1001")["refunded"] == 11610
