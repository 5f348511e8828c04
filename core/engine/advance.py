"""Advance one order: claim it, do what is due until nothing is, give it back with the instant of the next thing."""

from collections import Counter
from datetime import datetime, timedelta

from core.domain.commit import Landed
from core.domain.rules.matching import looked_at
from core.engine.answers import Kind
from core.engine.dispatch import connection_shares
from core.engine.hub import Hub
from core.engine.pauses import wait_turn
from core.engine.run import Run, is_live
from core.engine.step import RULES, Step, Steps, next_step
from core.failpoints import failpoint
from core.store.pauses import leave_line, waits_of_order

CLAIM_S = 90.0
"""How long (seconds) a claim lasts unless renewed: longer than any one call."""
_MOST_STEPS = 200
_MOST_STEPS_OF_RULES = 5_000
"""Steps of rules ask nobody, or are put off: they are many where many rules begin at once."""


class StandstillError(Exception):
    """A step was due and told nothing: a fault of ours, parked with its name."""


async def begin(hub: Hub, merchant: str, order_id: str) -> Run | None:
    """Claim an order that is due and read what a run needs; None where it is not due or another has it."""
    now = hub.clock.now()
    failpoint("advance.claim.before")
    claimed = await hub.store.claim(
        merchant, order_id, owner=hub.owner, now=now, until=now + timedelta(seconds=CLAIM_S)
    )
    if claimed is None:
        return None
    failpoint("advance.claimed")
    unsealed = claimed.sealed.open(hub.store.keys)
    run = Run(
        hub=hub,
        merchant=merchant,
        order_id=order_id,
        state=claimed.state,
        attempts=claimed.attempts,
        unsealed=unsealed,
    )
    settings = await run.look_around(claimed.revision)
    if settings.pauses:
        waits = await hub.store.read(waits_of_order, merchant, order_id)
        run.in_line = frozenset(Kind(*kind) for kind in waits)
    return run


async def advance(run: Run, steps: Steps) -> None:
    """Do what is due, one step at a time, until the table says rest; then rest.

    A step that asks for what is paused waits for the pause to end, and one whose connection has no place left for a
    place; what does not depend on it goes on.

    Raises:
        HubError: a step failed; the worker decides what becomes of the order.
        StandstillError: a step was due and told nothing.
    """
    left = Counter({True: _MOST_STEPS_OF_RULES, False: _MOST_STEPS})
    while all(left.values()):
        view = run.view()
        due = next_step(view, steps, run.waiting)
        if due.name is None:
            if await _rest(run, due.at):
                return
            left[False] -= 1
            continue
        step, run.step = steps[due.name], due.name
        left[due.name == RULES] -= 1
        calls = step.asks(view)
        if any(run.hub.answers.paused(run.merchant, call.kind) for call in calls):
            failpoint("advance.turn.before")
            await run.flush()
        come_at = await wait_turn(run.hub, run.merchant, calls, run.waiter, run.turns)
        if come_at is not None:
            paused = (c.connection for c in calls if run.hub.answers.paused(run.merchant, c.kind))
            _wait(run, step, come_at, next(paused, ""))
            run.queued.update(call.kind for call in calls)
            continue
        places = connection_shares(run.hub, run.merchant, [call.connection for call in calls])
        if not run.hub.places.take(places):
            # It stays due, and lets go: a vendor that hangs holds no more runs than it has places.
            full = (c.connection for c in calls if not _has_room(run, c.connection))
            _wait(run, step, run.now, next(full))
            continue
        try:
            await _do(run, step)
        finally:
            run.hub.places.leave(places)
    raise StandstillError("too many steps in one run")


async def _do(run: Run, step: Step) -> None:
    before, settings = run.state, run.settings
    run.decided_under = settings
    await step.run(run)
    # Not by its version: where the order moved, as many facts may have come as decisions were dropped.
    if run.state is before and run.settings == settings:
        raise StandstillError(step.name)


def _has_room(run: Run, connection: str) -> bool:
    shares = connection_shares(run.hub, run.merchant, [connection])
    return all(run.hub.places.room(share) > 0 for share in shares)


def _wait(run: Run, step: Step, until: datetime, connection: str) -> None:
    run.waiting[step.name], run.waits_at[step.name] = until, connection


async def _rest(run: Run, at: datetime | None) -> bool:
    """Give the order back until something is due or what it waits for is asked again; False where it moved meanwhile."""
    left = run.in_line - run.queued
    if left and not run.state.open:
        failpoint("advance.line.before")
        await run.hub.store.write(leave_line, run.merchant, sorted(left), run.waiter)
        run.in_line = frozenset()
    later = [*run.waiting.values(), *([at] if at is not None else [])]
    # Neither waiting nor an outcome that is still to be looked up is success: the attempts so far stand.
    attempts = run.attempts if run.waiting or run.state.open else 0
    due_at = min(later, default=None)
    waits_for = next((run.waits_at[name] for name, until in run.waiting.items() if until == due_at), "")
    starts = run.config.rules.starts and is_live(run.accepted)
    rested = await run.commit(
        due_at=due_at,
        attempts=attempts,
        waits_for=waits_for,
        free_claim=True,
        offered=None if run.state.order is None or starts else looked_at(run.view()),
    )
    return isinstance(rested, Landed)
