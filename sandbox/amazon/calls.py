"""What a request to the Selling Partner API is called, and which order or listing it is about."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from sandbox.http import operation_of
from sandbox.planned import Call

WRITES: Final = frozenset({"confirmShipment", "patchListingsItem", "createFeed"})
"""Operations that change what a shopper or a buyer sees; a document alone and a subscription do not."""


def call_of(names: Mapping[str, str], request: web.Request) -> Call:
    """The call behind a request; `names` gives the operation of a method and a path."""
    name = names.get(operation_of(request), "other")
    preview = request.query.get("mode") == "VALIDATION_PREVIEW"
    order, sku = request.match_info.get("orderId"), request.match_info.get("sku")
    return Call(
        names=(name,),
        write=name in WRITES and not preview,
        orders=frozenset({order} if order else ()),
        listings=frozenset({sku} if sku else ()),
    )
