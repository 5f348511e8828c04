"""A label that a carrier was asked to take back is looked at until the carrier has answered, in the same transaction."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from core.model.facts import Fact, LabelVoided
from core.store.jobs import NewJob

FIRST_LOOK = timedelta(minutes=2)
"""How long after it was asked a carrier's answer is looked for first."""


def void_jobs_of(merchant: str, facts: Iterable[Fact]) -> Iterator[tuple[str, NewJob]]:
    """Yield the look at every void that these facts tell to be asked for and not answered."""
    for fact in facts:
        if isinstance(fact, LabelVoided) and fact.pending and fact.shipment_id and fact.connection:
            yield (
                merchant,
                NewJob(
                    kind="void",
                    subject=f"{fact.connection}:{fact.shipment_id}",
                    connection=fact.connection,
                    due_at=fact.at + FIRST_LOOK,
                ),
            )
