"""Advance one order: claim it, do what is due until nothing is, give it back with the instant of the next thing."""

from datetime import timedelta

from core.domain.state import OrderState
from core.engine.breaker import Breaker
from core.engine.hub import Hub
from core.engine.pauses import check_pauses, clear_pauses
from core.engine.run import Run
from core.engine.step import Step, Steps, next_step
from core.failpoints import failpoint
from core.model.commit import Landed
from core.model.order import Personal
from core.store.surroundings import read_surroundings
from core.store.switches import accepted_actions

CLAIM_S = 90.0
"""How long (seconds) a claim lasts unless renewed: longer than any one call."""
_MOST_STEPS = 200


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
    return await read_run(hub, merchant, order_id, claimed.state, claimed.attempts)


async def read_run(hub: Hub, merchant: str, order_id: str, state: OrderState, attempts: int = 0) -> Run:
    """Read what a run needs besides the order. Without a claim it may look, and commits nothing."""
    known = await hub.store.read(
        read_surroundings,
        hub.store.keys,
        merchant,
        order_id,
        connection=None if state.order is None else state.order.connection,
        mailer=hub.connections(merchant).mailer,
    )
    return Run(
        hub=hub,
        merchant=merchant,
        order_id=order_id,
        state=state,
        attempts=attempts,
        personal=known.personal or Personal(),
        accepted=known.accepted,
        mails_since=known.mails_since,
        customs={sku: (p.hs, p.origin) for sku, p in known.products.items()},
        places=known.places,
        pauses=known.pauses,
    )


def vendor_of(run: Run, step: Step) -> str | None:
    """Return the connection that a step asks first; None where it asks nobody."""
    if step.asks == "carrier":
        return run.connections.carrier
    return run.order.connection if step.asks == "channel" else None


async def advance(run: Run, steps: Steps, breaker: Breaker) -> None:
    """Do what is due, one step at a time, until the table says rest; then rest.

    Raises:
        HubError: a step failed; the worker decides what becomes of the order.
        StandstillError: a step was due and told nothing.
    """
    for _ in range(_MOST_STEPS):
        due = next_step(run.view(), steps)
        if due.name is None:
            if isinstance(await run.commit(due_at=due.at, free_claim=True), Landed):
                return
            continue
        before = run.state.version, run.accepted
        await _do(run, steps[due.name], breaker)
        failpoint("advance.switches.before")
        run.accepted = await run.hub.store.read(accepted_actions, run.merchant)
        if (run.state.version, run.accepted) == before:
            raise StandstillError(due.name)
    raise StandstillError("too many steps in one run")


async def _do(run: Run, step: Step, breaker: Breaker) -> None:
    """Do one step; the breaker is asked before whether its vendor is to be left alone, and told when it answered."""
    vendor, settled = vendor_of(run, step), run.state.settled
    if vendor is not None:
        breaker.check(run.merchant, vendor)
    paused = await check_pauses(run, step.pauses.action)
    await step.run(run)
    await clear_pauses(run, paused, step.pauses.shown_by, settled)
    if vendor is not None:
        breaker.answered(run.merchant, vendor)
