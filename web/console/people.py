"""The page of people: who works here and as what, invitations, API keys. For owners."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from core.errors import NotFoundError, RefusedError
from core.model.roles import Role
from core.services import api_keys, people
from core.services.people_plans import removal_plan, role_plan
from core.store.api_keys import list_api_keys
from web.console.confirm import in_two_steps
from web.console.page import page
from web.console.pages import form_of, hub_of
from web.keys import SETTINGS

_LONGEST_DAYS = 4
"""Digits of the days that a key lasts."""


async def people_page(request: web.Request) -> web.Response:
    """Show who works here."""
    return await _shown(request)


async def _shown(
    request: web.Request, *, wrong: str = "", given: tuple[str, str] | None = None
) -> web.Response:
    """Show the page; ``given`` is what it is, and a link or key that is shown this once."""
    hub, merchant, _ = hub_of(request)
    shown = page(
        "people.html",
        request,
        users=await people.people(hub, merchant),
        invitations=await people.invitations(hub, merchant),
        keys=await hub.store.read(list_api_keys, merchant),
        names=await people.names_of(hub, merchant),
        roles=list(Role),
        wrong=wrong,
        given=given,
    )
    if wrong:
        shown.set_status(HTTPStatus.CONFLICT)
    return shown


async def act(request: web.Request) -> web.Response:
    """Do what a form of the page asks; where that may not be done, the page says why."""
    try:
        return await _do(request)
    except (RefusedError, NotFoundError) as error:
        return await _shown(request, wrong=str(error))


async def _do(request: web.Request) -> web.Response:
    hub, merchant, actor = hub_of(request)
    form = await form_of(request)
    said = {name: str(value) for name, value in form.items() if isinstance(value, str)}
    who = said.get("user", "")
    match said.get("do", ""):
        case "invite":
            _, secret = await people.invite(hub, merchant, said.get("name", ""), _role(said), by=actor)
            return await _linked(request, f"The invitation of {said['name'].strip()}", secret)
        case "reset":
            secret = await people.reset(hub, merchant, who, by=actor)
            return await _linked(request, "The link for a new password", secret)
        case "cancel":
            await people.cancel_invitation(hub, merchant, said.get("id", ""))
            return await _shown(request)
        case "rename":
            await people.rename(hub, merchant, who, said.get("name", ""))
            return await _shown(request)
        case "key":
            key, _ = await api_keys.new_key(
                hub, merchant, said.get("name", ""), _role(said), days=_days(said)
            )
            return await _shown(request, given=(f"The API key {said['name'].strip()}", key))
        case _:
            return await _planned(request, said)


async def _planned(request: web.Request, said: Mapping[str, str]) -> web.Response:
    """Do, in two steps, what takes something from somebody."""
    hub, merchant, _ = hub_of(request)
    who, name = said.get("user", ""), said.get("name", "")
    match said.get("do", ""):
        case "role":
            role = _role(said)
            plan = await role_plan(hub, merchant, who, role)
            return await in_two_steps(
                request, said, plan, lambda _: people.change_role(hub, merchant, who, role), back_to="/people"
            )
        case "remove":
            plan = await removal_plan(hub, merchant, who)
            return await in_two_steps(
                request, said, plan, lambda _: people.remove(hub, merchant, who), back_to="/people"
            )
        case "revoke":
            plan = await api_keys.revocation_plan(hub, merchant, name)
            return await in_two_steps(
                request, said, plan, lambda _: api_keys.revoke_key(hub, merchant, name), back_to="/people"
            )
        case other:
            raise RefusedError(f"{other!r} is nothing that can be done with people")


async def _linked(request: web.Request, what: str, secret: str) -> web.Response:
    _, merchant, _ = hub_of(request)
    return await _shown(request, given=(what, f"{request.app[SETTINGS].public_url}/join/{merchant}/{secret}"))


def _role(said: Mapping[str, str]) -> Role:
    if said.get("role") not in list(Role):
        raise RefusedError(f"{said.get('role')!r} is no role; there is {', '.join(Role)}")
    return Role(said["role"])


def _days(said: Mapping[str, str]) -> int | None:
    text = said.get("days", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_DAYS and int(text)):
        raise RefusedError(
            f"{text!r} is no number of days, from 1 to 9999; leave it empty for a key without end"
        )
    return int(text)


def add(app: web.Application) -> None:
    """Serve the page."""
    app.router.add_get("/people", people_page)
    app.router.add_post("/people", act)
