"""Stripe's HTTP interface."""

import asyncio
import re
from collections.abc import Callable
from typing import Final

from aiohttp import web

from sandbox.fidelity import Fidelity
from sandbox.http import Handler, injecting, key_of
from sandbox.stripe import objects
from sandbox.stripe.calls import OPERATIONS as CALLS
from sandbox.stripe.calls import call_of
from sandbox.stripe.fidelity import OPERATIONS
from sandbox.stripe.forms import Form
from sandbox.stripe.refusals import Refused, broken, failed, not_offered, throttled, unrecognized
from sandbox.stripe.state import Stripe
from sandbox.values import Json

STATE: Final = web.AppKey("stripe", Stripe)
SIDE: Final = web.RequestKey("side", Stripe)
"""The account in the mode of the request's key."""
NAME: Final = web.RequestKey("id", str)
FAILS: Final = web.RequestKey("fails", bool)
"""A 500 is to come of the request: inside the idempotency layer, which keeps it for every repeat under the key."""
WORK_SECONDS: Final = 0.005
"""A write takes a moment, in which a second one under the same key finds the first in flight."""


def build(state: Stripe) -> web.Application:
    """The stand-in's application."""
    state.env.scripted_faults.operations["stripe"] = frozenset(
        name for call in CALLS.values() for name in call.names
    )
    inject = injecting(
        state.env,
        "stripe",
        throttled=throttled,
        failed=failed,
        call_of=lambda request: call_of(state, request),
        failing=FAILS,
    )
    app = web.Application(middlewares=[_envelope, inject, _authorized])
    app[STATE] = state
    for row in sorted(OPERATIONS, key=lambda row: "{" in row.operation):
        method, path = row.operation.split()
        app.router.add_route(method, path, _served(row))
    return app


def _served(row: Fidelity) -> Handler:
    """Who answers the operation: one that is not offered says so."""
    route = row.operation

    async def refuse(_request: web.Request) -> web.StreamResponse:
        raise not_offered(f"the operation {route}")

    async def serve(request: web.Request) -> web.StreamResponse:
        raw, side = await request.read(), request[SIDE]
        if request.method == "GET" and not request.get(FAILS):
            side.asked.update((await call_of(side, request)).orders)
        text = "&".join(filter(None, (request.rel_url.raw_query_string, raw.decode("utf-8", "replace"))))
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None

        def act() -> Json:
            with side.announcing.asked_by(request[NAME], key):
                if request.get(FAILS):
                    raise broken(saved=True)
                return CALLS[route].answer(side, request, Form(text, route))

        if not key:
            return web.json_response(act())
        return await _once(request, key, text.encode(), act)

    return serve if row.offered else refuse


async def _once(request: web.Request, key: str, said: bytes, act: Callable[[], Json]) -> web.Response:
    """Act under an idempotency key, or repeat the answer the key already has."""
    side, path = request[SIDE], request.path
    keys = side.keys
    replay = keys.begin(key, method=request.method, path=path, body=said, now=side.now())
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
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        answer = unrecognized(request.method, request.path).response()
    except web.HTTPRequestEntityTooLarge:
        answer = Refused(413, "Request entity too large").response()
    answer.headers["Request-Id"] = request[NAME]
    if "Stripe-Version" in request.headers:
        answer.headers["Stripe-Version"] = request.headers["Stripe-Version"]
    return answer


@web.middleware
async def _authorized(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only the account's key opens anything."""
    key, state = key_of(request), request.app[STATE]
    if state.env.scripted_faults.token_dies("stripe"):
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
    _check_headers(request)
    return await handler(request)


def _check_headers(request: web.Request) -> None:
    """Refuse what would be answered otherwise at Stripe: another version's shapes, another account's objects."""
    version = request.headers.get("Stripe-Version", objects.API_VERSION)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?", version):
        raise Refused(400, f"Invalid Stripe API version: {version[:40]}")
    if version != objects.API_VERSION:
        raise not_offered(f"API version {version}; this is {objects.API_VERSION}")
    for name in ("Stripe-Account", "Stripe-Context"):
        if name in request.headers:
            raise not_offered(f"another account's objects, by the header {name}")
