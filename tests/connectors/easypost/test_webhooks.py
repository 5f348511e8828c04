"""EasyPost's webhooks: both signatures, nothing unsigned gets in, nothing signed is lost."""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.easypost.webhooks import EasyPostWebhooks
from core.errors import RejectedError, SignatureError
from core.model.notification import NotificationKind, WebhookRequest
from sandbox.easypost.hooks import signatures
from tests.connectors.easypost.stand import NOON, SECRET
from tests.contracts import contracts

HOOKS = EasyPostWebhooks("post", (SECRET, "older-secret"))
PATH = "/webhooks/kendra/post"


def an_event(**changed: Any) -> bytes:
    event = {"id": "evt_1", "object": "Event", "description": "tracker.updated", "result": {"id": "trk_1"}}
    return json.dumps(event | changed).encode()


def request(body: bytes, headers: dict[str, str]) -> WebhookRequest:
    return WebhookRequest(method="POST", path=PATH, headers=headers, body=body)


def older(body: bytes, *, secret: str = SECRET) -> dict[str, str]:
    return {
        "x-hmac-signature": "hmac-sha256-hex=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    }


def newer(body: bytes, *, secret: str = SECRET, at: datetime = NOON) -> dict[str, str]:
    stamp = format_datetime(at)
    signed = f"{stamp}POST{PATH}".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return {"x-timestamp": stamp, "x-path": PATH, "x-hmac-signature-v2": f"hmac-sha256-hex={digest}"}


@pytest.mark.req("R17")
@pytest.mark.parametrize("sign", [older, newer])
@pytest.mark.parametrize("secret", [SECRET, "older-secret"])
def test_a_tracker_is_named_by_its_id_under_either_signature_and_secret(sign: Any, secret: str) -> None:
    body = an_event()
    [notification] = HOOKS.parse_webhook(request(body, sign(body, secret=secret)), now=NOON)
    assert (notification.event_id, notification.kind, notification.topic, notification.subject) == (
        "evt_1",
        NotificationKind.TRACKING,
        "tracker.updated",
        "trk_1",
    )


def test_other_events_are_known_and_mean_nothing() -> None:
    body = an_event(description="batch.created", result={"id": "batch_1"})
    [notification] = HOOKS.parse_webhook(request(body, older(body)), now=NOON)
    assert (notification.kind, notification.subject) == (NotificationKind.OTHER, "batch_1")


@pytest.mark.req("R17")
def test_the_official_vector_verifies() -> None:
    vector = json.loads((contracts() / "easypost" / "webhook-hmac-vector.json").read_text(encoding="utf-8"))
    hooks = EasyPostWebhooks("post", (vector["secret"],))
    body = base64.b64decode(vector["body_base64"])
    [notification] = hooks.parse_webhook(
        request(body, {vector["header"].lower(): vector["signature"]}), now=NOON
    )
    assert (notification.event_id, notification.subject) == ("evt_1", "trk_1")
    with pytest.raises(SignatureError):
        hooks.parse_webhook(request(body + b"\n", {"x-hmac-signature": vector["signature"]}), now=NOON)


def test_what_the_stand_in_signs_is_taken() -> None:
    body = an_event()
    signed = signatures(SECRET, body, url=f"http://127.0.0.1:1{PATH}", at=NOON)
    headers = {name.lower(): value for name, value in signed.items()}
    assert HOOKS.parse_webhook(request(body, headers), now=NOON)[0].subject == "trk_1"


@pytest.mark.req("R17")
@pytest.mark.parametrize("off", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_a_replayed_or_early_delivery_is_refused(off: timedelta) -> None:
    body = an_event()
    with pytest.raises(SignatureError):
        HOOKS.parse_webhook(request(body, newer(body, at=NOON + off)), now=NOON)


@pytest.mark.req("R17")
def test_a_wrong_newer_signature_is_not_saved_by_a_right_older_one() -> None:
    body = an_event()
    headers = older(body) | newer(body, secret="stolen")
    with pytest.raises(SignatureError):
        HOOKS.parse_webhook(request(body, headers), now=NOON)


BODY = an_event()


@pytest.mark.req("R17")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-hmac-signature": ""},
        {"x-hmac-signature": "hmac-sha256-hex="},
        {"x-hmac-signature": older(BODY)["x-hmac-signature"][:-1]},
        {"x-hmac-signature": "hmac-sha256-hex=sïgné"},
        {"x-hmac-signature": "hmac-sha256-hex=\udcff\ud800"},
        older(BODY + b" "),
        {"x-hmac-signature-v2": newer(BODY)["x-hmac-signature-v2"]},
        newer(BODY) | {"x-path": "/elsewhere"},
        newer(BODY) | {"x-timestamp": "\udcff"},
        newer(BODY) | {"x-timestamp": "yesterday"},
    ],
)
def test_a_hostile_signature_is_refused_and_never_an_accident(headers: dict[str, str]) -> None:
    with pytest.raises(SignatureError):
        HOOKS.parse_webhook(request(BODY, headers), now=NOON)


@pytest.mark.req("R17")
@given(body=st.binary(max_size=40), sign=st.text(max_size=80), stamp=st.text(max_size=40), v2=st.booleans())
def test_no_bytes_and_no_headers_get_in_by_chance(body: bytes, sign: str, stamp: str, v2: bool) -> None:
    headers = {
        "x-hmac-signature-v2" if v2 else "x-hmac-signature": sign,
        "x-timestamp": stamp,
        "x-path": PATH,
    }
    with pytest.raises(SignatureError):
        HOOKS.parse_webhook(request(body, headers), now=NOON)


def test_a_signed_time_that_is_no_time_is_refused() -> None:
    digest = hmac.new(SECRET.encode(), f"soonPOST{PATH}".encode() + BODY, hashlib.sha256).hexdigest()
    headers = {"x-timestamp": "soon", "x-path": PATH, "x-hmac-signature-v2": f"hmac-sha256-hex={digest}"}
    with pytest.raises(SignatureError):
        HOOKS.parse_webhook(request(BODY, headers), now=NOON)


@pytest.mark.req("R17")
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b"{}", an_event(id=1), an_event(description=None),
        an_event(result=None), an_event(result={"id": "shp_1"}),
    ],
)  # fmt: skip
def test_signed_garbage_is_rejected_so_that_it_is_kept_and_shown(body: bytes) -> None:
    with pytest.raises(RejectedError):
        HOOKS.parse_webhook(request(body, older(body)), now=NOON)
