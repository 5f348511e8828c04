"""Our own database or machine fails for a moment: no order and no job is to blame, and all go on by themselves."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.domain.state import Stage
from core.engine.retry import INFRASTRUCTURE_WAIT_S, Park, Retry, after_failure
from core.failpoints import listening
from core.model.facts import Captured, ChannelTold, LabelBought
from core.store.jobs import list_jobs
from core.store.orders import facts_of
from simulation.memory import store_in_memory
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home, open_hub_of, review
from tests.core.flow.play import at, carry, work
from tests.core.store.conftest import books_balance

pytestmark = [pytest.mark.req("R66"), pytest.mark.case("F1")]

KIT = Cart(
    number="KK-2", lines=(("SKILLET-12", 1, 8597),), ship_to=home(), email="kit@example.test", pay="later"
)
CUT = sa.exc.DBAPIError("SELECT 1", {}, Exception("terminating connection"), connection_invalidated=True)
OURS = [
    CUT,
    sa.exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("database is locked")),
    sa.exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full")),
    sa.exc.OperationalError("UPDATE", {}, sqlite3.OperationalError("attempt to write a readonly database")),
    sa.exc.InterfaceError("SELECT", {}, Exception("connection is closed")),
    sa.exc.InternalError("SELECT", {}, Exception("current transaction is aborted")),
    sa.exc.TimeoutError("QueuePool limit reached"),
    OSError(28, "No space left on device"),
    OSError(24, "Too many open files"),
    ConnectionResetError(104, "Connection reset by peer"),
]
CODE = [
    KeyError("lines"),
    ZeroDivisionError(),
    FileNotFoundError(2, "No such file or directory", "template.txt"),
    IsADirectoryError(21, "Is a directory"),
    sa.exc.IntegrityError("INSERT", {}, Exception("FOREIGN KEY constraint failed")),
    sa.exc.DataError("INSERT", {}, Exception("invalid byte sequence")),
    sa.exc.ProgrammingError("SELECT", {}, Exception("relation does not exist")),
    sa.exc.OperationalError("SELECT", {}, sqlite3.OperationalError("no such table: orders")),
]


@pytest.mark.parametrize("error", OURS, ids=str)
@pytest.mark.parametrize("attempts", [1, 14, 500])
def test_a_failure_of_our_own_infrastructure_is_waited_out_and_counts_as_no_attempt(
    error: Exception, attempts: int
) -> None:
    assert after_failure(error, attempts) == Retry(INFRASTRUCTURE_WAIT_S, counts=False)


@pytest.mark.parametrize("error", CODE, ids=str)
def test_a_fault_of_our_code_is_put_aside_for_a_person(error: Exception) -> None:
    assert after_failure(error, 1) == Park()


def failing_once_at(left: set[str]) -> Callable[[str], None]:
    def fail(name: str) -> None:
        if name in left:
            left.remove(name)
            raise CUT

    return fail


async def day(listener: Callable[[str], None]) -> Bench:
    """Sell and ship one order; whoever is cut off in the middle lets go, as its task does."""
    b = review(await store_in_memory())
    await open_hub_of(b)
    place(b.world, "shop", KIT)
    await carry(b)
    with listening(listener):
        while b.clock.now() < at("2026-11-30T17:00:00Z"):
            try:
                busy = await work(b)
            except sa.exc.DBAPIError:
                busy = 0
            if not busy:
                b.clock.move_to(b.clock.now() + timedelta(minutes=3))
                b.world.catch_up()
                await carry(b)
    return b


async def test_wherever_the_database_is_cut_once_the_order_ships_once_and_nothing_is_parked() -> None:
    passed = dict[str, None]()
    quiet = await day(lambda name: passed.update({name: None}))
    await quiet.store.close()
    assert len(passed) > 30

    for part in range(6):
        places = list(passed)[part::6]
        left = set(places)
        b = await day(failing_once_at(left))
        assert left == set(), places
        state = await b.store.load(MERCHANT, "shop:kk-2")
        assert state is not None, places
        assert (state.stage, state.parked, state.holds) == (Stage.SHIPPED, None, {}), places
        parked = [job.kind for job in await b.store.read(list_jobs, MERCHANT) if job.parked_at is not None]
        assert parked == [], places
        told = [type(f) for f in await b.store.read(facts_of, MERCHANT, "shop:kk-2")]
        assert [told.count(kind) for kind in (LabelBought, Captured, ChannelTold)] == [1, 1, 1], places
        await books_balance(b.store)
        await b.store.close()
