"""Which rules something starts: facts are offered once, in the order they were told, to rules in the order of the file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from core.config.rules import Rule, RuleSet
from core.domain.due import View
from core.domain.fold_rules import CONDITION
from core.domain.rule_guards import can_be_held
from core.domain.rules.starting import Start, asked, started
from core.domain.rules.triggers import standing, told_by
from core.domain.rules.values import order_values
from core.domain.state import OrderState
from core.model import facts as f
from core.model.people import actor_of_rule
from core.model.products import Product
from core.model.rule_facts import HeldByRule, RuleMatched, RuleStepped
from core.model.rule_runs import Offered, RunOutcome, StepOutcome
from core.model.rule_values import EventValues
from core.model.triggers import Trigger

MOST_RUNS = 100
"""So many runs of one rule on one order; one that starts itself over and over ends there."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that was told of an order, or that it has come to."""

    trigger: Trigger
    version: int
    """Of the fact; for what an order has come to, the version at which it was seen."""
    event: EventValues


@dataclass(frozen=True, slots=True)
class Asking:
    """Which rules an occurrence was offered to, and which of them it starts; what comes after a rule that stops is not asked."""

    of: Occurrence
    rules: tuple[Rule, ...]
    starts: tuple[Start, ...]


@dataclass(frozen=True, slots=True)
class Matching:
    """What is told when facts are offered to rules."""

    facts: tuple[f.Fact, ...]
    offered: Offered
    come: tuple[str, ...]
    """The triggers that came: runs may wait for one of them."""
    askings: tuple[Asking, ...] = ()


EVERY = frozenset(Trigger)
"""All that can start a rule."""


def looked_at(view: View, heard: frozenset[Trigger] = EVERY) -> Offered:
    """Return that everything told so far was offered: nothing that an order had come to before starts a rule later.

    ``heard``: what else an order has come to is left out, for those who know that no rule will ever ask.
    """
    before, stage = view.state.offered or Offered(), view.state.stage.value
    since = before.since if before.stage == stage else None
    now = {
        "version": view.state.version,
        "standing": tuple(trigger.value for trigger in standing(view, heard)),
        "stage": stage,
        "since": since or view.now,
    }
    same = all(getattr(before, name) == value for name, value in now.items())
    return before if same else before.model_copy(update={**now, "seq": before.seq + 1})


def is_open(view: View) -> bool:
    """Return whether something was told that was not offered yet."""
    offered = view.state.offered
    return offered is None or offered.version < view.state.version


def stuck_at(view: View) -> datetime | None:
    """Return when an order will have been in its stage for too long; None where it never will, or it was told."""
    offered = view.state.offered
    if offered is None or offered.since is None or Trigger.ORDER_STUCK in offered.standing:
        return None
    limit = view.config.stages.get(offered.stage)
    return None if limit is None else offered.since + limit


def occurrences(
    view: View, told: Sequence[tuple[int, f.Fact]], heard: frozenset[Trigger] = EVERY
) -> tuple[list[Occurrence], Offered]:
    """Return what these facts, each with its version, start, and what is offered then."""
    before, offered = view.state.offered, looked_at(view, heard)
    if before is None:  # from before there were rules
        return [], offered
    found = [
        Occurrence(trigger, version, _event(trigger, fact.at, fact.actor, brought))
        for version, fact in told
        for trigger, brought in told_by(fact)
        if trigger in heard
    ]
    found += [
        Occurrence(Trigger(name), offered.version, _event(Trigger(name), view.now, "hub", {}))
        for name in offered.standing
        if name not in before.standing
    ]
    changes: dict[str, Any] = {}
    limit, since = view.config.stages.get(offered.stage), offered.since
    if limit is not None and since is not None and view.now >= since + limit:
        if before.stage != offered.stage or Trigger.ORDER_STUCK not in before.standing:
            brought = {"minutes": (view.now - since) // _MINUTE}
            event = _event(Trigger.ORDER_STUCK, view.now, "hub", brought)
            found.append(Occurrence(Trigger.ORDER_STUCK, offered.version, event))
        changes = {"standing": (*offered.standing, Trigger.ORDER_STUCK.value), "seq": before.seq + 1}
    if found:
        changes["come"] = {**offered.come, **{one.trigger.value: one.version for one in found}}
    return found, offered.model_copy(update=changes) if changes else offered


def _event(trigger: Trigger, at: datetime, actor: str, brought: Mapping[str, Any]) -> EventValues:
    return EventValues(trigger=trigger.value, at=at, actor=actor, **brought)


def match(
    view: View,
    rules: RuleSet,
    told: Sequence[tuple[int, f.Fact]],
    products: Mapping[str, Product],
    *,
    heard: frozenset[Trigger] = EVERY,
) -> Matching:
    """Return what is told when facts are offered to rules: each rule whose condition holds begins a run.

    Every condition looks at the order as it stands now, whatever rules before it in the file are about to do.
    """
    found, offered = occurrences(view, told, heard)
    begun: list[f.Fact] = []
    askings: list[Asking] = []
    for one in found:
        running = rules.started_by(one.event.trigger)
        left = [rule for rule in asked(running, one.event) if view.state.ran.get(rule.id, 0) < MOST_RUNS]
        starts = tuple(started(left, partial(values_at, view, one.event, products)))
        for start in starts:
            begun += _begun(view, rules, start, one)
        askings.append(Asking(one, tuple(left), starts))
    return Matching(tuple(begun), offered, tuple(one.trigger.value for one in found), askings=tuple(askings))


def values_at(view: View, event: EventValues, products: Mapping[str, Product]) -> dict[str, Any]:
    """Return all that a rule about an order may look at."""
    return {
        "order": order_values(view.state, view.order, products, view.now),
        "event": dict(event),
        "now": view.now,
    }


def _begun(view: View, rules: RuleSet, start: Start, one: Occurrence) -> Iterator[f.Fact]:
    """Yield what begins a rule's run."""
    rule = start.rule
    run_id = f"{one.version}/{one.trigger}/{rule.id}"
    condition, bound = rule.condition, start.looked_at
    yield RuleMatched(
        at=view.now,
        actor=actor_of_rule(rule.id),
        run_id=run_id,
        rule=rule.id,
        digest=rules.digest,
        where=rules.where(rule),
        trigger=one.trigger.value,
        event=one.event,
        values={} if bound is None or condition is None else looked_at_by(condition.text, bound.values),
    )
    if view.state.ran.get(rule.id, 0) == MOST_RUNS - 1:
        text = f"rule {rule.id} begins for the {MOST_RUNS}th time on this order, and from now on no more"
        yield f.Noted(at=view.now, text=text)
    if start.undecided:
        yield from undecided(view.state, run_id, rule.id, start.undecided, view.now)


_PATHS = re.compile(r"\b(?:order|event|stock|connection|orders)(?:\.[a-z_]+)+")


def looked_at_by(condition: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the single values that a condition names, by path."""
    found: dict[str, Any] = {}
    for path in dict.fromkeys(_PATHS.findall(condition)):
        value: Any = values
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, bool | int | str | Decimal | datetime):
            found[path] = str(value) if isinstance(value, Decimal | datetime) else value
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            found[path] = list(value)
    return found


def undecided(state: OrderState, run_id: str, rule_id: str, message: str, now: datetime) -> Iterator[f.Fact]:
    """Yield the end of a run whose condition could not be computed; an order that can still be held is.

    A rule that nobody could decide may have been there to keep the order.
    """
    yield RuleStepped(
        at=now,
        actor=actor_of_rule(rule_id),
        run_id=run_id,
        rule=rule_id,
        step=CONDITION,
        action=CONDITION,
        outcome=StepOutcome.FAILED,
        message=message,
        ended=RunOutcome.FAILED,
    )
    yield from held_undecided(state, rule_id, message, now)


def held_undecided(state: OrderState, rule_id: str, message: str, now: datetime) -> tuple[f.Fact, ...]:
    """Return the hold of an order for which a rule could not be decided; none where nothing of it can be held."""
    if not can_be_held(state):
        return ()
    reason = undecided_reason(rule_id, message)
    return (HeldByRule(at=now, actor=actor_of_rule(rule_id), rule=rule_id, reason=reason),)


def undecided_reason(rule_id: str, message: str) -> str:
    """Return why an order is held for which a rule could not be decided."""
    return f"rule {rule_id} could not be decided: {message}"
