"""What a third party shipped: its units are gone, and nothing is bought for them."""

from core.domain.departures import third_party_allocations
from core.domain.state import third_party_shipped
from core.engine.run import Run
from core.model.facts import PartShippedElsewhere, ShippedElsewhere


async def note_shipped_elsewhere(run: Run) -> None:
    """Note that a third party shipped the whole order: its units are gone, and nothing is bought.

    What was shipped from locations that are none of ours only lay on the shelves of others: ours are free again.
    """
    tracking = tuple(s.tracking for s in run.order.shipped if s.tracking)
    told = ShippedElsewhere(at=run.now, actor="channel", tracking=tracking)
    if _shipped_by_foreign_places(run):
        await run.commit(decided=[told], release=run.state.allocations)
        return
    await run.commit(happened=[told], ship=run.state.allocations)


def _shipped_by_foreign_places(run: Run) -> bool:
    at = [run.places[w.location] for w in run.order.work_orders if w.location and w.location in run.places]
    return bool(at) and all(ours is None for _, ours in at)


async def note_part_shipped(run: Run) -> None:
    """Note that a third party shipped a part of the order: those units are no longer on hand, once."""
    lines = tuple(sorted(third_party_shipped(run.state).items()))
    await run.commit(
        happened=[PartShippedElsewhere(at=run.now, actor="channel", lines=lines)],
        ship=third_party_allocations(run.state),
    )
