"""What a request to EasyPost is called, and which orders it is about."""

import json
from typing import Final

from aiohttp import web

from sandbox import order_lookup
from sandbox.easypost.state import EasyPost
from sandbox.http import operation_of
from sandbox.planned import Call

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "POST /v2/shipments": ("shipment.create", "create"),
    "GET /v2/shipments": ("shipment.all", "all"),
    "GET /v2/shipments/{id}": ("shipment.retrieve", "retrieve"),
    "POST /v2/shipments/{id}/buy": ("shipment.buy", "buy"),
    "POST /v2/shipments/{id}/refund": ("shipment.refund", "refund"),
    "GET /v2/shipments/{id}/label": ("shipment.label", "label"),
    "GET /v2/trackers/{id}": ("tracker.retrieve", "tracker"),
    "POST /v2/webhooks": ("webhook.create",),
}
"""The library's name of each operation, and a short one."""
WRITES: Final = ("shipment.buy", "shipment.refund")
"""Rating costs nothing and changes nothing."""


async def call_of(state: EasyPost, request: web.Request) -> Call:
    """The call behind a request."""
    names = NAMES.get(operation_of(request), ("other",))
    return Call(names=names, write=names[0] in WRITES, orders=await _orders(state, request))


async def _orders(state: EasyPost, request: web.Request) -> frozenset[str]:
    known = state.shipments.get(request.match_info.get("id", ""))
    if known is not None:
        return order_lookup.of_parcel(state.env, known.asked)
    if operation_of(request) != "POST /v2/shipments":
        return frozenset()
    try:
        return order_lookup.of_parcel(state.env, json.loads(await request.read())["shipment"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return frozenset()  # it will be refused for that
