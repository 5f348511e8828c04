"""An order as Orders API 2026-01-01 shows it.

A data set that is not asked for in `includedData` is not there: without FULFILLMENT there is no status, without RECIPIENT no
address. What v0 documents for orders whose payment is not authorized yet (getOrderItems: no pricing) is kept here too.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from sandbox.amazon.listing import MERCHANT
from sandbox.amazon.marketplaces import MARKETPLACES
from sandbox.amazon.order import ITEM_PROGRAMS, UNPAID, Line, Order, Package
from sandbox.amazon.times import text
from sandbox.amounts import written
from sandbox.values import Json

INCLUDABLE: Final = (
    "BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES", "TAX",
    "PAYMENT", "FULFILLMENT_ORDERS",
)  # fmt: skip
COLLECTOR: Final = "Amazon Services, Inc."


def order_json(order: Order, included: set[str], *, marketplace: str) -> Json:
    """The order with the asked data sets only."""
    paid = order.status not in UNPAID
    shown: Json = {
        "orderId": order.order_id,
        "createdTime": text(order.placed_at),
        "lastUpdatedTime": text(order.updated_at),
        "programs": [program for program in order.programs if program not in ITEM_PROGRAMS],
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": marketplace,
            "marketplaceName": MARKETPLACES.get(marketplace, (marketplace,))[0],
        },
        "orderItems": [_item(order, line, included, paid=paid) for line in order.lines],
    }
    if "BUYER" in included and paid:
        shown["buyer"] = _buyer(order)
    if "RECIPIENT" in included and paid and order.fulfilled_by == MERCHANT:
        shown["recipient"] = _recipient(order)
    if "PROCEEDS" in included and paid:
        shown["proceeds"] = _proceeds(order)
    if "FULFILLMENT" in included:
        shown["fulfillment"] = _fulfillment(order)
    if "PACKAGES" in included and order.fulfilled_by == MERCHANT:
        shown["packages"] = [_package(package) for package in order.packages.values()]
    return shown


def money(minor: int, currency: str) -> Json:
    """An amount as the model writes it."""
    return {"amount": written(minor, currency), "currencyCode": currency}


def _buyer(order: Order) -> Json:
    buyer: Json = {}
    if order.buyer:
        buyer["buyerName"] = order.buyer
    if order.fulfilled_by == MERCHANT:
        # Amazon gives sellers an address of its own that forwards to the buyer.
        alias = hashlib.sha256(order.order_id.encode()).hexdigest()[:14]
        buyer["buyerEmail"] = f"{alias}@marketplace.amazon.com"
    return buyer


def _recipient(order: Order) -> Json:
    if order.withheld or order.ship_to is None:
        return {}
    to = order.ship_to
    address = {
        "name": to.get("name") or order.buyer,
        "companyName": to.get("company"),
        "addressLine1": to.get("street1"),
        "addressLine2": to.get("street2"),
        "city": to.get("city"),
        "stateOrRegion": to.get("state"),
        "postalCode": to.get("zip"),
        "countryCode": to.get("country"),
        "phone": to.get("phone"),
        "addressType": "RESIDENTIAL",
    }
    return {"deliveryAddress": {name: value for name, value in address.items() if value}}


def _proceeds(order: Order) -> Json:
    sums: dict[str, int] = {}
    for line in order.lines:
        for kind, amount in _parts(order, line):
            sums[kind] = sums.get(kind, 0) + amount
    return {
        "grandTotal": money(order.total, order.currency),
        "breakdowns": _breakdowns(sums.items(), order.currency),
    }


def _parts(order: Order, line: Line) -> list[tuple[str, int]]:
    """What the line's proceeds consist of; tax that the prices include is taken out of them, so that the parts add up."""
    goods, shipping = line.price * line.quantity, line.shipping
    if order.tax_included:
        goods -= line.tax_on_goods
        shipping -= line.tax - line.tax_on_goods
    parts = [("ITEM", goods), ("SHIPPING", shipping), ("TAX", line.tax), ("DISCOUNT", -line.discount)]
    return [(kind, amount) for kind, amount in parts if amount or kind == "ITEM"]


def _breakdowns(parts: Iterable[tuple[str, int]], currency: str) -> list[Json]:
    return [{"type": kind, "subtotal": money(amount, currency)} for kind, amount in parts]


def _fulfillment(order: Order) -> Json:
    shown: Json = {
        "fulfillmentStatus": order.status,
        "fulfilledBy": order.fulfilled_by.upper(),
        "fulfillmentServiceLevel": order.service_level,
    }
    if order.ship_by is not None:
        earliest = min(order.placed_at, order.ship_by)
        shown["shipByWindow"] = {"earliestDateTime": text(earliest), "latestDateTime": text(order.ship_by)}
    if order.deliver_by is not None:
        earliest = min(order.ship_by or order.placed_at, order.deliver_by)
        shown["deliverByWindow"] = {
            "earliestDateTime": text(earliest),
            "latestDateTime": text(order.deliver_by),
        }
    return shown


def _item(order: Order, line: Line, included: set[str], *, paid: bool) -> Json:
    product: Json = {
        "asin": line.asin,
        "title": line.title,
        "sellerSku": line.listing,
        "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
    }
    if paid:
        product["price"] = {"unitPrice": money(line.price, order.currency)}
    if line.customized:
        product["customization"] = {"customizedUrl": f"https://custom.example/{line.item_id}"}
    item: Json = {
        "orderItemId": line.item_id,
        "quantityOrdered": line.quantity,
        "programs": [program for program in order.programs if program in ITEM_PROGRAMS],
        "product": product,
    }
    if "PROCEEDS" in included and paid:
        item["proceeds"] = _item_proceeds(order, line)
    if "CANCELLATION" in included and (line.cancel_asked or order.cancelled_by):
        item["cancellation"] = _cancellation(order, line)
    if "FULFILLMENT" in included:
        sent = order.sent(line)
        left = 0 if order.status == "CANCELLED" else line.quantity - sent
        item["fulfillment"] = {"quantityFulfilled": sent, "quantityUnfulfilled": left}
    if "TAX" in included and paid and order.tax_by_marketplace and line.tax:
        collected = {"model": "MARKETPLACE_FACILITATOR", "responsibleParty": COLLECTOR}
        item["tax"] = {"taxCollections": [collected]}
    return item


def _item_proceeds(order: Order, line: Line) -> Json:
    breakdowns = _breakdowns(_parts(order, line), order.currency)
    for breakdown in breakdowns:
        if breakdown["type"] == "TAX":
            on_shipping = line.tax - line.tax_on_goods
            shares = [("ITEM", line.tax_on_goods), ("SHIPPING", on_shipping)]
            breakdown["detailedBreakdowns"] = [
                {"subtype": kind, "value": money(amount, order.currency)} for kind, amount in shares if amount
            ]
    outside = 0 if order.tax_included else line.tax
    total = line.goods() + line.shipping + outside
    return {"proceedsTotal": money(total, order.currency), "breakdowns": breakdowns}


def _cancellation(order: Order, line: Line) -> Json:
    shown: Json = {}
    if line.cancel_asked:
        shown["cancellationRequest"] = {"requester": "BUYER", "cancelReason": line.cancel_asked}
    if order.cancelled_by:
        shown["cancellationExecution"] = {"cancelledBy": order.cancelled_by, "cancelReason": "CANCELLED"}
    return shown


def _package(package: Package) -> Json:
    shown: Json = {
        "packageReferenceId": package.reference,
        "createdTime": text(package.created),
        "packageStatus": {"status": "CANCELLED" if package.cancelled else "SHIPPED"},
        "carrier": package.carrier_name or package.carrier_code,
        "shipTime": text(package.shipped),
        "trackingNumber": package.tracking,
        "packageItems": [
            {"orderItemId": item_id, "quantity": quantity} for item_id, quantity in package.items.items()
        ],
    }
    if package.method:
        shown["shippingService"] = package.method
    return shown
