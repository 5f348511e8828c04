"""The SMTP stand-in keeps what a real client sends."""

from email.message import EmailMessage
from urllib.parse import urlsplit

import aiosmtplib
import pytest

from sandbox import mail
from sandbox.world import World
from tests.sandbox.stand import a_world


def _shipped(order: str = "KK-1001") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "orders@kendra.test"
    message["To"] = "kara@example.test"
    message["Subject"] = "Your set is on its way, Kára"
    message["X-Crossdock-Order"] = order
    message["X-Crossdock-Kind"] = "shipping_confirmation"
    message.set_content("Dear Kara")
    return message


async def _send(world: World, *messages: EmailMessage) -> None:
    server = await mail.serve(world.mail)
    try:
        at = urlsplit(server.url)
        for message in messages:
            await aiosmtplib.send(message, hostname=at.hostname, port=at.port, start_tls=False)
    finally:
        await server.close()


async def test_a_message_is_kept_with_its_order_and_kind() -> None:
    world = a_world()
    await _send(world, _shipped())
    (kept,) = world.mail.books()["messages"]
    assert {key: kept[key] for key in ("to", "subject", "order", "kind")} == {
        "to": "kara@example.test", "subject": "Your set is on its way, Kára", "order": "KK-1001",
        "kind": "shipping_confirmation",
    }  # fmt: skip
    assert kept["at"].startswith("2026-11-30T20:00")
    assert world.calls["mail"] == 1


@pytest.mark.parametrize(
    ("kind", "kept"), [("mail_lost", ["KK-1002"]), ("mail_doubled", ["KK-1001", "KK-1001", "KK-1002"])]
)
async def test_sabotage_loses_or_doubles_one_accepted_message(kind: str, kept: list[str]) -> None:
    world = a_world()
    world.sabotage.arm(kind)
    await _send(world, _shipped(), _shipped("KK-1002"))
    assert [each["order"] for each in world.mail.books()["messages"]] == kept
    assert world.sabotage.subject == "KK-1001 shipping_confirmation"


async def test_an_armed_error_refuses_the_message_for_now_and_keeps_nothing() -> None:
    world = a_world()
    world.faults.arm("error:0")
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await _send(world, _shipped())
    assert refused.value.code == 451
    assert world.mail.books()["messages"] == []
