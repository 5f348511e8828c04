"""The port of Amazon's stand-in: every operation with its usage plan, and what surrounds each call."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from sandbox.amazon import (
    account_api,
    calls,
    feeds_api,
    fidelity,
    listings_api,
    notifications_api,
    orders_api,
    parameters,
    sqs_api,
)
from sandbox.amazon.login import consent_page, token
from sandbox.amazon.refusals import Refused, broken, not_offered, over_quota
from sandbox.amazon.state import Account
from sandbox.fidelity import Fidelity
from sandbox.http import Handler, injecting
from sandbox.scripted_faults import Call

Answer = Callable[[Account, web.Request], Awaitable[web.Response]]

LISTINGS: Final = "/listings/2021-08-01/items/{sellerId}"
FEEDS: Final = "/feeds/2021-06-30"
NOTIFICATIONS: Final = "/notifications/v1"
API: Final = (
    "/orders/", "/listings/", "/feeds/", "/fba/", "/notifications/", "/sellers/", "/reports/", "/tokens/",
)  # fmt: skip
"""Where the Selling Partner API is; login, queue and uploads lie elsewhere and are spared the faults of calls."""


@dataclass(frozen=True)
class Operation:
    """One operation of the Selling Partner API with its usage plan (requests a second, burst)."""

    api: str
    name: str
    method: str
    path: str
    rate: float
    burst: int
    answer: Answer
    grantless: bool = False

    @property
    def row(self) -> Fidelity:
        """How far it is offered."""
        return fidelity.ROWS[f"{self.api}.{self.name}"]


OPERATIONS: Final = (
    Operation(fidelity.ORDERS, "searchOrders", "GET", "/orders/2026-01-01/orders", 0.0056, 20, orders_api.search_orders),
    Operation(fidelity.ORDERS, "getOrder", "GET", "/orders/2026-01-01/orders/{orderId}", 0.5, 30, orders_api.get_order),
    Operation(fidelity.ORDERS_V0, "confirmShipment", "POST", "/orders/v0/orders/{orderId}/shipmentConfirmation", 2, 10,
              orders_api.confirm_shipment),
    Operation(fidelity.LISTINGS, "searchListingsItems", "GET", LISTINGS, 5, 5, listings_api.search_listings_items),
    Operation(fidelity.LISTINGS, "getListingsItem", "GET", LISTINGS + "/{sku}", 5, 10, listings_api.get_listings_item),
    Operation(fidelity.LISTINGS, "patchListingsItem", "PATCH", LISTINGS + "/{sku}", 5, 5, listings_api.patch_listings_item),
    Operation(fidelity.FEEDS, "createFeedDocument", "POST", FEEDS + "/documents", 0.5, 15, feeds_api.create_feed_document),
    Operation(fidelity.FEEDS, "getFeedDocument", "GET", FEEDS + "/documents/{feedDocumentId}", 0.0222, 10,
              feeds_api.get_feed_document),
    Operation(fidelity.FEEDS, "createFeed", "POST", FEEDS + "/feeds", 0.0083, 15, feeds_api.create_feed),
    Operation(fidelity.FEEDS, "getFeed", "GET", FEEDS + "/feeds/{feedId}", 2, 15, feeds_api.get_feed),
    Operation(fidelity.FBA, "getInventorySummaries", "GET", "/fba/inventory/v1/summaries", 2, 2,
              account_api.get_inventory_summaries),
    Operation(fidelity.SELLERS, "getMarketplaceParticipations", "GET", "/sellers/v1/marketplaceParticipations", 0.016, 15,
              account_api.get_marketplace_participations),
    Operation(fidelity.NOTIFICATIONS, "createDestination", "POST", NOTIFICATIONS + "/destinations", 1, 5,
              notifications_api.create_destination, grantless=True),
    Operation(fidelity.NOTIFICATIONS, "getDestinations", "GET", NOTIFICATIONS + "/destinations", 1, 5,
              notifications_api.get_destinations, grantless=True),
    Operation(fidelity.NOTIFICATIONS, "deleteDestination", "DELETE", NOTIFICATIONS + "/destinations/{destinationId}", 1, 5,
              notifications_api.delete_destination, grantless=True),
    Operation(fidelity.NOTIFICATIONS, "createSubscription", "POST", NOTIFICATIONS + "/subscriptions/{notificationType}", 1, 5,
              notifications_api.create_subscription),
    Operation(fidelity.NOTIFICATIONS, "getSubscription", "GET", NOTIFICATIONS + "/subscriptions/{notificationType}", 1, 5,
              notifications_api.get_subscription),
    Operation(fidelity.NOTIFICATIONS, "deleteSubscriptionById", "DELETE", NOTIFICATIONS + "/subscriptions/{notificationType}/{subscriptionId}",
              1, 5, notifications_api.delete_subscription_by_id, grantless=True),
)  # fmt: skip


def build(amazon: Account) -> web.Application:
    """The stand-in's application."""
    app = web.Application(middlewares=[_refusals, _injecting(amazon)], client_max_size=16 * 2**20)

    async def consent(request: web.Request) -> web.Response:
        return consent_page(amazon.login, request, seller=amazon.seller)

    async def login(request: web.Request) -> web.Response:
        return await token(amazon.login, request)

    app.router.add_get("/apps/authorize/consent", consent)
    app.router.add_post("/auth/o2/token", login)
    app.router.add_put("/tortuga/{documentId}", _bound(amazon, feeds_api.upload))
    app.router.add_get("/tortuga/{documentId}", _bound(amazon, feeds_api.download))
    app.router.add_post("/", _bound(amazon, sqs_api.answer))
    app.router.add_post("/{account}/{queue}", _bound(amazon, sqs_api.answer))
    for operation in OPERATIONS:
        app.router.add_route(operation.method, operation.path, _opened(amazon, operation))
    for name, (method, path) in fidelity.NOT_OFFERED.items():
        app.router.add_route(method, path, _closed(amazon, name))
    return app


def _bound(amazon: Account, answer: Answer) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await answer(amazon, request)

    return handle


def _opened(amazon: Account, operation: Operation) -> Handler:
    """The operation behind its token check and its usage plan."""

    async def handle(request: web.Request) -> web.StreamResponse:
        amazon.login.admit(request, operation.name, grantless=operation.grantless)
        limits = amazon.limits
        if not limits.take(operation.name, operation.rate, burst=operation.burst, now=amazon.now()):
            amazon.env.throttled["amazon"] += 1
            raise over_quota()
        await parameters.admit(operation.row, request)
        response = await operation.answer(amazon, request)
        response.headers["x-amzn-RateLimit-Limit"] = f"{limits.rate(operation.rate):g}"
        return response

    return handle


def _closed(amazon: Account, name: str) -> Handler:
    """An operation of Amazon's that is not offered: refused aloud, to whoever may call at all."""

    async def handle(request: web.Request) -> web.StreamResponse:
        amazon.login.admit(request, name, grantless=None)
        raise not_offered(name)

    return handle


def _injecting(amazon: Account) -> Middleware:
    """The armed faults, on the calls of the Selling Partner API only."""
    names = {f"{operation.method} {operation.path}": operation.name for operation in OPERATIONS}
    amazon.env.scripted_faults.operations["amazon"] = frozenset(names.values())

    async def call_of(request: web.Request) -> Call:
        return calls.call_of(names, request)

    inject = injecting(
        amazon.env, "amazon", throttled=lambda: over_quota().response(), failed=lambda: broken().response(),
        call_of=call_of,
    )  # fmt: skip

    @web.middleware
    async def inject_into_api(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Other pages of the port are not even counted as calls."""
        return await (inject(request, handler) if request.path.startswith(API) else handler(request))

    return inject_into_api


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal in Amazon's own shape, and a request id on every answer of the API."""
    try:
        response = await handler(request)
    except Refused as refused:
        response = refused.response()
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        response = Refused(404, "NotFound", "The requested resource is not found.").response()
    if request.path.startswith(API):
        response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
    return response
