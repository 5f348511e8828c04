"""Reads ``rules:`` into rules that can run: every name, type and expression is checked when the file is loaded."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel

from core.config.joined import joined
from core.config.keys import DAYS
from core.config.problems import label_of
from core.config.rule_keys import EveryKeys, RuleKeys, StepKeys
from core.config.rules import Filled, PathValue, Retry, Rule, RuleSet, RuleStep, Schedule, is_standing
from core.config.sound_rules import sound
from core.config.texts import texts_of
from core.config.yaml_text import Document, Path, read_yaml
from core.config.zone_names import zone_named
from core.errors import ConfigError
from core.expressions import Expression, ExpressionError, Scope, Value, compile_expression, value_of
from core.expressions.parser import parse
from core.expressions.unguarded import unguarded
from core.model.rule_values import (
    ConnectionValues,
    CountValues,
    ErrorValues,
    EventValues,
    OrderValues,
    StockValues,
)
from core.model.triggers import Subject

_ABOUT: Mapping[Subject, Mapping[str, Any]] = {
    Subject.ORDER: {"order": OrderValues, "event": EventValues, "now": datetime},
    Subject.STOCK: {"stock": StockValues, "event": EventValues, "now": datetime},
    Subject.CONNECTION: {"connection": ConnectionValues, "event": EventValues, "now": datetime},
    Subject.SCHEDULE: {"orders": CountValues, "event": EventValues, "now": datetime},
}
"""What the expressions of a rule may name, by what it is about."""

ANYWHERE = frozenset({"notify", "http", "wait", "stop"})
"""The actions that every rule may take."""
_BESIDES = frozenset({"id", "if", "timeout", "retry", "else"})
ACTIONS = tuple(
    field.alias or name
    for name, field in StepKeys.model_fields.items()
    if (field.alias or name) not in _BESIDES
)
"""Every action that there is."""
ALLOWED: Mapping[Subject, frozenset[str]] = {
    Subject.ORDER: frozenset(ACTIONS) - {"set_buffer"},
    Subject.STOCK: ANYWHERE | {"set_buffer"},
    Subject.CONNECTION: ANYWHERE,
    Subject.SCHEDULE: ANYWHERE,
}
"""What a rule may do, by what it is about."""
CAN_FAIL: Mapping[str, frozenset[str]] = {
    "retry": frozenset({"notify", "http", "label"}),
    "timeout": frozenset({"notify", "http"}),
    "else": frozenset({"notify", "http", "label", "wait", "assign", "cancel", "release", "route"}),
}
"""The actions that may be tried again, be given up after a while, and be followed by something else where they fail."""
_NEVER_MISSED = frozenset({"event", "steps", "error"})
"""Of these a rule knows by its trigger and its steps what is there."""
_LITERAL = frozenset({"label", "split", "route", "wait", "set_buffer"})
"""Actions that are said outright: nothing in them is computed."""


def read_rules(document: Document, keys: Sequence[RuleKeys], *, digest: str) -> RuleSet:
    """Return the rules of a file, known by its digest; what is wrong with their expressions is noted in the document."""
    numbered = [(n, rule) for n, rule in enumerate(keys) if rule.when or rule.every is not None]
    rules = tuple(_Reader(document, ("rules", n), rule).rule() for n, rule in numbered)
    return RuleSet(
        rules=rules,
        starts=any(rule.subject is Subject.ORDER and not is_standing(rule) for rule in rules),
        digest=digest,
        file=PurePath(document.file).name,
    )


def check_expressions(document: Document) -> None:
    """Note what is wrong with the expressions of rules that have other faults too, as far as they can be told."""
    rules = document.values.get("rules")
    for number, given in enumerate(rules if isinstance(rules, list) else ()):
        rule = sound(given)
        if rule is not None:
            _Reader(document, ("rules", number), rule).rule()


class _RulesKeys(BaseModel):
    rules: list[RuleKeys] = []


def rules_of_text(text: str, *, digest: str) -> RuleSet | None:
    """Return the rules of files that were in force once; None where this version cannot read them."""
    try:
        documents = [
            read_yaml(said, file=name, environ={}, environment_under=("connections",))
            for name, said in texts_of(text)
        ]
        if not all(isinstance(one.values, dict) for one in documents):
            return None
        document = joined(documents)
        rules = _RulesKeys.model_validate({"rules": document.values.get("rules", [])}).rules
    except (ConfigError, ValueError):
        return None
    before = len(document.problems)
    found = read_rules(document, rules, digest=digest)
    return found if len(document.problems) == before else None


def subject_of(keys: RuleKeys) -> Subject:
    """Return what a rule is about."""
    return keys.when[0].subject if keys.when else Subject.SCHEDULE


@dataclass(slots=True)
class _Reader:
    """Reads one rule."""

    document: Document
    path: Path
    keys: RuleKeys
    results: dict[str, Any] = field(default_factory=dict)
    """By step id: the names that later steps may use."""

    def rule(self) -> Rule:
        keys, subject = self.keys, subject_of(self.keys)
        return Rule(
            id=keys.id,
            name=keys.name,
            triggers=frozenset(keys.when or ()),
            schedule=self._schedule(keys.every) if keys.every is not None else None,
            condition=self._condition((*self.path, "if"), keys.if_, self._scope()),
            steps=self._steps((*self.path, "then"), "then", keys.then),
            stop=keys.stop,
            overrides=frozenset(keys.overrides),
            at=self.document.position(self.path),
            subject=subject,
        )

    def _scope(self, *, failed: bool = False) -> Scope:
        names = dict(_ABOUT[subject_of(self.keys)])
        if self.results:
            names["steps"] = dict(self.results)
        if failed:
            names["error"] = ErrorValues
        return Scope.of(names)

    def _schedule(self, keys: EveryKeys) -> Schedule:
        locations = self.document.values.get("locations")
        named: Mapping[str, Any] = locations if isinstance(locations, dict) else {}
        place = named.get(self.keys.location or next(iter(named), ""), {})
        zone = place.get("timezone", "UTC") if isinstance(place, dict) else "UTC"
        try:
            return Schedule(
                zone=zone_named(str(zone)),
                days=frozenset(DAYS.index(day) for day in keys.days or ()),
                at=keys.at,
                interval=keys.interval,
            )
        except ValueError:  # told where it stands
            return Schedule(zone=zone_named("UTC"), interval=keys.interval, at=keys.at)

    def _condition(self, path: Path, text: str | None, scope: Scope) -> Expression | None:
        if text is None:
            return None
        try:
            _check_outside(text)
            condition = compile_expression(text, scope, wants=bool)
        except ExpressionError as error:
            self._wrong(path, error)
            return None
        for names, offset in unguarded(parse(text), scope, but=_NEVER_MISSED):
            name = ".".join(names)
            says = f"{label_of(path)}: {name} may be null, and this cannot be computed then"
            self.document.advise_within(path, offset, f"{says}; write {name} != null && ... around it")
        return condition

    def _steps(
        self, path: Path, name: str, steps: Sequence[StepKeys], *, failed: bool = False
    ) -> tuple[RuleStep, ...]:
        found = (self._step((*path, n), f"{name}.{n}", step, failed=failed) for n, step in enumerate(steps))
        return tuple(step for step in found if step is not None)

    def _step(self, path: Path, name: str, keys: StepKeys, *, failed: bool) -> RuleStep | None:
        scope = self._scope(failed=failed)
        action = next((a for a in ACTIONS if getattr(keys, a) is not None), None)
        condition = self._condition((*path, "if"), keys.if_, scope)
        if action is None:  # told where it stands
            if keys.id is not None:
                self.results[keys.id] = Any
            return None
        step = RuleStep(
            path=name,
            action=action,
            said=getattr(keys, action),
            given=self._given((*path, action), getattr(keys, action), scope),
            name=keys.id,
            condition=condition,
            timeout=keys.timeout,
            retry=_retry(keys),
            otherwise=self._steps((*path, "else"), f"{name}.else", keys.else_ or (), failed=True),
            at=self.document.position(path),
        )
        if keys.id is not None and keys.http is not None:
            self.results[keys.id] = {"status": int, **dict.fromkeys(keys.http.take, Any)}
        return step

    def _given(self, path: Path, said: Any, scope: Scope) -> Filled:
        if path[-1] in _LITERAL or said is True:
            return {}
        keys = said.model_dump(by_alias=True, exclude_none=True)
        filled = {name: self._filled((*path, name), one, scope) for name, one in keys.items()}
        way = filled.get("path") if path[-1] == "http" else None
        return {**filled, "path": PathValue(way)} if isinstance(way, Value) else filled

    def _filled(self, path: Path, value: Any, scope: Scope) -> Filled:
        if isinstance(value, dict):
            return {name: self._filled((*path, name), one, scope) for name, one in value.items()}
        if isinstance(value, list):
            return tuple(self._filled((*path, n), one, scope) for n, one in enumerate(value))
        try:
            return value_of(value, scope)
        except ExpressionError as error:
            self._wrong(path, error)
            return value_of("", scope)

    def _wrong(self, path: Path, error: ExpressionError) -> None:
        path = self.document.given(path)
        self.document.wrong_within(path, error.offset, f"{label_of(path)}: {error.says}")


def _check_outside(text: str) -> None:
    """Refuse the signs that mark an expression elsewhere.

    Raises:
        ExpressionError: a condition has them.
    """
    outside = re.match(r"\s*(=(?!=)|\{\{)", text)
    if outside:
        marks = "=" if outside[1] == "=" else "{{ }}"
        raise ExpressionError(f"this is an expression already; write it without {marks}", outside.start(1))


def _retry(keys: StepKeys) -> Retry | None:
    told = keys.retry
    return None if told is None else Retry(attempts=told.attempts, first=told.first, longest=told.max)
