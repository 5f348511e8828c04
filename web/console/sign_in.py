"""The pages by which people come and go: sign-in, a link that works once, sign-out."""

import re
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from core.errors import NotFoundError, RefusedError
from core.model.people import OneTimeLink
from core.services.passwords import LaterError
from core.services.people import follow, link_of, people
from web.console.page import page
from web.console.pages import form_of, onward
from web.keys import HUB, SETTINGS, SIGN_IN
from web.session import log_in, log_out

_OURS = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""A path of this site: no second slash, no backslash, no blank or control character that browsers take out."""


async def login_page(request: web.Request) -> web.Response:
    """Ask for a name and its password, or for an API key."""
    return await _asked(request, request.query)


async def _asked(request: web.Request, said: Mapping[str, object], *, wrong: str = "") -> web.Response:
    hub = request.app[HUB]
    only = next(iter(hub.merchants)) if len(hub.merchants) == 1 else None
    return page(
        "login.html",
        request,
        wrong=wrong,
        next=_safe(str(said.get("next", "/orders"))),
        login=str(said.get("login", "")),
        of=str(said.get("merchant", "")),
        asks_merchant=only is None,
        # A try costs no question to the database but its own.
        nobody=only is not None and request.method != "POST" and not await people(hub, only),
        by_key="key" in said,
    )


async def login(request: web.Request) -> web.Response:
    """Let a browser in by a password or an API key; how often that is tried is bounded."""
    hub, sign_in = request.app[HUB], request.app[SIGN_IN]
    address = request.app[SETTINGS].limits.caller_known(request)
    try:
        sign_in.begin(hub, address)
    except LaterError as error:
        return await _later(request, request.query, error)
    form = await form_of(request)
    said = {name: value for name, value in form.items() if isinstance(value, str)}
    only = next(iter(hub.merchants)) if len(hub.merchants) == 1 else ""
    try:
        if "key" in said:
            wrong = "No merchant has this key. Make one with: crossdock keys new"
            caller = await sign_in.with_key(hub, said["key"], address=address)
        else:
            wrong = "Nobody signs in with this name and this password."
            words = (
                said.get("merchant", "").strip() or only,
                said.get("login", ""),
                said.get("password", ""),
            )
            caller = await sign_in.with_password(hub, *words, address=address)
    except LaterError as error:
        return await _later(request, said, error)
    response = onward(_safe(said.get("next", "/orders")))
    if caller is None or not await log_in(request, response, caller):
        return _with_status(await _asked(request, said, wrong=wrong), HTTPStatus.UNAUTHORIZED)
    return response


async def _later(request: web.Request, said: Mapping[str, object], error: LaterError) -> web.Response:
    answer = _with_status(
        await _asked(request, said, wrong=f"{str(error).capitalize()}."), HTTPStatus.TOO_MANY_REQUESTS
    )
    answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def _with_status(answer: web.Response, status: HTTPStatus) -> web.Response:
    answer.set_status(status)
    return answer


async def logout(request: web.Request) -> web.Response:
    """End the session."""
    response = onward("/login")
    await log_out(request, response)
    return response


async def join_page(request: web.Request) -> web.Response:
    """Say what a link does, and ask for what it wants; only pressing its button uses it up."""
    return _join(request, await _link(request))


async def join(request: web.Request) -> web.Response:
    """Do what a link says, once, and let the browser in."""
    link, form = await _link(request), await form_of(request)
    said = {name: str(form.get(name, "")) for name in ("login", "name", "password")}
    merchant, secret = request.match_info["merchant"], request.match_info["secret"]
    hub, passwords = request.app[HUB], request.app[SIGN_IN].passwords
    try:
        caller = await follow(hub, passwords, merchant, secret, **said)
    except LaterError as error:
        return _with_status(_join(request, link, said, wrong=str(error)), HTTPStatus.TOO_MANY_REQUESTS)
    except RefusedError as error:
        return _with_status(_join(request, link, said, wrong=str(error)), HTTPStatus.CONFLICT)
    response = onward("/orders")
    if not await log_in(request, response, caller):
        raise NotFoundError("whoever gave this link is not let in any more")
    return response


async def _link(request: web.Request) -> OneTimeLink:
    return await link_of(request.app[HUB], request.match_info["merchant"], request.match_info["secret"])


def _join(
    request: web.Request, link: OneTimeLink, said: Mapping[str, str] | None = None, *, wrong: str = ""
) -> web.Response:
    shown = page(
        "join.html",
        request,
        link=link,
        of=request.match_info["merchant"],
        said={"login": "", "name": link.name} | dict(said or {}),
        wrong=wrong,
    )
    # The address is the secret: it goes to nobody else.
    shown.headers["Referrer-Policy"] = "no-referrer"
    return shown


def _safe(path: str) -> str:
    """Return a path of this site; anything that could lead elsewhere becomes the start page."""
    return path if _OURS.fullmatch(path) else "/orders"


def add(app: web.Application) -> None:
    """Serve the pages."""
    app.router.add_get("/login", login_page)
    app.router.add_post("/login", login)
    app.router.add_post("/logout", logout)
    app.router.add_get("/join/{merchant}/{secret}", join_page)
    app.router.add_post("/join/{merchant}/{secret}", join)
