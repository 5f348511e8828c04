"""My account: the password, where I am signed in, and the code by which a phone signs in."""

from http import HTTPStatus

import zxingcpp
from aiohttp import web
from markupsafe import Markup

from core.errors import NotFoundError, RefusedError
from core.services.passwords import LaterError
from core.services.people import change_password, phone_link, sign_out
from core.store.sessions import sessions_of
from web.console.page import page
from web.console.pages import form_of, hub_of, onward
from web.keys import HUB, SETTINGS, SIGN_IN
from web.session import CALLER, log_in


async def account_page(request: web.Request) -> web.Response:
    """Show whoever asks what he is here and where he is signed in."""
    return await _shown(request)


async def _shown(request: web.Request, *, wrong: str = "", link: str = "", done: str = "") -> web.Response:
    hub, _, _ = hub_of(request)
    shown = page(
        "account.html",
        request,
        sessions=await hub.store.read(sessions_of, request[CALLER], hub.clock.now()),
        wrong=wrong,
        link=link,
        code=code_of(link) if link else "",
        was_done=done,
    )
    if wrong:
        shown.set_status(HTTPStatus.CONFLICT)
    return shown


async def act(request: web.Request) -> web.Response:
    """Do what a form of the page asks; where that may not be done, the page says why."""
    try:
        return await _do(request)
    except LaterError as error:
        answer = await _shown(request, wrong=str(error))
        answer.set_status(HTTPStatus.TOO_MANY_REQUESTS)
        answer.headers["Retry-After"] = str(error.retry_after_s)
        return answer
    except (RefusedError, NotFoundError) as error:
        return await _shown(request, wrong=str(error))


async def _do(request: web.Request) -> web.Response:
    hub, merchant, _ = hub_of(request)
    form, caller = await form_of(request), request[CALLER]
    match form.get("do"):
        case "phone":
            secret = await phone_link(hub, caller)
            return await _shown(request, link=f"{request.app[SETTINGS].public_url}/join/{merchant}/{secret}")
        case "password":
            return await _password_changed(request, str(form.get("old", "")), str(form.get("new", "")))
        case "end":
            await sign_out(hub, caller, str(form.get("session", "")))
            return onward("/account")
        case "end_all":
            await sign_out(hub, caller)
            return onward("/login")
        case other:
            raise RefusedError(f"{other!r} is nothing that can be done with an account")


async def _password_changed(request: web.Request, old: str, new: str) -> web.Response:
    hub, caller, sign_in = request.app[HUB], request[CALLER], request.app[SIGN_IN]
    sign_in.try_password_of(hub, caller)
    await change_password(hub, sign_in.passwords, caller, old=old, new=new)
    sign_in.accounts.came_to_something(caller.actor)
    response = onward("/account")
    await log_in(request, response, caller)
    return response


def code_of(link: str) -> Markup:
    """Return a link as a QR code in SVG, which stands in a page without any script or style of its own."""
    code = zxingcpp.create_barcode(link, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    drawn = code.to_svg(add_quiet_zones=True)
    svg = drawn[drawn.index("<svg") :].replace(
        "<svg ", '<svg class="code" role="img" aria-label="QR code" ', 1
    )
    return Markup(svg)  # noqa: S704 - drawn by the library; the link itself stands in it as squares only


def add(app: web.Application) -> None:
    """Serve the page."""
    app.router.add_get("/account", account_page)
    app.router.add_post("/account", act)
