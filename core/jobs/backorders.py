"""Units came in: orders that wait for them are served, the oldest first."""

from core.domain.commit import Landed, OrderCommit, Reserve
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.engine.settings import settings_at
from core.failpoints import failpoint
from core.model.holds import Hold
from core.steps.sync import locations_for
from core.store.jobs import Job
from core.store.orders import orders_held
from core.store.stock import available_units


async def serve_backorders(hub: Hub, job: Job) -> Reschedule | None:
    """Set aside what came in for every order that waits for it, by order time (golden day, rule S7)."""
    merchant = job.merchant
    settings = await settings_at(hub, merchant, job.revision)
    waiting = []
    for order_id in await hub.store.read(orders_held, merchant, Hold.BACKORDERED):
        state = await hub.store.load(merchant, order_id)
        if state is not None and state.order is not None:
            waiting.append((state.order.placed_at, order_id, state, state.order))
    again = False
    for _, order_id, state, order in sorted(waiting, key=lambda w: (w[0], w[1])):
        skus = {need.sku for need in state.backordered}
        if not any(units > 0 for units in (await hub.store.read(available_units, merchant, skus)).values()):
            continue
        now = hub.clock.now()
        failpoint("backorders.commit.before")
        committed = await hub.store.commit(
            OrderCommit(
                merchant=merchant,
                order_id=order_id,
                at=now,
                expect=state.version,
                reserve=Reserve(
                    needs=state.needs,
                    locations=locations_for(hub.config(merchant), settings, order),
                    give_back=state.allocations,
                    why="units came in",
                ),
            )
        )
        again = again or not isinstance(committed, Landed)
    return Reschedule(due_at=hub.clock.now()) if again else None
