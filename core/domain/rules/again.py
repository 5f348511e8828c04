"""What an order that is under way is told where a changed file is offered to it. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from core.domain.rules.trace import Trace
from core.domain.state import OrderState
from core.model.facts import Fact, Released
from core.model.holds import Hold
from core.model.rule_facts import RuleMatched


def offered_again(
    state: OrderState,
    facts: Sequence[Fact],
    trace: Trace,
    *,
    says_the_same: Callable[[str, str], bool],
    released: Released,
) -> Iterator[Fact]:
    """Yield what brings an order to where its file has it, from where it stands.

    ``trace`` is the order replayed under that file. A hold by rules that would not be there is ``released``. A rule
    that would have begun begins now, as often as it did not begin before while it said the same
    (``says_the_same(rule, digest)``); one whose run has not ended goes on instead, under its own file.
    """
    version = state.version
    stays = Hold.BY_RULE in trace.state.holds or trace.state.held_by_rules
    if Hold.BY_RULE in state.holds and not stays:
        version += 1
        yield released
    running = {run.rule for run in state.rule_runs}
    ran = Counter(
        (fact.rule, fact.trigger)
        for fact in facts
        if isinstance(fact, RuleMatched) and says_the_same(fact.rule, fact.digest)
    )
    for begun in trace.begun:
        key = (begun.rule, begun.trigger)
        if ran[key]:
            ran[key] -= 1
        elif begun.rule not in running:
            version += 1
            run_id = f"{version}/{begun.trigger}/{begun.rule}"
            yield begun.model_copy(update={"run_id": run_id, "at": released.at})
