"""Every code that Stripe documents has a meaning of ours, written down here by hand."""

import re
from pathlib import Path

import pytest
import stripe

from connectors.stripe.amounts import money_of
from connectors.stripe.errors import error_of
from core.errors import AuthError, ConnectorError, RejectedError, UnavailableError, VendorPausedError
from core.model.money import Money, Side

OTHER_THAN_REJECTED: dict[str, type[ConnectorError]] = {
    "api_key_expired": AuthError,
    "platform_api_key_expired": AuthError,
    "secret_key_required": AuthError,
    "testmode_charges_only": VendorPausedError,
    "lock_timeout": UnavailableError,
}


def documented() -> list[str]:
    """The codes that the SDK's own types list."""
    text = (Path(stripe.__file__).parent / "_payment_intent.py").read_text(encoding="utf-8")
    start = text.index("code: Optional[", text.index("class LastPaymentError"))
    return re.findall(r'"([a-z_0-9]+)"', text[start : text.index("]", text.index("Literal", start))])


def test_every_documented_code_has_one_meaning() -> None:
    codes = documented()
    assert len(codes) > 150
    found: dict[str, type[ConnectorError]] = {}
    for code in codes:
        error = stripe.StripeError("no", http_status=400, json_body={"error": {"code": code}})
        meaning = type(error_of(error, connection="pay", what="x"))
        if meaning is not RejectedError and code != "rate_limit":
            found[code] = meaning
    assert found == {c: m for c, m in OTHER_THAN_REJECTED.items() if c in codes}


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
def test_stripe_s_own_units_become_iso_minor_units(currency: str, stripe_says: int, minor: int) -> None:
    assert money_of(stripe_says, currency) == Money(
        minor=minor, currency=currency.upper(), side=Side.PRESENTMENT
    )


@pytest.mark.req("R28")
def test_a_fraction_that_the_currency_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no whole amount of ISK"):
        money_of(501, "isk")
