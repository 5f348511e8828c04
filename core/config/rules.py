"""Rules as the hub runs them: what starts each, its condition, and its steps one after another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from core.config.problems import Position
from core.expressions import Expression, Template, Value, written
from core.model.triggers import Subject, Trigger


@dataclass(frozen=True, slots=True)
class PathValue:
    """The path of a request: what is computed in it adds no parameter and, within ``{{ }}``, no folder."""

    value: Value

    def of(self, values: Mapping[str, Any]) -> str:
        """Return it over some values, what is computed percent-encoded; the rest stays as the file has it.

        Raises:
            EvaluationError: an expression in it has no value, or one that is no text.
        """
        match self.value.made:
            case Expression() as whole:
                return quote(written(whole.evaluate(values)), safe="/", errors="replace")
            case Template() as template:
                return template.render(values, quoted=_quoted)
            case None:
                return str(self.value.literal)


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


Filled = Value | PathValue | Mapping[str, "Filled"] | tuple["Filled", ...]
"""What a step says, with the places that are computed when it is done."""


def fill(given: Filled, values: Mapping[str, Any]) -> Any:
    """Return what a step says, computed.

    Raises:
        EvaluationError: an expression in it could not be computed.
    """
    if isinstance(given, Mapping):
        return {name: fill(one, values) for name, one in given.items()}
    if isinstance(given, tuple):
        return [fill(one, values) for one in given]
    return given.of(values)


MESSAGE = "{{error.message}}"
"""Stands for what went wrong, in texts of a rule."""

Format = Literal["PNG", "PDF", "ZPL"]
FORMATS: Mapping[str, Format] = {"png": "PNG", "pdf": "PDF", "zpl": "ZPL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a step is tried, and how long between."""

    attempts: int
    first: timedelta
    longest: timedelta

    def pause(self, tried: int) -> timedelta:
        """Return how long to wait after so many failed tries."""
        return min(self.longest, self.first * (1 << min(tried - 1, 30)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRule:
    """How labels are bought."""

    via: str | None = None
    """The connection that sells them; None: the first that sells any."""
    at_most: Decimal | None = None
    """In major units of the rate's own currency."""
    format: Format = "PNG"
    no_label: str = MESSAGE
    """What people read where no rate will do."""
    services: tuple[str, ...] = ()
    """Patterns of ``<carrier> <service>``; none: as ``sla.services`` says."""
    choose: Literal["cheapest", "fastest"] = "cheapest"
    retry: Retry | None = None
    """How often rates and the label are asked for before the order is held; None: as every step is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStep:
    """One step: an action, and what goes with it."""

    path: str
    """Where it stands in its rule, as in ``then.1`` or ``then.0.else.0``."""
    action: str
    said: Any
    """What the action says, as the file has it: the model of its keys, or True."""
    given: Filled
    """The same, with the places that are computed when the step is done."""
    name: str | None = None
    """Its id, by which later steps name its result."""
    condition: Expression | None = None
    timeout: timedelta | None = None
    retry: Retry | None = None
    otherwise: tuple["RuleStep", ...] = ()
    at: Position

    def each(self) -> Iterator["RuleStep"]:
        """Yield the step and every one under it."""
        yield self
        for step in self.otherwise:
            yield from step.each()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When the clock starts a rule: at an hour of some days, or again and again."""

    zone: ZoneInfo
    days: frozenset[int] = frozenset()
    """Weekdays; Monday is 0."""
    at: time | None = None
    interval: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is done when something has come to pass."""

    id: str
    name: str = ""
    triggers: frozenset[Trigger]
    schedule: Schedule | None = None
    condition: Expression | None = None
    steps: tuple[RuleStep, ...]
    stop: bool = False
    overrides: frozenset[str] = frozenset()
    """Rules above it that it contradicts on purpose."""
    at: Position
    subject: Subject

    def step(self, path: str) -> RuleStep | None:
        """Return the step at a path."""
        return next((s for step in self.steps for s in step.each() if s.path == path), None)

    def after(self, path: str) -> str | None:
        """Return the step that comes after one; None where it was the last.

        After the last step of an ``else`` comes what follows the step that it belongs to.
        """
        head, _, last = path.rpartition(".")
        following = f"{head}.{int(last) + 1}"
        if self.step(following) is not None:
            return following
        outer = head.removesuffix(".else")
        return self.after(outer) if outer != head else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rules of a merchant, in the order of the file."""

    rules: tuple[Rule, ...] = ()
    digest: str = ""
    """Of their file: a run that has begun goes on under these."""
    file: str = ""
    starts: bool = False
    """Whether any of them runs for orders; one that says for every order which label is bought does not."""
    _by_id: Mapping[str, Rule] = field(init=False, repr=False, compare=False)
    _by_subject: Mapping[Subject, tuple[Rule, ...]] = field(init=False, repr=False, compare=False)
    _started: Mapping[str, tuple[Rule, ...]] = field(init=False, repr=False, compare=False)
    triggers: frozenset[Trigger] = field(init=False, repr=False, compare=False)
    """What any rule about orders listens to."""

    def __post_init__(self) -> None:
        by_subject = {one: tuple(rule for rule in self.rules if rule.subject is one) for one in Subject}
        of_orders = by_subject[Subject.ORDER]
        triggers = frozenset(trigger for rule in of_orders for trigger in rule.triggers)
        started = {
            trigger.value: tuple(r for r in of_orders if trigger in r.triggers and not is_standing(r))
            for trigger in triggers
        }
        object.__setattr__(self, "_by_id", {rule.id: rule for rule in reversed(self.rules)})
        object.__setattr__(self, "_by_subject", by_subject)
        object.__setattr__(self, "_started", started)
        object.__setattr__(self, "triggers", triggers)

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule of an id."""
        return self._by_id.get(rule_id)

    def of(self, subject: Subject) -> tuple[Rule, ...]:
        """Return the rules about one kind of thing."""
        return self._by_subject[subject]

    def started_by(self, trigger: str) -> tuple[Rule, ...]:
        """Return the rules that may run for an order to which this comes."""
        return self._started.get(trigger, ())

    @property
    def awaited(self) -> frozenset[Trigger]:
        """What steps of rules about orders wait for."""
        steps = (step for rule in self.of(Subject.ORDER) for first in rule.steps for step in first.each())
        return frozenset(step.said.until for step in steps if step.action == "wait" and step.said.until)

    def where(self, rule: Rule) -> str:
        """Return where the file has a rule, as in ``crossdock.yaml:41:5``."""
        file = PurePath(rule.at.file).name or self.file
        return f"{file}:{rule.at.line}:{rule.at.column}"


def label_of(step: RuleStep) -> LabelRule:
    """Return what a step that chooses labels says."""
    said = step.said
    return LabelRule(
        via=said.via,
        at_most=said.max,
        format=FORMATS[said.format or "png"],
        no_label=str(step.otherwise[0].said.reason) if is_only_hold(step) else MESSAGE,
        services=tuple(said.services or ()),
        choose=said.choose or "cheapest",
        retry=step.retry,
    )


def is_only_hold(step: RuleStep) -> bool:
    """Return whether the ``else`` of a step is one hold: what no rate will do for is held anyway."""
    only = step.otherwise[0] if len(step.otherwise) == 1 else None
    return only is not None and only.action == "hold" and only.condition is None


def is_standing(rule: Rule) -> bool:
    """Return whether a rule says for every order which label is bought, or that it may be split: nothing runs for it."""
    return (
        len(rule.steps) == 1
        and rule.steps[0].action in ("label", "split")
        and rule.condition is None
        and rule.steps[0].condition is None
    )


def standing_label(rules: RuleSet) -> LabelRule:
    """Return which labels are bought where no rule says otherwise of an order."""
    steps = (rule.steps[0] for rule in rules.rules if is_standing(rule) and rule.steps[0].action == "label")
    return next((label_of(step) for step in steps), LabelRule())
