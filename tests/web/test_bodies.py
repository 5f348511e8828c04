"""Large bodies of strangers: few are read at once, and whoever is slow gives way to who waits."""

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from web.door.bodies import AT_ONCE, OF_HOST, LargeBodies
from web.door.limits import Limits

pytestmark = pytest.mark.case("F5")

LIMITS = Limits(proxies=(ipaddress.ip_network("10.0.0.5/32"),))


@pytest.fixture
async def tasks() -> AsyncIterator[list["asyncio.Task[None]"]]:
    """Those that read or wait; all of them end with the test."""
    begun: list[asyncio.Task[None]] = []
    yield begun
    for task in begun:
        task.cancel()
    await asyncio.gather(*begun, return_exceptions=True)


class Reader:
    """Reads the bodies of a host, each until it is told that it is whole."""

    def __init__(self, bodies: LargeBodies, host: str) -> None:
        self.bodies = bodies
        self.host = host
        self.reads = 0
        self.whole = asyncio.Event()

    async def read(self) -> None:
        async with self.bodies.place(self.host):
            self.reads += 1
            try:
                await self.whole.wait()
            finally:
                self.reads -= 1


async def reading(readers: list[Reader]) -> list[int]:
    """Return how many bodies of each are read once everybody had his turn."""
    for _ in range(5):
        await asyncio.sleep(0)
    return [one.reads for one in readers]


async def test_so_many_are_read_at_once_and_few_of_one_host(tasks: list["asyncio.Task[None]"]) -> None:
    bodies = LargeBodies(LIMITS)
    hosts = [Reader(bodies, f"192.0.2.{number}") for number in range(10)]
    tasks += [asyncio.create_task(host.read()) for _ in range(3) for host in hosts]

    seen = await reading(hosts)

    assert (AT_ONCE, OF_HOST) == (16, 2)
    assert sum(seen) == 16
    assert max(seen) == 2


async def test_a_proxy_speaks_for_many(tasks: list["asyncio.Task[None]"]) -> None:
    proxy = Reader(LargeBodies(LIMITS), "10.0.0.5")
    tasks += [asyncio.create_task(proxy.read()) for _ in range(20)]

    assert await reading([proxy]) == [16]


async def test_of_those_that_wait_the_host_that_reads_least_is_next(
    tasks: list["asyncio.Task[None]"],
) -> None:
    bodies = LargeBodies(LIMITS)
    first = [Reader(bodies, f"192.0.2.{number}") for number in range(8)]
    greedy, honest = Reader(bodies, "198.51.100.1"), Reader(bodies, "198.51.100.2")
    tasks += [asyncio.create_task(one.read()) for _ in range(2) for one in first]
    await reading(first)
    tasks += [asyncio.create_task(one.read()) for one in (greedy, greedy, honest)]
    assert await reading([greedy, honest]) == [0, 0]

    first[0].whole.set()

    assert await reading([first[0], greedy, honest]) == [0, 1, 1]


async def test_who_reads_for_long_gives_way_to_who_waits(tasks: list["asyncio.Task[None]"]) -> None:
    bodies = LargeBodies(LIMITS, gives_way_s=0.02)
    slow, next_one = Reader(bodies, "192.0.2.1"), Reader(bodies, "192.0.2.1")
    held = [asyncio.create_task(slow.read()) for _ in range(2)]
    await reading([slow])
    waits = asyncio.create_task(next_one.read())
    tasks += [*held, waits]

    with pytest.raises(web.HTTPRequestTimeout) as told:
        await held[0]

    assert told.value.reason == "others wait: the body did not come whole within 0.02 s"
    assert await reading([next_one]) == [1]


async def test_while_nobody_waits_nobody_is_hurried(tasks: list["asyncio.Task[None]"]) -> None:
    slow = Reader(LargeBodies(LIMITS, gives_way_s=0.001), "192.0.2.1")
    tasks += [asyncio.create_task(slow.read()) for _ in range(2)]
    await reading([slow])

    await asyncio.sleep(0.02)

    assert slow.reads == 2


async def test_who_gives_up_waiting_keeps_no_place(tasks: list["asyncio.Task[None]"]) -> None:
    bodies = LargeBodies(LIMITS)
    holds, gone, last = (Reader(bodies, "192.0.2.1") for _ in range(3))
    tasks += [asyncio.create_task(holds.read()) for _ in range(2)]
    await reading([holds])
    gives_up = asyncio.create_task(gone.read())
    await reading([gone])
    gives_up.cancel()
    holds.whole.set()  # in the same moment: the place must not go to who is gone
    with contextlib.suppress(asyncio.CancelledError):
        await gives_up
    tasks += [asyncio.create_task(last.read()) for _ in range(2)]

    assert await reading([holds, gone, last]) == [0, 0, 2]
