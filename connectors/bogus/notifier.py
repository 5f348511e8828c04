"""The bogus mail server: it keeps what it was handed."""

from dataclasses import dataclass

from connectors.bogus.client import Effect, World
from core.errors import RejectedError
from core.model.message import Message


@dataclass(frozen=True, slots=True)
class BogusNotifier:
    """The world's mail server; it would take the same mail twice."""

    connection: str
    world: World

    async def send(self, notice: Message) -> None:
        """Take the mail."""
        await self.world.call(self.connection, "send", lambda: self._take(notice))

    def _take(self, notice: Message) -> None:
        if notice.to in self.world.no_mailbox:
            raise RejectedError("send: answered 550", connection=self.connection, code="550")
        self.world.mails.append(notice)
        self.world.did(Effect.MAIL, f"{notice.kind} {notice.subject_id}")
