"""The bogus vendors in a process of their own: each call of them is one HTTP request on loopback.

Their shoppers keep so many orders under way: when one is delivered, the next is placed. What was asked and answered
meanwhile is written down, and can be asked once more without a hub: then the same answers come at once.
"""

import asyncio
import contextlib
import pickle  # between processes of our own, on loopback
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, fields
from functools import partial
from multiprocessing.connection import Connection as Pipe
from typing import Any

import aiohttp

from benchmarks.children import answer_until_told
from benchmarks.merchant import Catalogue, ports_in, world_of
from connectors.bogus.carrier import scan
from core.clock import SystemClock
from core.errors import HubError
from core.model.address import Address
from core.model.notification import Notification
from core.model.shipment import TrackingState
from core.ports import Ports
from simulation.shoppers import Cart, Pay, place

AT_ONCE = 32
"""Orders under way, and calls at once where they are made without a hub."""
CARRIED_S = 0.01
"""From the label's file to the first scan, and from there to the door."""
_TAKE = "/notifications"
_NO_END = 1_000_000_000
_SHOPPERS = (("Ann", "OR", "97205"), ("Ben", "NY", "10001"), ("Cal", "TX", "78701"), ("Dee", "CA", "94016"))

Ask = Callable[[str, bytes], Awaitable[Any]]
"""Asks a path for something, and gives what it answers."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Every request that a hub made, in order, and what was answered to each."""

    requests: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[tuple[str, bytes], bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """How far the orders are; instants in seconds of the machine."""

    placed: int
    delivered: int
    began_s: float
    last_s: float
    open: bool
    """Whether more will be placed."""

    @property
    def over(self) -> bool:
        """Whether everything that was placed is delivered, and nothing more comes."""
        return not self.open and self.delivered == self.placed


class Vendors:
    """Sells, carries, and answers."""

    def __init__(self, catalogue: Catalogue, recording: Recording) -> None:
        self.world = world_of(catalogue, SystemClock())
        self.world.changed = self._changed
        self.recording = recording
        """What was asked since the selling began."""
        self._ports = ports_in(self.world)
        self._skus = catalogue.skus
        self._chance = random.Random(1)  # noqa: S311 - a seed
        self._news = asyncio.Event()
        self._placed = self._placed_before = 0
        self._delivered: set[str] = set()
        self._most = 0
        self._until_s = self._began_s = self._last_s = 0.0

    def sell(self, seconds: float, most: int | None = None) -> None:
        """Keep orders under way for so long from now on, or until so many were placed."""
        self._began_s = time.monotonic()
        self._until_s = self._began_s + seconds
        self._placed_before = self._placed
        self._most = self._placed + (most or _NO_END)
        self.recording = Recording()
        for _ in range(min(AT_ONCE, most or AT_ONCE)):
            self._place()

    def sold(self) -> Sales:
        """Return how far it is since the selling began."""
        return Sales(
            placed=self._placed - self._placed_before,
            delivered=len(self._delivered) - self._placed_before,
            began_s=self._began_s,
            last_s=self._last_s,
            open=self._goes_on(),
        )

    def _goes_on(self) -> bool:
        return time.monotonic() < self._until_s and self._placed < self._most

    async def answer(self, path: str, body: bytes) -> bytes:
        """Return what a call gives, pickled."""
        if path == _TAKE:
            return pickle.dumps((True, await self._take()))
        answered = pickle.dumps(await self._call(path, body))
        if self._placed:
            self.recording.requests.append((path, body))
            self.recording.answers[path, body] = answered
        return answered

    async def answer_again(self, path: str, body: bytes) -> bytes:
        """Return what was answered to the same before."""
        return self.recording.answers[path, body]

    async def _call(self, path: str, body: bytes) -> tuple[bool, Any]:
        _, connection, port, name = path.split("/")
        args, kwargs = pickle.loads(body)  # noqa: S301 - of our own process
        asked = getattr(self._ports[connection], port)
        try:
            found = await (getattr(asked, name) if name else asked)(*args, **kwargs)
        except HubError as error:
            return False, (type(error), error.args, vars(error))
        self._follow(name, args)
        return True, found

    def _follow(self, name: str, args: tuple[Any, ...]) -> None:
        """Have a parcel carried once its label is there, and the next order placed once it is known as delivered."""
        if name == "fetch_file":
            shipment_id = str(args[0]).rpartition("/")[2].removesuffix(".zpl")
            self._scan_soon(shipment_id, TrackingState.IN_TRANSIT)
        elif name == "fetch_tracking":
            shipment_id = str(args[0]).removeprefix("tracker-")
            scans = self.world.shipments[shipment_id].scans
            if scans[-1:] and scans[-1].state is TrackingState.DELIVERED:
                self._note_delivered(shipment_id)
            elif len(scans) == 1:
                self._scan_soon(shipment_id, TrackingState.DELIVERED)

    def _scan_soon(self, shipment_id: str, state: TrackingState) -> None:
        def carry() -> None:
            if state not in {event.state for event in self.world.shipments[shipment_id].scans}:
                scan(self.world, "post", shipment_id, state)

        asyncio.get_running_loop().call_later(CARRIED_S, carry)

    def _note_delivered(self, shipment_id: str) -> None:
        if shipment_id in self._delivered:
            return
        self._delivered.add(shipment_id)
        self._last_s = time.monotonic()
        if self._goes_on():
            self._place()

    def _place(self) -> None:
        self._placed += 1
        number = self._placed
        connection = self._chance.choice(("shop", "shop", "market"))
        sku = self._chance.choice(self._skus)
        name, state, code = self._chance.choice(_SHOPPERS)
        pay: Pay = self._chance.choice(("now", "later")) if connection == "shop" else "marketplace"
        home = Address(name=name, street1=f"{number} Way", city="City", state=state, zip=code, country="US")
        cart = Cart(
            number=f"{connection[0].upper()}-{number}",
            lines=((sku if connection == "shop" else f"PAIR-{sku}", self._chance.randint(1, 2), 2500),),
            ship_to=home,
            email=f"{name.lower()}@example.test" if connection == "shop" else None,
            pay=pay,
        )
        place(self.world, connection, cart)

    def _changed(self) -> None:
        if self.world.notifications:
            self._news.set()

    async def _take(self) -> list[tuple[str, Notification]]:
        """Wait for notifications, and return those that nobody has carried to the hub yet."""
        while not self.world.notifications:
            self._news.clear()
            await self._news.wait()
        taken, self.world.notifications = self.world.notifications, []
        return taken


def serve(pipe: Pipe, catalogue: Catalogue, recording: Recording | None) -> None:
    """In a child: send the port, and answer there; of a recording what was answered before, else what is true."""
    asyncio.run(_serve(pipe, catalogue, recording))


async def _serve(pipe: Pipe, catalogue: Catalogue, recording: Recording | None) -> None:
    vendors = Vendors(catalogue, recording or Recording())
    answer = vendors.answer if recording is None else vendors.answer_again
    server = await asyncio.start_server(partial(_answer_all, answer), "127.0.0.1", 0, backlog=512)
    pipe.send(server.sockets[0].getsockname()[1])
    await answer_until_told(
        pipe, {"sell": vendors.sell, "sold": vendors.sold, "recorded": lambda: vendors.recording}
    )
    server.close()


async def _answer_all(
    answer: Callable[[str, bytes], Awaitable[bytes]],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Answer one request after another: as little of HTTP as our own client needs."""
    # At the end some still wait for news.
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
            length = int(head.lower().partition("content-length:")[2].partition("\r\n")[0] or 0)
            body = await reader.readexactly(length)
            answered = await answer(head.split(" ", 2)[1], body)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answered), answered))
    writer.close()


@contextlib.asynccontextmanager
async def asking(port: int) -> AsyncIterator[Ask]:
    """Give the call that asks the vendors: one HTTP request each."""
    async with client(f"http://127.0.0.1:{port}") as http:
        yield partial(ask, http)


def client(url: str) -> aiohttp.ClientSession:
    """Return a client of the vendors at an address."""
    return aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=2 * AT_ONCE))


async def ask(http: aiohttp.ClientSession, path: str, body: bytes) -> Any:
    """Return what the vendors answer, or raise what they raised."""
    async with http.post(path, data=body) as answer:
        fine, found = pickle.loads(await answer.read())  # noqa: S301 - of our own process
    if fine:
        return found
    kind, args, known = found
    error = kind.__new__(kind, *args)
    error.__dict__.update(known)
    raise error


async def take_notifications(asked: Ask) -> list[tuple[str, Notification]]:
    """Return (connection, notification) of what the vendors tell, once there is any."""
    found: list[tuple[str, Notification]] = await asked(_TAKE, b"")
    return found


class _Remote:
    """A port whose methods are asked of the vendors' process."""

    def __init__(self, ask: Ask, path: str) -> None:
        self._ask, self._path = ask, path

    def __getattr__(self, name: str) -> Any:
        async def method(*args: Any, **kwargs: Any) -> Any:
            return await self._ask(f"{self._path}/{name}", pickle.dumps((args, kwargs)))

        setattr(self, name, method)
        return method


def remote_ports(ask: Ask) -> dict[str, Ports]:
    """Return what each connection can do, asked of the vendors' process; nothing of it is pushed to us over HTTP."""
    found: dict[str, Ports] = {}
    for connection, ports in ports_in(world_of(Catalogue(0), SystemClock())).items():
        there = [f.name for f in fields(ports) if getattr(ports, f.name) is not None]
        remote: dict[str, Any] = {
            name: _Remote(ask, f"/{connection}/{name}") for name in there if name not in _OWN
        }
        found[connection] = Ports(probe=remote_probe(ask, connection), **remote)
    return found


_OWN = frozenset({"mode", "account", "probe", "webhooks", "close"})


def remote_probe(ask: Ask, connection: str) -> Callable[[], Awaitable[str]]:
    """Return the probe of a connection."""
    empty = pickle.dumps(((), {}))

    async def probe() -> str:
        found: str = await ask(f"/{connection}/probe/", empty)
        return found

    return probe
