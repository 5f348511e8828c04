"""What a request to EasyPost is called, and which orders it is about."""

import json
from typing import TYPE_CHECKING, Final

from aiohttp import web

from sandbox import whose
from sandbox.scripted_faults import Call

if TYPE_CHECKING:
    from sandbox.easypost.state import EasyPost
    from sandbox.world import World

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "POST /v2/shipments": ("shipment.create", "create"),
    "GET /v2/shipments": ("shipment.all", "all"),
    "GET /v2/shipments/{id}": ("shipment.retrieve", "retrieve"),
    "POST /v2/shipments/{id}/rerate": ("shipment.regenerate_rates", "rerate"),
    "POST /v2/shipments/{id}/buy": ("shipment.buy", "buy"),
    "POST /v2/shipments/{id}/refund": ("shipment.refund", "refund"),
    "GET /v2/shipments/{id}/label": ("shipment.label", "label"),
    "POST /v2/trackers": ("tracker.create", "track"),
    "GET /v2/trackers": ("tracker.all", "trackers"),
    "GET /v2/trackers/{id}": ("tracker.retrieve", "tracker"),
    "POST /v2/webhooks": ("webhook.create",),
    "GET /v2/webhooks": ("webhook.all",),
    "GET /v2/webhooks/{id}": ("webhook.retrieve",),
    "DELETE /v2/webhooks/{id}": ("webhook.delete",),
    "GET /v2/events/{id}": ("event.retrieve",),
}
"""The library's name of each operation, and a short one."""
OPERATIONS: Final = frozenset(name for names in NAMES.values() for name in names)
WRITES: Final = ("shipment.buy", "shipment.refund")
"""Rating costs nothing and changes nothing."""


async def told(world: "World", state: "EasyPost", request: web.Request) -> Call:
    """The call behind a request."""
    route = request.match_info.route.resource
    path = route.canonical if route is not None else request.path
    names = NAMES.get(f"{request.method} {path}", ("other",))
    return Call(names=names, write=names[0] in WRITES, orders=await _orders(world, state, request))


async def _orders(world: "World", state: "EasyPost", request: web.Request) -> frozenset[str]:
    known = state.shipments.get(request.match_info.get("id", ""))
    if known is not None:
        return whose.of_parcel(world, known.asked.get("reference"), known.asked["to_address"])
    if request.path != "/v2/shipments" or request.method != "POST":
        return frozenset()
    try:
        asked = json.loads(await request.read())["shipment"]
        return whose.of_parcel(world, asked.get("reference"), asked.get("to_address") or {})
    except (ValueError, KeyError, TypeError, AttributeError):
        return frozenset()  # it will be refused for that
