"""Rules that can match the same order with different results, each shown by an order that was tried. Pure.

Two rules are compared where one thing starts both. An order that makes their conditions true is made of what the
conditions say, and is then given to the rules as a test of the file is: only what came of that is told. Where nothing
can make both true there is no conflict; where neither was found out, that is said.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations, takewhile
from typing import Any

from core.config.merchant import MerchantConfig
from core.config.problems import Position
from core.config.rule_tests import Moment, RuleTest
from core.config.rules import LabelRule, Rule, RuleStep, is_standing
from core.domain.rules.contradictions import CONTRADICTORY, Said, contradict, may_contradict, what_counts
from core.domain.rules.matching_orders import SETTABLE, MatchingOrders, OverError
from core.domain.rules.matching_values import NotFoundOutError
from core.domain.rules.trial import Act, Seen, Trial, said_outright
from core.domain.rules.trial_values import connections_of
from core.model.triggers import Subject, Trigger

_NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""A Monday at noon: when orders that are tried are placed, about."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two rules with an order that both match, and what each does to it."""

    above: Rule
    below: Rule
    trigger: Trigger
    given: Mapping[str, Any]
    """As ``given:`` of a test has it; the rest is as usual."""
    acts: tuple[Act, Act]


@dataclass(frozen=True, slots=True)
class Conflicts:
    """What was found in a file."""

    found: tuple[Conflict, ...] = ()
    undecided: tuple[tuple[Rule, Rule], ...] = ()
    """Pairs of which nobody can say."""
    unsearched: int = 0
    """Pairs for which no time was left."""


@dataclass(frozen=True, slots=True)
class _Side:
    """A rule, and of its steps those that may contradict another rule's."""

    rule: Rule
    steps: tuple[tuple[RuleStep, Said | None], ...]
    """Each with what it says, None where any of it is computed."""


def conflicts_of(config: MerchantConfig, *, is_over: Callable[[], bool] = lambda: False) -> Conflicts:
    """Search the rules of a file for conflicts, until ``is_over``."""
    search = _Search(config, is_over)
    for above, below in search.pairs():
        try:
            search.compare(above, below)
        except OverError:
            break
    return Conflicts(tuple(search.found), tuple(search.undecided), search.left)


class _Search:
    """One search through the rules of a file."""

    def __init__(self, config: MerchantConfig, is_over: Callable[[], bool]) -> None:
        self.found: list[Conflict] = []
        self.undecided: list[tuple[Rule, Rule]] = []
        self._config = config
        self._is_over = is_over
        self._usual_label = _label_said(config.labels)
        self._orders = MatchingOrders(connections_of(config), is_over)
        self._sides = [self._sides_of(subject) for subject in SETTABLE]
        self.left = sum(len(sides) * (len(sides) - 1) // 2 for sides in self._sides)
        """Pairs that were not compared yet."""

    def _sides_of(self, subject: Subject) -> Sequence[_Side]:
        rules = [rule for rule in self._config.rules.of(subject) if not is_standing(rule)]
        sides = [_Side(rule, tuple((s, self._written_out(s)) for s in _at_once(rule))) for rule in rules]
        return [side for side in sides if side.steps]

    def pairs(self) -> Iterator[tuple[_Side, _Side]]:
        """Yield the pairs of rules that are left, the upper one first."""
        for sides in self._sides:
            for pair in combinations(sides, 2):
                yield pair
                self.left -= 1

    def compare(self, above: _Side, below: _Side) -> None:
        """Compare two rules.

        Raises:
            OverError: before that was done.
        """
        if self._is_over():
            raise OverError
        one, other = above.rule, below.rule
        if one.stop or one.id in other.overrides or one.triggers.isdisjoint(other.triggers):
            return
        try:
            conflict = self._conflict(above, below)
        except NotFoundOutError:
            self.undecided.append((one, other))
        else:
            self.found += [conflict] if conflict is not None else []

    def _conflict(self, above: _Side, below: _Side) -> Conflict | None:
        """Return the first conflict of two rules; None where there can be none.

        Raises:
            NotFoundOutError: none was found, and there may be one.
        """
        certain = True
        for step, other in _contradicting(above, below):
            conditions = [above.rule.condition, below.rule.condition, step.condition, other.condition]
            for trigger in sorted(above.rule.triggers & below.rule.triggers):
                try:
                    for given in self._orders.matching(conditions, trigger):
                        acts = self._tried(above.rule, below.rule, trigger, given)
                        if acts is not None:
                            return Conflict(above.rule, below.rule, trigger, given, acts)
                        certain = False
                except NotFoundOutError:
                    certain = False
        if not certain:
            raise NotFoundOutError
        return None

    def _written_out(self, step: RuleStep) -> Said | None:
        """Return what a step says, None where any of it is computed."""
        said = said_outright(step)
        return None if any(map(_is_computed, said.values())) else self._whole(step.action, said)

    def _whole(self, action: str, said: Said) -> Said:
        """Return what an action comes to: of a label also what the file says for every order."""
        return {**self._usual_label, **said} if action == "label" else said

    def _tried(
        self, above: Rule, below: Rule, trigger: Trigger, given: Mapping[str, Any]
    ) -> tuple[Act, Act] | None:
        """Return what two rules do to an order that contradicts; None where they do not, or another one stops them."""
        config = self._config
        whole = _seen(config, trigger, given, None)
        if not {above.id, below.id} <= set(whole.rules):
            return None
        each = [_seen(config, trigger, given, rule) for rule in (above, below)]
        if any(one.troubles for one in each):
            return None
        for act in _counting(each[0].acts):
            for other in _counting(each[1].acts):
                said, other_said = (self._whole(one.action, one.said) for one in (act, other))
                if contradict(act.action, said, other.action, other_said):
                    return act, other
        return None


def _label_said(labels: LabelRule) -> Said:
    said: dict[str, Any] = {
        "choose": labels.choose,
        "format": labels.format.lower(),
        "via": labels.via,
        "max": labels.at_most,
        "services": list(labels.services),
    }
    return {key: value for key, value in said.items() if value not in (None, [])}


def _counting(acts: Sequence[Act]) -> Iterator[Act]:
    """Yield the acts of a rule that no later one of it takes the place of."""
    for at, act in enumerate(acts):
        counts = what_counts(act.action, act.said)
        if counts is None or all(counts != what_counts(one.action, one.said) for one in acts[at + 1 :]):
            yield act


def _contradicting(above: _Side, below: _Side) -> Iterator[tuple[RuleStep, RuleStep]]:
    for step, said in above.steps:
        for other, other_said in below.steps:
            if said is None or other_said is None:
                contradicts = may_contradict(step.action, other.action)
            else:
                contradicts = contradict(step.action, said, other.action, other_said)
            if contradicts:
                yield step, other


def _at_once(rule: Rule) -> Iterator[RuleStep]:
    """Yield the steps that may contradict another's and count where nothing fails, before the rule waits or ends."""
    done = list(takewhile(lambda step: not _is_end(step), rule.steps))
    for at, step in enumerate(done):
        later = [one for one in done[at + 1 :] if one.condition is None]
        if step.action in CONTRADICTORY and not any(_takes_place(one, step) for one in later):
            yield step


def _is_end(step: RuleStep) -> bool:
    return step.action == "wait" or (step.action == "stop" and step.condition is None)


def _takes_place(later: RuleStep, step: RuleStep) -> bool:
    counts = what_counts(step.action, said_outright(step))
    return counts is not None and counts == what_counts(later.action, said_outright(later))


def _is_computed(value: Any) -> bool:
    if isinstance(value, str):
        return value.startswith("=") or "{{" in value
    return any(map(_is_computed, value)) if isinstance(value, list | tuple) else False


def _seen(config: MerchantConfig, trigger: Trigger, given: Mapping[str, Any], rule: Rule | None) -> Seen:
    nowhere = Position(1, 1)
    moment = Moment(trigger=trigger, given=given, expect=(), at=nowhere, rules_at=nowhere)
    test = RuleTest(
        name="",
        subject=trigger.subject,
        of=None if rule is None else frozenset({rule.id}),
        now=_NOW,
        moments=(moment,),
    )
    return Trial(config, test).seen(moment)
