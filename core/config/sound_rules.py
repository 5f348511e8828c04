"""What is sound of a rule that is not: without its wrong parts, so that the expressions of the others are checked too."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from core.config.rule_keys import RuleKeys
from core.config.yaml_text import Path
from core.model.triggers import Trigger

_ROUNDS = 20
_STEPS = ("then", "else")
_LIKE = {"stock": Trigger.STOCK_LOW.value, "connection": Trigger.CONNECTION_LOST.value}
"""What a trigger that is misspelt was about, by what stands before the point; of others an order."""


def sound(given: object) -> RuleKeys | None:
    """Return a rule without what its keys refuse; None where nothing says what it is about."""
    if not isinstance(given, dict) or not ("when" in given or "every" in given):
        return None
    rule = deepcopy(given)
    for _ in range(_ROUNDS):
        try:
            return RuleKeys.model_validate(rule)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_context=False):
                if detail["type"] == "extra_forbidden" and detail["input"] is None:
                    _forget_condition(rule, detail["loc"])
                is_missing = detail["type"] == "missing"
                _mend(rule, tuple(part for part in detail["loc"] if part != "[key]"), is_missing=is_missing)
    return None


def _mend(rule: dict[str, Any], path: Path, *, is_missing: bool) -> None:
    """Take out what stands at a path, or what lacks a key there."""
    if path == ("id",):
        rule["id"] = "x"
    elif path == ("then",):
        rule["then"] = [{"stop": True}]
    elif path[:1] == ("when",):
        rule["when"] = _meant(rule["when"])
    elif path[:1] == ("every",):
        rule["every"] = "1h"
    else:
        _take_out(rule, path[:-1] if is_missing else path)


def _forget_condition(rule: dict[str, Any], path: Path) -> None:
    """Take out the condition beside a key that a comma in it made."""
    for inside, part, _ in _way(rule, path):
        if part == path[-1] and isinstance(inside, dict):
            inside.pop("if", None)


def _meant(when: object) -> str:
    first = when[0] if isinstance(when, list) and when else when
    return _LIKE.get(str(first).partition(".")[0], Trigger.ORDER_RECEIVED.value)


def _take_out(rule: dict[str, Any], path: Path) -> None:
    """Take out the innermost thing at a path that the file has; a step of a list leaves one that does nothing."""
    for inside, part, of in reversed(list(_way(rule, path))):
        if isinstance(inside, dict):
            del inside[part]
            return
        if of in _STEPS:
            inside[part] = {"stop": True}
            return


def _way(rule: Any, path: Path) -> Iterator[tuple[Any, Any, str | int]]:
    """Yield each container on a path that the file has: itself, the part of it that comes next, its own key."""
    of: str | int = ""
    for part in path:
        fits = isinstance(rule, dict) and part in rule
        if not fits and not (isinstance(rule, list) and isinstance(part, int) and part < len(rule)):
            return
        yield rule, part, of
        rule, of = rule[part], part
