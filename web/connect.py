"""Authorization round trips: to the vendor's consent page and back, with a state that only our browser can bring."""

import secrets
from datetime import timedelta
from http import HTTPStatus

from aiohttp import web

from core.errors import NotFoundError, SignatureError
from core.ports import Authorizer
from web.door.guard import cookie_of
from web.keys import HUB, SETTINGS
from web.problems import problem
from web.signing import sign

COOKIE = "crossdock_connect"
LASTS = timedelta(minutes=10)

routes = web.RouteTableDef()


@routes.get("/connect/callback/{connector}")
async def callback(request: web.Request) -> web.Response:
    """Take the vendor's redirect: state, signature and account are checked, the code is exchanged, work begins."""
    hub, settings = request.app[HUB], request.app[SETTINGS]
    state = settings.unsign("connect", request.query.get("state", ""), hub.clock.now())
    if state is None or state["nonce"] != cookie_of(request, COOKIE):
        return problem(
            HTTPStatus.FORBIDDEN,
            "this answer belongs to no authorization that this browser began; press Connect again",
        )
    merchant, connection = state["merchant"], state["connection"]
    if merchant not in hub.merchants or connection not in hub.merchants[merchant].connectors:
        return problem(HTTPStatus.NOT_FOUND, "crossdock.yaml no longer names this connection")
    if hub.merchants[merchant].connectors[connection].key != request.match_info["connector"]:
        return problem(HTTPStatus.FORBIDDEN, "this answer is of another vendor")
    try:
        token = await _authorizer(request, merchant, connection).complete(
            dict(request.query), redirect_uri=redirect_uri(request, merchant, connection)
        )
    except SignatureError as error:
        return problem(HTTPStatus.FORBIDDEN, str(error))
    await settings.connected(merchant, connection, token)
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/connections#{connection}"})
    response.del_cookie(COOKIE)
    return response


@routes.get("/connect/{merchant}/{connection}")
async def connect(request: web.Request) -> web.Response:
    """Send the browser to the vendor's consent page."""
    hub, settings = request.app[HUB], request.app[SETTINGS]
    merchant, connection = request.match_info["merchant"], request.match_info["connection"]
    authorizer = _authorizer(request, merchant, connection)
    nonce = secrets.token_urlsafe(24)
    value = {"merchant": merchant, "connection": connection, "nonce": nonce}
    state = sign(settings.secret, "connect", value, hub.clock.now() + LASTS)
    page = authorizer.consent_url(state=state, redirect_uri=redirect_uri(request, merchant, connection))
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": page})
    response.set_cookie(
        COOKIE, nonce, httponly=True, samesite="Lax", secure=settings.secure, path="/connect", max_age=600
    )
    return response


def redirect_uri(request: web.Request, merchant: str, connection: str) -> str:
    """Return the address that the vendor sends the browser back to."""
    connector = request.app[HUB].connections(merchant).connectors[connection]
    return f"{request.app[SETTINGS].public_url}/connect/callback/{connector.key}"


def _authorizer(request: web.Request, merchant: str, connection: str) -> Authorizer:
    authorizer = request.app[HUB].connections(merchant).named(connection).authorizer
    if authorizer is None:
        raise NotFoundError(f"{connection} is not authorized in a browser: its key stands in crossdock.yaml")
    return authorizer
