"""What a GraphQL request is called, and which orders and listings it is about."""

import json
import re
from typing import Final

from aiohttp import web
from graphql import FieldNode, GraphQLError, OperationDefinitionNode, OperationType, parse

from sandbox.planned import Call
from sandbox.shopify.graph import run
from sandbox.shopify.records import Order
from sandbox.shopify.state import Shop

GID: Final = re.compile(r"gid://shopify/(\w+)/(\d+)")
SET_UP: Final = "webhookSubscription"
"""Mutations whose names begin so set up the app and change nothing a shopper sees."""


def operations() -> frozenset[str]:
    """Every root field of the supported API."""
    roots = (run.schema().query_type, run.schema().mutation_type)
    return frozenset(name for root in roots if root is not None for name in root.fields)


async def call_of(shop: Shop, request: web.Request) -> Call:
    """The call behind a request; a document that is none is named as that."""
    try:
        body = json.loads(await request.read())
        query, variables = str(body["query"]), json.dumps(body.get("variables") or {})
        chosen = [one for one in parse(query).definitions if isinstance(one, OperationDefinitionNode)]
    except (ValueError, KeyError, TypeError, AttributeError, GraphQLError):
        return Call(names=("graphql",))
    roots = [
        field.name.value
        for one in chosen
        for field in one.selection_set.selections
        if isinstance(field, FieldNode)
    ]
    changes = any(one.operation is OperationType.MUTATION for one in chosen)
    ids = {(kind, int(number)) for kind, number in GID.findall(query + variables)}
    return Call(
        names=(*roots, *(one.name.value for one in chosen if one.name is not None)) or ("graphql",),
        write=changes and not all(name.startswith(SET_UP) for name in roots),
        orders=frozenset(order.name for order in shop.orders.values() if _parts(order) & ids),
        listings=frozenset(
            item.sku for item in shop.stock.items.values() if ("InventoryItem", item.id) in ids
        ),
    )


def _parts(order: Order) -> set[tuple[str, int]]:
    """The ids of an order and of what hangs on it."""
    return {
        ("Order", order.id),
        *(("FulfillmentOrder", asked.id) for asked in order.fulfillment_orders),
        *(("Fulfillment", made.id) for made in order.fulfillments),
        *(("OrderTransaction", entry.id) for entry in order.transactions),
    }
