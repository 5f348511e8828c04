"""As little of an HTTP server as the clients of a benchmark need: each request is answered as soon as it is read."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked; ``path`` with its query."""

    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/json"


Respond = Callable[[Request], Awaitable[Answer]]


@contextlib.asynccontextmanager
async def serving(respond: Respond) -> AsyncIterator[int]:
    """Serve on loopback; gives the port."""

    async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # At the end some still wait for news.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                writer.write(_written(await respond(await _read(reader))))
        writer.close()

    server = await asyncio.start_server(answer_all, "127.0.0.1", 0, backlog=512)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    method, path, _ = head.split(" ", 2)
    length = int(head.lower().partition("content-length:")[2].partition("\r\n")[0] or 0)
    return Request(method, path, await reader.readexactly(length) if length else b"")


def _written(answer: Answer) -> bytes:
    head = f"HTTP/1.1 {answer.status} -\r\nContent-Type: {answer.kind}\r\nContent-Length: {len(answer.body)}\r\n\r\n"
    return head.encode() + answer.body
