"""The hub's clock is the database's, however the clocks of the machines go."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assembly import connectors
from core.clock import HOLD_S, DatabaseClock
from core.engine.session import BEAT_S
from core.steps import STEPS
from core.store.engine import database
from tests.databases import KINDS, database_with_tables

pytestmark = pytest.mark.case("F16")

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
HOUR = 3600.0


class Machine:
    """The seconds of a machine that was started some time ago."""

    def __init__(self, second: float = 1000.0) -> None:
        self.second = second

    def __call__(self) -> float:
        return self.second


def clock_on(machine: Machine) -> DatabaseClock:
    """A clock that was told at noon, with an answer that took no time."""
    clock = DatabaseClock(machine)
    clock.learn(NOON, machine.second, machine.second, shared=True)
    return clock


def told(clock: DatabaseClock, machine: Machine, off: float, *, shared: bool) -> float:
    """Say that the database's time is off by so many seconds from what the clock shows."""
    instant = clock.now() + timedelta(seconds=off)
    return clock.learn(instant, machine.second, machine.second, shared=shared)


def test_two_machines_show_the_same_instant_whatever_their_own_clocks_say() -> None:
    one, other = Machine(1000.0), Machine(1150.0)
    clocks = clock_on(one), clock_on(other)
    one.second += 7
    other.second += 7

    assert [clock.now() for clock in clocks] == [NOON + timedelta(seconds=7)] * 2


def test_a_clock_that_never_heard_of_the_database_shows_nothing() -> None:
    with pytest.raises(RuntimeError, match="the database was not asked"):
        DatabaseClock(Machine()).now()


def test_what_may_be_the_way_of_the_answer_is_no_difference() -> None:
    machine = Machine()
    clock = clock_on(machine)

    machine.second = 1004.0

    assert clock.learn(NOON + timedelta(seconds=2.5), 1000.0, 1004.0, shared=True) == 0.0
    assert clock.now() == NOON + timedelta(seconds=4)
    assert clock.learn(NOON + timedelta(seconds=4.5), 1000.0, 1004.0, shared=True) == 2.5
    assert clock.now() == NOON + timedelta(seconds=6.5)


@pytest.mark.parametrize("shared", [True, False])
def test_set_forward_by_an_hour_it_follows_at_once_and_nothing_is_looked_up_for_two_minutes(
    shared: bool,
) -> None:
    machine = Machine()
    clock = clock_on(machine)
    assert clock.held_s() == 0.0

    assert told(clock, machine, HOUR, shared=shared) == HOUR

    assert clock.now() == NOON + timedelta(hours=1)
    assert clock.held_s() == 120.0
    machine.second += 119
    assert clock.held_s() == 1.0
    machine.second += 2
    assert clock.held_s() == 0.0


def test_set_back_by_an_hour_it_follows_where_others_share_it() -> None:
    machine = Machine()
    clock = clock_on(machine)

    assert told(clock, machine, -HOUR, shared=True) == -HOUR

    assert clock.now() == NOON - timedelta(hours=1)
    assert clock.held_s() == 0.0


def test_set_back_by_an_hour_in_a_process_of_its_own_it_goes_on_at_half_its_pace_until_it_is_true() -> None:
    machine = Machine()
    clock = clock_on(machine)
    told(clock, machine, -HOUR, shared=False)
    shown = [clock.now()]
    for _ in range(3):
        machine.second += HOUR
        shown.append(clock.now())

    assert shown == [NOON + timedelta(hours=h) for h in (0, 0.5, 1, 2)]


def test_the_two_minutes_are_longer_than_any_look_up_waits_by_itself() -> None:
    looked_up = {name for step in STEPS.values() for name in step.find}
    longest = max(
        operation.call_limit_s + operation.settle_s
        for connector in connectors().values()
        for name, operation in connector.operations.items()
        if name in looked_up
    )

    assert longest + BEAT_S < HOLD_S


@pytest.mark.parametrize("kind", KINDS)
async def test_a_database_says_what_time_it_is(kind: str, tmp_path: Path) -> None:
    async with database_with_tables(kind, tmp_path) as url:
        db = database(url)
        before = datetime.now(UTC)
        said = await db.now()
        await db.close()

    # The tests' database runs on this machine.
    assert before <= said <= datetime.now(UTC)
