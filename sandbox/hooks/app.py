"""The HTTP interface of the merchant's tool."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from aiohttp import web

from sandbox.hooks.state import BELOW, Answer, Taken, Tool
from sandbox.http import Handler, Refused, injecting, key_of
from sandbox.scripted_faults import Call
from sandbox.values import Json

STATE: Final = web.AppKey("hooks", Tool)
OPERATION: Final = "call"


def build(state: Tool) -> web.Application:
    """The stand-in's application."""
    state.env.scripted_faults.operations["hooks"] = frozenset({OPERATION})
    inject = injecting(state.env, "hooks", throttled=_throttled, failed=_failed, call_of=_call_of)
    app = web.Application(middlewares=[_refusals, inject, _authorized])
    app[STATE] = state
    app.router.add_route("*", BELOW + "{path:.*}", _take)
    return app


async def _call_of(request: web.Request) -> Call:
    return Call((OPERATION,), write=request.method != "GET")


async def _take(request: web.Request) -> web.Response:
    """Do what is asked, once under its key; what is refused is not kept, and a GET does nothing."""
    state, path, key = request.app[STATE], request.match_info["path"], request.headers.get("Idempotency-Key")
    said = {
        "method": request.method, "path": path, "query": request.query_string, "body": await _body(request),
        "agent": request.headers.get("User-Agent"),
    }  # fmt: skip
    if key in state.taken:
        if state.taken[key].said != said:
            raise _refused(422, "this key was used for another request")
        return _shown(state.taken[key].answer, replayed=True)
    if key in state.under_way:
        raise _refused(409, "what came under this key is being done")
    answer = state.answer(path)
    with _under_way(state, key):
        await asyncio.sleep(answer.after_s)
    if key is not None and request.method != "GET" and answer.status < HTTPStatus.MULTIPLE_CHOICES:
        state.taken[key] = Taken(said, answer)
    return _shown(answer)


@contextmanager
def _under_way(state: Tool, key: str | None) -> Iterator[None]:
    if key is not None:
        state.under_way.add(key)
    try:
        yield
    finally:
        state.under_way.discard(key or "")


async def _body(request: web.Request) -> Json | None:
    """The request's JSON, or none."""
    raw = await request.read()
    try:
        return json.loads(raw) if raw else None
    except ValueError as wrong:
        raise _refused(400, "the body is no JSON") from wrong


def _shown(answer: Answer, *, replayed: bool = False) -> web.Response:
    headers = {**answer.headers, **({"Idempotent-Replayed": "true"} if replayed else {})}
    if answer.text is not None:
        return web.Response(status=answer.status, text=answer.text, headers=headers)
    return web.json_response(
        {} if answer.json is None else answer.json, status=answer.status, headers=headers
    )


def _refused(status: int, message: str) -> Refused:
    return Refused(status, message, {"error": message})


def _throttled() -> web.Response:
    return web.json_response({"error": "too many requests"}, status=429, headers={"Retry-After": "1"})


def _failed() -> web.Response:
    """Nothing was done."""
    return web.json_response({"error": "closed for a moment"}, status=503)


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return refused.response()


@web.middleware
async def _authorized(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only who shows the token is answered."""
    state = request.app[STATE]
    if state.env.scripted_faults.token_dies("hooks"):
        state.cut = True
    if state.cut or key_of(request) != state.token:
        raise _refused(401, "who are you?")
    return await handler(request)
