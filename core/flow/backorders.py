"""Units came in: orders that wait for them are served, the oldest first."""

from core.failpoints import failpoint
from core.hub import Hub
from core.stages.capture import locations_for
from core.store.errands import Errand
from core.store.unit import Landed, Reserve, Unit
from core.work import Next


async def serve_backorders(hub: Hub, errand: Errand) -> Next:
    """Set aside what came in for every order that waits for it, by order time (golden day, rule S7)."""
    merchant = errand.merchant
    waiting = []
    for order_id in await hub.store.orders_held(merchant, "backordered"):
        state = await hub.store.load(merchant, order_id)
        if state is not None and state.order is not None:
            waiting.append((state.order.placed_at, order_id, state, state.order))
    again = False
    for _, order_id, state, order in sorted(waiting, key=lambda w: (w[0], w[1])):
        available = await hub.store.available(merchant)
        if not any(
            units > 0 for (sku, _), units in available.items() if sku in {n.sku for n in state.backordered}
        ):
            continue
        now = hub.clock.now()
        failpoint("backorders.commit.before")
        committed = await hub.store.commit(
            Unit(
                merchant=merchant,
                order_id=order_id,
                at=now,
                expect=state.version,
                reserve=Reserve(
                    needs=state.needs,
                    locations=await locations_for(hub, merchant, order),
                    give_back=state.allocations,
                    why="units came in",
                ),
            )
        )
        again = again or not isinstance(committed, Landed)
    return Next(due_at=hub.clock.now() if again else None)
