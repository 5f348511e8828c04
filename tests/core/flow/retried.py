"""Runs of rules that fail, and retrying them, as tests of that ask for it."""

from datetime import timedelta

import pytest

from connectors.bogus.client import Effect
from core.domain.state import OrderState
from core.errors import RefusedError
from core.model.facts import Fact
from core.services.run_retries import retry_plan, retry_run
from core.services.runs import run_trace
from core.store.orders import facts_of
from core.store.run_history import page_of_runs
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.merchant_runs import count, runs
from tests.core.flow.merchant_runs import in_force as in_force_now
from tests.core.flow.play import settle
from tests.core.flow.test_offered_again import in_force

HOUR = timedelta(hours=1)
SCORE = """
- id: score
  when: order.received
  then:
    - note: "asked for {{order.number}}"
    - id: first
      http: {via: crm, path: /first, take: {code: body.code}}
    - http: {via: crm, path: /second, json: {code: "{{steps.first.code}}"}}
    - tag: scored
"""
FAILED = [("note", "done"), ("http", "done"), ("http", "failed")]


async def failed(b: Bench, text: str = SCORE) -> str:
    """Have a run fail at its second request; return its id."""
    b.world.answers = {"/first": (200, {"code": 7}), "/second": (400, {})}
    await in_force(b, text)
    return await received(b)


async def received(b: Bench) -> str:
    """Have an order come; return the id of the run that it starts first."""
    cart = Cart(number="KK-1", lines=(("SKILLET-12", 1, 7900),), ship_to=home(), email="kara@example.test")
    place(b.world, "shop", cart)
    await settle(b)
    return (await listed(b))[0][0]


async def listed(b: Bench) -> list[tuple[str, str, str | None]]:
    """Return (id, rule, how it ended) of every run, the oldest first."""
    page = await b.store.read(page_of_runs, MERCHANT, limit=50)
    return [(run.run_id, run.rule, run.outcome) for run in reversed(page.items)]


async def facts(b: Bench) -> list[Fact]:
    return await b.store.read(facts_of, MERCHANT, "shop:kk-1")


async def state_of(b: Bench) -> OrderState:
    state = await b.store.load(MERCHANT, "shop:kk-1")
    assert state is not None
    return state


async def retry(b: Bench, run_id: str, start: str) -> str:
    b.clock.move_to(b.clock.now() + timedelta(seconds=1))  # runs are listed by when they began
    return (await retry_run(b.hub, MERCHANT, run_id, start, "user:kendra")).run.run_id


async def steps(b: Bench, run_id: str) -> list[tuple[str, str]]:
    trace = await run_trace(b.hub, MERCHANT, run_id)
    return [(step.action, step.outcome.value) for step in trace.steps]


async def refused(b: Bench, run_id: str, start: str) -> str:
    """Return why a run is not retried; nothing may have changed, and the plan says the same."""
    before = (await listed(b), await facts(b), await runs(b))
    with pytest.raises(RefusedError) as told:
        await retry(b, run_id, start)
    assert (await listed(b), await facts(b), await runs(b)) == before
    assert (await retry_plan(b.hub, MERCHANT, run_id, start)).refused == str(told.value)
    return str(told.value)


def asked(b: Bench) -> dict[str, int]:
    """Return how often each address did what it was asked."""
    return {name: n for (kind, name), n in b.world.effects.items() if kind is Effect.HOOK}


OUT = """
- id: out
  when: stock.out
  then:
    - set_buffer: {channel: amz, units: 6}
    - http: {via: crm, path: /first, json: {sku: "{{stock.sku}}"}}
    - notify: {to: ops@example.test, text: "{{stock.sku}} is out"}
"""


async def out(b: Bench) -> str:
    b.world.answers = {"/first": (400, {})}
    await in_force_now(b, OUT)
    await count(b, 0)
    await settle(b)
    [run] = await runs(b)
    assert (run.outcome and run.outcome.value, run.run.next) == ("failed", "then.1")
    return run.run.run_id
