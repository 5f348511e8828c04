"""The page of going live: what would change, accepting it, taking it back, opening counts, orders from before."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web
from pydantic import Field

from core.csv_text import UnreadableCsvError, decode
from core.engine.hub import Hub
from core.errors import NotFoundError, RefusedError
from core.model.actions import Action
from core.services import actions
from core.services.connection_plans import accept_plan, undo_acceptance_plan, undo_opening_plan
from core.services.golive import adopt, opening
from core.services.golive.accept import accept, acceptance, acceptances, undo, undo_text
from core.services.golive.document import differences, page_shown
from core.services.golive.opening import Mistake, MistakesError, Preview
from core.services.people import names_of
from core.services.plans import Plan, release_all_plan
from core.store.openings import list_openings
from web.api.endpoint import Answer
from web.console.confirm import Confirmed, in_two_steps
from web.console.page import page
from web.console.pages import asked_of, form_of, hub_of, onward, streamed

_STATES = {
    "differ": "differs",
    "equal": "equal",
    "unlinked": "not linked",
    "read_only": "kept by the channel",
    "not_counted": "not counted",
    "no_location": "no such location",
    "unread": "not read yet",
}


async def go_live(request: web.Request) -> web.Response:
    """Show what the hub would change."""
    return await _shown(request)


class MoreShown(Answer):
    """Which page of a document's listings is shown."""

    after: str | None = Field(None, pattern=r"^[0-9]{1,9}$")


async def more(request: web.Request) -> web.Response:
    """Show further listings of differences that were shown."""
    hub, merchant, _ = hub_of(request)
    asked, document = asked_of(request, MoreShown), request.match_info["id"]
    rows, after = await page_shown(hub, merchant, document, asked.after)
    return page("differences.html", request, rows=rows, after=after, id=document, state_words=_STATES)


async def _shown(
    request: web.Request,
    *,
    message: str = "",
    preview: Preview | None = None,
    text: str = "",
    source: str = "",
    place: str = "",
) -> web.Response:
    hub, merchant, _ = hub_of(request)
    connections, found = hub.connections(merchant), await differences(hub, merchant)
    shown = page(
        "golive.html",
        request,
        shown=found,
        accepted=await acceptances(hub, merchant),
        openings=await hub.store.read(list_openings, merchant),
        on={a.action for a in found.accepted},
        actions=list(Action),
        channels=[name for name, ports in connections.ports.items() if ports.levels is not None],
        locations=list(connections.config.locations),
        state_words=_STATES,
        names=await names_of(hub, merchant),
        message=message,
        preview=preview,
        text=text,
        source=source,
        place=place,
    )
    if message or (preview and preview.mistakes):
        shown.set_status(HTTPStatus.CONFLICT)
    return shown


async def act(request: web.Request) -> web.Response:
    """Do what a form of the page asks; where that may not be done, the page says why and nothing is changed."""
    try:
        return await _do(request, await form_of(request))
    except MistakesError as error:
        return await _shown(request, preview=Preview(lines=(), mistakes=error.mistakes))
    except (RefusedError, NotFoundError) as error:
        return await _shown(request, message=str(error))


async def _do(request: web.Request, form: Mapping[str, object]) -> web.Response:
    hub, merchant, actor = hub_of(request)
    said = {name: str(value) for name, value in form.items() if isinstance(value, str)}
    match said.get("do", ""):
        case "preview":
            return await _previewed(request, form)
        case "load":
            await opening.load(hub, merchant, said.get("text", ""), actor=actor)
        case "adopt_preview":
            source, place = said.get("connection", ""), said.get("location", "")
            seen = await adopt.preview(hub, merchant, source, place or None)
            return await _shown(request, preview=seen, source=source, place=place)
        case "adopt":
            place = said.get("location", "")
            await adopt.adopt(hub, merchant, said.get("connection", ""), place or None, actor=actor)
        case _:
            plan, do = await _planned(hub, (merchant, actor), said)
            return await in_two_steps(request, form, plan, do, back_to="/go-live")
    return onward("/go-live")


async def _planned(
    hub: Hub, person: tuple[str, str], said: Mapping[str, str]
) -> tuple[Plan, Callable[[Confirmed], Awaitable[object]]]:
    """Return what a button of the page will do, and what does it; ``person`` is merchant and actor."""
    (merchant, actor), document = person, said.get("id", "")
    match said.get("do", ""):
        case "accept":
            kinds = [a for a in Action if said.get("action") in ("all", a.value)]
            if not kinds:
                raise RefusedError(f"{said.get('action')!r} is no kind of action")
            plan = await accept_plan(hub, merchant, kinds)
            return plan, lambda _: accept(hub, merchant, kinds=kinds, document=document or None, actor=actor)
        case "undo":
            plan = await undo_acceptance_plan(hub, merchant, document)
            return plan, lambda _: undo(hub, merchant, document, actor=actor)
        case "release":
            plan = await release_all_plan(hub, merchant, "before_go_live")
            return plan, lambda _: actions.release_all(hub, merchant, "before_go_live", "all", actor)
        case "undo_opening":
            plan = await undo_opening_plan(hub, merchant)
            return plan, lambda _: opening.undo(hub, merchant, None, actor=actor)
        case other:
            raise RefusedError(f"{other!r} is nothing that can be done here")


async def _previewed(request: web.Request, form: Mapping[str, object]) -> web.Response:
    hub, merchant, _ = hub_of(request)
    text = str(form.get("text", ""))
    sent = form.get("file")
    if isinstance(sent, web.FileField):
        try:
            text = decode(sent.file.read())
        except UnreadableCsvError as error:
            wrong = Mistake(line=1, what=str(error))
            return await _shown(request, preview=Preview(lines=(), mistakes=(wrong,)))
    return await _shown(request, preview=await opening.preview(hub, merchant, text), text=text)


async def undo_file(request: web.Request) -> web.StreamResponse:
    """Give the undo file of an acceptance."""
    hub, merchant, _ = hub_of(request)
    accepted = await acceptance(hub, merchant, request.match_info["id"])
    return await streamed(request, f"undo-{accepted.id}.csv", undo_text(hub, merchant, accepted.id))


def add(app: web.Application) -> None:
    """Serve the page."""
    app.router.add_get("/go-live", go_live)
    app.router.add_post("/go-live", act)
    app.router.add_get("/go-live/listings/{id}", more)
    app.router.add_get("/go-live/undo/{id}.csv", undo_file)
