"""Orders API 2026-01-01 (reads) and v0 (confirmShipment)."""

from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from day.format import STATUSES
from sandbox.amazon import reading
from sandbox.amazon.order import Order
from sandbox.amazon.order_json import INCLUDABLE, order_json
from sandbox.amazon.refusals import invalid, not_found
from sandbox.amazon.state import Account
from sandbox.amazon.times import text
from sandbox.values import Json, cursor, mark_of

MOST: Final = 100
PARTIES: Final = ("MERCHANT", "AMAZON")
CREATED: Final = "created"
UPDATED: Final = "lastUpdated"
NOT_YET: Final = timedelta(minutes=2)
"""An upper bound must lie this long before the request."""

SHOWN: Final = timedelta(days=730)
"""Older orders are not shown: two years."""

Key = tuple[str, str]
"""Where in the list an order stands: its time, then its id."""


async def search_orders(amazon: Account, request: web.Request) -> web.Response:
    """Orders created or updated since then, in the order of that time, page by page."""
    included = reading.chosen(request, "includedData", INCLUDABLE)
    statuses = reading.chosen(request, "fulfillmentStatuses", STATUSES)
    parties = reading.chosen(request, "fulfilledBy", PARTIES)
    size = reading.count(request, "maxResultsPerPage", MOST, most=MOST)
    marketplaces = set(reading.words(request, "marketplaceIds"))
    clock, since, until = _window(request, amazon.now())
    after = _read_token(request.query.get("paginationToken"))
    found = sorted(
        (
            order
            for order in amazon.orders.values()
            if not order.hidden
            and order.placed_at >= amazon.now() - SHOWN
            and since <= _stamp(order, clock) <= until
            and (not statuses or order.status in statuses)
            and (not parties or order.fulfilled_by.upper() in parties)
            and (not marketplaces or amazon.marketplace in marketplaces)
            and (after is None or _key(order, clock) > after)
        ),
        key=lambda order: _key(order, clock),
    )
    page, more = found[:size], len(found) > size
    shown: Json = {
        "orders": [
            order_json(amazon.shown_order(order), included, marketplace=amazon.marketplace) for order in page
        ],
        "pagination": {"nextToken": cursor(_key(page[-1], clock))} if more else {},
    }
    shown["lastUpdatedBefore" if clock == UPDATED else "createdBefore"] = text(until)
    return web.json_response(shown)


async def get_order(amazon: Account, request: web.Request) -> web.Response:
    """One order."""
    included = reading.chosen(request, "includedData", INCLUDABLE)
    order = _order(amazon, request.match_info["orderId"])
    shown = order_json(amazon.shown_order(order), included, marketplace=amazon.marketplace)
    return web.json_response({"order": shown})


async def confirm_shipment(amazon: Account, request: web.Request) -> web.Response:
    """Take one package."""
    order = _order(amazon, request.match_info["orderId"])
    amazon.confirm(order, await reading.body(request))
    return web.Response(status=204)


def _order(amazon: Account, order_id: str) -> Order:
    order = amazon.orders.get(order_id)
    if order is None or order.hidden:
        raise not_found(f"The order {order_id} does not exist.")
    return order


def _window(request: web.Request, now: datetime) -> tuple[str, datetime, datetime]:
    """By which time is asked, from when, and until when."""
    given = [kind for kind in (CREATED, UPDATED) if f"{kind}After" in request.query]
    if len(given) != 1:
        raise invalid("Provide exactly one of createdAfter and lastUpdatedAfter.")
    clock = given[0]
    other = UPDATED if clock == CREATED else CREATED
    if f"{other}Before" in request.query:
        raise invalid(f"{other}Before cannot be used together with {clock}After.")
    since = reading.instant(request, f"{clock}After")
    until = reading.instant(request, f"{clock}Before")
    if until is not None and since is not None and until < since:
        raise invalid(f"{clock}Before must be equal to or after {clock}After.")
    if until is not None and until > now - NOT_YET:
        raise invalid(f"{clock}Before must be at least two minutes before the time of the request.")
    return clock, since or now, until or now


def _stamp(order: Order, clock: str) -> datetime:
    return order.placed_at if clock == CREATED else order.updated_at


def _key(order: Order, clock: str) -> Key:
    return _stamp(order, clock).isoformat(timespec="microseconds"), order.order_id


def _read_token(token: str | None) -> Key | None:
    if token is None:
        return None
    try:
        stamp, order_id = mark_of(token)
    except (ValueError, TypeError):
        raise invalid("The paginationToken is not valid.") from None
    return str(stamp), str(order_id)
