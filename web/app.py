"""The web application: every route, and what stands before them."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from core.engine.hub import Hub
from core.services.sign_in import SignIn
from web import connect, health, webhooks
from web.api import (
    access,
    annotations,
    connections,
    endpoint,
    explanations,
    golive,
    notices,
    order_actions,
    orders,
    parked,
    people,
    privacy,
    runs,
    shoppers,
    stock,
    zones,
)
from web.api import links as links_api
from web.api.openapi import describe
from web.console import account, exceptions, links, pages, sign_in
from web.console import annotations as annotations_forms
from web.console import explanations as explanations_page
from web.console import golive as golive_page
from web.console import orders as orders_page
from web.console import people as people_page
from web.console import privacy as privacy_page
from web.console import runs as runs_page
from web.console.errors import readable
from web.context import Settings
from web.door.bodies import LargeBodies
from web.door.guard import readable_requests
from web.keys import BODIES, HUB, SETTINGS, SIGN_IN
from web.problems import problems
from web.session import CALLER, known_sessions
from web.webhooks import LARGEST_BODY

ENDPOINTS = (
    *orders.ENDPOINTS,
    *order_actions.ENDPOINTS,
    *annotations.ENDPOINTS,
    *explanations.ENDPOINTS,
    *parked.ENDPOINTS,
    *stock.ENDPOINTS,
    *connections.ENDPOINTS,
    *links_api.ENDPOINTS,
    *golive.ENDPOINTS,
    *notices.ENDPOINTS,
    *runs.ENDPOINTS,
    *zones.ENDPOINTS,
    *shoppers.ENDPOINTS,
    *privacy.ENDPOINTS,
    *people.ENDPOINTS,
    *access.ENDPOINTS,
)
"""Everything that the API offers."""


def build(hub: Hub, settings: Settings) -> web.Application:
    """Return the application of a hub."""
    app = web.Application(
        middlewares=[security_headers, readable, problems, readable_requests, known_sessions],
        client_max_size=LARGEST_BODY,
    )
    app[HUB], app[SETTINGS], app[SIGN_IN] = hub, settings, SignIn()
    app[BODIES] = LargeBodies(settings.limits)
    health.add(app, hub)
    app.add_routes(webhooks.routes)
    app.add_routes(connect.routes)
    endpoint.add(app, ENDPOINTS, CALLER)
    # Written out once: it is long, and anybody may ask for it.
    page = json.dumps(describe(ENDPOINTS, url=settings.public_url)).encode()

    async def openapi(request: web.Request) -> web.Response:
        del request
        return web.Response(body=page, content_type="application/json")

    app.router.add_get(f"{endpoint.PREFIX}/openapi.json", openapi)
    pages.add(app)
    sign_in.add(app)
    people_page.add(app)
    account.add(app)
    orders_page.add(app)
    annotations_forms.add(app)
    explanations_page.add(app)
    exceptions.add(app)
    links.add(app)
    golive_page.add(app)
    privacy_page.add(app)
    runs_page.add(app)
    return app


def build_monitor(hub: Hub, settings: Settings) -> web.Application:
    """Return the application of a process that answers a monitor and nobody else; the web process counts for it."""
    app = web.Application(middlewares=[security_headers, problems])
    app[HUB], app[SETTINGS] = hub, settings
    health.add(app, hub, counts=False)
    return app


@web.middleware
async def security_headers(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Forbid every script, frames around our pages, guessing of types, and copies in caches."""
    try:
        response = await handler(request)
    except web.HTTPException as redirect:
        _guard(request, redirect)
        raise
    _guard(request, response)
    return response


def _guard(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if not request.path.startswith("/assets/"):
        # Pages show names and addresses: no copy stays behind after the log-out.
        response.headers.setdefault("Cache-Control", "no-store")
