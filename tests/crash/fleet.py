"""The day of ``scenario`` with two workers, each a process: one is killed, or stopped for ten minutes, at a failpoint.

The vendors, the people and the clock are here; which worker comes to the place first, the processes decide. Whoever is
struck there meanwhile holds what it holds: claims, locks, calls that are under way.
"""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

from connectors.bogus.notifications import BogusNotifications
from core.clock import SteppedClock
from core.store.pauses import looks_of_all
from core.store.store import Store
from simulation.due import due_now
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import carry
from tests.crash.remote import Asked, Line, answer
from tests.crash.scenario import START, bench_of, keys_of, whole_day
from tests.crash.working import END, GO, GO_ON, QUEUE, Given, Rested, work
from tests.crash.world import again

KILL, STOP = signal.SIGKILL, signal.SIGSTOP
STOPPED_FOR = timedelta(minutes=10)
"""Longer than any claim: that of an order lasts 90 seconds, that of a job 180."""
_RESTS_WITHIN_S = 120.0
_MOST_ROUNDS = 200
_PATIENCE_S = 3.0
_MOMENT = timedelta(seconds=15)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Came(NamedTuple):
    """What came of a day: how the books differ at its end, whom the strike hit, and what the workers passed."""

    wrong: Sequence[str]
    struck: str
    passed: frozenset[str]


@dataclass(slots=True)
class SharedClock(SteppedClock):
    """A clock that is moved by hand and shown to other processes on a page."""

    page: Path

    def __post_init__(self) -> None:
        self._show()

    def move_to(self, instant: datetime) -> None:
        SteppedClock.move_to(self, instant)
        self._show()

    def _show(self) -> None:
        micros = (self.instant - _EPOCH) // timedelta(microseconds=1)
        with self.page.open("r+b" if self.page.exists() else "wb") as file:
            file.write(micros.to_bytes(8, "little"))


@dataclass(slots=True)
class Member:
    """A worker."""

    owner: str
    process: BaseProcess
    line: Line = field(init=False)
    at: Line = field(init=False)
    rested: asyncio.Event = field(default_factory=asyncio.Event)
    passed: frozenset[str] = frozenset()
    dead: bool = False
    stopped: bool = False


@dataclass(slots=True)
class Fleet:
    """The workers of a day, and what is done to the first that comes to a place."""

    b: Bench
    strike: signal.Signals
    members: list[Member] = field(default_factory=list)
    struck: Member | None = None
    struck_at: datetime | None = None
    begun: int = 0
    """How much the workers began since they were told to."""
    _calls: "set[asyncio.Task[None]]" = field(default_factory=set)

    @asynccontextmanager
    async def started(self, forks: ForkServerContext, given: Sequence[Given]) -> AsyncIterator[None]:
        """Start the workers; nothing of them is left afterwards."""
        try:
            for each in given:
                self._start(forks, each)
            yield
        finally:
            for member in self.members:
                if member.process.exitcode is None:
                    member.process.kill()
                await asyncio.to_thread(member.process.join)
                member.line.close()
                member.at.close()

    def _start(self, forks: ForkServerContext, given: Given) -> None:
        (here, there), (at_here, at_there) = forks.Pipe(), forks.Pipe()
        process = forks.Process(target=work, args=(given, there, at_there))
        process.start()
        there.close()
        at_there.close()
        member = Member(given.owner, process)
        member.line = Line(here, lambda told: self._hear(member, told), lambda: self._gone(member))
        member.at = Line(at_here, lambda _: self._at_place(member), lambda: None)
        self.members.append(member)

    def _hear(self, member: Member, told: object) -> None:
        if isinstance(told, Asked):
            call = asyncio.create_task(self._answer(member, told))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        elif isinstance(told, Rested):
            member.passed |= told.passed
            self.begun += told.begun
            member.rested.set()

    async def _answer(self, member: Member, asked: Asked) -> None:
        ports = self.b.hub.merchants[MERCHANT].ports
        queue = replace(ports["amz"], notifications=BogusNotifications("amz", self.b.world))
        member.line.send(await answer({**ports, "amz": queue}, asked))

    def _gone(self, member: Member) -> None:
        member.dead = True
        member.at.close()
        member.rested.set()

    def _at_place(self, member: Member) -> None:
        """Strike the first that comes here; everybody else goes on, and is not asked again."""
        if self.struck is not None:
            member.at.send(GO_ON)
            return
        self.struck, self.struck_at = member, self.b.clock.now()
        os.kill(member.process.pid or 0, self.strike)
        member.dead, member.stopped = self.strike is KILL, self.strike is STOP
        member.rested.set()

    async def tell(self, what: str, members: Sequence[Member]) -> None:
        """Tell workers what to do, and wait until each has done it, is dead, or stands still."""
        for member in members:
            member.rested.clear()
            member.line.send(what)
        await self._wait(members)

    async def _wait(self, members: Sequence[Member]) -> None:
        end = time.monotonic() + _RESTS_WITHIN_S
        while busy := [m.owner for m in members if not m.rested.is_set()]:
            assert time.monotonic() < end, f"{', '.join(busy)} did not come to rest at {self.b.clock.now()}"
            waiting = [asyncio.create_task(m.rested.wait()) for m in members]
            _, left = await asyncio.wait(waiting, timeout=_PATIENCE_S)
            for task in left:
                task.cancel()
            if left and any(m.stopped for m in self.members):
                # Time goes on for who waits for what the stopped one has locked: it is taken for dead at last.
                self.b.clock.move_to(self.b.clock.now() + _MOMENT)

    async def settle(self, _b: Bench) -> None:
        """Carry and work until nothing is due at this instant that anybody alive could do."""
        for _ in range(_MOST_ROUNDS):
            await self._go_on_again()
            await carry(self.b)
            if not await self.b.store.read(due_now, self.b.clock.now()):
                return
            self.begun = 0
            await self.tell(GO, [m for m in self.members if not (m.dead or m.stopped)])
            if not self.begun:
                await self._wait_for_a_turn()
        due = await self.b.store.read(due_now, self.b.clock.now())
        raise AssertionError(f"the workers leave {due} undone at {self.b.clock.now()}")

    async def _wait_for_a_turn(self) -> None:
        """Let time pass for what is due and waits for its turn to see whether a pause is over."""
        now = self.b.clock.now()
        looks = await self.b.store.read(looks_of_all, now)
        self.b.clock.move_to(min([now + _MOMENT, *(at for at in looks.values() if at > now)]))

    async def _go_on_again(self) -> None:
        """Have the stopped one go on, once its claims are over and others had the time to take its work."""
        member, since = self.struck, self.struck_at
        if member is None or since is None or not member.stopped or self.b.clock.now() < since + STOPPED_FOR:
            return
        member.stopped = False
        member.rested.clear()
        os.kill(member.process.pid or 0, signal.SIGCONT)
        member.at.send(GO_ON)
        await self._wait([member])


async def day(
    forks: ForkServerContext, url: str, keys: str, folder: Path, *, place: str, strike: signal.Signals
) -> Came:
    """Live the day; the hub and the books were prepared in ``folder``. No worker is struck where no place is named."""
    clock = SharedClock(START, folder / "clock")
    store = await Store.open(url, keys=keys_of(keys))
    fleet = Fleet(bench_of(store, again(folder / "books", clock), clock, "people"), strike)
    given = [Given(owner, url, keys, clock.page, place) for owner in ("w1", "w2")]
    try:
        async with fleet.started(forks, given):
            await fleet.tell(QUEUE, fleet.members)
            wrong = await whole_day(fleet.b, START, fleet.settle)
            for member in fleet.members:
                member.line.send(END)
    finally:
        await store.close()
    passed = frozenset[str]().union(*(member.passed for member in fleet.members))
    return Came(wrong, fleet.struck.owner if fleet.struck else "", passed)


def forks_of_workers() -> ForkServerContext:
    """Children that start at once: what they import is imported before."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.working", "tests.crash.test_every_failpoint"])
    return context
