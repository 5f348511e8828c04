"""Stripe's HTTP interface."""

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web

from sandbox.http import Handler, injecting, key_of
from sandbox.stripe.calls import OPERATIONS, Operation, call_of
from sandbox.stripe.forms import Form
from sandbox.stripe.refusals import Refused, failed, throttled
from sandbox.stripe.state import Stripe
from sandbox.values import Json

STATE: Final = web.AppKey("stripe", Stripe)
SIDE: Final = web.RequestKey("side", Stripe)
"""The account in the mode of the request's key."""
NAME: Final = web.RequestKey("id", str)
WORK_SECONDS: Final = 0.005
"""A write takes a moment, in which a second one under the same key finds the first in flight."""


def build(state: Stripe) -> web.Application:
    """The stand-in's application."""
    state.env.planned.operations["stripe"] = frozenset(
        name for row in OPERATIONS.values() for name in row.names
    )
    inject = injecting(
        state.env,
        "stripe",
        throttled=throttled,
        failed=failed,
        call_of=lambda request: call_of(state, request),
    )
    app = web.Application(middlewares=[_envelope, inject, _authorized])
    app[STATE] = state
    for route, operation in OPERATIONS.items():
        method, path = route.split()
        app.router.add_route(method, path, _served(route, operation))
    return app


def _served(route: str, operation: Operation) -> Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        raw, side = await request.read(), request[SIDE]
        if request.method == "GET":
            side.asked.update((await call_of(side, request)).orders)
        text = (
            raw.decode("utf-8", "replace") if request.method == "POST" else request.rel_url.raw_query_string
        )
        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or not key:
            return web.json_response(operation.answer(side, request, Form(text, route)))
        return await _once(request, key, raw, lambda: operation.answer(side, request, Form(text, route)))

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
    original = headers["Original-Request"] = request[NAME]
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
    request[NAME] = request.app[STATE].name("req_")
    try:
        answer = await handler(request)
    except Refused as refused:
        answer = refused.response()
    except web.HTTPNotFound:
        answer = Refused(404, f"Unrecognized request URL ({request.method}: {request.path}).").response()
    answer.headers["Request-Id"] = request[NAME]
    if "Stripe-Version" in request.headers:
        answer.headers["Stripe-Version"] = request.headers["Stripe-Version"]
    return answer


@web.middleware
async def _authorized(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only the account's key opens anything."""
    key, state = key_of(request), request.app[STATE]
    if state.env.planned.token_dies("stripe"):
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
