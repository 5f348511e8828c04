"""An order's stored facts as they were told: which came together, what rules did among them, and what they were answered."""

from collections.abc import Iterator, Mapping, Sequence

from core.domain.rules.retrying import first_of
from core.model import facts as f
from core.model.holds import Hold
from core.model.people import actor_of_rule
from core.model.rule_facts import LabelGivenUp, OfRule, RuleStepped
from core.model.rule_runs import StepOutcome

Numbered = tuple[int, f.Fact]
"""A fact and its version."""
OF_LABELS = frozenset({Hold.BY_RULE, Hold.NO_RATE})
"""The holds that rules decide: by a word of their own, or by which labels they choose."""
_ANSWERED = ("notify", "http")
_OUTCOMES = (
    f.LabelBought
    | f.LabelVoided
    | f.RateRefused
    | f.ChannelTold
    | f.ShopperTold
    | f.NotSendable
    | f.Captured
    | f.CancelledAtChannel
    | f.VoidRefused
    | f.Tracked
    | RuleStepped
)


def told_together(facts: Sequence[f.Fact]) -> Iterator[list[Numbered]]:
    """Yield facts that are offered to rules together: while an effect is open, and within a commit, nothing is offered.

    Stored facts do not say which commit told them; what the hub's steps tell together does.
    """
    together: list[Numbered] = []
    open_keys: set[str] = set()
    before: f.Fact | None = None
    for version, fact in enumerate(facts, start=1):
        if together and before is not None and not open_keys and not _goes_with(before, fact):
            yield together
            together = []
        together.append((version, fact))
        if isinstance(fact, f.Intended):
            open_keys.add(fact.key)
        elif isinstance(fact, f.Settled):
            open_keys.discard(fact.key)
        before = fact
    if together:
        yield together


def _goes_with(before: f.Fact, fact: f.Fact) -> bool:
    """Return whether a fact was told in one go with the one before it, or by a step that comes before rules."""
    match before, fact:
        case (_, f.UnitsShipped() | f.Forgotten() | f.PartShippedElsewhere()):
            return True
        case (f.Received() | f.Changed() | f.UnitsReleased(), f.UnitsCommitted()):
            return True
        case (OfRule(), _):
            return False
        case (_, f.UnitsReleased()):
            return True
        case (f.Settled(), _) if isinstance(fact, _OUTCOMES):
            return True
        case (f.Tracked() | f.LabelVoided(), f.Tracked() | f.LabelVoided()):
            return True
        case (f.Held() | f.Released(), f.Held() | f.Released()):
            return before.actor == "hub" == fact.actor
        case _:
            return isinstance(before, f.Quoted) and isinstance(fact, f.Quoted)


def of_rules(fact: f.Fact) -> bool:
    """Return whether rules did it, or the hub for them: under other rules it would not be there."""
    match fact:
        case LabelGivenUp():
            return False
        case OfRule():
            return True
        case f.Intended():
            return "run" in fact.data
        case f.Settled():
            return "/rule:" in fact.key
        case f.Held() | f.Released(actor="hub"):
            return fact.reason in OF_LABELS
        case _:
            return fact.actor.startswith(actor_of_rule(""))


def answers_in(facts: Sequence[f.Fact]) -> Mapping[tuple[str, str], tuple[RuleStepped, ...]]:
    """Return by rule and step what was answered to those that ask somebody else, in the order of the answers.

    A run that was retried was answered what its retry was.
    """
    found: dict[tuple[str, str], dict[str, RuleStepped]] = {}
    for fact in facts:
        if (
            isinstance(fact, RuleStepped)
            and fact.action in _ANSWERED
            and fact.outcome in (StepOutcome.DONE, StepOutcome.FAILED)
        ):
            key = (fact.rule, fact.name or fact.step)
            found.setdefault(key, {})[first_of(fact.run_id)] = fact
    return {key: tuple(answers.values()) for key, answers in found.items()}
