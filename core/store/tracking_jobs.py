"""Every label that is bought has its tracker looked at later, whatever its carrier tells by itself or forgets to tell.

The job is enqueued in the transaction that tells of the label: no crash falls between the two, and no step of the order
has to be reached for it (an order may be parked right after its label). One row for each parcel under way, read by the
instant at which it is due, asks the carrier no more often than needed; a sweep over all parcels would read them all.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from core.model.facts import Fact, LabelBought
from core.store.jobs import NewJob

FIRST_LOOK = timedelta(hours=24)
"""How long after its label a parcel's scans are asked for, unless the carrier told us before."""


def tracking_jobs_of(merchant: str, facts: Iterable[Fact]) -> Iterator[tuple[str, NewJob]]:
    """Yield the look at the tracker of every label that these facts tell of."""
    for fact in facts:
        if isinstance(fact, LabelBought) and fact.tracker_id:
            yield (
                merchant,
                NewJob(
                    kind="tracking",
                    subject=f"{fact.connection}:{fact.tracker_id}",
                    connection=fact.connection,
                    due_at=fact.at + FIRST_LOOK,
                ),
            )
