"""Notifications of the bogus world over HTTP: JSON, signed with a shared secret."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError

from core.errors import RejectedError, SignatureError
from core.model.notification import Notification, WebhookRequest

HEADER = "x-bogus-signature"


@dataclass(frozen=True, slots=True)
class BogusWebhooks:
    """Webhooks of one connection."""

    connection: str
    secret: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The one secret."""
        return (self.secret,)

    def parse_webhook(self, request: WebhookRequest, *, now: datetime) -> tuple[Notification, ...]:
        """Verify the signature over the raw body, then say what changed."""
        del now  # it signs no time
        given = request.headers.get(HEADER, "")
        if not hmac.compare_digest(given.encode(), signature_of(self.secret, request.body).encode()):
            raise SignatureError("the signature does not fit the body", connection=self.connection)
        try:
            return (Notification.model_validate_json(request.body),)
        except ValidationError as error:
            raise RejectedError("the body is no notification", connection=self.connection) from error


def signature_of(secret: str, body: bytes) -> str:
    """Return the signature that the world gives a body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
