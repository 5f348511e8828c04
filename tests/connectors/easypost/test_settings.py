"""What an EasyPost connection may say, and what never shows."""

import logging
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.easypost import CONNECTOR
from core.errors import RejectedError
from core.ports import Fence
from tests.connectors.easypost.stand import answering, saying


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": ""},
        {"key": "planted", "webhook_secret": []},
        {"key": "planted", "thread": 4},
        {"key": "planted", "threads": 0},
        {},
    ],
)
def test_settings_that_cannot_work_are_refused_without_showing_them(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        CONNECTOR.settings.model_validate(wrong)
    assert "planted" not in str(refused.value)


def test_secrets_do_not_show() -> None:
    settings = CONNECTOR.settings.model_validate(
        {"key": "planted", "webhook_secret": ["planted", "planted2"]}
    )
    assert "planted" not in f"{settings!r} {settings.model_dump_json()}"


async def test_nothing_is_logged_of_key_or_body(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = '{"error": {"code": "NOT_FOUND", "message": "planted@example.test", "errors": []}}'
    async with answering(saying(404, body)) as ports:
        assert ports.carrier is not None
        with pytest.raises(RejectedError):
            await ports.carrier.find_label("shp_1")
    assert "planted" not in caplog.text


def test_labels_are_fenced_by_their_shipment() -> None:
    assert {name: operation.fence for name, operation in CONNECTOR.operations.items()} == {
        "buy": Fence.OBJECT,
        "void": Fence.OBJECT,
    }
