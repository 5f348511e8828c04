"""What a search for conflicts found, in the words of the file."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import yaml

from core.config.merchant import MerchantConfig
from core.config.problems import Problem
from core.config.rules import Rule
from core.domain.rules.conflicts import Conflict, Conflicts
from core.domain.rules.trial_words import act_text


def conflict_problems(config: MerchantConfig, found: Conflicts) -> Iterator[Problem]:
    """Yield one problem for each conflict, where the lower of its two rules stands."""
    for one in found.found:
        yield _at(config, one.below, _conflict(config, one))


def conflict_advice(config: MerchantConfig, found: Conflicts) -> Iterator[Problem]:
    """Yield what was not found out."""
    for above, below in found.undecided:
        says = f"not decided whether '{above.id}' ({config.rules.where(above)}) and '{below.id}' can match the same and contradict each other"
        yield _at(config, below, f"{says}; a test: with both would show it")
    if found.unsearched:
        first = config.rules.rules[0]
        pairs = "1 pair of rules was" if found.unsearched == 1 else f"{found.unsearched} pairs of rules were"
        yield _at(config, first, f"{pairs} not compared for conflicts: the time for it was over")


def _at(config: MerchantConfig, rule: Rule, says: str) -> Problem:
    return Problem(rule.at.file or config.file, rule.at, f"rules: {says}")


def _conflict(config: MerchantConfig, one: Conflict) -> str:
    above, below = one.above.id, one.below.id
    act, other = (act_text(act.action, act.said) for act in one.acts)
    return (
        f"'{above}' ({config.rules.where(one.above)}) and '{below}' can match the same and contradict each other:"
        f" {act} and {other}; tried with {tried_text(one)}. Have their conditions exclude each other,"
        f" or give '{above}' stop: true, or, where '{below}' is to count, give it overrides: [{above}]"
    )


def tried_text(one: Conflict) -> str:
    """Return what was tried, as a test of the file has it."""
    given = f", given: {_flow(one.given)}" if one.given else ""
    return f"when: {one.trigger.value}{given}"


class _Flow(yaml.SafeDumper):
    """Writes amounts as numbers."""


_Flow.add_representer(
    Decimal, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", f"{value:f}")
)


def _flow(given: Mapping[str, Any]) -> str:
    text = yaml.dump(given, Dumper=_Flow, default_flow_style=True, sort_keys=False, width=1_000_000)
    return str(text).strip()
