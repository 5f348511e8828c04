"""What rules tell of an order."""

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from core.model.base import Instant
from core.model.fact_base import FactBase
from core.model.rule_runs import RunOutcome, StepOutcome
from core.model.rule_values import EventValues


class OfRule(FactBase):
    """What every fact of a rule is; which one says its kind."""


class RuleMatched(OfRule):
    """A rule's condition held for something that was told of the order: its steps begin."""

    kind: Literal["rule_matched"] = "rule_matched"
    run_id: str
    rule: str
    digest: str
    """Of the rules in force: the run goes on under them whatever the file says later."""
    where: str
    """Where the file has the rule, as in ``crossdock.yaml:41:5``."""
    trigger: str
    event: EventValues
    values: dict[str, Any] = Field(default_factory=dict)
    """What the condition looked at, by path."""


class RuleRetried(OfRule):
    """A person has a run go on that failed or was stopped: a run of its own, under the rules in force by then."""

    kind: Literal["rule_retried"] = "rule_retried"
    run_id: str
    again_of: str
    """The run that it repeats; each is repeated once at most."""
    rule: str
    digest: str
    where: str
    trigger: str
    event: EventValues
    values: dict[str, Any] = Field(default_factory=dict)
    """What the condition looked at when the first run began: it is not asked again."""
    next: str
    """The step that it begins with; what was done before is not done again."""
    results: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """By step id: what earlier steps came to, for later ones to use."""
    error: dict[str, str] = Field(default_factory=dict)
    """``code`` and ``message`` of the step whose ``else`` it begins in."""
    lifts: str = ""
    """The reason of the hold that the failure left, and that goes: the rule decides anew."""


class RuleStepped(OfRule):
    """A step of a run was done, skipped, put off or failed."""

    kind: Literal["rule_stepped"] = "rule_stepped"
    run_id: str
    rule: str
    step: str
    """Which one, as in ``then.1``."""
    action: str
    outcome: StepOutcome
    name: str | None = None
    """The step's id."""
    result: dict[str, Any] = Field(default_factory=dict)
    code: str = ""
    message: str = ""
    next: str | None = None
    """The step that comes next; None: the run has ended."""
    due_at: Instant | None = None
    """When that is due; None: at once."""
    waits_for: str | None = None
    ended: RunOutcome | None = None
    hold: str = ""
    """Why the order is held although the step that was to hold it was not reached."""


class HeldByRule(OfRule):
    """A rule holds the order."""

    kind: Literal["held_by_rule"] = "held_by_rule"
    rule: str
    reason: str


class RouteChosen(OfRule):
    """A rule says which locations the order leaves from."""

    kind: Literal["route_chosen"] = "route_chosen"
    rule: str
    locations: tuple[str, ...]
    """In order of preference; no other is used."""


class LabelChosen(OfRule):
    """A rule says which labels are bought for the order."""

    kind: Literal["label_chosen"] = "label_chosen"
    rule: str
    via: str | None = None
    at_most: str | None = None
    """In major units of the rate's own currency."""
    format: Literal["PNG", "PDF", "ZPL"] | None = None
    services: tuple[str, ...] = ()
    """Patterns of ``<carrier> <service>``; none: as the file says for the order's method."""
    choose: Literal["cheapest", "fastest"] | None = None
    no_label: str | None = None
    """What people read where no rate will do."""
    attempts: int | None = None
    """How often rates and the label are asked for before the order is held."""
    first: timedelta | None = None
    longest: timedelta | None = None
    """The pauses between."""


class LabelGivenUp(OfRule):
    """The label was asked for as often as its rule says, and nobody answered: the order is held."""

    kind: Literal["label_given_up"] = "label_given_up"
    step: str
    message: str


class CaptureAsked(OfRule):
    """A rule wants authorized money captured before the label."""

    kind: Literal["capture_asked"] = "capture_asked"
    rule: str


RunBegun = RuleMatched | RuleRetried
"""What begins a run of an order."""
RuleFact = (
    RuleMatched
    | RuleRetried
    | RuleStepped
    | HeldByRule
    | RouteChosen
    | LabelChosen
    | LabelGivenUp
    | CaptureAsked
)
