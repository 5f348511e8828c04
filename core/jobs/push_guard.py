"""The guard against mass change: a push round that would change too much of a connection writes nothing and asks (R83).

While a round is stopped, nothing of its connection is written; what further rounds would change is added to it.
"""

from collections.abc import AsyncIterator, Sequence

from core.engine.hub import Hub
from core.model.stock import LevelChange
from core.store.listings import count_written
from core.store.push_guard import StoppedPush, is_stopped, stop_push


async def stops_push(
    hub: Hub,
    merchant: str,
    connection: str,
    changes: Sequence[LevelChange],
    rest: AsyncIterator[Sequence[LevelChange]],
) -> tuple[bool, int]:
    """Return whether a round may not be written, and how many changes were counted to say so; what is stopped is noted.

    ``changes`` are those that nobody accepted by name; ``rest`` are the like of listings that wait behind them, which
    are asked for only as far as it takes to know.
    """
    if await hub.store.read(is_stopped, merchant, connection):
        return True, 0
    rule = hub.config(merchant).connections[connection].push_guard
    count, zeros, ours = len(changes), _zeros(changes), -1
    stops = False
    while not stops:
        if count >= rule.least:
            ours = await hub.store.read(count_written, merchant, connection) if ours < 0 else ours
            stops = rule.stops(changes=count, zeros=zeros, listings=ours)
        more = None if stops else await anext(rest, None)
        if more is None:
            break
        count, zeros = count + len(more), zeros + _zeros(more)
    if stops:
        await hub.store.write(stop_push, merchant, connection, ours=ours, now=hub.clock.now())
    return stops, count


def _zeros(changes: Sequence[LevelChange]) -> int:
    return sum(1 for change in changes if change.units == 0 and change.last_read)


def describe(stopped: StoppedPush) -> str:
    """Return what was stopped, for people."""
    return (
        f"a round of levels would change {stopped.changes} of {stopped.listings} listings, {stopped.zeros} of them to"
        " sold out: nothing is written until you say go or stop"
    )
