"""The shop's own books of money."""

from collections.abc import Mapping
from typing import Any

from connectors.shopify.client import Admin, gid, tail
from core.model.money import Money, Side
from core.model.payment import Movement, MovementState

_STATES = {
    "SUCCESS": MovementState.DONE,
    "PENDING": MovementState.PENDING,
    "AWAITING_RESPONSE": MovementState.PENDING,
    "UNKNOWN": MovementState.PENDING,
    "FAILURE": MovementState.DECLINED,
    "ERROR": MovementState.DECLINED,
}


class ShopifyChannelPayments:
    """Captures and cancels through Shopify, in the currency the shopper paid in."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def capture(self, order_id: str, authorization: str, amount: Money, *, key: str) -> Movement:  # noqa: ARG002  no key there
        """Take authorized money of one transaction; Shopify refuses a second capture of the same one."""
        given = {
            "id": gid("Order", order_id),
            "parentTransactionId": gid("OrderTransaction", authorization),
            "amount": amount.text(),
            "currency": amount.currency,
        }
        made = await self._admin.order_capture(given)
        return Movement(
            state=_STATES[made["status"]],
            reference=tail(made["id"]),
            amount=_money(made["amountSet"]),
            code=made["errorCode"],
        )

    async def cancel_order(self, order_id: str, *, refund: bool, restock: bool, key: str) -> None:  # noqa: ARG002  no key there
        """Have the whole order cancelled; Shopify accepts, then works: the order's state says when it is done."""
        await self._admin.order_cancel(gid("Order", order_id), refund=refund, restock=restock)


def _money(bag: Mapping[str, Any]) -> Money:
    paid = bag["presentmentMoney"]
    return Money.parse(str(paid["amount"]), paid["currencyCode"], side=Side.PRESENTMENT)
