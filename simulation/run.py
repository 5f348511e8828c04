"""Scenes are run to their end by several processes of the hub, and then everybody's books are compared."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import sqlalchemy as sa

from core.engine.hub import Connections, Hub
from core.jobs.notifications import delivery_of
from core.model.notification import Notification
from core.store.claims import wake_open_orders
from core.store.orders import counts_by_stage
from core.store.stock import receive_stock
from core.store.switches import set_switch
from simulation.books import differences, ever_paused
from simulation.database import SharedDatabase
from simulation.loop import Process, SeededLoop
from simulation.network import Network, WatchedStore
from simulation.opening import ACTOR, KEYS, connections_of, opened
from simulation.process import HubProcess
from simulation.promises import Switched, broken_promises
from simulation.scene import Scene
from simulation.trace import digest_of

QUIET = timedelta(minutes=40)
"""How long everything is left alone, without faults, before the books are compared."""
_AGAIN = timedelta(seconds=1)
"""How soon whoever left something due looks again."""
_TOLD_AGAIN_S, _TOLD_TIMES = 10.0, 3
"""How long a vendor waits for its notification to be acknowledged before it tells again, and how often it tells."""
_STEPS_AN_ORDER = 220
"""About so many steps an order takes: deaths and stops spread over the whole run."""
_MOST_STEPS_AN_ORDER = 200_000
_STOPS_S = ((0.5, 12.0), (12.0, 200.0))
"""How long a process stands still: a moment, or past every claim of its own."""
_NEW_AFTER_S = 15.0
_WOKEN = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a simulation: equal digests are equal runs."""

    ok: bool
    orders: int
    steps: int
    kills: int
    stops: int
    hours: float
    """On the clock of the simulation."""
    stages: Mapping[str, int]
    effects: Mapping[str, int]
    paused: tuple[str, ...]
    """What was paused at any time, as in ``post labels``."""
    differences: tuple[str, ...]
    digest: str
    trace: tuple[str, ...] = field(repr=False)
    """What happened, line by line."""


def simulate(*scenes: Scene, seed: int, kills: int = 0, stops: int = 0, workers: int = 2) -> Report:
    """Run scenes, each of a merchant of its own, to their end; compare the books, and say what came of it.

    They share a clock: that of the first.
    """
    run = _Simulation(scenes=scenes, seed=seed, kills=kills, stops=stops)
    try:
        run.open(workers)
        run.to_the_end()
        return run.report()
    finally:
        run.loop.close()
        run.database.dispose()


@dataclass(slots=True, kw_only=True)
class _Simulation:
    scenes: Sequence[Scene]
    seed: int
    kills: int
    stops: int
    chance: random.Random = field(init=False)
    loop: SeededLoop = field(init=False)
    database: SharedDatabase = field(init=False)
    merchants: dict[str, Connections] = field(init=False)
    processes: list[HubProcess] = field(default_factory=list)
    incidents: list[tuple[int, str]] = field(init=False)
    """(step, kill or stop), the next one last."""
    began: int = 0
    killed: int = 0
    stopped: int = 0
    woken_at: datetime | None = None
    quiet_until: datetime | None = None
    """Set once nothing more comes from outside: from then on nothing fails and nobody dies."""
    acknowledged: set[tuple[str, str, str]] = field(default_factory=set)
    switched: list[Switched] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"run {self.seed}")  # noqa: S311 - a seed
        clock = self.scenes[0].clock
        self.loop = SeededLoop.on(clock, random.Random(f"steps {self.seed}"))  # noqa: S311
        self.loop.before_step = self._before_step
        self.merchants = {scene.merchant: connections_of(scene) for scene in self.scenes}
        for scene in self.scenes:
            chance = random.Random(f"way {self.seed} {scene.merchant}")  # noqa: S311
            scene.world.way = Network(scene=scene, loop=self.loop, chance=chance, note=self._note).carry
        span = _STEPS_AN_ORDER * (1 + sum(scene.size for scene in self.scenes))
        planned = [*(["kill"] * self.kills), *(["stop"] * self.stops)]
        self.incidents = sorted(((self.chance.randrange(span), what) for what in planned), reverse=True)

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.loop.clock.now()

    def open(self, workers: int) -> None:
        """Have the merchants go live, and start so many processes."""
        self.database = SharedDatabase(opened(self.scenes))
        for _ in range(workers):
            self._begin_process()

    def _hub(self, owner: str) -> Hub:
        store = WatchedStore(self.database, KEYS, batched=True)
        return Hub(store=store, clock=self.loop.clock, owner=owner, merchants=self.merchants)

    def _begin_process(self) -> None:
        self.began += 1
        name = f"worker-{self.began}"
        process = HubProcess(
            process=self.loop.new_process(name),
            hub=self._hub(name),
            chance=random.Random(f"{name} {self.seed}"),  # noqa: S311
            acknowledged=self.acknowledged,
        )
        self.processes.append(process)
        self.loop.start(process.process, process.work())

    def _before_step(self, process: Process) -> None:
        """Have a process die or stand still here, if its time has come."""
        if not self.incidents or self.loop.steps < self.incidents[-1][0] or process.name == "world":
            return
        _, what = self.incidents.pop()
        if self.quiet_until is not None:
            return
        if what == "kill":
            self._note(f"{process.name} dies")
            process.dead = True
            self.killed += 1
            self.processes = [p for p in self.processes if p.process is not process]
            self.loop.call_later(self.chance.uniform(0, _NEW_AFTER_S), self._begin_process)
        else:
            wait_s = self.chance.uniform(*self.chance.choice(_STOPS_S))
            self._note(f"{process.name} stands still for {wait_s:.3f} s")
            process.stopped = True
            self.stopped += 1
            self.loop.call_later(wait_s, process.go_on)

    def to_the_end(self) -> None:
        """Take steps and move the clock until nothing happens any more and all was quiet for a while."""
        most = _MOST_STEPS_AN_ORDER * (1 + sum(scene.size for scene in self.scenes))
        while True:
            self.loop.run_ready()
            instant = self._next_instant()
            if self.quiet_until is not None and instant >= self.quiet_until:
                return
            if self.loop.steps > most:
                raise RuntimeError(f"the simulation does not come to rest: {self.trace[-1]}")
            for scene in self.scenes:
                scene.clock.move_to(max(instant, self.now))
            self.loop.take_timers()
            for scene in self.scenes:
                scene.act()
                self._tell(scene)
                self._turn_switches(scene)
                self._receive(scene)
            self._wake()

    def _next_instant(self) -> datetime:
        outside = [at for scene in self.scenes if (at := scene.next_at()) is not None]
        if not outside and self.quiet_until is None:
            self.quiet_until = self.now + QUIET
            for scene in self.scenes:
                scene.faults = frozenset()
        timer_s = self.loop.next_timer_s()
        timers = [] if timer_s is None else [datetime.fromtimestamp(timer_s, UTC)]
        due = self.database.next_due()
        # Whoever was woken and left it due comes again, as every process does by itself.
        soonest = self.now if self.woken_at is None else self.woken_at + _AGAIN
        dues = [] if due is None else [max(due, soonest)]
        quiet = [] if self.quiet_until is None else [self.quiet_until]
        return min([*outside, *timers, *dues, *quiet])

    def _wake(self) -> None:
        """Wake some of those that live, where anything is due."""
        due = self.database.next_due()
        if due is None or due > self.now:
            return
        self.woken_at = self.now
        living = [process for process in self.processes if process.process.runs]
        woken = [process for process in living if self.chance.random() < _WOKEN]
        for process in woken or living[:1]:
            process.worker.stirred.set()

    def _tell(self, scene: Scene) -> None:
        """Have the vendors tell the hub what changed."""
        for connection, notification in scene.take_notifications():
            self._deliver(scene, connection, notification, _TOLD_TIMES)

    def _deliver(self, scene: Scene, connection: str, notification: Notification, times: int) -> None:
        """Tell one process; where it does not acknowledge, tell again."""
        key = (scene.merchant, connection, notification.event_id)
        if key in self.acknowledged and times < _TOLD_TIMES:
            return
        living = [process for process in self.processes if process.process.runs]
        if living:
            process = self.chance.choice(living)
            self._note(f"{connection} tells {process.process.name} {notification.event_id}")
            body = notification.model_dump_json().encode()
            delivery = delivery_of(connection, notification, body, self.now)
            received = process.receive(scene.merchant, connection, [delivery])
            self.loop.start(process.process, received)
        if times > 1:
            again = partial(self._deliver, scene, connection, notification, times - 1)
            self.loop.call_later(_TOLD_AGAIN_S, again)

    def _turn_switches(self, scene: Scene) -> None:
        """Do to the merchant's switches what the merchant wants."""
        wishes, scene.wishes = scene.wishes, []
        for connection, action, on in wishes:
            self._note(f"{scene.merchant} turns {connection} {action} {'on' if on else 'off'}")
            self.switched.append(Switched(scene.merchant, connection, action, self.now, on=on))
            self.database.now_written(_turn, scene.merchant, connection, action, on=on, now=self.now)

    def _receive(self, scene: Scene) -> None:
        """Have the warehouses note what came."""
        if scene.received:
            self._note(f"{scene.merchant} receives {scene.received}")
            self.database.now_written(
                receive_stock, scene.merchant, scene.received, actor=ACTOR, now=self.now
            )
            scene.received.clear()

    def _note(self, text: str) -> None:
        self.trace.append(f"{self.now.isoformat()} {text}")

    def report(self) -> Report:
        """Compare the books and say what came of it."""
        hub, found = self._hub("books"), list[str]()
        stages: Counter[str] = Counter()
        paused: list[str] = []
        effects: Counter[str] = Counter()
        for scene in self.scenes:
            told = self.loop.complete(differences(hub, scene.merchant, scene.world, scene.links))
            found += [f"{scene.merchant} {text}" for text in told] if len(self.scenes) > 1 else told
            stages.update(
                {s.value: n for s, n in self.database.looked(counts_by_stage, scene.merchant).items()}
            )
            paused += self.database.looked(ever_paused, scene.merchant)
            effects.update({kind.value: 0 for kind, _ in scene.world.effects})
            for (kind, _), times in scene.world.effects.items():
                effects[kind.value] += times
        found += self.database.looked(broken_promises, self.switched, self.acknowledged)
        found += [f"nobody heard {type(error).__name__}: {error}" for error in self.loop.faults]
        return Report(
            ok=not found,
            orders=sum(len(scene.world.orders()) for scene in self.scenes),
            steps=self.loop.steps,
            kills=self.killed,
            stops=self.stopped,
            hours=round((self.now - self.scenes[0].begins).total_seconds() / 3600, 2),
            stages=dict(sorted(stages.items())),
            effects=dict(sorted(effects.items())),
            paused=tuple(paused),
            differences=tuple(found),
            digest=self.database.looked(digest_of, self.trace),
            trace=tuple(self.trace),
        )


def _turn(
    conn: sa.Connection, merchant: str, connection: str, action: str, *, on: bool, now: datetime
) -> None:
    set_switch(conn, merchant, connection, action, on=on, actor=ACTOR, now=now)
    if on:
        wake_open_orders(conn, merchant, now)
