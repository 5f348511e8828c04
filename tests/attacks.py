"""Attacks on the door of a real ``serve``: what each costs the process, and how long honest webhooks take meanwhile.

``make soak ARGS=attacks``; docs/reference/attacks.md has the figures. Attackers come from loopback addresses of their
own and are strangers: they know the addresses of the hub and no secret of it.
"""

import asyncio
import contextlib
import gzip
import itertools
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import aiohttp

from connectors.bogus.webhooks import HEADER, signature_of
from core.model.notification import Notification, NotificationKind
from tests.installed import MERCHANT, SECRET, free_port, installed

CLI = Path(__file__).resolve().parent.parent / "cli.py"
SECONDS = float(os.environ.get("ATTACK_SECONDS", "12"))
HONEST_EVERY_S = 0.02
SLOWEST_P99_S = 0.25
MOST_MB = 400
ADDRESSES = 16
"""Of attackers; each may hold a hundred connections."""
SHOP = f"/webhooks/{MERCHANT}/shop"
MEGABYTE = 1024 * 1024
_TICK = os.sysconf("SC_CLK_TCK")
_TURN = itertools.count()

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Attack = Callable[[int], Awaitable[None]]
"""One blow at a port; it is struck again and again until time is up."""


def _head(path: str, more: str = "", *, method: str = "POST", size: int | None = None) -> bytes:
    length = "" if size is None else f"Content-Length: {size}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: hub\r\n{length}{more}\r\n".encode()


@contextlib.asynccontextmanager
async def _connected(port: int) -> AsyncIterator[Streams]:
    source = f"127.0.0.{2 + next(_TURN) % ADDRESSES}"
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _ask(port: int, *parts: bytes) -> None:
    """Send a request on a connection of its own and read what is answered."""
    async with _connected(port) as (reader, writer):
        for part in parts:
            writer.write(part)
        await writer.drain()
        await reader.read(65536)


async def _hold(port: int, *parts: bytes, drip: bytes = b"") -> None:
    """Send a part of a request and hold the connection, with a byte now and then, for as long as it is let."""
    async with _connected(port) as (reader, writer):
        for part in parts:
            writer.write(part)
        while True:
            try:
                async with asyncio.timeout(1):
                    await reader.read(1)
                    return
            except TimeoutError:
                writer.write(drip)


def _asking(*parts: bytes) -> Attack:
    return lambda port: _ask(port, *parts)


def _holding(*parts: bytes, drip: bytes = b"") -> Attack:
    return lambda port: _hold(port, *parts, drip=drip)


async def _knock(port: int) -> None:
    async with _connected(port):
        pass


async def _never_read(port: int) -> None:
    async with _connected(port) as (_, writer):
        writer.write(_head("/api/v1/openapi.json", method="GET") * 50)
        await asyncio.sleep(60)


_BOMB = gzip.compress(bytes(900 * MEGABYTE), 9)[: 875 * 1024]
_FORGED = f"{HEADER}: {'0' * 64}\r\n"
_MANY = "".join(f"X-{n}: {'y' * 6000}\r\n" for n in range(60))
_COOKIES = "Cookie: " + "; ".join(["a=b"] * 1600) + "\r\n"
_FORM = "Content-Type: application/x-www-form-urlencoded\r\n"

ATTACKS: dict[str, tuple[int, Attack | None]] = {
    "nobody": (0, None),
    "packed bodies that unpack to 900 MB": (
        8, _asking(_head(SHOP, "Content-Encoding: gzip\r\n", size=len(_BOMB)), _BOMB),
    ),
    "half a head, held": (1600, _holding(_head(SHOP)[:40])),
    "a head, a byte a second": (400, _holding(b"GET / HTTP/1.1\r\nX: ", drip=b"x")),
    "1 MB bodies, all but the last byte, held": (400, _holding(_head(SHOP, _FORGED, size=MEGABYTE), bytes(MEGABYTE - 1))),
    "a body, a byte a second": (400, _holding(_head(SHOP, _FORGED, size=MEGABYTE), drip=b"x")),
    "connections, opened and shut": (16, _knock),
    "answers that are not read": (400, _never_read),
    "log-ins": (16, _asking(_head("/login", _FORM, size=26), b"key=guess-0123456789&next=")),
    "forms of 1 MB at the log-in": (8, _asking(_head("/login", _FORM, size=MEGABYTE), b"a=b&" * (MEGABYTE // 4))),
    "wrong API keys": (16, _asking(_head("/api/v1/orders", "Authorization: Bearer guess\r\n", method="GET"))),
    "headers of 360 KB": (8, _asking(_head("/orders", _MANY, method="GET"))),
    "1,600 cookies": (16, _asking(_head("/orders", _COOKIES, method="GET"))),
    "no HTTP": (16, _asking(b"\x16\x03\x01" + bytes(200) + b"\r\n\r\n")),
    "/readyz": (16, _asking(_head("/readyz", method="GET"))),
    "/metrics": (16, _asking(_head("/metrics", method="GET"))),
    "forged webhooks of 1 KB": (16, _asking(_head(SHOP, _FORGED, size=1024), bytes(1024))),
    "forged webhooks of 1 MB": (8, _asking(_head(SHOP, _FORGED, size=MEGABYTE), bytes(MEGABYTE))),
    "forged app-wide webhooks of 1 MB": (8, _asking(_head("/webhooks/bogus", _FORGED, size=MEGABYTE), bytes(MEGABYTE))),
}  # fmt: skip
"""What it is -> (how many at once, one blow)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What an attack cost; ``blows`` that came to their end, CPU of the hub in seconds a second, memory in MB."""

    name: str
    blows: float
    cpu: float
    memory: float
    p50: float
    p99: float
    honest: int
    failed: int

    @property
    def row(self) -> str:
        """The row of the table."""
        each = f"{self.cpu / self.blows * 1000:.2f}" if self.blows else "–"  # noqa: RUF001
        return (
            f"| {self.name} | {self.blows:.0f} | {self.cpu:.0%} | {each} | {self.memory:.0f} | "
            f"{self.p50 * 1000:.0f} | {self.p99 * 1000:.0f} | {self.failed} of {self.honest} |"
        )

    def wrong(self) -> list[str]:
        """Return what is not as promised."""
        found = (
            [] if self.p99 <= SLOWEST_P99_S else [f"{self.name}: honest webhooks take {self.p99:.2f} s (p99)"]
        )
        found += [] if self.memory <= MOST_MB else [f"{self.name}: {self.memory:.0f} MB"]
        return found + ([f"{self.name}: {self.failed} honest webhooks were not taken"] if self.failed else [])


async def costs() -> list[Cost]:
    """Start a hub and attack it in every way, one after another."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environ = installed(Path(folder)) | {"CROSSDOCK_PROXIES": "127.0.0.1"}
        log = (Path(folder) / "log").open("wb")
        hub = await asyncio.create_subprocess_exec(
            sys.executable, str(CLI), "serve", "--port", str(port), env=environ,
            stdout=asyncio.subprocess.DEVNULL, stderr=log,
        )  # fmt: skip
        try:
            await _until_ready(port)
            return [await _cost(name, port, hub.pid, *attack) for name, attack in ATTACKS.items()]
        finally:
            hub.send_signal(signal.SIGTERM)
            await hub.wait()
            lines = (Path(folder) / "log").read_text().count("\n")
            sys.stdout.write(f"the hub wrote {lines} lines to its log\n")


async def _until_ready(port: int) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as http:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.2)


async def _cost(name: str, port: int, pid: int, count: int, attack: Attack | None) -> Cost:
    blows = multiprocessing.get_context("fork").Value("L", 0)
    attacker = multiprocessing.get_context("fork").Process(target=_attack, args=(port, count, attack, blows))
    attacker.start()
    await asyncio.sleep(1)
    before, began, first = _cpu(pid), time.monotonic(), blows.value
    seen = [_memory(pid)]
    memory = asyncio.create_task(_watch_memory(pid, seen))
    took, failed = await _honest(port, SECONDS)
    past = time.monotonic() - began
    used, struck = (_cpu(pid) - before) / past, (blows.value - first) / past
    memory.cancel()
    attacker.kill()
    attacker.join()
    cut = quantiles(took, n=100)
    cost = Cost(
        name=name, blows=struck, cpu=used, memory=max(seen), p50=cut[49], p99=cut[98], honest=len(took), failed=failed
    )  # fmt: skip
    sys.stdout.write(cost.row + "\n")
    sys.stdout.flush()
    await asyncio.sleep(1)
    return cost


def _attack(
    port: int, count: int, attack: Attack | None, blows: "multiprocessing.sharedctypes.Synchronized[int]"
) -> None:
    """Strike from a process of its own, so many at once; where it shares cores with the hub, after it."""
    os.nice(10)

    async def one(attack: Attack) -> None:
        while True:
            with contextlib.suppress(OSError):
                await attack(port)
                blows.value += 1
            await asyncio.sleep(0)

    async def all_of_them() -> None:
        if attack is not None:
            await asyncio.gather(*(one(attack) for _ in range(count)))

    asyncio.run(all_of_them())


async def _honest(port: int, seconds: float) -> tuple[list[float], int]:
    """Send signed webhooks at a steady pace; return how long each took, and how many were not taken."""
    took: list[float] = []
    failed = 0

    async def one(http: aiohttp.ClientSession, number: int) -> None:
        nonlocal failed
        told = Notification(
            event_id=f"{time.time_ns()}", kind=NotificationKind.OTHER, topic="x", subject=str(number)
        )
        body = told.model_dump_json().encode()
        began = time.monotonic()
        try:
            async with http.post(
                f"http://127.0.0.1:{port}{SHOP}", data=body, headers={HEADER: signature_of(SECRET, body)}
            ) as answer:
                failed += answer.status != 200
        except (aiohttp.ClientError, TimeoutError):
            failed += 1
        took.append(time.monotonic() - began)

    limit = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=limit) as http, asyncio.TaskGroup() as sending:
        for number in range(round(seconds / HONEST_EVERY_S)):
            sending.create_task(one(http, number))
            await asyncio.sleep(HONEST_EVERY_S)
    return took, failed


async def _watch_memory(pid: int, seen: list[float]) -> None:
    while True:
        seen.append(_memory(pid))
        await asyncio.sleep(0.1)


def _memory(pid: int) -> float:
    """Return the megabytes that a process has in memory."""
    told = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    resident = next(line for line in told.splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1]) / 1024


def _cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


async def attacked() -> list[str]:
    """Attack in every way and return what is not as promised."""
    sys.stdout.write("| attack | a second | CPU of the hub | ms each | MB | p50 ms | p99 ms | not taken |\n")
    sys.stdout.write("|---|---|---|---|---|---|---|---|\n")
    found: Sequence[Cost] = await costs()
    return [line for cost in found for line in cost.wrong()]
