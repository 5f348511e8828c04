"""Runs of rules that are about no order: about a SKU, a connection, or an hour."""

from typing import Any

from pydantic import Field

from core.model.base import Instant, StoredShape
from core.model.rule_facts import RuleStepped
from core.model.rule_runs import RuleRun, RunOutcome
from core.model.triggers import Subject


class OpenCall(StoredShape):
    """A call of a step that was intended and whose outcome is not known yet."""

    key: str
    step: str
    operation: str
    connection: str
    look_up_at: Instant
    again: bool = False
    """Whether it may be made once more where nobody knows what became of it."""


class MerchantRun(StoredShape):
    """One run, under way or ended."""

    run: RuleRun
    about: Subject
    subject: str
    """The SKU, the connection, or the rule whose hour has come."""
    looked_at: dict[str, Any] = Field(default_factory=dict)
    """What its rule's condition looked at, by path."""
    version: int = 0
    """Counts what was told of it: who decides names the one he has seen."""
    open: OpenCall | None = None
    trace: tuple[RuleStepped, ...] = ()
    """What came of each step, the first one first; of many the last."""
    outcome: RunOutcome | None = None
    started_at: Instant
    ended_at: Instant | None = None
