"""A hub on SQLite, watched by strace while webhooks come: between a request and its 200 its log was written and is on disk."""

import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from connectors.bogus.webhooks import HEADER, signature_of
from core.model.notification import Notification, NotificationKind
from tests.installed import MERCHANT, SECRET, free_port, installed
from tests.test_server import CLI, ready

RECEIVES = frozenset({"recvfrom", "recvmsg", "read"})
SENDS = frozenset({"sendto", "sendmsg", "write", "writev"})
WRITES = frozenset({"pwrite64", "pwritev", "write", "writev"})
FLUSHES = frozenset({"fdatasync", "fsync"})
_CALLS = ",".join(sorted(RECEIVES | SENDS | WRITES | FLUSHES))
_BEGUN = re.compile(r"^(\d+) +(\w+)\((\d+<[^>]*>)?(.*)$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
_UNFINISHED = "<unfinished ...>"
_AT_ONCE = 8


@dataclass(slots=True)
class Call:
    """A call of the system: of which file, and between which lines of the trace."""

    name: str
    file: str
    text: str
    begins: int
    ends: int = -1
    """-1 where the trace ends before it does, or it failed."""


def calls_of(lines: Iterable[str]) -> list[Call]:
    """Read a trace of ``strace -f -y``."""
    found: list[Call] = []
    under_way: dict[str, Call] = {}
    for number, line in enumerate(lines):
        if resumed := _RESUMED.match(line):
            call = under_way.pop(resumed[1], None)
            if call is not None:
                call.text += resumed[3]
                call.ends = -1 if _failed(resumed[3]) else number
        elif begun := _BEGUN.match(line):
            call = Call(begun[2], begun[3] or "", begun[4], number)
            found.append(call)
            if _UNFINISHED in begun[4]:
                under_way[begun[1]] = call
            elif not _failed(begun[4]):
                call.ends = number
    return found


def _failed(text: str) -> bool:
    return bool(re.search(r"= -1 E", text)) or " = ?" in text


def too_early(calls: Sequence[Call]) -> tuple[int, list[str]]:
    """Return how many webhooks were answered with 200, and those of them whose log was not on disk by then."""
    log = [c for c in calls if "hub.db-wal>" in c.file]
    written = [c for c in log if c.name in WRITES]
    flushed = [c for c in log if c.name in FLUSHES and c.ends >= 0]
    count, early = 0, list[str]()
    for came, answered in _answers(calls):
        count += 1
        since = next((w for w in written if w.begins > came.ends), None)
        on_disk = since is not None and any(
            f.begins > since.ends and f.ends < answered.begins for f in flushed
        )
        if not on_disk:
            early.append(f"the request of line {came.ends} was answered in line {answered.begins}")
    return count, early


def _answers(calls: Sequence[Call]) -> Iterator[tuple[Call, Call]]:
    """Yield each webhook with its answer, by the socket that both went over."""
    waiting: dict[str, Call] = {}
    for call in sorted(calls, key=lambda c: c.begins):
        if call.name in RECEIVES and "POST /webhooks/" in call.text:
            waiting[call.file] = call
        elif call.name in SENDS and "HTTP/1.1 200" in call.text and call.file in waiting:
            yield waiting.pop(call.file), call


async def why_not() -> str:
    """Return why nothing can be traced here; empty where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    trial = await asyncio.create_subprocess_exec(
        "strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "true", stdout=DEVNULL, stderr=DEVNULL
    )
    return "strace may not trace here" if await trial.wait() else ""


async def traced(folder: Path, webhooks: int) -> list[Call]:
    """Serve under strace, post so many webhooks, several at once, and return what the process asked of the system."""
    environ, port, trace = installed(folder), free_port(), folder / "trace"
    watched = ("strace", "-f", "--seccomp-bpf", "-y", "-s", "40", "-e", f"trace={_CALLS}", "-o", str(trace))
    child = await asyncio.create_subprocess_exec(
        *watched, sys.executable, str(CLI), "serve", "--port", str(port),
        env=environ, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        await ready(url, 120)
        await _post(url, webhooks)
    finally:
        # Told to end itself, strace would let the hub live on; it ends when the hub does.
        os.kill(_first_process(trace), signal.SIGTERM)
        await child.wait()
    return calls_of((await asyncio.to_thread(trace.read_text, errors="replace")).splitlines())


def _first_process(trace: Path) -> int:
    with trace.open(errors="replace") as lines:
        return int(lines.readline().partition(" ")[0])


async def _post(url: str, webhooks: int) -> None:
    numbers = iter(range(webhooks))

    async def sender(http: aiohttp.ClientSession) -> None:
        for number in numbers:
            note = Notification(
                event_id=f"e{number}", kind=NotificationKind.ORDER, topic="order", subject=f"o{number}"
            )
            body = note.model_dump_json().encode()
            headers = {HEADER: signature_of(SECRET, body)}
            async with http.post(f"{url}/webhooks/{MERCHANT}/shop", data=body, headers=headers) as answer:
                answer.raise_for_status()

    async with aiohttp.ClientSession() as http:
        await asyncio.gather(*(sender(http) for _ in range(_AT_ONCE)))


async def judged(webhooks: int = 2000) -> list[str]:
    """Return what is wrong after so many webhooks: each that was acknowledged before it was on disk."""
    reason = await why_not()
    if reason:
        return [f"not run: {reason}"]
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp))
    try:
        count, early = too_early(await traced(folder, webhooks))
    finally:
        await asyncio.to_thread(shutil.rmtree, folder)
    return [*early, *([] if count == webhooks else [f"{count} of {webhooks} answers are in the trace"])]
