"""Which rules something starts that is about no order, and where such a run stands after each of its steps. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.config.rules import Rule, RuleSet
from core.domain.commit import MerchantNotice
from core.domain.fold_rules import CONDITION, after_step, begun_run
from core.domain.notices import RULE_FAILED
from core.domain.rules.matching import looked_at_by
from core.domain.rules.starting import Start, asked, started
from core.domain.rules.stepping import resumed
from core.model.merchant_runs import MerchantRun
from core.model.people import actor_of_rule
from core.model.rule_facts import RuleStepped
from core.model.rule_runs import RuleRun, RunOutcome, StepOutcome
from core.model.rule_values import EventValues
from core.model.triggers import Subject

_LONGEST_TRACE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that has come to pass once, of a SKU, of a connection, or by the clock."""

    trigger: str
    about: Subject
    subject: str
    number: str
    """Tells it from all others of its trigger and subject, for ever."""
    at: datetime
    values: Mapping[str, Any]
    """What conditions may look at, besides the event and the present instant."""

    @property
    def event(self) -> EventValues:
        """What rules see of it."""
        return EventValues(trigger=self.trigger, at=self.at)


def begun(rules: RuleSet, one: Happening, now: datetime) -> Iterator[MerchantRun]:
    """Yield the run of each rule that something starts and whose condition holds; one that stops ends the list."""
    yield from begun_of(rules, asked(rules.of(one.about), one.event), one, now)


def begun_of(rules: RuleSet, of: Sequence[Rule], one: Happening, now: datetime) -> Iterator[MerchantRun]:
    """Yield the run of each of these rules whose condition holds."""
    values = {**one.values, "event": dict(one.event), "now": now}
    for start in started(of, lambda: values):
        yield _begun(rules, start, one, now)


def _begun(rules: RuleSet, start: Start, one: Happening, now: datetime) -> MerchantRun:
    rule, message = start.rule, start.undecided
    looked_at = looked_at_by(rule.condition.text, one.values) if rule.condition is not None else {}
    run_id = f"{one.trigger}/{one.subject}/{one.number}/{rule.id}"
    run = begun_run(run_id, rule.id, rules.digest, one.event, now)
    made = MerchantRun(run=run, about=one.about, subject=one.subject, looked_at=looked_at, started_at=now)
    return made if not message else after(made, lost(run, now, message, step=CONDITION))


def after(known: MerchantRun, told: RuleStepped) -> MerchantRun:
    """Return where a run stands after one of its steps."""
    following = after_step(known.run, told)
    ended = told.ended if following is None else None
    return known.model_copy(
        update={
            "run": following or known.run,
            "version": known.version + 1,
            "open": None,
            "trace": (*known.trace, told)[-_LONGEST_TRACE:],
            "outcome": ended,
            "ended_at": told.at if following is None else None,
        }
    )


def lost(run: RuleRun, now: datetime, message: str, *, step: str) -> RuleStepped:
    """Return the end of a run that nobody can go on with."""
    return RuleStepped(
        at=now,
        actor=actor_of_rule(run.rule),
        run_id=run.run_id,
        rule=run.rule,
        step=step,
        action=step if step == CONDITION else "-",
        outcome=StepOutcome.FAILED,
        message=message,
        ended=RunOutcome.FAILED,
    )


def gone_on(known: MerchantRun, rule: Rule | None, now: datetime) -> MerchantRun | None:
    """Return where a run stands whose wait is over because what it waited for has come."""
    told = resumed(known.run, rule, now) if rule is not None else None
    return None if told is None else after(known, told)


def failed_notice(known: MerchantRun) -> MerchantNotice | None:
    """Return what people are told of a run about no order that has failed."""
    failed = known.outcome is RunOutcome.FAILED and bool(known.trace)
    return failure_of(known.trace[-1], known.subject) if failed else None


def failure_of(told: RuleStepped, subject: str) -> MerchantNotice | None:
    """Return what people are told where a step ends its run as failed: of each rule once a day."""
    if told.ended is not RunOutcome.FAILED:
        return None
    why = f": {told.message}" if told.message else ""
    text = f"Rule {told.rule} failed for {subject}{why}. See the page Runs"
    day = f"{told.rule} {told.at:%Y-%m-%d}"
    return MerchantNotice(kind=RULE_FAILED, subject=day, text=text, since=told.at)
