"""Personal data goes by itself when its vendor lets nobody keep it longer (Amazon: 30 days after delivery).

It goes on the day (UTC) on which the limit ends, with its first look: what is overwritten is so overwritten once a day.
Every order that has any is looked at when the limit may have come at the earliest, and then daily until it has.
"""

from datetime import datetime, time, timedelta

from core.domain.retention import retention_from
from core.engine.forgetting import forget
from core.engine.hub import Hub
from core.model.forgetting import Why
from core.store.orders import facts_of
from core.store.retention import OrderToLookAt, look_again_at, orders_to_look_at

NEAR = timedelta(hours=2)
"""A limit that ends so soon after midnight is that of the day before: none may pass before the first look of a day."""
_DAY = timedelta(days=1)
_AT_ONCE = 500


async def tick_retention(hub: Hub) -> None:
    """Forget the persons of whom nothing may be kept any longer."""
    for merchant in hub.merchants:
        for connection, connector in hub.connections(merchant).connectors.items():
            if connector.keeps_persons is not None:
                await _look(hub, merchant, connection, connector.keeps_persons)


async def _look(hub: Hub, merchant: str, connection: str, keeps: timedelta) -> None:
    now, over = hub.clock.now(), list[str]()
    after: OrderToLookAt | None = None
    while True:
        found = await hub.store.read(
            orders_to_look_at, merchant, connection, keeps=keeps, now=now, after=after, limit=_AT_ONCE
        )
        later: dict[str, datetime] = {}
        for order in found:
            goes_at = _midnight(await _limit_of(hub, merchant, order, keeps) - NEAR)
            if goes_at <= now:
                over.append(order.order_id)
            else:  # a delivery may bring it nearer
                later[order.order_id] = min(goes_at, _midnight(now) + _DAY)
        await hub.store.write(look_again_at, merchant, later)
        if len(found) < _AT_ONCE:
            break
        after = found[-1]
    if over:
        await forget(hub, merchant, over, why=Why.RETENTION, actor="hub")


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.date(), time(), tzinfo=at.tzinfo)


async def _limit_of(hub: Hub, merchant: str, order: OrderToLookAt, keeps: timedelta) -> datetime:
    state = await hub.store.load(merchant, order.order_id)
    facts = await hub.store.read(facts_of, merchant, order.order_id)
    return (order.placed_at if state is None else retention_from(state, facts) or order.placed_at) + keeps
