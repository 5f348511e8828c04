"""What Stripe keeps: payments with their charge, refunds, disputes, reviews, and who subscribed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from sandbox.values import Json

CARD: Final = "pm_card_visa"
"""The card a shopper pays with where nobody names another."""


@dataclass
class Refund:
    """Money given back on one payment."""

    id: str
    amount: int
    created: datetime
    reason: str | None
    metadata: dict[str, str]
    status: Literal["pending", "succeeded", "failed"] = "succeeded"
    balance_transaction: str | None = None
    failure_balance_transaction: str | None = None

    @property
    def counts(self) -> bool:
        """Whether the charge shows it as given back; what failed is the merchant's again."""
        return self.status != "failed"


@dataclass
class Capture:
    """Money taken on one payment; `by` is `shop` (the shop's own app) or `api` (the merchant's key)."""

    amount: int
    by: str
    at: datetime


@dataclass
class Dispute:
    """A payment that its cardholder denies; an inquiry is only a question, and takes no money yet."""

    id: str
    reason: str
    created: datetime
    amount: int
    inquiry: bool = False
    balance_transaction: str | None = None


@dataclass
class Review:
    """A payment that a person at the merchant's is to look at."""

    id: str
    created: datetime
    closed_reason: str | None = None


@dataclass
class Payment:
    """A payment intent with its one charge."""

    id: str
    charge: str
    amount: int
    currency: str
    created: datetime
    capture_method: str
    metadata: dict[str, str]
    live: bool = True
    risk_level: str = "normal"
    risk_score: int = 10
    capture_before: datetime | None = None
    status: str = "requires_payment_method"
    payment_method: str | None = None
    customer: str | None = None
    said: Json = field(default_factory=dict)
    """What its maker said of it that moves nothing and is only shown again, by the intent's field."""
    charged_at: datetime | None = None
    balance_transaction: str | None = None
    decline_code: str | None = None
    declined_method: str | None = None
    canceled_at: datetime | None = None
    cancellation_reason: str | None = None
    captures: list[Capture] = field(default_factory=list)
    booked: list[Capture] = field(default_factory=list)
    """What the books say was captured; sabotage makes them differ from `captures`."""
    refunds: list[Refund] = field(default_factory=list)
    dispute: Dispute | None = None
    review: Review | None = None

    @property
    def manual(self) -> bool:
        """Whether the card is only authorized, and captured by a call of its own."""
        return self.capture_method == "manual"

    @property
    def charged(self) -> bool:
        """Whether a card was asked at all."""
        return self.charged_at is not None

    @property
    def captured(self) -> int:
        """What was captured, as the API shows it."""
        return sum(capture.amount for capture in self.captures)

    @property
    def refunded(self) -> int:
        """What was given back."""
        return sum(refund.amount for refund in self.refunds if refund.counts)

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
