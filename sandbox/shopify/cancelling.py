"""Orders called off, by the channel at once or by an app's job a moment later."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sandbox.shopify import announcing, paying, refunding, shipping, totals
from sandbox.shopify.placing import OPEN
from sandbox.shopify.records import Order
from sandbox.shopify.refusal import Refusal
from sandbox.shopify.state import Shop
from sandbox.shopify.totals import shipped
from sandbox.values import Json

SOON: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class Cancel:
    """How an order is called off, and whether its money goes back to where it came from."""

    reason: str
    restock: bool
    refund: bool = False


def ask(shop: Shop, order: Order, spec: Cancel) -> int:
    """Accept a cancellation; a job does it a virtual second later. Gives the job's id."""
    check(shop, order)
    number = shop.next_id()
    shop.jobs[number] = {"order": order.id, "done": False}
    actor = shop.actor
    shop.env.at(shop.env.clock.now() + SOON, lambda: _work(shop, number, order, spec, actor))
    return number


def cancel_by_channel(shop: Shop, spec: Json) -> Json:
    """The merchant, or the shopper through them, calls the order off in the shop.

    Shopify refuses that of an order with a fulfillment, so staff cancel each of those first.
    """
    order = shop.named(spec["order"])
    _check_once(shop, order)
    for made in order.fulfillments:
        if made.status == "SUCCESS":
            shipping.unfulfill(shop, order, made)
    check(shop, order)
    refund = bool(spec.get("refund", True))
    reason = "CUSTOMER" if spec.get("by", "channel") == "channel" else "OTHER"
    cancel(shop, order, Cancel(reason, spec.get("restock", True), refund))
    return {"id": order.name}


def check(shop: Shop, order: Order) -> None:
    """Refuse to cancel what is cancelled, being cancelled, or on its way."""
    _check_once(shop, order)
    if any(shipped(order, line.id) for line in order.lines):
        raise Refusal("Order has fulfillments that cannot be cancelled", "orderId", code="INVALID")


def _check_once(shop: Shop, order: Order) -> None:
    pending = any(job["order"] == order.id and not job["done"] for job in shop.jobs.values())
    if order.cancelled_at is not None or pending:
        raise Refusal("Order has already been cancelled", "orderId", code="INVALID")


def cancel(shop: Shop, order: Order, spec: Cancel) -> None:
    """Let authorizations go, give money and units back, close what was asked of the locations."""
    total = totals.current_total(order)
    paying.void_all(shop, order)
    given = paying.give_back_all(shop, order) if spec.refund else []
    order.total_when_cancelled = total
    how = "CANCEL" if spec.restock else "NO_RESTOCK"
    lines = [refunding.Units(line.id, line.current, how, None) for line in order.lines if line.current]
    left = order.shipping if order.taxes_included else order.shipping.plus(order.shipping_tax)
    made = refunding.record(shop, order, refunding.RefundSpec(lines, shipping=left), given)
    order.cancelled_at = order.closed_at = shop.now()
    order.cancel_reason, order.cancelled_by = spec.reason, shop.actor
    for asked in order.fulfillment_orders:
        if asked.status in (*OPEN, "CLOSED"):
            asked.status, asked.updated_at = "CLOSED", shop.now()
            asked.holds.clear()
    shop.touch(order)
    if given:
        announcing.refunded(shop, order, made)
    announcing.cancelled(shop, order)


def _work(shop: Shop, number: int, order: Order, spec: Cancel, actor: str) -> None:
    shop.jobs[number]["done"] = True
    try:
        check(shop, order)
        with shop.acting(actor):
            cancel(shop, order, spec)
    except Refusal as refused:
        shop.jobs[number]["error"] = refused.message
