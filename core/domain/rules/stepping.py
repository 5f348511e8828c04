"""Which run of a rule is due, and what comes after each of its steps."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.config.rules import Rule, RuleStep, fill, is_only_hold
from core.domain.due import View
from core.domain.rules.matching import is_open, stuck_at
from core.domain.state import OrderState, labelled
from core.model.holds import Hold
from core.model.people import actor_of_rule
from core.model.rule_facts import RuleStepped
from core.model.rule_runs import Offered, RuleRun, RunOutcome, StepOutcome
from core.model.triggers import Trigger

LABEL = "label"
"""What a run waits for whose step chose a label: that it is bought, or that no rate will do."""
TIME = "time"
"""What a run waits for that waits for nothing but the clock."""
LONGEST_WAIT = timedelta(days=365)


def due_rules(view: View) -> datetime | None:
    """Return when something is to be offered to rules, or a run of one is due."""
    runs = view.state.rule_runs
    if not view.live or (not runs and not view.config.rules.starts):
        return None
    if offers(view):
        return view.now
    times = [due_of(view, run) for run in runs]
    stuck = stuck_at(view) if listens_to_stuck(view) else None
    return min([*times, *([stuck] if stuck is not None else [])], default=None)


def offers(view: View) -> bool:
    """Return whether something is to be offered to rules now."""
    if not view.config.rules.starts and not any(run.waits_for for run in view.state.rule_runs):
        return False
    if is_open(view):
        return True
    stuck = stuck_at(view) if listens_to_stuck(view) else None
    return stuck is not None and stuck <= view.now


def listens_to_stuck(view: View) -> bool:
    """Return whether a rule is started by an order that is stuck."""
    return Trigger.ORDER_STUCK in view.config.rules.triggers


def due_of(view: View, run: RuleRun) -> datetime:
    """Return when a run goes on."""
    if run.waits_for == LABEL and label_answer(view.state) is not None:
        return view.now
    return run.due_at


def label_answer(state: OrderState) -> str | None:
    """Return what came of the label that a run waits for: empty where it is bought, else why not; None: nothing yet."""
    if labelled(state):
        return ""
    if state.ended or state.shipped_elsewhere:
        return "the order ended without a label"
    refused = state.label_given_up is not None or any(
        p.label is None and p.quote.chosen is None for p in state.parcels
    )
    # A hold that an earlier choice left behind says nothing of this one.
    return state.holds.get(Hold.NO_RATE) if refused else None


def due_run(view: View) -> RuleRun | None:
    """Return the first run that is due."""
    return next((run for run in view.state.rule_runs if due_of(view, run) <= view.now), None)


def stepped(
    run: RuleRun,
    rule: Rule,
    step: RuleStep,
    now: datetime,
    outcome: StepOutcome,
    *,
    result: Mapping[str, Any] | None = None,
    code: str = "",
    message: str = "",
    due_at: datetime | None = None,
    waits_for: str | None = None,
    stop: bool = False,
) -> RuleStepped:
    """Return what is told of a step, with what comes next.

    A step that failed is followed by its ``else``; without one the run has failed. One that waits, or is tried again,
    comes next itself.
    """
    again = outcome in (StepOutcome.WAITING, StepOutcome.RETRY)
    following, ended = rule.after(step.path), None
    if again:
        following = step.path
    elif stop:
        following, ended = None, RunOutcome.STOPPED
    elif outcome is StepOutcome.FAILED and step.otherwise:
        following = step.otherwise[0].path
    elif outcome is StepOutcome.FAILED:
        following, ended = None, RunOutcome.FAILED
    elif following is None:
        ended = RunOutcome.DONE
    return RuleStepped(
        at=now,
        actor=actor_of_rule(rule.id),
        run_id=run.run_id,
        rule=rule.id,
        step=step.path,
        action=step.action,
        name=step.name,
        outcome=outcome,
        result=dict(result or {}),
        code=code,
        message=message,
        next=following,
        due_at=due_at,
        waits_for=waits_for,
        ended=ended,
        hold=f"rule {rule.id}: {step.action} failed: {message}" if _leaves_a_hold(rule, step, ended) else "",
    )


def _leaves_a_hold(rule: Rule, step: RuleStep, ended: RunOutcome | None) -> bool:
    """Return whether a run that fails here would have come to a hold: a rule that keeps orders does not let one go."""
    if ended is not RunOutcome.FAILED:
        return False
    following = rule.after(step.path)
    while following is not None:
        later = rule.step(following)
        if later is not None and later.action == "hold":
            return True
        following = rule.after(following)
    return False


def said_by(run: RuleRun, step: RuleStep, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what a step says, computed over what its rule may look at; None where its condition does not hold.

    Raises:
        EvaluationError: an expression of it could not be computed.
    """
    known = {**values, "steps": run.results, "error": {"code": "", "message": "", **run.error}}
    if step.condition is not None and not step.condition.evaluate(known):
        return None
    given: Mapping[str, Any] = fill(step.given, known)
    return given


def has_come(offered: Offered | None, run: RuleRun, trigger: Trigger) -> bool:
    """Return whether what a run is about to wait for came since the run began, or still stands."""
    if offered is None:
        return False
    began, _, _ = run.run_id.partition("/")
    later = began.isdigit() and offered.come.get(trigger.value, -1) > int(began)
    return later or trigger.value in offered.standing


def begun_wait(run: RuleRun, rule: Rule, step: RuleStep, now: datetime) -> RuleStepped:
    """Return what is told of a run that begins to wait."""
    until, due_at = step.said.until, now + min(step.said.for_, LONGEST_WAIT)
    waits_for = TIME if until is None else until.value
    return stepped(run, rule, step, now, StepOutcome.WAITING, due_at=due_at, waits_for=waits_for)


def acted(run: RuleRun, rule: Rule, step: RuleStep, now: datetime) -> RuleStepped:
    """Return what is told of a step that told its facts: it is done, or waits for the label that it chose.

    Nothing is waited for where nothing comes after the label, but a hold with the words that people read anyway.
    """
    last = rule.after(step.path) is None and (not step.otherwise or is_only_hold(step))
    if step.action != "label" or last:
        return stepped(run, rule, step, now, StepOutcome.DONE, stop=step.action == "stop")
    return stepped(run, rule, step, now, StepOutcome.WAITING, due_at=now + LONGEST_WAIT, waits_for=LABEL)


def wait_over(run: RuleRun, rule: Rule, step: RuleStep, now: datetime, label: str | None) -> RuleStepped:
    """Return what is told of a run whose wait is over; ``label`` is what came of the label, as ``label_answer`` says."""
    if run.waits_for == TIME:
        return stepped(run, rule, step, now, StepOutcome.DONE)
    if run.waits_for != LABEL:
        said, stop = f"{run.waits_for} did not come in time", not step.otherwise
        return stepped(run, rule, step, now, StepOutcome.FAILED, code="too_late", message=said, stop=stop)
    if label:
        return stepped(run, rule, step, now, StepOutcome.FAILED, code="no_label", message=label)
    return stepped(run, rule, step, now, StepOutcome.DONE if label is not None else StepOutcome.FAILED)


def resumed(run: RuleRun, rule: Rule, now: datetime) -> RuleStepped | None:
    """Return what is told of a run whose wait is over because what it waited for has come."""
    step = rule.step(run.next)
    return None if step is None else stepped(run, rule, step, now, StepOutcome.DONE)
