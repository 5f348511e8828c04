"""Tries the rules of a file with its own tests: nothing is stored and nobody is asked.

What starts a rule and what comes after a step is the running hub's own code. Facts that steps tell start nothing here:
a test says itself what comes, one moment after another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.config.merchant import MerchantConfig
from core.config.rule_tests import Failure, Moment, RuleTest
from core.config.rules import Rule, RuleStep
from core.domain.fold_rules import after_step, begun_run
from core.domain.rules.starting import asked, started
from core.domain.rules.stepping import begun_wait, has_come, resumed, said_by, stepped, wait_over
from core.domain.rules.trial_acts import ACTS, hold
from core.domain.rules.trial_values import Values, changed, event_given, passed, values_given
from core.expressions import EvaluationError
from core.model.rule_facts import RuleStepped
from core.model.rule_runs import Offered, RuleRun, StepOutcome
from core.model.rule_values import EventValues
from core.model.triggers import Subject

_QUIET = frozenset({"wait", "stop"})


@dataclass(frozen=True, slots=True)
class Act:
    """An action that was done, or tried where the test has it fail, and what it said."""

    action: str
    said: Mapping[str, Any]


@dataclass(slots=True)
class Seen:
    """What one moment of a test came to."""

    rules: list[str] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    """What could not be computed or done, and is not the test's own wish."""


class Trial:
    """One test that is being run."""

    def __init__(self, config: MerchantConfig, test: RuleTest) -> None:
        self._config = config
        self._test = test
        self._now = test.now
        self._runs: list[RuleRun] = []
        self._values: Values = {}
        self._fail: dict[str, Failure] = {}
        self._answers: dict[str, Mapping[str, Any]] = {}
        self._seen = Seen()
        self._came = Offered()
        """Which triggers came, each at which of the test's moments."""

    def seen(self, moment: Moment) -> Seen:
        """Return what a moment comes to, after those before it."""
        self._seen = Seen()
        self._wait(self._now + moment.after)
        self._give(moment)
        trigger = moment.trigger.value if moment.trigger is not None else None
        if trigger is None and moment is self._test.moments[0]:
            trigger = Subject.SCHEDULE.value
        if trigger is not None:
            self._come(trigger, moment)
        self._go_on()
        return self._seen

    def _give(self, moment: Moment) -> None:
        if not self._values:
            self._values = values_given(
                self._config, moment.trigger, moment.given, self._test.subject, self._now
            )
        else:
            self._values = changed(self._values, {k: v for k, v in moment.given.items() if k != "event"})
        self._fail |= moment.fail
        self._answers |= moment.answers

    def _wait(self, until: datetime) -> None:
        """Let time pass, and each run go on when it is due."""
        while (soonest := min((run.due_at for run in self._runs), default=until)) < until:
            self._pass(max(soonest, self._now))
            self._go_on()
        self._pass(until)

    def _pass(self, now: datetime) -> None:
        if "order" in self._values:
            passed(self._values["order"], self._now, now)
        self._now = now

    def _come(self, trigger: str, moment: Moment) -> None:
        """Have what waits for a trigger go on, and every rule begin that it starts."""
        moments = self._came.version + 1
        self._came = Offered(version=moments, come={**self._came.come, trigger: moments})
        event = event_given(trigger, moment.given.get("event", {}), self._values, self._now)
        for run in [run for run in self._runs if run.waits_for == trigger]:
            self._told(run, resumed(run, self._rule(run), self._now))
        rules = self._asked(event)
        for start in started(rules, lambda: self._looked_at(event)):
            rule = start.rule
            self._seen.rules.append(rule.id)
            if start.undecided:
                self._undecided(rule, start.undecided)
            else:
                self._runs.append(self._begun(rule, event))

    def _asked(self, event: EventValues) -> Sequence[Rule]:
        tried = self._test.of
        rules = [r for r in self._config.rules.of(self._test.subject) if tried is None or r.id in tried]
        if event.trigger != Subject.SCHEDULE:
            return asked(rules, event)
        return [rule for rule in rules if rule.id == self._test.schedule]

    def _begun(self, rule: Rule, event: EventValues) -> RuleRun:
        run_id = f"{self._came.version}/{event.trigger}/{rule.id}"
        return begun_run(run_id, rule.id, self._config.rules.digest, event, self._now)

    def _looked_at(self, event: EventValues) -> Values:
        return {**self._values, "event": dict(event), "now": self._now}

    def _undecided(self, rule: Rule, message: str) -> None:
        """Note what could not be computed; an order is held by that."""
        self._seen.troubles.append(f"rule {rule.id}: {message}")
        reason = f"rule {rule.id} could not be decided: {message}"
        if self._test.subject is Subject.ORDER and not hold(self._values["order"], {}):
            self._seen.acts.append(Act("hold", {"reason": reason}))

    def _go_on(self) -> None:
        """Do the steps that are due, the first run's first."""
        while due := next((run for run in self._runs if run.due_at <= self._now), None):
            rule = self._rule(due)
            step = rule.step(due.next)
            if step is None:
                raise ValueError(f"rule {rule.id} has no step {due.next}")
            self._told(due, self._stepped(due, rule, step))

    def _told(self, run: RuleRun, fact: RuleStepped | None) -> None:
        after = after_step(run, fact) if fact is not None else None
        if fact is not None and fact.hold and not hold(self._values["order"], {}):
            self._seen.acts.append(Act("hold", {"reason": fact.hold}))
        where = self._runs.index(run)
        self._runs[where : where + 1] = [after] if after is not None else []

    def _rule(self, run: RuleRun) -> Rule:
        rule = self._config.rules.rule(run.rule)
        if rule is None:
            raise ValueError(f"there is no rule {run.rule}")
        return rule

    def _stepped(self, run: RuleRun, rule: Rule, step: RuleStep) -> RuleStepped:
        if run.waits_for is not None:
            return wait_over(run, rule, step, self._now, "")
        try:
            given = said_by(run, step, self._looked_at(run.event))
        except EvaluationError as error:
            failed = stepped(run, rule, step, self._now, StepOutcome.FAILED, message=str(error))
            if step.otherwise:
                return failed
            self._undecided(rule, str(error))
            return failed.model_copy(update={"hold": ""})  # it is held by that already
        if given is None:
            return stepped(run, rule, step, self._now, StepOutcome.SKIPPED)
        if step.action == "wait":
            until = step.said.until
            if until is not None and has_come(self._came, run, until):
                return stepped(run, rule, step, self._now, StepOutcome.DONE)
            return begun_wait(run, rule, step, self._now)
        return self._act(run, rule, step, given)

    def _act(self, run: RuleRun, rule: Rule, step: RuleStep, given: Mapping[str, Any]) -> RuleStepped:
        said = given or said_outright(step)
        if step.action not in _QUIET:
            self._seen.acts.append(Act(step.action, said))
        failure = self._failure(step, said)
        if failure is not None:
            return stepped(
                run, rule, step, self._now, StepOutcome.FAILED, code=failure.code, message=failure.message
            )
        result: dict[str, Any] = {}
        if step.action == "http":
            result = {
                "status": 200,
                **dict.fromkeys(step.said.take),
                **self._answers.get(step.name or "", {}),
            }
        stop = step.action == "stop"
        return stepped(run, rule, step, self._now, StepOutcome.DONE, result=result, stop=stop)

    def _failure(self, step: RuleStep, said: Mapping[str, Any]) -> Failure | None:
        """Return why a step fails: as the test has it, or because it cannot be done."""
        wanted = self._fail.get(step.name or "") or self._fail.get(step.action)
        if wanted is not None or step.action not in ACTS:
            return wanted
        why = ACTS[step.action](self._values["order"], said)
        if why:
            self._seen.troubles.append(f"{step.action}: {why}")
        return Failure("not_possible", why) if why else None


def said_outright(step: RuleStep) -> dict[str, Any]:
    """Return what an action says in which nothing is computed."""
    return {} if step.said is True else step.said.model_dump(by_alias=True, exclude_none=True)
