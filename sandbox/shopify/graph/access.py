"""Which access scopes a root field needs: one of those listed; a write scope reads as well."""

from typing import Final

from sandbox.shopify.graph.values import problem

SHIPPERS: Final = (
    "assigned_fulfillment_orders",
    "merchant_managed_fulfillment_orders",
    "third_party_fulfillment_orders",
)
_READ_SHIPPERS: Final = tuple(f"read_{name}" for name in SHIPPERS)
_WRITE_SHIPPERS: Final = tuple(f"write_{name}" for name in SHIPPERS)
NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "order": ("read_orders",),
    "orders": ("read_orders",),
    "locations": ("read_locations",),
    "productVariants": ("read_products",),
    "fulfillmentOrder": _READ_SHIPPERS,
    "fulfillmentCreate": _WRITE_SHIPPERS,
    "fulfillmentTrackingInfoUpdate": _WRITE_SHIPPERS,
    "fulfillmentOrderMove": _WRITE_SHIPPERS,
    "fulfillmentOrderHold": _WRITE_SHIPPERS,
    "fulfillmentOrderReleaseHold": _WRITE_SHIPPERS,
    "orderCapture": ("write_orders",),
    "orderCancel": ("write_orders",),
    "refundCreate": ("write_orders",),
    "inventorySetQuantities": ("write_inventory",),
    "inventoryActivate": ("write_inventory",),
}


def check(field: str, scopes: frozenset[str]) -> None:
    """Refuse a root field the token was not granted."""
    needed = NEEDED.get(field, ())
    if not needed or "*" in scopes:
        return
    if any(name in scopes or name.replace("read_", "write_", 1) in scopes for name in needed):
        return
    message = f"Access denied for {field} field. Required access: `{needed[0]}` access scope."
    raise problem(message, "ACCESS_DENIED", requiredAccess=f"`{needed[0]}` access scope.")
