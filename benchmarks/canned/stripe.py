"""Stripe's API, as far as the connector asks it: payment intents are read."""

import json
from collections.abc import Callable
from typing import Any

from benchmarks.canned.order import PRICE, Sold

_CHARGE: dict[str, Any] = {
    "object": "charge",
    "amount_refunded": 0,
    "balance_transaction": None,
    "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
    "created": 1796000000,
    "currency": "usd",
    "disputed": False,
    "failure_code": None,
    "fraud_details": {},
    "livemode": True,
    "metadata": {},
    "outcome": {
        "network_status": "approved_by_network",
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": "Payment complete.",
        "type": "authorized",
    },
    "paid": True,
    "payment_method_details": {
        "card": {
            "brand": "visa",
            "capture_before": 4000000000,
            "checks": {"cvc_check": "pass"},
            "country": "US",
            "last4": "4242",
        },
        "type": "card",
    },
    "refunded": False,
    "status": "succeeded",
}
_INTENT: dict[str, Any] = {
    "object": "payment_intent",
    "automatic_payment_methods": None,
    "cancellation_reason": None,
    "capture_method": "manual",
    "created": 1796000000,
    "currency": "usd",
    "livemode": True,
    "metadata": {},
    "payment_method_types": ["card"],
    "review": None,
}


class Stripe:
    """Answers for the payments of one account."""

    def __init__(self, order: Callable[[str], Sold]) -> None:
        """Take what finds an order by its id."""
        self._order = order

    def answer(self, path: str) -> bytes:
        """Return a payment intent, or an empty list of them."""
        name = path.partition("?")[0].rpartition("/")[2]
        if name == "payment_intents":
            return json.dumps({"object": "list", "url": path, "has_more": False, "data": []}).encode()
        order = self._order(name)
        amount = 100 * PRICE * order.units
        taken = not order.pays_later or order.captured
        charge = {"id": f"ch_{order.number:024}", "amount": amount, "captured": taken, "payment_intent": name}
        charge["amount_captured"] = amount if taken else 0
        intent = {
            "id": name,
            "amount": amount,
            "amount_capturable": 0 if taken else amount,
            "amount_received": amount if taken else 0,
            "status": "succeeded" if taken else "requires_capture",
            "latest_charge": _CHARGE | charge,
        }
        return json.dumps(_INTENT | intent).encode()
