"""What a node costs: a web process, two workers and a scheduler on PostgreSQL, at rest and while shoppers buy.

Vendors are the stand-ins, over real HTTP and with the vendors' own SDKs. Counted is CPU, which hardly depends on what
else the machine does, and what the database wrote. `make soak ARGS=capacity` prints it; docs/why/capacity.md says what
it is good for. ``CROSSDOCK_CAPACITY_S`` is how long it looks at each (seconds).
"""

import asyncio
import os
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from core.store.server_address import plain_address
from tests.chaos.run import Chaos, agreed, opened, own_folder

SECONDS = 60.0
SHOPS_EVERY_S = 0.8
SETTLES_S = 20.0
AGREES_WITHIN_S = 300.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was used up to an instant."""

    at_s: float
    cpu_s: dict[str, float]
    """By process."""
    rss_mb: dict[str, float]
    transactions: int
    wal_bytes: int
    stored_bytes: int
    connections: int


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def _rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def sample(chaos: Chaos) -> Sample:
    """Return what was used up to now."""
    pids = {process.name: process.child.pid for process in chaos.processes if process.child is not None}
    server = await asyncpg.connect(plain_address(chaos.cluster.url))
    try:
        row = await server.fetchrow(
            "SELECT xact_commit, numbackends, pg_database_size(datname) AS size, "
            "(pg_current_wal_lsn() - '0/0')::bigint AS wal FROM pg_stat_database WHERE datname = current_database()"
        )
    finally:
        await server.close()
    return Sample(
        at_s=time.monotonic(),
        cpu_s={name: _cpu_s(pid) for name, pid in pids.items()},
        rss_mb={name: _rss_mb(pid) for name, pid in pids.items()},
        transactions=row["xact_commit"],
        wal_bytes=row["wal"],
        stored_bytes=row["size"],
        connections=row["numbackends"] - 1,
    )


async def sell(chaos: Chaos, seconds: float) -> int:
    """Let shoppers of both merchants buy for so long, and wait until everybody's books agree; return their orders."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for merchant in chaos.both:
            await merchant.shop()
        await asyncio.sleep(SHOPS_EVERY_S)
    _, _, wrong = await agreed(chaos, AGREES_WITHIN_S)
    if wrong:
        raise RuntimeError(f"the books do not agree: {wrong}")
    return sum(merchant.bought for merchant in chaos.both)


def at_rest(before: Sample, after: Sample) -> list[str]:
    """Return what each process uses while nothing happens."""
    passed_s = after.at_s - before.at_s
    lines = [
        f"{name}: {(after.cpu_s[name] - before.cpu_s[name]) / passed_s:.1%} of a core, {after.rss_mb[name]:.0f} MB"
        for name in after.cpu_s
    ]
    transactions = (after.transactions - before.transactions) / passed_s
    wal = (after.wal_bytes - before.wal_bytes) / passed_s / 1000
    return [
        *lines,
        f"database: {transactions:.0f} transactions/s, {wal:.1f} kB/s of log, {after.connections} connections",
    ]


def at_work(rest: tuple[Sample, Sample], before: Sample, after: Sample, orders: int) -> list[str]:
    """Return what an order costs beyond what is used anyhow."""
    share = (after.at_s - before.at_s) / (rest[1].at_s - rest[0].at_s)

    def each(of: str) -> float:
        used = (
            getattr(after, of) - getattr(before, of) - share * (getattr(rest[1], of) - getattr(rest[0], of))
        )
        return float(used) / orders

    lines = [
        f"{name}: {cpu * 1000 / orders:.0f} ms of CPU an order, {after.rss_mb[name]:.0f} MB"
        for name in after.cpu_s
        for cpu in [
            after.cpu_s[name] - before.cpu_s[name] - share * (rest[1].cpu_s[name] - rest[0].cpu_s[name])
        ]
    ]
    stored = (after.stored_bytes - before.stored_bytes) / orders / 1000
    wrote = f"{each('wal_bytes') / 1000:.0f} kB of log, {stored:.0f} kB stored"
    return [
        f"{orders} orders in {after.at_s - before.at_s:.0f} s",
        *lines,
        f"database: {each('transactions'):.0f} transactions, {wrote} an order",
    ]


async def measured() -> list[str]:
    """Measure, and print it; nothing is judged."""
    seconds = float(os.environ.get("CROSSDOCK_CAPACITY_S", SECONDS))
    with own_folder() as folder:
        async with AsyncExitStack() as stack:
            chaos = await opened(stack, folder, int(2 * seconds / SHOPS_EVERY_S) + 20, seed=1)
            for merchant in chaos.both:
                await merchant.client.stand("POST", "/faults/quiet", {})
            await asyncio.sleep(SETTLES_S)
            rest = [await sample(chaos)]
            await asyncio.sleep(seconds)
            rest.append(await sample(chaos))
            orders = await sell(chaos, seconds)
            after = await sample(chaos)
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    found = [
        "at rest",
        *at_rest(rest[0], rest[1]),
        "at work",
        *at_work((rest[0], rest[1]), rest[1], after, orders),
    ]
    sys.stdout.write("".join(f"    {line}\n" for line in [*found, f"load {load}"]))
    return []
