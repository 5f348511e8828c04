"""Stripe's operations: who answers each, what it is called, and which orders a request is about."""

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.http import operation_of
from sandbox.planned import Call
from sandbox.stripe import operations
from sandbox.stripe.forms import Form
from sandbox.stripe.state import Stripe
from sandbox.values import Json


class Operation:
    """Who answers, and its names: the library's, the API description's, and a short one."""

    def __init__(self, answer: Callable[[Stripe, web.Request, Form], Json], *names: str) -> None:
        self.answer = answer
        self.names = names


OPERATIONS: Final[dict[str, Operation]] = {
    "POST /v1/payment_intents":
        Operation(operations.create_intent, "payment_intents.create", "PostPaymentIntents", "create"),
    "GET /v1/payment_intents/{intent}":
        Operation(operations.retrieve_intent, "payment_intents.retrieve", "GetPaymentIntentsIntent", "retrieve"),
    "POST /v1/payment_intents/{intent}/capture":
        Operation(operations.capture_intent, "payment_intents.capture", "PostPaymentIntentsIntentCapture", "capture"),
    "POST /v1/payment_intents/{intent}/cancel":
        Operation(operations.cancel_intent, "payment_intents.cancel", "PostPaymentIntentsIntentCancel", "cancel"),
    "GET /v1/payment_intents": Operation(operations.list_intents, "payment_intents.list", "GetPaymentIntents", "list"),
    "GET /v1/charges": Operation(operations.list_charges, "charges.list", "GetCharges", "list"),
    "GET /v1/charges/{charge}":
        Operation(operations.retrieve_charge, "charges.retrieve", "GetChargesCharge", "retrieve"),
    "POST /v1/charges/{charge}/capture":
        Operation(operations.capture_charge, "charges.capture", "PostChargesChargeCapture", "capture"),
    "POST /v1/refunds": Operation(operations.create_refund, "refunds.create", "PostRefunds", "refund"),
    "GET /v1/refunds": Operation(operations.list_refunds, "refunds.list", "GetRefunds", "list"),
    "POST /v1/webhook_endpoints":
        Operation(operations.create_endpoint, "webhook_endpoints.create", "PostWebhookEndpoints"),
    "GET /v1/webhook_endpoints":
        Operation(operations.list_endpoints, "webhook_endpoints.list", "GetWebhookEndpoints", "list"),
    "GET /v1/events/{id}": Operation(operations.retrieve_event, "events.retrieve", "GetEventsId", "retrieve"),
    "GET /v1/disputes": Operation(operations.list_disputes, "disputes.list", "GetDisputes", "list"),
}  # fmt: skip
MOVES: Final = ("POST /v1/payment_intents", "POST /v1/charges", "POST /v1/refunds")
"""Where money moves; everything else that is posted sets up the account."""


async def call_of(state: Stripe, request: web.Request) -> Call:
    """The call behind a request."""
    route = operation_of(request)
    given = {key: str(value) for key, value in request.match_info.items()}
    if request.method == "POST":
        given |= dict(parse_qsl((await request.read()).decode("utf-8", "replace")))
    else:
        given |= dict(request.query)
    return Call(
        names=OPERATIONS[route].names if route in OPERATIONS else ("other",),
        write=route.startswith(MOVES),
        orders=orders(state, given),
    )


def orders(state: Stripe, given: dict[str, str]) -> frozenset[str]:
    """The orders whose payments a request names."""
    named = {given.get(key) for key in ("intent", "payment_intent", "charge", "refund")} - {None}
    found = (
        payment.metadata.get("order")
        for payment in state.everything()
        if named & {payment.id, payment.charge, *(refund.id for refund in payment.refunds)}
    )
    return frozenset(order for order in found if order)
