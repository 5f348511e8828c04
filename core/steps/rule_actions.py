"""What a step of a rule does to the order of a run: facts alone, in the same commit as the step."""

from core.config.rules import Rule, RuleStep
from core.domain.rules.acting import Acting, Given, StepFailedError, done
from core.engine.run import Run
from core.model.rule_runs import RuleRun
from core.store.assignees import assignable

__all__ = ["Given", "StepFailedError", "act"]


async def act(run: Run, due: RuleRun, rule: Rule, step: RuleStep, given: Given) -> None:
    """Tell what a step does to the order, and that it was done, in one commit."""
    people = await run.hub.store.read(assignable, run.merchant) if step.action == "assign" else {}
    on = Acting(view=run.view(), people=people, in_test=run.connections.in_test)
    run.decide(done(on, due, rule, step, given), attempts=run.attempts)
