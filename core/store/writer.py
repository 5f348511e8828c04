"""The one thread that writes to a file of SQLite: what waits during a transaction goes into the next one together.

A commit waits for the disk, and costs about as much whatever it holds. Where one of several works fails, nothing of them
is written, and each is done again alone: only the one that fails by itself is told so.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

T = TypeVar("T")
_MOST = 32
"""So many works go into one transaction."""


@dataclass(slots=True)
class _Waiting:
    work: Callable[[sa.Connection], Any]
    done: "Future[Any]" = field(default_factory=Future)


class Writer:
    """Writes, one transaction after another."""

    def __init__(self, engine: sa.Engine, written: Callable[[int], None]) -> None:
        """Write by an engine; ``written`` is told of each transaction, with how many works it was of."""
        self._engine = engine
        self._written = written
        self._thread = ThreadPoolExecutor(1, "sqlite-writer")
        self._first: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()

    def write(self, work: Callable[[sa.Connection], T], *, first: bool = False) -> "Future[T]":
        """Have a work done; ``first`` before all others that wait, in a transaction without them."""
        waiting = _Waiting(work)
        (self._first if first else self._others).append(waiting)
        self._thread.submit(self._write_what_waits)
        return waiting.done

    def alone(self, run: Callable[[], T]) -> "Future[T]":
        """Have something done between two transactions; it counts as one."""

        def counted() -> T:
            result = run()
            self._written(1)
            return result

        return self._thread.submit(counted)

    def close(self) -> None:
        """Wait for what waits."""
        self._thread.shutdown()

    def _write_what_waits(self) -> None:
        waiting = self._take(self._first) or self._take(self._others)
        if len(waiting) > 1 and self._together(waiting):
            return
        for one in waiting:
            self._by_itself(one)

    def _take(self, queue: deque[_Waiting]) -> list[_Waiting]:
        taken: list[_Waiting] = []
        while queue and len(taken) < _MOST:
            one = queue.popleft()
            if one.done.set_running_or_notify_cancel():
                taken.append(one)
        return taken

    def _together(self, waiting: list[_Waiting]) -> bool:
        try:
            with self._engine.begin() as conn:
                results = [one.work(conn) for one in waiting]
        except BaseException:  # noqa: BLE001 - whose it is shows when each is done alone
            return False
        self._written(len(waiting))
        for one, result in zip(waiting, results, strict=True):
            one.done.set_result(result)
        return True

    def _by_itself(self, one: _Waiting) -> None:
        try:
            with self._engine.begin() as conn:
                result = one.work(conn)
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
            one.done.set_exception(error)
            return
        self._written(1)
        one.done.set_result(result)
