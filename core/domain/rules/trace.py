"""What a replay of an order under a set of rules came to: who was asked, what was done, and what nobody can know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.domain.state import OrderState
from core.model.rule_facts import RuleMatched
from core.model.rule_runs import StepOutcome

NOT_KNOWN = "not known"
"""How a step ends that needs an answer which nobody gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRule:
    """A rule that was asked about an occurrence, and what it answered."""

    rule: str
    where: str
    """Where the file has it, as in ``crossdock.yaml:41:5``."""
    condition: str
    """Empty where it has none."""
    matched: bool
    undecided: str = ""
    """Why its condition could not be computed: it counts as one that held."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The single values that the condition names, by path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """Something that came to an order, and the rules that were asked about it, in the order of the file."""

    trigger: str
    version: int
    """Of the stored fact, or of the last one before."""
    at: datetime
    asked: tuple[AskedRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedStep:
    """A step of a rule that matched, with what it says, filled."""

    rule: str
    where: str
    step: str
    """Its path in the rule, as in ``then.1``."""
    trigger: str
    version: int
    """Of what started the rule."""
    at: datetime
    action: str
    said: Mapping[str, Any]
    outcome: str
    """A ``StepOutcome``, or ``not known``."""
    message: str = ""

    @property
    def done(self) -> bool:
        """Whether it was done, or waits for what it did."""
        return self.outcome == StepOutcome.DONE or (
            self.action == "label" and self.outcome == StepOutcome.WAITING
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCompared:
    """What cannot be told from stored facts, from where on, and why."""

    version: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """An order's stored facts under a set of rules."""

    digest: str
    came: tuple[Came, ...]
    """Empty where only the outcome was wanted."""
    steps: tuple[ReplayedStep, ...]
    matched: tuple[tuple[str, str, int], ...]
    """(rule, trigger, version) of every run, in the order in which they began."""
    held: tuple[tuple[str, str], ...]
    """(rule, reason) of every hold that a rule would have put on it, whether or not it was released since."""
    not_compared: tuple[NotCompared, ...]
    state: OrderState
    """Where the order would stand."""
    waits: tuple[tuple[str, datetime], ...]
    """(rule, until when) of the runs that have not ended."""
    begun: tuple[RuleMatched, ...] = ()
    """What would have begun each run, in the order in which they began."""

    def of(self, *actions: str) -> Sequence[ReplayedStep]:
        """Return the steps of some actions that were done."""
        return [step for step in self.steps if step.action in actions and step.done]
