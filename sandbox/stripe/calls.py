"""Stripe's operations: who answers each, what it is called, and which orders a request is about."""

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.http import operation_of
from sandbox.scripted_faults import Call
from sandbox.stripe import expanding, operations
from sandbox.stripe.forms import Form
from sandbox.stripe.state import Stripe
from sandbox.values import Json


class Operation:
    """Who answers, with what kind of object, and its names: the library's, the API description's, and a short one."""

    def __init__(
        self, answer: Callable[[Stripe, web.Request, Form], Json], kind: str, *names: str, many: bool = False
    ) -> None:
        self._answer = answer
        self._kind = kind
        self._many = many
        self.names = names

    def answer(self, state: Stripe, request: web.Request, form: Form) -> Json:
        """Do it, and show whole what the form wants expanded; a wish that leads nowhere is refused before."""
        ways = expanding.check(form.many("expand"), self._kind, in_list=self._many)
        shown = self._answer(state, request, form)
        expanding.fill(state, shown, ways)
        return shown


OPERATIONS: Final[dict[str, Operation]] = {
    "POST /v1/payment_intents": Operation(
        operations.create_intent, "payment_intent", "payment_intents.create", "PostPaymentIntents", "create"
    ),
    "GET /v1/payment_intents/{intent}": Operation(
        operations.retrieve_intent, "payment_intent",
        "payment_intents.retrieve", "GetPaymentIntentsIntent", "retrieve",
    ),
    "POST /v1/payment_intents/{intent}/capture": Operation(
        operations.capture_intent, "payment_intent",
        "payment_intents.capture", "PostPaymentIntentsIntentCapture", "capture",
    ),
    "POST /v1/payment_intents/{intent}/cancel": Operation(
        operations.cancel_intent, "payment_intent",
        "payment_intents.cancel", "PostPaymentIntentsIntentCancel", "cancel",
    ),
    "GET /v1/payment_intents": Operation(
        operations.list_intents, "payment_intent", "payment_intents.list", "GetPaymentIntents", "list", many=True
    ),
    "GET /v1/charges": Operation(
        operations.list_charges, "charge", "charges.list", "GetCharges", "list", many=True
    ),
    "GET /v1/charges/{charge}": Operation(
        operations.retrieve_charge, "charge", "charges.retrieve", "GetChargesCharge", "retrieve"
    ),
    "POST /v1/charges/{charge}/capture": Operation(
        operations.capture_charge, "charge", "charges.capture", "PostChargesChargeCapture", "capture"
    ),
    "POST /v1/refunds": Operation(
        operations.create_refund, "refund", "refunds.create", "PostRefunds", "refund"
    ),
    "GET /v1/refunds": Operation(
        operations.list_refunds, "refund", "refunds.list", "GetRefunds", "list", many=True
    ),
    "POST /v1/webhook_endpoints": Operation(
        operations.create_endpoint, "webhook_endpoint", "webhook_endpoints.create", "PostWebhookEndpoints"
    ),
    "GET /v1/webhook_endpoints": Operation(
        operations.list_endpoints, "webhook_endpoint",
        "webhook_endpoints.list", "GetWebhookEndpoints", "list", many=True,
    ),
    "GET /v1/events/{id}": Operation(
        operations.retrieve_event, "event", "events.retrieve", "GetEventsId", "retrieve"
    ),
    "GET /v1/disputes": Operation(
        operations.list_disputes, "dispute", "disputes.list", "GetDisputes", "list", many=True
    ),
}  # fmt: skip
"""The operations whose rows in `fidelity.py` say that they are offered."""
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
        for payment in (state.everything() if named else ())
        if named & {payment.id, payment.charge, *(refund.id for refund in payment.refunds)}
    )
    return frozenset(order for order in found if order)
