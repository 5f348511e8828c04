"""Replays an order's stored facts under a set of rules: what they would match and do. Pure, and nobody is asked.

Facts are offered, and steps done, by the code that the running hub uses. What rules did when the facts were told is left
out; what these rules would do is put in. Later facts that would not have come then are left out as well.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from core.config.rules import Rule, RuleSet, RuleStep
from core.domain.due import View, payment
from core.domain.fold import fold
from core.domain.label_choice import labels_of
from core.domain.rules.acting import Acting, Given, done, go_on
from core.domain.rules.divergence import DivergedError, Divergence
from core.domain.rules.gone import Gone, held_by_rules, keeps
from core.domain.rules.matching import Asking, Matching, looked_at_by, match, values_at
from core.domain.rules.recorded import OF_LABELS, Numbered, answers_in, of_rules, told_together
from core.domain.rules.replay_words import mentions, said_of
from core.domain.rules.stepping import due_rules, due_run, offers, resumed, stepped
from core.domain.rules.trace import NOT_KNOWN, AskedRule, Came, NotCompared, ReplayedStep, Trace
from core.domain.shipping.judging import judge_again
from core.domain.state import OrderState
from core.model import facts as f
from core.model.products import Product
from core.model.rule_facts import HeldByRule, LabelChosen, RouteChosen, RuleMatched, RuleStepped
from core.model.rule_runs import Offered, RuleRun, RunOutcome, StepOutcome
from core.model.triggers import Trigger

WENT_ON = "it was held here, and would have gone on: its rates, label and way then"
"""Not known of an order that these rules would not have held."""
_MOST_DONE = 2000
"""So much is done of one order at one instant; more goes in circles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known around an order, as of now."""

    view: Callable[[OrderState, datetime], View]
    """Gives all that a decision may look at, under the file whose rules are replayed."""
    products: Mapping[str, Product]
    people: Mapping[str, str] = field(default_factory=dict)
    in_test: Sequence[str] = ()


def replay(
    facts: Sequence[f.Fact],
    around: Around,
    *,
    until: datetime,
    outcome_only: bool = False,
    divergence: Divergence | None = None,
) -> Trace:
    """Return what an order's facts come to under the rules of the view's file, up to an instant.

    ``outcome_only`` leaves out who was asked and answered no.

    Raises:
        DivergedError: what ``divergence`` names came.
    """
    replayed = _Replay(facts, around, outcome_only=outcome_only, divergence=divergence or Divergence())
    for together in told_together(facts):
        replayed.take(together)
    replayed.pass_until(until)
    return replayed.trace()


class _Replay:
    """One order on its way under the rules."""

    def __init__(
        self, facts: Sequence[f.Fact], around: Around, *, outcome_only: bool, divergence: Divergence
    ) -> None:
        self._around, self._outcome_only, self._divergence = around, outcome_only, divergence
        self._state = OrderState(offered=Offered())
        self._now = facts[0].at
        self._stored = 0
        """The version of the last stored fact that was looked at."""
        self._versions: dict[int, int] = {0: 0}
        """The stored version of each of ours: what these rules tell counts as the fact before it."""
        self._kept: View | None = None
        """As it was seen last: what a view finds out, it finds out once."""
        self._told: list[Numbered] = []
        self._answers = {key: list(answers) for key, answers in answers_in(facts).items()}
        self._unanswered: defaultdict[str, set[str]] = defaultdict(set)
        self._gone = Gone()
        self._quotes: dict[str, f.Quoted] = {}
        self._was_held: set[str] = set()
        """What held the order when the facts were told."""
        self._came: list[Came] = []
        self._steps: list[ReplayedStep] = []
        self._matched: list[tuple[str, str, int]] = []
        self._begun: list[RuleMatched] = []
        self._held: list[tuple[str, str]] = []
        self._not_compared: list[NotCompared] = []

    def take(self, together: Sequence[Numbered]) -> None:
        """Let time pass to these facts, tell those that would have come, and do what is due then."""
        self.pass_until(together[0][1].at)
        for version, fact in together:
            self._stored = version
            self._note_recorded(fact)
            if not of_rules(fact):
                self._now = max(self._now, fact.at)
                self._tell_stored(fact)
        self._work()
        if self._was_held and self._state.order is not None:
            view = self._view
            if not (view.state.holds or view.wanted_holds or view.state.ended):
                self._cannot_tell(WENT_ON)

    def _note_recorded(self, fact: f.Fact) -> None:
        if isinstance(fact, f.Held):
            self._was_held.add(fact.reason)
        elif isinstance(fact, f.Released):
            self._was_held.discard(fact.reason)

    def _tell_stored(self, fact: f.Fact) -> None:
        if self._state.order is None:
            self._gone.last = fact.order if isinstance(fact, f.Received) else None
            self._fold(fact)
            return
        if isinstance(fact, f.Quoted):
            self._quotes[fact.parcel.parcel_id] = fact
        if self._gone.takes(lambda: self._view, fact):
            if self._gone.told_more:
                self._cannot_tell(
                    "what its channel told after a label or a cancellation that would not be there"
                )
            return
        self._fold(self._as_wanted(fact))

    def _as_wanted(self, fact: f.Fact) -> f.Fact:
        """Return a stored fact as it would be with the labels that are wanted now."""
        match fact:
            case f.Quoted():
                return self._judged(fact)
            case f.Intended(operation="buy"):
                parcel_id = str(fact.data["parcel"])
                known = any(p.parcel_id == parcel_id for p in self._state.parcels)
                if not known and parcel_id in self._quotes:
                    self._fold(self._judged(self._quotes[parcel_id]))
            case f.LabelBought():
                return self._bought(fact)
        return fact

    def _judged(self, quoted: f.Quoted) -> f.Quoted:
        view = self._view
        return judge_again(quoted, view.order, view.config, labels_of(view.config.labels, view.state))

    def _bought(self, label: f.LabelBought) -> f.LabelBought:
        quote = next((p.quote for p in self._state.parcels if p.parcel_id == label.parcel_id), None)
        rate = next((r for r in quote.rates if r.rate_id == quote.chosen), None) if quote else None
        if (
            rate is None
            or rate.price is None
            or (rate.carrier, rate.service) == (label.carrier, label.service)
        ):
            return label
        chosen = {"carrier": rate.carrier, "service": rate.service, "price": rate.price}
        return label.model_copy(update=chosen)

    @property
    def _view(self) -> View:
        kept = self._kept
        if kept is None or kept.state is not self._state or kept.now != self._now:
            kept = self._kept = self._around.view(self._state, self._now)
        return kept

    @cached_property
    def _rules(self) -> RuleSet:
        return self._view.config.rules

    @cached_property
    def _heard(self) -> frozenset[Trigger]:
        """What a rule may ever ask about."""
        return self._rules.triggers | self._rules.awaited | self._divergence.triggers

    def _fold(self, *facts: f.Fact) -> None:
        for fact in facts:
            self._state = fold(self._state, fact)
            self._versions[self._state.version] = self._stored
            if isinstance(fact, HeldByRule):
                self._held.append((fact.rule, fact.reason))
            self._told.append((self._state.version, fact))

    def _cannot_tell(self, what: str) -> None:
        if all(one.what != what for one in self._not_compared):
            self._not_compared.append(NotCompared(version=self._stored, what=what))

    def pass_until(self, at: datetime) -> None:
        """Do what is due before an instant, each at its own."""
        for _ in range(_MOST_DONE):
            if self._state.order is None or self._state.open:
                return
            due = due_rules(self._view)
            if due is None or due >= at:
                return
            self._now = max(self._now, due)
            self._work()

    def _work(self) -> None:
        """Do what is due now, one thing after another, as the hub's table has it."""
        for _ in range(_MOST_DONE):
            if self._state.order is None or self._state.open:
                return  # while an answer is awaited, nothing is offered
            view = self._view
            if self._state.order.connection not in view.config.connections:
                self._cannot_tell(f"its channel {self._state.order.connection}, which the file does not name")
                return
            if offers(view):
                self._offer(view)
            elif (due := due_run(view)) is not None:
                self._go_on(view, due)
            elif not self._hold(view):
                return
        self._cannot_tell("rules that start one another without end")

    def _offer(self, view: View) -> None:
        told, self._told = self._told, []
        matching = match(view, self._rules, told, self._around.products, heard=self._heard)
        if self._divergence.is_at(matching):
            raise DivergedError
        if not self._outcome_only:
            self._came += [self._asked(view, asking) for asking in matching.askings if asking.rules]
        waited = [
            fact
            for run in self._state.rule_runs
            if run.waits_for in matching.come and (rule := self._rules.rule(run.rule)) is not None
            if (fact := resumed(run, rule, self._now)) is not None
        ]
        self._note_matched(matching)
        self._fold(*waited, *matching.facts)
        self._state = self._state.model_copy(update={"offered": matching.offered})

    def _note_matched(self, matching: Matching) -> None:
        for fact in matching.facts:
            if isinstance(fact, RuleMatched):
                self._begun.append(fact)
                self._matched.append((fact.rule, fact.trigger, self._began(fact.run_id)))
            elif isinstance(fact, RuleStepped) and (rule := self._rules.rule(fact.rule)) is not None:
                self._note(rule, fact, said={})

    def _began(self, run_id: str) -> int:
        """Return the stored version of what a run began with."""
        return self._versions.get(int(run_id.partition("/")[0]), self._stored)

    def _asked(self, view: View, asking: Asking) -> Came:
        one = asking.of
        values = values_at(view, one.event, self._around.products)
        started = {start.rule.id: start for start in asking.starts}
        last = next((s.rule.id for s in asking.starts if s.rule.stop), None)
        asked: list[AskedRule] = []
        for rule in asking.rules:
            start, condition = started.get(rule.id), rule.condition
            asked.append(
                AskedRule(
                    rule=rule.id,
                    where=self._rules.where(rule),
                    condition=condition.text if condition is not None else "",
                    matched=start is not None,
                    undecided=start.undecided if start is not None else "",
                    values=looked_at_by(condition.text, values) if condition is not None else {},
                )
            )
            if rule.id == last:
                break
        version = self._versions.get(one.version, self._stored)
        return Came(trigger=one.trigger.value, version=version, at=one.event.at, asked=tuple(asked))

    def _go_on(self, view: View, due: RuleRun) -> None:
        rule = self._rules.rule(due.rule)
        step = rule.step(due.next) if rule is not None else None
        if rule is None or step is None:
            raise ValueError(f"rule {due.rule} has no step {due.next}")
        lacking = sorted(name for name in self._unanswered[due.run_id] if mentions(step, name))
        if lacking and due.waits_for is None:
            self._not_known(due, rule, step, lacking)
            return
        said = go_on(view, due, rule, step, self._around.products)
        if isinstance(said, tuple):
            told = [fact for fact in said if isinstance(fact, RuleStepped)]
            if due.waits_for is None or told[0].outcome is StepOutcome.FAILED:
                self._note(rule, told[0], said=said_of(step, {}))
            self._fold(*said)
            return
        facts = self._answered(due, rule, step, said) if step.action in ("notify", "http") else None
        if facts is None:
            on = Acting(view=view, people=self._around.people, in_test=self._around.in_test)
            facts = done(on, due, rule, step, said)
        self._tell_done(rule, step, said, facts)

    def _tell_done(self, rule: Rule, step: RuleStep, said: Given, facts: Sequence[f.Fact]) -> None:
        for fact in facts:
            self._fold(fact)
            if isinstance(fact, RouteChosen) and self._state.route_open:
                self._cannot_tell(f"whether {', '.join(fact.locations)} had its units then")
            elif isinstance(fact, LabelChosen) and fact.via not in (None, self._view.config.labels.via):
                self._cannot_tell(f"the rates of {fact.via}")
            elif isinstance(fact, RuleStepped):
                self._note(rule, fact, said=said_of(step, said))

    def _answered(self, due: RuleRun, rule: Rule, step: RuleStep, said: Given) -> Sequence[f.Fact]:
        """Return what is told of a step that asks somebody else: what came of it before, else that it was done."""
        before = self._answers.get((rule.id, step.name or step.path), [])
        if before:
            stored = before.pop(0) if len(before) > 1 else before[0]
            return [
                stepped(
                    due,
                    rule,
                    step,
                    self._now,
                    stored.outcome,
                    result=stored.result,
                    code=stored.code,
                    message=stored.message,
                )
            ]
        if step.action == "http":
            self._unanswered[due.run_id].add(step.name or "")
            self._cannot_tell(f"rule {rule.id}, {step.path}: the answer of {said['via']}")
        return [stepped(due, rule, step, self._now, StepOutcome.DONE)]

    def _not_known(self, due: RuleRun, rule: Rule, step: RuleStep, lacking: Sequence[str]) -> None:
        """End a run whose step needs an answer that nobody gave."""
        ended = stepped(due, rule, step, self._now, StepOutcome.SKIPPED).model_copy(
            update={"next": None, "ended": RunOutcome.STOPPED}
        )
        needs = f"it needs the answer of steps.{', steps.'.join(lacking)}, which is not known"
        self._cannot_tell(f"rule {rule.id}, {step.path}: {needs}")
        self._note(rule, ended, said=said_of(step, {}), outcome=NOT_KNOWN, message=needs)
        self._fold(ended)

    def _note(
        self,
        rule: Rule,
        fact: RuleStepped,
        *,
        said: Mapping[str, Any],
        outcome: str | None = None,
        message: str | None = None,
    ) -> None:
        _, trigger, _ = fact.run_id.split("/", 2)
        self._steps.append(
            ReplayedStep(
                rule=rule.id,
                where=self._rules.where(rule),
                step=fact.step,
                trigger=trigger,
                version=self._began(fact.run_id),
                at=fact.at,
                action=fact.action,
                said=said,
                outcome=outcome or fact.outcome.value,
                message=fact.message if message is None else message,
            )
        )

    def _hold(self, view: View) -> bool:
        """Tell what has come to hold the order of what rules decide, and what no longer does; return whether anything did."""
        if not held_by_rules(view) and OF_LABELS.isdisjoint(self._state.holds):
            return False
        paid_at = payment(view)
        if paid_at is not None and paid_at <= self._now:
            return False  # the hub asks for the payment first
        wanted, held = view.wanted_holds, self._state.holds
        told: list[f.Fact] = []
        for reason in sorted(OF_LABELS):
            if reason in held and reason not in wanted:
                told.append(f.Released(at=self._now, reason=reason))
            elif reason in wanted and held.get(reason) != wanted[reason]:
                told.append(f.Held(at=self._now, reason=reason, detail=wanted[reason]))
        self._fold(*told)
        return bool(told)

    def trace(self) -> Trace:
        """Return what it all came to."""
        state = self._state
        if state.label_asked and not state.parcels and state.order is not None and not keeps(self._view):
            self._cannot_tell("a label is asked for that was not bought: its rates")
        return Trace(
            digest=self._rules.digest,
            came=tuple(self._came),
            steps=tuple(self._steps),
            matched=tuple(self._matched),
            held=tuple(self._held),
            not_compared=tuple(self._not_compared),
            state=state,
            waits=tuple((run.rule, run.due_at) for run in state.rule_runs),
            begun=tuple(self._begun),
        )
