"""One connection, and how long each of its parts may take.

aiohttp knows one limit of time, for connections that say nothing. A request that never ends, and an answer that is
never read, are ours to end: the server looks at every connection twice a second.
"""

import asyncio
import contextlib
import enum
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Protocol

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import LineTooLong

from web.door.limits import Limits, host_of
from web.problems import PROBLEM, problem


class Keeper(Protocol):
    """Who counts connections and their bytes."""

    limits: Limits
    buffer: memoryview
    """Where bytes arrive; they are taken out of it at once."""

    def admit(self, connection: "Connection") -> tuple[HTTPStatus, str] | None:
        """Count a connection in; or return with what it is refused."""

    def left(self, connection: "Connection") -> None:
        """Count it out."""

    def hold(self, connection: "Connection", count: int) -> None:
        """Count bytes that came."""

    def release(self, connection: "Connection") -> None:
        """Forget its bytes."""

    def turned(self, connection: "Connection") -> None:
        """Learn that it came to another stage just now."""


class Stage(enum.Enum):
    """What a connection is at."""

    IDLE = "no byte of a request has come"
    HEAD = "a part of a request's head has come"
    REQUEST = "the head is whole; the body comes, or the answer is made"
    LAST = "answered before the request had come whole: what still comes is thrown away for a moment"


_MOST_THROWN_AWAY = 1024 * 1024
"""Bytes that are still taken after a request was refused, so that its client reads why."""
_MOST_AHEAD = 64 * 1024
"""Bytes of a head, and of what is sent before the answer to the last request has come: nobody we know does that."""


class Connection(web.RequestHandler, asyncio.BufferedProtocol):
    """A connection of a client.

    What comes is read into a buffer of the door, a small piece in each pass of the event loop: asyncio's own 256 KB
    at once, from hundreds of connections, would keep everybody waiting.
    """

    __slots__ = ("address", "ahead", "body", "door", "held", "host", "paused_at", "proven", "since", "stage")

    def __init__(
        self, server: web.Server, door: Keeper, *, loop: asyncio.AbstractEventLoop, **options: Any
    ) -> None:
        super().__init__(server, loop=loop, **options)
        self.door = door
        self.stage = Stage.IDLE
        self.since = loop.time()
        self.proven = False
        """One request of it was answered."""
        self.held = 0
        """Bytes that came since the last answer."""
        self.ahead = 0
        """Those of them that are of a head, or of requests that nobody has begun to answer."""
        self.body: StreamReader | None = None
        self.paused_at: float | None = None
        """Since when the client does not read what we write."""
        self.address = ""
        self.host = ""

    # --- what the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or say at once that there are too many."""
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if isinstance(peer, tuple) else ""
        self.host = host_of(self.address)
        refused = self.door.admit(self)
        if refused is None:
            super().connection_made(transport)
            return
        self.transport = transport  # type: ignore[assignment]  # that of a TCP server is one that writes
        self.end(*refused)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self.door.left(self)
        self._throw_body_away()
        super().connection_lost(exc)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go."""
        del sizehint
        return self.door.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take the bytes that came."""
        self.data_received(bytes(self.door.buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Count what comes, then parse it."""
        if data:
            if self.stage is Stage.IDLE:
                self._turn(Stage.HEAD)
            self.ahead += 0 if self.sends_body else len(data)
            self.door.hold(self, len(data))
            if self.ahead > _MOST_AHEAD or (self.stage is Stage.LAST and self.held > _MOST_THROWN_AWAY):
                self._end_too_much()
                return
        super().data_received(data)

    def pause_writing(self) -> None:
        """Note since when the client does not read."""
        super().pause_writing()
        self.paused_at = self._loop.time()

    def resume_writing(self) -> None:
        """Note that it reads again."""
        super().resume_writing()
        self.paused_at = None

    def _turn(self, stage: Stage) -> None:
        self.stage, self.since = stage, self._loop.time()
        self.door.turned(self)

    def _throw_body_away(self) -> None:
        """Free what nobody will read: what is left of a connection knows itself, and waits for the garbage collector."""
        body, self.body = self.body, None
        if body is not None and body.exception() is None:
            with contextlib.suppress(RuntimeError):  # somebody waits for more: then there is nothing
                body.read_nowait()

    # --- a request

    def begin(self, body: StreamReader) -> None:
        """Note that the head of a request is whole."""
        self.body, self.ahead = body, 0 if not self._messages else self.ahead
        self._turn(Stage.REQUEST)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Answer; where the request has not come whole the connection ends with it."""
        if isinstance(resp, web.HTTPException) and resp.status >= HTTPStatus.BAD_REQUEST:
            resp = problem(HTTPStatus(resp.status), resp.text or resp.reason)
        whole = self.body is None or self.body.is_eof()
        if not whole:
            self._turn(Stage.LAST)
            resp.force_close()
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self.door.release(self)
            if whole:
                self.proven = True
                self._turn(Stage.IDLE)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no request that can be read, in the words of this page: aiohttp's would quote it."""
        del message
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun; there is no second one")
        if status == HTTPStatus.BAD_REQUEST:
            answer = _unreadable(exc)
        else:
            self.log_exception("%s %s: a fault of ours", request.method, request.path, exc_info=exc)
            answer = problem(HTTPStatus(status), "a fault of ours; the log of the hub says more")
        answer.force_close()
        return answer

    # --- its end

    @property
    def unfinished(self) -> bool:
        """Whether a part of a request has come, and the rest has not."""
        if self.stage is Stage.REQUEST:
            return self.body is not None and not self.body.is_eof()
        return self.stage is Stage.HEAD

    @property
    def sends_body(self) -> bool:
        """Whether what comes now is of the body of the request that is answered."""
        return self.stage is Stage.LAST or (
            self.stage is Stage.REQUEST and self.body is not None and not self.body.is_eof()
        )

    @property
    def unread_bytes(self) -> int:
        """How much of an answer waits for the client to read."""
        return (
            0 if self.transport is None or self.paused_at is None else self.transport.get_write_buffer_size()
        )

    @property
    def waits(self) -> bool:
        """Whether nothing is being done for it."""
        return self.stage in (Stage.IDLE, Stage.HEAD)

    def overdue(self, now: float) -> str | None:
        """Return what took longer than it may, or None; whoever is idle between two requests is aiohttp's to end."""
        limits, taken = self.door.limits, now - self.since
        if self.paused_at is not None and now - self.paused_at > limits.write_s:
            return f"the answer was not read within {limits.write_s:g} s"
        if self.waits and (self.stage is Stage.HEAD or not self.proven) and taken > limits.head_s:
            return f"the head of the request did not come whole within {limits.head_s:g} s"
        if self.unfinished and taken > limits.body_s:
            return f"the body did not come whole within {limits.body_s:g} s"
        return None

    def _end_too_much(self) -> None:
        if self.stage is Stage.LAST:
            self.force_close()
            return
        self.door.left(self)
        self.end(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"the head of a request, and what is sent ahead of an answer, have {_MOST_AHEAD} bytes at most",
        )

    def end(self, status: HTTPStatus, why: str) -> None:
        """End the connection, and say why where no answer has begun."""
        if self.transport is None:
            return
        if self.paused_at is None and (self.waits or self.unfinished):
            self.transport.write(refusal(status, why))
            self.force_close()
        else:
            self.transport.abort()


def refusal(status: HTTPStatus, why: str) -> bytes:
    """Return a whole answer in bytes, for where no request is that could be answered."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": why}
    sent = json.dumps(body).encode()
    again = "Retry-After: 1\r\n" if status is HTTPStatus.SERVICE_UNAVAILABLE else ""
    head = (
        f"HTTP/1.1 {int(status)} {status.phrase}\r\nContent-Type: {PROBLEM}\r\nContent-Length: {len(sent)}\r\n"
        f"{again}Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + sent


def _unreadable(error: BaseException | None) -> web.Response:
    told: Callable[..., web.Response] = problem
    if isinstance(error, LineTooLong) or "Too many" in str(error):
        return told(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "the address or a header is too long, or there are too many",
        )
    return told(HTTPStatus.BAD_REQUEST, "this is no request of HTTP/1.1 that can be read")
