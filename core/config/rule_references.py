"""Checks what a rule says of the rest of the file, and which action goes with what: on the values as read."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from core.config.rule_reader import ACTIONS, ALLOWED, CAN_FAIL
from core.config.yaml_text import Document, Path
from core.model.triggers import Subject, Trigger
from core.nearest import nearest

CARRIERS = frozenset({"easypost", "bogus"})
MAILERS = frozenset({"email", "bogus"})
HOOKS = frozenset({"hooks", "bogus"})
"""Which connectors sell labels, send mail and ask addresses of the merchant's own."""
_KINDS: Mapping[str, tuple[frozenset[str], str]] = {
    "label": (CARRIERS, "sells no labels; name an easypost connection"),
    "http": (HOOKS, "asks no address; name a connection with use: hooks"),
    "notify": (MAILERS | HOOKS, "tells nobody; name a connection with use: email or use: hooks"),
}
_ABOUT: Mapping[Subject, str] = {
    Subject.ORDER: "a rule about orders",
    Subject.STOCK: "a rule about stock",
    Subject.CONNECTION: "a rule about a connection",
    Subject.SCHEDULE: "a rule that the clock starts",
}
_TRIGGERS = frozenset(trigger.value for trigger in Trigger)


def check_rules(document: Document, uses: Mapping[str, str]) -> None:
    """Note every name in a rule that leads nowhere, and every part that does not go with the others."""
    rules = document.values.get("rules")
    ids: dict[str, int] = {}
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        if not isinstance(rule, dict):
            continue
        path: Path = ("rules", number)
        name = rule.get("id")
        if isinstance(name, str) and ids.setdefault(name, number) != number:
            first = document.where(("rules", ids[name], "id"), of=document.position((*path, "id")))
            document.wrong((*path, "id"), f"id: rule '{name}' is given twice; first in {first}")
        _check_overridden(document, path, rule, [other for other, n in ids.items() if n < number])
        _check_start(document, path, rule)
        _RuleSteps(document, uses, _subject(rule)).check((*path, "then"), rule.get("then"))
    _check_standing(document, rules if isinstance(rules, list) else [])


def _check_overridden(document: Document, path: Path, rule: Mapping[str, Any], above: Sequence[str]) -> None:
    """Note a rule that is to be overridden and does not stand above."""
    named = rule.get("overrides")
    for number, name in enumerate(named if isinstance(named, list) else ()):
        if isinstance(name, str) and name not in above:
            says = f"overrides: no rule above this one is named '{name}'{nearest(name, above)}"
            document.wrong((*path, "overrides", number), says)


def _check_standing(document: Document, rules: Sequence[object]) -> None:
    """Note a second rule that says of every order which label is bought: none of the two would be the one that counts."""
    standing = [number for number, rule in enumerate(rules) if isinstance(rule, dict) and _buys_every(rule)]
    for first, number in pairwise(standing):
        names = [f"'{_told(rules[n])}'" for n in (first, number)]
        document.wrong(("rules", number), f"rules: {' and '.join(names)} both buy labels; keep one")


def _buys_every(rule: Mapping[str, Any]) -> bool:
    then = rule.get("then")
    step = then[0] if isinstance(then, list) and len(then) == 1 else None
    return isinstance(step, dict) and "label" in step and "if" not in step and "if" not in rule


def _told(rule: Any) -> str:
    return str(rule.get("id", "?"))


def _check_start(document: Document, path: Path, rule: Mapping[str, Any]) -> None:
    when = rule.get("when")
    if ("when" in rule) == ("every" in rule):
        document.wrong(path, "rules: a rule begins with when: or with every:, one of the two")
    if "location" in rule and "every" not in rule:
        document.wrong((*path, "location"), "location goes with every: in its zone the hours count", key=True)
    locations = document.values.get("locations")
    if isinstance(locations, dict) and isinstance(rule.get("location"), str):
        _known(document, (*path, "location"), rule["location"], locations, "location")
    triggers = [w for w in when if w in _TRIGGERS] if isinstance(when, list) else []
    if len({Trigger(trigger).subject for trigger in triggers}) > 1:
        document.wrong((*path, "when"), "when: these are about different things; write a rule for each")


def _subject(rule: Mapping[str, Any]) -> Subject | None:
    when = rule.get("when")
    first = when[0] if isinstance(when, list) and when else when
    if isinstance(first, str) and first in _TRIGGERS:
        return Trigger(first).subject
    return Subject.SCHEDULE if "every" in rule else None


def _known(document: Document, path: Path, name: str, right: Collection[str], what: str) -> bool:
    if name not in right:
        says = f"{path[-1]}: no {what} is named '{name}'{nearest(name, right)}"
        document.wrong(path, says)
    return name in right


class _RuleSteps:
    """Checks the steps of one rule."""

    def __init__(self, document: Document, uses: Mapping[str, str], subject: Subject | None) -> None:
        self._document = document
        self._uses = uses
        self._allowed = ALLOWED.get(subject, frozenset(ACTIONS)) if subject else frozenset(ACTIONS)
        self._subject = subject
        self._ids: dict[str, Path] = {}

    def check(self, path: Path, steps: object) -> None:
        """Note what is wrong with a list of steps, and with those under them."""
        for number, step in enumerate(steps if isinstance(steps, list) else ()):
            if isinstance(step, dict):
                self._check_step((*path, number), step)

    def _check_step(self, path: Path, step: Mapping[str, Any]) -> None:
        named = [action for action in ACTIONS if action in step]
        if len(named) != 1:
            told = f", not {' and '.join(named)}" if named else f": {', '.join(sorted(self._allowed))}"
            if named or not set(step) - {"id", "if", "timeout", "retry", "else"}:
                self._document.wrong(path, f"then: one action is wanted in a step{told}")
        for action in named:
            self._check_action(path, action, step)
        name = step.get("id")
        if isinstance(name, str):
            first = self._ids.setdefault(name, (*path, "id"))
            if first != (*path, "id"):
                line = self._document.position(first).line
                says = f"id: step '{name}' is given twice in this rule; first in line {line}"
                self._document.wrong((*path, "id"), says)
        self.check((*path, "else"), step.get("else"))

    def _check_action(self, path: Path, action: str, step: Mapping[str, Any]) -> None:
        if action not in self._allowed:
            about = _ABOUT.get(self._subject, "this rule") if self._subject else "this rule"
            right = ", ".join(sorted(self._allowed))
            self._document.wrong(
                (*path, action), f"'{action}' is nothing that {about} can do; it can: {right}", key=True
            )
        for key in ("retry", "timeout", "else"):
            if key in step and action not in CAN_FAIL.get(key, frozenset()):
                right = ", ".join(sorted(CAN_FAIL[key]))
                fault = "fail" if key == "else" else "be tried again" if key == "retry" else "take too long"
                says = f"{key}: '{action}' cannot {fault}; {key} goes with {right}"
                self._document.wrong((*path, key), says, key=True)
        said = step[action]
        if action == "route":
            self._check_route((*path, action), said)
        if isinstance(said, dict):
            self._check_names((*path, action), action, said)

    def _check_route(self, path: Path, said: object) -> None:
        locations = self._document.values.get("locations")
        named = said
        if isinstance(said, dict):
            path, named = (*path, "to"), said.get("to")
        places = [(path, named)] if isinstance(named, str) else []
        if isinstance(named, list):
            places = [((*path, number), name) for number, name in enumerate(named) if isinstance(name, str)]
        for at, name in places if isinstance(locations, dict) else ():
            if name not in locations:
                says = f"route: no location is named '{name}'{nearest(name, locations)}"
                self._document.wrong(at, says)

    def _check_names(self, path: Path, action: str, said: Mapping[str, Any]) -> None:
        for key, name in self._connections(said):
            if _known(self._document, (*path, key), name, self._uses, "connection") and action in _KINDS:
                right, says = _KINDS[action]
                if self._uses[name] not in right:
                    self._document.wrong(
                        (*path, key), f"{key}: '{name}' uses {self._uses[name]}, which {says}"
                    )
        until = said.get("until") if action == "wait" else None
        if until in _TRIGGERS and self._subject not in (None, Trigger(until).subject):
            about = _ABOUT.get(self._subject, "this rule") if self._subject else "this rule"
            says = f"until: '{until}' never comes for {about}"
            self._document.wrong((*path, "until"), says)
        if action == "notify":
            self._check_notify(path, said)

    def _check_notify(self, path: Path, said: Mapping[str, Any]) -> None:
        via = said.get("via")
        by_hook = isinstance(via, str) and self._uses.get(via) in HOOKS - MAILERS
        if not by_hook and "to" not in said:
            self._document.wrong(
                path, "notify: whom? write to: with a mail address, or via: with a connection that uses hooks"
            )
        if "via" not in said and not MAILERS & set(self._uses.values()):
            self._document.wrong(path, "notify: mail needs a connection with use: email")

    @staticmethod
    def _connections(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for key in ("via", "channel"):
            name = said.get(key)
            if isinstance(name, str):
                yield key, name
