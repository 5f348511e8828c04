"""Vendors in one process, workers in others: each call of a port goes over a pipe, so that all see the same books."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from core.ports import Ports

PORTS = (
    "channel",
    "levels",
    "shipment_notifier",
    "channel_payments",
    "gateway",
    "carrier",
    "label_files",
    "notifier",
    "hooks",
)
"""What of a connection a worker asks."""


class Asked(NamedTuple):
    """A call of a vendor, as it goes over the pipe."""

    number: int
    connection: str
    port: str
    method: str
    args: tuple[Any, ...]
    named: dict[str, Any]


class Raised(NamedTuple):
    """An error, as it goes over the pipe: those of a connector do not come out of a pickle by themselves."""

    kind: type[Exception]
    args: tuple[Any, ...]
    state: dict[str, Any]

    def again(self) -> Exception:
        error = self.kind.__new__(self.kind)
        error.args = self.args
        error.__dict__.update(self.state)
        return error


class Answered(NamedTuple):
    """What a vendor answered."""

    number: int
    answer: Any


class Line:
    """One end of a pipe, heard by the event loop."""

    def __init__(self, end: Connection, hear: Callable[[Any], None], gone: Callable[[], None]) -> None:
        self._end, self._hear, self._gone = end, hear, gone
        asyncio.get_running_loop().add_reader(end.fileno(), self._read)

    def send(self, what: object) -> None:
        """Say something; who is gone does not hear it."""
        try:
            self._end.send(what)
        except OSError:
            return

    def close(self) -> None:
        if self._end.closed:
            return
        asyncio.get_running_loop().remove_reader(self._end.fileno())
        self._end.close()

    def _read(self) -> None:
        try:
            while self._end.poll():
                self._hear(self._end.recv())
        except (EOFError, OSError):
            self.close()
            self._gone()


@dataclass(slots=True)
class Vendors:
    """The vendors, as a worker sees them."""

    send: Callable[[object], None]
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _waiting: "dict[int, asyncio.Future[Any]]" = field(default_factory=dict)

    async def ask(
        self, connection: str, port: str, method: str, args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        number, future = next(self._numbers), asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self.send(Asked(number, connection, port, method, args, named))
        answer = await future
        if isinstance(answer, Raised):
            raise answer.again()
        return answer

    def hear(self, told: Answered) -> None:
        """Give an answer to who waits for it, if it still does."""
        future = self._waiting.pop(told.number)
        if not future.done():
            future.set_result(told.answer)

    def ports(self, connection: str, like: Ports, *more: str) -> Ports:
        """Return the ports of a connection: as many as ``like`` has, and more."""
        names = [*(name for name in PORTS if getattr(like, name) is not None), *more]
        remote: dict[str, Any] = {name: Remote(self, connection, name) for name in names}
        return replace(like, probe=None, **remote)


class Remote:
    """A port of a vendor in another process."""

    waits = False

    def __init__(self, vendors: Vendors, connection: str, port: str) -> None:
        self._vendors, self._connection, self._port = vendors, connection, port

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **named: Any) -> Any:
            return await self._vendors.ask(self._connection, self._port, method, args, named)

        return call


async def answer(ports: Mapping[str, Ports], asked: Asked) -> Answered:
    """Have a vendor do what a worker asks; what it raises is its answer too."""
    try:
        method = getattr(getattr(ports[asked.connection], asked.port), asked.method)
        return Answered(asked.number, await method(*asked.args, **asked.named))
    except Exception as error:  # noqa: BLE001 - whoever asked raises it
        return Answered(asked.number, Raised(type(error), error.args, error.__dict__))
