"""What becomes of work that failed: tried again, and when, or parked for a person to see."""

from dataclasses import dataclass

from core.engine.advance import StandstillError
from core.engine.breaker import PAUSE_S, BreakerOpenError
from core.engine.pauses import LOOK_AGAIN_S
from core.errors import (
    AuthError,
    HubError,
    NotYetError,
    OutcomeUnknownError,
    RateLimitError,
    UnavailableError,
    VendorPausedError,
)

MOST_ATTEMPTS = 14
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 300.0
SUSPENDED_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after so many seconds; ``counts`` says whether it was an attempt."""

    wait_s: float
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Park:
    """No retry mends it: a person must look."""


def after_failure(error: BaseException, attempts: int) -> Retry | Park:
    """Say what becomes of work whose ``attempts``-th run in a row raised ``error``."""
    match error:
        case NotYetError():
            return Retry(error.retry_after_s, counts=False)
        case RateLimitError():
            return Retry(max(error.retry_after_s, FIRST_WAIT_S), counts=False)
        case BreakerOpenError():
            return Retry(PAUSE_S, counts=False)
        case VendorPausedError():
            return Retry(LOOK_AGAIN_S, counts=False)
        case AuthError():
            # The connection is dead until a person reconnects it; the work waits for that, however long.
            return Retry(SUSPENDED_WAIT_S, counts=False)
        case UnavailableError() | OutcomeUnknownError() if attempts < MOST_ATTEMPTS:
            return Retry(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (attempts - 1)))
        case _:
            return Park()


def describe(error: BaseException) -> str:
    """Return an error's own words; a fault of ours is told by its kind alone, for its text may hold anything."""
    return str(error) if isinstance(error, HubError | StandstillError) else type(error).__name__
