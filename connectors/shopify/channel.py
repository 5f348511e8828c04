"""The shop as a place that sells."""

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.shopify.client import Admin, Answer, gid, tail
from connectors.shopify.reading import fetched_of
from core.errors import MappingError
from core.mapping import load_mapping
from core.model.order import FetchedOrder, OrderPage
from core.model.part import NOT_AS_DOCUMENTED, checked, instant_or_never, part_of_order

MOST = {"transactions": 50, "fulfillments": 20, "refunds": 20}
"""What order.graphql asks for of the lists that Shopify does not page."""

SHOWN = timedelta(days=60)
"""How far back Shopify shows orders to an app (shopify.dev, access scopes, read 2026-11-25) without the scope below."""
ALL_ORDERS = "read_all_orders"


class ShopifyChannel:
    """Reads orders."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def fetch_order(self, order_id: str) -> FetchedOrder:
        """Return the order as it stands now; what was sold alone, where the whole of it cannot be read (R105)."""
        order_gid = gid("Order", order_id)
        answer = await self._admin.order(order_gid)
        order = answer.fields.get("order")
        if order is None:
            raise self._admin.absent("order", answer)
        try:
            await self._complete(order, order_gid)
            return checked(self._mapped(order, answer), tail(order_gid), "legacyResourceId")
        except NOT_AS_DOCUMENTED as error:
            return self._part(order, tail(order_gid), error)

    async def changed_orders(self, since: datetime, page: str | None) -> OrderPage:
        """Return a page of the orders changed at or after ``since``, oldest change first."""
        moment = since.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
        return await self._list(f"updated_at:>='{moment}'", page)

    async def open_orders(self, asked_at: datetime, page: str | None) -> OrderPage:
        """Return a page of the orders that are neither archived, cancelled nor fulfilled whole, oldest change first."""
        found = await self._list("status:open -fulfillment_status:fulfilled", page)
        token = await self._admin.connection.tokens.current()
        clipped = None if ALL_ORDERS in token.scopes else asked_at - SHOWN
        return found.model_copy(update={"shown_since": clipped})

    async def _list(self, query: str, page: str | None) -> OrderPage:
        found = await self._admin.orders(query, page)
        orders = tuple(
            (str(one["legacyResourceId"]), instant_or_never(one.get("updatedAt"))) for one in found["nodes"]
        )
        return OrderPage(orders=orders, next_page=_next(found))

    def _mapped(self, order: dict[str, Any], answer: Answer) -> FetchedOrder:
        connection = self._admin.connection
        values = load_mapping("shopify/order")(order)
        _refuse_cut(order)
        fetched = fetched_of(values, order, connection=connection.name, denied=answer.denied)
        return connection.overrides(fetched, order)

    def _part(self, order: object, order_id: str, error: Exception) -> FetchedOrder:
        values = load_mapping("shopify/part")(order)
        if values["cancelled"]:
            values["state"] = "cancelled"
        connection = self._admin.connection
        return part_of_order(
            values, connection=connection.name, order_id=order_id, now=connection.clock.now(), error=error
        )

    async def _complete(self, order: dict[str, Any], order_gid: str) -> None:
        """Read the further pages of a large order."""
        lines = order["lineItems"]
        while after := _next(lines):
            page = await self._admin.order_lines(order_gid, after)
            lines["nodes"] += page["nodes"]
            lines["pageInfo"] = page["pageInfo"]
        work = order["fulfillmentOrders"]
        while after := _next(work):
            page = await self._admin.order_fulfillment_orders(order_gid, after)
            work["nodes"] += page["nodes"]
            work["pageInfo"] = page["pageInfo"]
        for one in work["nodes"]:
            while after := _next(one["lineItems"]):
                page = await self._admin.fulfillment_order_lines(one["id"], after)
                one["lineItems"]["nodes"] += page["nodes"]
                one["lineItems"]["pageInfo"] = page["pageInfo"]


def _refuse_cut(order: dict[str, Any]) -> None:
    """Refuse an order of which more may exist than was read: a cut list would give wrong figures."""
    for kind, most in MOST.items():
        if len(order[kind]) >= most:
            raise MappingError(kind, f"{most} or more: not all of them can be read")
    for kind, inner in (("fulfillments", "fulfillmentLineItems"), ("refunds", "refundLineItems")):
        for index, one in enumerate(order[kind]):
            if _has_next(one[inner]):
                raise MappingError(f"{kind}[{index}].{inner}", "more lines than one page holds")


def _next(page: dict[str, Any]) -> str | None:
    """Return the cursor of the next page, or None on the last one."""
    if not _has_next(page):
        return None
    cursor = page["pageInfo"].get("endCursor")
    if not isinstance(cursor, str) or not cursor:
        raise MappingError("pageInfo.endCursor", "there is a next page, and no cursor of it")
    return cursor


def _has_next(page: dict[str, Any]) -> bool:
    """Return whether there is a further page.

    Raises:
        MappingError: it does not say.
    """
    info = page.get("pageInfo")
    there = info.get("hasNextPage") if isinstance(info, dict) else None
    if not isinstance(there, bool):
        raise MappingError("pageInfo", "does not say whether there is a next page")
    return there
