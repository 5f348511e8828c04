"""Stripe's webhooks: nothing unsigned gets in, nothing signed is lost."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from connectors.stripe.settings import ENABLED_EVENTS
from connectors.stripe.webhooks import TOPICS, StripeWebhooks
from core.errors import RejectedError, SignatureError
from core.model.notification import Notification, NotificationKind, WebhookRequest
from tests.connectors.stripe.stand import NOON, OLDER_SECRET, SECRET
from tests.contracts import contracts

HOOKS = StripeWebhooks("pay", (SECRET, OLDER_SECRET))


def signature(body: bytes, *, secret: str = SECRET, at: datetime = NOON) -> str:
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), secret, int(at.timestamp())))


def request(body: bytes, header: str | None) -> WebhookRequest:
    headers = {} if header is None else {"stripe-signature": header}
    return WebhookRequest(method="POST", path="/webhooks/kendra/pay", headers=headers, body=body)


def parsed(
    event: Any, *, secret: str = SECRET, at: datetime = NOON, now: datetime = NOON
) -> tuple[Notification, ...]:
    body = json.dumps(event).encode()
    return HOOKS.parse_webhook(request(body, signature(body, secret=secret, at=at)), now=now)


def an_event(topic: str, about: dict[str, Any]) -> dict[str, Any]:
    return {"id": "evt_1", "object": "event", "type": topic, "data": {"object": about}}


def test_a_payment_intent_is_named_by_its_own_id_and_its_charge() -> None:
    notifications = parsed(an_event("payment_intent.succeeded", {"id": "pi_1", "latest_charge": "ch_1"}))
    assert [(b.event_id, b.kind, b.topic, b.subject) for b in notifications] == [
        ("evt_1", NotificationKind.PAYMENT, "payment_intent.succeeded", "pi_1"),
        ("evt_1:ch_1", NotificationKind.PAYMENT, "payment_intent.succeeded", "ch_1"),
    ]


@pytest.mark.parametrize(
    ("topic", "about", "subjects"),
    [
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1"}, ["pi_1", "ch_1"]),
        ("charge.captured", {"id": "ch_1", "payment_intent": None}, ["ch_1"]),
        (
            "charge.dispute.created",
            {"id": "du_1", "charge": "ch_1", "payment_intent": "pi_1"},
            ["pi_1", "ch_1"],
        ),
        ("refund.failed", {"id": "re_1", "charge": "ch_1", "payment_intent": "pi_1"}, ["pi_1", "ch_1"]),
        ("review.opened", {"id": "prv_1", "charge": "ch_1", "payment_intent": "pi_1"}, ["pi_1", "ch_1"]),
        ("radar.early_fraud_warning.created", {"id": "issfr_1", "charge": "ch_1"}, ["ch_1"]),
        ("charge.succeeded", {"id": "ch_1", "payment_intent": {"id": "pi_1"}}, ["pi_1", "ch_1"]),
    ],
)
def test_what_happens_to_a_payment_is_told_under_every_name_it_has(
    topic: str, about: dict[str, Any], subjects: list[str]
) -> None:
    notifications = parsed(an_event(topic, about))
    assert [b.subject for b in notifications] == subjects
    assert len({b.event_id for b in notifications}) == len(notifications)


def test_a_thin_event_is_told_apart_and_read_by_its_related_object() -> None:
    thin = {
        "id": "evt_2", "object": "v2.core.event", "type": "v1.payment_intent.succeeded", "context": "acct_1",
        "related_object": {"id": "pi_1", "type": "payment_intent", "url": "/v1/payment_intents/pi_1"},
    }  # fmt: skip
    [notification] = parsed(thin)
    assert (notification.kind, notification.subject, notification.account) == (
        NotificationKind.PAYMENT,
        "pi_1",
        "acct_1",
    )


def test_other_topics_are_known_and_an_app_that_is_thrown_out_is_told() -> None:
    [other] = parsed(an_event("payout.paid", {"id": "po_1"}))
    [gone] = parsed({**an_event("account.application.deauthorized", {"id": "ca_1"}), "account": "acct_1"})
    assert (other.kind, other.subject) == (NotificationKind.OTHER, "po_1")
    assert (gone.kind, gone.subject, gone.account) == (NotificationKind.REVOKED, "acct_1", "acct_1")


@pytest.mark.req("R17")
def test_either_of_two_secrets_signs_and_a_third_does_not() -> None:
    event = an_event("payment_intent.succeeded", {"id": "pi_1"})
    assert parsed(event, secret=OLDER_SECRET)[0].subject == "pi_1"
    with pytest.raises(SignatureError):
        parsed(event, secret="whsec_third")


@pytest.mark.req("R17")
@pytest.mark.parametrize("off", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_a_signature_of_another_time_is_refused_early_or_late(off: timedelta) -> None:
    with pytest.raises(SignatureError):
        parsed(an_event("payment_intent.succeeded", {"id": "pi_1"}), at=NOON + off)


BODY = json.dumps(an_event("payment_intent.succeeded", {"id": "pi_1"})).encode()


@pytest.mark.req("R17")
@pytest.mark.parametrize(
    ("body", "header"),
    [
        (BODY, None),
        (BODY, ""),
        (BODY, "t=,v1="),
        (BODY, "t=now,v1=00"),
        (BODY, "v1=" + "0" * 64),
        (BODY, signature(BODY).replace("v1=", "v0=")),
        (BODY, signature(BODY)[:-1]),
        (BODY, f"t={int(NOON.timestamp())},v1=sïgné"),
        (BODY, f"t={int(NOON.timestamp())},v1=\udcff"),
        (BODY + b" ", signature(BODY)),
        (b"\xff\xfe", f"t={int(NOON.timestamp())},v1=00"),
        (BODY, f"t={'9' * 5000},v1=00"),
    ],
)
def test_a_hostile_signature_is_refused_and_never_an_accident(body: bytes, header: str | None) -> None:
    with pytest.raises(SignatureError):
        HOOKS.parse_webhook(request(body, header), now=NOON)


@pytest.mark.req("R17")
@given(body=st.binary(max_size=60), header=st.text(max_size=60))
def test_no_bytes_and_no_header_get_in_by_chance(body: bytes, header: str) -> None:
    with pytest.raises(SignatureError):
        HOOKS.parse_webhook(request(body, header), now=NOON)


@pytest.mark.req("R17")
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"evt"', b"{}", b"[" * 100_000, b'{"object": "event", "id": 1, "type": "x"}',
        b'{"object": "event", "id": "evt_1", "type": "charge.refunded", "data": []}',
        b'{"object": "event", "id": "evt_1", "type": "charge.refunded", "data": {"object": {"id": "x"}}}',
    ],
)  # fmt: skip
def test_signed_garbage_is_rejected_so_that_it_is_kept_and_shown(body: bytes) -> None:
    with pytest.raises(RejectedError):
        HOOKS.parse_webhook(request(body, signature(body)), now=NOON)


def test_every_event_that_is_subscribed_to_is_about_a_payment() -> None:
    for topic in ENABLED_EVENTS:
        assert any(
            topic.startswith(start) and kind is NotificationKind.PAYMENT for start, kind in TOPICS.items()
        ), topic


def test_events_of_old_versions_are_understood() -> None:
    folder = contracts() / "stripe" / "stripe-ruby-mock"
    samples = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.rglob("*.json"))]
    events = [s for s in samples if s.get("object") == "event"]
    assert len(events) > 50
    for event in events:
        for notification in parsed(event):
            assert notification.topic == event["type"]
            paid = event["type"].startswith(("charge.", "payment_intent."))
            assert (notification.kind is NotificationKind.PAYMENT) is paid, event["type"]


def test_the_present_time_is_what_counts() -> None:
    now = datetime.now(UTC)
    assert parsed(an_event("payment_intent.created", {"id": "pi_9"}), at=now, now=now)[0].subject == "pi_9"
