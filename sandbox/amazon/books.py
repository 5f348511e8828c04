"""Amazon's books: what truly happened, whatever the API answers."""

from collections.abc import Iterable

from sandbox.amazon.listing import AMAZON, MERCHANT, Listing
from sandbox.amazon.order import Line, Order, Package
from sandbox.values import Json


def amazon_books(orders: Iterable[Order], listings: Iterable[Listing]) -> Json:
    """Orders with their shipments, and the quantities that shoppers see."""
    known = list(listings)
    return {
        "orders": {order.order_id: _order(order) for order in orders},
        "levels": {listing.sku: listing.available() for listing in known if listing.fulfilled_by == MERCHANT},
        "fba": {listing.sku: listing.fba_quantity for listing in known if listing.fulfilled_by == AMAZON},
    }


def _order(order: Order) -> Json:
    by_item = {line.item_id: line for line in order.lines}
    tax = sum(line.tax for line in order.lines)
    return {
        "total": order.total,
        "tax": tax,
        "tax_collected_by_marketplace": tax if order.tax_by_marketplace else 0,
        "refunded": order.refunded,
        "currency": order.currency,
        "placed_at": order.placed_at.isoformat(),
        "status": order.status,
        "fulfilled_by": order.fulfilled_by,
        "lines": [
            {"listing": line.listing, "qty": line.quantity, "price": line.price} for line in order.lines
        ],
        "shipments": [
            _shipment(package, by_item)
            for package in order.packages.values()
            if not package.lost and not package.cancelled
        ],
    }


def _shipment(package: Package, by_item: dict[str, Line]) -> Json:
    return {
        "reference": package.reference,
        "carrier_code": package.carrier_code,
        "carrier_name": package.carrier_name,
        "tracking": package.tracking,
        "method": package.method,
        "app": package.app,
        "at": package.created.isoformat(),
        "lines": [
            {"listing": by_item[item_id].listing, "qty": quantity}
            for item_id, quantity in package.items.items()
        ],
    }
