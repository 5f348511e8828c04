"""The shop as a place that sells."""

from datetime import UTC, datetime
from typing import Any

from connectors.shopify.client import Admin, Answer, gid
from connectors.shopify.reading import fetched_of
from core.errors import MappingError
from core.mapping import load_mapping
from core.model.order import FetchedOrder
from core.ports import Changed

MOST = {"transactions": 50, "fulfillments": 20, "refunds": 20}
"""What order.graphql asks for of the lists that Shopify does not page."""


class ShopifyChannel:
    """Reads orders."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def fetch_order(self, order_id: str) -> FetchedOrder:
        """Return the order as it stands now."""
        order_gid = gid("Order", order_id)
        answer = await self._admin.order(order_gid)
        order = answer.fields.get("order")
        if order is None:
            raise self._admin.absent("order", answer)
        await self._complete(order, order_gid)
        return self._mapped(order, answer)

    async def changed_orders(self, since: datetime, page: str | None) -> Changed:
        """Return a page of the orders changed at or after ``since``, oldest change first."""
        moment = since.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
        found = await self._admin.orders(f"updated_at:>='{moment}'", page)
        orders = tuple(
            (str(one["legacyResourceId"]), datetime.fromisoformat(one["updatedAt"])) for one in found["nodes"]
        )
        return Changed(orders=orders, next_page=_next(found))

    def _mapped(self, order: dict[str, Any], answer: Answer) -> FetchedOrder:
        connection = self._admin.connection
        values = load_mapping("shopify/order")(order)
        return fetched_of(values, order, connection=connection.name, denied=answer.denied)

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
        _refuse_cut(order)


def _refuse_cut(order: dict[str, Any]) -> None:
    """Refuse an order of which more may exist than was read: a cut list would give wrong figures."""
    for kind, most in MOST.items():
        if len(order[kind]) >= most:
            raise MappingError(kind, f"{most} or more: not all of them can be read")
    for kind, inner in (("fulfillments", "fulfillmentLineItems"), ("refunds", "refundLineItems")):
        for index, one in enumerate(order[kind]):
            if one[inner]["pageInfo"]["hasNextPage"]:
                raise MappingError(f"{kind}[{index}].{inner}", "more lines than one page holds")


def _next(page: dict[str, Any]) -> str | None:
    """Return the cursor of the next page, or None on the last one."""
    info = page["pageInfo"]
    return info.get("endCursor") if info["hasNextPage"] else None
