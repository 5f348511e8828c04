"""What follows from an order's records: totals, open authorizations, display states."""

from datetime import datetime

from sandbox.shopify.money import Bag, total
from sandbox.shopify.records import Order, Transaction

TAKEN = ("SALE", "CAPTURE")


def _successes(order: Order, *kinds: str) -> list[Transaction]:
    return [entry for entry in order.transactions if entry.status == "SUCCESS" and entry.kind in kinds]


def _side(order: Order, bags: list[Bag]) -> Bag:
    """Sum amounts that may have been paid in a currency that is not the order's own; those count in shop money only."""
    fitting = [bag for bag in bags if bag.presentment.currency == order.presentment]
    return total(fitting, order.zero)


def captured(order: Order) -> Bag:
    """All money taken, before refunds."""
    return _side(order, [entry.amount for entry in _successes(order, *TAKEN)])


def refunded(order: Order) -> Bag:
    """All money given back."""
    return _side(order, [entry.amount for entry in _successes(order, "REFUND")])


def children(order: Order, parent: Transaction, *kinds: str) -> list[Transaction]:
    """The successful transactions of those kinds that act on that one."""
    return [entry for entry in _successes(order, *kinds) if entry.parent == parent.id]


def open_authorizations(order: Order) -> list[Transaction]:
    """Authorizations neither captured nor voided; one capture closes an authorization."""
    return [
        entry for entry in _successes(order, "AUTHORIZATION") if not children(order, entry, "CAPTURE", "VOID")
    ]


def refundable(order: Order, parent: Transaction) -> Bag:
    """What of a sale or capture has not been given back."""
    back = [entry.amount for entry in children(order, parent, "REFUND")]
    return parent.amount.minus(total(back, parent.amount.zero()))


def returned(order: Order) -> Bag:
    """The price of what was refunded by line, with its tax, and of refunded shipping."""
    bags = [refund.shipping for refund in order.refunds]
    for refund in order.refunds:
        bags += [
            line.subtotal if order.taxes_included else line.subtotal.plus(line.tax) for line in refund.lines
        ]
    return total(bags, order.zero)


def current_total(order: Order) -> Bag:
    """The order's price after edits and returns."""
    return order.total.minus(returned(order))


def financial_status(order: Order, now: datetime) -> str:
    """The word in the payment column."""
    taken, back, due = captured(order), refunded(order), current_total(order)
    if back.presentment.amount > 0:
        whole = back.presentment.amount >= taken.presentment.amount
        return "REFUNDED" if whole else "PARTIALLY_REFUNDED"
    if order.cancelled_at is not None and taken.presentment.amount == 0:
        return "VOIDED"
    if taken.presentment.amount >= due.presentment.amount:
        return "PAID"
    if taken.presentment.amount > 0:
        return "PARTIALLY_PAID"
    promised = open_authorizations(order)
    if promised:
        lapsed = all(entry.expires_at is not None and entry.expires_at <= now for entry in promised)
        return "EXPIRED" if lapsed else "AUTHORIZED"
    return "VOIDED" if _successes(order, "VOID") else "PENDING"


def shipped(order: Order, line: int) -> int:
    """Units of a line that left the house."""
    return sum(
        portion.quantity
        for fulfillment in order.fulfillments
        if fulfillment.status == "SUCCESS"
        for portion in fulfillment.portions
        if portion.line == line
    )


def unfulfilled(order: Order, line: int) -> int:
    """Units of a line still to be shipped."""
    return sum(
        portion.remaining
        for asked in order.fulfillment_orders
        for portion in asked.portions
        if portion.line == line
    )


def fulfillment_status(order: Order) -> str:
    """The word in the fulfillment column."""
    left = sum(unfulfilled(order, line.id) for line in order.lines)
    gone = sum(shipped(order, line.id) for line in order.lines)
    if gone:
        return "PARTIALLY_FULFILLED" if left else "FULFILLED"
    if not left:
        return "FULFILLMENT_NOT_REQUIRED"  # also of what was cancelled or given back whole: UNFULFILLED before 2026-10
    if any(asked.status == "ON_HOLD" for asked in order.fulfillment_orders):
        return "ON_HOLD"
    return "UNFULFILLED"
