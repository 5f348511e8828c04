"""Rules of crossdock.yaml on the way of an order: what was told is offered to them, and their runs go on step by step."""

from collections.abc import Sequence
from datetime import datetime

from core.config.rules import Rule, RuleStep
from core.domain.rules.acting import go_on
from core.domain.rules.matching import match
from core.domain.rules.stepping import due_run, offers, resumed
from core.engine.rule_sets import rules_at
from core.engine.run import Run
from core.model.facts import Fact
from core.model.people import actor_of_rule
from core.model.rule_facts import RuleStepped
from core.model.rule_runs import RuleRun, RunOutcome, StepOutcome
from core.steps.rule_actions import act
from core.steps.rule_calls import CALLS, Called

UNREADABLE = "the file that it began under is kept no longer, or this version cannot read it"


async def run_rules(run: Run) -> None:
    """Offer what was told to the rules in force; else do the next step of the first run that is due."""
    view = run.view()
    if offers(view):
        matching = match(view, run.config.rules, await run.unoffered(), run.products)
        waited = await _waited_for(run, matching.come)
        run.offer([*waited, *matching.facts], matching.offered)
        return
    due = due_run(view)
    if due is None:
        return
    rules = await rules_at(run.hub, run.merchant, due.digest)
    rule = rules.rule(due.rule) if rules is not None else None
    step = rule.step(due.next) if rule is not None else None
    if rule is None or step is None:
        run.decide([_lost(due, run.now)], attempts=run.attempts)
        return
    await _go_on(run, due, rule, step)


async def _waited_for(run: Run, come: Sequence[str]) -> list[Fact]:
    """Return what is told of runs that wait for what has come."""
    found: list[Fact] = []
    for waiting in run.state.rule_runs:
        if waiting.waits_for in come:
            rules = await rules_at(run.hub, run.merchant, waiting.digest)
            rule = rules.rule(waiting.rule) if rules is not None else None
            fact = resumed(waiting, rule, run.now) if rule is not None else None
            found += [fact] if fact is not None else []
    return found


def _lost(due: RuleRun, now: datetime) -> RuleStepped:
    return RuleStepped(
        at=now,
        actor=actor_of_rule(due.rule),
        run_id=due.run_id,
        rule=due.rule,
        step=due.next,
        action="-",
        outcome=StepOutcome.FAILED,
        message=UNREADABLE,
        ended=RunOutcome.FAILED,
    )


async def _go_on(run: Run, due: RuleRun, rule: Rule, step: RuleStep) -> None:
    """Do one step of a run, or tell that it is skipped, waits or failed."""
    said = go_on(run.view(), due, rule, step, run.products)
    if isinstance(said, tuple):
        run.decide(said, attempts=run.attempts)
    elif step.action in CALLS:
        await CALLS[step.action](run, Called(due, rule, step), said)
    else:
        await act(run, due, rule, step, said)
