"""What a request to Stripe is called, and which orders it is about."""

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.scripted_faults import Call

if TYPE_CHECKING:
    from sandbox.stripe.state import Stripe

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "POST /v1/payment_intents": ("payment_intents.create", "PostPaymentIntents", "create"),
    "GET /v1/payment_intents/{intent}": ("payment_intents.retrieve", "GetPaymentIntentsIntent", "retrieve"),
    "POST /v1/payment_intents/{intent}/capture":
        ("payment_intents.capture", "PostPaymentIntentsIntentCapture", "capture"),
    "POST /v1/payment_intents/{intent}/cancel":
        ("payment_intents.cancel", "PostPaymentIntentsIntentCancel", "cancel"),
    "GET /v1/payment_intents": ("payment_intents.list", "GetPaymentIntents", "list"),
    "GET /v1/charges": ("charges.list", "GetCharges", "list"),
    "GET /v1/charges/{charge}": ("charges.retrieve", "GetChargesCharge", "retrieve"),
    "POST /v1/charges/{charge}/capture": ("charges.capture", "PostChargesChargeCapture", "capture"),
    "POST /v1/refunds": ("refunds.create", "PostRefunds", "refund"),
    "GET /v1/refunds": ("refunds.list", "GetRefunds", "list"),
    "GET /v1/refunds/{refund}": ("refunds.retrieve", "GetRefundsRefund", "retrieve"),
    "POST /v1/webhook_endpoints": ("webhook_endpoints.create", "PostWebhookEndpoints"),
    "GET /v1/webhook_endpoints": ("webhook_endpoints.list", "GetWebhookEndpoints", "list"),
    "GET /v1/webhook_endpoints/{webhook_endpoint}":
        ("webhook_endpoints.retrieve", "GetWebhookEndpointsWebhookEndpoint", "retrieve"),
    "DELETE /v1/webhook_endpoints/{webhook_endpoint}":
        ("webhook_endpoints.delete", "DeleteWebhookEndpointsWebhookEndpoint"),
    "GET /v1/events": ("events.list", "GetEvents", "list"),
    "GET /v1/events/{id}": ("events.retrieve", "GetEventsId", "retrieve"),
    "GET /v1/disputes": ("disputes.list", "GetDisputes", "list"),
    "GET /v1/disputes/{dispute}": ("disputes.retrieve", "GetDisputesDispute", "retrieve"),
}  # fmt: skip
"""Each operation's names: the library's, the API description's, and the short one."""
OPERATIONS: Final = frozenset(name for names in NAMES.values() for name in names)
MOVES: Final = ("/v1/payment_intents", "/v1/charges", "/v1/refunds")
"""Where money moves; everything else that is posted sets up the account."""


async def told(state: "Stripe", request: web.Request) -> Call:
    """The call behind a request."""
    route = request.match_info.route.resource
    path = route.canonical if route is not None else request.path
    given = {key: str(value) for key, value in request.match_info.items()}
    if request.method == "POST":
        given |= dict(parse_qsl((await request.read()).decode("utf-8", "replace")))
    else:
        given |= dict(request.query)
    return Call(
        names=NAMES.get(f"{request.method} {path}", ("other",)),
        write=request.method == "POST" and path.startswith(MOVES),
        orders=orders(state, given),
    )


def orders(state: "Stripe", given: dict[str, str]) -> frozenset[str]:
    """The orders whose payments a request names."""
    named = {given.get(key) for key in ("intent", "payment_intent", "charge", "refund")} - {None}
    found = (
        payment.metadata.get("order")
        for payment in state.everything()
        if named & {payment.id, payment.charge, *(refund.id for refund in payment.refunds)}
    )
    return frozenset(order for order in found if order)
