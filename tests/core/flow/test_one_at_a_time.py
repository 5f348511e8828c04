"""What a claim promises: nobody else works on an order while one does, so that every vendor is asked once (R42).

The other worker is woken for the same order in the middle of every call of a vendor. Unique keys would still keep an
effect from coming to pass twice; what only the claim keeps apart are the two workers' steps, and what they ask.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.bogus.client import Effect
from core.domain.state import Stage
from core.engine.hub import Hub
from core.engine.run import Run
from core.engine.worker import Worker
from core.jobs import JOBS
from core.steps import STEPS
from core.store import claims
from core.store.tables import orders
from simulation.shoppers import place
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import carry, pass_time, settle
from tests.core.flow.test_whole_way import KARA, KIM

ASKED_ONCE = ("quote", "buy", "capture", "tell_shipped", "fetch_file")


@dataclass(slots=True)
class Watch:
    """Who is at which order, and whenever somebody came to an order at which another was."""

    at: dict[str, list[str]] = field(default_factory=dict)
    crossed: list[tuple[str, str, str]] = field(default_factory=list)

    def comes(self, run: Run) -> None:
        here = self.at.setdefault(run.order_id, [])
        self.crossed += [(run.order_id, other, run.hub.owner) for other in here]
        here.append(run.hub.owner)

    def goes(self, run: Run) -> None:
        self.at[run.order_id].remove(run.hub.owner)


@dataclass(slots=True, kw_only=True)
class Watched(Worker):
    """A worker whose comings and goings are noted."""

    watch: Watch

    async def _advance(self, run: Run) -> None:
        self.watch.comes(run)
        try:
            await Worker._advance(self, run)
        finally:
            self.watch.goes(run)


@dataclass(slots=True)
class Pair:
    """Two workers over one store; each is woken for whatever order the other is at, in the middle of its calls."""

    first: Watched
    second: Watched
    watch: Watch
    deep: int = 0
    woken: int = 0

    async def meanwhile(self) -> None:
        if self.deep:
            return
        self.deep += 1
        for order_id, owners in list(self.watch.at.items()):
            for owner in list(owners):
                other = self.second if owner == self.first.hub.owner else self.first
                self.woken += 1
                await other.run_order(MERCHANT, order_id)
        self.deep -= 1


def pair_of(b: Bench) -> Pair:
    watch = Watch()
    other = Hub(store=b.store, clock=b.clock, owner="w2", merchants=b.hub.merchants)
    first = Watched(steps=STEPS, hub=b.hub, jobs=JOBS, chance=random.Random(7), watch=watch)
    second = Watched(steps=STEPS, hub=other, jobs=JOBS, chance=random.Random(8), watch=watch)
    b.worker = first
    pair = Pair(first, second, watch)
    b.world.meanwhile = pair.meanwhile
    return pair


async def ship_two_orders(b: Bench) -> Pair:
    pair = pair_of(b)
    await settle(b)
    for cart in (KARA, KIM):
        place(b.world, "shop", cart)
    await carry(b)
    await pass_time(b, timedelta(minutes=20))
    return pair


async def check(b: Bench) -> None:
    pair = await ship_two_orders(b)
    assert pair.woken > 20
    assert pair.watch.crossed == []
    asked: Counter[str] = Counter({name: n for (_, name), n in b.world.calls.items() if name in ASKED_ONCE})
    assert asked == {"quote": 2, "buy": 2, "capture": 1, "tell_shipped": 2, "fetch_file": 2}
    assert set(b.world.effects.values()) == {1}
    assert b.world.effects[Effect.CAPTURE, "kk-1002/KK-1002-t1"] == 1
    for order_id in ("shop:kk-1001", "shop:kk-1002"):
        state = await b.store.load(MERCHANT, order_id)
        assert state is not None
        assert state.stage is Stage.SHIPPED


@pytest.mark.req("R02", "R42")
async def test_a_worker_woken_in_the_middle_of_anothers_call_leaves_the_order_alone(b: Bench) -> None:
    await check(b)


def shared(conn: sa.Connection, wishes: Any) -> list[claims.Claimed | None]:
    """Grant every cart, whoever holds the order."""
    granted: list[claims.Claimed | None] = []
    for cart in wishes:
        conn.execute(sa.update(orders).values(claimed_by=None, claimed_until=None))
        granted += CLAIM_ALL(conn, [cart])
    return granted


CLAIM_ALL = claims.claim_all


@pytest.mark.req("R42")
async def test_a_claim_that_two_can_hold_is_noticed(b: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "claim_all", shared)
    pair = await ship_two_orders(b)
    assert pair.watch.crossed != []
    assert b.world.calls["post", "quote"] > 2
