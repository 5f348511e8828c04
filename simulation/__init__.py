"""Simulation: the hub on one machine's clock that is moved by hand, against a world that fails, and workers that die.

Nothing here waits: the clock jumps to whatever is due next, and of several things due at once the seed chooses. The
same seed gives the same run, step by step. A worker that dies leaves its claims behind; another takes over once they
run out.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.config.loader import read
from core.engine.breaker import Breaker
from core.engine.hub import Connections, Hub
from core.engine.worker import Worker
from core.failpoints import listening
from core.jobs import JOBS
from core.jobs.notifications import delivery_of
from core.model.actions import Action
from core.model.products import Product
from core.services.connecting import begin
from core.steps import STEPS
from core.store.jobs import claim_jobs
from core.store.links import link_all
from core.store.orders import counts_by_stage
from core.store.products import save_products
from core.store.stock import count_stock
from core.store.store import Store
from core.store.switches import go_live, set_switch
from simulation.agenda import due_now, next_at
from simulation.books import differences
from simulation.memory import store_in_memory
from simulation.scene import Scene

QUIET = timedelta(minutes=40)
"""How long everything is left alone, without faults, before the books are compared."""
_INTERRUPTED = 0.05
_DEEPEST = 2
_MOST_STEPS_AN_ORDER = 4000


class KilledError(BaseException):
    """The worker died here; like a power cut, nothing in the code under test catches it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a simulation: equal digests are equal runs."""

    ok: bool
    orders: int
    steps: int
    kills: int
    stages: Mapping[str, int]
    effects: Mapping[str, int]
    differences: tuple[str, ...]
    digest: str


async def simulate(scene: Scene, store: Store, *, seed: int, kills: int = 0) -> Report:
    """Run a scene to its end on an empty store, compare the books, and say what came of it."""
    clock = scene.clock
    known = {connector.key: connector.settings for connector in scene.connectors.values()}
    config = read(scene.config, file="crossdock.yaml", environ={}, known=known)
    connections = Connections(config=config, ports=scene.ports, connectors=scene.connectors)
    hub = Hub(store=store, clock=clock, owner="worker-1", merchants={config.merchant: connections})
    run = _Simulation(scene=scene, hub=hub, merchant=config.merchant, chance=random.Random(seed), kills=kills)  # noqa: S311 - a seed
    await _open_house(scene, hub, config.merchant)
    with listening(run.passing):
        await run.to_the_end()
    return await run.report()


async def _open_house(scene: Scene, hub: Hub, merchant: str) -> None:
    """Count, link, connect and accept everything, as after go-live."""
    now, store = hub.clock.now(), hub.store
    await store.write(
        save_products,
        merchant,
        [
            Product(sku=sku, title=sku, weight_g=grams, size_mm=size, hs="0000.00", origin="US")
            for sku, (grams, size, _) in scene.goods.items()
        ],
    )
    counted = [(sku, place, units) for sku, (_, _, at) in scene.goods.items() for place, units in at.items()]
    await store.write(count_stock, merchant, counted, actor="person:seed", now=now)
    for connection, links in scene.links.items():
        await store.write(go_live, merchant, connection, actor="person:seed", now=now)
        await begin(hub, merchant, connection, "http://hub.invalid")
        for listing, units in links.items():
            await store.write(link_all, merchant, {(connection, listing): units}, now=now)
    for connection, action in scene.accepts:
        await store.write(
            set_switch, merchant, connection, Action(action).value, on=True, actor="person:seed", now=now
        )


@dataclass(slots=True, kw_only=True)
class _Simulation:
    scene: Scene
    hub: Hub
    merchant: str
    chance: random.Random
    kills: int
    worker: Worker = field(init=False)
    killed: int = 0
    steps: int = 0
    depth: int = 0
    calm: bool = False
    trace: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        self.worker = self._worker()
        self.scene.between(self.between)

    def _worker(self) -> Worker:
        clock = self.hub.clock
        return Worker(
            steps=STEPS,
            hub=self.hub,
            jobs=JOBS,
            breaker=Breaker(monotonic=lambda: clock.now().timestamp()),
            chance=self.chance,
        )

    async def to_the_end(self) -> None:
        """Do what is due, whoever's turn it is, until nothing happens any more and all was quiet for a while."""
        quiet_until: datetime | None = None
        while True:
            self.scene.act()
            await self.carry()
            if await self.turn():
                continue
            outside = self.scene.next_at()
            if outside is None and quiet_until is None:
                quiet_until = self.hub.clock.now() + QUIET
                self.calm = True
                self.scene.calm()
            ahead = [
                at for at in (outside, await self.hub.store.read(next_at), quiet_until) if at is not None
            ]
            instant = min(ahead)
            if quiet_until is not None and instant >= quiet_until:
                return
            self.scene.clock.move_to(max(instant, self.hub.clock.now()))

    async def carry(self) -> None:
        """Carry what rang to the hub."""
        now = self.hub.clock.now()
        for connection, bell in self.scene.take_notifications():
            self.note(f"rings {connection} {bell.event_id}")
            delivery = delivery_of(connection, bell, bell.model_dump_json().encode(), now)
            await self.hub.store.deliver(self.merchant, connection, [delivery], now=now)

    async def turn(self) -> bool:
        """Let one thing that is due run, chosen by the seed; False where nothing is due."""
        due = await self.hub.store.read(due_now, self.hub.clock.now())
        if not due:
            return False
        merchant, name = self.chance.choice(due)
        self.steps += 1
        self.note(f"does {merchant or 'job'} {name}")
        if self.steps > _MOST_STEPS_AN_ORDER * (len(self.scene.orders()) + 1):
            raise RuntimeError(f"the simulation does not come to rest; last: {name}")
        try:
            await self._do(merchant, name)
        except KilledError:
            if self.depth:
                raise
            self.killed += 1
            self.hub.owner = f"worker-{self.killed + 1}"
            self.worker = self._worker()
            self.note("a worker died")
        return True

    async def _do(self, merchant: str, name: str) -> None:
        if merchant:
            await self.worker.run_order(merchant, name)
            return
        now = self.hub.clock.now()
        jobs = await self.hub.store.write(
            claim_jobs,
            owner=self.hub.owner,
            now=now,
            until=now + timedelta(seconds=90),
            limit=1,
            kinds=[name],
        )
        for job in jobs:
            await self.worker.run_job(job)

    async def between(self) -> None:
        """In the middle of a vendor's call, now and then: something else happens, here or outside."""
        if self.calm or self.depth >= _DEEPEST or self.chance.random() > _INTERRUPTED:
            return
        self.depth += 1
        try:
            self.scene.act()
            await self.carry()
            await self.turn()
        finally:
            self.depth -= 1

    def passing(self, name: str) -> None:
        """Die here, now and then, as long as there are deaths left."""
        if self.calm or self.killed >= self.kills:
            return
        # An order passes some sixty such places: the deaths spread over the whole run.
        if self.chance.random() < self.kills / (60 * (len(self.scene.orders()) + 1)):
            self.note(f"dies at {name}")
            raise KilledError(name)

    def note(self, text: str) -> None:
        """Add a line to the trace."""
        self.trace.update(f"{self.hub.clock.now().isoformat()} {text}\n".encode())

    async def report(self) -> Report:
        """Compare the books and say what came of it."""
        found = await differences(self.hub, self.merchant, self.scene)
        stages = await self.hub.store.read(counts_by_stage, self.merchant)
        kinds: Counter[str] = Counter()
        for (kind, _), count in self.scene.effects().items():
            kinds[kind] += count
        self.note(repr(sorted(self.scene.effects().items())))
        return Report(
            ok=not found,
            orders=len(self.scene.orders()),
            steps=self.steps,
            kills=self.killed,
            stages={stage.value: count for stage, count in sorted(stages.items())},
            effects=dict(sorted(kinds.items())),
            differences=tuple(found),
            digest=self.trace.hexdigest(),
        )


async def simulate_in_memory(scene: Scene, *, seed: int, kills: int = 0) -> Report:
    """Run a scene on a store that nothing outlives."""
    store = await store_in_memory()
    try:
        return await simulate(scene, store, seed=seed, kills=kills)
    finally:
        await store.close()
