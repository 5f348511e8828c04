"""Payments, as Stripe keeps them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from connectors.stripe.amounts import money_of
from connectors.stripe.client import Answer, StripeApi
from connectors.stripe.errors import readable
from core.errors import RejectedError
from core.model.order import RiskLevel
from core.model.payment import GatewayPayment, PaymentState

_REFERENCE = re.compile(r"(pi|ch|py)_[A-Za-z0-9]{1,240}")

_INTENT_STATES: Mapping[str, PaymentState] = {
    "requires_payment_method": PaymentState.PENDING,
    "requires_confirmation": PaymentState.PENDING,
    "requires_action": PaymentState.PENDING,
    "processing": PaymentState.PENDING,
    "requires_capture": PaymentState.VERIFIED,
    "canceled": PaymentState.CANCELLED,
    "succeeded": PaymentState.VERIFIED,
}
_CHARGE_STATES: Mapping[str, PaymentState] = {
    "pending": PaymentState.PENDING,
    "failed": PaymentState.CANCELLED,
    "succeeded": PaymentState.VERIFIED,
}
_RISKS: Mapping[str, RiskLevel] = {
    "normal": RiskLevel.LOW,
    "elevated": RiskLevel.MEDIUM,
    "highest": RiskLevel.HIGH,
    "not_assessed": RiskLevel.NONE,
    "unknown": RiskLevel.NONE,
}
_LAPSED = frozenset({"expired", "automatic"})
"""Why Stripe itself cancels: nobody captured in time. Versions from 2025-03-31.basil on say ``expired``.

https://docs.stripe.com/changelog/basil/2025-03-31/remove-refund-from-partial-capture-and-payment-cancellation-flow
"""
_HELD_FOR = timedelta(days=7)
"""How long a charge without a payment intent is held where it does not say until when."""


class StripeGateway:
    """One account's payments; a reference is a payment intent's or a charge's id."""

    def __init__(self, connection: str, api: StripeApi) -> None:
        self._connection = connection
        self._api = api

    async def fetch_payment(self, reference: str) -> GatewayPayment:
        """Return the payment as Stripe keeps it."""
        self._known(reference)
        if reference.startswith("pi_"):
            answer = await self._api.retrieve_payment_intent(reference)
            with readable("payment_intent"):
                return _of_intent(answer)
        answer = await self._api.retrieve_charge(reference)
        with readable("charge"):
            return _of_charge(answer)

    def _known(self, reference: str) -> None:
        if not _REFERENCE.fullmatch(reference):
            raise RejectedError(
                "the reference is neither a payment intent nor a charge of Stripe",
                connection=self._connection,
                code="reference",
            )


def _of_intent(intent: Answer) -> GatewayPayment:
    charge = intent.get("latest_charge") or {}
    currency = intent["currency"]
    state = _INTENT_STATES[intent["status"]]
    if state is PaymentState.CANCELLED and intent.get("cancellation_reason") in _LAPSED:
        state = PaymentState.LAPSED
    received = intent["amount_received"]
    back = charge.get("amount_refunded", 0) if received else 0
    return GatewayPayment(
        reference=intent["id"],
        state=_after_refunds(state, received, back),
        amount=money_of(intent["amount"], currency),
        captured=money_of(received, currency),
        refunded=money_of(back, currency),
        capture_before=_capture_before(charge),
        live=intent["livemode"],
        disputed=bool(charge.get("disputed")),
        risk=_risk(charge, intent.get("review")),
        risk_score=(charge.get("outcome") or {}).get("risk_score"),
    )


def _of_charge(charge: Answer) -> GatewayPayment:
    currency = charge["currency"]
    intent = charge.get("payment_intent")
    intent = intent if isinstance(intent, dict) else {}
    state = _CHARGE_STATES[charge["status"]]
    taken = charge["amount_captured"]
    # Before 2025-03-31.basil an authorization that was let go was shown as refunded, though no money had moved.
    let_go = not charge["captured"] and (charge["refunded"] or intent.get("status") == "canceled")
    if state is PaymentState.VERIFIED and let_go:
        lapsed = intent.get("cancellation_reason") in _LAPSED
        state = PaymentState.LAPSED if lapsed else PaymentState.CANCELLED
    back = charge["amount_refunded"] if charge["captured"] else 0
    return GatewayPayment(
        reference=charge["id"],
        state=_after_refunds(state, taken, back),
        amount=money_of(charge["amount"], currency),
        captured=money_of(taken, currency),
        refunded=money_of(back, currency),
        capture_before=_capture_before(charge),
        live=charge["livemode"],
        disputed=bool(charge.get("disputed")),
        risk=_risk(charge, charge.get("review")),
        risk_score=(charge.get("outcome") or {}).get("risk_score"),
    )


def _after_refunds(state: PaymentState, taken: int, back: int) -> PaymentState:
    if state is not PaymentState.VERIFIED or back == 0:
        return state
    return PaymentState.REFUNDED if back >= taken else PaymentState.PARTIALLY_REFUNDED


def _risk(charge: Answer, review: object) -> RiskLevel:
    """Return Radar's judgment; somebody's word that it is fraud counts as the highest, an open review is waited for."""
    reports = charge.get("fraud_details") or {}
    if "fraudulent" in (reports.get("stripe_report"), reports.get("user_report")):
        return RiskLevel.HIGH
    level = _RISKS.get((charge.get("outcome") or {}).get("risk_level") or "unknown", RiskLevel.NONE)
    waiting = isinstance(review, dict) and review.get("open") is True
    return RiskLevel.PENDING if waiting and level is not RiskLevel.HIGH else level


def _capture_before(charge: Answer) -> datetime | None:
    if charge.get("captured"):
        return None
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    until, created = card.get("capture_before"), charge.get("created")
    if until is not None:
        return datetime.fromtimestamp(until, UTC)
    if charge.get("payment_intent") is not None or created is None:
        return None
    # Once it is let go, a charge of its own looks like one that is held still: only the time tells.
    return datetime.fromtimestamp(created, UTC) + _HELD_FOR
