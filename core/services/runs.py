"""Runs of rules, as people look at them: what started each, what its condition saw, and what came of each step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.domain.fold import summarize
from core.domain.fold_rules import begun_by
from core.domain.rules.retrying import PastRun, repeated_by, retry_of
from core.domain.state import OrderState
from core.engine.hub import Hub
from core.engine.run import is_live
from core.errors import NotFoundError
from core.model.facts import Fact
from core.model.merchant_runs import MerchantRun
from core.model.rule_facts import RuleMatched, RuleRetried, RuleStepped, RunBegun
from core.model.rule_runs import RunOutcome
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
    past: PastRun
    """What decides whether it may be retried."""
    again_of: str | None = None
    """The run that it repeats, by the id that a list shows."""
    version: int = 0
    """The order's, as far as its facts were read."""


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
        known = await hub.store.read(find_run, merchant, run_id)
        later = await hub.store.read(find_run, merchant, retry_of(run_id))
        trace = _of_merchant(listed, known, retried_as=later.run.run_id if later is not None else None)
    if listed.outcome is not None:
        return replace(trace, waits_for=None)
    settings = await hub.store.read(read_settings, merchant, hub.clock.now())
    return trace if is_live(settings.accepted) else replace(trace, waits_for=ACCEPTANCE)


def _of_merchant(listed: ListedRun, known: MerchantRun | None, *, retried_as: str | None) -> RunTrace:
    if known is None:
        raise NotFoundError(f"no run {listed.run_id!r}; runs are kept for ninety days after they ended")
    return RunTrace(
        run=listed,
        where="",
        event=known.run.event,
        looked_at=known.looked_at,
        steps=known.trace,
        waits_for=known.run.waits_for,
        past=PastRun(run=known.run, outcome=_outcome(listed), steps=known.trace, retried_as=retried_as),
        again_of=repeated_by(listed.run_id),
    )


def _of_order(listed: ListedRun, facts: Sequence[Fact]) -> RunTrace:
    version, begun = next(
        (version, fact)
        for version, fact in enumerate(facts, start=1)
        if isinstance(fact, RuleMatched | RuleRetried)
        and listed_id(listed.subject, fact.run_id) == listed.run_id
    )
    steps = [fact for fact in facts if isinstance(fact, RuleStepped) and fact.run_id == begun.run_id]
    state = summarize(facts)
    past = PastRun(
        run=begun_by(begun),
        outcome=_outcome(listed),
        steps=steps,
        over=_over(state, summarize(facts[:version])),
        held=state.held_by_rules.get(begun.rule, ""),
        retried_as=_retried_as(listed, begun, facts),
    )
    return RunTrace(
        run=listed,
        where=begun.where,
        event=begun.event,
        looked_at=begun.values,
        steps=steps,
        waits_for=steps[-1].waits_for if steps else None,
        past=past,
        again_of=listed_id(listed.subject, begun.again_of) if isinstance(begun, RuleRetried) else None,
        version=len(facts),
    )


def _outcome(listed: ListedRun) -> RunOutcome | None:
    return None if listed.outcome is None else RunOutcome(listed.outcome)


def _retried_as(listed: ListedRun, begun: RunBegun, facts: Sequence[Fact]) -> str | None:
    found = (fact for fact in facts if isinstance(fact, RuleRetried) and fact.again_of == begun.run_id)
    return next((listed_id(listed.subject, fact.run_id) for fact in found), None)


def _over(state: OrderState, before: OrderState) -> str:
    """Return why nothing is done any more for an order: its person is forgotten, or it was cancelled since a run began."""
    if state.forgotten_at is not None:
        return "the order's person was forgotten: nothing is done for it any more"
    if state.cancelled and not before.cancelled:
        return "the order was cancelled since the run began: nothing is done for it any more"
    return ""


def due(trace: RunTrace) -> datetime | None:
    """Return when a run goes on by itself; None where it has ended, or nothing is accepted."""
    goes_on = trace.run.outcome is None and trace.waits_for != ACCEPTANCE
    return trace.run.due_at if goes_on else None
