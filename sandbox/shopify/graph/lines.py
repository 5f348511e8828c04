"""Order lines, shipping and taxes."""

from sandbox.shopify import totals
from sandbox.shopify.graph import stock
from sandbox.shopify.graph.values import bag, gid, some
from sandbox.shopify.money import Bag
from sandbox.shopify.records import Line, Order
from sandbox.shopify.state import Shop
from sandbox.values import Json


def line(shop: Shop, of: Order, it: Line) -> Json:
    """A LineItem."""
    item = shop.item(it.item_id)
    return {
        "__typename": "LineItem",
        "id": gid("LineItem", it.id),
        "title": it.title,
        "sku": it.sku,
        "quantity": it.quantity,
        "currentQuantity": it.current,
        "unfulfilledQuantity": totals.unfulfilled(of, it.id),
        "requiresShipping": it.ships,
        "customAttributes": [],
        "variant": stock.variant(shop, item) if item else None,
        "product": stock.product(item) if item else None,
        "originalUnitPriceSet": bag(it.unit),
        "discountAllocations": [{"allocatedAmountSet": bag(it.discount)}] if it.discount.shop.amount else [],
        "taxLines": lambda _info, args: some(tax_lines(it.tax), args),
    }


def shipping(it: Order) -> Json:
    """A ShippingLine."""
    price = bag(it.shipping)
    return {
        "title": it.method,
        "originalPriceSet": price,
        "discountedPriceSet": price,
        "currentDiscountedPriceSet": price,
        "taxLines": tax_lines(it.shipping_tax),
    }


def tax_lines(amount: Bag) -> list[Json]:
    """One TaxLine, or none where there is no tax."""
    if amount.shop.amount == 0:
        return []
    return [{"channelLiable": False, "priceSet": bag(amount), "title": "Tax"}]
