"""The row of a kind of job: who does it, whether it stands, listens, waits for others, is patient, and what it asks.

The table itself is ``core/jobs.JOBS``; the wiring hands it to the worker.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.engine.answers import Waiter
from core.engine.hub import Hub
from core.errors import OutcomeUnknownError, UnavailableError
from core.store.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Reschedule:
    """When a job runs again, and what it remembers until then (None: what it knows already)."""

    due_at: datetime
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """One kind of background job; its ``run`` gives None where the job is over."""

    kind: str
    run: Callable[[Hub, Job], Awaitable[Reschedule | None]]
    standing: bool = False
    """It belongs to a connection and never ends: however it fails, it is tried again."""
    listens: bool = False
    """It waits at a queue for news: it takes nobody's place, and is cut off where the process is told to stop."""
    looks: bool = False
    """It only asks a vendor whether there is news: as long as nothing happens there, it finds none."""
    background: bool = False
    """It reconciles or looks ahead: it comes after what changes orders and levels."""
    patient: bool = False
    """It asks until it is answered: an outage, however long, does not park it; a refusal does."""
    asks: tuple[str, ...] = ()
    """The operations of its connection that it may ask for: while one of these is paused it waits."""


Jobs = Mapping[str, JobKind]
"""Every kind of job by its name."""


def waiter_of(job: Job) -> Waiter:
    """Return what a job is known by where it waits for a pause to end."""
    return Waiter(job.kind, job.subject)


def goes_on(kind: JobKind, error: Exception) -> bool:
    """Return whether a job is tried again although its attempts are used up."""
    return kind.standing or (kind.patient and isinstance(error, UnavailableError | OutcomeUnknownError))
