"""What a request to EasyPost is called, and which orders it is about."""

import json
from typing import Final

from aiohttp import web

from sandbox import order_lookup
from sandbox.easypost.state import EasyPost
from sandbox.http import operation_of
from sandbox.scripted_faults import Call
from sandbox.values import Json

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
"""The library's name of each operation that is offered, and a short one; its row in fidelity.py has the first."""
WRITES: Final = ("shipment.buy", "shipment.refund")
"""Rating costs nothing and changes nothing; a shipment that names a service is bought in the same call."""


async def call_of(state: EasyPost, request: web.Request) -> Call:
    """The call behind a request."""
    names = NAMES.get(operation_of(request), ("other",))
    known = state.shipments.get(request.match_info.get("id", ""))
    wanted = await _wanted(request) if names[0] == "shipment.create" else {}
    write = names[0] in WRITES or bool(wanted.get("service"))
    return Call(names=names, write=write, orders=_orders(state, known.asked if known else wanted))


def _orders(state: EasyPost, parcel: Json) -> frozenset[str]:
    try:
        return order_lookup.of_parcel(state.env, parcel) if parcel else frozenset()
    except (KeyError, TypeError, AttributeError):
        return frozenset()  # it will be refused for that


async def _wanted(request: web.Request) -> Json:
    """The shipment that is to be made; nothing where there is none to read."""
    try:
        wanted = json.loads(await request.read())["shipment"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return wanted if isinstance(wanted, dict) else {}
