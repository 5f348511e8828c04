"""Rules that can match the same order with different results, each shown by an order that was tried. Pure.

Two rules are compared where one thing starts both. An order that makes their conditions true is made of what the
conditions say, and is then given to the rules as a test of the file is: only what came of that is told. Where nothing
can make both true there is no conflict; where neither was found out, that is said.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations, islice
from typing import Any

from core.config.merchant import MerchantConfig
from core.config.problems import Position
from core.config.rule_tests import Moment, RuleTest
from core.config.rules import Rule, RuleStep, is_standing
from core.domain.rules.contradictions import contradict, may_contradict
from core.domain.rules.demands import Asks, Demand, Way
from core.domain.rules.matching_values import NoneFitError, NotFoundOutError, values_for
from core.domain.rules.trial import Act, Seen, Trial
from core.domain.rules.ways import MOST_WAYS, all_of, ways
from core.expressions import Expression
from core.expressions.kinds import Kind
from core.expressions.parser import parse
from core.model.triggers import Subject, Trigger

_NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""A Monday at noon: when orders that are tried are placed, about."""
_SETTABLE: Mapping[Subject, frozenset[str]] = {
    Subject.ORDER: frozenset({"order", "event"}),
    Subject.STOCK: frozenset({"stock", "event"}),
}


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


def conflicts_of(config: MerchantConfig, *, is_over: Callable[[], bool] = lambda: False) -> Conflicts:
    """Search the rules of a file for conflicts, until ``is_over``."""
    found: list[Conflict] = []
    undecided: list[tuple[Rule, Rule]] = []
    unsearched = 0
    for above, below in _pairs(config):
        if is_over():
            unsearched += 1
            continue
        try:
            conflict = _conflict(config, above, below)
        except NotFoundOutError:
            undecided.append((above, below))
        else:
            found += [conflict] if conflict is not None else []
    return Conflicts(tuple(found), tuple(undecided), unsearched)


def _pairs(config: MerchantConfig) -> Iterator[tuple[Rule, Rule]]:
    """Yield the rules that something starts both, the upper one first, where their actions may contradict."""
    for subject in _SETTABLE:
        rules = [rule for rule in config.rules.of(subject) if not is_standing(rule)]
        for above, below in combinations(rules, 2):
            if above.stop or above.id in below.overrides or above.triggers.isdisjoint(below.triggers):
                continue
            if next(_contradicting(above, below), None) is not None:
                yield above, below


def _contradicting(above: Rule, below: Rule) -> Iterator[tuple[RuleStep, RuleStep]]:
    for step in _at_once(above):
        for other in _at_once(below):
            said, other_said = _written_out(step), _written_out(other)
            if said is None or other_said is None:
                contradicts = may_contradict(step.action, other.action)
            else:
                contradicts = contradict(step.action, said, other.action, other_said)
            if contradicts:
                yield step, other


def _at_once(rule: Rule) -> Iterator[RuleStep]:
    """Yield the steps that are done where nothing fails, before the rule waits."""
    for step in rule.steps:
        if step.action == "wait":
            return
        yield step


def _conflict(config: MerchantConfig, above: Rule, below: Rule) -> Conflict | None:
    """Return the first conflict of two rules; None where there can be none.

    Raises:
        NotFoundOutError: none was found, and there may be one.
    """
    certain = True
    for step, other in _contradicting(above, below):
        conditions = [above.condition, below.condition, step.condition, other.condition]
        for trigger in sorted(above.triggers & below.triggers):
            try:
                for given in _matching(conditions, trigger):
                    acts = _tried(config, above, below, trigger, given)
                    if acts is not None:
                        return Conflict(above, below, trigger, given, acts)
                    certain = False
            except NotFoundOutError:
                certain = False
    if not certain:
        raise NotFoundOutError
    return None


def _written_out(step: RuleStep) -> Mapping[str, Any] | None:
    """Return what a step says, None where any of it is computed."""
    if step.said is True:
        return {}
    said: dict[str, Any] = step.said.model_dump(by_alias=True, exclude_none=True)
    return None if any(_is_computed(value) for value in said.values()) else said


def _is_computed(value: Any) -> bool:
    if isinstance(value, str):
        return value.startswith("=") or "{{" in value
    return any(map(_is_computed, value)) if isinstance(value, list | tuple) else False


def _matching(conditions: Sequence[Expression | None], trigger: Trigger) -> Iterator[Mapping[str, Any]]:
    """Yield what makes conditions true, as far as they can be read.

    Raises:
        NotFoundOutError: at the end, where there may be more.
    """
    asked = [one for one in conditions if one is not None]
    kinds: dict[str, Kind] = {name: kind for one in asked for name, kind in one.scope.variables.items()}
    started = Demand(("event", "trigger"), Asks.EQUAL, trigger.value)
    parts = [list(islice(ways(parse(one.text)), MOST_WAYS)) for one in asked]
    certain = all(len(one) < MOST_WAYS for one in parts)
    tried = 0
    for way in islice(all_of(parts), MOST_WAYS):
        tried += 1
        try:
            values = values_for([*_settable(way, trigger), started], kinds)
        except NoneFitError:
            continue
        except NotFoundOutError:
            certain = False
            continue
        certain = certain and _is_read(way, trigger)
        values.get("event", {}).pop("trigger", None)
        yield {name: inside for name, inside in values.items() if inside}
    if not certain or tried == MOST_WAYS:
        raise NotFoundOutError


def _settable(way: Way, trigger: Trigger) -> list[Demand]:
    return [demand for demand in way.demands if demand.path[0] in _SETTABLE[trigger.subject]]


def _is_read(way: Way, trigger: Trigger) -> bool:
    return way.is_whole and len(_settable(way, trigger)) == len(way.demands)


def _tried(
    config: MerchantConfig, above: Rule, below: Rule, trigger: Trigger, given: Mapping[str, Any]
) -> tuple[Act, Act] | None:
    """Return what two rules do to an order that contradicts; None where they do not, or another one stops them."""
    whole = _seen(config, trigger, given, None)
    if not {above.id, below.id} <= set(whole.rules):
        return None
    each = [_seen(config, trigger, given, rule) for rule in (above, below)]
    if any(one.troubles for one in each):
        return None
    for act in each[0].acts:
        for other in each[1].acts:
            if contradict(act.action, act.said, other.action, other.said):
                return act, other
    return None


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
