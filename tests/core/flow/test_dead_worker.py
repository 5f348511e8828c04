"""A worker dies, or stands still: another goes on within ten seconds, and nothing is done twice by that."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import pytest
import sqlalchemy as sa

from core.domain.state import Stage
from core.engine import effects
from core.engine.answers import Call
from core.engine.hub import Hub
from core.engine.pauses import asked
from core.engine.session import begin_session, end_session, tick_session
from core.engine.worker import Worker
from core.failpoints import listening
from core.jobs import JOBS
from core.model.effects import Outcome
from core.model.facts import Captured, ChannelTold, LabelBought
from core.steps import STEPS
from core.store.orders import facts_of
from core.store.processes import GONE_AFTER
from core.store.tables import jobs, orders
from simulation.memory import store_in_memory
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home, open_hub_of, review
from tests.core.flow.play import carry, pass_time, settle, work
from tests.core.store.conftest import books_balance

pytestmark = pytest.mark.case("F7")

T = TypeVar("T")

KIT = Cart(
    number="KK-2", lines=(("SKILLET-12", 1, 8597),), ship_to=home(), email="kit@example.test", pay="later"
)
ORDER = "shop:kk-2"


class KilledError(BaseException):
    """The process is gone: nothing in it hears of that."""


def dies_at(place_: str) -> Callable[[str], None]:
    left = {place_}

    def die(name: str) -> None:
        if name in left:
            left.clear()
            raise KilledError

    return die


def second_worker(b: Bench) -> Bench:
    """The same world and database, in another process."""
    hub = Hub(store=b.store, clock=b.clock, owner="w2", merchants=b.hub.merchants)
    return Bench(hub, b.world, b.clock, Worker(steps=STEPS, hub=hub, jobs=JOBS, chance=random.Random(8)))


async def bench() -> Bench:
    b = review(await store_in_memory())
    await begin_session(b.hub)
    await open_hub_of(b)
    return b


async def day(listener: Callable[[str], None]) -> tuple[Bench, int]:
    """Sell and ship one order while the first worker may die; give how much of its work is due and not begun 10 s later."""
    b, stuck = await bench(), 0
    end = b.clock.now() + timedelta(hours=1)
    place(b.world, "shop", KIT)
    await carry(b)
    with listening(listener):
        while b.clock.now() < end:
            await tick_session(b.hub)
            try:
                busy = await work(b)
            except KilledError:
                b = second_worker(b)
                b.clock.move_to(b.clock.now() + timedelta(seconds=10))
                await begin_session(b.hub)
                await settle(b)
                stuck = await b.store.read(_held_by_the_dead, b)
                continue
            if not busy:
                b.clock.move_to(b.clock.now() + timedelta(minutes=3))
                b.world.catch_up()
                await carry(b)
    return b, stuck


def _held_by_the_dead(conn: sa.Connection, b: Bench) -> int:
    held = [
        sa.select(sa.func.count()).where(table.c.claimed_by == "w1", table.c.due_at <= b.clock.now())
        for table in (orders, jobs)
    ]
    return sum(conn.execute(query).scalar_one() for query in held)


@pytest.mark.req("R42", "R66")
async def test_wherever_a_worker_dies_another_goes_on_after_ten_seconds_and_every_effect_comes_once() -> None:
    passed = dict[str, None]()
    quiet, _ = await day(lambda name: passed.update({name: None}))
    await quiet.store.close()
    places = [name for name in passed if not name.startswith("session.")]
    assert len(places) > 30

    for name in places:
        b, stuck = await day(dies_at(name))
        state = await b.store.load(MERCHANT, ORDER)
        assert state is not None, name
        assert (state.stage, state.parked, stuck) == (Stage.SHIPPED, None, 0), name
        told = [type(f) for f in await b.store.read(facts_of, MERCHANT, ORDER)]
        assert [told.count(kind) for kind in (LabelBought, Captured, ChannelTold)] == [1, 1, 1], name
        assert set(b.world.effects.values()) == {1}, name
        await books_balance(b.store)
        await b.store.close()


async def test_what_a_dead_worker_asked_is_looked_up_at_its_own_instant_however_early_its_order_is_free() -> (
    None
):
    b = await bench()
    place(b.world, "shop", KIT)
    with listening(dies_at("effects.call.after")), pytest.raises(KilledError):
        await pass_time(b, timedelta(hours=1))
    other, died = second_worker(b), b.clock.now()
    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    [intent] = state.open
    assert intent.look_up_at == died + timedelta(seconds=15)

    b.clock.move_to(died + GONE_AFTER + timedelta(seconds=1))
    await settle(other)
    waiting = await b.store.load(MERCHANT, ORDER)
    b.clock.move_to(intent.look_up_at)
    await settle(other)
    after = await b.store.load(MERCHANT, ORDER)

    assert waiting is not None
    assert after is not None
    assert [i.key for i in waiting.open] == [intent.key]
    assert after.settled[intent.key] in (Outcome.DONE, Outcome.UNKNOWN)


async def test_a_worker_that_is_told_to_end_leaves_its_orders_free_at_once() -> None:
    b = await bench()
    place(b.world, "shop", KIT)
    with listening(dies_at("advance.claimed")), pytest.raises(KilledError):
        await settle(b)
    await end_session(b.hub)

    await settle(second_worker(b))

    assert await b.store.read(_held_by_the_dead, b) == 0


async def test_an_order_that_could_not_be_given_back_is_given_back_by_the_next_tick() -> None:
    b = await bench()
    place(b.world, "shop", KIT)
    await carry(b)
    with listening(dies_at("advance.claimed")), pytest.raises(KilledError):
        await settle(b)
    assert b.worker.left == {(MERCHANT, ORDER)}
    assert await b.store.read(_held_by_the_dead, b) == 1

    await b.worker.tick_orders()

    assert b.worker.left == set()
    assert await b.store.read(_held_by_the_dead, b) == 0


@pytest.mark.req("R42")
async def test_a_worker_that_stands_still_past_its_claim_makes_no_call_and_decides_nothing_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped between its intent and its call: the other looks it up, finds nothing, and buys the label."""
    b = await bench()
    other, stood_still, loop = second_worker(b), [0.0], asyncio.get_running_loop()
    machine = loop.time
    monkeypatch.setattr(loop, "time", lambda: machine() + stood_still[0])

    async def stopped(hub: Hub, merchant: str, call: Call, answer: Awaitable[T]) -> T:
        if call.operation == "buy" and hub is b.hub and not stood_still[0]:
            stood_still[0] = 120.0
            b.clock.move_to(b.clock.now() + timedelta(seconds=120))
            await begin_session(other.hub)
            await settle(other)
            b.clock.move_to(b.clock.now() + timedelta(minutes=20))
            await begin_session(other.hub)
            await settle(other)
        return await asked(hub, merchant, call, answer)

    monkeypatch.setattr(effects, "asked", stopped)
    place(b.world, "shop", KIT)
    await pass_time(b, timedelta(hours=1))

    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    assert stood_still == [120.0]
    assert (state.stage, state.parked) == (Stage.SHIPPED, None)
    assert b.world.calls["post", "buy"] == 1
    assert set(b.world.effects.values()) == {1}
    bought = {k.rpartition("/")[2]: o for k, o in state.settled.items() if "/label:" in k}
    assert bought == {"1": Outcome.UNDONE, "2": Outcome.DONE}
    await books_balance(b.store)
