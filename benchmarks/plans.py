"""A plan: how long another file takes over ten thousand stored orders, and how much longer two replays of each would."""

import gc
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from statistics import median

from benchmarks.merchant import MERCHANT, Catalogue, config, hub_of, ports_in, world_of
from benchmarks.rounds import Figure, Rates, Scale, in_turns, load_now, middle, middles, ratios
from benchmarks.rules import SOME, rules_text
from benchmarks.running import SKUS, prepared, running
from benchmarks.stored import store_delivered
from benchmarks.worker import keyring
from core.clock import SystemClock
from core.config.merchant import MerchantConfig
from core.engine.hub import Hub
from core.services.backtests import backtest
from core.services.replays import known_facts, replayed, setting_of
from core.store.orders import list_orders
from core.store.store import Store

ORDERS, APART = 10_000, 200
MOST_S = 10.0
_WATCHED = (
    "  - {{id: watch, when: order.verified, if: order.number == '{number}', then: [{{hold: watched}}]}}\n"
)


async def plan(scale: Scale) -> Figure:
    """Return the CPU time of a plan over 10,000 stored orders, of twenty-one rules of which one differs; lower is better."""
    load, count = load_now(), scale.of(ORDERS, least=8)
    async with prepared("sqlite", SKUS) as before:
        async with running(before, before.url) as selling:
            await store_delivered(selling, count, with_facts=True)
        store = await Store.open(before.url, keys=keyring(before.keys))
        hub, other = _hub_under(store, _watching("S-1")), _watching("S-3")
        some = [row.order_id for row in (await store.read(list_orders, MERCHANT, limit=APART)).items]
        measures = {"plan": partial(_plan, hub, other, count), "apart": partial(_apart, hub, other, some)}
        found = await in_turns(scale.rounds, measures)
        await store.close()
    each = ratios(found["apart"], found["plan"], "cpu_ms")
    return Figure(
        name="plan",
        value=middle(found["plan"], "cpu_ms") * ORDERS / 1000,
        unit="s CPU",
        ratio=median(each),
        floor=MOST_S,
        better="lower",
        judged="value",
        spread=(min(each), max(each)),
        details=middles(found["plan"]) | middles(found["apart"], "apart_") | {"orders": count},
        load=load,
    )


def _watching(number: str) -> MerchantConfig:
    """Return a file of which one rule holds the orders of a number: one in thirty-two, as copies keep theirs."""
    return config(rules_text(SOME) + _WATCHED.format(number=number))


def _hub_under(store: Store, file: MerchantConfig) -> Hub:
    clock = SystemClock()
    hub = hub_of(store, ports_in(world_of(Catalogue(SKUS), clock)), clock, "benchmarks")
    hub.merchants[MERCHANT] = replace(hub.merchants[MERCHANT], config=file)
    return hub


async def _plan(hub: Hub, other: MerchantConfig, count: int) -> Rates:
    """Measure a plan as the command does it."""
    gc.freeze()
    began, cpu = time.perf_counter(), time.process_time()
    found = await backtest(hub, MERCHANT, other, orders=count)
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    gc.unfreeze()
    if found.orders != count:
        raise RuntimeError(f"of {count} orders {found.orders} were looked at")
    return {
        "per_s": count / seconds,
        "seconds": seconds,
        "cpu_ms": 1000 * cpu_s / count,
        "touched": found.touched,
    }


async def _apart(hub: Hub, other: MerchantConfig, order_ids: Sequence[str]) -> Rates:
    """Measure two replays of each order."""
    setting, files = await setting_of(hub, MERCHANT), (hub.config(MERCHANT), other)
    began, cpu = time.perf_counter(), time.process_time()
    for order_id in order_ids:
        facts = await known_facts(hub, MERCHANT, order_id)
        for file in files:
            await replayed(hub, MERCHANT, facts, file, setting, outcome_only=True)
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    return {"per_s": len(order_ids) / seconds, "cpu_ms": 1000 * cpu_s / len(order_ids)}
