"""Order lines, shipping and taxes."""

from sandbox.shopify import totals
from sandbox.shopify.graph import stock
from sandbox.shopify.graph.values import bag, gid
from sandbox.shopify.money import Bag
from sandbox.shopify.records import Line, Order
from sandbox.shopify.state import Shop
from sandbox.values import Json


def line(shop: Shop, of: Order, it: Line) -> Json:
    """A LineItem."""
    item = shop.item(it.item_id)
    open_units = totals.unfulfilled(of, it.id)
    unit_net = it.net.share(1, it.quantity)
    return {
        "__typename": "LineItem",
        "id": gid("LineItem", it.id),
        "name": it.title,
        "title": it.title,
        "sku": it.sku,
        "quantity": it.quantity,
        "currentQuantity": it.current,
        "refundableQuantity": it.current,
        "unfulfilledQuantity": open_units,
        "nonFulfillableQuantity": 0 if it.ships else it.current,
        "requiresShipping": it.ships,
        "restockable": it.ships,
        "isGiftCard": False,
        "taxable": True,
        "vendor": None,
        "variantTitle": None,
        "customAttributes": [],
        "variant": stock.variant(shop, item) if item else None,
        "product": stock.product(item) if item else None,
        "originalUnitPriceSet": bag(it.unit),
        "originalTotalSet": bag(it.gross),
        "discountedTotalSet": lambda _info, **_args: bag(it.net),
        "discountedUnitPriceSet": bag(unit_net),
        "discountedUnitPriceAfterAllDiscountsSet": bag(unit_net),
        "totalDiscountSet": bag(it.discount),
        "discountAllocations": _discounts(it),
        "taxLines": lambda _info, **_args: tax_lines(it.tax, of),
    }


def shipping(it: Order) -> Json:
    """A ShippingLine."""
    return {
        "__typename": "ShippingLine",
        "id": gid("ShippingLine", it.shipping_line_id),
        "title": it.method,
        "code": it.method,
        "source": "shopify",
        "carrierIdentifier": None,
        "custom": False,
        "isRemoved": False,
        "phone": None,
        "discountAllocations": [],
        "originalPriceSet": bag(it.shipping),
        "discountedPriceSet": bag(it.shipping),
        "currentDiscountedPriceSet": bag(it.shipping),
        "taxLines": tax_lines(it.shipping_tax, it),
    }


def tax_lines(amount: Bag, of: Order) -> list[Json]:
    """One TaxLine, or none where there is no tax; the rate is the order's own, rounded."""
    if amount.shop.amount == 0:
        return []
    base = of.total.shop.amount - of.tax.shop.amount
    rate = round(of.tax.shop.amount / base, 4) if base else 0.0
    return [
        {
            "channelLiable": False,
            "priceSet": bag(amount),
            "rate": rate,
            "ratePercentage": round(rate * 100, 2),
            "source": Shop,
            "title": "Tax",
        }
    ]


def _discounts(it: Line) -> list[Json]:
    if it.discount.shop.amount == 0:
        return []
    application = {
        "__typename": "ManualDiscountApplication",
        "allocationMethod": "ACROSS",
        "description": None,
        "index": 0,
        "targetSelection": "ALL",
        "targetType": "LINE_ITEM",
        "title": "Discount",
        "value": {"__typename": "MoneyV2", **bag(it.discount)["shopMoney"]},
    }
    return [{"allocatedAmountSet": bag(it.discount), "discountApplication": application}]
