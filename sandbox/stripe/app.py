"""Stripe's HTTP interface."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from sandbox import faults
from sandbox.stripe import calls, operations
from sandbox.stripe.forms import Form
from sandbox.stripe.refusals import Refused, failed, throttled
from sandbox.stripe.state import Stripe
from sandbox.values import Json
from sandbox.world import World

STATE: Final = web.AppKey("stripe", Stripe)
SIDE: Final = web.RequestKey("side", Stripe)
"""The account in the mode of the request's key."""
NAME: Final = web.RequestKey("id", str)
WORK_SECONDS: Final = 0.005
"""A write takes a moment, in which a second one under the same key finds the first in flight."""

Operation = Callable[[Stripe, web.Request, Form], Json]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ROUTES: Final[dict[str, Operation]] = {
    "POST /v1/payment_intents": operations.create_intent,
    "GET /v1/payment_intents/{intent}": operations.retrieve_intent,
    "POST /v1/payment_intents/{intent}/capture": operations.capture_intent,
    "POST /v1/payment_intents/{intent}/cancel": operations.cancel_intent,
    "GET /v1/payment_intents": operations.list_intents,
    "GET /v1/charges": operations.list_charges,
    "GET /v1/charges/{charge}": operations.retrieve_charge,
    "POST /v1/charges/{charge}/capture": operations.capture_charge,
    "POST /v1/refunds": operations.create_refund,
    "GET /v1/refunds": operations.list_refunds,
    "GET /v1/refunds/{refund}": operations.retrieve_refund,
    "POST /v1/webhook_endpoints": operations.create_endpoint,
    "GET /v1/webhook_endpoints": operations.list_endpoints,
    "GET /v1/webhook_endpoints/{webhook_endpoint}": operations.retrieve_endpoint,
    "DELETE /v1/webhook_endpoints/{webhook_endpoint}": operations.delete_endpoint,
    "GET /v1/events": operations.list_events,
    "GET /v1/events/{id}": operations.retrieve_event,
    "GET /v1/disputes": operations.list_disputes,
    "GET /v1/disputes/{dispute}": operations.retrieve_dispute,
}


def build(world: World) -> web.Application:
    """The stand-in's application; its state becomes `world.stripe`."""
    world.stripe = Stripe(world)
    state = world.stripe
    world.planned.operations["stripe"] = calls.OPERATIONS
    inject = faults.middleware(
        world, "stripe", throttled=throttled, failed=failed, told=lambda request: calls.told(state, request)
    )
    app = web.Application(middlewares=[_envelope, inject, _authorized])
    app[STATE] = world.stripe
    for route, operation in ROUTES.items():
        method, path = route.split()
        app.router.add_route(method, path, _served(route, operation))
    return app


def _served(route: str, operation: Operation) -> Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        text = (
            raw.decode("utf-8", "replace") if request.method == "POST" else request.rel_url.raw_query_string
        )
        key = request.headers.get("Idempotency-Key")
        side = request[SIDE]
        if request.method == "GET":
            side.asked.update((await calls.told(side, request)).orders)
        if request.method != "POST" or not key:
            return web.json_response(operation(side, request, Form(text, route)))
        return await _once(request, key, raw, lambda: operation(side, request, Form(text, route)))

    return serve


async def _once(request: web.Request, key: str, raw: bytes, act: Callable[[], Json]) -> web.Response:
    """Act under an idempotency key, or repeat the answer the key already has."""
    keys = request[SIDE].keys
    replay = keys.begin(key, method=request.method, path=request.path, body=raw)
    headers = {"Idempotency-Key": key}
    if replay is not None:
        status, body, original = replay
        headers |= {"Idempotent-Replayed": "true", "Original-Request": original}
        return web.json_response(body, status=status, headers=headers)
    original = _request_id(request)
    headers["Original-Request"] = original
    try:
        await asyncio.sleep(WORK_SECONDS)
        answer = act()
    except Refused as refused:
        if refused.saved:
            keys.finish(key, refused.status, refused.body, request_id=original)
        else:
            keys.forget(key)
        raise
    except asyncio.CancelledError:
        keys.forget(key)
        raise
    keys.finish(key, 200, answer, request_id=original)
    return web.json_response(answer, headers=headers)


@web.middleware
async def _envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals in Stripe's shape, and the headers every answer carries."""
    state = request.app[STATE]
    request[NAME] = state.name("req_")
    try:
        answer = await handler(request)
    except Refused as refused:
        answer = web.json_response(refused.body, status=refused.status)
        if refused.status == web.HTTPUnauthorized.status_code:
            answer.headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
    except web.HTTPNotFound:
        message = f"Unrecognized request URL ({request.method}: {request.path})."
        body = {"error": {"message": message, "type": "invalid_request_error"}}
        answer = web.json_response(body, status=404)
    answer.headers["Request-Id"] = _request_id(request)
    if "Stripe-Version" in request.headers:
        answer.headers["Stripe-Version"] = request.headers["Stripe-Version"]
    return answer


@web.middleware
async def _authorized(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only the account's key opens anything."""
    key, state = _key(request.headers.get("Authorization", "")), request.app[STATE]
    if state.kills_key():
        state.cut = True
    if key is None:
        message = "You did not provide an API key. Provide it in the Authorization header, using Bearer auth."
        raise Refused(401, message)
    shown = key[:8] + "*" * max(0, len(key) - 12) + key[-4:]
    if key not in (state.key, state.twin.key):
        raise Refused(401, f"Invalid API Key provided: {shown}")
    if state.cut:
        raise Refused(401, f"Expired API Key provided: {shown}", code="api_key_expired")
    request[SIDE] = state if key == state.key else state.twin
    return await handler(request)


def _key(header: str) -> str | None:
    scheme, _, value = header.partition(" ")
    if scheme == "Bearer" and value:
        return value
    if scheme == "Basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


def _request_id(request: web.Request) -> str:
    return request[NAME]
