"""Shopify's HTTP interface: GraphQL, and the authorization pages."""

import hashlib
import json
import re
import uuid
from typing import Final

from aiohttp import web

from sandbox.http import injecting
from sandbox.shopify import calls
from sandbox.shopify.graph import run
from sandbox.shopify.graph.setup import VERSIONS
from sandbox.shopify.oauth import Denied
from sandbox.shopify.state import Shop
from sandbox.values import Json

STATE: Final = web.AppKey("shopify", Shop)
TOKEN: Final = "X-Shopify-Access-Token"  # noqa: S105  the name of a header
OPERATION: Final = re.compile(r"\b(?:query|mutation)\s+(\w+)")
THROTTLED_COST: Final = 10


def build(shop: Shop) -> web.Application:
    """The stand-in's application."""
    inject = injecting(
        shop.env,
        "shopify",
        throttled=lambda: web.json_response(run.throttled(shop, THROTTLED_COST)),
        failed=_failed,
        only=lambda request: request.path.endswith("/graphql.json"),
        where=_where,
        call_of=lambda request: calls.call_of(shop, request),
    )
    shop.env.scripted_faults.operations["shopify"] = calls.operations()
    app = web.Application(middlewares=[inject], client_max_size=4 * 1024 * 1024)
    app[STATE] = shop
    app.add_routes([
        web.post("/admin/api/{version}/graphql.json", _graphql),
        web.get("/admin/oauth/authorize", _authorize),
        web.post("/admin/oauth/access_token", _access_token),
        web.route("*", "/{rest:.*}", _elsewhere),
    ])  # fmt: skip
    return app


async def _graphql(request: web.Request) -> web.Response:
    """One GraphQL request; versions that ended fall forward, unknown ones do not exist."""
    shop, version = request.app[STATE], request.match_info["version"]
    if not re.fullmatch(r"\d{4}-\d{2}", version) or version > VERSIONS[-1]:
        return web.json_response({"errors": "Not Found"}, status=404)
    token = request.headers.get(TOKEN)
    if shop.env.scripted_faults.token_dies("shopify"):
        shop.tokens.age(token)
    if token in shop.tokens.access and shop.env.faults.strike("token_dead", "shopify token"):
        shop.tokens.kill(token)
    scopes = shop.tokens.scopes(token)
    if scopes is None:
        message = "[API] Invalid API key or access token (unrecognized login or wrong password)"
        return web.json_response({"errors": message}, status=401)
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return web.json_response({"errors": "Bad Request"}, status=400)
    headers = {"X-Shopify-API-Version": max(version, VERSIONS[0]), "X-Request-Id": str(uuid.uuid4())}
    return web.json_response(run.run(shop, body, scopes), headers=headers)


async def _authorize(request: web.Request) -> web.Response:
    """The consent page: the merchant always agrees."""
    try:
        shop = request.app[STATE]
        back = shop.tokens.consent(request.query, shop.domain)
    except ValueError:
        return web.Response(
            status=400, text="Oauth error invalid_request: The redirect_uri is not whitelisted"
        )
    except Denied as denied:
        return web.Response(status=denied.status, text=f"Oauth error {denied.body['error']}: {denied}")
    return web.Response(status=302, headers={"Location": back})


async def _access_token(request: web.Request) -> web.Response:
    """A token for a code or a refresh token, asked for as a form or as JSON."""
    sent_json = request.content_type == "application/json"
    try:
        form: Json = await request.json() if sent_json else dict(await request.post())
        answer = request.app[STATE].tokens.exchange({key: str(value) for key, value in form.items()})
    except Denied as denied:
        return denied.response()
    except (ValueError, AttributeError):
        return web.json_response({"error": "invalid_request"}, status=400)
    return web.json_response(answer)


async def _elsewhere(request: web.Request) -> web.Response:
    """Whatever else the vendor serves: the REST API, the storefront, the other pages of authorization."""
    message = f"{request.method} {request.path} is not offered here"
    return web.json_response({"errors": message}, status=404)


async def _where(request: web.Request) -> str:
    """What a fault strikes: the operation and its variables, so that a retry is the same thing again."""
    body = await request.read()
    named = OPERATION.search(body.decode("utf-8", "replace"))
    return f"{named[1] if named else 'graphql'} {hashlib.sha256(body).hexdigest()[:8]}"


def _failed() -> web.Response:
    page = "<html><head><title>503 Service Unavailable</title></head></html>"
    return web.Response(status=503, text=page, content_type="text/html")
