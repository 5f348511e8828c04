"""What an order costs where much is stored already, of what it costs where little is: lower is better, 1 is best.

The hub's own cost counts: the CPU time of the worker and of the database's processes, less that of the vendor calls.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from benchmarks.databases import Kind, NoPostgresError, analyze
from benchmarks.flow import Flow
from benchmarks.rounds import Figure, Rates, Scale, in_turns, load_now, middles
from benchmarks.running import SKUS, Prepared, Running, prepared, running
from benchmarks.stored import store_delivered

MANY_SKUS = 20_000
FEW_ORDERS, MANY_ORDERS = 1_000, 1_000_000
MOST = 1.2


@dataclass(frozen=True, slots=True)
class Kept:
    """A database that is kept through all rounds, and the hub at work on it."""

    before: Prepared
    hub: Running


async def growth_catalogue(scale: Scale) -> Figure:
    """Return what an order costs with 20,000 SKUs in the catalogue, of what it costs with 100; on SQLite."""
    load, few, many = load_now(), scale.of(SKUS, least=10), scale.of(MANY_SKUS, least=20)
    async with _with_skus(few) as small, _with_skus(many) as large:
        found = await _compared(scale, small, large)
    return _figure("growth_catalogue", found, middles(found) | {"few_skus": few, "many_skus": many}, load)


async def growth_million(scale: Scale) -> Figure:
    """Return what an order costs with 1,000,000 orders stored, of what it costs with 1,000; the worse of both databases."""
    load, found = load_now(), dict[str, list[Rates]]()
    few, many = scale.of(FEW_ORDERS, least=2), scale.of(MANY_ORDERS, least=8)
    details: dict[str, float] = {"few_orders": few, "many_orders": many}
    kinds: tuple[Kind, ...] = ("sqlite", "postgres")
    for kind in kinds:
        with contextlib.suppress(NoPostgresError):
            async with _with_orders(kind, few) as small, _with_orders(kind, many) as large:
                found[kind] = await _compared(scale, small, large)
            details |= middles(found[kind], f"{kind}_")
    return _figure("growth_million", max(found.values(), key=_ratio), details, load)


def _figure(name: str, found: Sequence[Rates], details: Mapping[str, float], load: float) -> Figure:
    each = [rates["ratio"] for rates in found]
    return Figure(
        name=name,
        value=middles(found)["many_own_ms"],
        unit="ms CPU/order",
        ratio=_ratio(found),
        floor=MOST,
        better="lower",
        spread=(min(each), max(each)),
        details=details,
        load=load,
    )


def _ratio(found: Sequence[Rates]) -> float:
    return median(rates["ratio"] for rates in found)


@contextlib.asynccontextmanager
async def _with_skus(count: int) -> AsyncIterator[Kept]:
    async with prepared("sqlite", count) as before, running(before, before.url) as hub:
        yield Kept(before, hub)


@contextlib.asynccontextmanager
async def _with_orders(kind: Kind, count: int) -> AsyncIterator[Kept]:
    """Give a hub at work where so many orders are stored, all of them delivered."""
    async with prepared(kind, SKUS) as before, running(before, before.url) as hub:
        await store_delivered(hub, count)
        await analyze(before.url)
        yield Kept(before, hub)


async def _compared(scale: Scale, small: Kept, large: Kept) -> list[Rates]:
    """Measure both in turns; of each round what an order costs on both, and the ratio of these costs."""
    flow = Flow(small.before, scale.seconds)

    async def few() -> Rates:
        rates = await small.hub.whole(scale.seconds)
        await flow.record(small.hub, rates)
        return rates

    many = partial(large.hub.whole, scale.seconds)
    found = await in_turns(scale.rounds, {"few": few, "many": many, "calls": flow.calls})
    return [_costs(*round_) for round_ in zip(found["few"], found["many"], found["calls"], strict=True)]


def _costs(few: Rates, many: Rates, calls: Rates) -> Rates:
    own = {name: _own_ms(rates, calls) for name, rates in (("few", few), ("many", many))}
    costs = {f"{name}_own_ms": cost for name, cost in own.items()}
    costs |= {"few_statements": few["statements"], "many_statements": many["statements"]}
    costs |= {"few_per_s": few["per_s"], "many_per_s": many["per_s"]}
    return costs | {"ratio": own["many"] / own["few"]}


def _own_ms(rates: Rates, calls: Rates) -> float:
    return rates["cpu_ms"] + rates["server_cpu_ms"] - calls["cpu_ms"]
