"""EasyPost's HTTP interface."""

import asyncio
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from aiohttp import web

from sandbox.easypost import objects
from sandbox.easypost.calls import NAMES, call_of
from sandbox.easypost.hooks import Hook
from sandbox.easypost.labels import TYPES, label
from sandbox.easypost.refusals import Refused, blank, failed, missing, throttled, unprocessable
from sandbox.easypost.state import CARRIER_SECONDS, EasyPost
from sandbox.http import Handler, injecting, key_of
from sandbox.values import Json

STATE: Final = web.AppKey("easypost", EasyPost)
LIVE: Final = web.RequestKey("live", bool)
"""Whether the request's key is the production key."""
FILES: Final = "/files/postage_label"
USUAL_PAGE: Final = 20
MOST: Final = 100
Found = TypeVar("Found", objects.Shipment, objects.Tracker)


def build(state: EasyPost) -> web.Application:
    """The stand-in's application."""
    state.env.planned.operations["easypost"] = frozenset(name for names in NAMES.values() for name in names)
    inject = injecting(
        state.env, "easypost", throttled=throttled, failed=failed, only=_is_api,
        call_of=lambda request: call_of(state, request),
    )  # fmt: skip
    app = web.Application(middlewares=[_envelope, inject, _authorized])
    app[STATE] = state
    app.add_routes([
        web.post("/v2/shipments", _create), web.get("/v2/shipments", _list), web.get("/v2/shipments/{id}", _retrieve),
        web.post("/v2/shipments/{id}/buy", _buy), web.post("/v2/shipments/{id}/refund", _refund),
        web.get("/v2/shipments/{id}/label", _convert), web.get("/v2/trackers/{id}", _tracker),
        web.post("/v2/webhooks", _subscribe), web.get(FILES + "/{id}.{form}", _file),
    ])  # fmt: skip
    return app


def _is_api(request: web.Request) -> bool:
    return request.path.startswith("/v2/")


async def _create(request: web.Request) -> web.Response:
    asked = await _body(request, "shipment")
    if not asked:
        raise blank("shipment")
    absent = [name for name in ("to_address", "from_address", "parcel") if not asked.get(name)]
    if absent:
        raise blank(*absent)
    if not _positive(asked["parcel"].get("weight")):
        raise blank("parcel.weight")
    for name in ("to_address", "from_address"):
        lacking = [f"{name}.{part}" for part in ("street1", "country") if not asked[name].get(part)]
        if lacking:
            raise blank(*lacking)
    state = request.app[STATE]
    await _wait_for_carriers(state, asked)
    return _answer(objects.shipment(state.open(asked, live=request[LIVE]), _files(request)), status=201)


async def _list(request: web.Request) -> web.Response:
    purchased = request.query.get("purchased", "true") == "true"
    wanted = [
        objects.shipment(each, _files(request))
        for each in reversed(request.app[STATE].shipments.values())
        if each.live == request[LIVE] and (not purchased or each.bought is not None)
    ]
    return _answer(_page(request, "shipments", wanted))


async def _retrieve(request: web.Request) -> web.Response:
    return _answer(objects.shipment(_shipment(request), _files(request)))


async def _buy(request: web.Request) -> web.Response:
    asked = await _body(request)
    rate = asked.get("rate")
    if not isinstance(rate, dict) or not rate.get("id"):
        raise blank("rate")
    state, shipment = request.app[STATE], _shipment(request)
    chosen = [each.offer.carrier for each in shipment.rates if each.id == rate["id"]]
    if shipment.bought is None and state.hanging(chosen):
        await asyncio.sleep(CARRIER_SECONDS)
    state.buy(shipment, str(rate["id"]))
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
    asked = await _body(request, "webhook")
    url = asked.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise blank("url")
    state = request.app[STATE]
    hook = Hook(
        state.name("hook"), url, asked.get("webhook_secret"), state.now(), asked.get("custom_headers") or [],
        live=request[LIVE],
    )  # fmt: skip
    state.hooks.known[hook.id] = hook
    return _answer(hook.shown(), status=201)


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
    raw = await request.read()
    try:
        body = json.loads(raw or b"{}", parse_float=Decimal)
    except ValueError as wrong:
        raise Refused(400, "BAD_REQUEST", "The request body is not valid JSON.") from wrong
    if wrapper is not None and isinstance(body, dict):
        body = body.get(wrapper)
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise Refused(400, "BAD_REQUEST", "The request body must be an object.")
    return body


def _positive(weight: Any) -> bool:
    try:
        return weight is not None and Decimal(str(weight)) > 0
    except InvalidOperation:
        return False


def _page(request: web.Request, name: str, items: list[Json]) -> Json:
    """A page of a list, newest first."""
    size = request.query.get("page_size", str(USUAL_PAGE))
    if not size.isdecimal() or not 0 < int(size) <= MOST:
        raise unprocessable(f"page_size must lie between 1 and {MOST}.")
    ids = [item["id"] for item in items]
    before, after = request.query.get("before_id"), request.query.get("after_id")
    if before in ids:
        items = items[ids.index(before) + 1 :]
    elif after in ids:
        items = items[: ids.index(after)]
    return {name: items[: int(size)], "has_more": len(items) > int(size)}


def _shipment(request: web.Request) -> objects.Shipment:
    return _of_id(request, request.app[STATE].shipments)


def _of_id(request: web.Request, known: Mapping[str, Found]) -> Found:
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
    answer.headers["X-Ep-Request-Uuid"] = request.app[STATE].name("req").removeprefix("req_")
    return answer


@web.middleware
async def _authorized(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only the account's keys open the API; label files are open to who knows their address."""
    if not _is_api(request):
        return await handler(request)
    key, state = key_of(request), request.app[STATE]
    if state.env.planned.token_dies("easypost"):
        state.cut = True
    if key is None:
        raise Refused(401, "APIKEY.REQUIRED", "An API key is required.")
    if state.cut or key not in state.keys.values():
        raise Refused(403, "APIKEY.INACTIVE", "This api key is no longer active.")
    request[LIVE] = key == state.keys[True]
    return await handler(request)
