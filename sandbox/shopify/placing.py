"""Which location is asked to ship what, and taking that back."""

from collections.abc import Callable, Sequence

from sandbox.shopify.records import FulfillmentOrder, Line, Order, Portion
from sandbox.shopify.state import Shop

OPEN = ("OPEN", "IN_PROGRESS", "ON_HOLD", "SCHEDULED")


def assign(shop: Shop, order: Order, lines: Sequence[Line], take: Callable[[str, str, int], None]) -> None:
    """Ask the locations the shop chooses for lines that need shipping, and take their units."""
    shipping = [line for line in lines if line.ships]
    choices = shop.stock.assign([(line.sku or "", line.quantity) for line in shipping])
    for line, parts in zip(shipping, choices, strict=True):
        for at, quantity in parts:
            take(line.sku or "", at, quantity)
            asked = _asked(shop, order, at)
            asked.portions.append(Portion(shop.next_id(), line.id, quantity, quantity))
            asked.updated_at = shop.now()


def release(shop: Shop, order: Order, line: Line, *, quantity: int, restock: bool) -> str | None:
    """Ask for fewer units of a line that are not shipped yet; gives the last location that is asked for less."""
    at = None
    for asked in order.fulfillment_orders:
        for portion in asked.portions:
            take = min(quantity, portion.remaining if portion.line == line.id else 0)
            if take:
                portion.remaining -= take
                quantity -= take
                at = asked.location
                free = shop.stock.give_back if restock else shop.stock.ship
                free(line.sku or "", at, take)
        settle(shop, asked)
    return at


def reopen(shop: Shop, order: Order, at: str, gone: Portion) -> None:
    """Ask a location again for the units of a cancelled fulfillment."""
    asked = _asked(shop, order, at)
    known = next((portion for portion in asked.portions if portion.line == gone.line), None)
    if known is not None:
        known.remaining += gone.quantity
    else:
        asked.portions.append(Portion(shop.next_id(), gone.line, gone.quantity, gone.quantity))
    asked.updated_at = shop.now()


def settle(shop: Shop, asked: FulfillmentOrder) -> None:
    """Close a fulfillment order that nothing remains of."""
    if asked.status in OPEN and not any(portion.remaining for portion in asked.portions):
        asked.status = "CLOSED"
        asked.updated_at = shop.now()


def _asked(shop: Shop, order: Order, at: str) -> FulfillmentOrder:
    for asked in order.fulfillment_orders:
        if asked.location == at and asked.status == "OPEN":
            return asked
    now = max(shop.now(), order.created_at) if order.fulfillment_orders else order.created_at
    fresh = FulfillmentOrder(shop.next_id(), at, now, now, [])
    order.fulfillment_orders.append(fresh)
    return fresh
