"""What every vendor's HTTP interface has: refusals, keys, names of operations, and faults on its calls."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from sandbox.environment import Environment
from sandbox.scripted_faults import Call
from sandbox.values import Json

HANG_SECONDS: Final = 6.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refused(Exception):  # noqa: N818  a refusal is an answer, not a fault of ours
    """A request that a vendor turns down, with the answer in the vendor's shape."""

    def __init__(
        self, status: int, message: str, body: Json, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.headers = headers

    def response(self) -> web.Response:
        """The answer."""
        return web.json_response(self.body, status=self.status, headers=self.headers)


def operation_of(request: web.Request) -> str:
    """The operation of a request as a table of routes names it: `GET /v2/shipments/{id}`."""
    route = request.match_info.route.resource
    return f"{request.method} {route.canonical if route is not None else request.path}"


def key_of(request: web.Request) -> str | None:
    """The key in the Authorization header: the token of Bearer, or the user name of Basic."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return None
    return value or None if scheme in ("Basic", "Bearer") else None


async def _method_and_path(request: web.Request) -> str:
    return f"{request.method} {request.path}"


def _everything(_request: web.Request) -> bool:
    return True


def injecting(
    env: Environment,
    vendor: str,
    *,
    throttled: Callable[[], web.Response],
    failed: Callable[[], web.Response],
    call_of: Callable[[web.Request], Awaitable[Call]],
    only: Callable[[web.Request], bool] = _everything,
    where: Callable[[web.Request], Awaitable[str]] = _method_and_path,
    failing: web.RequestKey[bool] | None = None,
) -> Middleware:
    """Counts the vendor's calls and writes, and injects throttle, error, hang and reply_dropped.

    The day's own faults hit what `call_of` says of a request; chance hits those that `only` lets in. With `failing` an
    error is not answered at once: the request is marked, and whoever does the work fails at it.
    """

    @web.middleware
    async def inject(request: web.Request, handler: Handler) -> web.StreamResponse:
        env.calls[vendor] += 1
        if not only(request):
            return await handler(request)
        subject = f"{vendor} {await where(request)}"
        call = await call_of(request)
        kind = env.scripted_faults.call(vendor, call)
        kind = kind or env.faults.choose(("throttle", "error", "hang", "reply_dropped"), subject)
        if kind == "throttle":
            return throttled()
        if kind == "error" and failing is None:
            return failed()
        if kind == "hang":
            await asyncio.sleep(HANG_SECONDS)
            return _cut_off(request)
        if kind == "error" and failing is not None:
            request[failing] = True
        answer = await handler(request)
        env.count(vendor, call, answer.status)
        return _cut_off(request) if kind == "reply_dropped" else answer

    return inject


def _cut_off(request: web.Request) -> web.StreamResponse:
    """Drop the connection; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
