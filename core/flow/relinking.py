"""A listing was linked: orders that were held for it learn what they need."""

from core.failpoints import failpoint
from core.hub import Hub
from core.model.facts import Changed
from core.stages.capture import gone_of, reserve_of
from core.stock.needs import needs_of
from core.store.errands import Errand
from core.store.unit import Unit
from core.work import Next


async def relink(hub: Hub, errand: Errand) -> Next:
    """Take an order's lines apart again under the links as they are now."""
    merchant, order_id = errand.merchant, errand.subject
    state = await hub.store.load(merchant, order_id)
    if state is None or state.order is None:
        return Next()
    links = await hub.store.links_of(merchant, state.order.connection)
    needs, unlinked = needs_of(state.order, links, gone_of(state, state.order))
    if (needs, unlinked) == (state.needs, state.unlinked):
        return Next()
    now = hub.clock.now()
    failpoint("relinking.commit.before")
    await hub.store.commit(
        Unit(
            merchant=merchant,
            order_id=order_id,
            at=now,
            expect=state.version,
            happened=(Changed(at=now, order=state.order, needs=needs, unlinked=unlinked),),
            reserve=await reserve_of(hub, merchant, state.order, needs, state),
        )
    )
    return Next()
