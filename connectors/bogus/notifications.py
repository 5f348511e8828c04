"""What the bogus world rings with through a queue: it comes again until it is acknowledged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from connectors.bogus.client import World
from core.ports import Receipt


@dataclass(frozen=True, slots=True)
class BogusNotifications:
    """The queue of one connection."""

    connection: str
    world: World
    waits: ClassVar[bool] = False

    async def receive(self) -> tuple[Receipt, ...]:
        """Return what waits."""
        return await self.world.look(self.connection, "receive", lambda _: self._waiting())

    async def acknowledge(self, receipts: Sequence[Receipt]) -> None:
        """Take them off the queue."""
        gone = {receipt.handle for receipt in receipts}
        await self.world.call(self.connection, "acknowledge", lambda: self._forget(gone))

    def _waiting(self) -> tuple[Receipt, ...]:
        return tuple(
            Receipt(notification=bell, handle=bell.event_id)
            for name, bell in self.world.notifications
            if name == self.connection
        )

    def _forget(self, gone: set[str]) -> None:
        self.world.notifications = [
            (name, bell)
            for name, bell in self.world.notifications
            if name != self.connection or bell.event_id not in gone
        ]
