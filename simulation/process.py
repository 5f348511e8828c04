"""A process of the hub in the simulation: it looks for what is due when it is woken, and says that it lives."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.engine.advance import CLAIM_S
from core.engine.hub import Hub
from core.engine.session import BEAT_S, begin_session, tick_session
from core.engine.worker import Worker
from core.jobs import JOBS
from core.steps import STEPS
from core.store.inbox import Delivery
from simulation.loop import Process

_RENEWED_EVERY = int(CLAIM_S / 4 / BEAT_S)


@dataclass(slots=True, kw_only=True)
class HubProcess:
    """One process: a hub of its own, with its own memory of settings and pauses, over the database of all."""

    process: Process
    hub: Hub
    chance: random.Random
    worker: Worker = field(init=False)
    acknowledged: set[tuple[str, str, str]]
    """(merchant, connection, event id) of every delivery that was answered with 200, by whichever process."""
    _beating: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.worker = Worker(hub=self.hub, steps=STEPS, jobs=JOBS, chance=self.chance)

    async def work(self) -> None:
        """Begin, and do what is due whenever something ends here or the clock wakes this process."""
        await begin_session(self.hub)
        while True:
            await self.worker.stirred.wait()
            self.worker.stirred.clear()
            await tick_session(self.hub)  # who fell silent while there was nothing to do must not claim so
            await self.worker.tick_jobs()
            await self.worker.tick_orders()
            if self._busy and (self._beating is None or self._beating.done()):
                self._beating = asyncio.create_task(self._stay())

    @property
    def _busy(self) -> bool:
        return bool(self.worker.orders_running or self.worker.jobs_running)

    async def _stay(self) -> None:
        """Say that this process lives, and renew its claims, as long as it has anything in hand."""
        beats = 0
        while self._busy:
            await asyncio.sleep(BEAT_S)
            await tick_session(self.hub)
            beats += 1
            if beats % _RENEWED_EVERY == 0:
                await self.worker.tick_claims()

    async def receive(self, merchant: str, connection: str, deliveries: Sequence[Delivery]) -> None:
        """Take in what a vendor tells: stored first, acknowledged after."""
        await self.hub.store.deliver(merchant, connection, deliveries, now=self.hub.clock.now())
        self.acknowledged.update((merchant, connection, delivery.event_id) for delivery in deliveries)
