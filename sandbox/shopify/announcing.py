"""Which webhooks follow from a change of an order."""

from typing import Final

from sandbox.shopify import payloads, webhooks
from sandbox.shopify.records import Fulfillment, FulfillmentOrder, Hold, Order, Refund
from sandbox.shopify.state import Shop
from sandbox.shopify.totals import financial_status, fulfillment_status
from sandbox.values import Json

TOLD: Final = ("SUCCESS", "FAILURE", "ERROR")
"""The states of a transaction that order_transactions/create tells of; a pending one is told once it is none any more."""


def known(order: Order) -> None:
    """An order from before: what it has by then is news to nobody."""
    order.announced = {entry.id for entry in order.transactions if entry.status in TOLD}
    order.announced_risk = order.assessed


def placed(shop: Shop, order: Order) -> None:
    """A new order."""
    _order(shop, order, "ORDERS_CREATE", "ORDERS_UPDATED")
    _follow(shop, order)
    if financial_status(order, shop.now()) == "PAID":
        _order(shop, order, "ORDERS_PAID")


def changed(shop: Shop, order: Order) -> None:
    """Something about an order changed."""
    _order(shop, order, "ORDERS_UPDATED")
    _follow(shop, order)


def paid(shop: Shop, order: Order) -> None:
    """Money came in."""
    changed(shop, order)
    if financial_status(order, shop.now()) == "PAID":
        _order(shop, order, "ORDERS_PAID")


def edited(shop: Shop, order: Order, added: list[int], removed: list[int]) -> None:
    """Lines, address or totals were edited."""
    if added or removed:
        _send(shop, order, "ORDERS_EDITED", payloads.edit(shop, order, added, removed))
    changed(shop, order)


def cancelled(shop: Shop, order: Order) -> None:
    """An order was called off."""
    _order(shop, order, "ORDERS_CANCELLED", "ORDERS_UPDATED")
    _follow(shop, order)


def refunded(shop: Shop, order: Order, refund: Refund) -> None:
    """Units or money were given back."""
    _send(shop, order, "REFUNDS_CREATE", payloads.refund(order, refund, shop))
    changed(shop, order)


def shipped(shop: Shop, order: Order, fulfillment: Fulfillment) -> None:
    """A parcel was reported."""
    _send(shop, order, "FULFILLMENTS_CREATE", payloads.fulfillment(order, fulfillment, shop))
    whole = fulfillment_status(order) == "FULFILLED"
    _order(shop, order, "ORDERS_FULFILLED" if whole else "ORDERS_PARTIALLY_FULFILLED")
    changed(shop, order)


def fulfillment_changed(shop: Shop, order: Order, fulfillment: Fulfillment) -> None:
    """A parcel's tracking changed, or it was cancelled."""
    _send(shop, order, "FULFILLMENTS_UPDATE", payloads.fulfillment(order, fulfillment, shop))
    changed(shop, order)


def held(shop: Shop, order: Order, asked: FulfillmentOrder, hold: Hold) -> None:
    """Somebody holds a fulfillment order; a further hold of the same is told by the order alone."""
    if len(asked.holds) == 1:
        _send(shop, order, "FULFILLMENT_ORDERS_PLACED_ON_HOLD", payloads.hold(asked, hold))
    changed(shop, order)


def hold_released(shop: Shop, order: Order, asked: FulfillmentOrder) -> None:
    """A fulfillment order is free again."""
    _send(shop, order, "FULFILLMENT_ORDERS_HOLD_RELEASED", {"fulfillment_order": payloads.asked(asked)})
    changed(shop, order)


def moved(shop: Shop, order: Order, original: FulfillmentOrder, new: FulfillmentOrder) -> None:
    """Another location is asked to ship."""
    _send(shop, order, "FULFILLMENT_ORDERS_MOVED", payloads.move(shop, original, new))
    changed(shop, order)


def _follow(shop: Shop, order: Order) -> None:
    """What happened to an order's money, and what is now thought of its risk."""
    for entry in order.transactions:
        if entry.status in TOLD and entry.id not in order.announced:
            order.announced.add(entry.id)
            _send(shop, order, "ORDER_TRANSACTIONS_CREATE", payloads.transaction(order, entry))
    if order.announced_risk != order.assessed:
        order.announced_risk = order.assessed
        _send(shop, order, "ORDERS_RISK_ASSESSMENT_CHANGED", payloads.risk(shop, order))


def _order(shop: Shop, order: Order, *topics: str) -> None:
    payload = payloads.order(shop, order)
    for topic in topics:
        _send(shop, order, topic, payload)


def _send(shop: Shop, order: Order, topic: str, payload: Json) -> None:
    if not order.hidden:
        webhooks.announce(shop, topic, order.name, payload)
