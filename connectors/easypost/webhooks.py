"""EasyPost's webhooks: verified over the raw body; they say what to look at, never how it is.

Two signatures are in use (https://docs.easypost.com/docs/webhooks, read 2026-11). The older covers only the body:
``X-Hmac-Signature: hmac-sha256-hex=<hex>``. The newer, ``X-Hmac-Signature-V2``, covers time, method, path and body, with
``X-Timestamp`` (a mail date) and ``X-Path`` as signed. Where the newer is given, only it decides.
"""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.easypost.settings import TOPICS
from core.errors import RejectedError, SignatureError
from core.model.notification import Notification, NotificationKind, WebhookRequest

TOLERANCE_S = 300
_PREFIX = "hmac-sha256-hex="


class EasyPostWebhooks:
    """Says what changed; ``now`` is the machine's own time, for EasyPost signs with the time on the wall."""

    def __init__(self, connection: str, secrets: Sequence[str]) -> None:
        self._connection = connection
        self.secrets = tuple(secrets)
        # EasyPost normalizes the secret like this before it signs.
        self._keys = tuple(unicodedata.normalize("NFKD", secret).encode() for secret in secrets)

    def parse_webhook(self, request: WebhookRequest, *, now: datetime) -> tuple[Notification, ...]:
        """Verify the signature (either secret, either scheme), then say what changed."""
        if "x-hmac-signature-v2" in request.headers:
            self._verify_newer(request, now)
        else:
            self._verify(request.headers.get("x-hmac-signature", ""), request.body)
        event = self._event(request.body)
        topic = event["description"]
        kind = NotificationKind.TRACKING if topic in TOPICS else NotificationKind.OTHER
        about = event.get("result")
        subject = about.get("id") if isinstance(about, dict) else None
        if kind is NotificationKind.TRACKING and not (
            isinstance(subject, str) and subject.startswith("trk_")
        ):
            raise RejectedError(f"a {topic} that names no tracker", connection=self._connection)
        named = subject if isinstance(subject, str) else ""
        return (Notification(event_id=event["id"], kind=kind, topic=topic, subject=named),)

    def _verify_newer(self, request: WebhookRequest, now: datetime) -> None:
        stamp, path = request.headers.get("x-timestamp", ""), request.headers.get("x-path", "")
        signed = f"{stamp}{request.method.upper()}{path}".encode("utf-8", "replace") + request.body
        self._verify(request.headers["x-hmac-signature-v2"], signed)
        at = _instant(stamp)
        if at is None or abs((now - at).total_seconds()) > TOLERANCE_S:
            raise SignatureError("signed at another time than now", connection=self._connection)

    def _verify(self, signature: str, signed: bytes) -> None:
        told = signature.encode("utf-8", "replace")
        each = [(_PREFIX + hmac.new(key, signed, hashlib.sha256).hexdigest()).encode() for key in self._keys]
        if not any(hmac.compare_digest(told, ours) for ours in each):
            raise SignatureError("not signed by EasyPost with a secret of ours", connection=self._connection)

    def _event(self, body: bytes) -> dict[str, Any]:
        try:
            event = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise RejectedError("signed, but no JSON", connection=self._connection) from error
        whole = (
            isinstance(event, dict)
            and isinstance(event.get("id"), str)
            and isinstance(event.get("description"), str)
        )
        if not whole:
            raise RejectedError("signed, but no event of EasyPost", connection=self._connection)
        return dict(event)


def _instant(stamp: str) -> datetime | None:
    """Return the time of a mail date or, as others saw it signed, an ISO 8601 one."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            at = read(stamp)
        except ValueError:
            continue
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return None
