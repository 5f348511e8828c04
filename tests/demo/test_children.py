"""The demonstration's child processes: none stays behind when it is told to end."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CLI = Path(__file__).parents[2] / "cli.py"


def descendants(pid: int) -> set[int]:
    """The processes that a process started, theirs included."""
    found: set[int] = set()
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found |= {child} | descendants(child)
    return found


async def until(done: Callable[[], bool], within_s: float = 40.0) -> None:
    async with asyncio.timeout(within_s):
        while not done():  # noqa: ASYNC110 - another process has no event for us
            await asyncio.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks /proc who started whom")
async def test_told_to_end_it_takes_stand_ins_and_hub_with_it() -> None:
    demo = await asyncio.create_subprocess_exec(
        sys.executable, str(CLI), "demo", "--orders", "1", "--json", stdout=asyncio.subprocess.DEVNULL
    )
    started: set[int] = set()

    def both() -> bool:
        started.update(descendants(demo.pid))
        return len(started) >= 3  # the stand-ins, the key's command, the hub

    await until(both)
    demo.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(demo.wait(), 30) == 130
    await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started), within_s=5)
    assert os.getpid() not in started
