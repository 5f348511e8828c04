"""The small forms of an order's page: a note, tags, who looks after it. They cost nothing and can be undone: one step."""

import re
from urllib.parse import quote

from aiohttp import web

from core.services import annotations
from core.services.actions import order_named
from web.console.pages import form_of, hub_of, onward


def tags_in(text: str) -> set[str]:
    """Return the tags that a person wrote, with blanks or commas between them, in whatever case."""
    return set(re.split(r"[\s,]+", text.strip().lower())) - {""}


async def note(request: web.Request) -> web.Response:
    """Write a note."""
    hub, merchant, actor = hub_of(request)
    order_id = await order_named(hub, merchant, request.match_info["order"])
    text = (await form_of(request)).get("text")
    await annotations.add_note(hub, merchant, order_id, text if isinstance(text, str) else "", actor)
    return onward(f"/orders/{quote(order_id)}#notes")


async def tags(request: web.Request) -> web.Response:
    """Put tags on the order, or take one off."""
    hub, merchant, actor = hub_of(request)
    order_id = await order_named(hub, merchant, request.match_info["order"])
    form = await form_of(request)
    add, remove = (tags_in(str(form.get(name, ""))) for name in ("add", "remove"))
    await annotations.change_tags(hub, merchant, [order_id], add=add, remove=remove, actor=actor)
    return onward(f"/orders/{quote(order_id)}#tags")


async def assignee(request: web.Request) -> web.Response:
    """Say who looks after the order; an empty name: nobody."""
    hub, merchant, actor = hub_of(request)
    order_id = await order_named(hub, merchant, request.match_info["order"])
    to = str((await form_of(request)).get("to", ""))
    await annotations.assign(hub, merchant, order_id, to or None, actor)
    return onward(f"/orders/{quote(order_id)}#tags")


def add(app: web.Application) -> None:
    """Serve the forms."""
    app.router.add_post("/orders/{order}/notes", note)
    app.router.add_post("/orders/{order}/tags", tags)
    app.router.add_post("/orders/{order}/assignee", assignee)
