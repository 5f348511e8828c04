"""EasyPost's HTTP interface."""

import asyncio
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from aiohttp import web

from sandbox.easypost import asked, objects, paging
from sandbox.easypost.calls import NAMES, call_of
from sandbox.easypost.fidelity import NOT_OFFERED, ROWS
from sandbox.easypost.hooks import Hook
from sandbox.easypost.labels import TYPES, label
from sandbox.easypost.refusals import (
    Refused,
    blank,
    failed,
    missing,
    mistyped,
    not_offered,
    throttled,
    unprocessable,
    wrong_method,
)
from sandbox.easypost.state import CARRIER_SECONDS, EasyPost
from sandbox.http import Handler, injecting, key_of, operation_of
from sandbox.parameters import fields, left_out
from sandbox.values import Json

STATE: Final = web.AppKey("easypost", EasyPost)
LIVE: Final = web.RequestKey("live", bool)
"""Whether the request's key is the production key."""
FILES: Final = "/files/postage_label"
APIS: Final = ("/v2/", "/beta/")
WRAPPERS: Final = {"shipment.create": "shipment", "webhook.create": "webhook"}
"""What the whole body is wrapped in."""


def build(state: EasyPost) -> web.Application:
    """The stand-in's application."""
    state.env.scripted_faults.operations["easypost"] = frozenset(
        name for names in NAMES.values() for name in names
    )
    inject = injecting(
        state.env, "easypost", throttled=throttled, failed=failed, only=_is_api,
        call_of=lambda request: call_of(state, request),
    )  # fmt: skip
    app = web.Application(middlewares=[_envelope, inject, _authorized, _admitted])
    app[STATE] = state
    app.add_routes([
        web.post("/v2/shipments", _create), web.get("/v2/shipments", _list), web.get("/v2/shipments/{id}", _retrieve),
        web.post("/v2/shipments/{id}/buy", _buy), web.post("/v2/shipments/{id}/refund", _refund),
        web.get("/v2/shipments/{id}/label", _convert), web.get("/v2/trackers/{id}", _tracker),
        web.post("/v2/webhooks", _subscribe), web.get(FILES + "/{id}.{form}", _file),
    ])  # fmt: skip
    for place in dict.fromkeys(NOT_OFFERED.values()):
        names = [name for name, other in NOT_OFFERED.items() if other == place]
        app.router.add_route(*place, _closed(" or ".join(names)))
    return app


def _is_api(request: web.Request) -> bool:
    return request.path.startswith(APIS)


async def _create(request: web.Request) -> web.Response:
    wanted = asked.shipment(await _body(request, "shipment") or _nothing("shipment"))
    if wanted["insurance"] is not None and wanted.get("service") is None:
        raise not_offered("shipment.insurance without shipment.service")
    state = request.app[STATE]
    await _wait_for_carriers(state, wanted)
    return _answer(objects.shipment(state.open(wanted, live=request[LIVE]), _files(request)), status=201)


async def _list(request: web.Request) -> web.Response:
    known = [each for each in request.app[STATE].shipments.values() if each.live == request[LIVE]]
    page, more = paging.page(request, known)
    return _answer(
        {"shipments": [objects.shipment(each, _files(request)) for each in page], "has_more": more}
    )


async def _retrieve(request: web.Request) -> web.Response:
    return _answer(objects.shipment(_shipment(request), _files(request)))


async def _buy(request: web.Request) -> web.Response:
    given = await _body(request)
    rate = given.get("rate")
    if not isinstance(rate, dict) or not rate.get("id"):
        raise blank("rate")
    state, shipment, insure = request.app[STATE], _shipment(request), asked.insurance(given.get("insurance"))
    chosen = [each.offer.carrier for each in shipment.rates if each.id == rate["id"]]
    if shipment.bought is None and state.hanging(chosen):
        await asyncio.sleep(CARRIER_SECONDS)
    state.buy(shipment, str(rate["id"]), insure=insure)
    return _answer(objects.shipment(shipment, _files(request)))


async def _refund(request: web.Request) -> web.Response:
    shipment = _shipment(request)
    request.app[STATE].refund(shipment)
    return _answer(objects.shipment(shipment, _files(request)))


async def _convert(request: web.Request) -> web.Response:
    shipment = _shipment(request)
    form = request.query.get("file_format", "").lower()
    if form not in TYPES:
        raise unprocessable("The label format must be one of PNG, PDF, ZPL and EPL2.")
    if shipment.bought is None:
        raise Refused(422, "SHIPMENT.POSTAGE.REQUIRED", "The shipment has no postage.")
    if shipment.forms[0] not in ("png", form):
        raise unprocessable("Only a label that was bought as PNG can be converted.")
    if form not in shipment.forms:
        shipment.forms.append(form)
    return _answer(objects.shipment(shipment, _files(request)))


async def _tracker(request: web.Request) -> web.Response:
    return _answer(objects.tracker(_of_id(request, request.app[STATE].trackers)))


async def _subscribe(request: web.Request) -> web.Response:
    given = await _body(request, "webhook")
    url, headers = given.get("url"), given.get("custom_headers") or []
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise blank("url")
    if not isinstance(headers, list) or not all(_is_header(each) for each in headers):
        raise mistyped("custom_headers", "an array of names and values")
    state = request.app[STATE]
    hook = Hook(
        state.name("hook"), url, asked.text(given.get("webhook_secret"), "webhook_secret"), state.now(), headers,
        live=request[LIVE],
    )  # fmt: skip
    state.hooks.known[hook.id] = hook
    return _answer(hook.shown(), status=201)


def _is_header(given: object) -> bool:
    parts = {"name", "value"}
    return isinstance(given, dict) and set(given) == parts and all(
        isinstance(part, str) and part.isprintable() and part.isascii() for part in given.values()
    )  # fmt: skip


async def _file(request: web.Request) -> web.Response:
    form = request.match_info["form"]
    shipment = request.app[STATE].find(request.match_info["id"])
    if form not in shipment.forms or shipment.bought is None or shipment.tracker is None:
        raise missing()
    offer = shipment.bought.offer
    content = label(form, shipment.tracker.code, carrier=offer.carrier, service=offer.service)
    return web.Response(body=content, content_type=TYPES[form])


async def _wait_for_carriers(state: EasyPost, asked: Json) -> None:
    """A carrier that hangs costs the account's own time-out before the others' prices come."""
    if state.hanging(state.carriers(asked)):
        await asyncio.sleep(CARRIER_SECONDS)


async def _body(request: web.Request, wrapper: str | None = None) -> Json:
    """The request's JSON, out of its wrapper; decimals stay exact."""
    body = await _json(request)
    if wrapper is not None and isinstance(body, dict):
        body = body.get(wrapper)
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise Refused(400, "BAD_REQUEST", "The request body must be an object.")
    return body


async def _json(request: web.Request) -> Any:
    """The request's JSON; decimals stay exact, and what is no number of JSON is none here."""
    try:
        return json.loads(await request.read() or b"{}", parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, RecursionError) as wrong:
        raise Refused(400, "BAD_REQUEST", "The request body is not valid JSON.") from wrong


def _nothing(wrapper: str) -> Json:
    raise blank(wrapper)


def _shipment(request: web.Request) -> objects.Shipment:
    """The shipment of the path, by id or by reference, if it was made with a key of the same mode."""
    found = request.app[STATE].find(request.match_info["id"])
    if found.live != request[LIVE]:
        raise missing()
    return found


def _of_id(request: web.Request, known: Mapping[str, objects.Tracker]) -> objects.Tracker:
    """What the path names, if it was made with a key of the same mode."""
    found = known.get(request.match_info["id"])
    if found is None or found.live != request[LIVE]:
        raise missing()
    return found


def _files(request: web.Request) -> str:
    return f"{request.url.origin()}{FILES}"


def _answer(body: Json, *, status: int = 200) -> web.Response:
    return web.json_response(body, status=status)


@web.middleware
async def _envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals in EasyPost's shape, and the header that names the request."""
    try:
        answer = await handler(request)
    except Refused as refused:
        answer = refused.response()
    except web.HTTPNotFound:
        answer = missing().response()
    except web.HTTPMethodNotAllowed:
        answer = wrong_method().response()
    answer.headers["X-Ep-Request-Uuid"] = request.app[STATE].name("req").removeprefix("req_")
    return answer


@web.middleware
async def _authorized(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only the account's keys open the API; label files are open to who knows their address."""
    if not _is_api(request):
        return await handler(request)
    key, state = key_of(request), request.app[STATE]
    if state.env.scripted_faults.token_dies("easypost"):
        state.cut = True
    if key is None:
        raise Refused(401, "APIKEY.REQUIRED", "An API key is required.")
    if state.cut or key not in state.keys.values():
        raise Refused(403, "APIKEY.INACTIVE", "This api key is no longer active.")
    request[LIVE] = key == state.keys[True]
    return await handler(request)


@web.middleware
async def _admitted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets in what is honoured or listed; the first thing that is neither is refused by name."""
    name = NAMES.get(operation_of(request), ("",))[0]
    if name:
        given = await _json(request)
        wrapper = WRAPPERS.get(name)
        unwrapped = wrapper is not None and (not isinstance(given, dict) or wrapper not in given)
        for strange in left_out(ROWS[name], [*request.query, *(() if unwrapped else fields(given))]):
            raise not_offered(strange)
    return await handler(request)


def _closed(name: str) -> Handler:
    """An operation of EasyPost's that is not offered: refused aloud."""

    async def handle(_request: web.Request) -> web.StreamResponse:
        raise not_offered(name)

    return handle
