"""What comes of a step that asks somebody else and was not answered as it should: pure, the same for every run."""

from datetime import datetime, timedelta

from core.config.rules import Retry, Rule, RuleStep
from core.domain.rules.stepping import stepped
from core.errors import (
    AuthError,
    ConnectorError,
    NotYetError,
    RateLimitError,
    RejectedError,
    VendorPausedError,
)
from core.model.rule_facts import RuleStepped
from core.model.rule_runs import RuleRun, StepOutcome

RETRY = Retry(attempts=5, first=timedelta(seconds=2), longest=timedelta(minutes=10))
"""How often a step that asks somebody else is tried where its rule does not say."""
PAUSED = timedelta(minutes=5)
"""How long a step waits whose connection serves nobody; no try counts meanwhile."""
_IN_DOUBT = "unknown"
_UNKNOWN = "nobody can tell whether it was done: it is not done again"


def after_error(
    run: RuleRun, rule: Rule, step: RuleStep, now: datetime, error: ConnectorError
) -> RuleStepped:
    """Return what is told of a step whose call failed, and did nothing: it waits, is tried again, or has failed."""
    message = str(error)
    if isinstance(error, RateLimitError | NotYetError):
        return _later(run, rule, step, now, error, timedelta(seconds=error.retry_after_s))
    if isinstance(error, AuthError | VendorPausedError):
        return _later(run, rule, step, now, error, PAUSED)
    if isinstance(error, RejectedError):
        code = error.code or "refused"
        return stepped(run, rule, step, now, StepOutcome.FAILED, code=code, message=message)
    return tried(run, rule, step, now, code=error.code or "unavailable", message=message)


def _later(  # noqa: PLR0917 - a step and its failure
    run: RuleRun, rule: Rule, step: RuleStep, now: datetime, error: ConnectorError, wait: timedelta
) -> RuleStepped:
    """Return that a step waits for its connection; no try counts."""
    code, message, due_at = error.code or "paused", str(error), now + wait
    return stepped(run, rule, step, now, StepOutcome.WAITING, code=code, message=message, due_at=due_at)


def tried(run: RuleRun, rule: Rule, step: RuleStep, now: datetime, *, code: str, message: str) -> RuleStepped:
    """Return that a step is tried again, or has failed where it was tried often enough."""
    retry, times = step.retry or RETRY, run.tries + 1
    if times >= retry.attempts:
        return stepped(run, rule, step, now, StepOutcome.FAILED, code=code, message=message)
    due_at = now + retry.pause(times)
    return stepped(run, rule, step, now, StepOutcome.RETRY, code=code, message=message, due_at=due_at)


def unknown(run: RuleRun, rule: Rule, step: RuleStep, now: datetime) -> RuleStepped:
    """Return that a step has failed whose outcome nobody knows."""
    return stepped(run, rule, step, now, StepOutcome.FAILED, code=_IN_DOUBT, message=_UNKNOWN)


def is_unknown(told: RuleStepped) -> bool:
    """Return whether a step was told as one whose outcome nobody knows."""
    return told.code == _IN_DOUBT and told.message == _UNKNOWN
