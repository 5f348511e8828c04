"""The shop's own books of money."""

from collections.abc import Mapping, Sequence
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
    """Captures, refunds and cancels through Shopify, in the currency the shopper paid in."""

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

    async def refund(self, order_id: str, amount: Money, *, key: str) -> Movement:
        """Give captured money back to where it came from, the oldest payment first.

        Our key stands in the refund's note, so that a repeat finds what the first call did: a repeat could not
        send the same request again, for what is left to refund has changed.
        """
        order = await self._admin.order_money(gid("Order", order_id))
        note = f"crossdock {key}"
        made = next((one for one in order["refunds"] if one["note"] == note), None)
        if made is None:
            made = await self._admin.refund_create(self._wish(order_id, order, amount, note=note), key=key)
        entries = made["transactions"]["nodes"]
        return Movement(
            state=_worst([one["status"] for one in entries]),
            reference=str(made["legacyResourceId"]),
            amount=_money(made["totalRefundedSet"]),
            code=next((one["errorCode"] for one in entries if one.get("errorCode")), None),
        )

    async def cancel_order(self, order_id: str, *, refund: bool, restock: bool, key: str) -> None:  # noqa: ARG002  no key there
        """Have the whole order cancelled; Shopify accepts, then works: the order's state says when it is done."""
        await self._admin.order_cancel(gid("Order", order_id), refund=refund, restock=restock)

    def _wish(self, order_id: str, order: Mapping[str, Any], amount: Money, *, note: str) -> dict[str, Any]:
        transactions: list[dict[str, Any]] = []
        left = amount.minor
        for payment, refundable in _refundable(order["transactions"], amount.currency):
            part = min(left, refundable)
            if part <= 0:
                continue
            left -= part
            transactions.append(
                {
                    "orderId": gid("Order", order_id),
                    "parentId": payment["id"],
                    "gateway": payment["gateway"],
                    "kind": "REFUND",
                    "amount": amount.model_copy(update={"minor": part}).text(),
                }
            )
        if left or not transactions:
            raise self._admin.refusal("more than the shop holds for this order", code="OVER_REFUND")
        return {
            "orderId": gid("Order", order_id),
            "currency": amount.currency,
            "note": note,
            "notify": False,
            "transactions": transactions,
        }


def _refundable(entries: Sequence[Mapping[str, Any]], currency: str) -> list[tuple[Mapping[str, Any], int]]:
    """Return each payment taken in that currency with what is left of it."""
    left: dict[str, int] = {}
    payments: list[Mapping[str, Any]] = []
    for entry in entries:
        amount = _money(entry["amountSet"])
        if (
            entry["kind"] in {"SALE", "CAPTURE"}
            and entry["status"] == "SUCCESS"
            and amount.currency == currency
        ):
            payments.append(entry)
            left[entry["id"]] = amount.minor
    for entry in entries:
        parent = (entry["parentTransaction"] or {}).get("id")
        # Money on its way back is no longer there to give.
        if entry["kind"] == "REFUND" and entry["status"] in {"SUCCESS", "PENDING"} and parent in left:
            left[parent] -= _money(entry["amountSet"]).minor
    return [(payment, left[payment["id"]]) for payment in payments]


def _money(bag: Mapping[str, Any]) -> Money:
    paid = bag["presentmentMoney"]
    return Money.parse(str(paid["amount"]), paid["currencyCode"], side=Side.PRESENTMENT)


def _worst(statuses: Sequence[str]) -> MovementState:
    """Return the state of a refund of several payments: it is done when all of them are."""
    states = {_STATES[status] for status in statuses}
    for state in (MovementState.DECLINED, MovementState.PENDING):
        if state in states:
            return state
    return MovementState.DONE
