"""Refunds: units, money and shipping given back in one go."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.shopify import announcing, paying, placing
from sandbox.shopify.money import Bag, total
from sandbox.shopify.records import Line, Order, Refund, RefundLine, Transaction
from sandbox.shopify.refusal import Refusal
from sandbox.shopify.state import Shop
from sandbox.shopify.totals import refundable, unfulfilled


@dataclass(frozen=True)
class Units:
    """So many units of a line, and what becomes of them."""

    line: int
    quantity: int
    restock: str
    location: str | None


@dataclass(frozen=True)
class RefundSpec:
    """What is asked to be given back."""

    lines: Sequence[Units] = ()
    pays: Sequence[tuple[Transaction, int]] = ()
    shipping: Bag | None = None
    note: str | None = None
    reason: dict[str, str] = field(default_factory=dict)


def refund(shop: Shop, order: Order, spec: RefundSpec) -> Refund:
    """Give back; everything is checked before anything is done."""
    check(order, spec)
    given = [paying.give_back(shop, order, parent, amount) for parent, amount in spec.pays]
    made = record(shop, order, spec, given)
    shop.touch(order)
    announcing.refunded(shop, order, made)
    return made


def check(order: Order, spec: RefundSpec) -> None:
    """Refuse what cannot be given back; what is named twice counts together."""
    asked: Counter[int] = Counter()
    for units in spec.lines:
        line = order.line(units.line)
        asked[line.id] += units.quantity
        if units.quantity <= 0 or asked[line.id] > line.current:
            raise Refusal("Quantity cannot refund more items than were purchased", "refundLineItems")
        if units.restock == "CANCEL" and line.ships and units.quantity > unfulfilled(order, line.id):
            raise Refusal("Items that were fulfilled cannot be cancelled", "refundLineItems")
    for parent, amount in spec.pays:
        asked[parent.id] += amount
        if amount <= 0 or asked[parent.id] > refundable(order, parent).presentment.amount:
            raise Refusal("Amount must be above 0 and at most what is left to refund", "transactions")
    if not spec.lines and not spec.pays and spec.shipping is None:
        raise Refusal("Nothing to refund", "refundLineItems")


def record(shop: Shop, order: Order, spec: RefundSpec, given: Sequence[Transaction]) -> Refund:
    """Enter the refund and put its units where they belong; the money has moved already."""
    lines = [_returned(shop, order, units) for units in spec.lines]
    made = Refund(
        shop.next_id(), shop.now(), spec.note, lines, [entry.id for entry in given],
        total([entry.amount for entry in given], order.zero), spec.shipping or order.zero,
    )  # fmt: skip
    order.refunds.append(made)
    return made


def _returned(shop: Shop, order: Order, units: Units) -> RefundLine:
    line = order.line(units.line)
    subtotal, tax = (part.share(units.quantity, line.quantity) for part in (line.net, line.tax))
    at = _restocked(shop, order, line, units)
    line.current -= units.quantity
    line.refunded += units.quantity
    return RefundLine(shop.next_id(), line.id, units.quantity, units.restock, at, subtotal, tax)


def _restocked(shop: Shop, order: Order, line: Line, units: Units) -> str | None:
    if not line.ships:
        return None
    if units.restock == "RETURN":
        at = units.location or order.fulfillment_orders[0].location
        shop.stock.receive(line.sku or "", at, units.quantity)
        return at
    open_units = min(units.quantity, unfulfilled(order, line.id))
    freed = placing.release(shop, order, line, quantity=open_units, restock=units.restock == "CANCEL")
    return freed if units.restock == "CANCEL" else None
