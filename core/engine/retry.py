"""What becomes of work that failed: tried again, and when, or parked for a person to see."""

from dataclasses import dataclass

from core.domain.label_choice import labels_of
from core.engine.advance import StandstillError
from core.engine.answers import Failed
from core.engine.run import Run
from core.errors import (
    AuthError,
    ConnectorError,
    HubError,
    NotYetError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
    VendorPausedError,
)
from core.model.facts import Parked
from core.model.failures import Failure
from core.model.rule_facts import LabelGivenUp
from core.store.failures import is_infrastructure, name_of

MOST_ATTEMPTS = 14
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 300.0
SUSPENDED_WAIT_S = 10.0
INFRASTRUCTURE_WAIT_S = 5.0
ITS_OWN = Failed(counts=True, in_a_row=1)
"""A failure that says nothing of the vendor: it is an attempt."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after so many seconds; ``counts`` says whether it was an attempt."""

    wait_s: float
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Park:
    """No retry mends it: a person must look."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """A rule says how often a label is asked for, and it was: the order is held, and its ``else`` says why."""


Verdict = Retry | Park | GiveUp
_OF_LABEL = frozenset({"quote", "buy"})


def for_order(run: Run, error: BaseException, attempts: int, failed: Failed) -> Verdict:
    """Say what becomes of an order whose ``attempts``-th attempt raised ``error``; of its label, as its rule says."""
    verdict = after_failure(error, attempts, failed)
    retry = labels_of(run.config.labels, run.state).retry if run.step in _OF_LABEL else None
    if retry is None or not isinstance(verdict, Retry) or not verdict.counts or run.state.open:
        return verdict
    return GiveUp() if attempts >= retry.attempts else Retry(retry.pause(attempts).total_seconds())


def failure_of(error: BaseException) -> Failure:
    """Return where a failure lies: see the table in docs/reference/errors.md."""
    match error:
        case RejectedError():
            return Failure.OBJECT
        case ConnectorError():
            return Failure.VENDOR
        case HubError():
            return Failure.OBJECT
        case _:
            return Failure.INFRASTRUCTURE if is_infrastructure(error) else Failure.CODE


def after_failure(error: BaseException, attempts: int, failed: Failed = ITS_OWN) -> Retry | Park:
    """Say what becomes of work whose ``attempts``-th attempt, if it counts, raised ``error``.

    Where its kind of work is paused by now it is looked at once more at once: then it waits for the pause.
    """
    match error:
        case NotYetError():
            return Retry(error.retry_after_s, counts=False)
        case RateLimitError():
            return Retry(max(error.retry_after_s, FIRST_WAIT_S), counts=False)
        case ConnectorError() if failed.paused:
            return Retry(FIRST_WAIT_S, counts=False)
        case AuthError() | VendorPausedError():
            # The connection is dead until a person reconnects it; the work waits for that, however long.
            return Retry(SUSPENDED_WAIT_S, counts=False)
        case UnavailableError() | OutcomeUnknownError() if not failed.counts:
            return Retry(_wait_s(failed.in_a_row), counts=False)
        case UnavailableError() | OutcomeUnknownError() if attempts < MOST_ATTEMPTS:
            return Retry(_wait_s(attempts))
        case _ if is_infrastructure(error):
            return Retry(INFRASTRUCTURE_WAIT_S, counts=False)
        case _:
            return Park()


def _wait_s(failures: int) -> float:
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(failures - 1, 20)))


def describe(error: BaseException) -> str:
    """Return an error's own words; a failure of ours is told by its kind alone, for its text may hold anything."""
    if isinstance(error, HubError | StandstillError):
        return str(error)
    if is_infrastructure(error):
        return f"our own infrastructure failed ({name_of(error)})"
    return type(error).__name__


def told_of(run: Run, error: BaseException, verdict: Park | GiveUp) -> Parked | LabelGivenUp:
    """Return what is told of an order that is not tried again by itself."""
    if isinstance(verdict, GiveUp):
        return LabelGivenUp(at=run.now, step=run.step, message=describe(error))
    return Parked(
        at=run.now,
        step=run.step,
        error=type(error).__name__,
        message=describe(error),
        failure=failure_of(error),
    )
