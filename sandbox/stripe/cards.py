"""The cards that a payment can be made with, in live mode as well: https://docs.stripe.com/testing (read 2026-11)."""

from collections.abc import Mapping
from typing import Final

from sandbox.stripe.records import CARD
from sandbox.stripe.refusals import missing, not_offered
from sandbox.stripe.state import FAILING_REFUND, PENDING_REFUND

DECLINES: Final[Mapping[str, str]] = {
    "pm_card_visa_chargeDeclined": "generic_decline",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_visa_chargeDeclinedLostCard": "lost_card",
    "pm_card_visa_chargeDeclinedStolenCard": "stolen_card",
}
RISKS: Final[Mapping[str, tuple[str, int]]] = {
    "pm_card_riskLevelElevated": ("elevated", 70),
    "pm_card_riskLevelHighest": ("highest", 90),
}
DISPUTES: Final[Mapping[str, tuple[str, bool]]] = {
    "pm_card_createDispute": ("fraudulent", False),
    "pm_card_createDisputeProductNotReceived": ("product_not_received", False),
    "pm_card_createDisputeInquiry": ("fraudulent", True),
}
"""The reason of the dispute that such a card's payment gets, and whether it is an inquiry only."""
CARDS: Final = frozenset({CARD, PENDING_REFUND, FAILING_REFUND, *DECLINES, *RISKS, *DISPUTES})


def known(method: str) -> None:
    """Refuse a payment method that is none of these cards."""
    if method in CARDS:
        return
    if method.startswith("pm_card_"):
        raise not_offered(f"the card {method[:60]}", param="payment_method")
    raise missing("PaymentMethod", method, param="payment_method", status=400)


def risk_of(method: str) -> tuple[str, int]:
    """Radar's level and score of a payment with that card."""
    return RISKS.get(method, ("normal", 10))
