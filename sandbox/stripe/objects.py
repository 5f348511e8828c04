"""Stripe's objects, as values and as Stripe shows them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sandbox.values import Json, token

API_VERSION: Final = "2026-10-28.endive"


@dataclass
class Refund:
    """Money given back on one payment."""

    id: str
    amount: int
    created: datetime
    reason: str | None
    metadata: dict[str, str]


@dataclass
class Capture:
    """Money taken on one payment; `by` is `shop` (the shop's own app) or `api` (the merchant's key)."""

    amount: int
    by: str
    at: datetime


@dataclass
class Payment:
    """A payment intent with its one charge."""

    id: str
    charge: str
    amount: int
    currency: str
    created: datetime
    manual: bool
    metadata: dict[str, str]
    live: bool = True
    risk_level: str = "normal"
    risk_score: int = 10
    capture_before: datetime | None = None
    status: str = "requires_payment_method"
    payment_method: str | None = None
    description: str | None = None
    receipt_email: str | None = None
    decline_code: str | None = None
    canceled_at: datetime | None = None
    cancellation_reason: str | None = None
    captures: list[Capture] = field(default_factory=list)
    booked: list[Capture] = field(default_factory=list)
    """What the books say was captured; sabotage makes them differ from `captures`."""
    refunds: list[Refund] = field(default_factory=list)
    dispute: str | None = None
    dispute_reason: str = "fraudulent"

    @property
    def charged(self) -> bool:
        """Whether a card was asked at all."""
        return bool(self.captures) or self.status in {"requires_capture", "succeeded"} or self.canceled_charge

    @property
    def canceled_charge(self) -> bool:
        """Whether an authorization existed and was let go."""
        return self.status == "canceled" and self.capture_before is not None

    @property
    def captured(self) -> int:
        """What was captured, as the API shows it."""
        return sum(capture.amount for capture in self.captures)

    @property
    def refunded(self) -> int:
        """What was given back."""
        return sum(refund.amount for refund in self.refunds)

    @property
    def capturable(self) -> int:
        """What may still be captured."""
        return self.amount if self.status == "requires_capture" else 0


@dataclass
class Endpoint:
    """A subscriber of webhooks."""

    id: str
    url: str
    secret: str
    events: list[str]
    created: datetime
    api_version: str | None
    description: str | None
    metadata: dict[str, str]
    live: bool = True

    def wants(self, kind: str) -> bool:
        """Whether it subscribed to that type of event."""
        return "*" in self.events or kind in self.events


def unix(when: datetime | None) -> int | None:
    """Stripe's way of writing an instant."""
    return None if when is None else int(when.timestamp())


def intent(payment: Payment, *, expand: frozenset[str] = frozenset()) -> Json:
    """The payment intent as the API shows it."""
    latest: Any = None
    if payment.charged:
        latest = charge(payment, expand=expand) if "latest_charge" in expand else payment.charge
    error = None
    if payment.decline_code is not None:
        error = {"type": "card_error", "code": "card_declined", "decline_code": payment.decline_code}
    nothing = dict.fromkeys((
        "allowed_payment_method_types", "application", "application_fee_amount", "automatic_payment_methods",
        "customer", "customer_account", "excluded_payment_method_types", "managed_payments", "next_action",
        "on_behalf_of", "payment_method_configuration_details", "payment_record", "processing", "review",
        "setup_future_usage", "shipping", "source", "statement_descriptor", "statement_descriptor_suffix",
        "transfer_data", "transfer_group",
    ))  # fmt: skip
    return {
        "id": payment.id, "object": "payment_intent", **nothing,
        "amount": payment.amount, "amount_capturable": payment.capturable, "amount_details": {"tip": {}},
        "amount_received": payment.captured, "canceled_at": unix(payment.canceled_at),
        "cancellation_reason": payment.cancellation_reason,
        "capture_method": "manual" if payment.manual else "automatic",
        "client_secret": f"{payment.id}_secret_{token(payment.id, 'secret')}",
        "confirmation_method": "automatic", "created": unix(payment.created), "currency": payment.currency,
        "description": payment.description, "last_payment_error": error, "latest_charge": latest,
        "livemode": payment.live, "metadata": payment.metadata, "payment_method": payment.payment_method,
        "payment_method_options": {},
        "payment_method_types": ["card"], "receipt_email": payment.receipt_email, "status": payment.status,
    }  # fmt: skip


def charge(payment: Payment, *, expand: frozenset[str] = frozenset()) -> Json:
    """The payment's charge as the API shows it."""
    nothing = dict.fromkeys((
        "application", "application_fee", "application_fee_amount", "balance_transaction", "customer",
        "failure_balance_transaction", "failure_code", "failure_message", "on_behalf_of", "receipt_number",
        "review", "shipping", "source", "source_transfer", "statement_descriptor",
        "statement_descriptor_suffix", "transfer_data", "transfer_group",
    ))  # fmt: skip
    shown: Json = {
        "id": payment.charge, "object": "charge", **nothing,
        "amount": payment.amount, "amount_captured": payment.captured, "amount_refunded": payment.refunded,
        "billing_details": {
            "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
            "email": None, "name": None, "phone": None, "tax_id": None,
        },
        "calculated_statement_descriptor": "SANDBOX", "captured": bool(payment.captures),
        "created": unix(payment.created), "currency": payment.currency, "description": payment.description,
        "disputed": payment.dispute is not None, "fraud_details": {}, "livemode": payment.live,
        "metadata": payment.metadata, "outcome": _outcome(payment), "paid": True, "payment_intent": payment.id,
        "payment_method": payment.payment_method,
        "payment_method_details": {"type": "card", "card": _card(payment)},
        "radar_options": {}, "receipt_email": payment.receipt_email, "receipt_url": None,
        "refunded": payment.captured > 0 and payment.refunded >= payment.captured, "status": "succeeded",
    }  # fmt: skip
    if "refunds" in expand or "latest_charge.refunds" in expand:
        refunds = [refund(payment, each) for each in reversed(payment.refunds)]
        shown["refunds"] = listed(refunds, f"/v1/charges/{payment.charge}/refunds")
    return shown


def _outcome(payment: Payment) -> Json:
    return {
        "advice_code": None, "network_advice_code": None, "network_decline_code": None,
        "network_status": "approved_by_network", "reason": None, "risk_level": payment.risk_level,
        "risk_score": payment.risk_score, "seller_message": "Payment complete.", "type": "authorized",
    }  # fmt: skip


def _card(payment: Payment) -> Json:
    card: Json = {
        "amount_authorized": payment.amount, "authorization_code": token(payment.id, "auth", length=6).upper(),
        "brand": "visa",
        "checks": {"address_line1_check": "pass", "address_postal_code_check": "pass", "cvc_check": "pass"},
        "country": "US", "electronic_commerce_indicator": None, "exp_month": 12, "exp_year": 2034,
        "extended_authorization": {"status": "disabled"}, "fingerprint": token("card", payment.id, length=16),
        "funding": "credit", "incremental_authorization": {"status": "unavailable"}, "installments": None,
        "last4": "4242", "mandate": None, "multicapture": {"status": "unavailable"}, "network": "visa",
        "network_token": {"used": False},
        "network_transaction_id": token("network", payment.id, length=15, alphabet="0123456789"),
        "overcapture": {"maximum_amount_capturable": payment.amount, "status": "unavailable"},
        "regulated_status": "unregulated", "three_d_secure": None, "transaction_link_id": None, "wallet": None,
    }  # fmt: skip
    if payment.status == "requires_capture" and payment.capture_before is not None:
        card["capture_before"] = unix(payment.capture_before)
    return card


def refund(payment: Payment, given: Refund, *, expand: frozenset[str] = frozenset()) -> Json:
    """A refund as the API shows it."""
    nothing = dict.fromkeys((
        "balance_transaction", "customer", "customer_account", "receipt_number", "source_transfer_reversal",
        "transfer_reversal",
    ))  # fmt: skip
    return {
        "id": given.id, "object": "refund", **nothing,
        "amount": given.amount, "charge": charge(payment) if "charge" in expand else payment.charge,
        "created": unix(given.created), "currency": payment.currency,
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "metadata": given.metadata,
        "payment_intent": intent(payment) if "payment_intent" in expand else payment.id,
        "payment_method": payment.payment_method, "reason": given.reason, "status": "succeeded",
    }  # fmt: skip


def dispute(payment: Payment) -> Json:
    """The dispute of a payment as the API shows it."""
    return {
        "id": payment.dispute, "object": "dispute", "amount": payment.captured, "balance_transactions": [],
        "charge": payment.charge, "created": unix(payment.created), "currency": payment.currency,
        "enhanced_eligibility_types": [], "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": None, "enhanced_eligibility": {}, "has_evidence": False, "past_due": False,
            "submission_count": 0, "submission_method": "not_submitted",
        },
        "intended_submission_method": None, "is_charge_refundable": False, "livemode": payment.live, "metadata": {},
        "payment_intent": payment.id, "reason": payment.dispute_reason, "status": "needs_response",
    }  # fmt: skip


EVIDENCE: Final = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation",
    "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt", "refund_policy",
    "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
    "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation",
    "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip


def endpoint(subscriber: Endpoint, *, with_secret: bool = False) -> Json:
    """A webhook endpoint as the API shows it; the secret only when it is made."""
    shown: Json = {
        "id": subscriber.id, "object": "webhook_endpoint", "api_version": subscriber.api_version,
        "application": None, "created": unix(subscriber.created), "description": subscriber.description,
        "enabled_events": subscriber.events, "livemode": subscriber.live, "metadata": subscriber.metadata,
        "status": "enabled", "url": subscriber.url,
    }  # fmt: skip
    if with_secret:
        shown["secret"] = subscriber.secret
    return shown


def listed(items: list[Json], url: str, *, more: bool = False) -> Json:
    """A page of a list."""
    return {"object": "list", "data": items, "has_more": more, "url": url}
