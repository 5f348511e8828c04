"""Stripe's books: what truly moved, which sabotage makes differ from what the API shows."""

from sandbox.sabotage import Sabotage
from sandbox.stripe.records import Capture, Payment
from sandbox.values import Json


def of(payment: Payment) -> Json:
    """What truly moved of a payment."""
    return {
        "amount": payment.amount,
        "currency": payment.currency.upper(),
        "captured": sum(each.amount for each in payment.booked),
        "refunded": payment.refunded,
        "status": payment.status,
        "capturable": payment.capturable,
        "order": payment.metadata.get("order"),
        "live": payment.live,
        "created": payment.created.isoformat(),
        "captures": [
            {"amount": each.amount, "by": each.by, "at": each.at.isoformat()} for each in payment.booked
        ],
        "refunds": [
            {"amount": each.amount, "at": each.created.isoformat()} for each in payment.refunds if each.counts
        ],
    }


def as_booked(sabotage: Sabotage, payment: Payment, taken: Capture, by: str) -> list[Capture]:
    """What the books keep of a capture: itself, nothing or twice."""
    subject = payment.metadata.get("order", payment.id)
    if by == "shop" and sabotage.hits("capture_lost", subject):
        return []
    if sabotage.hits("capture_doubled", subject):
        return [taken, taken]
    return [taken]
