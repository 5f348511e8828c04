"""The bogus channel: orders as they stand, and which of them changed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from connectors.bogus.client import Effect, World
from core.errors import MappingError, RejectedError
from core.model.notification import NotificationKind
from core.model.order import ChannelState, FetchedOrder, Order, OrderPage, Shipped, WorkOrder
from core.model.part import part_of_order
from core.model.shipment import Dispatch

PAGE = 20


@dataclass(frozen=True, slots=True)
class BogusChannel:
    """A shop or a marketplace of the world."""

    connection: str
    world: World

    async def fetch_order(self, order_id: str) -> FetchedOrder:
        """Return the order as it stands now, or as it stood before its last change."""
        shop = self.world.shop(self.connection)

        def read(stale: bool) -> FetchedOrder:  # noqa: FBT001 - called by the world only
            found = shop.before.get(order_id) if stale else None
            found = found or shop.orders.get(order_id)
            if found is None:
                raise RejectedError("no such order", connection=self.connection, code="not_found")
            return part_of(found.order, shop.unreadable[order_id]) if order_id in shop.unreadable else found

        return await self.world.look(self.connection, "fetch_order", read)

    async def changed_orders(self, since: datetime, page: str | None) -> OrderPage:
        """Return a page of the orders changed since, oldest change first."""
        return await self._list("changed_orders", lambda order: order.updated_at >= since, page)

    async def open_orders(self, asked_at: datetime, page: str | None) -> OrderPage:
        """Return a page of the orders of which something is still to ship, as far as the shop shows them."""
        del asked_at
        since = self.world.shop(self.connection).shows_since

        def is_open(order: Order) -> bool:
            shown = since is None or order.placed_at >= since
            return shown and order.state in (ChannelState.PENDING, ChannelState.OPEN)

        found = await self._list("open_orders", is_open, page)
        return found.model_copy(update={"shown_since": since})

    async def _list(self, operation: str, wanted: Callable[[Order], bool], page: str | None) -> OrderPage:
        shop = self.world.shop(self.connection)

        def read(_: object) -> OrderPage:
            changed = sorted(
                (found.order.updated_at, order_id)
                for order_id, found in shop.orders.items()
                if wanted(found.order)
            )
            start = int(page or 0)
            rest = start + PAGE < len(changed)
            return OrderPage(
                orders=tuple((order_id, at) for at, order_id in changed[start : start + PAGE]),
                next_page=str(start + PAGE) if rest else None,
            )

        return await self.world.look(self.connection, operation, read)

    async def tell_shipped(self, order_id: str, dispatch: Dispatch, *, key: str) -> str:
        """Note the parcel; a tracking number that is known already is refused."""
        del key  # fenced by object: the tracking number
        return await self.world.call(
            self.connection, "tell_shipped", lambda: self._note_shipped(order_id, dispatch)
        )

    def _note_shipped(self, order_id: str, dispatch: Dispatch) -> str:
        order = order_of(self.world, self.connection, order_id)
        if order.state is ChannelState.CANCELLED:
            raise RejectedError("the order was cancelled", connection=self.connection, code="cancelled")
        if any(s.tracking == dispatch.tracking for s in order.shipped):
            raise RejectedError("shipped already", connection=self.connection, code="already_shipped")
        parcel = Shipped(tracking=dispatch.tracking, carrier=dispatch.carrier, lines=dispatch.lines)
        change_order(self.world, self.connection, shipped_more(order, parcel))
        self.world.did(Effect.TOLD, f"{order_id}/{dispatch.tracking}")
        return f"shipment-{len(order.shipped) + 1}"


def part_of(order: Order, field: str) -> FetchedOrder:
    """Return what was sold of an order whose reading fails at a field."""
    lines = [line.model_dump() for line in order.lines]
    return part_of_order(
        {**order.model_dump(), "lines": lines},
        connection=order.connection,
        order_id=order.order_id,
        now=order.updated_at,
        error=MappingError(field, "expected text, found a number"),
    )


def order_of(world: World, connection: str, order_id: str) -> Order:
    """Return an order of the world's books.

    Raises:
        RejectedError: there is none.
    """
    found = world.shop(connection).orders.get(order_id)
    if found is None:
        raise RejectedError("no such order", connection=connection, code="not_found")
    return found.order


def change_order(world: World, connection: str, order: Order) -> None:
    """Put an order as it now is into the books, and tell of it."""
    shop = world.shop(connection)
    known = shop.orders[order.order_id]
    shop.before[order.order_id] = known
    shop.orders[order.order_id] = known.model_copy(
        update={"order": order.model_copy(update={"updated_at": world.clock.now()})}
    )
    world.notify(connection, NotificationKind.ORDER, order.order_id)


def shipped_more(order: Order, parcel: Shipped) -> Order:
    """Return the order once a parcel of it has left."""
    sent = dict(parcel.lines)
    lines = tuple(
        line.model_copy(update={"open_quantity": max(0, line.open_quantity - sent.get(line.line_id, 0))})
        for line in order.lines
    )
    over = all(not line.open_quantity for line in lines if line.ships)
    return order.model_copy(
        update={
            "lines": lines,
            "shipped": (*order.shipped, parcel),
            "withdrawn": tuple(number for number in order.withdrawn if number != parcel.tracking),
            "state": ChannelState.SHIPPED if over else order.state,
            "work_orders": tuple(_worked(work, sent) for work in order.work_orders),
        }
    )


def _worked(work: WorkOrder, sent: dict[str, int]) -> WorkOrder:
    lines = tuple(
        (work_line, line, left)
        for work_line, line, units in work.lines
        if (left := units - sent.get(line, 0)) > 0
    )
    return work.model_copy(update={"lines": lines, "open": work.open and bool(lines)})
