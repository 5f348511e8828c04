"""Many seeds of the simulation, in processes of their own, with what they cost: `make soak ARGS=seeds`.

``CROSSDOCK_SEEDS`` says how many (100,000), ``CROSSDOCK_SEEDS_FROM`` from which on (1), ``CROSSDOCK_SEEDS_S`` after how
many seconds no further ones are begun, ``CROSSDOCK_PROCESSES`` how many processes share them (1).
`ARGS=safeguards` looks, with each safeguard taken away, for the first of 1,000 seeds that tells. `ARGS=hashes` runs
twenty failing seeds a hundred times each (``CROSSDOCK_RERUNS``), in processes that hash differently.
"""

import asyncio
import logging
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from simulation.case import Case, minimized, run_case
from tests.safeguards import NEEDED, SAFEGUARDS, Needed, played_without

_SEEDS_AT_ONCE = 20
_TOLD_EVERY = 200
MOST = 1_000
"""So many seeds are tried without a safeguard."""
FAILING_OF_EACH = 3
_RERUNS_AT_ONCE = 25
_HOURS_A_DAY, _A_DAY_IN = 24, 250


def number(name: str, otherwise: int) -> int:
    """What the environment says, or else."""
    return int(os.environ.get(name, otherwise))


def case_of(seed: int) -> Case:
    """The case of a seed: mostly an hour of some orders, now and then two merchants, now and then a day."""
    chance = random.Random(f"case {seed}")
    if seed % _A_DAY_IN == 0:
        return Case(seed=seed, orders=12, apart_s=_HOURS_A_DAY * 3600 // 12, kills=4, stops=4)
    return Case(
        seed=seed,
        orders=chance.randint(1, 3),
        kills=chance.randint(0, 2),
        stops=chance.randint(0, 2),
        workers=chance.choice((2, 2, 3)),
        merchants=chance.choice((1,) * 9 + (2,)),
        apart_s=chance.choice((5, 20, 120)),
    )


@dataclass(slots=True)
class Figures:
    """What came of some seeds."""

    seeds: int = 0
    orders: int = 0
    effects: int = 0
    hours: float = 0.0
    kills: int = 0
    stops: int = 0
    cpu_s: float = 0.0
    broken: list[str] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        """Count others too."""
        self.seeds += other.seeds
        self.orders += other.orders
        self.effects += other.effects
        self.hours += other.hours
        self.kills += other.kills
        self.stops += other.stops
        self.cpu_s += other.cpu_s
        self.broken += other.broken

    def __str__(self) -> str:
        cpu_h = max(self.cpu_s, 0.001) / 3600
        return (
            f"{self.seeds:,} seeds, {self.orders:,} orders, {self.effects:,} effects, {self.hours:,.0f} virtual hours, "
            f"{self.kills:,} kills, {self.stops:,} stops in {cpu_h:.2f} core hours; an hour of a core: "
            f"{self.seeds / cpu_h:,.0f} seeds, {self.orders / cpu_h:,.0f} orders, {self.hours / cpu_h:,.0f} virtual hours; "
            f"{len(self.broken)} broken"
        )


def tried(seeds: range) -> Figures:
    """Run some seeds in this process; one that fails is made smaller."""
    logging.getLogger("crossdock").setLevel(logging.CRITICAL)
    figures, began = Figures(), time.process_time()
    for seed in seeds:
        case = case_of(seed)
        report = run_case(case)
        figures.seeds += 1
        figures.orders += report.orders
        figures.effects += sum(report.effects.values())
        figures.hours += report.hours
        figures.kills += report.kills
        figures.stops += report.stops
        if not report.ok:
            smaller = minimized(case, lambda smaller: not run_case(smaller).ok)
            figures.broken += [f"{case.command}: {report.differences[0]}", f"  smaller: {smaller.command}"]
    figures.cpu_s = time.process_time() - began
    return figures


async def many_seeds() -> list[str]:
    """Run as many seeds as asked for, and return what is broken."""
    first, count = number("CROSSDOCK_SEEDS_FROM", 1), number("CROSSDOCK_SEEDS", 100_000)
    ends = time.monotonic() + number("CROSSDOCK_SEEDS_S", 10**9)
    parts = iter(
        range(start, min(start + _SEEDS_AT_ONCE, first + count))
        for start in range(first, first + count, _SEEDS_AT_ONCE)
    )
    total = Figures()
    processes = number("CROSSDOCK_PROCESSES", 1)
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:

        async def share() -> None:
            for part in parts:
                if time.monotonic() >= ends:
                    return
                total.add(await asyncio.get_running_loop().run_in_executor(pool, tried, part))
                if total.seeds % _TOLD_EVERY == 0:
                    _say(str(total))

        await asyncio.gather(*(share() for _ in range(processes)))
    _say(str(total))
    return total.broken


async def safeguards() -> list[str]:
    """Take each safeguard away, and return those that nobody misses."""
    return await asyncio.to_thread(_safeguards)


def _safeguards() -> list[str]:
    wrong: list[str] = []
    for needed in NEEDED:
        began, found = time.process_time(), _first_without(needed)
        spent_s = time.process_time() - began
        if found is None:
            wrong.append(f"{needed.name}: {MOST} seeds, and nobody misses it")
            continue
        case, told = found
        _say(f"{needed.name}: seed {case.seed}, after {spent_s:.1f} s of CPU: {told}")
        _say(f"  smaller: {_smaller_without(needed, case).command}")
    return wrong


def _first_without(needed: Needed) -> tuple[Case, str] | None:
    with SAFEGUARDS[needed.name]():
        for seed in range(1, MOST + 1):
            case = case_of(seed)
            report = run_case(case)
            if needed.missed(report):
                return case, next(line for line in report.differences if needed.told in line)
    return None


def _smaller_without(needed: Needed, case: Case) -> Case:
    with SAFEGUARDS[needed.name]():
        return minimized(case, lambda smaller: needed.missed(run_case(smaller)))


async def hashes() -> list[str]:
    """Run failing seeds over and over, and return those that did not always come out alike."""
    reruns = number("CROSSDOCK_RERUNS", 100)
    wrong: list[str] = []
    loop = asyncio.get_running_loop()
    context = multiprocessing.get_context("spawn")  # each process of Python hashes texts differently
    with ProcessPoolExecutor(1, context, max_tasks_per_child=1) as pool:
        for needed, seed in await asyncio.to_thread(lambda: list(_failing())):
            digests: set[str] = set()
            for _ in range(0, reruns, _RERUNS_AT_ONCE):
                digests |= await loop.run_in_executor(
                    pool, _digests, needed, seed, min(reruns, _RERUNS_AT_ONCE)
                )
            _say(f"without {needed.name}, seed {seed}: {reruns} runs, {len(digests)} digest")
            if len(digests) != 1:
                wrong.append(f"without {needed.name}, seed {seed}: {len(digests)} digests")
    return wrong


def _failing() -> Iterator[tuple[Needed, int]]:
    """Yield failing seeds: some of each safeguard."""
    for needed in NEEDED:
        left = FAILING_OF_EACH
        for seed in range(1, MOST):
            if needed.missed(played_without(needed, seed)):
                yield needed, seed
                left -= 1
            if not left:
                break


def _digests(needed: Needed, seed: int, times: int) -> set[str]:
    logging.getLogger("crossdock").setLevel(logging.CRITICAL)
    return {played_without(needed, seed).digest for _ in range(times)}


def _say(text: str) -> None:
    sys.stdout.write(f"   {text}\n")
    sys.stdout.flush()
