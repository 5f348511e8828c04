"""Captures, refunds and cancellations, as mutations."""

from sandbox.shopify import cancelling, paying, refunding
from sandbox.shopify.graph import orders, setup, transactions
from sandbox.shopify.graph.offered import not_offered
from sandbox.shopify.graph.values import number
from sandbox.shopify.money import Bag, Money, minor, nearest
from sandbox.shopify.records import Order, Transaction
from sandbox.shopify.refusal import Refusal
from sandbox.shopify.state import Shop
from sandbox.shopify.totals import TAKEN
from sandbox.values import Json


def order_capture(shop: Shop, args: Json) -> Json:
    """Take authorized money."""
    spec = args["input"]
    order = _order(shop, spec["id"], "id")
    parent = number("OrderTransaction", spec["parentTransactionId"])
    known = order.transaction(parent or 0)
    currency = known.amount.presentment.currency if known else order.presentment
    amount = minor(spec["amount"], currency)
    taken = paying.capture(
        shop, order, paying.Capture(parent, -1 if amount is None else amount, spec.get("currency"))
    )
    return {"transaction": transactions.transaction(order, taken)}


def refund_create(shop: Shop, args: Json) -> Json:
    """Give units, money and shipping back."""
    spec = args["input"]
    order = _order(shop, spec["orderId"], "orderId")
    currency = spec.get("currency")
    if currency not in (None, order.presentment) or (
        currency is None and order.presentment != order.currency
    ):
        raise Refusal(f"Currency must be {order.presentment}, the shopper's own", "currency")
    lines = [_units(shop, order, entry) for entry in spec.get("refundLineItems") or []]
    pays = [_pay(order, entry) for entry in spec.get("transactions") or []]
    given = refunding.RefundSpec(lines, pays, _shipping(order, spec.get("shipping")), spec.get("note"))
    made = refunding.refund(shop, order, given)
    shop.mails += int(bool(spec.get("notify")))
    return {"order": orders.order(shop, order), "refund": transactions.refund(shop, order, made)}


def order_cancel(shop: Shop, args: Json) -> Json:
    """Call an order off; a job does it a moment later."""
    order = shop.find(number("Order", args["orderId"]))
    if order is None:
        raise Refusal("Order does not exist", "orderId", code="NOT_FOUND")
    method = args.get("refundMethod") or {}
    refund = any([args.get("refund"), method.get("originalPaymentMethodsRefund")])
    spec = cancelling.Cancel(args["reason"], args["restock"], refund)
    job = cancelling.ask(shop, order, spec)
    order.staff_note = args.get("staffNote")
    shop.mails += int(bool(args.get("notifyCustomer")))
    return {"job": setup.job(job, shop.jobs[job])}


def _order(shop: Shop, name: str, field: str) -> Order:
    order = shop.find(number("Order", name))
    if order is None:
        raise Refusal("Order does not exist", field)
    return order


def _units(shop: Shop, order: Order, entry: Json) -> refunding.Units:
    wanted = number("LineItem", entry["lineItemId"])
    if all(line.id != wanted for line in order.lines):
        raise Refusal("Line item does not exist", "refundLineItems")
    restock = entry.get("restockType") or "NO_RESTOCK"
    place = shop.location(number("Location", entry.get("locationId")))
    if restock in {"RETURN", "CANCEL"} and place is None:
        raise Refusal("A location is needed to restock", "refundLineItems", "locationId")
    return refunding.Units(wanted or 0, entry["quantity"], restock, place.key if place else None)


def _pay(order: Order, entry: Json) -> tuple[Transaction, int]:
    if number("Order", entry["orderId"]) != order.id:
        raise Refusal("Transaction must be of the order that is refunded", "transactions")
    parent = order.transaction(number("OrderTransaction", entry.get("parentId")) or 0)
    if entry["kind"] != "REFUND" or parent is None or parent.kind not in TAKEN:
        raise Refusal("Transaction must refund a sale or a capture of this order", "transactions")
    if entry["gateway"] != parent.gateway:
        raise Refusal("Gateway differs from that of the parent transaction", "transactions")
    amount = minor(entry["amount"], parent.amount.presentment.currency)
    return parent, -1 if amount is None else amount


def _shipping(order: Order, spec: Json | None) -> Bag | None:
    if not spec:
        return None
    whole = order.shipping if order.taxes_included else order.shipping.plus(order.shipping_tax)
    full, asked = spec.get("fullRefund"), spec.get("amount")
    if full and asked is not None:
        raise not_offered("Refunding all of the shipping together with an amount of it")
    if full:
        return whole
    amount = minor(asked or 0, order.currency)
    if amount is None or not 0 <= amount <= whole.shop.amount:
        raise Refusal("Shipping refund exceeds what was paid", "shipping")
    shown = nearest(whole.presentment.amount * amount, whole.shop.amount)
    return Bag(Money(amount, order.currency), Money(shown, order.presentment))
