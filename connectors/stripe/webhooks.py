"""Stripe's webhooks: verified over the raw body; they say what to look at, never how it is."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.stripe.client import verify_header
from core.errors import RejectedError, SignatureError
from core.model.notification import Notification, NotificationKind, WebhookRequest

TOLERANCE_S = 300
THIN = "v2.core.event"

TOPICS: Mapping[str, NotificationKind] = {
    "payment_intent.": NotificationKind.PAYMENT,
    "charge.": NotificationKind.PAYMENT,
    "refund.": NotificationKind.PAYMENT,
    "review.": NotificationKind.PAYMENT,
    "radar.early_fraud_warning.": NotificationKind.PAYMENT,
    "v1.payment_intent.": NotificationKind.PAYMENT,
    "v1.charge.": NotificationKind.PAYMENT,
    "v1.refund.": NotificationKind.PAYMENT,
    "account.application.deauthorized": NotificationKind.REVOKED,
}
"""What each event is about, by how its type begins; every other event is known and means nothing to us."""


class StripeWebhooks:
    """Says what changed; ``now`` is the machine's own time, for Stripe signs with the time on the wall."""

    def __init__(self, connection: str, secrets: Sequence[str]) -> None:
        self._connection = connection
        self.secrets = tuple(secrets)

    def parse_webhook(self, request: WebhookRequest, *, now: datetime) -> tuple[Notification, ...]:
        """Verify the signature (either secret), then say what changed.

        A payment is named twice where the event knows both its payment intent and its charge, because a channel may
        have told us either.
        """
        self._verify(request, now)
        event = self._event(request.body)
        topic = event["type"]
        kind = next(
            (kind for start, kind in TOPICS.items() if topic.startswith(start)), NotificationKind.OTHER
        )
        told = event.get("account") or event.get("context")
        account = told if isinstance(told, str) else None
        if kind is not NotificationKind.PAYMENT:
            subject = account or "" if kind is NotificationKind.REVOKED else _id_of(_object(event)) or ""
            return (
                Notification(event_id=event["id"], kind=kind, topic=topic, subject=subject, account=account),
            )
        payments = _payments(_object(event))
        if not payments:
            raise RejectedError(f"a {topic} that names no payment", connection=self._connection)
        return tuple(
            Notification(
                event_id=event["id"] if place == 0 else f"{event['id']}:{payment}",
                kind=kind,
                topic=topic,
                subject=payment,
                account=account,
            )
            for place, payment in enumerate(payments)
        )

    def _verify(self, request: WebhookRequest, now: datetime) -> None:
        header = request.headers.get("stripe-signature", "")
        if not any(verify_header(request.body, header, secret) for secret in self.secrets):
            raise SignatureError("not signed by Stripe with a secret of ours", connection=self._connection)
        # The library lets a signature from the future pass; we do not.
        if abs(now.timestamp() - _signed_at(header)) > TOLERANCE_S:
            raise SignatureError("signed at another time than now", connection=self._connection)

    def _event(self, body: bytes) -> dict[str, Any]:
        try:
            event = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise RejectedError("signed, but no JSON", connection=self._connection) from error
        whole = (
            isinstance(event, dict)
            and event.get("object") in {"event", THIN}
            and isinstance(event.get("id"), str)
            and isinstance(event.get("type"), str)
        )
        if not whole:
            raise RejectedError("signed, but no event of Stripe", connection=self._connection)
        return dict(event)


def _signed_at(header: str) -> int:
    """Return the time of a header that is already verified; it is the first ``t`` that counts."""
    return int(next(part[2:] for part in header.split(",") if part.startswith("t=")))


def _object(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the event is about: whole in a snapshot event, by type and id only in a thin one."""
    if event["object"] == THIN:
        about = event.get("related_object")
    else:
        told = event.get("data")
        about = told.get("object") if isinstance(told, dict) else None
    return about if isinstance(about, dict) else {}


def _payments(about: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids under which the payment may be known: payment intent first, then charge."""
    own = about.get("id")
    named = [_id_of(about.get(part)) for part in ("payment_intent", "charge", "latest_charge")]
    named.insert(
        0 if isinstance(own, str) and own.startswith("pi_") else 1, own if isinstance(own, str) else None
    )
    kept = [name for name in named if name is not None and name.startswith(("pi_", "ch_", "py_"))]
    return tuple(dict.fromkeys(kept))


def _id_of(value: object) -> str | None:
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else None
