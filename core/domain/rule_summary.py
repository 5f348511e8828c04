"""What rules did, in words for people."""

from core.model.rule_facts import (
    CaptureAsked,
    HeldByRule,
    LabelChosen,
    LabelGivenUp,
    RouteChosen,
    RuleFact,
    RuleMatched,
    RuleRetried,
    RuleStepped,
)
from core.model.rule_runs import RunOutcome, StepOutcome

_QUIET = frozenset(
    {
        "hold",
        "tag",
        "untag",
        "note",
        "assign",
        "route",
        "label",
        "buy_label",
        "capture",
        "cancel",
        "release",
        "stop",
    }
)
"""Actions that have a line of their own beside the step."""


def rule_summary(fact: RuleFact) -> str:
    """Return what a rule's fact says, in one line; empty where another line says it."""
    match fact:
        case RuleMatched():
            return f"Rule {fact.rule} begins: {fact.trigger} ({fact.where})"
        case RuleRetried():
            return f"Rule {fact.rule} is retried from {fact.next}: {fact.trigger} ({fact.where})"
        case RuleStepped():
            return _step(fact)
        case HeldByRule():
            return ""  # the hold itself is told
        case RouteChosen():
            return f"Rule {fact.rule}: leaves from {', '.join(fact.locations)}"
        case LabelChosen():
            return f"Rule {fact.rule}: {choice_text(fact)}"
        case LabelGivenUp():
            return f"Its label is asked for no more: {fact.message}"
        case CaptureAsked():
            return f"Rule {fact.rule}: its money is captured before the label"


def choice_text(fact: LabelChosen) -> str:
    """Return which labels a rule wants."""
    said = [f"the {fact.choose} rate" if fact.choose else "the rate"]
    said += [f"of {', '.join(fact.services)}"] if fact.services else []
    said += [f"at {fact.via}"] if fact.via else []
    said += [f"up to {fact.at_most}"] if fact.at_most else []
    return " ".join(said)


def _step(fact: RuleStepped) -> str:
    if fact.outcome is StepOutcome.DONE and fact.action in _QUIET and fact.ended is not RunOutcome.FAILED:
        return ""
    what = f"Rule {fact.rule}: {fact.action}"
    match fact.outcome:
        case StepOutcome.WAITING if fact.waits_for in (None, "time", "label"):
            until = (
                f" until {fact.due_at:%Y-%m-%d %H:%M} UTC"
                if fact.due_at and fact.waits_for != "label"
                else ""
            )
            return f"{what} waits{until}" if fact.action != "label" else ""
        case StepOutcome.WAITING:
            return f"{what} waits for {fact.waits_for}"
        case StepOutcome.FAILED | StepOutcome.RETRY:
            return f"{what} {fact.outcome.words}: {fact.message}"
        case StepOutcome.SKIPPED:
            return f"{what} skipped"
        case StepOutcome.DONE:
            return f"{what} done"
