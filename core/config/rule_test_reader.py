"""Reads ``tests:`` into tests that can run: every trigger, rule, step and action that one names is there."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

from core.config.explain import model_at, names_of
from core.config.kept import why_not_kept
from core.config.rule_keys import StepKeys
from core.config.rule_reader import ACTIONS
from core.config.rule_test_keys import VALUES, LaterKeys, TestKeys
from core.config.rule_tests import Expected, Failure, Moment, RuleTest
from core.config.rules import RuleSet, RuleStep
from core.config.yaml_text import Document, Path
from core.model.triggers import Subject
from core.nearest import nearest

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""When a test begins that does not say: a Monday at noon."""
UNTOLD = frozenset({"wait", "stop"})
"""Actions that nobody sees, and that no test expects."""
EXPECTABLE = tuple(action for action in ACTIONS if action not in UNTOLD)
_OF_SUBJECT: Mapping[Subject, str] = {
    Subject.ORDER: "order",
    Subject.STOCK: "stock",
    Subject.CONNECTION: "connection",
    Subject.SCHEDULE: "orders",
}


def read_tests(document: Document, keys: Sequence[TestKeys], rules: RuleSet) -> tuple[RuleTest, ...]:
    """Return the tests of a file; every name in them that leads nowhere is noted in the document."""
    names: dict[str, int] = {}
    for number, test in enumerate(keys):
        if names.setdefault(test.name, number) != number:
            document.wrong(("tests", number, "name"), f"name: test '{test.name}' is given twice")
    return tuple(_Reader(document, rules, ("tests", n)).test(test) for n, test in enumerate(keys))


class _Reader:
    """Reads one test."""

    def __init__(self, document: Document, rules: RuleSet, path: Path) -> None:
        self._document = document
        self._path = path
        self._rules = [rule.id for rule in rules.rules]
        self._scheduled = [rule.id for rule in rules.of(Subject.SCHEDULE)]
        self._steps = [s for rule in rules.rules for step in rule.steps for s in step.each()]
        self._subject = Subject.ORDER

    def test(self, keys: TestKeys) -> RuleTest:
        self._check_start(keys)
        now, moments = keys.now or NOW, [self._moment(self._path, keys)]
        moments += [self._later((*self._path, "then", n), one) for n, one in enumerate(keys.then)]
        return RuleTest(
            name=keys.name,
            subject=self._subject,
            schedule=keys.schedule,
            of=None if keys.of is None else frozenset(keys.of),
            now=now,
            moments=tuple(moments),
        )

    def _check_start(self, keys: TestKeys) -> None:
        if (keys.when is None) == (keys.schedule is None):
            says = "tests: a test begins with when:, or with schedule: and the id of a rule, one of the two"
            self._document.wrong(self._path, says)
        if keys.schedule is not None and keys.schedule not in self._scheduled:
            right = nearest(keys.schedule, self._scheduled)
            says = f"schedule: no rule with every: is named '{keys.schedule}'{right}"
            self._document.wrong((*self._path, "schedule"), says)
        self._check_rules((*self._path, "of"), keys.of)
        self._subject = keys.when.subject if keys.when is not None else Subject.SCHEDULE

    def _later(self, path: Path, keys: LaterKeys) -> Moment:
        if keys.after is None and keys.when is None:
            self._document.wrong(path, "then: what comes? write after: with a length of time, or when:")
        if keys.when is not None and keys.when.subject is not self._subject:
            says = (
                f"when: '{keys.when}' is about something else than the test, which is about {self._subject}"
            )
            self._document.wrong((*path, "when"), says)
        return self._moment(path, keys)

    def _moment(self, path: Path, keys: TestKeys | LaterKeys) -> Moment:
        given = keys.given.model_dump(exclude_unset=True)
        self._check_given((*path, "given"), given)
        self._check_rules((*path, "rules"), keys.rules)
        return Moment(
            after=(keys.after if isinstance(keys, LaterKeys) else None) or timedelta(0),
            trigger=keys.when,
            given={name: given[name] for name in VALUES if given.get(name)},
            fail={
                name: Failure(one["code"], one.get("message") or one["code"].replace("_", " "))
                for name, one in given.get("fail", {}).items()
            },
            answers=given.get("answers", {}),
            expect=tuple(self._expected((*path, "expect"), keys.expect)),
            rules=None if keys.rules is None else tuple(keys.rules),
            at=self._document.position((*path, "expect")),
            rules_at=self._document.position((*path, "rules")),
        )

    def _check_rules(self, path: Path, names: Sequence[str] | None) -> None:
        for number, name in enumerate(names or ()):
            if name not in self._rules:
                says = f"{path[-1]}: no rule is named '{name}'{nearest(name, self._rules)}"
                self._document.wrong((*path, number), says)

    def _check_given(self, path: Path, given: Mapping[str, Any]) -> None:
        about = _OF_SUBJECT[self._subject]
        for name in sorted(set(given) & set(_OF_SUBJECT.values()) - {about}):
            says = f"given: '{name}' is nothing that this test is about; write {about}"
            self._document.wrong((*path, name), says, key=True)
        right = {s.action for s in self._steps} - UNTOLD | {s.name for s in self._steps if s.name}
        for name in given.get("fail", {}):
            if name not in right:
                says = f"fail: no step of the rules is '{name}'{nearest(name, right)}"
                self._document.wrong((*path, "fail", name), says, key=True)
        asking = {s.name: s for s in self._steps if s.action == "http" and s.name}
        for name, answer in given.get("answers", {}).items():
            if name not in asking:
                says = f"answers: no http step has the id '{name}'{nearest(name, asking)}"
                self._document.wrong((*path, "answers", name), says, key=True)
            else:
                self._check_answer((*path, "answers", name), answer, asking[name])

    def _check_answer(self, path: Path, answer: Mapping[str, Any], step: RuleStep) -> None:
        right = {"status", *step.said.take}
        for name in sorted(set(answer) - right):
            says = f"answers: step '{path[-1]}' takes no '{name}'{nearest(name, right)}"
            self._document.wrong((*path, name), says, key=True)
        for name in sorted(set(answer) & right):
            what, allowed = why_not_kept(_exact(answer[name]))
            if what:
                says = f"answers: {name} is {what}, and the step would fail{': ' if allowed else ''}{allowed}"
                self._document.wrong((*path, name), says)

    def _expected(self, path: Path, told: Sequence[object]) -> Iterator[Expected]:
        for number, one in enumerate(told):
            here = (*path, number)
            name = next(iter(one), None) if isinstance(one, dict) and len(one) == 1 else one
            if not isinstance(name, str):
                says = 'expect: one action is wanted here, as in hold or {hold: {reason: "Risk 70"}}'
                self._document.wrong(here, says)
            elif name not in EXPECTABLE:
                hint = "; waits and stops are not expected" if name in UNTOLD else nearest(name, EXPECTABLE)
                says = f"expect: '{name}' is no action{hint or '; there are: ' + ', '.join(EXPECTABLE)}"
                self._document.wrong(here, says, key=isinstance(one, dict))
            else:
                said = one[name] if isinstance(one, dict) else {}
                yield Expected(name, self._said((*here, name), name, said))

    def _said(self, path: Path, action: str, said: object) -> Mapping[str, Any]:
        """Return what is compared of an action; where it has a single key, its value may stand alone."""
        model = model_at(StepKeys, (action,))
        keys = names_of(model) if model is not None else []
        if not isinstance(said, dict):
            if said is True or len(keys) != 1:
                if said is not True or keys:
                    self._document.wrong(path, f"{action}: names and values are wanted here")
                return {}
            return {keys[0]: said}
        for name in sorted(set(said) - set(keys)):
            self._document.wrong(
                (*path, name), f"unknown key '{name}' in {action}{nearest(name, keys)}", key=True
            )
        return said


def _exact(value: object) -> object:
    """Return a value as an answer has it: numbers that are not whole exactly."""
    if isinstance(value, int) or not isinstance(value, Real):
        return value
    return Decimal(str(value))
