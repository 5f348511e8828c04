"""What a Stripe connection may say, and what never shows."""

import logging
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.stripe import CONNECTOR
from core.errors import RejectedError
from tests.connectors.stripe.stand import a_connection, answering, closed

KEY = "sk_test_planted"


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "pk_live_planted"}, {"key": ""}, {"key": KEY, "webhook_secret": "planted"}, {"key": KEY, "webhook_secret": []},
        {"key": KEY, "webhook_secret": ["whsec_planted"] * 3}, {"key": KEY, "webhok_secret": "whsec_planted"}, {},
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused_without_showing_them(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        CONNECTOR.settings.model_validate(wrong)
    assert "planted" not in str(refused.value)


def test_secrets_do_not_show() -> None:
    settings = CONNECTOR.settings.model_validate(
        {"key": KEY, "webhook_secret": ["whsec_planted", "whsec_planted2"]}
    )
    assert "planted" not in f"{settings!r} {settings.model_dump_json()}"


async def test_without_a_signing_secret_no_webhook_is_taken() -> None:
    whole = a_connection("http://127.0.0.1:1", key=KEY)
    bare = replace(whole, settings=CONNECTOR.settings.model_validate({"key": KEY}))
    for connection, takes in ((whole, True), (bare, False)):
        ports = CONNECTOR.build(connection)
        assert (ports.webhooks is not None) is takes
        await closed(ports)


async def test_the_sdk_logs_nothing_of_what_stripe_quotes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = '{"error": {"type": "invalid_request_error", "message": "No such customer: planted@example.test"}}'
    async with answering(400, body) as gateway:
        with pytest.raises(RejectedError):
            await gateway.fetch_payment("pi_1")
    assert "planted" not in caplog.text
