"""Webhooks over connections that stay open: as many as can be, or a steady stream whose answers nobody waits for.

The steady stream sends each webhook at its own instant, whether or not those before it were answered, and its wait is
counted from there.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from statistics import quantiles

A_SECOND = 1000
CALLERS = 64
LINES = 128
"""Connections that the senders of the steady stream share."""


@dataclass(slots=True)
class Sent:
    """What was sent: how long each waited for its answer (seconds), and what else than 200 was answered how often."""

    waits: list[float] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    taken_s: float = 0.0

    def centiles(self) -> dict[str, float]:
        """Return the median and the 99th of a hundred, in milliseconds."""
        return centiles(self.waits)

    def require_all_taken(self) -> "Sent":
        """Return this.

        Raises:
            RuntimeError: something was refused.
        """
        if self.refused:
            raise RuntimeError(f"answers other than 200: {dict(self.refused)}")
        return self


def centiles(waits: Sequence[float]) -> dict[str, float]:
    """Return the median and the 99th of a hundred of waits in seconds, in milliseconds."""
    cuts = quantiles(waits, n=100)
    return {"p50_ms": cuts[49] * 1000, "p99_ms": cuts[98] * 1000}


async def most(port: int, seconds: float, request: Callable[[], bytes]) -> Sent:
    """Send over many connections at once, each as soon as it has its answer."""
    sent = Sent()
    began = time.perf_counter()

    async def one_after_another() -> None:
        async with _line(port) as post:
            while (asked := time.perf_counter()) < began + seconds:
                await _post(post, request(), asked, sent)

    await asyncio.gather(*(one_after_another() for _ in range(CALLERS)))
    sent.taken_s = time.perf_counter() - began
    return sent


async def steady(port: int, seconds: float, request: Callable[[], bytes]) -> Sent:
    """Send a thousand a second."""
    sent = Sent()
    began = time.perf_counter()
    instants = (began + number / A_SECOND for number in range(1, round(seconds * A_SECOND) + 1))
    await asyncio.gather(*(_send_each(port, instants, request, sent) for _ in range(LINES)))
    sent.taken_s = time.perf_counter() - began
    return sent


async def _send_each(port: int, instants: Iterator[float], request: Callable[[], bytes], sent: Sent) -> None:
    async with _line(port) as post:
        for at in instants:
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            await _post(post, request(), at, sent)


async def _post(post: "_Line", told: bytes, asked: float, sent: Sent) -> None:
    status = await post(told)
    sent.waits.append(time.perf_counter() - asked)
    if status != HTTPStatus.OK:
        sent.refused[status] += 1


@contextlib.asynccontextmanager
async def _line(port: int) -> AsyncIterator["_Line"]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield _Line(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


class _Line:
    """A connection on which one request follows another; answers say how long they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def __call__(self, told: bytes) -> int:
        """Send a request and return the status of its answer."""
        self._writer.write(told)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        _, _, length = head.partition("content-length:")
        if length:
            await self._reader.readexactly(int(length.split("\r\n", 1)[0]))
        return int(head.split(" ", 2)[1])
