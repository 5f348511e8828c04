"""Advance one order: claim it, do what is due until nothing is, give it back with the instant of the next thing."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from core.alarms import open_alarms, tried, wait_or_try
from core.breaker import Breaker
from core.effects import Done, look_up
from core.failpoints import failpoint
from core.flow.causes import Places
from core.flow.run import Run
from core.flow.state import OpenIntent, OrderState, others_shipped
from core.flow.steps import next_step, units_parted, wanted_holds
from core.golive.since import mails_since
from core.hub import Hub
from core.model.facts import Fact, Held, PartShippedElsewhere, Released, ShippedElsewhere
from core.model.order import Personal
from core.stages import delivery, fulfillment, payment, stock
from core.store.unit import Landed

CLAIM_S = 90.0
"""How long (machine seconds) a claim lasts unless renewed: longer than any one call."""
_MOST_STEPS = 200


async def sync_holds(run: Run) -> None:
    """Tell what has come to hold the order, and what no longer does."""
    wanted, held = wanted_holds(run.view()), run.state.holds
    gone: list[Fact] = [Released(at=run.now, reason=reason) for reason in held if reason not in wanted]
    come: list[Fact] = [
        Held(at=run.now, reason=reason, detail=detail)
        for reason, detail in wanted.items()
        if held.get(reason) != detail
    ]
    await run.commit(decided=gone + come)


async def note_shipped_elsewhere(run: Run) -> None:
    """Note that another hand shipped the whole order: its units are gone, and nothing is bought.

    What was shipped from locations that are none of ours only lay on the shelves of others: ours are free again.
    """
    tracking = tuple(s.tracking for s in run.order.shipped if s.tracking)
    told = ShippedElsewhere(at=run.now, actor="channel", tracking=tracking)
    if _shipped_by_foreign_places(run):
        await run.commit(decided=[told], release=run.state.allocations)
        return
    await run.commit(happened=[told], ship=run.state.allocations)


def _shipped_by_foreign_places(run: Run) -> bool:
    at = [run.places[w.location] for w in run.order.work_orders if w.location and w.location in run.places]
    return bool(at) and all(ours is None for _, ours in at)


async def note_part_shipped(run: Run) -> None:
    """Note that another hand shipped a part of the order: those units are gone from the shelf, once."""
    lines = tuple(sorted(others_shipped(run.state).items()))
    await run.commit(
        happened=[PartShippedElsewhere(at=run.now, actor="channel", lines=lines)],
        ship=units_parted(run.state),
    )


async def _look_up(run: Run) -> None:
    await look_up(run, FINDERS)


STEPS: Mapping[str, Callable[[Run], Awaitable[None]]] = {
    "look_up": _look_up,
    "settle_cancellation": stock.settle_cancellation,
    "reject": payment.reject,
    "commit_units": stock.commit_units,
    "note_shipped_elsewhere": note_shipped_elsewhere,
    "note_part_shipped": note_part_shipped,
    "verify_payment": payment.verify_payment,
    "sync_holds": sync_holds,
    "confirm": delivery.confirm,
    "quote": fulfillment.quote,
    "buy": fulfillment.buy,
    "capture": payment.capture_money,
    "tell_channel": delivery.tell_channel,
    "store_label": fulfillment.store_label,
    "tell_shopper": delivery.tell_shopper,
    "leave": delivery.leave,
    "mail_cancellation": delivery.mail_cancellation,
}
"""The function behind each name of the table of core/flow/steps."""

FINDERS: Mapping[str, Callable[[Run, OpenIntent], Awaitable[Done]]] = {
    "buy": fulfillment.find_label,
    "void": stock.find_void,
    "tell_shipped": delivery.find_told,
    "capture": payment.find_capture,
    "cancel_order": payment.find_cancellation,
    "send": delivery.find_mail,
}
"""How to find out what came of an intent, by operation."""


async def begin(hub: Hub, merchant: str, order_id: str) -> Run | None:
    """Claim an order that is due and read what a run needs; None where it is not due or another has it."""
    now = hub.clock.now()
    failpoint("advance.claim.before")
    claimed = await hub.store.claim(
        merchant, order_id, owner=hub.owner, now=now, until=now + hub.clock.span(CLAIM_S)
    )
    if claimed is None:
        return None
    failpoint("advance.claimed")
    products = await hub.store.products(merchant)
    return Run(
        hub=hub,
        merchant=merchant,
        order_id=order_id,
        state=claimed.state,
        attempts=claimed.attempts,
        personal=await hub.store.personal(merchant, order_id) or Personal(),
        accepted=await hub.store.switches(merchant),
        mails_since=await _mails_since(hub, merchant, claimed.state),
        customs={sku: (p.hs, p.origin) for sku, p in products.items()},
        places=await _places(hub, merchant, claimed.state),
        alarms=await open_alarms(hub, merchant),
    )


async def _mails_since(hub: Hub, merchant: str, state: OrderState) -> datetime | None:
    return None if state.order is None else await mails_since(hub, merchant, state.order.connection)


async def _places(hub: Hub, merchant: str, state: OrderState) -> Places:
    """Return the locations of the order's channel."""
    if state.order is None:
        return {}
    return await hub.store.channel_places(merchant, state.order.connection)


def vendor_of(run: Run, step: str) -> str | None:
    """Return the connection that a step asks first; None where it asks nobody."""
    if step in _OF_CARRIER:
        return run.desk.carrier
    if step in _OF_CHANNEL:
        return run.order.connection
    return None


_OF_CARRIER = frozenset({"quote", "store_label"})
_OF_CHANNEL = frozenset({"buy", "capture", "tell_channel", "reject"})


async def advance(run: Run, breaker: Breaker) -> None:
    """Do what is due, one step at a time, until the table says rest; then rest.

    The breaker is asked before each step whether its vendor is to be left alone, and told when it answered.

    Raises:
        HubError: a step failed; core/work decides what becomes of the order.
    """
    for _ in range(_MOST_STEPS):
        step = next_step(run.view())
        if step.name is None:
            rested = await run.commit(due_at=step.at, free_claim=True)
            if isinstance(rested, Landed):
                return
            continue
        before = run.state.version, run.accepted
        vendor = vendor_of(run, step.name)
        if vendor is not None:
            breaker.check(run.merchant, vendor)
        settled = run.state.settled
        paused = await wait_or_try(run, step.name)
        await STEPS[step.name](run)
        await tried(run, paused, settled)
        if vendor is not None:
            breaker.answered(run.merchant, vendor)
        failpoint("advance.switches.before")
        run.accepted = await run.hub.store.switches(run.merchant)
        if (run.state.version, run.accepted) == before:
            raise StandstillError(step.name)
    raise StandstillError("too many steps in one run")


class StandstillError(Exception):
    """A step was due and told nothing: a fault of ours, parked with its name."""
