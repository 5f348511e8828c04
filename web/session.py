"""Who is asking: an API key in a header, or a browser that gave one once and carries a signed cookie since."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from aiohttp import web

from core.engine.hub import Hub
from core.store.api_keys import find_api_key, has_key
from web.door.guard import cookie_of
from web.keys import HUB, SETTINGS
from web.problems import problem
from web.signing import sign

COOKIE = "crossdock_session"
LASTS = timedelta(hours=12)
CALLER = web.RequestKey("CALLER", tuple)
"""(merchant, name of the key) of whoever asks."""

_OPEN = frozenset({"/healthz", "/readyz", "/metrics", "/login", "/api/v1/openapi.json"})
_OPEN_BELOW = ("/webhooks/", "/assets/", "/connect/callback/")


@web.middleware
async def known_sessions(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Let in who shows a key of a merchant, and nobody to another merchant's paths."""
    if _forged(request):
        return problem(HTTPStatus.FORBIDDEN, "the form was sent from another site")
    if request.path in _OPEN or request.path.startswith(_OPEN_BELOW):
        return await handler(request)
    caller = await caller_of(request)
    if caller is None:
        return _unknown(request)
    named = request.match_info.get("merchant")
    if named is not None and named != caller[0]:
        return problem(HTTPStatus.NOT_FOUND, "no such merchant")
    request[CALLER] = caller
    return await handler(request)


def _unknown(request: web.Request) -> web.Response:
    if request.path.startswith("/api/"):
        answer = problem(HTTPStatus.UNAUTHORIZED, "show an API key: Authorization: Bearer <key>")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    # A form cannot be sent again after the log-in; its page can be asked for.
    onward = quote(request.rel_url.raw_path_qs, safe="/") if request.method in {"GET", "HEAD"} else "/orders"
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/login?next={onward}"})


async def caller_of(request: web.Request) -> tuple[str, str] | None:
    """Return (merchant, name) of whoever asks, or None."""
    hub = request.app[HUB]
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found = await key_of(hub, key)
    else:
        cookie = cookie_of(request, COOKIE)
        value = request.app[SETTINGS].unsign("session", cookie, hub.clock.now())
        found = (value["merchant"], value["name"]) if value else None
        if found is not None and not await hub.store.read(has_key, *found):
            return None
    # A merchant whose file is no longer loaded here has nobody to serve him.
    return found if found is not None and found[0] in hub.merchants else None


async def key_of(hub: Hub, key: str) -> tuple[str, str] | None:
    """Return (merchant, name) of an API key, or None."""
    given = key.strip()
    return await hub.store.read(find_api_key, given) if given and given.isascii() else None


def _forged(request: web.Request) -> bool:
    """Return whether a changing request of a browser comes from another site (its own headers say so)."""
    if request.method in {"GET", "HEAD", "OPTIONS"} or request.path.startswith("/webhooks/"):
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    ours = {request.host, urlsplit(request.app[SETTINGS].public_url).netloc}
    return origin is not None and urlsplit(origin).netloc not in ours


def log_in(request: web.Request, response: web.StreamResponse, merchant: str, name: str) -> None:
    """Give a browser its session."""
    settings, clock = request.app[SETTINGS], request.app[HUB].clock
    lasts_s = int(LASTS.total_seconds())
    cookie = sign(
        settings.secret,
        "session",
        {"merchant": merchant, "name": name},
        clock.now() + timedelta(seconds=lasts_s),
    )
    response.set_cookie(
        COOKIE, cookie, httponly=True, samesite="Lax", secure=settings.secure, max_age=lasts_s, path="/"
    )
