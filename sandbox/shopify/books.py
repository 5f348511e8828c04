"""The shop's own books: what truly happened, whatever the API answered."""

from typing import TYPE_CHECKING

from sandbox.shopify import sums
from sandbox.shopify.money import total
from sandbox.shopify.parts import gid
from sandbox.shopify.payloads import gateways
from sandbox.shopify.records import Fulfillment, Order
from sandbox.values import Json

if TYPE_CHECKING:
    from sandbox.shopify.state import Shopify


def of(shop: "Shopify") -> Json:
    """Orders by name, what shoppers see of each listing, mails the shop itself sent, calls."""
    return {
        "orders": {order.name: _order(shop, order) for order in shop.orders.values()},
        "levels": {
            f"{item.sku}@{at}": level.available + level.astray
            for item in shop.stock.items.values()
            for at, level in item.levels.items()
        },
        "mails": shop.mails,
        "calls": shop.world.calls["shopify"],
    }


def _order(shop: "Shopify", order: Order) -> Json:
    promised = total([entry.amount for entry in sums.open_authorizations(order)], order.zero)
    return {
        "id": gid("Order", order.id),
        "total": order.total.shop.amount,
        "currency": order.currency,
        "placed_at": order.created_at.isoformat(),
        "cancelled": order.cancelled_at is not None,
        "financial": sums.financial_status(order, shop.now()),
        "fulfillment": sums.fulfillment_status(order),
        "captured": sums.captured(order).shop.amount,
        "refunded": sums.refunded(order).shop.amount,
        "authorized": promised.shop.amount,
        "gateways": gateways(order),
        "lines": [{"sku": line.sku, "qty": line.quantity} for line in order.lines],
        "fulfillments": [
            entry
            for made in order.fulfillments
            if made.kept and made.status == "SUCCESS"
            for entry in _parcels(order, made)
        ],
    }


def _parcels(order: Order, made: Fulfillment) -> list[Json]:
    """One entry per tracking number; all name the fulfillment's units."""
    lines = [{"sku": order.line(gone.line).sku, "qty": gone.quantity} for gone in made.portions]
    told = made.tracking or [{"number": None, "company": None}]
    return [
        {
            "tracking": entry.get("number"),
            "company": entry.get("company"),
            "location": made.location,
            "lines": lines,
        }
        for entry in told
    ]
