"""Stripe's objects, as Stripe shows them."""

from datetime import datetime, timedelta
from typing import Any, Final

from sandbox.stripe.records import Dispute, Endpoint, Payment, Refund, Review
from sandbox.values import Json, token

API_VERSION: Final = "2026-10-28.endive"
DESCRIPTOR: Final = "SANDBOX"
DECLINED: Final = "Your card was declined."
DISPUTE_FEE: Final = 1500
PAGE: Final = 10
"""How many objects a list shows where nobody says how many."""
DUE: Final = timedelta(days=9)
"""How long there is to answer a dispute; it ends with that day in UTC.

Networks give 7 to 21 days (https://docs.stripe.com/disputes/responding, read 2026-11); this is what a recorded event
had: stripe-ruby-mock, charge.dispute.created of 2022-03-26 18:39:00Z, due 2022-04-04 23:59:59Z.
"""


def unix(when: datetime | None) -> int | None:
    """Stripe's way of writing an instant."""
    return None if when is None else int(when.timestamp())


def intent(payment: Payment) -> Json:
    """The payment intent as the API shows it."""
    nothing = dict.fromkeys((
        "allowed_payment_method_types", "application", "application_fee_amount", "automatic_payment_methods",
        "customer_account", "description", "excluded_payment_method_types", "managed_payments", "next_action",
        "on_behalf_of", "payment_method_configuration_details", "payment_record", "processing", "receipt_email",
        "setup_future_usage", "shipping", "source", "statement_descriptor", "statement_descriptor_suffix",
        "transfer_data", "transfer_group",
    ))  # fmt: skip
    return {
        "id": payment.id, "object": "payment_intent", **nothing,
        "amount": payment.amount, "amount_capturable": payment.capturable, "amount_details": {"tip": {}},
        "amount_received": payment.captured, "canceled_at": unix(payment.canceled_at),
        "cancellation_reason": payment.cancellation_reason, "capture_method": payment.capture_method,
        "client_secret": f"{payment.id}_secret_{token(payment.id, 'secret')}",
        "confirmation_method": "automatic", "created": unix(payment.created), "currency": payment.currency,
        "customer": payment.customer, "last_payment_error": decline(payment),
        "latest_charge": payment.charge if payment.charged else None, "livemode": payment.live,
        "metadata": dict(payment.metadata), "payment_method": payment.payment_method, "payment_method_options": {"card": dict(CARD_OPTIONS)},
        "payment_method_types": ["card"], "review": payment.review.id if payment.review else None,
        "status": payment.status, **payment.said,
    }  # fmt: skip


CARD_OPTIONS: Final = {
    "installments": None, "mandate_options": None, "network": None, "request_three_d_secure": "automatic",
}  # fmt: skip


def decline(payment: Payment) -> Json | None:
    """Why the card was declined, as the intent and the error tell it; none where it was not."""
    if payment.decline_code is None:
        return None
    return {
        "type": "card_error", "code": "card_declined", "decline_code": payment.decline_code, "message": DECLINED,
        "doc_url": "https://stripe.com/docs/error-codes/card-declined", "charge": payment.charge,
    }  # fmt: skip


def charge(payment: Payment) -> Json:
    """The payment's charge as the API shows it."""
    nothing = dict.fromkeys((
        "application", "application_fee", "application_fee_amount", "failure_balance_transaction", "on_behalf_of",
        "receipt_number", "receipt_url", "source", "source_transfer", "transfer_data",
    ))  # fmt: skip
    declined = payment.decline_code is not None
    suffix = payment.said.get("statement_descriptor_suffix")
    return {
        "id": payment.charge, "object": "charge", **nothing,
        "amount": payment.amount, "amount_captured": payment.captured, "amount_refunded": payment.refunded,
        "balance_transaction": payment.balance_transaction,
        "billing_details": {
            "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
            "email": None, "name": None, "phone": None, "tax_id": None,
        },
        "calculated_statement_descriptor": f"{DESCRIPTOR}* {suffix}" if suffix else DESCRIPTOR,
        "captured": bool(payment.captures), "created": unix(payment.charged_at), "currency": payment.currency,
        "customer": payment.customer, "disputed": payment.dispute is not None,
        "failure_code": "card_declined" if declined else None, "failure_message": DECLINED if declined else None,
        "fraud_details": {}, "livemode": payment.live, "metadata": dict(payment.metadata),
        "outcome": _outcome(payment), "paid": not declined, "payment_intent": payment.id,
        "payment_method": payment.declined_method or payment.payment_method,
        "payment_method_details": {"type": "card", "card": _card(payment)}, "radar_options": {},
        "refunded": payment.captured > 0 and payment.refunded >= payment.captured,
        "review": payment.review.id if payment.review else None, "status": "failed" if declined else "succeeded",
        **{name: payment.said.get(name) for name in ON_CHARGE},
    }  # fmt: skip


ON_CHARGE: Final = (
    "description", "receipt_email", "shipping", "statement_descriptor", "statement_descriptor_suffix",
    "transfer_group",
)  # fmt: skip
"""What was said of the intent and stands on its charge as well."""


def _outcome(payment: Payment) -> Json:
    told: Json = {
        "advice_code": None, "network_advice_code": None, "network_decline_code": None,
        "network_status": "approved_by_network", "reason": None, "risk_level": payment.risk_level,
        "risk_score": payment.risk_score, "seller_message": "Payment complete.", "type": "authorized",
    }  # fmt: skip
    if payment.decline_code is not None:
        told |= {
            "network_status": "declined_by_network", "reason": payment.decline_code, "type": "issuer_declined",
            "seller_message": "The bank did not return any further details with this decline.",
        }  # fmt: skip
    return told


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
    if payment.decline_code is not None:
        card |= {"amount_authorized": None, "authorization_code": None, "last4": "0002"}
    if payment.status == "requires_capture" and payment.capture_before is not None:
        card["capture_before"] = unix(payment.capture_before)
    return card


def refund(payment: Payment, given: Refund) -> Json:
    """A refund as the API shows it."""
    nothing = dict.fromkeys((
        "customer_account", "receipt_number", "source_transfer_reversal", "transfer_reversal",
    ))  # fmt: skip
    shown: Json = {
        "id": given.id, "object": "refund", **nothing,
        "amount": given.amount, "balance_transaction": given.balance_transaction, "charge": payment.charge,
        "created": unix(given.created), "currency": payment.currency, "customer": payment.customer,
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "metadata": dict(given.metadata), "payment_intent": payment.id,
        "payment_method": payment.payment_method, "reason": given.reason, "status": given.status,
    }  # fmt: skip
    if given.status == "pending":
        shown["pending_reason"] = "processing"
    if given.status == "failed":
        shown["failure_reason"] = "expired_or_canceled_card"
        shown["failure_balance_transaction"] = given.failure_balance_transaction
    return shown


def dispute(payment: Payment, denied: Dispute) -> Json:
    """A payment's dispute as the API shows it."""
    due = (denied.created + DUE).replace(hour=23, minute=59, second=59, microsecond=0)
    return {
        "id": denied.id, "object": "dispute", "amount": denied.amount,
        "balance_transactions": [] if denied.inquiry else [_withdrawn(payment, denied)],
        "charge": payment.charge, "created": unix(denied.created), "currency": payment.currency,
        "enhanced_eligibility_types": [], "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": unix(due), "enhanced_eligibility": {}, "has_evidence": False, "past_due": False,
            "submission_count": 0, "submission_method": "not_submitted",
        },
        "intended_submission_method": None, "is_charge_refundable": denied.inquiry, "livemode": payment.live,
        "metadata": {}, "payment_intent": payment.id, "reason": denied.reason,
        "status": "warning_needs_response" if denied.inquiry else "needs_response",
    }  # fmt: skip


def _withdrawn(payment: Payment, denied: Dispute) -> Json:
    """What a chargeback took from the account's balance."""
    return {
        "id": denied.balance_transaction, "object": "balance_transaction", "amount": -denied.amount,
        "available_on": unix(denied.created), "balance_type": "payments", "created": unix(denied.created),
        "currency": payment.currency, "description": f"Chargeback withdrawal for {payment.charge}",
        "exchange_rate": None, "fee": DISPUTE_FEE,
        "fee_details": [{
            "amount": DISPUTE_FEE, "application": None, "currency": payment.currency, "description": "Dispute fee",
            "type": "stripe_fee",
        }],
        "net": -denied.amount - DISPUTE_FEE, "reporting_category": "dispute", "source": denied.id,
        "status": "available", "type": "adjustment",
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


def review(payment: Payment, looked_at: Review) -> Json:
    """A payment's review as the API shows it."""
    closed = looked_at.closed_reason
    return {
        "id": looked_at.id, "object": "review", "billing_zip": None, "charge": payment.charge,
        "closed_reason": closed, "created": unix(looked_at.created), "ip_address": None, "ip_address_location": None,
        "livemode": payment.live, "open": closed is None, "opened_reason": "rule", "payment_intent": payment.id,
        "reason": closed or "rule", "session": None,
    }  # fmt: skip


def endpoint(subscriber: Endpoint, *, with_secret: bool = False) -> Json:
    """A webhook endpoint as the API shows it; the secret only when it is made."""
    shown: Json = {
        "id": subscriber.id, "object": "webhook_endpoint", "api_version": subscriber.api_version,
        "application": None, "created": unix(subscriber.created), "description": subscriber.description,
        "enabled_events": list(subscriber.events), "livemode": subscriber.live,
        "metadata": dict(subscriber.metadata), "status": "enabled", "url": subscriber.url,
    }  # fmt: skip
    if with_secret:
        shown["secret"] = subscriber.secret
    return shown


def listed(items: list[Json], url: str, *, more: bool = False) -> Json:
    """A page of a list."""
    return {"object": "list", "data": items, "has_more": more, "url": url}


def refunds_of(payment: Payment) -> Json:
    """The refunds of a charge, newest first, as they stand on it once they are asked for; a page at most."""
    newest: list[Any] = [refund(payment, each) for each in reversed(payment.refunds)]
    return listed(newest[:PAGE], f"/v1/charges/{payment.charge}/refunds", more=len(newest) > PAGE)
