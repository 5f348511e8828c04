"""What is no longer needed is deleted: deliveries after their time, with the keys of their days; answers after theirs."""

import logging
from datetime import timedelta

from core.engine.hub import Hub
from core.store.idempotency import forget_requests
from core.store.privacy import forget_deliveries
from core.store.sessions import forget_sessions

LOG = logging.getLogger("crossdock.housekeeping")

KEEP_DELIVERIES = timedelta(days=30)
KEEP_REQUESTS = timedelta(hours=24)
"""How long the answer to a request of the API is given again under its Idempotency-Key."""


async def tick_old_deliveries(hub: Hub) -> None:
    """Delete what was delivered and dealt with longer ago than deliveries are kept."""
    before = hub.clock.now() - KEEP_DELIVERIES
    for merchant in hub.merchants:
        gone = await hub.store.write(forget_deliveries, merchant, before)
        if gone:
            LOG.info("%s: %d old deliveries deleted", merchant, gone)


async def tick_old_requests(hub: Hub) -> None:
    """Delete answers of the API that are older than they are given again, and sessions that are over."""
    before = hub.clock.now() - KEEP_REQUESTS
    for merchant in hub.merchants:
        await hub.store.write(forget_requests, merchant, before)
        await hub.store.write(forget_sessions, merchant, hub.clock.now())
