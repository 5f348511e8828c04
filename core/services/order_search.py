"""Orders as people look for them: by stage, hold and channel, and by whatever they have of an order in hand."""

from core.domain.state import OrderState, Stage
from core.engine.hub import Hub
from core.model.holds import Hold
from core.services.annotations import assignee_sought
from core.store.orders import OrderRow, find_known_by, list_orders, load_all
from core.store.personal import find_person


async def search_orders(
    hub: Hub,
    merchant: str,
    *,
    stage: Stage | None = None,
    hold: Hold | None = None,
    connection: str | None = None,
    tag: str | None = None,
    assignee: str | None = None,
    text: str | None = None,
    limit: int = 50,
) -> tuple[list[tuple[OrderRow, OrderState]], bool]:
    """Return orders with where they stand, the newest first, and whether there are more.

    ``text`` is the beginning of a number or of the channel's id; or the whole of a tracking number, of a SKU that the
    order took units of, of a payment's reference, or of the shopper's mail address (personal data is sealed: a part
    of an address or a name finds nothing).

    Raises:
        NotFoundError: crossdock.yaml names no such connection.
    """
    if connection is not None:
        hub.connections(merchant).require(connection)
    sought = text.strip() if text else None
    page = await hub.store.read(
        list_orders,
        merchant,
        stage=stage,
        hold=hold,
        connection=connection,
        tag=tag,
        assignee=await assignee_sought(hub, merchant, assignee),
        text=sought,
        known_by=await _known_by(hub, merchant, sought) if sought else (),
        limit=limit,
    )
    states = await hub.store.read(load_all, [(merchant, row.order_id) for row in page.items])
    found = [(row, state or OrderState()) for row, state in zip(page.items, states, strict=True)]
    return found, page.after is not None


async def _known_by(hub: Hub, merchant: str, text: str) -> list[str]:
    """Return the ids of the orders that a text leads to by more than their number."""
    if "@" in text:
        return await hub.store.read(find_person, hub.store.keys, merchant, "email", text.lower())
    return await hub.store.read(find_known_by, merchant, text)
