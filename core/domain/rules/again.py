"""What an order that is under way is told where a changed file is offered to it. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from core.domain.rules.replaying import WENT_ON
from core.domain.rules.trace import Trace
from core.domain.rules.triggers import STANDING, told_by
from core.domain.state import OrderState
from core.model.facts import Fact, Released
from core.model.holds import Hold
from core.model.rule_facts import RuleMatched
from core.model.triggers import Trigger


def is_settled(state: OrderState) -> bool:
    """Return whether everything told of an order was offered to rules: else that comes first, by itself."""
    return state.offered is None or state.offered.version >= state.version


def offered_again(
    state: OrderState,
    facts: Sequence[Fact],
    trace: Trace,
    *,
    says_the_same: Callable[[str, str], bool],
    released: Released,
) -> Iterator[Fact]:
    """Yield what brings an order to where its file has it, from where it stands; it is settled.

    ``trace`` is the order replayed under that file. A hold by rules that would not be there is ``released``; one of
    which nobody can tell stays. A rule that would have begun with what was told, or with what the order has come to,
    begins now, as often as it did not begin before while it said the same (``says_the_same(rule, digest)``). What is
    told from here on starts rules by itself. One whose run has not ended goes on instead, under its own file.
    """
    version = state.version
    if Hold.BY_RULE in state.holds and _is_gone(trace):
        version += 1
        yield released
    running = {run.rule for run in state.rule_runs}
    ran = Counter(
        (fact.rule, fact.trigger)
        for fact in facts
        if isinstance(fact, RuleMatched) and says_the_same(fact.rule, fact.digest)
    )
    for begun, (_, _, at) in zip(trace.begun, trace.matched, strict=True):
        key = (begun.rule, begun.trigger)
        if ran[key]:
            ran[key] -= 1
        elif begun.rule not in running and _has_come(state, facts, Trigger(begun.trigger), at):
            version += 1
            run_id = f"{version}/{begun.trigger}/{begun.rule}"
            yield begun.model_copy(update={"run_id": run_id, "at": released.at})


def _is_gone(trace: Trace) -> bool:
    """Return whether it is certain that no rule would hold an order."""
    if Hold.BY_RULE in trace.state.holds or trace.state.held_by_rules:
        return False
    return all(one.what == WENT_ON for one in trace.not_compared)


def _has_come(state: OrderState, facts: Sequence[Fact], trigger: Trigger, at: int) -> bool:
    """Return whether a trigger was told of an order by its fact of a version, or is what it has come to."""
    if trigger in STANDING or trigger is Trigger.ORDER_STUCK:
        return state.offered is not None and trigger.value in state.offered.standing
    return 0 < at <= len(facts) and any(told is trigger for told, _ in told_by(facts[at - 1]))
