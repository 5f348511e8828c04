"""Child processes with a pipe: what is measured runs apart from what measures it."""

import asyncio
import contextlib
import multiprocessing
import os
from collections.abc import AsyncIterator, Callable, Mapping
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

# Each child is forked off a process that has imported everything once and done nothing else.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["benchmarks.running", "benchmarks.intake", "benchmarks.console_pages"])
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
ENDS_WITHIN_S = 30.0


@contextlib.asynccontextmanager
async def child(run: Callable[..., None], *args: Any) -> AsyncIterator["Child"]:
    """Run a function, whose first argument is its end of the pipe, in a process of its own; it is told to stop at the end."""
    here, there = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=run, args=(there, *args))
    process.start()
    there.close()
    try:
        yield Child(here, process.pid or 0)
    finally:
        with contextlib.suppress(OSError):
            here.send(("stop",))
        await asyncio.to_thread(process.join, ENDS_WITHIN_S)
        if process.exitcode is None:
            process.kill()
        here.close()


class Child:
    """Asks a child process for something, one thing at a time."""

    def __init__(self, pipe: Pipe, pid: int) -> None:
        self._pipe = pipe
        self.pid = pid

    async def answer(self) -> Any:
        """Return what the child sends next.

        Raises:
            RuntimeError: it failed, or ended.
        """
        try:
            found = await asyncio.to_thread(self._pipe.recv)
        except EOFError:
            raise RuntimeError("a child process ended; its own words are above") from None
        return found

    async def ask(self, *told: Any) -> Any:
        """Tell the child something, and return what it answers."""
        self._pipe.send(told)
        return await self.answer()


async def answer_until_told(pipe: Pipe, answers: Mapping[str, Callable[..., Any]]) -> None:
    """In the child: do what is asked by its name, and send what it gives, until told to stop."""
    while True:
        try:
            name, *args = await asyncio.to_thread(pipe.recv)
        except EOFError:
            return
        if name == "stop":
            return
        found = answers[name](*args)
        pipe.send(await found if asyncio.iscoroutine(found) else found)


def cpu_s_of(pid: int) -> float:
    """Return the CPU time that a process has used, user and system; 0 where there is none of that id here."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def resident_mb(pid: int, key: str = "VmRSS") -> float:
    """Return the memory of a process that is resident (``VmHWM``: at most so far), in megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:")) / 1000
