"""Errors for people: what a program gets as problem+json, a browser sees as a page of the console."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from web.console.page import page
from web.problems import PROBLEM

_FOR_PROGRAMS = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics")


@web.middleware
async def readable(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Show a problem as a page where a browser asked for one."""
    response = await handler(request)
    if not isinstance(response, web.Response) or response.content_type != PROBLEM or not _in_browser(request):
        return response
    told = json.loads(response.body if isinstance(response.body, bytes) else b"{}")
    shown = page(
        "error.html", request, title=told["title"], detail=told["detail"], errors=told.get("errors", ())
    )
    shown.set_status(response.status)
    return shown


def _in_browser(request: web.Request) -> bool:
    asked = "text/html" in request.headers.get("Accept", "")
    return asked and not request.path.startswith(_FOR_PROGRAMS)
