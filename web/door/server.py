"""Listens, counts connections and bytes, and ends what takes too long."""

import asyncio
import contextlib
import logging
import socket
from collections import Counter
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage

from web.door.connection import Connection, Stage
from web.door.guard import refused_path
from web.door.limits import Limits
from web.door.turns import Turns

LOG = logging.getLogger("crossdock.door")

BACKLOG = 1024
"""Connections that the kernel keeps for us while we are busy."""
_ACCEPTED_AT_ONCE = 16
"""asyncio goes on accepting so often even where no file descriptor is left, and logs each try."""
_LOOKS_EVERY_S = 0.5
_LONGEST_LINE = 8190
_MOST_HEADERS = 64
_READ_BYTES = 16 * 1024
"""That are read from a connection in one pass of the event loop."""
_KEPT_BYTES = 8 * 1024
"""Of a body, until its handler reads on; aiohttp keeps twice as many before it stops reading."""
_LINGERS_S = 1.0


class Door(web.Server):
    """The HTTP server: aiohttp's, whose connections are counted and timed."""

    def __init__(self, handler: Any, *, request_factory: Any, limits: Limits, **options: Any) -> None:
        async def in_turn(request: web.BaseRequest) -> web.StreamResponse:
            await self.turns.wait(limits.caller(request))
            # Before the router, which takes a path apart at each slash: middlewares would come after it.
            answer: web.StreamResponse = refused_path(request) or await handler(request)
            return answer

        super().__init__(in_turn, request_factory=self._request, **options)
        self.limits = limits
        self.turns = Turns()
        self.buffer = memoryview(bytearray(_READ_BYTES))
        self.held = 0
        """Bytes of all requests that are not answered yet."""
        self._make_request_of = request_factory
        # Each of these in the order in which they came to their stage: whoever is longest at it is the first.
        self._open: dict[Connection, None] = {}
        self._silent: dict[Connection, None] = {}
        self._silent_proven: dict[Connection, None] = {}
        self._begun: dict[Connection, None] = {}
        self._of_host: Counter[str] = Counter()

    def __call__(self) -> Connection:
        """Return what speaks to one more client."""
        return Connection(self, self, loop=asyncio.get_running_loop(), **self._kwargs)

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        if isinstance(protocol, Connection):
            protocol.begin(payload)
        request: web.BaseRequest = self._make_request_of(message, payload, protocol, writer, task)
        return request

    @property
    def open_connections(self) -> tuple[Connection, ...]:
        """Every connection that is counted."""
        return tuple(self._open)

    @property
    def count(self) -> int:
        """How many connections are counted."""
        return len(self._open)

    def admit(self, connection: Connection) -> tuple[HTTPStatus, str] | None:
        """Count a new connection in; or return with what it is refused.

        At the cap whoever has sent no whole request for the longest time makes way: a client that speaks is answered
        within milliseconds, however many there are that do not.
        """
        limits = self.limits
        counted = not limits.is_proxy(connection.address)
        if counted and self._of_host[connection.host] >= limits.per_address:
            return HTTPStatus.TOO_MANY_REQUESTS, f"at most {limits.per_address} connections of one address"
        if len(self._open) >= limits.connections:
            oldest = self._longest_without_a_request()
            if oldest is None:
                return HTTPStatus.SERVICE_UNAVAILABLE, "too many connections; try again in a moment"
            LOG.warning(
                "all %d connections are taken; the one that waited longest makes way", limits.connections
            )
            self._cut(oldest, HTTPStatus.SERVICE_UNAVAILABLE, "too many connections; try again in a moment")
        self._open[connection] = None
        if counted:
            self._of_host[connection.host] += 1
        self.turned(connection)
        return None

    def _longest_without_a_request(self) -> Connection | None:
        """Return who has sent no whole request for the longest time; who was answered before comes last."""
        never = next(iter(self._silent), None)
        half = next((one for one in self._begun if one.unfinished), None)
        found = [one for one in (never, half) if one is not None]
        if found:
            return min(found, key=lambda one: one.since)
        return next(iter(self._silent_proven), None)

    def left(self, connection: Connection) -> None:
        """Count a connection out."""
        if connection not in self._open:
            return
        for kept in (self._open, self._silent, self._silent_proven, self._begun):
            kept.pop(connection, None)
        self.release(connection)
        if connection.host in self._of_host:
            self._of_host[connection.host] -= 1
            if not self._of_host[connection.host]:
                del self._of_host[connection.host]

    def turned(self, connection: Connection) -> None:
        """Put a connection behind all others that are at its stage."""
        if connection not in self._open:
            return
        for kept in (self._silent, self._silent_proven, self._begun):
            kept.pop(connection, None)
        if connection.waits:
            (self._silent_proven if connection.proven else self._silent)[connection] = None
        if connection.stage in (Stage.HEAD, Stage.REQUEST):
            self._begun[connection] = None

    def hold(self, connection: Connection, count: int) -> None:
        """Count bytes that came; where they are too many together, whoever has sent most goes."""
        connection.held += count
        self.held += count
        if self.held <= self.limits.unanswered_bytes:
            return
        most = max(self._begun, key=lambda one: one.held, default=None)
        if most is not None:
            LOG.warning("requests of %d bytes wait; the largest of them is ended", self.held)
            self._cut(most, HTTPStatus.SERVICE_UNAVAILABLE, "too much is being sent; try again in a moment")

    def release(self, connection: Connection) -> None:
        """Forget the bytes of a connection: its request is answered, or will never be."""
        self.held -= connection.held
        connection.held = 0

    def look(self, now: float) -> None:
        """End every connection that takes too long; ``now`` is the event loop's time."""
        for connection in list(self._open):
            why = connection.overdue(now)
            if why is not None:
                self._cut(connection, HTTPStatus.REQUEST_TIMEOUT, why)
        self._end_unread_answers()

    def _end_unread_answers(self) -> None:
        """End those who read least of their answers, where too much waits for them together."""
        unread = {one: size for one in self._open if (size := one.unread_bytes)}
        total = sum(unread.values())
        for connection in sorted(unread, key=lambda one: -unread[one]):
            if self.held + total <= self.limits.unanswered_bytes:
                return
            LOG.warning("answers of %d bytes wait to be read; the largest of them is ended", total)
            total -= unread[connection]
            self._cut(connection, HTTPStatus.SERVICE_UNAVAILABLE, "too much waits to be read")

    def _cut(self, connection: Connection, status: HTTPStatus, why: str) -> None:
        # Counted out now: the transport tells of the end only after what is written has gone.
        self.left(connection)
        connection.end(status, why)


class _Runner(web.AppRunner):
    """Runs an application behind a door, which is there after ``setup``."""

    door: Door

    def __init__(self, app: web.Application, limits: Limits, *, shutdown_timeout: float) -> None:
        super().__init__(app, access_log=None, handle_signals=False, shutdown_timeout=shutdown_timeout)
        self.limits = limits

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        self.door = Door(
            plain.request_handler,
            request_factory=plain.request_factory,
            limits=self.limits,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=self.limits.idle_s,
            lingering_time=_LINGERS_S,
            max_field_size=_LONGEST_LINE,
            max_headers=_MOST_HEADERS,
            max_line_size=_LONGEST_LINE,
            read_bufsize=_KEPT_BYTES,
        )
        return self.door


@contextlib.asynccontextmanager
async def open_door(
    app: web.Application, listening: socket.socket, limits: Limits, *, stop_within_s: float
) -> AsyncIterator[Door]:
    """Serve an application on a socket; what runs at the end may take ``stop_within_s`` longer."""
    runner = _Runner(app, limits, shutdown_timeout=stop_within_s)
    await runner.setup()
    try:
        await web.SockSite(runner, listening, backlog=_ACCEPTED_AT_ONCE).start()
        listening.listen(BACKLOG)
        looking = asyncio.create_task(_look(runner.door))
        try:
            yield runner.door
        finally:
            looking.cancel()
    finally:
        await runner.cleanup()


async def _look(door: Door) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_LOOKS_EVERY_S)
        door.look(loop.time())
