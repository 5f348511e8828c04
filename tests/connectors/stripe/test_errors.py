"""Every code that Stripe documents has a meaning of ours, written down here by hand."""

import re
from pathlib import Path

import pytest
import stripe

from connectors.stripe.amounts import amount_of, money_of
from connectors.stripe.errors import REFUSALS, error_of, refused_code
from core.errors import AuthError, ConnectorError, RejectedError, UnavailableError, VendorPausedError
from core.model.money import Money, Side

OTHER_THAN_REJECTED: dict[str, type[ConnectorError] | None] = {
    "api_key_expired": AuthError,
    "platform_api_key_expired": AuthError,
    "secret_key_required": AuthError,
    "testmode_charges_only": VendorPausedError,
    "idempotency_key_in_use": UnavailableError,
    "lock_timeout": UnavailableError,
    **dict.fromkeys(
        [
            "approval_required",
            "amount_too_large",
            "amount_too_small",
            "authentication_required",
            "balance_insufficient",
            "capture_charge_authorization_expired",
            "card_declined",
            "charge_already_captured",
            "charge_already_refunded",
            "charge_disputed",
            "charge_expired_for_capture",
            "charge_not_refundable",
            "debit_not_authorized",
            "expired_card",
            "expired_payment_method",
            "insufficient_funds",
            "payment_intent_unexpected_state",
            "payment_method_customer_decline",
            "payment_method_provider_decline",
            "processing_error",
            "refund_disputed_payment",
        ]
    ),
}
"""None: a value, not an error."""


def documented() -> list[str]:
    """The codes that the SDK's own types list."""
    text = (Path(stripe.__file__).parent / "_payment_intent.py").read_text(encoding="utf-8")
    start = text.index("code: Optional[", text.index("class LastPaymentError"))
    return re.findall(r'"([a-z_0-9]+)"', text[start : text.index("]", text.index("Literal", start))])


def test_every_documented_code_has_one_meaning() -> None:
    codes = documented()
    assert len(codes) > 150
    found: dict[str, type[ConnectorError] | None] = {}
    for code in codes:
        error = stripe.StripeError("no", http_status=400, json_body={"error": {"code": code}})
        meaning = (
            None if refused_code(error) else type(error_of(error, connection="pay", what="x", may_act=True))
        )
        if meaning is not RejectedError and code != "rate_limit":
            found[code] = meaning
    assert found == {c: m for c, m in OTHER_THAN_REJECTED.items() if c in codes}


def test_only_documented_codes_are_refusals() -> None:
    # `charge_not_refundable` is documented for refunds only, not among the SDK's types of a payment's errors.
    assert REFUSALS - set(documented()) <= {"charge_not_refundable"}


@pytest.mark.req("R28")
@pytest.mark.parametrize(
    ("currency", "stripe_says", "minor"),
    [
        ("usd", 1999, 1999),
        ("jpy", 500, 500),
        ("kwd", 1230, 1230),
        ("isk", 500, 5),
        ("ugx", 500, 5),
        ("mga", 5, 500),
    ],
)
def test_stripe_s_own_units_become_iso_minor_units_and_back(
    currency: str, stripe_says: int, minor: int
) -> None:
    money = money_of(stripe_says, currency)
    assert money == Money(minor=minor, currency=currency.upper(), side=Side.PRESENTMENT)
    assert amount_of(money) == stripe_says


@pytest.mark.req("R28")
def test_a_fraction_that_the_other_side_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no whole amount of ISK"):
        money_of(501, "isk")
    with pytest.raises(ValueError, match="finer than Stripe counts"):
        amount_of(Money(minor=501, currency="MGA"))
