"""Notifications API v1. Destinations belong to the application (grantless), subscriptions to the seller."""

import re
import uuid
from typing import Final

from aiohttp import web

from sandbox.amazon import reading
from sandbox.amazon.notifications import Destination, Subscription
from sandbox.amazon.refusals import Refused, invalid, not_found, unauthorized
from sandbox.amazon.state import Account
from sandbox.values import Json

SENT: Final = "ORDER_CHANGE"
"""The one type that is sent here; Amazon's others are refused, for a subscription to them would stay silent."""
VERSION: Final = "1.0"
CHANGES: Final = frozenset({"BuyerRequestedChange", "DeliveryTipChange", "OrderStatusChange"})
ARN: Final = re.compile(r"^arn:aws:sqs:\S+:\S+:\S+")
LONGEST_NAME: Final = 256


async def create_destination(amazon: Account, request: web.Request) -> web.Response:
    """Register a queue, once."""
    given = await reading.body(request)
    name = reading.field(given, "name", str)
    resource = _resource(reading.field(given, "resourceSpecification", dict))
    if len(name) > LONGEST_NAME:
        raise invalid("Invalid value for name.")
    known = amazon.notifications.destinations
    if any(one.resource == resource for one in known.values()):
        arn, application = resource["sqs"]["arn"], amazon.login.application_id
        raise _conflict(f"A destination with arn {arn} already exists for the application {application}")
    destination = Destination(str(uuid.uuid4()), name, resource)
    known[destination.destination_id] = destination
    return _payload(destination.as_json())


async def get_destinations(amazon: Account, _request: web.Request) -> web.Response:
    """All destinations of the application."""
    return _payload([one.as_json() for one in amazon.notifications.destinations.values()])


async def delete_destination(amazon: Account, request: web.Request) -> web.Response:
    """Forget a destination that no subscription uses."""
    destination = _destination(amazon, request.match_info["destinationId"])
    if any(
        one.destination_id == destination.destination_id
        for one in amazon.notifications.subscriptions.values()
    ):
        raise unauthorized("Destination has subscriptions")
    del amazon.notifications.destinations[destination.destination_id]
    return web.json_response({})


async def create_subscription(amazon: Account, request: web.Request) -> web.Response:
    """Send one kind of notification to a destination; each kind once."""
    kind = _kind(request)
    given = await reading.body(request)
    version = reading.field(given, "payloadVersion", str)
    destination_id = reading.field(given, "destinationId", str)
    directive = given.get("processingDirective")
    _check_directive(directive)
    if version != VERSION:
        raise invalid("Invalid value for payloadVersion.")
    if destination_id not in amazon.notifications.destinations:
        raise invalid("Invalid value for destinationId.")
    known = amazon.notifications.subscriptions
    if any(one.kind == kind for one in known.values()):
        message = "The resource specified conflicts with the current state."
        details = f"Subscription already exists for notification type {kind}"
        raise Refused(409, "StateConflict", message, details)
    subscription = Subscription(str(uuid.uuid4()), kind, destination_id, version, directive)
    known[subscription.subscription_id] = subscription
    return _payload(subscription.as_json())


async def get_subscription(amazon: Account, request: web.Request) -> web.Response:
    """The seller's subscription to a kind of notification."""
    kind, version = _kind(request), request.query.get("payloadVersion")
    for one in amazon.notifications.subscriptions.values():
        if one.kind == kind and version in {None, one.payload_version}:
            return _payload(one.as_json())
    raise not_found(f"There is no subscription to {kind}.")


async def delete_subscription_by_id(amazon: Account, request: web.Request) -> web.Response:
    """End a subscription."""
    del amazon.notifications.subscriptions[_subscription(amazon, request).subscription_id]
    return web.json_response({})


def _kind(request: web.Request) -> str:
    kind = request.match_info["notificationType"]
    if kind != SENT:
        raise invalid(f"Invalid value for notificationType: {kind}.")
    return kind


def _subscription(amazon: Account, request: web.Request) -> Subscription:
    kind = _kind(request)
    found = amazon.notifications.subscriptions.get(request.match_info["subscriptionId"])
    if found is None or found.kind != kind:
        raise not_found("The subscription does not exist.")
    return found


def _destination(amazon: Account, destination_id: str) -> Destination:
    if destination_id not in amazon.notifications.destinations:
        raise not_found("The destination does not exist.")
    return amazon.notifications.destinations[destination_id]


def _resource(given: Json) -> Json:
    """The destination's resource from what was asked for."""
    queue = reading.field(given, "sqs", dict, at="resourceSpecification")
    arn = reading.field(queue, "arn", str, at="resourceSpecification.sqs")
    if not ARN.match(arn):
        raise invalid("Invalid value for resourceSpecification.sqs.arn.")
    return {"sqs": {"arn": arn}}


def _check_directive(directive: object) -> None:
    if directive is None:
        return
    event_filter = directive.get("eventFilter") if isinstance(directive, dict) else None
    if not isinstance(event_filter, dict) or event_filter.get("eventFilterType") != SENT:
        raise invalid(f"processingDirective needs an eventFilter with the eventFilterType {SENT}.")
    _words(event_filter, "marketplaceIds")
    unknown = set(_words(event_filter, "orderChangeTypes")) - CHANGES
    if unknown:
        raise invalid(f"Invalid value for orderChangeTypes: {', '.join(sorted(unknown))}.")


def _words(event_filter: Json, name: str) -> list[str]:
    given = event_filter.get(name) or []
    if not isinstance(given, list) or not all(isinstance(word, str) for word in given):
        raise invalid(f"Invalid value for {name}.")
    return given


def _conflict(details: str) -> Refused:
    return Refused(409, "Conflict", "The requested resource conflict with a resource in the server.", details)


def _payload(payload: object) -> web.Response:
    return web.json_response({"payload": payload})
