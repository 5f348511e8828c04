"""Our own database or machine fails for a moment: no order and no job is to blame, and all go on by themselves."""

import asyncio
import errno
import gzip
import io
import os
import socket
import sqlite3
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.domain.state import Stage
from core.engine.retry import INFRASTRUCTURE_WAIT_S, Park, Retry, after_failure, failure_of
from core.errors import AuthError, MappingError, RejectedError, UnavailableError
from core.failpoints import listening
from core.model.facts import Captured, ChannelTold, LabelBought, Settled
from core.model.failures import Failure
from core.store.claims import due_orders
from core.store.failures import CommitLostError
from core.store.jobs import list_jobs
from core.store.orders import facts_of, standings
from core.store.tables import orders
from simulation.memory import store_in_memory
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home, open_hub_of, review
from tests.core.flow.play import at, carry, pass_time, settle, work
from tests.core.store.conftest import books_balance
from tests.outages import CUT, FULL, KINDS, LOST, away
from tests.stored import effects_of, jobs_of_kind

pytestmark = [pytest.mark.req("R66"), pytest.mark.case("F1")]

KIT = Cart(
    number="KK-2", lines=(("SKILLET-12", 1, 8597),), ship_to=home(), email="kit@example.test", pay="later"
)
OURS = [
    CUT,
    CommitLostError(),
    sa.exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("database is locked")),
    sa.exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full")),
    sa.exc.OperationalError("UPDATE", {}, sqlite3.OperationalError("attempt to write a readonly database")),
    sa.exc.InterfaceError("SELECT", {}, Exception("connection is closed")),
    sa.exc.InternalError("SELECT", {}, Exception("current transaction is aborted")),
    sa.exc.TimeoutError("QueuePool limit reached"),
    OSError(28, "No space left on device"),
    OSError(24, "Too many open files"),
    ConnectionResetError(104, "Connection reset by peer"),
    OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 111] Connect call failed"),
    socket.gaierror(-3, "Temporary failure in name resolution"),
    ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
    MemoryError(),
    RuntimeError("can't start new thread"),
    *(
        OSError(number, os.strerror(number))
        for number in (errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.ENFILE, errno.EAGAIN)
    ),
]
CODE = [
    KeyError("lines"),
    ZeroDivisionError(),
    FileNotFoundError(2, "No such file or directory", "template.txt"),
    IsADirectoryError(21, "Is a directory"),
    OSError(errno.EINVAL, "Invalid argument"),
    OSError(errno.ENAMETOOLONG, "File name too long"),
    OSError("Expecting value: line 1 column 1 (char 0)"),
    gzip.BadGzipFile("Not a gzipped file"),
    io.UnsupportedOperation("not writable"),
    RuntimeError("dictionary changed size during iteration"),
    RecursionError(),
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


# --- at whom it failed ---


def test_each_failure_lies_at_one_of_four() -> None:
    def say(*errors: Exception) -> set[Failure]:
        return {failure_of(error) for error in errors}

    assert say(*OURS) == {Failure.INFRASTRUCTURE}
    assert say(*CODE) == {Failure.CODE}
    assert say(UnavailableError("down", connection="post"), AuthError("no", connection="post")) == {
        Failure.VENDOR
    }
    assert say(RejectedError("no", connection="post"), MappingError("total", "missing")) == {Failure.OBJECT}


# --- what a machine is short of ---


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")], ids=str)
async def test_an_order_that_meets_a_machine_without_memory_or_threads_ships_once_it_has_them(
    b: Bench, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    left = [error]

    def short(operation: str) -> None:
        if operation == "quote" and left:
            raise left.pop()

    b.world.faults = short
    place(b.world, "shop", KIT)
    with caplog.at_level("ERROR"):
        await pass_time(b, timedelta(hours=2))

    state = await b.store.load(MERCHANT, "shop:kk-2")
    assert state is not None
    assert (left, state.stage, state.parked) == ([], Stage.SHIPPED, None)
    assert caplog.records == []


# --- what lasts longer ---


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried again at once."""
    monkeypatch.setattr("core.store.failures.AGAIN_AFTER_S", 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_order_whose_run_ends_in_an_outage_is_free_at_once_and_waits_for_nobody_s_claim(
    b: Bench, at_once: None, kind: str
) -> None:
    place(b.world, "shop", KIT)
    await settle(b)
    b.clock.move_to(b.clock.now() + timedelta(hours=1))
    for claimed in (True, False):

        def cut_off(name: str, claimed: bool = claimed) -> None:
            if name == ("advance.claimed" if claimed else "advance.claim.before"):
                raise KINDS[kind]

        with listening(cut_off):
            await b.worker.run_order(MERCHANT, "shop:kk-2")
        assert await b.store.read(claims) == [(None, None)]
    assert await b.store.read(due_orders, b.clock.now(), limit=9, per_merchant=9) != []


def claims(conn: sa.Connection) -> list[tuple[str | None, object]]:
    found = conn.execute(sa.select(orders.c.claimed_by, orders.c.claimed_until))
    return [(row.claimed_by, row.claimed_until) for row in found]


async def test_the_order_says_that_it_waits_for_our_own_infrastructure(
    b: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    place(b.world, "shop", KIT)
    await settle(b)
    b.clock.move_to(b.clock.now() + timedelta(hours=1))

    def full(name: str) -> None:
        if name == "effects.call.before":
            raise FULL

    with listening(full):
        await b.worker.run_order(MERCHANT, "shop:kk-2")

    standing = (await b.store.read(standings, MERCHANT, ["shop:kk-2"]))["shop:kk-2"]
    assert standing.error == "our own infrastructure failed (OperationalError)"
    assert [r.levelname for r in caplog.records if "fault of ours" in r.message] == []
    assert standing.attempts == 0
    await settle(b)
    await pass_time(b, timedelta(hours=1))
    standing = (await b.store.read(standings, MERCHANT, ["shop:kk-2"]))["shop:kk-2"]
    assert (standing.error, standing.state.stage) == (None, Stage.SHIPPED)


async def test_a_job_whose_end_cannot_be_stored_is_free_at_once_and_done_again(
    b: Bench, at_once: None
) -> None:
    place(b.world, "shop", KIT)
    await carry(b)

    with listening(_raising("work.job.finish", LOST, times=9)):
        await work(b)
    [job] = await b.store.read(jobs_of_kind, MERCHANT, "fetch")
    assert (job.claimed_by, job.parked_at, job.attempts) == (None, None, 0)

    await settle(b)
    assert await b.store.read(jobs_of_kind, MERCHANT, "fetch") == []


async def test_jobs_whose_claim_was_not_answered_are_freed_by_the_next_tick(b: Bench) -> None:
    place(b.world, "shop", KIT)
    await carry(b)
    plain = b.store.db.write

    async def lost(work: Any, *args: Any, **kwargs: Any) -> Any:
        await plain(work, *args, **kwargs)
        raise LOST

    b.store.db.write = lost  # type: ignore[method-assign]
    with pytest.raises(CommitLostError):
        await b.worker.tick_jobs()
    b.store.db.write = plain  # type: ignore[method-assign]
    [job] = await b.store.read(jobs_of_kind, MERCHANT, "fetch")
    assert job.claimed_by == b.hub.owner

    assert await b.worker.tick_jobs() >= 1
    await asyncio.gather(*b.worker.jobs_running.values())
    assert await b.store.read(jobs_of_kind, MERCHANT, "fetch") == []


@pytest.mark.req("R42")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_mail_that_was_sent_in_an_outage_is_known_as_sent_once_that_is_over(
    b: Bench, at_once: None, kind: str
) -> None:
    in_vain: list[str] = []

    def cut_off(name: str) -> None:
        """From the mail server's answer on, five times, nothing can be stored."""
        if (name == "effects.call.after" and b.world.mails) or in_vain:
            in_vain.append(name)
            if name in ("run.commit.before", "run.outcomes.again") and len(in_vain) <= 6:
                raise KINDS[kind]

    place(b.world, "shop", KIT)
    with listening(cut_off):
        await pass_time(b, timedelta(hours=2))

    assert len(in_vain) > 6
    states = [e.state for e in await b.store.read(effects_of, MERCHANT) if e.operation == "send"]
    assert states == ["done"] * len(b.world.mails)
    told = [f for f in await b.store.read(facts_of, MERCHANT, "shop:kk-2") if isinstance(f, Settled)]
    assert len({f.key for f in told}) == len(told)


@pytest.mark.parametrize("kind", KINDS)
async def test_while_the_database_is_away_nothing_is_begun_and_afterwards_all_goes_on(
    b: Bench, at_once: None, kind: str
) -> None:
    place(b.world, "shop", KIT)
    await carry(b)
    with away(b.store.db, KINDS[kind]) as asked, pytest.raises(type(KINDS[kind])):
        await b.worker.tick_jobs()
    assert asked == ["read"]

    await pass_time(b, timedelta(hours=2))
    state = await b.store.load(MERCHANT, "shop:kk-2")
    assert state is not None
    assert (state.stage, state.parked) == (Stage.SHIPPED, None)


def _raising(place_: str, error: Exception, *, times: int) -> Callable[[str], None]:
    left = [error] * times

    def fail(name: str) -> None:
        if name == place_ and left:
            raise left.pop()

    return fail
