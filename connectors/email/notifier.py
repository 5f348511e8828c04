"""Notices as mail."""

import hashlib
from email.message import EmailMessage
from email.utils import format_datetime

from connectors.email.client import SmtpServer
from connectors.email.settings import ADDRESS
from core.clock import Clock
from core.errors import RejectedError
from core.ports import Message


class EmailNotifier:
    """Sends each notice as one mail of text and HTML."""

    def __init__(self, server: SmtpServer, sender: str, *, clock: Clock) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock

    async def send(self, notice: Message) -> None:
        """Hand the notice to the mail server, once."""
        await self._server.send(self._message(notice), sender=self._sender, to=notice.to)

    def _message(self, notice: Message) -> EmailMessage:
        if not ADDRESS.fullmatch(notice.to):
            raise RejectedError("the recipient is no mail address", connection=self._server.connection)
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = notice.to
        message["Subject"] = " ".join(notice.subject.split())
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = self._message_id(notice)
        message["Auto-Submitted"] = "auto-generated"
        message["X-Crossdock-Order"] = " ".join(notice.subject_id.split())
        message["X-Crossdock-Kind"] = notice.kind
        message.set_content(notice.text)
        message.add_alternative(notice.html, subtype="html")
        return message

    def _message_id(self, notice: Message) -> str:
        """Return an id that the same notice always has, so that a mailbox that gets it twice can tell."""
        whole = f"{notice.kind}\n{notice.subject_id}\n{notice.to}\n{notice.text}"
        digest = hashlib.sha256(whole.encode()).hexdigest()[:32]
        return f"<{digest}@{self._sender.rpartition('@')[2]}>"
