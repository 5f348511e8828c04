"""Orders as Amazon keeps them: pending ones and those that Amazon itself fulfills included."""

from datetime import UTC, datetime

from connectors.amazon.client import AmazonClient
from connectors.amazon.order import order_of, part_of
from core.clock import Clock
from core.errors import MappingError
from core.model.order import FetchedOrder
from core.model.part import NOT_AS_DOCUMENTED
from core.ports import Changed


class AmazonChannel:
    """Amazon as a place that sells."""

    def __init__(self, name: str, client: AmazonClient, clock: Clock) -> None:
        self._name = name
        self._client = client
        self._clock = clock

    async def fetch_order(self, order_id: str) -> FetchedOrder:
        """Return the order as it stands now; what was sold alone, where the whole of it cannot be read (R105)."""
        payload = await self._client.get_order(order_id)
        try:
            return order_of(payload, connection=self._name, main=self._client.main)
        except NOT_AS_DOCUMENTED as error:
            now = self._clock.now()
            return part_of(payload, connection=self._name, order_id=order_id, now=now, error=error)

    async def changed_orders(self, since: datetime, page: str | None) -> Changed:
        """Return a page of orders changed at or after ``since``, oldest change first within the page."""
        after = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        answer = await self._client.search_orders(last_updated_after=after, pagination_token=page)
        found = []
        for index, order in enumerate(answer["orders"]):
            try:
                found.append((str(order["orderId"]), datetime.fromisoformat(order["lastUpdatedTime"])))
            except (KeyError, TypeError, ValueError) as error:
                raise MappingError(f"orders[{index}]", "no id or no instant of change") from error
        found.sort(key=lambda one: one[1])
        return Changed(orders=tuple(found), next_page=answer.get("nextToken"))
