"""Runs of rules: what was offered to them, and where each that is under way stands."""

from typing import Any

from pydantic import Field

from core.model.base import Instant, StoredShape, Worded
from core.model.rule_values import EventValues


class Offered(StoredShape):
    """What of an order was offered to its merchant's rules."""

    version: int = 0
    """Every fact up to this one."""
    seq: int = 0
    """Counts what was offered, so that nobody writes an older one over a newer one."""
    standing: tuple[str, ...] = ()
    """The triggers that tell where an order stands and that it had come to."""
    stage: str = ""
    """The stage it was in."""
    since: Instant | None = None
    """When that was first seen."""
    come: dict[str, int] = Field(default_factory=dict)
    """By trigger: the version at which it came last."""


class RunOutcome(Worded):
    """How a run of a rule ended."""

    DONE = "done", "done"
    STOPPED = "stopped", "stopped by a step"
    FAILED = "failed", "a step failed, and nothing was to be done about it"


class StepOutcome(Worded):
    """What came of one step of a run."""

    DONE = "done", "done"
    SKIPPED = "skipped", "its condition did not hold"
    WAITING = "waiting", "it waits"
    RETRY = "retry", "failed; tried again later"
    FAILED = "failed", "failed"


class RuleRun(StoredShape):
    """One run of a rule that has not ended."""

    run_id: str
    rule: str
    digest: str
    """Of the rules that it runs under, whatever the file says meanwhile."""
    trigger: str
    event: EventValues
    next: str
    """The step that is due, as in ``then.1`` or ``then.0.else.0``."""
    due_at: Instant
    tries: int = 0
    """Failed tries of that step."""
    waits_for: str | None = None
    """The trigger that it waits for; at ``due_at`` it waits no longer."""
    results: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """By step id: what later steps may use."""
    error: dict[str, str] = Field(default_factory=dict)
    """``code`` and ``message`` of the step whose ``else`` is done."""
