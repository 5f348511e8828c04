"""What rules can still keep: an order that may be held, and one for which a rule waits for somebody's answer."""

from core.config.rules import Rule, RuleSet
from core.domain.state import OrderState, is_locked

_GUARDS = frozenset({"hold", "cancel", "route", "label"})


def guards(rule: Rule) -> bool:
    """Return whether a rule may hold an order, cancel it, or say how it leaves."""
    return any(step.action in _GUARDS for first in rule.steps for step in first.each())


def is_guarded(state: OrderState, rules: RuleSet) -> bool:
    """Return whether a run of such a rule is under way, and waits for nothing but an answer.

    Of one that began under another file nobody can tell here: it counts.
    """
    for run in state.rule_runs:
        rule = rules.rule(run.rule) if run.digest == rules.digest else None
        if run.waits_for is None and (rule is None or guards(rule)):
            return True
    return False


def can_be_held(state: OrderState) -> bool:
    """Return whether a hold would still keep anything of an order from shipping."""
    over = state.ended or state.shipped_elsewhere
    return not over and not (state.parcels and all(is_locked(state, p) for p in state.parcels))
