"""EasyPost's webhooks: who subscribed, and how deliveries are signed (both schemes at once)."""

import email.utils
import hashlib
import hmac
import itertools
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from sandbox.easypost.objects import HEX, mode, stamp
from sandbox.environment import Environment
from sandbox.planned import Message
from sandbox.values import Json, token

RETRIES: Final = (30.0, 60.0, 300.0, 900.0, 3600.0, 7200.0)


@dataclass
class Hook:
    """One subscriber."""

    id: str
    url: str
    secret: str | None
    created: datetime
    headers: list[Json]
    live: bool = True

    def shown(self) -> Json:
        """The webhook as the API shows it; never with its secret."""
        return {
            "id": self.id, "object": "Webhook", "mode": mode(self.live), "url": self.url,
            "created_at": stamp(self.created), "disabled_at": None, "custom_headers": self.headers,
        }  # fmt: skip


class Hooks:
    """Every subscriber."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.known: dict[str, Hook] = {}
        self._numbers = itertools.count()

    def announce(
        self, kind: str, subject: Json, *, before: Json, live: bool = True, order: str | None = None
    ) -> None:
        """Make an event and send it to every subscriber of its mode."""
        known = [hook for hook in self.known.values() if hook.live == live]
        now = stamp(self.env.clock.now()).replace("Z", ".000Z")
        name = "evt_" + token("event", next(self._numbers), length=32, alphabet=HEX)
        event: Json = {
            "description": kind, "mode": mode(live), "previous_attributes": before, "created_at": now,
            "pending_urls": [hook.url for hook in known], "completed_urls": [], "updated_at": now,
            "id": name, "user_id": "user_" + token("user", length=32, alphabet=HEX), "status": "pending",
            "object": "Event",
        }  # fmt: skip
        body = json.dumps({**event, "result": subject}, separators=(",", ":")).encode()
        about = Message("easypost", kind, order)
        for hook in known:
            self._send(hook, body, f"{kind} {subject['id']}", about)

    def _send(self, hook: Hook, body: bytes, subject: str, about: Message) -> None:
        def build(_attempt: int) -> tuple[str, Mapping[str, str], bytes]:
            headers = {"Content-Type": "application/json", "User-Agent": "EasyPost Webhooks"}
            headers |= {each["name"]: each["value"] for each in hook.headers}
            if hook.secret is not None:
                # Signed at the wall clock's time, as a receiver's replay window reads it.
                headers |= signatures(hook.secret, body, url=hook.url, at=datetime.now(UTC))
            return hook.url, headers, body

        self.env.webhook_delivery.post(about, subject, build, retries=RETRIES)


def signatures(secret: str, body: bytes, *, url: str, at: datetime) -> dict[str, str]:
    """The headers of both signature schemes."""
    key = unicodedata.normalize("NFKD", secret).encode()
    path = urlsplit(url).path or "/"
    timestamp = email.utils.format_datetime(at)
    newer = f"{timestamp}POST{path}".encode() + body
    return {
        "X-Hmac-Signature": "hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
        "X-Timestamp": timestamp,
        "X-Path": path,
        "X-Hmac-Signature-V2": "hmac-sha256-hex=" + hmac.new(key, newer, hashlib.sha256).hexdigest(),
    }
