"""Orders as Amazon keeps them: pending ones and those that Amazon itself fulfills included."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.amazon.client import AmazonClient
from connectors.amazon.order import order_of, part_of
from core.clock import Clock
from core.errors import MappingError
from core.model.order import FetchedOrder, OrderPage
from core.model.part import NOT_AS_DOCUMENTED, checked, instant_or_never
from core.ports import Overrides, as_read

OPEN = "PENDING_AVAILABILITY,PENDING,UNSHIPPED,PARTIALLY_SHIPPED"
"""The statuses of an order of which something is still to ship."""
SHOWN = timedelta(days=729)
"""How far back Amazon shows orders (Orders API, read 2026-11): two years, less a day for the later pages of a list."""


class AmazonChannel:
    """Amazon as a place that sells."""

    def __init__(
        self, name: str, client: AmazonClient, clock: Clock, *, overrides: Overrides = as_read
    ) -> None:
        self._name = name
        self._client = client
        self._clock = clock
        self._overrides = overrides

    async def fetch_order(self, order_id: str) -> FetchedOrder:
        """Return the order as it stands now; what was sold alone, where the whole of it cannot be read (R105)."""
        payload = await self._client.get_order(order_id)
        try:
            read = order_of(payload, connection=self._name, main=self._client.main)
            return checked(self._overrides(read, payload), order_id, "orderId")
        except NOT_AS_DOCUMENTED as error:
            now = self._clock.now()
            return part_of(payload, connection=self._name, order_id=order_id, now=now, error=error)

    async def changed_orders(self, since: datetime, page: str | None) -> OrderPage:
        """Return a page of orders changed at or after ``since``, oldest change first within the page."""
        answer = await self._client.search_orders(lastUpdatedAfter=_text(since), pagination_token=page)
        return page_of(answer)

    async def open_orders(self, asked_at: datetime, page: str | None) -> OrderPage:
        """Return a page of the orders of which something is still to ship, as far back as Amazon shows any."""
        answer = await self._client.search_orders(
            createdAfter=_text(asked_at - SHOWN), fulfillmentStatuses=OPEN, pagination_token=page
        )
        return page_of(answer).model_copy(update={"shown_since": asked_at - SHOWN})


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def page_of(answer: Mapping[str, Any]) -> OrderPage:
    """Return a page of Amazon's list, oldest change first."""
    found = []
    for index, order in enumerate(answer["orders"]):
        if not order.get("orderId"):
            raise MappingError(f"orders[{index}]", "no id")
        found.append((str(order["orderId"]), instant_or_never(order.get("lastUpdatedTime"))))
    found.sort(key=lambda one: one[1])
    return OrderPage(orders=tuple(found), next_page=answer.get("nextToken"))
