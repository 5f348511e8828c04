"""Which run may be retried, from which of its steps, and where the run stands that repeats it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from core.config.rules import Rule, RuleStep
from core.domain.fold_rules import CONDITION, after_step
from core.domain.rules.calling import is_unknown
from core.domain.rules.matching import undecided_reason
from core.model.rule_facts import RuleStepped
from core.model.rule_runs import RuleRun, RunOutcome, StepOutcome

_AGAIN = "~"
"""What sets the number of a retry off from the id of the first run: no rule's id has it."""
_NO_STEP = "-"
"""The action of a run that nobody could go on with."""
_ASKING = frozenset({"notify", "http"})
_ELSE = ".else."


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """A run, as what was told of it says."""

    run: RuleRun
    """As it began."""
    outcome: RunOutcome | None
    steps: Sequence[RuleStepped]
    over: str = ""
    """Why nothing is done any more for what it is about; empty where something may be."""
    held: str = ""
    """Why its rule holds the order; empty where it does not."""
    retried_as: str | None = None
    """The run that repeats it, as a list shows it."""


def first_of(run_id: str) -> str:
    """Return the id of the run that was repeated first."""
    return run_id.partition(_AGAIN)[0]


def retry_of(run_id: str) -> str:
    """Return the id of the run that repeats one; each is repeated once, so that it is the same for everybody."""
    first, _, number = run_id.partition(_AGAIN)
    return f"{first}{_AGAIN}{int(number or 1) + 1}"


def repeated_by(run_id: str) -> str | None:
    """Return the id of the run that one repeats; None: it repeats none."""
    first, _, number = run_id.partition(_AGAIN)
    if not number:
        return None
    return first if number == "2" else f"{first}{_AGAIN}{int(number) - 1}"


def why_not_again(past: PastRun) -> str:
    """Return why a run may not be retried whatever the step, in a sentence for whoever asked; empty where it may."""
    if past.outcome is None:
        return "the run goes on: it can be retried once it has failed or was stopped"
    if past.outcome is RunOutcome.DONE:
        return "the run is done: nothing of it failed"
    if past.retried_as is not None:
        return f"the run was retried already, as run {past.retried_as}; if that one failed, retry that one"
    if past.steps and past.steps[-1].step == CONDITION:
        return (
            f"the condition of rule {past.run.rule} could not be computed, so that nobody knows whether its steps are"
            " to be done: mend the rule; crossdock apply --again offers it to orders"
        )
    return past.over


def why_not_from(past: PastRun, rule: Rule, step: RuleStep) -> str:
    """Return why a run may not be retried from a step; empty where it may.

    Nothing that was done is done twice: the step, and all that comes behind it, must not have been done before. What
    is done where the step fails (its ``else``) counts as another answer to another failure.
    """
    path, first = step.path, next(iter(past.steps), None)
    if first is not None and _place(path) < _place(first.step):
        return f"what comes before {first.step} is not this run's: name {first.step} or a step behind it"
    inside, head = _ELSE in path, path.rpartition(".")[0]
    if inside and not any(told.step.startswith(f"{head}.") for told in past.steps):
        return f"{path} is in an else that this run did not come to: name another step"
    for told in past.steps:
        if _place(told.step) < _place(path) or told.step.startswith(path + _ELSE):
            continue
        if told.outcome is StepOutcome.DONE:
            return f"{told.step} ({told.action}) was done, and would be done twice: name a step behind it"
        repeated = rule.step(told.step)
        if repeated is not None and in_doubt(past, repeated):
            return _doubtful(rule, repeated)
    return ""


def in_doubt(past: PastRun, step: RuleStep) -> bool:
    """Return whether nobody knows what became of a step, and to do it once more may do harm."""
    last = next((told for told in reversed(past.steps) if told.step == step.path), None)
    if last is None or step.action not in _ASKING:
        return False
    harmless = step.action == "http" and (step.said.idempotent or step.said.method == "GET")
    return not harmless and (is_unknown(last) or last.action == _NO_STEP)


def _doubtful(rule: Rule, step: RuleStep) -> str:
    following = rule.after(step.path)
    on = f"to go on behind it, retry from {following}" if following is not None else "nothing comes behind it"
    harmless = (
        "; if a repeat does no harm, write `idempotent: true` at the step" if step.action == "http" else ""
    )
    return (
        f"nobody can tell whether {step.path} ({step.action}) was done, and it is not done twice: look where it was"
        f" sent to; {on}{harmless}"
    )


def retried(past: PastRun, step: RuleStep, digest: str, now: datetime) -> RuleRun:
    """Return the run that repeats one from a step on, under the rules of a digest."""
    stood = reduce(lambda run, told: after_step(run, told) or run, past.steps, past.run)
    outer = step.path.rpartition(".")[0].removesuffix(".else")
    failed = next((t for t in reversed(past.steps) if t.step == outer), None) if _ELSE in step.path else None
    error = past.run.error if _ELSE in step.path else {}
    return stood.model_copy(
        update={
            "run_id": retry_of(past.run.run_id),
            "digest": digest,
            "next": step.path,
            "due_at": now,
            "tries": 0,
            "waits_for": None,
            "error": {"code": failed.code, "message": failed.message} if failed is not None else error,
        }
    )


def lifted(past: PastRun, step: RuleStep) -> str:
    """Return the reason of the hold that the failure left, where the step that failed is done again; else nothing."""
    last = past.steps[-1]
    left = last.hold or undecided_reason(past.run.rule, last.message)
    return left if past.held == left and _place(step.path) <= _place(last.step) else ""


def same_before(old: object, new: object, path: str) -> bool:
    """Return whether two texts of a rule say the same in all steps before a path: what was done there is known then."""
    for part in path.split("."):
        if not part.isdigit():
            old, new = _under(old, part), _under(new, part)
            continue
        before, after = _listed(old), _listed(new)
        number = int(part)
        if before[:number] != after[:number] or number >= len(before) or number >= len(after):
            return False
        old, new = before[number], after[number]
    return True


def _under(said: object, key: str) -> object:
    return said.get(key) if isinstance(said, dict) else None


def _listed(said: object) -> list[Any]:
    return said if isinstance(said, list) else [] if said is None else [said]


def _place(path: str) -> tuple[int, ...]:
    """Return where a step stands among all of its rule: behind those before it, and before its own ``else``."""
    return tuple(int(part) for part in path.split(".") if part.isdigit())
