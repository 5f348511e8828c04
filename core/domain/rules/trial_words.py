"""What the tests of a file find, in the words of the file."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from core.config.merchant import MerchantConfig
from core.config.problems import Problem
from core.config.rule_tests import Expected, Moment, RuleTest
from core.domain.rules.trial import Act, Seen, Trial
from core.expressions.template import written


def failing_tests(config: MerchantConfig) -> tuple[Problem, ...]:
    """Run the tests of a file; return one problem for each that fails."""
    return tuple(problem for test in config.tests for problem in _failing(config, test))


def _failing(config: MerchantConfig, test: RuleTest) -> Iterator[Problem]:
    """Yield what is wrong at the first moment of a test that does not come out as expected."""
    trial, since = Trial(config, test), timedelta(0)
    for moment in test.moments:
        seen = trial.seen(moment)
        since += moment.after
        when = _when(moment, since) if moment is not test.moments[0] else ""
        if moment.rules is not None and list(moment.rules) != seen.rules:
            says = f"expected the rules {_names(moment.rules)}{when}, and got {_names(seen.rules)}"
            yield Problem(
                moment.rules_at.file or config.file, moment.rules_at, f"tests: '{test.name}' {says}"
            )
            return
        if not _is_as_expected(moment.expect, seen.acts):
            says = f"expected {_expected(moment.expect)}{when}, and got {_got(moment.expect, seen)}"
            yield Problem(moment.at.file or config.file, moment.at, f"tests: '{test.name}' {says}")
            return


def _when(moment: Moment, since: timedelta) -> str:
    after = f" after {written(since)}" if since else ""
    return f"{after} when {moment.trigger}" if moment.trigger is not None else after


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _is_as_expected(expected: Sequence[Expected], acts: Sequence[Act]) -> bool:
    return len(expected) == len(acts) and all(
        one.action == act.action and not _differing(one, act) for one, act in zip(expected, acts, strict=True)
    )


def _differing(expected: Expected, act: Act) -> list[str]:
    return [name for name, value in expected.said.items() if not _is_same(value, act.said.get(name))]


def _is_same(expected: Any, got: Any) -> bool:
    """Return whether a value is the expected one; one value stands for a list of it, a text for what is written so."""
    match got:
        case list() | tuple() | frozenset():
            wanted = expected if isinstance(expected, list) else [expected]
            return len(wanted) == len(got) and all(map(_is_same, wanted, got))
        case Mapping():
            return (
                isinstance(expected, dict)
                and expected.keys() == got.keys()
                and all(_is_same(value, got[name]) for name, value in expected.items())
            )
        case Decimal() | datetime() | timedelta() if isinstance(expected, str):
            return expected == written(got)
        case bool():
            return expected is got
        case _:
            return bool(expected == got) and not isinstance(expected, bool)


def _expected(expected: Sequence[Expected]) -> str:
    return ", ".join(act_text(one.action, one.said) for one in expected) or "nothing"


def _got(expected: Sequence[Expected], seen: Seen) -> str:
    """Return what was done, with as much of it as was expected of it."""
    compared = [one.said for one in expected]
    same = [one.action for one in expected] == [act.action for act in seen.acts]
    acts = [
        act_text(act.action, {name: act.said.get(name) for name in compared[n]} if same else {})
        for n, act in enumerate(seen.acts)
    ]
    told = "".join(f"; {trouble}" for trouble in seen.troubles)
    return (", ".join(acts) or "nothing") + told


def act_text(action: str, said: Mapping[str, Any]) -> str:
    """Return an action with what it says, as a file would have it."""
    inside = ", ".join(f"{name}: {_text(value)}" for name, value in said.items())
    return f"{action} {{{inside}}}" if inside else action


def _text(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case Mapping():
            return f"{{{', '.join(f'{name}: {_text(one)}' for name, one in value.items())}}}"
        case list() | tuple() | frozenset():
            return f"[{', '.join(map(_text, value))}]"
        case _:
            return written(value)
