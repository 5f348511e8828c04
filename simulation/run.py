"""A scene is run to its end, and then everybody's books are compared."""

import hashlib
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.engine.answers import Answers
from core.engine.hub import Hub
from core.engine.worker import Worker
from core.failpoints import listening
from core.jobs import JOBS
from core.jobs.notifications import delivery_of
from core.steps import STEPS
from core.store.jobs import claim_jobs
from core.store.orders import counts_by_stage
from core.store.processes import beat
from simulation.books import differences, ever_paused
from simulation.due import due_now, next_at
from simulation.memory import store_in_memory
from simulation.opening import open_hub
from simulation.scene import Scene

QUIET = timedelta(minutes=40)
"""How long everything is left alone, without faults, before the books are compared."""
_CLAIM = timedelta(seconds=90)
_INTERRUPTED = 0.05
_DEEPEST = 2
_MOST_STEPS_AN_ORDER = 4000
_FAILPOINTS_AN_ORDER = 60
"""About so many does an order pass: the deaths spread over the whole run."""


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
    paused: tuple[str, ...]
    """What was paused at any time, as in ``post labels``."""
    differences: tuple[str, ...]
    digest: str


async def simulate(scene: Scene, *, seed: int, kills: int = 0) -> Report:
    """Run a scene to its end on a store that nothing outlives, compare the books, and say what came of it."""
    store = await store_in_memory()
    try:
        hub = await open_hub(scene, store, owner="worker-1")
        run = _Simulation(scene=scene, hub=hub, chance=random.Random(seed), kills=kills)  # noqa: S311 - a seed
        with listening(run.pass_failpoint):
            await run.to_the_end()
        return await run.report()
    finally:
        await store.close()


@dataclass(slots=True, kw_only=True)
class _Simulation:
    scene: Scene
    hub: Hub
    chance: random.Random
    kills: int
    merchant: str = field(init=False)
    worker: Worker = field(init=False)
    killed: int = 0
    steps: int = 0
    depth: int = 0
    quiet_until: datetime | None = None
    """Set once nothing more comes from outside: from then on nothing fails and nobody dies."""
    trace: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        (self.merchant,) = self.hub.merchants
        self.worker = self._new_worker()
        self.scene.world.meanwhile = self.meanwhile

    def _new_worker(self) -> Worker:
        self.hub.answers = Answers()
        return Worker(hub=self.hub, steps=STEPS, jobs=JOBS, chance=self.chance)

    async def to_the_end(self) -> None:
        """Do what is due, whoever's turn it is, until nothing happens any more and all was quiet for a while."""
        while True:
            await self._settle()
            instant = await self._next_instant()
            if self.quiet_until is not None and instant >= self.quiet_until:
                return
            self.scene.clock.move_to(max(instant, self.hub.clock.now()))

    async def _settle(self) -> None:
        more = True
        while more:
            self.scene.act()
            await self._carry()
            more = await self._turn()

    async def _next_instant(self) -> datetime:
        outside = self.scene.next_at()
        if outside is None and self.quiet_until is None:
            self.quiet_until = self.hub.clock.now() + QUIET
            self.scene.faults = frozenset()
        ahead = (outside, await self.hub.store.read(next_at), self.quiet_until)
        return min(at for at in ahead if at is not None)

    async def _carry(self) -> None:
        """Bring the hub what the vendors told."""
        now = self.hub.clock.now()
        for connection, notification in self.scene.take_notifications():
            self._note(f"brings {connection} {notification.event_id}")
            delivery = delivery_of(connection, notification, notification.model_dump_json().encode(), now)
            await self.hub.store.deliver(self.merchant, connection, [delivery], now=now)

    async def _turn(self) -> bool:
        """Let one thing that is due run, chosen by the seed; False where nothing is due."""
        due = await self.hub.store.read(due_now, self.hub.clock.now())
        if not due:
            return False
        merchant, name = self.chance.choice(due)
        self.steps += 1
        self._note(f"does {merchant or 'job'} {name}")
        if self.steps > _MOST_STEPS_AN_ORDER * (len(self.scene.world.orders()) + 1):
            raise RuntimeError(f"the simulation does not come to rest; last: {name}")
        try:
            await self._run(merchant, name)
        except KilledError:
            if self.depth:
                raise
            await self._replace_worker()
        return True

    async def _run(self, merchant: str, name: str) -> None:
        """Run one order, or the first due job of a kind."""
        if merchant:
            await self.worker.run_order(merchant, name)
            return
        now = self.hub.clock.now()
        for job in await self.hub.store.write(
            claim_jobs, owner=self.hub.owner, now=now, until=now + _CLAIM, limit=1, kinds=[name]
        ):
            await self.worker.run_job(job)

    async def _replace_worker(self) -> None:
        # It said to the end that it lives: what it held is free some seconds later.
        await self.hub.store.write(beat, self.hub.owner, self.hub.role, self.hub.clock.now())
        self.killed += 1
        self.hub.owner = f"worker-{self.killed + 1}"
        self.worker = self._new_worker()
        self._note("a worker died")

    async def meanwhile(self) -> None:
        """In the middle of a vendor's call, now and then: something else happens, here or outside."""
        if self.quiet_until or self.depth >= _DEEPEST or self.chance.random() > _INTERRUPTED:
            return
        self.depth += 1
        try:
            self.scene.act()
            await self._carry()
            await self._turn()
        finally:
            self.depth -= 1

    def pass_failpoint(self, name: str) -> None:
        """Die here, now and then, as long as there are deaths left."""
        if self.quiet_until or self.killed >= self.kills:
            return
        if self.chance.random() < self.kills / (_FAILPOINTS_AN_ORDER * (len(self.scene.world.orders()) + 1)):
            self._note(f"dies at {name}")
            raise KilledError(name)

    def _note(self, text: str) -> None:
        self.trace.update(f"{self.hub.clock.now().isoformat()} {text}\n".encode())

    async def report(self) -> Report:
        """Compare the books and say what came of it."""
        world = self.scene.world
        found = await differences(self.hub, self.merchant, world, self.scene.links)
        stages = await self.hub.store.read(counts_by_stage, self.merchant)
        kinds: Counter[str] = Counter()
        for (kind, _), count in world.effects.items():
            kinds[kind.value] += count
        self._note(repr(sorted(((kind.value, of), times) for (kind, of), times in world.effects.items())))
        return Report(
            ok=not found,
            orders=len(world.orders()),
            steps=self.steps,
            kills=self.killed,
            stages={stage.value: count for stage, count in sorted(stages.items())},
            effects=dict(sorted(kinds.items())),
            paused=tuple(await self.hub.store.read(ever_paused, self.merchant)),
            differences=tuple(found),
            digest=self.trace.hexdigest(),
        )
