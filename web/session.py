"""Who is asking, and whether he may: an API key in a header, or a browser with the token of its session in a cookie."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from aiohttp import web

from core.engine.hub import Hub
from core.model.people import Caller
from core.services.sign_in import begin_session
from core.store.api_keys import NOTED_EVERY, find_api_key, note_key_used
from core.store.failures import DATABASE_ERRORS, is_infrastructure
from core.store.sessions import LASTS, end_session, find_session, note_session_used
from web.door.guard import cookie_of
from web.keys import HUB, SETTINGS
from web.permissions import least_role
from web.problems import problem

LOG = logging.getLogger("crossdock.web")

COOKIE = "crossdock_session"
CALLER = web.RequestKey("CALLER", Caller)
"""Whoever asks."""

_LONGEST_BROWSER = 120
_OPEN = frozenset({"/healthz", "/readyz", "/metrics", "/login", "/api/v1/openapi.json"})
_OPEN_BELOW = ("/webhooks/", "/assets/", "/connect/callback/", "/join/")


@web.middleware
async def known_sessions(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Let in who shows a key or a session, as far as his role goes, and nobody to another merchant's paths."""
    if _forged(request):
        return problem(HTTPStatus.FORBIDDEN, "the form was sent from another site")
    if request.path in _OPEN or request.path.startswith(_OPEN_BELOW):
        return await handler(request)
    caller = await caller_of(request)
    if caller is None:
        return _unknown(request)
    named = request.match_info.get("merchant")
    if named is not None and named != caller.merchant:
        return problem(HTTPStatus.NOT_FOUND, "no such merchant")
    request[CALLER] = caller
    return _below(request, caller) or await handler(request)


def _below(request: web.Request, caller: Caller) -> web.Response | None:
    """Return what is answered to a role that may not call the route; None where it may, or where there is no route."""
    resource = request.match_info.route.resource
    if resource is None:
        return None
    least = least_role(request.method, resource.canonical)
    if caller.role.covers(least):
        return None
    detail = f"this needs the role {least}; yours is {caller.role}. An owner gives roles, on the page People"
    return problem(HTTPStatus.FORBIDDEN, detail, role_needed=least.value, role=caller.role.value)


def _unknown(request: web.Request) -> web.Response:
    if request.path.startswith("/api/"):
        answer = problem(HTTPStatus.UNAUTHORIZED, "show an API key: Authorization: Bearer <key>")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    # A form cannot be sent again after the log-in; its page can be asked for.
    onward = quote(request.rel_url.raw_path_qs, safe="/") if request.method in {"GET", "HEAD"} else "/orders"
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/login?next={onward}"})


async def caller_of(request: web.Request) -> Caller | None:
    """Return whoever asks, or None; that he does is noted once a minute."""
    hub = request.app[HUB]
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    caller = await _of_key(hub, key.strip()) if scheme.lower() == "bearer" else await _of_cookie(request)
    # A merchant whose file is no longer loaded here has nobody to serve him.
    return caller if caller is not None and caller.merchant in hub.merchants else None


async def _of_key(hub: Hub, key: str) -> Caller | None:
    now = hub.clock.now()
    found = await hub.store.read(find_api_key, key, now) if key and key.isascii() else None
    if found is None:
        return None
    caller, noted_at = found
    if caller.key_hash is not None and (noted_at is None or now - noted_at >= NOTED_EVERY):
        await _note(hub.store.write(note_key_used, caller.merchant, caller.key_hash, now))
    return caller


async def _of_cookie(request: web.Request) -> Caller | None:
    hub, now = request.app[HUB], request.app[HUB].clock.now()
    merchant, _, token = cookie_of(request, cookie_name(request)).rpartition(".")
    if merchant not in hub.merchants or not token.isascii():
        return None
    found = await hub.store.read(find_session, merchant, token, now)
    if found is None:
        return None
    caller, noted_at = found
    if caller.session is not None and now - noted_at >= NOTED_EVERY:
        await _note(hub.store.write(note_session_used, merchant, caller.session, now))
    return caller


async def _note(noting: Awaitable[None]) -> None:
    try:
        await noting
    except DATABASE_ERRORS as error:
        if not is_infrastructure(error):
            raise
        # Whoever only reads is answered while nothing can be written.
        LOG.warning("a use of a key or a session could not be noted")


def _forged(request: web.Request) -> bool:
    """Return whether a changing request of a browser comes from another site (its own headers say so)."""
    if request.method in {"GET", "HEAD", "OPTIONS"} or request.path.startswith("/webhooks/"):
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    # Not ``request.host``: without a Host it asks the network for this machine's name, and waits.
    ours = {request.headers.get("Host", ""), urlsplit(request.app[SETTINGS].public_url).netloc} - {""}
    try:
        return urlsplit(origin).netloc not in ours
    except ValueError:  # no address at all, so none of ours
        return True


def cookie_name(request: web.Request) -> str:
    """Return the name of the cookie: over TLS with the prefix that keeps it to this host, path and to TLS.

    RFC 6265bis, 4.1.3.2 (read 2026-11-30): a browser takes ``__Host-`` only with Secure, Path=/ and without Domain.
    """
    return f"__Host-{COOKIE}" if request.app[SETTINGS].secure else COOKIE


async def log_in(request: web.Request, response: web.StreamResponse, caller: Caller) -> bool:
    """Give a browser a session in place of any that it had; return whether its user or key is still there."""
    before = await _of_cookie(request)
    if before is not None and before.session is not None:
        await request.app[HUB].store.write(end_session, before.merchant, before.session)
    browser = request.headers.get("User-Agent", "")[:_LONGEST_BROWSER]
    readable = "".join(c if c.isprintable() else "?" for c in browser) or "unknown"
    token = await begin_session(request.app[HUB], caller, browser=readable)
    if token is None:
        return False
    response.set_cookie(
        cookie_name(request),
        f"{caller.merchant}.{token}",
        httponly=True,
        samesite="Lax",
        secure=request.app[SETTINGS].secure,
        max_age=int(LASTS.total_seconds()),
        path="/",
    )
    return True


async def log_out(request: web.Request, response: web.StreamResponse) -> None:
    """End the session that asks, here and in the browser."""
    caller = request.get(CALLER)
    if caller is not None and caller.session is not None:
        await request.app[HUB].store.write(end_session, caller.merchant, caller.session)
    response.del_cookie(cookie_name(request), path="/", secure=request.app[SETTINGS].secure, httponly=True)
