"""Notifications of the bogus world through a queue: each comes again until it is acknowledged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from connectors.bogus.client import World
from core.model.notification import Receipt


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
            Receipt(notification=notification, handle=notification.event_id)
            for name, notification in self.world.notifications
            if name == self.connection
        )

    def _forget(self, gone: set[str]) -> None:
        self.world.notifications = [
            (name, notification)
            for name, notification in self.world.notifications
            if name != self.connection or notification.event_id not in gone
        ]
