"""The console: connections, orders with their timeline, stock. Every page works without scripts."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Literal

from aiohttp import web
from pydantic import Field

from core.domain.state import OrderState, Stage
from core.domain.summary import summary
from core.engine.hub import Hub
from core.engine.pauses import resume
from core.errors import NotFoundError, RefusedError
from core.model.actions import Action
from core.model.facts import Fact
from core.services import actions
from core.services.golive.accept import accept
from core.services.health import health_of, probe_now
from core.store.inbox import list_deliveries, replay_delivery
from core.store.orders import counts_by_stage, facts_of, list_orders
from core.store.personal import personal_of
from web.api import stock as stock_api
from web.api.endpoint import Answer, Call, DeliveryCursor, NoQuery, OrderCursor
from web.console.page import page
from web.keys import HUB
from web.session import CALLER, COOKIE, key_of, log_in

_ASSETS = Path(__file__).parent.parent / "assets"
_OURS = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""A path of this site: no second slash, no backslash, no blank or control character that browsers take out."""


async def login_page(request: web.Request) -> web.Response:
    """Ask for an API key."""
    return page("login.html", request, wrong=False, next=_safe(request.query.get("next", "/orders")))


async def login(request: web.Request) -> web.Response:
    """Take an API key and give the browser its session."""
    form = await form_of(request)
    target = _safe(str(form.get("next", "/orders")))
    found = await key_of(request.app[HUB], str(form.get("key", "")))
    if found is None or found[0] not in request.app[HUB].merchants:
        answer = page("login.html", request, wrong=True, next=target)
        answer.set_status(HTTPStatus.UNAUTHORIZED)
        return answer
    response = onward(target)
    log_in(request, response, *found)
    return response


async def logout(request: web.Request) -> web.Response:
    """End the session."""
    del request
    response = onward("/login")
    response.del_cookie(COOKIE)
    return response


def _safe(path: str) -> str:
    """Return a path of this site; anything that could lead elsewhere becomes the start page."""
    return path if _OURS.fullmatch(path) else "/orders"


async def form_of(request: web.Request) -> Mapping[str, object]:
    """Return what a form says.

    Raises:
        web.HTTPBadRequest: it is no form that can be read.
    """
    try:
        return await request.post()
    except (ValueError, LookupError) as error:  # not in the encoding it names, or in one that nobody knows
        raise web.HTTPBadRequest(reason="the form cannot be read") from error


def onward(path: str) -> web.Response:
    """Lead to another page."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})


def hub_of(request: web.Request) -> tuple[Hub, str, str]:
    """Return the hub, the caller's merchant and his name as an actor."""
    merchant, name = request[CALLER]
    return request.app[HUB], merchant, f"person:{name}"


async def home(request: web.Request) -> web.Response:
    """Lead to the orders."""
    del request
    return onward("/orders")


class OrdersShown(Answer):
    """Which orders the page shows."""

    stage: Stage | None = None
    text: str = Field("", max_length=100)
    after: OrderCursor | None = None


async def orders(request: web.Request) -> web.Response:
    """Show the orders of a tab."""
    hub, merchant, _ = hub_of(request)
    asked = OrdersShown.model_validate(dict(request.query))
    found = await hub.store.read(
        list_orders, merchant, stage=asked.stage, text=asked.text or None, after=asked.after, limit=50
    )
    counts = await hub.store.read(counts_by_stage, merchant)
    return page(
        "orders.html",
        request,
        rows=found.items,
        after=found.after,
        asked=asked,
        counts=counts,
        stages=list(Stage),
        total=sum(counts.values()),
    )


async def order(request: web.Request) -> web.Response:
    """Show one order: what it is, its parcels with every rate, and its timeline."""
    hub, merchant, _ = hub_of(request)
    order_id = await actions.order_named(hub, merchant, request.match_info["order"])
    return await _order_page(request, order_id, message="")


async def _order_page(request: web.Request, order_id: str, *, message: str) -> web.Response:
    hub, merchant, _ = hub_of(request)
    state = await hub.store.load(merchant, order_id)
    if state is None or state.order is None:
        raise NotFoundError(f"{order_id} is not known yet")
    return page(
        "order.html",
        request,
        order_id=order_id,
        state=state,
        order=state.order,
        personal=await hub.store.read(personal_of, hub.store.keys, merchant, order_id),
        timeline=timeline(await hub.store.read(facts_of, merchant, order_id)),
        can_reject=_can_reject(hub, merchant, state),
        acts=hub.connections(merchant).acts(state.order.connection),
        message=message,
    )


def timeline(facts: Sequence[Fact]) -> list[tuple[datetime, str, str]]:
    """Return (when, who, what in words) of every fact that says something to people."""
    return [(fact.at, fact.actor, words) for fact in facts if (words := summary(fact))]


def _can_reject(hub: Hub, merchant: str, state: OrderState) -> bool:
    if state.order is None or state.cancelled or any(p.label for p in state.parcels):
        return False
    connections = hub.connections(merchant)
    return (
        connections.acts(state.order.connection)
        and connections.named(state.order.connection).channel_payments is not None
    )


async def order_action(request: web.Request) -> web.Response:
    """Do what a button of an order's page asks; where that may not be done now, the page says why."""
    hub, merchant, actor = hub_of(request)
    order_id = await actions.order_named(hub, merchant, request.match_info["order"])
    form = await form_of(request)
    try:
        await do_with_order(hub, (merchant, order_id, actor), form)
    except RefusedError as error:
        shown = await _order_page(request, order_id, message=str(error))
        shown.set_status(HTTPStatus.CONFLICT)
        return shown
    return onward(request.rel_url.raw_path)


async def do_with_order(hub: Hub, asked: tuple[str, str, str], form: Mapping[str, object]) -> None:
    """Do what a form asks of an order; ``asked`` is merchant, order id and actor.

    Raises:
        RefusedError: it may not be done now.
    """
    merchant, order_id, actor = asked
    match str(form.get("action", "")):
        case "release":
            await actions.release(hub, merchant, order_id, str(form.get("reason", "")), actor)
        case "reject":
            await actions.reject(hub, merchant, order_id, "rejected in the console", actor)
        case "label":
            await actions.ask_label(hub, merchant, order_id, actor)
        case "retry":
            await actions.retry(hub, merchant, order_id, actor)
        case other:
            raise RefusedError(f"{other!r} is nothing that can be done with an order")


async def connections(request: web.Request) -> web.Response:
    """Show every connection, its health, and what is accepted of it."""
    hub, merchant, _ = hub_of(request)
    return page("connections.html", request, connections=await health_of(hub, merchant))


class SwitchForm(Answer):
    """Which kind of action is accepted (``on``) or stopped."""

    action: Action
    to: Literal["on", "off"]


async def connection_action(request: web.Request) -> web.Response:
    """Accept or stop a kind of action of a connection."""
    hub, merchant, actor = hub_of(request)
    form = await form_of(request)
    connection = request.match_info["connection"]
    if form.get("brake") in ("go", "stop"):
        await actions.answer_push_guard(hub, merchant, connection, go=form["brake"] == "go", actor=actor)
        return onward(f"/connections#{connection}")
    asked = SwitchForm.model_validate({name: str(form.get(name, "")) for name in SwitchForm.model_fields})
    if asked.to == "on":
        await accept(hub, merchant, kinds=[asked.action], connections=[connection], actor=actor)
    else:
        await actions.switch(hub, merchant, connection, [asked.action], on=False, actor=actor)
    return onward(f"/connections#{connection}")


async def connection_resume(request: web.Request) -> web.Response:
    """Try again now what a connection's vendor did for nobody."""
    hub, merchant, _ = hub_of(request)
    connection = request.match_info["connection"]
    await resume(hub, merchant, connection)
    return onward(f"/connections#{connection}")


async def connection_test(request: web.Request) -> web.Response:
    """Ask a connection's vendor now whether it takes us; the page shows what it said."""
    hub, merchant, _ = hub_of(request)
    connection = request.match_info["connection"]
    await probe_now(hub, merchant, connection)
    return onward(f"/connections#{connection}")


async def stock(request: web.Request) -> web.Response:
    """Show what every location holds, and what each listing shows and should show."""
    merchant, name = request[CALLER]
    call = Call(
        request=request, merchant=merchant, actor=f"person:{name}", path={}, query=NoQuery(), body=None
    )
    levels = await stock_api.get_listings(call)
    held = await stock_api.get_stock(call)
    return page("stock.html", request, stock=held.stock, listings=levels.listings)


class DeliveriesShown(Answer):
    """Which deliveries the page shows."""

    after: DeliveryCursor | None = None


async def deliveries(request: web.Request) -> web.Response:
    """Show what the vendors told us."""
    hub, merchant, _ = hub_of(request)
    asked = DeliveriesShown.model_validate(dict(request.query))
    found = await hub.store.read(list_deliveries, merchant, after=asked.after, limit=100)
    return page("deliveries.html", request, rows=found.items, after=found.after)


async def delivery_action(request: web.Request) -> web.Response:
    """Replay a delivery."""
    hub, merchant, _ = hub_of(request)
    form = await form_of(request)
    connection, event = str(form.get("connection", "")), str(form.get("event", ""))
    await hub.store.write(replay_delivery, merchant, connection, event, now=hub.clock.now())
    return onward("/deliveries")


def add(app: web.Application) -> None:
    """Serve the pages."""
    app.router.add_static("/assets/", _ASSETS)
    app.router.add_get("/", home)
    app.router.add_get("/login", login_page)
    app.router.add_post("/login", login)
    app.router.add_post("/logout", logout)
    app.router.add_get("/orders", orders)
    app.router.add_get("/orders/{order}", order)
    app.router.add_post("/orders/{order}", order_action)
    app.router.add_get("/connections", connections)
    app.router.add_post("/connections/{connection}", connection_action)
    app.router.add_post("/connections/{connection}/resume", connection_resume)
    app.router.add_post("/connections/{connection}/test", connection_test)
    app.router.add_get("/stock", stock)
    app.router.add_get("/deliveries", deliveries)
    app.router.add_post("/deliveries", delivery_action)
