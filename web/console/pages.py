"""The console: connections, orders with their timeline, stock. Every page works without scripts."""

import re
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from pydantic import Field

from core.engine.hub import Hub
from core.engine.pauses import resume
from core.model.actions import Action
from core.model.base import is_storable
from core.services import actions
from core.services.connection_plans import accept_plan, push_guard_plan, resume_plan, stop_plan
from core.services.golive.accept import accept
from core.services.health import health_of, probe_now
from core.services.stock_plans import stock_plan
from core.store.inbox import list_deliveries, replay_delivery
from core.store.products import first_skus
from web.api import stock as stock_api
from web.api.endpoint import Answer, DeliveryCursor
from web.console.confirm import in_two_steps
from web.console.page import page
from web.keys import HUB
from web.session import CALLER

Asked = TypeVar("Asked", bound=Answer)

_ASSETS = Path(__file__).parent.parent / "assets"
_ASSET_NAMES = frozenset(file.name for file in _ASSETS.iterdir() if file.is_file())
LARGEST_FORM_OF_A_STRANGER = 4096
"""Bytes of its body."""
_MOST_FIELDS_OF_A_STRANGER = 32
_FORM_OF_A_STRANGER = re.compile(
    r'application/x-www-form-urlencoded[ \t]*(?:;[ \t]*(?:charset="?utf-8"?)?[ \t]*)?', re.IGNORECASE
)
_LINES = frozenset({"file", "text"})


async def form_of(request: web.Request) -> Mapping[str, object]:
    """Return what a form says.

    Raises:
        web.HTTPBadRequest: it is no form that can be read, or says what no database can hold.
        web.HTTPRequestEntityTooLarge: it is larger than a stranger's may be.
        web.HTTPUnsupportedMediaType: it is of a kind that is not taken of strangers.
    """
    form = await (_form_of_a_person(request) if CALLER in request else _form_of_a_stranger(request))
    for name, value in form.items():
        # Files and pasted lists are looked at line by line, where a mistake has a place.
        if name not in _LINES and not (is_storable(name) and is_storable(str(value))):
            raise web.HTTPBadRequest(reason="the form holds a character that is none of any text, as NUL is")
    return form


async def _form_of_a_stranger(request: web.Request) -> Mapping[str, object]:
    """Return a short form of the plain kind, which costs next to nothing to take apart.

    Parts (multipart) cost up to 20 ms for 4 KB; even to parse an odd Content-Type costs more than this does.
    """
    if not request.can_read_body:
        return {}
    if not _FORM_OF_A_STRANGER.fullmatch(request.headers.get("Content-Type", "")):
        kind = "application/x-www-form-urlencoded, in UTF-8"
        raise web.HTTPUnsupportedMediaType(reason=f"before somebody is signed in, a form is sent as {kind}")
    size = request.content_length
    if size is None or size > LARGEST_FORM_OF_A_STRANGER:
        raise web.HTTPRequestEntityTooLarge(LARGEST_FORM_OF_A_STRANGER, size or 0)
    sent = await request.read()
    try:
        text = sent.rstrip().decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS_OF_A_STRANGER)
    except ValueError as error:  # no UTF-8, or too many fields
        raise web.HTTPBadRequest(reason="the form cannot be read") from error
    # Of a field that comes twice the first counts, as in the forms of those who are signed in.
    return dict(reversed(pairs))


async def _form_of_a_person(request: web.Request) -> Mapping[str, object]:
    try:
        return await request.post()
    except (web.HTTPException, web.RequestPayloadError, OSError):
        # Too large, not whole, or our own disk: each is told as what it is.
        raise
    except Exception as error:
        # aiohttp's parser raises whatever its parts raise: RuntimeError, LookupError, AssertionError and others.
        raise web.HTTPBadRequest(reason="the form cannot be read") from error


def asked_of(request: web.Request, shape: type[Asked]) -> Asked:
    """Return what an address asks of a page; what was just done is told beside it, and is not of the page."""
    return shape.model_validate({name: value for name, value in request.query.items() if name != "done"})


async def streamed(request: web.Request, name: str, pages: AsyncIterator[str]) -> web.StreamResponse:
    """Give a CSV file as it is made, page by page; a failure before the first page is answered as any other."""
    first = await anext(pages, "")
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
    response.content_type, response.charset = "text/csv", "utf-8"
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    await response.write(first.encode())
    async for text in pages:
        await response.write(text.encode())
    await response.write_eof()
    return response


def onward(path: str) -> web.Response:
    """Lead to another page."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})


def hub_of(request: web.Request) -> tuple[Hub, str, str]:
    """Return the hub, the caller's merchant and how facts name him."""
    caller = request[CALLER]
    return request.app[HUB], caller.merchant, caller.actor


async def home(request: web.Request) -> web.Response:
    """Lead to the orders."""
    del request
    return onward("/orders")


async def connections(request: web.Request) -> web.Response:
    """Show every connection, its health, and what is accepted of it."""
    hub, merchant, _ = hub_of(request)
    return page("connections.html", request, connections=await health_of(hub, merchant))


class SwitchForm(Answer):
    """Which kind of action is accepted (``on``) or stopped."""

    action: Action
    to: Literal["on", "off"]


async def connection_action(request: web.Request) -> web.Response:
    """Accept or stop a kind of action of a connection, or answer the push guard, in two steps."""
    hub, merchant, actor = hub_of(request)
    form = await form_of(request)
    connection = request.match_info["connection"]
    back_to = f"/connections#{connection}"
    if form.get("brake") in ("go", "stop"):
        go = form["brake"] == "go"
        answer = await push_guard_plan(hub, merchant, connection, go=go)
        return await in_two_steps(
            request,
            form,
            answer,
            lambda _: actions.answer_push_guard(hub, merchant, connection, go=go, actor=actor),
            back_to=back_to,
        )
    asked = SwitchForm.model_validate({name: str(form.get(name, "")) for name in SwitchForm.model_fields})
    kinds = [asked.action]
    if asked.to == "off":
        return await in_two_steps(
            request,
            form,
            await stop_plan(hub, merchant, connection, kinds),
            lambda _: actions.switch(hub, merchant, connection, kinds, on=False, actor=actor),
            back_to=back_to,
        )
    hub.connections(merchant).named(connection)
    return await in_two_steps(
        request,
        form,
        await accept_plan(hub, merchant, kinds, [connection]),
        lambda _: accept(hub, merchant, kinds=kinds, connections=[connection], actor=actor),
        back_to=back_to,
    )


async def connection_resume(request: web.Request) -> web.Response:
    """Try again now what a connection's vendor did for nobody, in two steps."""
    hub, merchant, _ = hub_of(request)
    connection = request.match_info["connection"]
    return await in_two_steps(
        request,
        await form_of(request),
        await resume_plan(hub, merchant, connection),
        lambda _: resume(hub, merchant, connection),
        back_to=f"/connections#{connection}",
    )


async def connection_test(request: web.Request) -> web.Response:
    """Ask a connection's vendor now whether it takes us; the page shows what it said."""
    hub, merchant, _ = hub_of(request)
    connection = request.match_info["connection"]
    await probe_now(hub, merchant, connection)
    return onward(f"/connections#{connection}")


class StockShown(Answer):
    """Behind which counter, and behind which listing, the page begins."""

    after: str | None = Field(None, max_length=2000)
    listings_after: str | None = Field(None, max_length=2000)


ROWS_ON_A_PAGE = 200
_SKUS_TO_CHOOSE = 500


async def stock(request: web.Request) -> web.Response:
    """Show what every location holds, and what each listing shows and should show, a page of each."""
    hub, merchant, _ = hub_of(request)
    asked = asked_of(request, StockShown)
    levels = await stock_api.listings_page(
        hub, merchant, stock_api.PageAsked(after=asked.listings_after, limit=ROWS_ON_A_PAGE)
    )
    held = await stock_api.stock_page(
        hub, merchant, stock_api.PageAsked(after=asked.after, limit=ROWS_ON_A_PAGE)
    )
    return page(
        "stock.html",
        request,
        stock=held.stock,
        listings=levels.listings,
        more_stock=and_after(asked, after=held.after),
        more_listings=and_after(asked, listings_after=levels.after),
        locations=list(hub.config(merchant).locations),
        skus=await hub.store.read(first_skus, merchant, limit=_SKUS_TO_CHOOSE),
    )


def and_after(asked: Answer, **behind: str | None) -> str | None:
    """Return the query of the next page of one list, the others where they are; None where there is none."""
    if None in behind.values():
        return None
    said = {name: value for name, value in (asked.model_dump() | behind).items() if value is not None}
    return urlencode(said)


class StockForm(Answer):
    """Units of a SKU that were counted at a location, or came in there."""

    do: Literal["count", "receive"]
    sku: str = Field(min_length=1)
    location: str
    units: int = Field(ge=0, le=1_000_000_000)


async def stock_action(request: web.Request) -> web.Response:
    """Count or receive, in two steps."""
    hub, merchant, actor = hub_of(request)
    form = await form_of(request)
    asked = StockForm.model_validate(
        {name: str(form.get(name, "")).strip() for name in StockForm.model_fields}
    )
    lines = [(asked.sku, asked.location, asked.units)]
    counted, seen = await stock_plan(hub, merchant, lines, receive=asked.do == "receive")
    change = actions.receive if asked.do == "receive" else actions.count
    return await in_two_steps(
        request,
        form,
        counted,
        lambda confirmed: change(hub, merchant, lines, actor=actor, note=confirmed.note, seen=seen),
        back_to="/stock",
        noted=True,
    )


class DeliveriesShown(Answer):
    """Which deliveries the page shows."""

    after: DeliveryCursor | None = None


async def deliveries(request: web.Request) -> web.Response:
    """Show what the vendors told us."""
    hub, merchant, _ = hub_of(request)
    asked = asked_of(request, DeliveriesShown)
    found = await hub.store.read(list_deliveries, merchant, after=asked.after, limit=100)
    return page("deliveries.html", request, rows=found.items, after=found.after)


async def delivery_action(request: web.Request) -> web.Response:
    """Replay a delivery."""
    hub, merchant, _ = hub_of(request)
    form = await form_of(request)
    connection, event = str(form.get("connection", "")), str(form.get("event", ""))
    await hub.store.write(replay_delivery, merchant, connection, event, now=hub.clock.now())
    return onward("/deliveries")


async def asset(request: web.Request) -> web.StreamResponse:
    """Give a file that pages need; only those that were there at the start have a name here.

    Raises:
        web.HTTPNotFound: none of them is called so.
    """
    name = request.match_info["filename"]
    if name not in _ASSET_NAMES:
        raise web.HTTPNotFound
    return web.FileResponse(_ASSETS / name)


def add(app: web.Application) -> None:
    """Serve the pages."""
    app.router.add_get("/assets/{filename}", asset)
    app.router.add_get("/", home)
    app.router.add_get("/connections", connections)
    app.router.add_post("/connections/{connection}", connection_action)
    app.router.add_post("/connections/{connection}/resume", connection_resume)
    app.router.add_post("/connections/{connection}/test", connection_test)
    app.router.add_get("/stock", stock)
    app.router.add_post("/stock", stock_action)
    app.router.add_get("/deliveries", deliveries)
    app.router.add_post("/deliveries", delivery_action)
