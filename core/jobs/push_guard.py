"""The guard against mass change: a push round that would change too much of a connection writes nothing and asks (R83).

While a round is stopped, nothing of its connection is written; what further rounds would change is added to it.
"""

from collections.abc import Sequence

from core.engine.hub import Hub
from core.model.stock import LevelChange
from core.store.listings import list_listings
from core.store.push_guard import StoppedPush, list_stopped_pushes, stop_push


async def stops_push(
    hub: Hub, merchant: str, connection: str, changes: Sequence[LevelChange], rest: Sequence[LevelChange]
) -> bool:
    """Return whether a round may not be written; it is stored then.

    ``changes`` are those that nobody accepted by name; ``rest`` are the like of listings that wait behind them.
    """
    standing = (await hub.store.read(list_stopped_pushes, merchant)).get(connection)
    round_ = (*changes, *rest)
    rule = hub.config(merchant).connections[connection].push_guard
    listings = standing.listings if standing else 0
    if standing is None:
        if len(round_) < rule.least:
            return False
        rows = await hub.store.read(list_listings, merchant, connection)
        listings = sum(1 for row in rows if not row.never_written)
        zeros = sum(1 for change in round_ if change.units == 0 and change.last_read)
        if not rule.stops(changes=len(round_), zeros=zeros, listings=listings):
            return False
    now = hub.clock.now()
    stopped = StoppedPush(connection=connection, at=now, changes=tuple(changes), listings=listings)
    await hub.store.write(stop_push, merchant, stopped)
    return True


def describe(stopped: StoppedPush) -> str:
    """Return what was stopped, for people."""
    return (
        f"a round of levels would change {len(stopped.changes)} of {stopped.listings} listings, {stopped.zeros} of them to"
        " sold out: nothing is written until you say go or stop"
    )
