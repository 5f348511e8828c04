"""Runs of rules, as people look at them: what started each, what its condition saw, and what came of each step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.engine.hub import Hub
from core.engine.run import is_live
from core.errors import NotFoundError
from core.model.facts import Fact
from core.model.merchant_runs import MerchantRun
from core.model.rule_facts import RuleMatched, RuleStepped
from core.model.rule_values import EventValues
from core.model.triggers import Subject
from core.store.orders import facts_of
from core.store.rule_runs import find_run
from core.store.run_history import ListedRun, find_listed_run, listed_id
from core.store.settings import read_settings

ACCEPTANCE = "acceptance"
"""What every run waits for while nothing of the merchant is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTrace:
    """A run with all that is known of it."""

    run: ListedRun
    where: str
    """Where its file has the rule, as in ``crossdock.yaml:41:5``; empty where that was not kept."""
    event: EventValues
    looked_at: Mapping[str, Any]
    """What its condition looked at, by path."""
    steps: Sequence[RuleStepped]
    waits_for: str | None
    """The trigger that it waits for, ``time``, ``label``, or ``acceptance`` while nothing is accepted; None: nothing."""


async def run_trace(hub: Hub, merchant: str, run_id: str) -> RunTrace:
    """Return a run by the id that a list shows.

    Raises:
        NotFoundError: no such run; one that is about no order is kept for ninety days.
    """
    listed = await hub.store.read(find_listed_run, merchant, run_id)
    if listed is None:
        raise NotFoundError(f"no run {run_id!r}; runs are kept for ninety days after they ended")
    if listed.about == Subject.ORDER:
        trace = _of_order(listed, await hub.store.read(facts_of, merchant, listed.subject))
    else:
        trace = _of_merchant(listed, await hub.store.read(find_run, merchant, run_id))
    if listed.outcome is not None:
        return replace(trace, waits_for=None)
    settings = await hub.store.read(read_settings, merchant, hub.clock.now())
    return trace if is_live(settings.accepted) else replace(trace, waits_for=ACCEPTANCE)


def _of_merchant(listed: ListedRun, known: MerchantRun | None) -> RunTrace:
    if known is None:
        raise NotFoundError(f"no run {listed.run_id!r}; runs are kept for ninety days after they ended")
    return RunTrace(
        run=listed,
        where="",
        event=known.run.event,
        looked_at=known.looked_at,
        steps=known.trace,
        waits_for=known.run.waits_for,
    )


def _of_order(listed: ListedRun, facts: Sequence[Fact]) -> RunTrace:
    matched = next(
        fact
        for fact in facts
        if isinstance(fact, RuleMatched) and listed_id(listed.subject, fact.run_id) == listed.run_id
    )
    steps = [fact for fact in facts if isinstance(fact, RuleStepped) and fact.run_id == matched.run_id]
    return RunTrace(
        run=listed,
        where=matched.where,
        event=matched.event,
        looked_at=matched.values,
        steps=steps,
        waits_for=steps[-1].waits_for if steps else None,
    )


def due(trace: RunTrace) -> datetime | None:
    """Return when a run goes on by itself; None where it has ended, or nothing is accepted."""
    goes_on = trace.run.outcome is None and trace.waits_for != ACCEPTANCE
    return trace.run.due_at if goes_on else None
