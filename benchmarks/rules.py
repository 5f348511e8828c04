"""Rules: how long three hundred take to be read and to be asked about an order, and what twenty cost whole orders."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from statistics import median

from benchmarks.flow import Flow
from benchmarks.intake import SAMPLE
from benchmarks.mapping import order_of
from benchmarks.merchant import MERCHANT, config
from benchmarks.rounds import Figure, Rates, Scale, in_turns, load_now, middle, middles, ratios
from benchmarks.running import BOGUS, SKUS, prepared
from benchmarks.worker import Opened, remote_bogus
from core.domain.due import View
from core.domain.fold import fold
from core.domain.rules.matching import match
from core.domain.state import OrderState
from core.model.facts import Received
from core.model.rule_runs import Offered
from core.store.store import Store

MANY, SOME = 300, 20
_CONDITIONS = (
    "order.total > {n}.00 && order.ship_to.country == 'FR'",
    "order.lines.exists(l, l.sku == 'SKU-9{n:05}') || order.risk > 99",
    "order.units > {n} && !('fraud' in order.tags)",
    "order.method == 'Express {n}' && order.ship_to.state in ['CA', 'NV', 'OR']",
    "order.weight_g != null && order.weight_g > 100{n:03} && order.payment.state == 'verified'",
)
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def rules_text(count: int) -> str:
    """Return so many rules of which none matches; they are asked when an order is received and when it is verified."""
    rules = (
        f'  - {{id: rule-{n}, when: [order.received, order.verified], if: "{_CONDITIONS[n % 5].format(n=n)}",'
        f' then: [{{hold: "rule {n}: {{{{order.number}}}} of {{{{order.total}}}}"}}, {{tag: seen-{n}}}]}}\n'
        for n in range(count)
    )
    return "rules:\n" + "".join(rules)


def view_of_sample() -> View:
    """Return an order as Shopify sends it, that is known since a moment ago; it was offered to no rule yet."""
    order, plain = order_of(SAMPLE.read_bytes()).order, config(rules_text(MANY))
    state = fold(OrderState(), Received(at=NOW, order=order, needs=()))
    return View(
        state=state.model_copy(update={"offered": Offered()}),
        now=NOW,
        config=plain,
        accepted=lambda _connection, _action: True,
        tariff_code=lambda _sku: None,
        can_capture=True,
        email_known=True,
        places={},
        carrier="post",
        mailer="mail",
        mails_since=None,
    )


async def rules_validate(scale: Scale) -> Figure:
    """Return how long a file with three hundred rules takes to be read and checked; lower is better."""
    text = rules_text(scale.of(MANY, least=10))
    return await _timed("rules_validate", scale, partial(config, text), floor=500.0)


async def rules_order(scale: Scale) -> Figure:
    """Return how long three hundred rules take to be asked about an order; lower is better."""
    view = view_of_sample()
    received = Received(at=NOW, order=view.order, needs=())
    return await _timed(
        "rules_order", scale, lambda: match(view, view.config.rules, [(1, received)], {}), floor=2.0
    )


async def _timed(name: str, scale: Scale, act: Callable[[], object], *, floor: float) -> Figure:
    load = load_now()
    found = await in_turns(scale.rounds, {"act": partial(_time, scale.seconds, act)})
    return Figure(
        name=name,
        value=middle(found["act"], "ms"),
        unit="ms",
        floor=floor,
        better="lower",
        judged="value",
        load=load,
        details=middles(found["act"]),
    )


async def _time(seconds: float, act: Callable[[], object]) -> Rates:
    """Return the CPU time that an act takes, in milliseconds."""
    end, times, began = time.monotonic() + seconds, 0, time.process_time()
    while not times or time.monotonic() < end:
        act()
        times += 1
    return {"ms": (time.process_time() - began) * 1_000 / times}


@contextlib.asynccontextmanager
async def _ruled(store: Store, port: int) -> AsyncIterator[Opened]:
    """Give a hub that has twenty rules besides."""
    async with remote_bogus(store, port) as opened:
        known = opened.hub.merchants[MERCHANT]
        opened.hub.merchants[MERCHANT] = replace(known, config=config(rules_text(SOME)))
        yield opened


async def order_flow_rules(scale: Scale) -> Figure:
    """Return how many orders a second go the whole way with twenty rules, of those that go it without."""
    load, skus = load_now(), scale.of(SKUS, least=10)
    async with (
        prepared("sqlite", skus) as plain,
        prepared("sqlite", skus, vendors=replace(BOGUS, opening=_ruled)) as ruled,
    ):
        without, having = Flow(plain, scale.seconds), Flow(ruled, scale.seconds)
        found = await in_turns(scale.rounds, {"with": having.whole, "without": without.whole})
    each = ratios(found["with"], found["without"])
    details = middles(found["with"]) | middles(found["without"], "without_")
    details["cpu_ratio"] = median(ratios(found["without"], found["with"], "cpu_ms"))
    return Figure(
        name="order_flow_rules",
        value=middle(found["with"]),
        unit="orders/s",
        ratio=median(each),
        floor=0.8,
        spread=(min(each), max(each)),
        details=details,
        load=load,
    )
