"""What a channel does with its levels when an order is cancelled is read back, never assumed (R115).

A channel may give the units back to the listing at once, minutes later, or never, and what it shows right after may be
what was there before. So every listing of the order is read once more a little later, and once more after a while.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from core.model.facts import Changed, Fact, Received
from core.model.order import ChannelState
from core.store.jobs import NewJob

SOON = timedelta(minutes=1)
LATER = timedelta(minutes=15)
"""How long after a cancellation its listings are read once more, and for the last time."""


def read_back_jobs_of(merchant: str, facts: Iterable[Fact]) -> Iterator[tuple[str, NewJob]]:
    """Yield the looks at the listings of every order that these facts tell to be cancelled."""
    for fact in facts:
        if not isinstance(fact, Received | Changed) or fact.order.state is not ChannelState.CANCELLED:
            continue
        connection, last = fact.order.connection, fact.at + LATER
        for listing in {line.listing for line in fact.order.lines if line.listing}:
            yield (
                merchant,
                NewJob(
                    kind="level",
                    subject=f"{connection}:{listing}",
                    connection=connection,
                    due_at=fact.at + SOON,
                    data={"last": last.isoformat()},
                ),
            )
