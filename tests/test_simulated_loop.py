"""The event loop of the simulation: asyncio's order within a process, the seed's between them, and deaths that unwind nothing."""

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import SteppedClock
from simulation.loop import Process, SeededLoop

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def loop(clock: SteppedClock) -> Iterator[SeededLoop]:
    loop = SeededLoop.on(clock, random.Random(1))
    yield loop
    loop.close()


def wait(loop: SeededLoop, clock: SteppedClock) -> None:
    """Take all steps, then those at the next timer."""
    loop.run_ready()
    at = loop.next_timer_s()
    assert at is not None
    clock.move_to(datetime.fromtimestamp(at, UTC))
    loop.take_timers()
    loop.run_ready()


def said_by(seed: int) -> list[str]:
    said: list[str] = []

    async def say(name: str) -> None:
        for number in (1, 2, 3):
            said.append(f"{name}{number}")
            await asyncio.sleep(0)

    loop = SeededLoop.on(SteppedClock(NOON), random.Random(seed))
    for name in ("a", "b"):
        loop.start(loop.new_process(name), say(name))
    loop.run_ready()
    loop.close()
    return said


def test_processes_take_turns_as_the_seed_says_and_each_keeps_its_own_order() -> None:
    orders = {seed: said_by(seed) for seed in range(20)}
    assert orders == {seed: said_by(seed) for seed in range(20)}
    assert len({tuple(said) for said in orders.values()}) > 5
    for said in orders.values():
        assert [word for word in said if word[0] == "a"] == ["a1", "a2", "a3"]


def test_what_is_ready_in_one_process_runs_first_come_first_served(loop: SeededLoop) -> None:
    said: list[int] = []

    async def call_soon() -> None:
        for number in range(5):
            loop.call_soon(said.append, number)

    loop.start(loop.new_process("a"), call_soon())
    loop.run_ready()
    assert said == [0, 1, 2, 3, 4]


def test_answers_from_outside_come_in_an_order_that_the_seed_chooses() -> None:
    def answered(seed: int) -> tuple[int, ...]:
        found: list[int] = []

        async def ask(number: int) -> None:
            found.append(await asyncio.to_thread(lambda: number))

        async def ask_all() -> None:
            await asyncio.gather(*(ask(number) for number in range(3)))

        loop = SeededLoop.on(SteppedClock(NOON), random.Random(seed))
        loop.start(loop.new_process("a"), ask_all())
        loop.run_ready()
        loop.close()
        return tuple(found)

    assert len({answered(seed) for seed in range(60)}) == 6
    assert answered(4) == answered(4)


def test_a_process_that_dies_unwinds_nothing_and_what_it_asked_for_is_done(loop: SeededLoop) -> None:
    process, said = loop.new_process("a"), list[str]()

    async def ask() -> None:
        try:
            said.append("asks")
            await loop.outside(lambda: said.append("done"))
            said.append("hears")
        finally:
            said.append("unwinds")

    def dies(of: Process) -> None:
        of.dead = "asks" in said

    loop.start(process, ask())
    loop.before_step = dies
    loop.run_ready()
    assert said == ["asks", "done"]
    assert process.dead


def test_a_process_that_stands_still_goes_on_where_it_stood(loop: SeededLoop, clock: SteppedClock) -> None:
    process, said = loop.new_process("a"), list[str]()

    async def limited() -> None:
        try:
            async with asyncio.timeout(10):
                await asyncio.sleep(60)
        except TimeoutError:
            said.append(f"late at {clock.now():%H:%M:%S}")

    loop.start(process, limited())
    loop.run_ready()
    process.stopped = True
    wait(loop, clock)
    assert (clock.now(), said) == (NOON + timedelta(seconds=10), [])
    clock.move_to(NOON + timedelta(seconds=30))
    process.go_on()
    loop.run_ready()
    assert said == ["late at 12:00:30"]


def test_timers_of_the_dead_move_no_clock(loop: SeededLoop) -> None:
    process = loop.new_process("a")
    loop.start(process, asyncio.sleep(60))
    loop.run_ready()
    assert loop.next_timer_s() == (NOON + timedelta(seconds=60)).timestamp()
    process.dead = True
    assert loop.next_timer_s() is None


def test_what_nobody_hears_is_kept(loop: SeededLoop) -> None:
    def fails() -> None:
        raise LookupError("gone")

    loop.call_soon(fails)
    loop.run_ready()
    assert [repr(error) for error in loop.faults] == ["LookupError('gone')"]
