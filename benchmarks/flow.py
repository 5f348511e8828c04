"""Whole orders, from the notification to the door, against nothing but their vendor calls."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from benchmarks.children import child
from benchmarks.databases import database_of
from benchmarks.rounds import Figure, Rates, Scale, in_turns, load_now, middle, middles, ratios
from benchmarks.running import SDKS, SKUS, Prepared, Running, prepared, running
from benchmarks.vendors import Recording
from benchmarks.worker import call

TWO_WORKERS = 1.15
"""What an order may cost two workers, of what it costs one."""


@dataclass(slots=True)
class Flow:
    """Measures whole orders on copies of a prepared database, and the calls of the last ones without a hub."""

    before: Prepared
    seconds: float
    recording: Recording = field(default_factory=Recording)
    orders: float = 0
    """Orders that the recording is of."""
    statements: dict[str, float] = field(default_factory=dict)

    async def whole(self, workers: int = 1) -> Rates:
        """Return what whole orders cost, by so many processes that work on a database of their own."""
        before = self.before
        async with (
            database_of(before.kind, like=before.url) as url,
            running(before, url, workers) as hub,
        ):
            rates = await hub.whole(self.seconds)
            if workers == 1:
                await self.record(hub, rates)
        return rates

    async def record(self, hub: Running, rates: Rates) -> None:
        """Keep what the orders just measured asked of vendors."""
        self.recording, self.orders = await self.before.vendors.record(hub), rates["orders"]
        self.statements = hub.statements

    async def calls(self) -> Rates:
        """Return what the vendor calls of the last whole orders cost without a hub, 32 at once."""
        if not self.orders:
            await self.whole()
        asked, vendors = self.recording.requests, self.before.vendors
        async with child(vendors.again, self.before.catalogue, self.recording) as answering:
            port = await answering.answer()
            async with child(call, port, vendors.calling, asked, self.seconds) as calling:
                made, taken, cpu_s = await calling.answer()
        per_order = len(asked) / self.orders
        count = made / per_order
        return {"per_s": count / taken, "cpu_ms": cpu_s * 1000 / count, "per_order": per_order}


async def order_flow_sdk(scale: Scale) -> Figure:
    """Return how many orders a second go the whole way through the vendors' SDKs, of those of which only the calls are made."""
    async with prepared("sqlite", scale.of(SKUS, least=10), vendors=SDKS) as before:
        return await _measured("order_flow_sdk", Flow(before, scale.seconds), scale, floor=0.75)


async def order_flow_stub_sqlite(scale: Scale) -> Figure:
    """Return how many orders a second go the whole way on SQLite, of those of which only the vendor calls are made."""
    async with prepared("sqlite", scale.of(SKUS, least=10)) as before:
        return await _measured("order_flow_stub_sqlite", Flow(before, scale.seconds), scale, floor=0.35)


async def order_flow_stub_postgres(scale: Scale) -> Figure:
    """Return the same on PostgreSQL, and what two and four workers do."""
    async with prepared("postgres", scale.of(SKUS, least=10)) as before:
        flow, workers = Flow(before, scale.seconds), sorted({2, scale.of(4, least=2)})
        return await _measured("order_flow_stub_postgres", flow, scale, floor=0.35, workers=workers)


async def _measured(
    name: str, flow: Flow, scale: Scale, *, floor: float, workers: Sequence[int] = ()
) -> Figure:
    load = load_now()
    more = {f"workers_{count}": partial(flow.whole, count) for count in workers}
    found = await in_turns(scale.rounds, {"whole": flow.whole, "calls": flow.calls, **more})
    whole, calls = found["whole"], found["calls"]
    details = middles(whole) | middles(calls, "calls_")
    details["hub_cpu_ms"] = details["cpu_ms"] - details["calls_cpu_ms"]
    details["cpu_ratio"] = median(ratios(calls, whole, "cpu_ms"))
    for one in more:
        details |= middles(found[one], f"{one}_")
        details[f"{one}_cpu_ratio"] = median(ratios(found[one], whole, "cpu_ms"))
    if more:
        details["workers_2_cpu_ratio_limit"] = TWO_WORKERS
    each = ratios(whole, calls)
    return Figure(
        name=name,
        value=middle(whole),
        unit="orders/s",
        ratio=median(each),
        floor=floor,
        spread=(min(each), max(each)),
        details=details,
        statements=flow.statements,
        load=load,
    )
