"""The bogus vendors in a process of their own: each call of them is one HTTP request on loopback.

What was asked and answered while orders were sold is written down, and can be asked once more without a hub: then the
same answers come at once.
"""

import asyncio
import contextlib
import pickle  # between processes of our own, on loopback
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from multiprocessing.connection import Connection as Pipe
from typing import Any

import aiohttp

from benchmarks.answering import Answer, Request, serving
from benchmarks.children import answer_until_told
from benchmarks.merchant import Catalogue, ports_in, world_of
from benchmarks.selling import AT_ONCE, Selling
from connectors.bogus.carrier import scan
from core.clock import SystemClock
from core.errors import HubError
from core.model.address import Address
from core.model.notification import Notification
from core.model.shipment import TrackingState
from core.ports import Ports
from simulation.shoppers import Cart, Pay, place

CARRIED_S = 0.05
"""From the label's file to the first scan, and from there to the door."""
TAKE = "/notifications"
"""Where the hub is told of changes."""
SHOPPERS = (("Ann", "OR", "97205"), ("Ben", "NY", "10001"), ("Cal", "TX", "78701"), ("Dee", "CA", "94016"))

Ask = Callable[[str, bytes], Awaitable[Any]]
"""Asks a path for something, and gives what it answers."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Every request that a hub made, in order, and what was answered to each."""

    requests: list[Any] = field(default_factory=list)
    answers: dict[tuple[str, bytes], bytes] = field(default_factory=dict)


class Vendors:
    """Sells, carries, and answers."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.world = world_of(catalogue, SystemClock())
        self.world.changed = self._changed
        self.selling = Selling(self._place)
        self.recording = Recording()
        """What was asked since the selling began."""
        self._ports = ports_in(self.world)
        self._skus = catalogue.skus
        self._chance = random.Random(1)  # noqa: S311 - a seed

    def sell(self, seconds: float, most: int | None = None) -> None:
        """Sell, and write down what is asked meanwhile."""
        self.recording = Recording()
        self.selling.sell(seconds, most)

    async def answer(self, request: Request) -> Answer:
        """Return what a call gives, pickled."""
        asked = (request.path, request.body)
        if request.path == TAKE:
            return Answer(pickle.dumps((True, await self.selling.take())))
        answered = pickle.dumps(await self._call(*asked))
        if self.selling.began:
            self.recording.requests.append(asked)
            self.recording.answers[asked] = answered
        return Answer(answered)

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
                self.selling.deliver(shipment_id)
            elif len(scans) == 1:
                self._scan_soon(shipment_id, TrackingState.DELIVERED)

    def _scan_soon(self, shipment_id: str, state: TrackingState) -> None:
        def carry() -> None:
            if state not in {event.state for event in self.world.shipments[shipment_id].scans}:
                scan(self.world, "post", shipment_id, state)

        asyncio.get_running_loop().call_later(CARRIED_S, carry)

    def _place(self, number: int) -> None:
        connection = self._chance.choice(("shop", "shop", "market"))
        sku = self._chance.choice(self._skus)
        name, state, code = self._chance.choice(SHOPPERS)
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
        news, self.world.notifications = self.world.notifications, []
        self.selling.tell(*news)


def serve(pipe: Pipe, catalogue: Catalogue) -> None:
    """In a child: send the port, and answer there."""
    asyncio.run(_serve(pipe, catalogue))


async def _serve(pipe: Pipe, catalogue: Catalogue) -> None:
    vendors = Vendors(catalogue)
    async with serving(vendors.answer) as port:
        pipe.send(port)
        asked: Mapping[str, Callable[..., Any]] = {
            "sell": vendors.sell,
            "sold": vendors.selling.sold,
            "recorded": lambda: vendors.recording,
        }
        await answer_until_told(pipe, asked)


def serve_again(pipe: Pipe, _catalogue: Catalogue, recording: Recording) -> None:
    """In a child: send the port, and answer there what was answered to the same before."""
    asyncio.run(_serve_again(pipe, recording))


async def _serve_again(pipe: Pipe, recording: Recording) -> None:
    async def answer(request: Request) -> Answer:
        return Answer(recording.answers[request.path, request.body])

    async with serving(answer) as port:
        pipe.send(port)
        await answer_until_told(pipe, {})


@contextlib.asynccontextmanager
async def asking(port: int) -> AsyncIterator[Ask]:
    """Give the call that asks the vendors: one HTTP request each."""
    async with client(f"http://127.0.0.1:{port}") as http:
        yield partial(ask, http)


def client(url: str) -> aiohttp.ClientSession:
    """Return a client of the vendors at an address."""
    # Who waits for notifications waits as long as none come: a million orders are stored meanwhile.
    waits = aiohttp.ClientTimeout(total=None)
    return aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=2 * AT_ONCE), timeout=waits)


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
    found: list[tuple[str, Notification]] = await asked(TAKE, b"")
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


_OWN = frozenset({"mode", "account", "probe", "webhooks", "close"})


def remote_ports(asked: Ask) -> dict[str, Ports]:
    """Return what each connection can do, asked of the vendors' process; nothing of it is pushed to us over HTTP."""
    found: dict[str, Ports] = {}
    for connection, ports in ports_in(world_of(Catalogue(0), SystemClock())).items():
        there = [f.name for f in fields(ports) if getattr(ports, f.name) is not None]
        remote: dict[str, Any] = {
            name: _Remote(asked, f"/{connection}/{name}") for name in there if name not in _OWN
        }
        found[connection] = Ports(probe=_remote_probe(asked, connection), **remote)
    return found


def _remote_probe(asked: Ask, connection: str) -> Callable[[], Awaitable[str]]:
    empty = pickle.dumps(((), {}))

    async def probe() -> str:
        found: str = await asked(f"/{connection}/probe/", empty)
        return found

    return probe
