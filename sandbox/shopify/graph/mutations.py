"""The roots an app may act through; a refusal comes back as userErrors and changes nothing."""

import json
from collections.abc import Callable
from typing import Any

from graphql import DirectiveNode, GraphQLResolveInfo
from graphql.execution import get_argument_values

from sandbox.shopify.graph import access, fulfilling, levels, payments
from sandbox.shopify.graph.asking import Asking
from sandbox.shopify.graph.values import problem
from sandbox.shopify.refusal import Refusal
from sandbox.shopify.state import Shop
from sandbox.values import Json

Mutation = Callable[[Shop, Json], Json]
Resolver = Callable[..., Json]

MUTATIONS: dict[str, Mutation] = {
    "fulfillmentCreate": fulfilling.fulfillment_create,
    "fulfillmentTrackingInfoUpdate": fulfilling.tracking_update,
    "fulfillmentOrderMove": fulfilling.fulfillment_order_move,
    "fulfillmentOrderHold": fulfilling.hold,
    "fulfillmentOrderReleaseHold": fulfilling.release_hold,
    "orderCapture": payments.order_capture,
    "orderCancel": payments.order_cancel,
    "webhookSubscriptionCreate": fulfilling.subscribe,
    "webhookSubscriptionUpdate": fulfilling.resubscribe,
    "webhookSubscriptionDelete": fulfilling.unsubscribe,
}
ONCE: dict[str, Mutation] = {
    "refundCreate": payments.refund_create,
    "inventorySetQuantities": levels.set_quantities,
    "inventoryActivate": levels.activate,
}
"""Those that must carry @idempotent since 2026-04."""
REFUSED = "refused"
"""Marks an answer for which not every argument was looked at, because nothing was done."""


def roots(shop: Shop) -> dict[str, Any]:
    """Every field of Mutation."""
    plain = {name: _resolver(shop, name, mutation) for name, mutation in MUTATIONS.items()}
    return plain | {
        name: _once(shop, name, _resolver(shop, name, mutation)) for name, mutation in ONCE.items()
    }


def _resolver(shop: Shop, name: str, mutation: Mutation) -> Resolver:
    errors = "orderCancelUserErrors" if name == "orderCancel" else "userErrors"

    def resolve(info: GraphQLResolveInfo[Any], args: Json) -> Json:
        try:
            if name == "webhookSubscriptionCreate":
                _may_subscribe(info.context, args["topic"])
            return {**mutation(shop, args), errors: []}
        except Refusal as refused:
            told = {"field": refused.field, "message": refused.message, "code": refused.code}
            return {errors: [told], REFUSED: True}

    return resolve


def _once(shop: Shop, name: str, resolve: Resolver) -> Resolver:
    """Under one key the mutation is done once; the same request again gets the first answer."""

    def resolve_once(info: GraphQLResolveInfo[Any], args: Json) -> Json:
        key = _key(info)
        wanted = json.dumps(args, sort_keys=True, default=str)
        known = shop.replies.get((name, key))
        if known is None:
            answer = resolve(info, args)
            if not answer["userErrors"]:
                shop.replies[name, key] = (wanted, answer)
            return answer
        if known[0] == wanted:
            return {**known[1], REFUSED: True}
        message = "The idempotency key was used before with other parameters"
        told = {"message": message, "code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"}
        return {"userErrors": [told], REFUSED: True}

    return resolve_once


def _may_subscribe(asking: Asking, topic: str) -> None:
    """Refuse a topic whose bodies the token may not read, in words recorded of the vendor."""
    if not access.allowed(access.topic(topic), asking.scopes):
        message = "You cannot create a webhook subscription with the specified topic"
        raise Refusal(message, "webhookSubscription", "topic")


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
