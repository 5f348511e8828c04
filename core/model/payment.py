"""What an authority says of a payment, and what was done with money."""

from enum import StrEnum

from core.model.base import Instant, Shape
from core.model.money import Money
from core.model.order import RiskLevel


class PaymentState(StrEnum):
    """Where an order's payment stands."""

    VERIFIED = "verified"
    SHORT = "short"
    MISMATCH = "mismatch"
    LAPSED = "lapsed"
    PENDING = "pending"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    CANCELLED = "cancelled"


class GatewayPayment(Shape):
    """One payment as its gateway keeps it: checked beside what the channel says."""

    reference: str
    state: PaymentState
    amount: Money
    """Authorized or charged, in the currency the shopper paid in."""
    captured: Money
    refunded: Money
    capture_before: Instant | None = None
    live: bool
    disputed: bool = False
    risk: RiskLevel = RiskLevel.NONE
    risk_score: int | None = None


class MovementState(StrEnum):
    """How a capture, refund or void ended: a refusal by the gateway is a value."""

    DONE = "done"
    PENDING = "pending"
    DECLINED = "declined"


class Movement(Shape):
    """The outcome of asking for a capture, a refund or a void."""

    state: MovementState
    reference: str | None = None
    amount: Money | None = None
    code: str | None = None
