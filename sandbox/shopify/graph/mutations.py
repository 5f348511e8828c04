"""The roots an app may act through; a refusal comes back as userErrors and changes nothing."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from graphql import DirectiveNode, GraphQLResolveInfo
from graphql.execution import get_argument_values

from sandbox.shopify.graph import fulfilling, levels, payments
from sandbox.shopify.graph.values import problem
from sandbox.shopify.refusal import Refusal
from sandbox.shopify.state import Shop
from sandbox.values import Json

Deed = Callable[[Shop, Json], Json]
Resolver = Callable[..., Json]

PLAIN: dict[str, tuple[Deed, Sequence[str]]] = {
    "fulfillmentCreate": (fulfilling.fulfillment_create, ["fulfillment"]),
    "fulfillmentTrackingInfoUpdate": (fulfilling.tracking_update, ["fulfillment"]),
    "fulfillmentOrderMove": (
        fulfilling.fulfillment_order_move,
        ["movedFulfillmentOrder", "originalFulfillmentOrder"],
    ),
    "fulfillmentOrderHold": (fulfilling.hold, ["fulfillmentHold", "fulfillmentOrder"]),
    "fulfillmentOrderReleaseHold": (fulfilling.release_hold, ["fulfillmentOrder"]),
    "orderCapture": (payments.order_capture, ["transaction"]),
    "orderCancel": (payments.order_cancel, ["job"]),
    "webhookSubscriptionCreate": (fulfilling.subscribe, ["webhookSubscription"]),
    "webhookSubscriptionUpdate": (fulfilling.resubscribe, ["webhookSubscription"]),
    "webhookSubscriptionDelete": (fulfilling.unsubscribe, ["deletedWebhookSubscriptionId"]),
}
"""Each mutation's deed, and the fields of its payload that are empty when it is refused."""
ONCE: dict[str, tuple[Deed, Sequence[str]]] = {
    "refundCreate": (payments.refund_create, ["order", "refund"]),
    "inventorySetQuantities": (levels.set_quantities, ["inventoryAdjustmentGroup"]),
    "inventoryActivate": (levels.activate, ["inventoryLevel"]),
}
"""Those that must carry @idempotent since 2026-04."""


def roots(shop: Shop) -> dict[str, Any]:
    """Every field of Mutation."""
    plain = {name: _resolver(shop, name, *entry) for name, entry in PLAIN.items()}
    once = {name: _once(shop, name, _resolver(shop, name, *entry)) for name, entry in ONCE.items()}
    return {**plain, **once}


def _resolver(shop: Shop, name: str, deed: Deed, empty: Sequence[str]) -> Resolver:
    errors = "orderCancelUserErrors" if name == "orderCancel" else "userErrors"

    def resolve(_info: GraphQLResolveInfo[Any], **args: object) -> Json:
        try:
            return {**deed(shop, args), errors: []}
        except Refusal as refused:
            error = {"field": refused.field, "message": refused.message, "code": refused.code}
            return {**dict.fromkeys(empty), errors: [error]}

    return resolve


def _once(shop: Shop, name: str, resolve: Resolver) -> Resolver:
    """Under one key the deed is done once; the same request again gets the first answer."""

    def resolve_once(info: GraphQLResolveInfo[Any], **args: object) -> Json:
        key = _key(info)
        wanted = json.dumps(args, sort_keys=True, default=str)
        known = shop.replies.get((name, key))
        if known is None:
            answer = resolve(info, **args)
            if not answer["userErrors"]:
                shop.replies[name, key] = (wanted, answer)
            return answer
        if known[0] == wanted:
            return known[1]
        mismatch = {
            "field": None,
            "message": "The idempotency key was used before with other parameters",
            "code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
        }
        return {**dict.fromkeys(ONCE[name][1]), "userErrors": [mismatch]}

    return resolve_once


def _key(info: GraphQLResolveInfo[Any]) -> str:
    found: list[DirectiveNode] = [
        mark for mark in info.field_nodes[0].directives or () if mark.name.value == "idempotent"
    ]
    if not found:
        message = "The @idempotent directive is required for this mutation but was not provided."
        raise problem(message, "BAD_REQUEST")
    directive = info.schema.get_directive("idempotent")
    key = get_argument_values(directive, found[0], info.variable_values)["key"] if directive else ""
    if not str(key).strip():
        raise problem("The idempotency key cannot be blank", "BAD_REQUEST")
    return str(key)
