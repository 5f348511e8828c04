"""confirmShipment (Orders v0): the one write there is on an order.

A repeat with the same packageReferenceId updates that package; a package that would ship more than was ordered is refused.
"""

from datetime import datetime

from sandbox.amazon.carriers import CODES, OTHER
from sandbox.amazon.listing import MERCHANT
from sandbox.amazon.order import Order, Package
from sandbox.amazon.reading import field, parsed_instant
from sandbox.amazon.refusals import invalid
from sandbox.values import Json

OPEN = frozenset({"UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"})
"""Statuses in which packages can be reported; SHIPPED only to update one."""


def confirmed(order: Order, given: Json, *, marketplace: str, now: datetime) -> Package:
    """The package that a request reports; refuses what Amazon refuses and changes nothing."""
    if field(given, "marketplaceId", str) != marketplace:
        raise invalid("MarketplaceId: does not match the marketplace of the order.")
    detail = field(given, "packageDetail", dict)
    reference = field(detail, "packageReferenceId", str, at="packageDetail")
    if not reference.isdecimal() or int(reference) < 1:
        raise invalid("PackageReferenceId: is invalid, must be a positive numeric value.")
    code = field(detail, "carrierCode", str, at="packageDetail")
    if code not in CODES:
        raise invalid(f"CarrierCode: {code} is not a carrier code of this marketplace.")
    if code == OTHER and not detail.get("carrierName"):
        raise invalid("CarrierName: is required when CarrierCode is Other.")
    tracking = field(detail, "trackingNumber", str, at="packageDetail")
    shipped = parsed_instant(field(detail, "shipDate", str, at="packageDetail"), "packageDetail.shipDate")
    if shipped < order.placed_at:
        raise invalid("ShipDate: must not be before the order was placed.")
    _refuse_by_status(order)
    return Package(
        reference=reference,
        created=now,
        shipped=shipped,
        carrier_code=code,
        carrier_name=detail.get("carrierName"),
        method=detail.get("shippingMethod"),
        tracking=tracking,
        items=_items(order, field(detail, "orderItems", list, at="packageDetail"), reference),
    )


def status_after(order: Order) -> str:
    """What the order's packages make of it."""
    left = any(order.shipped(line.item_id) < line.quantity for line in order.lines)
    return "PARTIALLY_SHIPPED" if left else "SHIPPED"


def _refuse_by_status(order: Order) -> None:
    if order.fulfilled_by != MERCHANT:
        raise invalid("The order is fulfilled by Amazon; its shipment cannot be confirmed.")
    if order.status not in OPEN:
        raise invalid(f"The order's shipment cannot be confirmed while it is {order.status}.")


def _items(order: Order, given: list[Json], reference: str) -> dict[str, int]:
    if not given:
        raise invalid("OrderItems: at least one order item is required.")
    ordered = {line.item_id: line.quantity for line in order.lines}
    items: dict[str, int] = {}
    for item in given:
        item_id = field(item, "orderItemId", str, at="packageDetail.orderItems")
        quantity = field(item, "quantity", int, at="packageDetail.orderItems")
        if item_id not in ordered:
            raise invalid(f"OrderItemId: {item_id} is not an item of the order.")
        if quantity < 1:
            raise invalid("Quantity: must be a positive number.")
        items[item_id] = items.get(item_id, 0) + quantity
        if items[item_id] + order.shipped(item_id, without=reference) > ordered[item_id]:
            raise invalid(f"Quantity: more of {item_id} than is left to ship.")
    return items
