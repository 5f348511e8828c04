"""An SMTP server that keeps every message it accepts."""

import asyncio
import email
import email.policy
from collections import Counter, defaultdict
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Final

from aiosmtpd.smtp import SMTP

from sandbox import order_lookup
from sandbox.environment import Environment
from sandbox.values import Json

HOST: Final = "127.0.0.1"
ACCEPTED: Final = "250 OK: queued"
CLOSED: Final = "550 5.7.1 the account is closed"
TRY_LATER: Final = "451 4.3.0 the mailbox is busy, try again later"


class Mailbox:
    """The messages that arrived, in order; what aiosmtpd asks about each message."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self.messages: list[tuple[datetime, str, EmailMessage]] = []
        self.cut = False
        """The account was closed: nothing is accepted."""

    def clear(self) -> None:
        """Empty every mailbox."""
        self.messages.clear()

    def keep(self, when: datetime, to: str, message: EmailMessage) -> None:
        """Put one message into one recipient's mailbox."""
        self.messages.append((when, to, message))

    def books(self) -> Json:
        """Who got which message, and for which order; `by_order` counts by the channel's name of the order and by kind."""
        messages = [self._booked(when, to, message) for when, to, message in self.messages]
        by_order: dict[str, Counter[str]] = defaultdict(Counter)
        for message in messages:
            by_order[str(message["number"] or message["order"])][str(message["kind"])] += 1
        return {
            "messages": messages,
            "by_order": {order: dict(kinds) for order, kinds in by_order.items()},
            "to_amazon_buyers": sum(message["amazon_buyer"] for message in messages),
        }

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Keep the message, once for each recipient."""
        env = self._env
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        subject = f"{message.get('X-Crossdock-Order')} {message.get('X-Crossdock-Kind')}"
        env.calls["mail"] += 1
        if self.cut:
            return CLOSED
        if env.faults.strike("error", f"mail {subject}"):
            return TRY_LATER
        for to in envelope.rcpt_tos:
            for _copy in range(self._copies(subject)):
                self.keep(env.clock.now(), to, message)
        return ACCEPTED

    def _copies(self, subject: str) -> int:
        if self._env.sabotage.hits("mail_lost", subject):
            return 0
        return 2 if self._env.sabotage.hits("mail_doubled", subject) else 1

    def _booked(self, when: datetime, to: str, message: EmailMessage) -> Json:
        about = message.get("X-Crossdock-Order")
        return {
            "to": to,
            "subject": str(message.get("Subject", "")),
            "at": when.isoformat(),
            "order": about,
            "number": order_lookup.number_of(self._env, about),
            "kind": message.get("X-Crossdock-Kind"),
            "amazon_buyer": to.casefold().rpartition("@")[2].startswith("marketplace.amazon."),
        }


class Server:
    """The listening SMTP server."""

    def __init__(self, server: asyncio.Server) -> None:
        self._server = server
        self.url = f"smtp://{HOST}:{server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Stop listening."""
        self._server.close()
        await self._server.wait_closed()


async def serve(mailbox: Mailbox) -> Server:
    """Listen on a free loopback port for what is sent to the mailbox."""
    loop = asyncio.get_running_loop()

    def session() -> Any:
        return SMTP(mailbox, loop=loop, hostname="mail.sandbox.test", enable_SMTPUTF8=True)

    return Server(await loop.create_server(session, HOST, 0))
