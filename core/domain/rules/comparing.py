"""Two files over the same stored orders: what they share is replayed once, and for both. Pure.

A rule that stands in one file only, or says something else there, leaves an order as it is for as long as nothing
starts it under either file. So one replay stands for both as long as neither's version of such a rule starts. Where
one does, and wherever a setting that replays look at differs, the order is replayed under each file by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any

from core.config.merchant import Location, MerchantConfig
from core.config.problems import Position
from core.config.rules import Rule, RuleSet, is_standing
from core.domain.rules.divergence import Divergence
from core.domain.rules.prefilter import Prefilter
from core.domain.rules.uneventful import is_uneventful
from core.expressions import Expression
from core.model import facts as f
from core.model.order import Order
from core.model.triggers import Subject, Trigger


@dataclass(frozen=True, slots=True)
class Files:
    """What an order is replayed under."""

    before: MerchantConfig
    after: MerchantConfig
    shared: MerchantConfig
    """Stands for both until ``FilePair.divergence``: the rules that differ come first, in both versions, so that no rule that stops hides them."""

    def come_to_nothing(self, facts: Sequence[f.Fact]) -> bool:
        """Return whether it is certain, without a replay, that neither does anything to an order."""
        return not self.shared.rules.rules and is_uneventful(facts, self.before)


@dataclass(frozen=True)
class FilePair:
    """Two files of a merchant, side by side."""

    before: MerchantConfig
    after: MerchantConfig
    _without: dict[frozenset[str], "Files"] = field(default_factory=dict, repr=False)

    @cached_property
    def prefilter(self) -> Prefilter:
        """Tells which of all rules cannot start for an order."""
        return Prefilter.of((*self._differing, *self._kept))

    def without(self, never: frozenset[str]) -> "Files":
        """Return the files to replay an order under of which these rules never start."""
        if never not in self._without:
            before, after = (_without(one, never) for one in (self.before, self.after))
            shared = RuleSet(
                rules=tuple(r for r in (*self._differing, *self._kept) if r.id not in never),
                digest=before.rules.digest,
                file=before.rules.file,
                starts=before.rules.starts or after.rules.starts,
            )
            self._without[never] = Files(before, after, shared=replace(before, rules=shared))
        return self._without[never]

    @cached_property
    def divergence(self) -> Divergence:
        """Where the two part: a rule that differs starts, or an order is stuck and only one file listens to that."""
        return Divergence(
            rules=frozenset(rule.id for rule in self._differing),
            triggers=frozenset({Trigger.ORDER_STUCK}) if len(self._hear_stuck) > 1 else frozenset(),
        )

    def shares(self, facts: Sequence[f.Fact]) -> bool:
        """Return whether nothing but rules can make a difference to an order."""
        orders = [fact.order for fact in facts if isinstance(fact, f.Received | f.Changed)]
        return not self._settings_differ and not any(map(self._judges_anew, orders))

    def _judges_anew(self, order: Order) -> bool:
        """Return whether the files allow an order other services or times, or only one of them names its channel."""
        before, after, method = self.before, self.after, order.method or ""
        return (
            before.promise(method) != after.promise(method)
            or before.allowed(method) != after.allowed(method)
            or (order.connection in before.connections) != (order.connection in after.connections)
        )

    @cached_property
    def _settings_differ(self) -> bool:
        """Whether a setting differs that may make a difference to any order."""
        before, after = self.before, self.after
        stuck = any(self._hear_stuck) or Trigger.ORDER_STUCK in before.rules.awaited | after.rules.awaited
        return (
            before.labels != after.labels
            or _places(before) != _places(after)
            or (stuck and before.stages != after.stages)
        )

    @cached_property
    def _hear_stuck(self) -> frozenset[bool]:
        return frozenset(Trigger.ORDER_STUCK in one.rules.triggers for one in (self.before, self.after))

    @cached_property
    def _kept(self) -> tuple[Rule, ...]:
        """The rules that are the same in both, in an order that both have."""
        before, after = _running(self.before), _running(self.after)
        same = {one.id for one in before for other in after if one.id == other.id and _is_same(one, other)}
        old, new = ([rule.id for rule in rules if rule.id in same] for rules in (before, after))
        blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        kept = {name for block in blocks for name in old[block.a : block.a + block.size]}
        return tuple(rule for rule in before if rule.id in kept)

    @cached_property
    def _differing(self) -> tuple[Rule, ...]:
        kept = {rule.id for rule in self._kept}
        both = (*_running(self.before), *_running(self.after))
        return tuple(rule for rule in both if rule.id not in kept)


def _without(config: MerchantConfig, never: frozenset[str]) -> MerchantConfig:
    left = tuple(rule for rule in config.rules.rules if rule.id not in never)
    return replace(config, rules=replace(config.rules, rules=left))


def _running(config: MerchantConfig) -> Sequence[Rule]:
    return [rule for rule in config.rules.of(Subject.ORDER) if not is_standing(rule)]


def _places(config: MerchantConfig) -> tuple[object, ...]:
    """Return what replays see of the locations: by the first one's calendar days are promised."""
    first: Location = next(iter(config.locations.values()))
    places = tuple((name, place.country, place.labels) for name, place in config.locations.items())
    return first.calendar, places


def _is_same(one: Any, other: Any) -> bool:
    """Return whether two parts of rules say the same, wherever they stand."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Position):
        return True
    if isinstance(one, Expression):
        return (one.text, one.wants, one.scope) == (other.text, other.wants, other.scope)
    if is_dataclass(one):
        return all(_is_same(getattr(one, at.name), getattr(other, at.name)) for at in fields(one))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_is_same(value, other[name]) for name, value in one.items())
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other)
