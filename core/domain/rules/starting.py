"""Which rules something starts: one function for the running hub and for the tests of a file."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.config.rules import Rule
from core.expressions import Bound, EvaluationError, bind
from core.model.people import actor_of_rule
from core.model.rule_values import EventValues


@dataclass(frozen=True, slots=True)
class Start:
    """A rule that something starts."""

    rule: Rule
    looked_at: Bound | None
    """What its condition looked at; None where it has none."""
    undecided: str
    """Why its condition could not be computed; empty where it holds."""


def asked(rules: Iterable[Rule], event: EventValues) -> list[Rule]:
    """Return the rules that are asked about an event; none is about what it did itself."""
    return [
        rule for rule in rules if event.trigger in rule.triggers and event.actor != actor_of_rule(rule.id)
    ]


def started(rules: Iterable[Rule], values: Callable[[], Mapping[str, Any]]) -> Iterator[Start]:
    """Yield those of the asked rules that start, in the order of the file; one that stops is the last.

    The values are made where a condition looks at them, and once.
    """
    bound: Bound | None = None
    for rule in rules:
        if rule.condition is None:
            yield Start(rule, None, "")
        else:
            bound = bound or bind(values(), rule.condition.scope)
            try:
                if not rule.condition.evaluate(bound):
                    continue
            except EvaluationError as error:
                yield Start(rule, bound, str(error))
            else:
                yield Start(rule, bound, "")
        if rule.stop:
            return
