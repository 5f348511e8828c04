"""Messages as mail."""

import hashlib
from email.message import EmailMessage
from email.utils import format_datetime

from connectors.email.client import SmtpServer
from connectors.email.settings import ADDRESS
from core.clock import Clock
from core.errors import RejectedError
from core.model.message import Message

BETWEEN = ", "
"""Stands between the addresses of one mail; neither may stand in an address."""


class EmailNotifier:
    """Sends each message as one mail of text and HTML; its recipients stand with a comma and a blank between them."""

    def __init__(self, server: SmtpServer, sender: str, *, clock: Clock) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock

    async def send(self, message: Message) -> None:
        """Hand the message to the mail server, once."""
        try:
            await self._server.send(self._mail(message), sender=self._sender, to=message.to.split(BETWEEN))
        except (
            ValueError
        ):  # a control character, half a surrogate pair: raised while it is written, before DATA
            connection = self._server.connection
            raise RejectedError("it cannot be written as a mail", connection=connection) from None

    def _mail(self, message: Message) -> EmailMessage:
        if not all(ADDRESS.fullmatch(one) for one in message.to.split(BETWEEN)):
            raise RejectedError("the recipient is no mail address", connection=self._server.connection)
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = message.to
        mail["Subject"] = " ".join(message.subject.split())
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = self._message_id(message)
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Crossdock-Order"] = " ".join(message.subject_id.split())
        mail["X-Crossdock-Kind"] = message.kind
        mail.set_content(message.text)
        mail.add_alternative(message.html, subtype="html")
        return mail

    def _message_id(self, message: Message) -> str:
        """Return an id that the same message always has, so that a mailbox that gets it twice can tell."""
        whole = f"{message.kind}\n{message.subject_id}\n{message.to}\n{message.text}"
        digest = hashlib.sha256(whole.encode()).hexdigest()[:32]
        return f"<{digest}@{self._sender.rpartition('@')[2]}>"
