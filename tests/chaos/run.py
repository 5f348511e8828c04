"""An hour of everything at once; then quiet, and within a minute all is done, once, and everybody's books agree.

``CROSSDOCK_CHAOS_S`` says how long it lasts (seconds), ``CROSSDOCK_CHAOS_SEED`` which dice are thrown,
``CROSSDOCK_CHAOS_QUIET_S`` how long it may take afterwards, ``CROSSDOCK_CHAOS_KEEP`` a folder for the logs.
Clocks are set where libfaketime is installed (Debian's package faketime), the disk is filled where a small one may be
mounted (as root); what happened how often is told.
"""

import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import asyncpg

from core.store.server_address import plain_address
from demo.actions import ActionError
from demo.children import free_port, run_cli, stop
from demo.client import RefusedError
from tests.chaos.cluster import Cluster
from tests.chaos.merchants import Merchant, environ_of_hub, merchants
from tests.chaos.processes import Supervised, with_a_clock

FAULTS = "duplicate:0.1,drop:0.05,reorder:0.1,delay:0.05,throttle:0.02,error:0.02,hang:0.002,reply_dropped:0.02,stale:0.03"
SHOPS_EVERY_S = 1.5
STRIKES_EVERY_S = (1.0, 6.0)
MOST_SKEW_S = 120.0
STARTS_WITHIN_S = 300.0
LOOKS_EVERY_S = 2.0
TWICE = 2
_UNDER_WAY = (
    "SELECT count(*) FROM orders WHERE due_at <= now() + interval '20 seconds'",
    "SELECT count(*) FROM jobs WHERE due_at <= now() AND parked_at IS NULL AND kind <> 'receive'",
    "SELECT count(*) FROM effects WHERE state = 'intent'",
)
"""A queue is listened to for ever."""
NO_LIMITS: Mapping[str, float] = {}
"""Of stand-ins that allow what they usually do."""


def _setting(name: str, usual: float) -> float:
    return float(os.environ.get(f"CROSSDOCK_CHAOS_{name}", usual))


@dataclass(slots=True, kw_only=True)
class Chaos:
    """What runs, and what was done to it."""

    cluster: Cluster
    web: Supervised
    others: list[Supervised]
    both: list[Merchant]
    chance: random.Random
    struck: Counter[str] = field(default_factory=Counter)
    later: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def processes(self) -> list[Supervised]:
        """Every process of the hub."""
        return [self.web, *self.others]

    @property
    def strikes(self) -> list[tuple[Callable[[], Awaitable[None]], str, int]]:
        """What may happen: what, its name, and how often beside the others."""
        found: list[tuple[Callable[[], Awaitable[None]], str, int]] = [
            (self._kill, "kill -9", 10),
            (self._freeze, "stopped", 6),
            (self._cut, "connections cut", 10),
            (self._restart, "database restarted", 2),
            (self._write_nothing, "database read-only", 2),
        ]
        if self.cluster.has_disk:
            found.append((self._fill, "disk full", 1))
        if self.web.has_clock:
            found.append((self._set_clock, "clock set", 4))
        return found

    async def rage(self, seconds: float) -> None:
        """Sell, and strike at random, for so long."""
        end = time.monotonic() + seconds
        selling = asyncio.create_task(self._sell(end))
        while time.monotonic() < end:
            await asyncio.sleep(self.chance.uniform(*STRIKES_EVERY_S))
            if sum(process.serves for process in self.processes) < len(self.processes) - 1:
                continue  # so much is down by now that nobody would be at work
            strike, name, _ = self.chance.choices(
                self.strikes, weights=[weight for _, _, weight in self.strikes]
            )[0]
            self.struck[name] += 1
            await strike()
        await selling

    async def _sell(self, end: float) -> None:
        while time.monotonic() < end:
            for merchant in self.both:
                try:
                    await merchant.shop()
                except (ActionError, aiohttp.ClientError, TimeoutError):
                    self.struck["what a shopper could not do"] += 1
            await asyncio.sleep(_setting("SHOPS_EVERY_S", SHOPS_EVERY_S))

    def _one(self) -> Supervised:
        """Return one that serves: nobody learns anything from killing what only just starts."""
        return self.chance.choice([process for process in self.processes if process.serves] or self.processes)

    async def _kill(self) -> None:
        self._one().send(signal.SIGKILL)

    async def _freeze(self) -> None:
        """Stop a process for a moment; one in ten for longer than a claim lasts."""
        process, long = self._one(), self.chance.random() < 0.1
        process.send(signal.SIGSTOP)
        seconds = self.chance.uniform(95, 110) if long else self.chance.uniform(0.5, 8)
        task = asyncio.create_task(_thaw(process, seconds))
        self.later.add(task)
        task.add_done_callback(self.later.discard)

    async def _cut(self) -> None:
        try:
            await self.cluster.cut(self.chance.choice((0.2, 0.5, 1.0)))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self.struck["the database was away"] += 1

    async def _restart(self) -> None:
        await self.cluster.restart("immediate" if self.chance.random() < 0.4 else "fast")

    async def _write_nothing(self) -> None:
        await self.cluster.write_nothing(self.chance.uniform(0.5, 5))

    async def _fill(self) -> None:
        await self.cluster.fill(self.chance.uniform(0.5, 5))

    async def _set_clock(self) -> None:
        """Have one process believe another time from now on: skew between them, and a jump for it."""
        self._one().set_clock(self.chance.uniform(-MOST_SKEW_S, MOST_SKEW_S))

    async def quiet(self) -> None:
        """Strike no more; a start of the clock has every channel asked at once what no webhook told."""
        for task in list(self.later):
            task.cancel()
        for process in self.processes:
            process.send(signal.SIGCONT)
        for merchant in self.both:
            await merchant.client.stand("POST", "/faults/quiet", {})
        self.others[-1].send(signal.SIGKILL)
        await asyncio.sleep(1)
        await self._all_serve()

    async def _all_serve(self) -> None:
        """Wait until every process is up: how long Python takes to start is the machine's affair."""
        end = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < end:
            if all(process.serves for process in self.processes):
                return
            await asyncio.sleep(0.2)

    async def wrong(self) -> list[str]:
        """Return what is wrong now."""
        try:
            return [text for merchant in self.both for text in await merchant.wrong()]
        except (aiohttp.ClientError, RefusedError, TimeoutError) as error:
            return [f"the hub does not answer: {error!r}"]


async def _thaw(process: Supervised, seconds: float) -> None:
    await asyncio.sleep(seconds)
    process.send(signal.SIGCONT)


async def _answers(web: Supervised, url: str, http: aiohttp.ClientSession) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end:
        try:
            async with http.get(f"{url}/readyz") as answer:
                if answer.ok:
                    return
        except (aiohttp.ClientError, TimeoutError):
            pass
        await asyncio.sleep(0.2)
    raise RuntimeError(f"the hub does not start; see {web.log}")


async def opened(
    stack: AsyncExitStack,
    folder: Path,
    orders: int,
    seed: int,
    *,
    workers: int = 2,
    limits: Mapping[str, float] = NO_LIMITS,
) -> Chaos:
    """Start cluster, stand-ins with these limits, and hub, and let both merchants go live."""
    cluster = await Cluster.start(folder / "cluster")
    stack.push_async_callback(cluster.stop)
    http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)))
    port = free_port()
    hub = f"http://127.0.0.1:{port}"
    both = await merchants(folder, http, hub, orders=orders, seed=seed, limits=dict(limits))
    for merchant in both:
        stack.push_async_callback(stop, merchant.sandbox)
    environ = environ_of_hub(both, folder, cluster.url)
    await run_cli(environ, "db", "upgrade")
    for merchant in both:
        words = ("keys", "new", "--merchant", merchant.client.merchant, "--name", "chaos")
        await run_cli({**environ, "CROSSDOCK_NEW_KEY": merchant.client.key}, *words)

    def process(name: str, *words: str) -> Supervised:
        clock = with_a_clock(environ, folder / f"{name}.clock")
        made = Supervised(name=name, words=words, environ=clock, log=folder / f"{name}.log")
        made.start()
        stack.push_async_callback(made.stop)
        return made

    web = process("web", "--role", "web", "--port", str(port))
    await _answers(web, hub, http)
    others = [process(f"worker-{n}", "--role", "worker") for n in range(1, workers + 1)]
    others.append(process("scheduler", "--role", "scheduler"))
    for merchant in both:
        await merchant.open()
        await merchant.client.stand("POST", "/faults", {"spec": FAULTS, "seed": seed})
    chance = random.Random(seed)
    return Chaos(cluster=cluster, web=web, others=others, both=both, chance=chance)


async def agreed(chaos: Chaos, within_s: float) -> tuple[float, dict[str, str], list[str]]:
    """Return how long it took until all was done, what was wrong from when until when, and what still is.

    Books are read where nothing is under way any more: to read those of an hour takes minutes, and what was done
    meanwhile would look like a difference. What counts is when that was so.
    """
    began, seen = time.monotonic(), dict[str, list[float]]()
    while True:
        took = await _done_after(chaos, began, within_s)
        wrong = await chaos.wrong()
        if took > within_s:
            wrong.append(f"something was still under way after {within_s:.0f} s")
        for text in wrong:
            seen.setdefault(text, [took, took])[1] = took
        if not wrong or time.monotonic() - began > within_s:
            return took, {text: f"{first:.0f} to {last:.0f} s" for text, (first, last) in seen.items()}, wrong
        await asyncio.sleep(LOOKS_EVERY_S)


async def _done_after(chaos: Chaos, began: float, within_s: float) -> float:
    """Return after how long two looks in turn found nothing under way, or how long it was waited for in vain."""
    took, found = 0.0, 0
    while found < TWICE and took <= within_s + LOOKS_EVERY_S:
        await asyncio.sleep(LOOKS_EVERY_S)
        took = time.monotonic() - began
        found = 0 if await _under_way(chaos) else found + 1
    return took - LOOKS_EVERY_S


async def _under_way(chaos: Chaos) -> int:
    """Return how much is due now or within moments, or asked of a vendor and not answered; waits of hours are none."""
    try:
        server = await asyncpg.connect(plain_address(chaos.cluster.url))
    except (OSError, asyncpg.PostgresError):
        return 1
    try:
        return sum([int(await server.fetchval(query)) for query in _UNDER_WAY])
    finally:
        await server.close()


async def run(say: Callable[[str], object] = sys.stdout.write) -> list[str]:
    """Rage, be quiet, and return what is wrong then."""
    seconds, seed = _setting("S", 3600), int(_setting("SEED", 1))
    with own_folder() as folder:
        try:
            async with AsyncExitStack() as stack:
                chaos = await opened(stack, folder, int(seconds / SHOPS_EVERY_S * 1.2) + 20, seed)
                await chaos.rage(seconds)
                await chaos.quiet()
                took, seen, wrong = await agreed(chaos, _setting("QUIET_S", 60))
                ended = {process.name: process.ended for process in chaos.processes if process.ended}
                say(
                    f"    {seconds:g} s, seed {seed}: {sum(m.bought for m in chaos.both)} orders; {dict(chaos.struck)};"
                    f" ended by themselves: {ended or 'none'}; agreed after {took:.0f} s of quiet\n"
                    + "".join(f"      {when}: {text}\n" for text, when in seen.items())
                )
                if wrong:
                    await chaos.cluster.dump(folder / "dump.sql.log")
                return wrong
        finally:
            _keep_logs(folder)


@contextmanager
def own_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="crossdock-chaos-") as name:
        # The user postgres must get through to its own folder inside.
        Path(name).chmod(0o755)
        yield Path(name)


def _keep_logs(folder: Path) -> None:
    kept = os.environ.get("CROSSDOCK_CHAOS_KEEP")
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        for log in folder.glob("*.log"):
            shutil.copy(log, kept)
