"""What rules tell of an order, folded into where it stands."""

from datetime import datetime
from typing import Any

from core.domain.rule_guards import can_be_held
from core.domain.state import OrderState, is_locked
from core.model.rule_facts import (
    CaptureAsked,
    HeldByRule,
    LabelChosen,
    LabelGivenUp,
    RouteChosen,
    RuleFact,
    RuleMatched,
    RuleRetried,
    RuleStepped,
    RunBegun,
)
from core.model.rule_runs import RuleRun, StepOutcome
from core.model.rule_values import EventValues

FIRST_STEP = "then.0"
CONDITION = "if"
"""What a run calls its rule's condition."""


def rule_changes(state: OrderState, fact: RuleFact) -> dict[str, Any]:
    """Return what a rule's fact changes."""
    match fact:
        case RuleMatched():
            ran = {**state.ran, fact.rule: state.ran.get(fact.rule, 0) + 1}
            return {"rule_runs": (*state.rule_runs, begun_by(fact)), "ran": ran}
        case RuleRetried():
            left = state.held_by_rules.get(fact.rule)
            others = {rule: why for rule, why in state.held_by_rules.items() if rule != fact.rule}
            held_by = others if left is not None and left == fact.lifts else state.held_by_rules
            return {"rule_runs": (*state.rule_runs, begun_by(fact)), "held_by_rules": held_by}
        case RuleStepped():
            stepped = (after_step(run, fact) if run.run_id == fact.run_id else run for run in state.rule_runs)
            holds = bool(fact.hold) and can_be_held(state)
            held = {**state.held_by_rules, fact.rule: fact.hold} if holds else state.held_by_rules
            return {"rule_runs": tuple(run for run in stepped if run is not None), "held_by_rules": held}
        case HeldByRule():
            return {"held_by_rules": {**state.held_by_rules, fact.rule: fact.reason}}
        case RouteChosen():
            elsewhere = any(a.location not in fact.locations for a in state.allocations)
            moves = bool(state.needs) and (elsewhere or state.route != fact.locations)
            return {"route": fact.locations, "route_open": moves or state.route_open}
        case LabelChosen():
            kept = tuple(p for p in state.parcels if is_locked(state, p))
            return {"label_choice": fact, "parcels": kept, "label_given_up": None}
        case LabelGivenUp():
            return {"label_given_up": fact.message}
        case CaptureAsked():
            return {"capture_asked": True}


def begun_by(fact: RunBegun) -> RuleRun:
    """Return the run that a fact begins."""
    run = begun_run(fact.run_id, fact.rule, fact.digest, fact.event, fact.at)
    if isinstance(fact, RuleMatched):
        return run
    return run.model_copy(update={"next": fact.next, "results": fact.results, "error": fact.error})


def begun_run(run_id: str, rule: str, digest: str, event: EventValues, at: datetime) -> RuleRun:
    """Return a run that begins: its first step is due."""
    return RuleRun(
        run_id=run_id,
        rule=rule,
        digest=digest,
        trigger=event.trigger,
        event=event,
        next=FIRST_STEP,
        due_at=at,
    )


def after_step(run: RuleRun, fact: RuleStepped) -> RuleRun | None:
    """Return where a run stands after one of its steps; None where it has ended."""
    if fact.step not in (run.next, CONDITION):
        return run  # an answer that came late: somebody else went on meanwhile
    if fact.ended is not None or fact.next is None:
        return None
    tried = run.tries if fact.next == run.next else 0
    tried += fact.outcome is StepOutcome.RETRY
    failed = fact.outcome is StepOutcome.FAILED
    results = {**run.results, fact.name: fact.result} if fact.name and fact.result else run.results
    return run.model_copy(
        update={
            "next": fact.next,
            "due_at": fact.due_at or fact.at,
            "waits_for": fact.waits_for,
            "tries": tried,
            "results": results,
            "error": {"code": fact.code, "message": fact.message} if failed else run.error,
        }
    )
