"""What differs between two texts of a merchant's files, by names; both are sound, and no secret is read."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from core.config.texts import texts_of

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_OPENED_WITH = ("use", "with")


def connection_changes(before: str, after: str) -> tuple[str, ...]:
    """Return, as in ``connections.shop``, which connections a running process would have to be started anew for.

    Who verifies payments, who mails and how much a round may change is no matter of opening.
    """
    old, new = _opened(before), _opened(after)
    names = dict.fromkeys([*old, *new])
    return tuple(f"connections.{name}" for name in names if old.get(name) != new.get(name))


def rule_changes(before: str, after: str) -> tuple[str, ...]:
    """Return which rules come, go or say something else, as in ``rules.dear comes``, and whether their order is another."""
    old, new = rules_by_id(before), rules_by_id(after)
    found = [
        f"rules.{name} {'comes' if name not in old else 'goes' if name not in new else 'is another'}"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]
    if [name for name in old if name in new] != [name for name in new if name in old]:
        found.append("rules: in another order")
    return tuple(found)


def _opened(text: str) -> dict[str, Any]:
    return {
        name: {key: keys.get(key) or {} for key in _OPENED_WITH}
        for values in _values(text)
        for name, keys in values.get("connections", {}).items()
    }


def rules_by_id(text: str) -> dict[str, Any]:
    """Return what each rule of a text says, by its id; one without an id by its place."""
    rules = [rule for values in _values(text) for rule in values.get("rules") or ()]
    return {rule.get("id") or f"{number}": rule for number, rule in enumerate(rules, start=1)}


def _values(text: str) -> Iterator[Mapping[str, Any]]:
    for _, said in texts_of(text):
        yield yaml.load(said, Loader=_LOADER)  # noqa: S506 - it makes nothing but texts, lists and mappings
