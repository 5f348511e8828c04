"""A listing was linked: orders that were held for it learn what they need."""

from core.domain.needs import needs_of
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.failpoints import failpoint
from core.model.commit import OrderCommit
from core.model.facts import Changed
from core.steps.sync import gone_of, reserve_of
from core.store.jobs import Job
from core.store.links import links_of_listings


async def relink(hub: Hub, job: Job) -> Reschedule | None:
    """Take an order's lines apart again under the links as they are now."""
    merchant, order_id = job.merchant, job.subject
    state = await hub.store.load(merchant, order_id)
    if state is None or state.order is None:
        return None
    named = [line.listing for line in state.order.lines if line.listing]
    links = await hub.store.read(links_of_listings, merchant, state.order.connection, named)
    needs, unlinked = needs_of(state.order, links, gone_of(state, state.order))
    if (needs, unlinked) == (state.needs, state.unlinked):
        return None
    now = hub.clock.now()
    failpoint("relinking.commit.before")
    await hub.store.commit(
        OrderCommit(
            merchant=merchant,
            order_id=order_id,
            at=now,
            expect=state.version,
            happened=(Changed(at=now, order=state.order, needs=needs, unlinked=unlinked),),
            reserve=await reserve_of(hub, merchant, state.order, needs, state),
        )
    )
    return None
