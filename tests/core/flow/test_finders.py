"""An answer is lost, the process dies, and no notification and no poll tells what came of it: only the look-up can (R42).

Each test would fail if that one look-up alone were broken; the second test breaks each of them, and sees it.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import cast

import pytest

from connectors.bogus.client import Effect, Fault
from core.domain.state import OpenIntent
from core.engine.effects import Done
from core.engine.run import Run
from core.engine.worker import Worker
from core.jobs import JOBS
from core.model.effects import Outcome
from core.model.facts import Captured, Settled
from core.services import actions
from core.steps import STEPS, delivery, fulfillment, payment, rule_calls, stock
from core.steps.sync import refresh
from core.store.orders import facts_of
from simulation.due import next_at
from simulation.shoppers import cancel, place
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import carry, pass_time, settle, work
from tests.core.flow.ruled import use
from tests.core.flow.test_whole_way import GRACE, KARA, KIM

Finder = Callable[[Run, OpenIntent], Awaitable[Done]]
Steps = Callable[[Bench], Awaitable[str]]


async def orders_kim(b: Bench) -> str:
    """An order whose money is only authorized is known; its label, capture and notice are to come."""
    await settle(b)
    place(b.world, "shop", KIM)
    await carry(b)
    return "shop:kk-1002"


async def orders_kara(b: Bench) -> str:
    """A paid order is known; its confirmation is to come."""
    await settle(b)
    place(b.world, "shop", KARA)
    await carry(b)
    return "shop:kk-1001"


async def is_rejected(b: Bench) -> str:
    """A person wants a paid order cancelled."""
    order_id = await orders_kara(b)
    await settle(b)
    await actions.reject(b.hub, MERCHANT, order_id, "fraud", "person:kendra")
    return order_id


async def is_cancelled_after_the_label(b: Bench) -> str:
    """The shopper cancels an order that is labelled."""
    order_id = await orders_kara(b)
    await pass_time(b, GRACE)
    shop = b.world.shop("shop").orders["kk-1001"]
    reopened = shop.order.model_copy(update={"state": "open", "shipped": ()})
    b.world.shop("shop").orders["kk-1001"] = shop.model_copy(update={"order": reopened})
    cancel(b.world, "shop", "kk-1001")
    await carry(b)
    return order_id


async def asks_a_tool(b: Bench) -> str:
    """A rule of the merchant's has a tool of his asked about an order; a repeat would do harm."""
    use(b, "- {id: ask, when: order.received, then: [{http: {via: crm, path: /once}}]}")
    return await orders_kara(b)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An effect whose answer is lost, and what must have come of it."""

    begins: Steps
    vendor: str
    fault: Fault
    calls: int
    outcomes: tuple[str, ...]
    effect: tuple[Effect, str]


CASES = {
    "buy": Case(
        begins=orders_kim,
        vendor="post",
        fault=Fault.REPLY_LOST,
        calls=1,
        outcomes=("done",),
        effect=(Effect.LABEL, "KK-1002/reno-1"),
    ),
    "capture": Case(
        begins=orders_kim,
        vendor="shop",
        fault=Fault.REPLY_LOST,
        calls=1,
        outcomes=("done",),
        effect=(Effect.CAPTURE, "kk-1002/KK-1002-t1"),
    ),
    "tell_shipped": Case(
        begins=orders_kim,
        vendor="shop",
        fault=Fault.REPLY_LOST,
        calls=1,
        outcomes=("done",),
        effect=(Effect.TOLD, "kk-1002/TRK00000001"),
    ),
    "cancel_order": Case(
        begins=is_rejected,
        vendor="shop",
        fault=Fault.REPLY_LOST,
        calls=1,
        outcomes=("done",),
        effect=(Effect.CANCEL, "kk-1001"),
    ),
    "void": Case(
        begins=is_cancelled_after_the_label,
        vendor="post",
        fault=Fault.LOST,
        calls=2,
        outcomes=("undone", "done"),
        effect=(Effect.VOID, "shp-1"),
    ),
    "send": Case(
        begins=orders_kara,
        vendor="mail",
        fault=Fault.REPLY_LOST,
        calls=1,
        outcomes=("unknown",),
        effect=(Effect.MAIL, "confirmation KK-1001"),
    ),
    "call": Case(
        begins=asks_a_tool,
        vendor="crm",
        fault=Fault.REPLY_LOST,
        calls=1,
        outcomes=("unknown",),
        effect=(Effect.HOOK, "POST /once"),
    ),
}


def first_of(operation: str, left: list[Fault], called: str) -> Fault | None:
    return left.pop() if called == operation and left else None


async def unheard(b: Bench, length: timedelta, *, until: list[Fault] | None = None) -> None:
    """Let time pass while every notification is lost; with ``until``, no longer than that fault is to come."""
    end = b.clock.now() + length
    while b.clock.now() < end:
        for _ in range(60):
            b.world.notifications.clear()
            busy = await work(b)
            if until is not None and not until:
                return
            if not busy:
                break
        ahead = [at for at in (await b.store.read(next_at), *(at for at, _ in b.world.later)) if at]
        b.clock.move_to(max(b.clock.now(), min([end, *ahead])))
        b.world.catch_up()


async def goes_wrong(b: Bench, operation: str) -> str:
    """Lose the answer, have the process die and another take over, and lose every notification; return the order's id."""
    case = CASES[operation]
    order_id = await case.begins(b)
    left = [case.fault]
    b.world.faults = partial(first_of, operation, left)
    await unheard(b, GRACE, until=left)
    assert not left
    b.hub.owner = "w2"
    b.worker = Worker(steps=STEPS, hub=b.hub, jobs=JOBS, chance=random.Random(8))
    await unheard(b, timedelta(minutes=3))
    return order_id


async def settled_of(b: Bench, order_id: str, operation: str) -> tuple[str, ...]:
    told = await b.store.read(facts_of, MERCHANT, order_id)
    first = next(f.key for f in told if f.kind == "intended" and f.operation == operation)
    same = first.rpartition("/")[0]
    return tuple(f.outcome for f in told if isinstance(f, Settled) and f.key.startswith(same))


async def check(b: Bench, operation: str) -> None:
    """The look-up told what came of it: once at the vendor, once in the facts, and the order went on."""
    case = CASES[operation]
    order_id = await goes_wrong(b, operation)
    state = await b.store.load(MERCHANT, order_id)
    assert state is not None
    assert state.parked is None
    assert state.open == ()
    assert await settled_of(b, order_id, operation) == case.outcomes
    assert b.world.effects[case.effect] == 1
    assert b.world.calls[case.vendor, operation] == case.calls
    if operation == "capture":
        told = [f for f in await b.store.read(facts_of, MERCHANT, order_id) if isinstance(f, Captured)]
        assert [(f.authorization, f.amount.minor) for f in told] == [("KK-1002-t1", 8597)]
        assert b.world.payments["pay-KK-1002"].captured.minor == 8597


@pytest.mark.req("R42", "R89")
@pytest.mark.parametrize("operation", list(CASES))
async def test_only_the_look_up_tells_what_came_of_it_and_it_does(b: Bench, operation: str) -> None:
    await check(b, operation)


async def blind(run: Run, intent: OpenIntent) -> Done:
    """Looks nowhere, and says that nothing was done."""
    del run, intent
    return Done(outcome=Outcome.UNDONE)


async def mute(run: Run, intent: OpenIntent) -> Done:
    """Looks, and tells nothing of what it saw."""
    await refresh(run)
    return await blind(run, intent)


async def credulous(run: Run, intent: OpenIntent) -> Done:
    """Looks nowhere, and says that it was done."""
    del run, intent
    return Done()


PLACES = {
    "buy": (fulfillment, "find_label"),
    "capture": (payment, "find_capture"),
    "tell_shipped": (delivery, "find_told"),
    "cancel_order": (payment, "find_cancellation"),
    "void": (stock, "find_void"),
    "send": (delivery, "find_mail"),
    "call": (rule_calls, "find_call"),
}
BROKEN: tuple[tuple[str, Finder], ...] = (
    *((operation, blind) for operation in ("buy", "capture", "tell_shipped", "cancel_order", "send", "call")),
    *((operation, mute) for operation in ("capture", "tell_shipped", "cancel_order")),
    ("void", credulous),
)


@pytest.mark.req("R42")
@pytest.mark.parametrize(
    ("operation", "broken"), BROKEN, ids=lambda v: v if isinstance(v, str) else v.__name__
)
async def test_a_broken_look_up_is_noticed(
    b: Bench, monkeypatch: pytest.MonkeyPatch, operation: str, broken: Finder
) -> None:
    assert set(PLACES) == set(CASES) == {name for step in STEPS.values() for name in step.find}
    for step in STEPS.values():
        if operation in step.find:
            monkeypatch.setitem(cast("dict[str, Finder]", step.find), operation, broken)
    monkeypatch.setattr(*PLACES[operation], broken)
    with pytest.raises(AssertionError):
        await check(b, operation)
