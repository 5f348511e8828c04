"""Two workers on one PostgreSQL, each woken more often than needed: every effect comes to pass once."""

import asyncio
import random
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from connectors.bogus.client import Effect, Fault
from core.domain.state import Stage
from core.engine.hub import Hub
from core.engine.worker import Worker
from core.jobs import JOBS
from core.steps import STEPS
from core.store.claims import due_orders
from core.store.jobs import claim_jobs
from core.store.sealing import Keyring
from core.store.store import Store
from simulation.due import due_now
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home, open_hub_of, review
from tests.core.flow.play import carry
from tests.core.store.conftest import books_balance
from tests.databases import database_with_tables

WISHES = tuple(
    Cart(number=f"KK-{n}", lines=(("SOCKS-CHEF", 1, 1400),), ship_to=home(), pay="now" if n % 2 else "later")
    for n in range(1, 7)
)


async def work_twice_each(b: Bench, workers: tuple[Worker, Worker]) -> None:
    """Wake both workers twice for everything that is due, all at once, until nothing is."""
    for _ in range(80):
        await carry(b)
        now = b.clock.now()
        if not await b.store.read(due_now, now):
            return
        for worker in workers:
            claimed = await worker.hub.store.write(
                claim_jobs, owner=worker.hub.owner, now=now, until=now + timedelta(seconds=180), limit=20
            )
            await asyncio.gather(*(worker.run_job(job) for job in claimed))
        due = await b.store.read(due_orders, now, limit=100, per_merchant=100)
        woken = [(worker, m, o) for m, o, _ in due for worker in workers for _ in range(2)]
        random.Random(3).shuffle(woken)
        await asyncio.gather(*(worker.run_order(m, o) for worker, m, o in woken))
    raise AssertionError("the workers do not come to rest")


def first_of(operation: str, left: list[Fault], called: str) -> Fault | None:
    return left.pop() if called == operation and left else None


@pytest.mark.req("R02", "R42", "R45", "R29", "R31")
@pytest.mark.parametrize("fault", [None, Fault.REPLY_LOST])
async def test_two_workers_woken_twice_for_each_order_do_every_effect_once(
    tmp_path: Path, fault: Fault | None
) -> None:
    keys = Keyring.generate()
    async with database_with_tables("postgres", tmp_path) as url:
        first, second = await Store.open(url, keys=keys), await Store.open(url, keys=keys)
        b = review(first)
        await open_hub_of(b)
        other = Hub(store=second, clock=b.clock, owner="w2", merchants=b.hub.merchants)
        workers = (b.worker, Worker(steps=STEPS, hub=other, jobs=JOBS, chance=random.Random(8)))
        await work_twice_each(b, workers)
        for cart in WISHES:
            place(b.world, "shop", cart)
        await work_twice_each(b, workers)
        if fault is not None:
            b.world.faults = partial(first_of, "buy", [fault])
        for _ in range(40):
            b.clock.move_to(b.clock.now() + timedelta(seconds=30))
            b.world.catch_up()
            await work_twice_each(b, workers)

        states = [await first.load(MERCHANT, f"shop:{cart.number.lower()}") for cart in WISHES]
        assert {state.stage for state in states if state is not None} == {Stage.SHIPPED}
        per_kind = {
            kind: [n for (k, _), n in b.world.effects.items() if k is kind]
            for kind in (Effect.LABEL, Effect.TOLD, Effect.CAPTURE)
        }
        assert per_kind == {Effect.LABEL: [1] * 6, Effect.TOLD: [1] * 6, Effect.CAPTURE: [1] * 3}
        await books_balance(first)
        await first.close()
        await second.close()
