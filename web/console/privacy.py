"""The page of privacy requests: what is asked, by when, and how each ended."""

import json
from functools import partial
from typing import Any

from aiohttp import web

from core.model.privacy import RequestKind, RequestState
from core.services import privacy_requests as service
from core.store.privacy_requests import list_requests
from web.api.endpoint import Answer, DeliveryCursor
from web.console.confirm import in_two_steps
from web.console.page import page
from web.console.pages import asked_of, form_of, hub_of


class RequestsShown(Answer):
    """Which requests the page shows."""

    after: DeliveryCursor | None = None


async def privacy(request: web.Request) -> web.Response:
    """Show the requests, the newest first."""
    hub, merchant, _ = hub_of(request)
    asked = asked_of(request, RequestsShown)
    found = await hub.store.read(list_requests, merchant, after=asked.after, limit=50)
    return page(
        "privacy.html",
        request,
        rows=found.items,
        after=found.after,
        words=service.WORDS,
        now=hub.clock.now(),
        answerable=lambda one: one.kind is RequestKind.EXPORT_PERSON and one.state is RequestState.OPEN,
    )


async def privacy_action(request: web.Request) -> web.Response:
    """Give what a shopper asked for as a file, or mark the question as answered in two steps."""
    hub, merchant, actor = hub_of(request)
    form = await form_of(request)
    connection, event = str(form.get("connection", "")), str(form.get("event", ""))
    asked = await service.request_named(hub, merchant, connection, event)
    if form.get("do") == "export":
        return _file(await service.known_of(hub, merchant, asked))
    return await in_two_steps(
        request,
        form,
        service.answered_plan(asked),
        lambda confirmed: service.answer(hub, merchant, connection, event, actor=actor, note=confirmed.note),
        back_to="/privacy",
        noted=True,
    )


def _file(known: dict[str, Any]) -> web.Response:
    """Return what is known as a file that a browser saves."""
    answer = web.json_response(known, dumps=partial(json.dumps, indent=1))
    answer.headers["Content-Disposition"] = 'attachment; filename="what-is-known.json"'
    return answer


def add(app: web.Application) -> None:
    """Serve the page."""
    app.router.add_get("/privacy", privacy)
    app.router.add_post("/privacy", privacy_action)
