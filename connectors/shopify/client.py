"""Shopify's GraphQL Admin API: one method per document, under the vendor's names.

ShopifyAPI's own GraphQL call has no time limit, loses headers, prints error bodies and follows redirects with the
token, so the documents are sent by us; the SDK serves authorization (authorize.py).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from connectors.shopify.errors import DEFAULT_PAUSE_S, HTTP, code_of, error_of, refusal_of
from connectors.shopify.settings import ShopifySettings
from core import http
from core.errors import (
    AuthError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)
from core.ports import Connection, Mode, Token

DOCUMENTS = Path(__file__).parent
QUERY_COST = 50
MUTATION_COST = 10
"""What a document is taken to cost until Shopify has said it once."""

Json = dict[str, Any]


def gid(kind: str, number: str) -> str:
    """Return the global id of an object, as in ``gid://shopify/Order/1``."""
    return number if number.startswith("gid://") else f"gid://shopify/{kind}/{number}"


def tail(identity: str) -> str:
    """Return the number in a global id."""
    return identity.split("?", 1)[0].rsplit("/", 1)[-1]


@cache
def document(name: str) -> str:
    """Return the text of a document, read once."""
    return (DOCUMENTS / f"{name}.graphql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a document brought; ``denied`` are the paths our app may not read."""

    fields: Json
    denied: frozenset[str]
    request_id: str | None


class Admin:
    """The Admin API of one shop."""

    def __init__(self, connection: Connection, client: http.Client) -> None:
        settings = connection.settings
        if not isinstance(settings, ShopifySettings):
            raise TypeError("a Shopify connection has ShopifySettings")
        self.connection = connection
        self.client = client
        self.store = settings.store
        self.base = connection.endpoints.get("admin", f"https://{settings.store}").rstrip("/")
        self.version = settings.api_version
        self.mode: Mode | None = "test" if settings.development else None
        self._costs: dict[str, int] = {}

    async def shop(self) -> Json:
        """Return the shop; every app may read it, whatever its scopes."""
        return _object(await self._query("shop"), "shop")

    async def order(self, order_gid: str) -> Answer:
        """Return an order with the first page of everything in it; its ``order`` is None where there is none."""
        return await self._query("order", id=order_gid)

    async def order_lines(self, order_gid: str, after: str) -> Json:
        """Return a further page of an order's lines."""
        return _object(await self._query("order_lines", id=order_gid, after=after), "order", "lineItems")

    async def order_fulfillment_orders(self, order_gid: str, after: str) -> Json:
        """Return a further page of an order's fulfillment orders."""
        return _object(
            await self._query("order_work", id=order_gid, after=after), "order", "fulfillmentOrders"
        )

    async def fulfillment_order_lines(self, work_gid: str, after: str) -> Json:
        """Return a further page of a fulfillment order's lines."""
        return _object(
            await self._query("work_lines", id=work_gid, after=after), "fulfillmentOrder", "lineItems"
        )

    async def orders(self, query: str, after: str | None) -> Json:
        """Return a page of the orders that fit a search, the one changed longest ago first."""
        return _object(await self._query("changed_orders", query=query, after=after), "orders")

    async def product_variants(self, after: str | None) -> Json:
        """Return a page of all variants with their inventory items and locations."""
        return _object(await self._query("listings", after=after), "productVariants")

    async def product_variants_by_sku(self, query: str, after: str | None) -> Json:
        """Return a page of the variants that fit a search."""
        return _object(await self._query("items_by_sku", query=query, after=after), "productVariants")

    async def locations(self, after: str | None) -> Json:
        """Return a page of the shop's active locations."""
        return _object(await self._query("locations", after=after), "locations")

    async def inventory_items(self, item_gids: Sequence[str], location: str) -> list[Json | None]:
        """Return inventory items with their available quantity at one location."""
        answer = await self._query("levels", ids=list(item_gids), location=gid("Location", location))
        nodes: list[Json | None] = answer.fields["nodes"]
        return nodes

    async def inventory_set_quantities(self, quantities: Sequence[Json], *, key: str) -> list[Json]:
        """Set available quantities; return the user errors, which are told per quantity."""
        given = {"name": "available", "reason": "correction", "quantities": list(quantities)}
        answer = await self._mutate("set_levels", input=given, key=key)
        errors: list[Json] = answer.fields["inventorySetQuantities"]["userErrors"]
        return errors

    async def fulfillments(self, order_gid: str) -> list[Json]:
        """Return an order's fulfillments with their tracking numbers."""
        answer = await self._query("shipments", id=order_gid)
        order = answer.fields.get("order")
        if order is None:
            raise self.absent("order", answer)
        found: list[Json] = order["fulfillments"]
        return found

    async def fulfillment_create(self, fulfillment: Json) -> Json:
        """Create a fulfillment with its tracking number."""
        made: Json = await self._change(
            "fulfill", "fulfillmentCreate", "fulfillment", fulfillment=fulfillment
        )
        return made

    async def order_capture(self, given: Json) -> Json:
        """Capture an authorization; return its transaction."""
        made: Json = await self._change("capture", "orderCapture", "transaction", input=given)
        return made

    async def order_cancel(self, order_gid: str, *, refund: bool, restock: bool) -> None:
        """Start cancelling an order; Shopify finishes it in a job of its own."""
        method = {"originalPaymentMethodsRefund": refund}
        answer = await self._mutate("cancel", id=order_gid, refund=method, restock=restock)
        self._settle(answer, "orderCancel", answer.fields["orderCancel"]["orderCancelUserErrors"])

    async def webhook_subscriptions(self, after: str | None) -> Json:
        """Return a page of our app's subscriptions."""
        return _object(await self._query("subscriptions", after=after), "webhookSubscriptions")

    async def webhook_subscription_create(self, topic: str, uri: str) -> None:
        """Subscribe to a topic in this API version."""
        to = {"uri": uri, "format": "JSON"}
        await self._change(
            "subscribe", "webhookSubscriptionCreate", "webhookSubscription", topic=topic, to=to
        )

    async def webhook_subscription_update(self, identity: str, uri: str) -> None:
        """Send a subscription elsewhere."""
        to = {"uri": uri, "format": "JSON"}
        await self._change(
            "resubscribe", "webhookSubscriptionUpdate", "webhookSubscription", id=identity, to=to
        )

    async def webhook_subscription_delete(self, identity: str) -> None:
        """Take a subscription away."""
        await self._change(
            "unsubscribe", "webhookSubscriptionDelete", "deletedWebhookSubscriptionId", id=identity
        )

    def refusal(self, message: str, *, code: str | None = None) -> RejectedError:
        """Return a refusal in this connection's name."""
        return RejectedError(message, connection=self.connection.name, code=code)

    def absent(self, what: str, answer: Answer) -> ConnectorError:
        """Return the error for an object that is not there, or that our app may not read."""
        code = "ACCESS_DENIED" if any(path.split(".")[0] == what for path in answer.denied) else "NOT_FOUND"
        said = f"no such {what}" if code == "NOT_FOUND" else f"the app may not read {what}; grant its scope"
        return RejectedError(said, connection=self.connection.name, code=code, request_id=answer.request_id)

    async def _query(self, name: str, **variables: object) -> Answer:
        return await self._run(name, variables, may_act=False)

    async def _mutate(self, name: str, **variables: object) -> Answer:
        return await self._run(name, variables, may_act=True)

    async def _change(self, name: str, mutation: str, given_back: str, /, **variables: object) -> Any:
        """Run a mutation and return what it gives back; its user errors are raised."""
        answer = await self._mutate(name, **variables)
        payload = answer.fields[mutation]
        self._settle(answer, mutation, payload["userErrors"])
        if payload[given_back] is None:
            raise OutcomeUnknownError(f"{mutation}: nothing came back", connection=self.connection.name)
        return payload[given_back]

    def _settle(self, answer: Answer, what: str, errors: Sequence[Mapping[str, Any]]) -> None:
        if errors:
            raise refusal_of(errors, connection=self.connection.name, what=what, request_id=answer.request_id)

    async def _run(self, name: str, variables: Mapping[str, object], *, may_act: bool) -> Answer:
        cost = self._costs.get(name, MUTATION_COST if may_act else QUERY_COST)
        await self.connection.quota.take("graphql", cost=cost)
        content = json.dumps({"query": document(name), "variables": variables}).encode()
        response = await self._post(name, content, may_act=may_act)
        request_id = http.request_id_of(response)
        try:
            body = response.json(parse_float=Decimal)
            told, fields = body.get("errors") or [], body.get("data")
        except (ValueError, AttributeError) as error:
            lost = OutcomeUnknownError if may_act else UnavailableError
            raise lost(f"{name}: no JSON", connection=self.connection.name, request_id=request_id) from error
        errors = told if isinstance(told, list) else [{"message": told}]
        pause_s = await self._learn(name, body, taken=cost)
        denied = frozenset(_path(one) for one in errors if code_of(one) == "ACCESS_DENIED")
        fatal = [one for one in errors if code_of(one) != "ACCESS_DENIED"]
        if not isinstance(fields, dict) or fatal or (may_act and errors):
            raise error_of(
                fatal or errors or [{}],
                connection=self.connection.name,
                what=name,
                may_act=may_act,
                pause_s=pause_s,
                request_id=request_id,
            )
        return Answer(fields=fields, denied=denied, request_id=request_id)

    async def _post(self, name: str, content: bytes, *, may_act: bool) -> http.Response:
        """Send once; a refused token is renewed once, for a call answered 401 did nothing."""
        token = await self.connection.tokens.current()
        try:
            return await self._send(name, content, token, may_act=may_act)
        except AuthError as error:
            if error.code != "401":
                raise
        renewed = await self.connection.tokens.renew(token)
        return await self._send(name, content, renewed, may_act=may_act)

    async def _send(self, name: str, content: bytes, token: Token, *, may_act: bool) -> http.Response:
        headers = {"content-type": "application/json", "x-shopify-access-token": token.access}
        url = f"{self.base}/admin/api/{self.version}/graphql.json"
        try:
            return await http.send(
                self.client,
                "POST",
                url,
                connection=self.connection.name,
                may_act=may_act,
                what=name,
                content=content,
                headers=headers,
            )
        except RejectedError as error:
            raise _by_status(error) from error

    async def _learn(self, name: str, body: Mapping[str, Any], *, taken: int) -> float:
        """Keep what Shopify says of cost; return how long to wait until this document would be let through.

        ``actualQueryCost`` is what a call cost, and null where it was throttled
        (https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits, seen 2026-12-01). That such a call costs
        nothing is taken for granted, and does no harm if it is wrong: where Shopify tells of less left, its word counts.
        """
        cost = (body.get("extensions") or {}).get("cost") or {}
        asked, throttle = cost.get("requestedQueryCost"), cost.get("throttleStatus") or {}
        if asked is not None:
            self._costs[name] = int(asked)
        if not throttle:
            return DEFAULT_PAUSE_S
        left, rate = float(throttle["currentlyAvailable"]), float(throttle["restoreRate"])
        burst = float(throttle["maximumAvailable"])
        back = taken - float(cost.get("actualQueryCost") or 0)
        await self.connection.quota.learn("graphql", rate_per_s=rate, burst=burst, left=left, back=back)
        return max((float(asked or QUERY_COST) - left) / rate, 0.1) if rate > 0 else DEFAULT_PAUSE_S


def _by_status(error: RejectedError) -> ConnectorError:
    status = int(error.code) if error.code and error.code.isdigit() else 0
    kind = HTTP.get(status)
    if kind is None:
        return error
    said = f"answered {status}"
    if kind is RateLimitError:
        return RateLimitError(
            said,
            connection=error.connection,
            retry_after_s=DEFAULT_PAUSE_S,
            code=error.code,
            request_id=error.request_id,
        )
    return kind(said, connection=error.connection, code=error.code, request_id=error.request_id)


def _object(answer: Answer, *steps: str) -> Json:
    value: Any = answer.fields
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return (
        value
        if isinstance(value, dict)
        else {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    )


def _path(error: Mapping[str, Any]) -> str:
    return ".".join(str(step) for step in error.get("path") or ())
