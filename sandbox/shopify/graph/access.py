"""Which access scopes a field needs: one of those listed; a write scope reads as well.

A root field needs its own, and every field needs those of the object it leads to (shopify.dev, "Requires ... access scope" on
the pages of the objects; Location since 2024-07, InventoryItem readable with either scope since 2025-01-22: changelog; all
read 2026-11-30). Scopes of marketplaces and of shops' own staff are not offered, so they are not listed here.
"""

from typing import Any, Final

from graphql import GraphQLError, GraphQLResolveInfo, get_named_type

from sandbox.shopify.graph.values import problem

SHIPPERS: Final = (
    "merchant_managed_fulfillment_orders",
    "assigned_fulfillment_orders",
    "third_party_fulfillment_orders",
)
_READ_SHIPPERS: Final = tuple(f"read_{name}" for name in SHIPPERS)
_WRITE_SHIPPERS: Final = tuple(f"write_{name}" for name in SHIPPERS)
_READ_EITHER: Final = ("read_orders", *_READ_SHIPPERS)
CHANGING: Final[dict[str, tuple[str, ...]]] = {
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
"""What a mutation needs."""
OBJECTS: Final[dict[str, tuple[str, ...]]] = {
    "Customer": ("read_customers",),
    "Fulfillment": _READ_EITHER,
    "FulfillmentHold": _READ_SHIPPERS,
    "FulfillmentOrder": _READ_SHIPPERS,
    "FulfillmentTrackingInfo": _READ_EITHER,
    "InventoryItem": ("read_inventory", "read_products"),
    "InventoryLevel": ("read_inventory",),
    "Location": ("read_locations",),
    "Order": ("read_orders",),
    "OrderTransaction": ("read_orders",),
    "Product": ("read_products",),
    "ProductVariant": ("read_products",),
    "Refund": ("read_orders",),
}
"""What an object needs, wherever it is reached."""
TOPICS: Final[dict[str, tuple[str, ...]]] = {
    "FULFILLMENTS": ("read_fulfillments",),
    "FULFILLMENT_ORDERS": _READ_SHIPPERS,
    "INVENTORY_LEVELS": ("read_inventory",),
    "ORDERS": ("read_orders",),
    "ORDER_TRANSACTIONS": ("read_orders",),
    "REFUNDS": ("read_orders",),
}
"""What subscribing to a topic needs, by the topic's beginning (the vendor's schema, WebhookSubscriptionTopic, 2026-10)."""


def topic(name: str) -> tuple[str, ...]:
    """The scopes of which a topic needs one."""
    known = (one for one in sorted(TOPICS, key=len, reverse=True) if name.startswith(f"{one}_"))
    return TOPICS.get(next(known, ""), ())


def check(info: GraphQLResolveInfo[Any], scopes: frozenset[str]) -> None:
    """Refuse a field that the token was not granted."""
    kind = get_named_type(info.return_type).name
    needs = OBJECTS.get(kind.removesuffix("Connection"), ())
    if info.parent_type.name == "Mutation":
        needs = CHANGING.get(info.field_name, ())
    if not allowed(needs, scopes):
        raise denied(info.field_name, needs)


def allowed(needs: tuple[str, ...], scopes: frozenset[str]) -> bool:
    """Whether one of the scopes needed was granted."""
    if not needs or "*" in scopes:
        return True
    return any(name in scopes or name.replace("read_", "write_", 1) in scopes for name in needs)


def denied(field: str, needs: tuple[str, ...]) -> GraphQLError:
    """What a token without the scope is told; the field is null beside it."""
    required = " or ".join(f"`{name}` access scope" for name in needs) + "."
    message = f"Access denied for {field} field. Required access: {required}"
    documentation = "https://shopify.dev/api/usage/access-scopes"
    return problem(message, "ACCESS_DENIED", documentation=documentation, requiredAccess=required)
