"""Retrying a run of a rule that failed or was stopped, from one of its steps: what that will do, and doing it."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.config.merchant import MerchantConfig
from core.config.rules import Rule, RuleSet, RuleStep
from core.config.text_changes import rules_by_id
from core.domain.commit import Landed, OrderCommit
from core.domain.rules.retrying import (
    lifted,
    retried,
    same_before,
    why_not_again,
    why_not_from,
)
from core.engine.hub import Hub
from core.errors import RefusedError
from core.failpoints import failpoint
from core.model.merchant_runs import MerchantRun
from core.model.rule_facts import RuleRetried
from core.model.rule_runs import RuleRun, StepOutcome
from core.model.triggers import Subject
from core.services.plans import NOT_TAKEN_BACK, Plan
from core.services.rules_in_force import config_in_force
from core.services.runs import RunTrace, run_trace
from core.store.configs import text_of_config
from core.store.rule_runs import begin_retry
from core.store.run_history import listed_id
from core.store.settings import read_settings

_TRIES = 20
"""So often an order may move while a run of it is retried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Retry:
    """A run that may be retried from a step, under the rules in force."""

    trace: RunTrace
    rules: RuleSet
    rule: Rule
    step: RuleStep

    @property
    def lifts(self) -> str:
        return lifted(self.trace.past, self.step)


async def retry_plan(hub: Hub, merchant: str, run_id: str, start: str) -> Plan:
    """Return what retrying a run from a step will do; ``start`` is the step's id or path.

    Raises:
        NotFoundError: no such run.
    """
    trace = await run_trace(hub, merchant, run_id)
    title = f"Retry the run of rule {trace.run.rule} from {start}"
    try:
        found = await _found(hub, merchant, trace, start)
    except RefusedError as error:
        return Plan(title=title, does=(), refused=str(error))
    return Plan(
        title=title,
        does=tuple(_does(found)),
        back=NOT_TAKEN_BACK,
        stands=f"{found.rules.digest} {found.step.path}",
    )


async def retry_run(hub: Hub, merchant: str, run_id: str, start: str, actor: str) -> RunTrace:
    """Retry a run from a step; return the run that repeats it.

    ``actor`` stands on the order's timeline; a run about no order does not say who had it retried.

    Raises:
        NotFoundError: no such run.
        RefusedError: it may not be retried, or not from there, and why; nothing is changed.
    """
    for _ in range(_TRIES):
        trace = await run_trace(hub, merchant, run_id)
        found = await _found(hub, merchant, trace, start)
        if trace.run.about == Subject.ORDER:
            begun = await _begin_order(hub, merchant, found, actor)
        else:
            begun = await _begin_merchant(hub, merchant, found)
        if begun is not None:
            return await run_trace(hub, merchant, begun)
    raise RefusedError("nothing was done: the order moved on again and again; try it once more")


async def retry_steps(hub: Hub, merchant: str, trace: RunTrace) -> dict[str, str]:
    """Return by step that failed the step that its button retries from: itself, or what follows where it is in doubt."""
    found: dict[str, str] = {}
    if why_not_again(trace.past):
        return found
    rule = (await config_in_force(hub, merchant)).rules.rule(trace.run.rule)
    for told in trace.steps:
        if rule is None or told.outcome is not StepOutcome.FAILED:
            continue
        for path in (told.step, rule.after(told.step)):
            if path is not None and await _may(hub, merchant, trace, path):
                found[told.step] = path
                break
    return found


async def _may(hub: Hub, merchant: str, trace: RunTrace, path: str) -> bool:
    try:
        await _found(hub, merchant, trace, path)
    except RefusedError:
        return False
    return True


async def _found(hub: Hub, merchant: str, trace: RunTrace, start: str) -> _Retry:
    """Return the step that a run is retried from.

    Raises:
        RefusedError: the run may not be retried, or not from there.
    """
    refused = why_not_again(trace.past)
    if refused:
        raise RefusedError(refused)
    config = await config_in_force(hub, merchant)
    rule = config.rules.rule(trace.run.rule)
    if rule is None or rule.subject.value != trace.run.about:
        raise RefusedError(
            f"the file in force has no rule {trace.run.rule} about {trace.run.about} any more: put one in force that has"
            " it, then retry"
        )
    step = _step(rule, start)
    await _check_same_before(hub, merchant, trace, config, step)
    refused = why_not_from(trace.past, rule, step)
    if refused:
        raise RefusedError(refused)
    await _check_restored(hub, merchant, trace)
    return _Retry(trace=trace, rules=config.rules, rule=rule, step=step)


def _step(rule: Rule, start: str) -> RuleStep:
    """Return the step of an id or path.

    Raises:
        RefusedError: the rule has none.
    """
    every = [step for first in rule.steps for step in first.each()]
    found = next((step for step in every if start in (step.name, step.path)), None)
    if found is None:
        names = ", ".join(_named(step) for step in every)
        raise RefusedError(f"rule {rule.id} has no step {start!r} in the file in force; it has {names}")
    return found


async def _check_same_before(
    hub: Hub, merchant: str, trace: RunTrace, config: MerchantConfig, step: RuleStep
) -> None:
    """Refuse a rule that says something else above the step by now: nobody could tell which of its steps were done."""
    if trace.run.digest == config.rules.digest:
        return
    before = await hub.store.read(text_of_config, merchant, trace.run.digest)
    if before is None:
        raise RefusedError(
            "the file that the run began under is kept no longer, so that nobody can tell which steps were done: do by"
            " hand what is left of it"
        )
    old, new = rules_by_id(before).get(trace.run.rule), rules_by_id(config.text).get(trace.run.rule)
    if not same_before(old, new, step.path):
        raise RefusedError(
            f"rule {trace.run.rule} says something else above {step.path} than when the run began, so that nobody can"
            " tell which of its steps were done: leave those as they were, put the file in force, then retry"
        )


async def _check_restored(hub: Hub, merchant: str, trace: RunTrace) -> None:
    """Refuse a run about no order that a backup is older than: its steps would not know that they must not ask."""
    settings = await hub.store.read(read_settings, merchant, hub.clock.now())
    if trace.run.about != Subject.ORDER and settings.lost_since(trace.run.started_at) is not None:
        raise RefusedError(
            "a backup was brought back since the run began: nobody can tell what was done of it meanwhile; do by hand"
            " what is left of it"
        )


def _does(found: _Retry) -> Iterator[str]:
    """Yield what retrying will do."""
    rules, rule, start = found.rules, found.rule, found.step
    yield f"Does {_named(start)} and what comes behind it, as {rules.where(rule)} in force says now."
    done = [told for told in found.trace.steps if told.outcome is StepOutcome.DONE]
    kept = list(dict.fromkeys(f"{told.step} ({told.action})" for told in done))
    if kept:
        yield f"Does not again what was done: {', '.join(kept)}."
    if found.lifts:
        yield "The hold that the failure left goes; the rule may hold the order again."


def _named(step: RuleStep) -> str:
    return f"{step.path} ({step.name or step.action})"


def _run(hub: Hub, found: _Retry) -> RuleRun:
    return retried(found.trace.past, found.step, found.rules.digest, hub.clock.now())


async def _begin_order(hub: Hub, merchant: str, found: _Retry, actor: str) -> str | None:
    """Begin the run of an order; return its id as a list shows it, or None where the order moved on meanwhile."""
    trace, run, order_id = found.trace, _run(hub, found), found.trace.run.subject
    fact = RuleRetried(
        at=hub.clock.now(),
        actor=actor,
        run_id=run.run_id,
        again_of=trace.past.run.run_id,
        rule=run.rule,
        digest=run.digest,
        where=found.rules.where(found.rule),
        trigger=run.trigger,
        event=run.event,
        values=dict(trace.looked_at),
        next=run.next,
        results=run.results,
        error=run.error,
        lifts=found.lifts,
    )
    commit = OrderCommit(
        merchant=merchant, order_id=order_id, at=fact.at, expect=trace.version, decided=(fact,)
    )
    failpoint("runs.retry.order")
    landed = isinstance(await hub.store.commit(commit), Landed)
    return listed_id(order_id, run.run_id) if landed else None


async def _begin_merchant(hub: Hub, merchant: str, found: _Retry) -> str | None:
    """Begin a run about no order; return its id, or None where another began it meanwhile."""
    trace, run, now = found.trace, _run(hub, found), hub.clock.now()
    begun = MerchantRun(
        run=run,
        about=found.rule.subject,
        subject=trace.run.subject,
        looked_at=dict(trace.looked_at),
        started_at=now,
    )
    failpoint("runs.retry.merchant")
    landed = await hub.store.write(begin_retry, merchant, begun, of=trace.run.run_id, now=now)
    return run.run_id if landed else None
