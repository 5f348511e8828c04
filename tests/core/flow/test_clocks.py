"""The clocks of machines differ, or are set: no mail is noted twice, no claim stolen, nothing looked up too early."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from connectors.bogus.client import Effect, Fault
from core.clock import Clock, DatabaseClock, SteppedClock
from core.domain.state import OrderState, Stage
from core.engine.hub import Hub
from core.engine.session import set_clock
from core.engine.worker import Worker
from core.jobs import JOBS
from core.model.effects import Outcome
from core.model.facts import Settled
from core.steps import STEPS
from core.store.claims import due_orders
from core.store.jobs import claim_jobs
from core.store.orders import facts_of
from simulation.memory import store_in_memory
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home, open_hub_of, review
from tests.core.flow.play import carry, pass_time

pytestmark = pytest.mark.case("F16")

KIT = Cart(
    number="KK-2", lines=(("SKILLET-12", 1, 8597),), ship_to=home(), email="kit@example.test", pay="later"
)
ORDER = "shop:kk-2"
MAIL = (Effect.MAIL, "confirmation KK-2")


@dataclass
class DatabaseTime:
    """What the database says: true time, unless somebody set its clock."""

    true: SteppedClock
    set_by: timedelta = timedelta(0)

    async def now(self) -> datetime:
        return self.true.instant + self.set_by


async def bench(monkeypatch: pytest.MonkeyPatch) -> tuple[Bench, DatabaseTime]:
    b = review(await store_in_memory())
    await open_hub_of(b)
    told = DatabaseTime(b.clock)
    monkeypatch.setattr(b.store.db, "now", told.now)
    return b, told


async def clock_on_machine(b: Bench, ahead_s: float) -> DatabaseClock:
    """The clock of a process whose machine counts its seconds from somewhere else."""
    clock = DatabaseClock(lambda: b.clock.seconds() + ahead_s)
    await set_clock(clock, b.store.db)
    return clock


async def state_of(b: Bench) -> OrderState:
    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    return state


async def outcomes(b: Bench, name: str) -> list[tuple[str, Outcome]]:
    """Return (attempt, outcome) as often as it was noted."""
    told = [f for f in await b.store.read(facts_of, MERCHANT, ORDER) if isinstance(f, Settled)]
    return [(f.key.rpartition("/")[2], f.outcome) for f in told if f"/{name}" in f.key]


@pytest.mark.req("R02", "R42")
async def test_two_workers_whose_machines_are_150_s_apart_note_a_mail_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    b, _ = await bench(monkeypatch)
    b.hub.clock = await clock_on_machine(b, 0.0)
    await two_workers(b, await clock_on_machine(b, 150.0))

    state = await state_of(b)
    assert await outcomes(b, "mail:confirmation") == [("1", Outcome.DONE)]
    assert b.world.effects[MAIL] == 1
    assert state.stage is Stage.SHIPPED
    assert set(b.world.effects.values()) == {1}


async def test_two_clocks_that_really_differ_are_noticed_by_that_test(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    b, _ = await bench(monkeypatch)
    await two_workers(b, Apart(b.clock, timedelta(seconds=150)))

    assert len(await outcomes(b, "mail:confirmation")) == 2


@dataclass
class Apart(SteppedClock):
    """A machine's own clock, that is wrong."""

    def __init__(self, true: SteppedClock, by: timedelta) -> None:
        self.true, self.by = true, by

    def now(self) -> datetime:
        return self.true.instant + self.by


async def two_workers(b: Bench, clock: Clock) -> None:
    """Ship an order; a second worker is woken for it when its first mail is sent and not yet noted."""
    hub = Hub(store=b.store, clock=clock, owner="w2", merchants=b.hub.merchants)
    other, woken = Worker(steps=STEPS, hub=hub, jobs=JOBS, chance=random.Random(8)), list[int]()

    async def meanwhile() -> None:
        if b.world.effects[MAIL] and not woken:
            woken.append(1)
            await other.run_order(MERCHANT, ORDER)

    b.world.meanwhile = meanwhile
    place(b.world, "shop", KIT)
    await carry(b)
    await pass_time(b, timedelta(hours=1))
    assert woken == [1]


@pytest.mark.req("R42")
@pytest.mark.parametrize("hours", [1, -1])
@pytest.mark.parametrize("operation", ["buy", "capture", "tell_shipped"])
async def test_a_clock_set_by_an_hour_while_an_answer_is_lost_repeats_nothing_and_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, operation: str, hours: int
) -> None:
    """The vendor does it three seconds after the clock was set: whoever looked at once would find nothing."""
    b, told = await bench(monkeypatch)
    b.hub.clock = await clock_on_machine(b, 0.0)
    b.world.faults = late(operation, lambda: setattr(told, "set_by", timedelta(hours=hours)))
    place(b.world, "shop", KIT)
    await carry(b)
    steps = 0
    while await stage_of(b) is not Stage.SHIPPED and steps < 300:
        steps += 1
        await pass_step(b, timedelta(seconds=1 if told.set_by and steps < 90 else 30))

    state = await state_of(b)
    assert told.set_by == timedelta(hours=hours)
    assert (state.stage, state.parked) == (Stage.SHIPPED, None)
    assert set(b.world.effects.values()) == {1}
    assert b.world.calls["shop" if operation != "buy" else "post", operation] == 1


async def stage_of(b: Bench) -> Stage | None:
    state = await b.store.load(MERCHANT, ORDER)
    return None if state is None else state.stage


def late(operation: str, then: Callable[[], None]) -> Callable[[str], Fault | None]:
    """Lose the answer to the first call of an operation, which the vendor carries out a little later."""
    left = [operation]

    def fault(called: str) -> Fault | None:
        if called not in left:
            return None
        left.clear()
        then()
        return Fault.DELAYED

    return fault


async def pass_step(b: Bench, length: timedelta) -> None:
    """Let time pass: the clock is put right as a session does, and what is due by it runs."""
    b.clock.move_to(b.clock.now() + length)
    b.world.catch_up()
    await carry(b)
    await set_clock(b.hub.clock, b.store.db)
    now = b.hub.clock.now()
    for job in await b.store.write(
        claim_jobs, owner="w1", now=now, until=now + timedelta(seconds=180), limit=50
    ):
        await b.worker.run_job(job)
    for merchant, order_id, _ in await b.store.read(due_orders, now, limit=100, per_merchant=100):
        await b.worker.run_order(merchant, order_id)
