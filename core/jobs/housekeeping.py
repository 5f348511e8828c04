"""What is no longer needed is deleted: deliveries after their time, with the keys of their days."""

import logging
from datetime import timedelta

from core.engine.hub import Hub
from core.store.privacy import forget_deliveries

LOG = logging.getLogger("crossdock.housekeeping")

KEEP_DELIVERIES = timedelta(days=30)


async def tick_old_deliveries(hub: Hub) -> None:
    """Delete what was delivered and dealt with longer ago than deliveries are kept."""
    before = hub.clock.now() - KEEP_DELIVERIES
    for merchant in hub.merchants:
        gone = await hub.store.write(forget_deliveries, merchant, before)
        if gone:
            LOG.info("%s: %d old deliveries deleted", merchant, gone)
