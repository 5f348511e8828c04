"""The page of links: listings without one first, each with proposals to accept; conflicts; all links; CSV."""

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus

from aiohttp import web
from pydantic import Field, TypeAdapter

from core.csv_text import UnreadableCsvError, decode
from core.domain.link_proposals import describe
from core.errors import NotFoundError, RefusedError
from core.services import links
from core.services.link_review import review_links
from core.services.links_file import LinksError
from core.services.people import names_of
from core.services.readiness import readiness_of
from core.services.stock_plans import link_plan, undo_import_plan, unlink_plan
from web.api.endpoint import Answer, checked_after
from web.console.confirm import in_two_steps
from web.console.page import page
from web.console.pages import and_after, asked_of, form_of, hub_of, onward, streamed

_MADE = TypeAdapter(dict[str, int])
_MOST_DIGITS = 20

Wrong = tuple[tuple[str, str], ...]
"""(where, what) of every mistake."""


class LinksShown(Answer):
    """Behind which link, and behind which listing without one, the page begins."""

    after: str | None = Field(None, max_length=2000)
    unlinked_after: str | None = Field(None, max_length=2000)


async def links_page(request: web.Request) -> web.Response:
    """Show a page of the review of links."""
    asked = asked_of(request, LinksShown)
    for name, after in (("after", asked.after), ("unlinked_after", asked.unlinked_after)):
        checked_after(after, 2, name)
    return await _shown(request, asked=asked)


async def _shown(
    request: web.Request,
    *,
    asked: LinksShown | None = None,
    wrong: Wrong = (),
    changes: tuple[links.Change, ...] | None = None,
    text: str = "",
) -> web.Response:
    hub, merchant, _ = hub_of(request)
    asked = asked or LinksShown()
    review = await review_links(hub, merchant, after=asked.after, unlinked_after=asked.unlinked_after)
    shown = page(
        "links.html",
        request,
        review=review,
        more_links=and_after(asked, after=review.after),
        more_unlinked=and_after(asked, unlinked_after=review.unlinked_after),
        findings=await readiness_of(hub, merchant),
        describe=describe,
        names=await names_of(hub, merchant),
        wrong=wrong,
        changes=changes,
        text=text,
    )
    if wrong:
        shown.set_status(HTTPStatus.CONFLICT)
    return shown


async def act(request: web.Request) -> web.Response:
    """Do what a form of the page asks; where that cannot be done, the page says what is wrong."""
    try:
        return await _do(request)
    except LinksError as error:
        return await _shown(request, wrong=error.wrong)
    except (RefusedError, NotFoundError) as error:
        return await _shown(request, wrong=(("links", str(error)),))


async def _do(request: web.Request) -> web.Response:
    hub, merchant, actor = hub_of(request)
    form = await form_of(request)
    do: Callable[[], Awaitable[object]]
    connection, listing = str(form.get("connection", "")), str(form.get("listing", ""))
    match str(form.get("do", "")):
        case "preview":
            text = _text(form.get("file")) or str(form.get("text", ""))
            changes = await links.preview(hub, merchant, text)
            return await _shown(request, changes=changes, text=text)
        case "import":
            await links.import_file(hub, merchant, str(form.get("text", "")), actor=actor)
            return onward("/links")
        case "accept":
            of = made_of(str(form.get("of", "")))
            await links.check(hub, merchant, [(connection, listing, of)])
            plan = await link_plan(hub, merchant, connection, listing, of)
            do = partial(links.accept, hub, merchant, [(connection, listing, of)])
        case "unlink":
            plan = await unlink_plan(hub, merchant, connection, listing)
            do = partial(links.unlink, hub, merchant, connection, listing)
        case "undo":
            plan = await undo_import_plan(hub, merchant)
            do = partial(links.undo, hub, merchant)
        case other:
            raise RefusedError(f"{other!r} is nothing that can be done with links")
    return await in_two_steps(request, form, plan, lambda _: do(), back_to="/links")


def made_of(text: str) -> dict[str, int]:
    """Return what ``2 x SOCKS-CHEF + 1 x CHEF-8`` says; a bare SKU is one of it. Buttons send JSON, units by SKU.

    Raises:
        LinksError: a SKU is named twice.
    """
    if text.startswith("{"):
        return _MADE.validate_json(text)
    made: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(" + "))):
        units, times, sku = part.partition(" x ")
        counted = bool(times) and units.isascii() and units.isdigit() and len(units) <= _MOST_DIGITS
        name, number = (sku.strip(), int(units)) if counted else (part, 1)
        if name in made:
            raise LinksError([("link 1", f"{name} is named twice; write one part with all its units")])
        made[name] = number
    return made


def _text(sent: object) -> str:
    """Return a sent file as text.

    Raises:
        LinksError: it is no text.
    """
    if not isinstance(sent, web.FileField):
        return ""
    try:
        return decode(sent.file.read())
    except UnreadableCsvError as error:
        raise LinksError([("the file", str(error))]) from None


async def download(request: web.Request) -> web.StreamResponse:
    """Give all links as a CSV file."""
    hub, merchant, _ = hub_of(request)
    return await streamed(request, "links.csv", links.exported(hub, merchant))


def add(app: web.Application) -> None:
    """Serve the page."""
    app.router.add_get("/links", links_page)
    app.router.add_post("/links", act)
    app.router.add_get("/links.csv", download)
