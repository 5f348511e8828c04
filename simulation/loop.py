"""An event loop whose next step the seed chooses: several processes side by side, on a clock that jumps.

What is ready within one process runs first come, first served, as in asyncio. Which process goes next, and which
answer from outside (a database, a vendor) comes next, the seed chooses. Nothing here waits and nothing runs in a
thread: the same seed gives the same steps.

A process can be stopped, and goes on later where it stood; one that is dead takes no step any more, as after a kill:
nothing in it is unwound. What it had asked for before is done all the same.
"""

import asyncio
import contextvars
import heapq
import random
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Generic, Self, TypeVar, TypeVarTuple, cast

from core.clock import SteppedClock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_NEARLY_S = 1e-6
"""A timer whose instant the clock shows, as far as it can."""
_LAST_STEPS = 100_000
_TASKS = 1_000


@dataclass(slots=True)
class _Ready:
    handle: asyncio.Handle
    run: Callable[[], object]
    context: contextvars.Context


@dataclass(slots=True, eq=False)
class Process:
    """A process as the loop sees it: what it does next, and whether it does anything."""

    name: str
    stopped: bool = False
    dead: bool = False
    ready: deque[_Ready] = field(default_factory=deque)

    def go_on(self) -> None:
        """Take steps again."""
        self.stopped = False

    @property
    def runs(self) -> bool:
        """Whether it takes steps."""
        return not (self.stopped or self.dead)


PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)
"""Whose step this is; None: the world's."""


@dataclass(slots=True)
class Answer(Generic[T]):
    """What came of something: a value, or an error."""

    value: T | None = None
    error: Exception | None = None

    def give(self, future: "asyncio.Future[T]") -> None:
        """Give it to whoever waits for it still."""
        if future.done():
            return
        if self.error is not None:
            future.set_exception(self.error)
        else:
            future.set_result(cast("T", self.value))


def answer_of(act: Callable[[], T]) -> Answer[T]:
    """Do something, and return what came of it."""
    try:
        return Answer(value=act())
    except Exception as error:  # noqa: BLE001 - it is the answer
        return Answer(error=error)


class SeededLoop(asyncio.AbstractEventLoop):
    """An event loop on a clock that is moved by hand."""

    def __init__(self, clock: SteppedClock, chance: random.Random) -> None:
        self.clock = clock
        self.steps = 0
        self.before_step: Callable[[Process], None] = lambda _: None
        """Told of a process that is about to take a step: it may be stopped or dead afterwards."""
        self.faults: list[BaseException] = []
        """What was raised where nobody hears it."""
        self._chance = chance
        self._world = Process("world")
        self._processes = [self._world]
        self._outside: list[Callable[[], None]] = []
        self._timers: list[tuple[float, int, _Ready]] = []
        self._numbers = count()
        self._tasks: list[asyncio.Task[Any]] = []
        """Every one that is not done, so that those of a dead process are not unwound by the garbage collector."""
        self._most_tasks = _TASKS
        self._running = False
        self._closed = False

    @classmethod
    def on(cls, clock: SteppedClock, chance: random.Random) -> Self:
        """Return a loop: of what asyncio has it knows what a process without sockets, threads and signals needs."""
        return cls(clock, chance)

    def new_process(self, name: str) -> Process:
        """Return a process that takes its turn from now on."""
        process = Process(name)
        self._processes.append(process)
        return process

    def start(self, process: Process, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin with something in a process."""
        context = contextvars.copy_context()
        context.run(PROCESS.set, process)
        return self.create_task(work, context=context)

    def outside(self, act: Callable[[], T]) -> "asyncio.Future[T]":
        """Have something done outside, some steps later, whatever becomes of who asks; its answer takes as long."""
        future: asyncio.Future[T] = self.create_future()

        def arrive() -> None:
            self._outside.append(partial(answer_of(act).give, future))

        self._outside.append(arrive)
        return future

    def run_ready(self) -> None:
        """Take steps until nobody has any to take."""
        with self._run_here():
            while self._step():
                pass

    def _step(self) -> bool:
        waiting = [process for process in self._processes if process.ready and process.runs]
        choices = len(waiting) + len(self._outside)
        if not choices:
            return False
        chosen = int(self._chance.random() * choices)
        if chosen >= len(waiting):
            last = self._outside.pop()
            chosen -= len(waiting)
            if chosen < len(self._outside):
                last, self._outside[chosen] = self._outside[chosen], last
            last()
            return True
        process = waiting[chosen]
        self.before_step(process)
        if process.runs:
            self.steps += process is not self._world
            self._run(process.ready.popleft())
        return True

    def _run(self, ready: _Ready) -> None:
        if ready.handle.cancelled():
            return
        fault = answer_of(partial(ready.context.run, ready.run)).error
        if fault is not None:
            self.faults.append(fault)

    def next_timer_s(self) -> float | None:
        """Return the second of the next timer that somebody waits for."""
        while self._timers:
            when, _, ready = self._timers[0]
            process = ready.context.get(PROCESS)
            if not ready.handle.cancelled() and (process is None or not process.dead):
                return when
            heapq.heappop(self._timers)
        return None

    def take_timers(self) -> None:
        """Make ready what waited for the instant that the clock shows."""
        while (when := self.next_timer_s()) is not None and when <= self.time() + _NEARLY_S:
            self._put(heapq.heappop(self._timers)[2])

    def _put(self, ready: _Ready) -> None:
        (ready.context.get(PROCESS) or self._world).ready.append(ready)

    @contextmanager
    def _run_here(self) -> Iterator[None]:
        self._running = True
        asyncio.events._set_running_loop(self)  # noqa: SLF001 - of an event loop's own trade
        try:
            yield
        finally:
            asyncio.events._set_running_loop(None)  # noqa: SLF001
            self._running = False

    def complete(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something to its end in the world, on a clock that stands still."""
        task: asyncio.Task[T] = self.create_task(work)
        self.run_ready()
        return task.result()

    def close(self) -> None:
        """End everything that is under way, in dead processes too."""
        self.before_step = lambda _: None
        for process in self._processes:
            process.stopped = process.dead = False
        for task in self._tasks:
            task.cancel()
        with self._run_here():
            for _ in range(_LAST_STEPS):
                if not self._step():
                    break
        self._closed = True

    # What asyncio asks of a loop.

    def time(self) -> float:
        """Return the seconds of the clock."""
        return self.clock.seconds()

    def call_soon(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        """Call after what is ready in the same process."""
        context = contextvars.copy_context() if context is None else context
        handle = asyncio.Handle(callback, args, self, context)
        self._put(_Ready(handle, partial(callback, *args), context))
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call some seconds later."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call at a second of the clock."""
        context = contextvars.copy_context() if context is None else context
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        ready = _Ready(handle, partial(callback, *args), context)
        heapq.heappush(self._timers, (when, next(self._numbers), ready))
        return handle

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        """Do the same: there are no threads."""
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, executor: object, func: Callable[[*Ts], T], *args: *Ts) -> "asyncio.Future[T]":
        """Have it done outside: there are no threads."""
        del executor
        return self.outside(partial(func, *args))

    def create_future(self) -> "asyncio.Future[Any]":
        """Return a future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Any,
        *,
        name: str | None = None,
        context: contextvars.Context | None = None,
        **_: object,
    ) -> asyncio.Task[Any]:
        """Return a task of this loop."""
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        if len(self._tasks) > self._most_tasks:
            self._tasks = [known for known in self._tasks if not known.done()]
            self._most_tasks = max(_TASKS, 2 * len(self._tasks))
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep what was raised and nobody heard."""
        if isinstance(context.get("exception"), Exception):
            self.faults.append(context["exception"])

    def get_debug(self) -> bool:
        """Say that nothing more is checked."""
        return False

    def is_running(self) -> bool:
        """Return whether steps are taken just now."""
        return self._running

    def is_closed(self) -> bool:
        """Return whether everything ended."""
        return self._closed

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: a cancelled timer is passed over."""
