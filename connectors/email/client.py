"""One mail server, over SMTP."""

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.policy import SMTPUTF8 as WIRE_UTF8
from urllib.parse import unquote, urlsplit

import aiosmtplib
from pydantic import SecretStr

from connectors.email.errors import error_of
from core.errors import OutcomeUnknownError, RejectedError, UnavailableError, VendorPausedError

CALL_LIMIT_S = 10.0
SUBMISSION, SUBMISSION_TLS = 587, 465


@dataclass(slots=True)
class _Session:
    smtp: aiosmtplib.SMTP
    named: bool = False
    """The server was told what this one mail needs: a refusal before that is everybody's."""
    told: bool = False
    """The server was told DATA: from then on it may have taken the message."""


class SmtpServer:
    """Opens one session per message: a shop's mails are minutes apart, and a kept session is a closed one."""

    def __init__(self, connection: str, url: SecretStr) -> None:
        parts = urlsplit(url.get_secret_value())
        self.connection = connection
        self._host = parts.hostname or ""
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (SUBMISSION_TLS if self._tls else SUBMISSION)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def send(self, message: EmailMessage, *, sender: str, to: Sequence[str]) -> None:
        """Hand one message over, to all its recipients or to none.

        Once the server was told DATA, silence means that it may have been taken.
        """
        async with self._open("mail") as session:
            utf8 = await self._envelope(session, sender, to)
            content = message.as_bytes(policy=WIRE_UTF8 if utf8 else WIRE.clone(cte_type="7bit"))
            session.told = True
            await session.smtp.data(content)

    async def noop(self) -> None:
        """Greet the server, sign in where a user is given, do nothing, and leave."""
        async with self._open("sign-in") as session:
            await session.smtp.noop()

    @contextlib.asynccontextmanager
    async def _open(self, what: str) -> AsyncIterator[_Session]:
        """Connect and sign in, and leave at the end; what goes wrong is told by what may have happened."""
        session = _Session(self._client())
        try:
            async with asyncio.timeout(CALL_LIMIT_S):
                await session.smtp.connect()
                yield session
                with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                    await session.smtp.quit()
        except aiosmtplib.SMTPNotSupported as error:
            refused = RejectedError if session.named else VendorPausedError
            raise refused("the server cannot do what is needed", connection=self.connection) from error
        except aiosmtplib.SMTPResponseException as error:
            everybody = not session.named
            raise error_of(error.code, connection=self.connection, what=what, everybody=everybody) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            if session.told:
                raise OutcomeUnknownError("the server fell silent", connection=self.connection) from error
            raise UnavailableError("no answer of the mail server", connection=self.connection) from error
        finally:
            session.smtp.close()

    @property
    def name(self) -> str:
        """Host and port, as in ``mail.example:465``."""
        return f"{self._host}:{self._port}"

    async def _envelope(self, session: _Session, sender: str, to: Sequence[str]) -> bool:
        """Name sender and recipients; say whether the message goes as UTF-8, which an address may need."""
        smtp, session.named = session.smtp, not "".join(to).isascii()
        utf8 = session.named or not sender.isascii()
        if utf8 and not smtp.supports_extension("smtputf8"):
            raise aiosmtplib.SMTPNotSupported("SMTPUTF8")
        encoding = "utf-8" if utf8 else "ascii"
        await smtp.mail(sender, options=["SMTPUTF8"] if utf8 else [], encoding=encoding)
        session.named = True
        for one in to:
            await smtp.rcpt(one, encoding=encoding)
        return utf8

    def _client(self) -> aiosmtplib.SMTP:
        secret = self._user is not None and not _is_loopback(self._host)
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._tls,
            # A password never travels in the clear; without one, encryption is taken where it is offered.
            start_tls=False if self._tls else (True if secret else None),
            username=self._user,
            password=self._password,
            timeout=CALL_LIMIT_S,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
