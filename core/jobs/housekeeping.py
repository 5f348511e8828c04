"""What is no longer needed is deleted: deliveries after their time, with the keys of their days; answers after theirs.

And what is forgotten is forgotten to its end, whatever was in the way.
"""

import logging

from core.engine.forgetting import finish_forgetting
from core.engine.hub import Hub
from core.store.idempotency import forget_requests
from core.store.inbox import forget_deliveries
from core.store.labels import seal_labels
from core.store.retention import KEEP_DELIVERIES, KEEP_REQUESTS, KEEP_RUNS
from core.store.rule_runs import forget_runs
from core.store.sessions import forget_sessions

LOG = logging.getLogger("crossdock.housekeeping")

_LABELS_AT_ONCE = 100


async def tick_old_deliveries(hub: Hub) -> None:
    """Delete what was delivered and dealt with longer ago than deliveries are kept."""
    before = hub.clock.now() - KEEP_DELIVERIES
    for merchant in hub.merchants:
        gone = await hub.store.write(forget_deliveries, merchant, before)
        if gone:
            LOG.info("%s: %d old deliveries deleted", merchant, gone)


async def tick_old_requests(hub: Hub) -> None:
    """Delete answers of the API that are older than they are given again, sessions that are over, and old runs of rules."""
    before = hub.clock.now() - KEEP_REQUESTS
    for merchant in hub.merchants:
        await hub.store.write(forget_requests, merchant, before)
        await hub.store.write(forget_sessions, merchant, hub.clock.now())
        await hub.store.write(forget_runs, merchant, hub.clock.now() - KEEP_RUNS)


async def tick_forgotten(hub: Hub) -> None:
    """Finish what was begun to be forgotten; first, label files of an older hub are sealed, and their bytes overwritten."""
    for merchant in hub.merchants:
        sealed = 0
        while count := await hub.store.write(seal_labels, hub.store.keys, merchant, _LABELS_AT_ONCE):
            sealed += count
        if sealed:
            LOG.info("%s: %d label files of an older version sealed", merchant, sealed)
            await hub.store.db.overwrite(["labels"], whole=True)
        while await finish_forgetting(hub, merchant):
            pass
