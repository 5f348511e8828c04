"""Mail over a real SMTP server."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from pydantic import ValidationError

from connectors.email import CONNECTOR
from connectors.email.errors import CODES, error_of
from core.clock import SteppedClock
from core.errors import (
    AuthError,
    ConnectorError,
    OutcomeUnknownError,
    RejectedError,
    UnavailableError,
    VendorPausedError,
)
from core.model.message import Message
from core.ports import Connection, Fence, Notifier, Token

NOON = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
PASSWORD = "planted/pass@word"


def a_notice(**changed: str) -> Message:
    told = {
        "kind": "shipping", "subject_id": "KK-1001", "to": "kara@example.test", "subject": "Your order KK-1001",
        "text": "Grüße: 1Z999\n", "html": "<p>Grüße: 1Z999</p>",
    }  # fmt: skip
    return Message.model_validate(told | changed)


class Nobody:
    """Neither tokens nor quota: a mail connection asks for none."""

    async def current(self) -> Token:
        raise AssertionError("asked for a token")

    async def renew(self, refused: Token) -> Token:
        raise AssertionError("asked for a token")

    async def take(self, operation: str, *, cost: int = 1) -> None:
        raise AssertionError("asked for a grant")

    async def learn(
        self, operation: str, *, rate_per_s: float, burst: float, left: float | None = None, back: float = 0.0
    ) -> None:
        raise AssertionError("told of a quota")


def a_notifier(url: str) -> Notifier:
    settings = CONNECTOR.settings.model_validate({"smtp": url, "sender": "orders@kendra.test"})
    nobody = Nobody()
    ports = CONNECTOR.build(
        Connection(
            merchant="kendra",
            name="mail",
            settings=settings,
            app={},
            endpoints={},
            tokens=nobody,
            quota=nobody,
            clock=SteppedClock(NOON),
        )
    )
    assert ports.notifier is not None
    return ports.notifier


# ruff: noqa: N802  aiosmtpd names its hooks like this
@dataclass
class Postbox:
    """What aiosmtpd asks about each message; answers as told."""

    closed_to_strangers: bool = False
    mail: str = "250 OK"
    rcpt: str = "250 OK"
    refuses: str = ""
    """An address that nobody has here."""
    data: str | Callable[[], Awaitable[str]] = "250 OK: queued"
    got: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)

    async def handle_MAIL(
        self, _server: Any, session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.closed_to_strangers and not session.authenticated:
            return "530 5.7.0 who are you?"
        if self.mail.startswith("250"):
            envelope.mail_from = address
        return self.mail

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address == self.refuses:
            return "550 5.1.1 no such user"
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        answer = self.data if isinstance(self.data, str) else await self.data()
        if answer.startswith("250"):
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.got.append((envelope.mail_from, envelope.rcpt_tos, message))
        return answer


@asynccontextmanager
async def listening(
    postbox: Postbox, *, utf8: bool = True, password: str | None = None
) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, told: Any) -> AuthResult:
        return AuthResult(success=told.password.decode() == password, handled=False)

    def session() -> Any:
        return SMTP(
            postbox,
            loop=loop,
            hostname="mail.test",
            enable_SMTPUTF8=utf8,
            authenticator=check if password else None,
            auth_require_tls=False,
        )

    server = await loop.create_server(session, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def test_a_notice_arrives_as_text_and_html_with_headers_that_name_nobody() -> None:
    postbox = Postbox()
    async with listening(postbox) as host:
        await a_notifier(f"smtp://{host}").send(a_notice())
    [(sender, recipients, message)] = postbox.got
    assert (sender, recipients) == ("orders@kendra.test", ["kara@example.test"])
    assert {
        name: str(message[name])
        for name in ("From", "To", "Subject", "Date", "X-Crossdock-Order", "X-Crossdock-Kind")
    } == {
        "From": "orders@kendra.test",
        "To": "kara@example.test",
        "Subject": "Your order KK-1001",
        "Date": "Mon, 30 Nov 2026 20:00:00 +0000",
        "X-Crossdock-Order": "KK-1001",
        "X-Crossdock-Kind": "shipping",
    }
    parts = [(part.get_content_type(), part.get_content()) for part in message.iter_parts()]
    assert parts == [("text/plain", "Grüße: 1Z999\n"), ("text/html", "<p>Grüße: 1Z999</p>\n")]


async def test_a_notice_to_several_is_one_mail_that_names_them_all() -> None:
    postbox = Postbox()
    async with listening(postbox) as host:
        await a_notifier(f"smtp://{host}").send(a_notice(to="ops@example.test, kara@example.test"))
    [(_sender, recipients, message)] = postbox.got
    assert recipients == ["ops@example.test", "kara@example.test"]
    assert [address.addr_spec for address in message["To"].addresses] == recipients


async def test_a_notice_of_which_one_recipient_is_refused_goes_to_none() -> None:
    postbox = Postbox(refuses="gone@example.test")
    async with listening(postbox) as host:
        with pytest.raises(RejectedError) as refused:
            await a_notifier(f"smtp://{host}").send(a_notice(to="ops@example.test, gone@example.test"))
    assert (refused.value.code, postbox.got) == ("550", [])


async def test_the_same_notice_has_the_same_message_id_and_another_one_another() -> None:
    postbox = Postbox()
    async with listening(postbox) as host:
        notifier = a_notifier(f"smtp://{host}")
        for notice in (
            a_notice(),
            a_notice(),
            a_notice(text="Grüße: 1Z998\n"),
            a_notice(kind="confirmation"),
        ):
            await notifier.send(notice)
    ids = [str(message["Message-ID"]) for _from, _to, message in postbox.got]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(i.endswith("@kendra.test>") and "kara" not in i for i in ids)


async def test_a_subject_cannot_smuggle_headers_in() -> None:
    postbox = Postbox()
    async with listening(postbox) as host:
        await a_notifier(f"smtp://{host}").send(
            a_notice(subject="Your\r\nBcc: eve@example.test", subject_id="1\nX-Evil: 1")
        )
    [(_sender, recipients, message)] = postbox.got
    assert (recipients, message["Bcc"], message["X-Evil"]) == (["kara@example.test"], None, None)
    assert message["Subject"] == "Your Bcc: eve@example.test"


@pytest.mark.parametrize(
    "to",
    [
        "", " ", "kara", "kara@", "a@b>\r\nRCPT TO:<eve@example.test", "Kara <kara@example.test>", "a@b,c@d",
        "a@b, kara", "a@b, ", ", a@b", "a@b,  c@d", "two@@example.test", "a b@example.test", "line\nbreak@example.test", "a\x00b@example.test",
        "a\x7fb@example.test", "half\ud800@example.test",
    ],
)  # fmt: skip
@pytest.mark.case("C17")
async def test_what_is_no_address_is_rejected_before_anything_is_sent(to: str) -> None:
    postbox = Postbox()
    async with listening(postbox) as host:
        with pytest.raises(RejectedError):
            await a_notifier(f"smtp://{host}").send(a_notice(to=to))
    assert postbox.got == []


@pytest.mark.case("C17")
async def test_words_that_no_mail_can_carry_are_rejected_before_anything_is_sent() -> None:
    postbox = Postbox()
    async with listening(postbox) as host:
        with pytest.raises(RejectedError):
            await a_notifier(f"smtp://{host}").send(a_notice(text="half \ud800"))
    assert postbox.got == []


async def test_an_address_with_letters_of_its_own_arrives_where_the_server_can() -> None:
    postbox = Postbox()
    async with listening(postbox) as host:
        await a_notifier(f"smtp://{host}").send(a_notice(to="jürgen@example.test"))
    assert postbox.got[0][1] == ["jürgen@example.test"]
    async with listening(postbox, utf8=False) as host:
        with pytest.raises(RejectedError):
            await a_notifier(f"smtp://{host}").send(a_notice(to="jürgen@example.test"))
    assert len(postbox.got) == 1


async def test_a_password_of_the_url_is_used_and_never_shown() -> None:
    postbox = Postbox(closed_to_strangers=True)
    async with listening(postbox, password=PASSWORD) as host:
        await a_notifier(f"smtp://kendra:planted%2Fpass%40word@{host}").send(a_notice())
        with pytest.raises(AuthError) as refused:
            await a_notifier(f"smtp://kendra:planted-wrong@{host}").send(a_notice())
        with pytest.raises(AuthError):
            await a_notifier(f"smtp://{host}").send(a_notice())
    assert len(postbox.got) == 1
    assert "planted" not in f"{refused.value} {refused.value.__cause__}"
    with pytest.raises(ValidationError) as wrong:
        CONNECTOR.settings.model_validate(
            {"smtp": "http://kendra:planted@mail.test", "sender": "orders@kendra.test"}
        )
    assert "planted" not in str(wrong.value)
    right = CONNECTOR.settings.model_validate(
        {"smtp": "smtps://kendra:planted@mail.test", "sender": "orders@kendra.test"}
    )
    assert "planted" not in repr(right)


@pytest.mark.parametrize(
    ("postbox", "error", "code"),
    [
        (Postbox(rcpt="550 5.1.1 kara@example.test: no such user"), RejectedError, "550"),
        (Postbox(rcpt="451 4.3.0 kara@example.test: busy"), UnavailableError, "451"),
        (Postbox(data="554 5.7.1 kara@example.test looks like spam"), RejectedError, "554"),
        (Postbox(data="451 4.3.0 try again later"), UnavailableError, "451"),
    ],
)
async def test_a_refusal_says_what_to_do_next_without_the_server_s_words(
    postbox: Postbox, error: type[ConnectorError], code: str
) -> None:
    async with listening(postbox) as host:
        with pytest.raises(ConnectorError) as refused:
            await a_notifier(f"smtp://{host}").send(a_notice())
    assert (type(refused.value), refused.value.code) == (error, code)
    assert "kara" not in str(refused.value)
    assert postbox.got == []


@pytest.mark.req("R106", "R107")
@pytest.mark.case("C17")
@pytest.mark.parametrize(
    "answer", ["550 5.7.1 sender rejected", "553 5.7.1 not yours", "550 5.4.5 daily quota exceeded"]
)
async def test_a_sender_that_the_server_refuses_is_no_mail_s_fault(answer: str) -> None:
    postbox = Postbox(mail=answer)
    async with listening(postbox) as host:
        with pytest.raises(VendorPausedError) as refused:
            await a_notifier(f"smtp://{host}").send(a_notice())
    assert (refused.value.code, postbox.got) == (answer[:3], [])
    assert "sender" not in str(refused.value)


@pytest.mark.req("R106", "R107")
@pytest.mark.case("C17")
@pytest.mark.parametrize("said", [(b"554 no service here",), (b"220 mail.test", b"550 not you", b"550 no")])
async def test_a_server_that_serves_nobody_loses_no_mail(said: tuple[bytes, ...]) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, one in enumerate(said):
            if number:
                await reader.readline()
            writer.write(one + b"\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(VendorPausedError, match=f"answered {said[-1][:3].decode()}"):
            await a_notifier(f"smtp://127.0.0.1:{port}").send(a_notice())


async def test_nobody_at_the_door_is_unavailable() -> None:
    with pytest.raises(UnavailableError):
        await a_notifier("smtp://127.0.0.1:1").send(a_notice())


@asynccontextmanager
async def hanging_up(*, after: bytes, heard: list[bytes] | None = None) -> AsyncIterator[str]:
    """A server that says yes to everything and hangs up once it has read ``after``; ``heard`` gets every line."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        inside = False
        while line := await reader.readline():
            if heard is not None:
                heard.append(line)
            if line.upper().startswith(after):
                break
            inside = line != b".\r\n" if inside else line.upper().startswith(b"DATA")
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
            elif not inside:
                writer.write(b"250 OK\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.req("R42")
@pytest.mark.parametrize(
    ("after", "error"),
    [
        (b"EHLO", UnavailableError),
        (b"MAIL", UnavailableError),
        (b"RCPT", UnavailableError),
        (b"DATA", OutcomeUnknownError),
        (b".\r\n", OutcomeUnknownError),
    ],
)
async def test_silence_before_data_sent_nothing_and_after_it_is_unknown(
    after: bytes, error: type[ConnectorError]
) -> None:
    async with hanging_up(after=after) as host:
        with pytest.raises(ConnectorError) as lost:
            await a_notifier(f"smtp://{host}").send(a_notice())
    assert type(lost.value) is error


async def test_a_server_that_hangs_up_instead_of_goodbye_has_taken_the_mail() -> None:
    heard: list[bytes] = []

    async with hanging_up(after=b"QUIT", heard=heard) as host:
        await a_notifier(f"smtp://{host}").send(a_notice())

    assert [line.upper() for line in heard[-2:]] == [b".\r\n", b"QUIT\r\n"]
    assert sum(line.upper() == b"DATA\r\n" for line in heard) == 1


def test_a_mail_is_never_repeated() -> None:
    assert CONNECTOR.operations["send"].fence is Fence.NONE


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ((421, 450, 451, 452, 454, 455), UnavailableError),
        ((530, 534, 535, 538), AuthError),
        ((500, 501, 502, 503, 504, 550, 551, 552, 553, 554, 555), RejectedError),
    ],
)
def test_every_reply_of_the_standard_has_its_meaning(
    replies: tuple[int, ...], error: type[ConnectorError]
) -> None:
    assert {r for r in CODES if CODES[r] is error} == set(replies)
    assert type(error_of(499, connection="mail", what="mail")) is UnavailableError
    assert type(error_of(599, connection="mail", what="mail")) is RejectedError


@pytest.mark.parametrize(
    "wrong",
    [
        {"smtp": "mail.test:25"}, {"smtp": "smtp://"}, {"smtp": "smtp://mail.test:99999"},
        {"sender": "Kendra <orders@kendra.test>"}, {"sender": "orders"}, {"sendr": "x"},
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        CONNECTOR.settings.model_validate(
            {"smtp": "smtp://mail.test", "sender": "orders@kendra.test"} | wrong
        )
