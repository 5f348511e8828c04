"""Stripe's events: what happened, how it was before, who asked for it; kept, and sent signed to whoever subscribed."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from sandbox.environment import Environment
from sandbox.scripted_faults import Message
from sandbox.stripe import objects
from sandbox.stripe.records import Endpoint, Payment
from sandbox.values import Json

RETRIES: Final = (30.0, 120.0, 600.0, 3600.0, 10800.0)
TELLS_BEFORE: Final = frozenset({"charge.captured", "charge.refunded"})
"""The events besides `*.updated` that say how it was before.

https://docs.stripe.com/api/events/object (read 2026-11) promises `previous_attributes` for `*.updated` only; recorded
events of these two have it as well (stripe-ruby-mock, charge.refunded of API 2020-08-27).
"""


class Announcing:
    """The events of one account in one mode."""

    def __init__(
        self, env: Environment, endpoints: Mapping[str, Endpoint], payments: Mapping[str, Payment], *,
        live: bool, name: Callable[[str], str],
    ) -> None:  # fmt: skip
        self.events: dict[str, Json] = {}
        self._env = env
        self._endpoints = endpoints
        self._payments = payments
        self._live = live
        self._name = name
        self._muted = False
        self._asked_by: Json = {"id": None, "idempotency_key": None}

    @contextmanager
    def muted(self, so: bool) -> Iterator[None]:  # noqa: FBT001  the answer to one question
        """Send nothing of what happens meanwhile."""
        before, self._muted = self._muted, so
        try:
            yield
        finally:
            self._muted = before

    @contextmanager
    def asked_by(self, request: str, key: str | None) -> Iterator[None]:
        """Say of every event meanwhile which request brought it about."""
        before, self._asked_by = self._asked_by, {"id": request, "idempotency_key": key}
        try:
            yield
        finally:
            self._asked_by = before

    def announce(self, kind: str, subject: Json, *, before: Json | None = None) -> None:
        """Make an event and send it to whoever subscribed to its type."""
        wanted_by = [each for each in self._endpoints.values() if each.wants(kind) and not self._muted]
        data: Json = {"object": subject}
        if before is not None and (kind.endswith(".updated") or kind in TELLS_BEFORE):
            data["previous_attributes"] = _was(before, subject)
        event: Json = {
            "id": self._name("evt_3"), "object": "event", "api_version": objects.API_VERSION,
            "created": objects.unix(self._env.clock.now()), "data": data, "livemode": self._live,
            "pending_webhooks": len(wanted_by), "request": dict(self._asked_by), "type": kind,
        }  # fmt: skip
        self.events[event["id"]] = event
        for subscriber in wanted_by:
            self._send(subscriber, event)

    def _send(self, subscriber: Endpoint, event: Json) -> None:
        body = json.dumps(event, indent=2).encode()

        def build(_attempt: int) -> tuple[str, Mapping[str, str], bytes]:
            # Signed at the wall clock's time: the vendor's own library compares it with that.
            headers = {
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                "Stripe-Signature": signature(subscriber.secret, body, at=int(time.time())),
            }
            return subscriber.url, headers, body

        subject = event["data"]["object"]
        about = Message("stripe", event["type"], self._order_of(subject))
        self._env.webhook_delivery.post(about, f"{event['type']} {subject['id']}", build, retries=RETRIES)

    def _order_of(self, subject: Json) -> str | None:
        """The order behind an intent, a charge, a refund, a dispute or a review."""
        payment = self._payments.get(subject.get("payment_intent") or subject["id"])
        return None if payment is None else payment.metadata.get("order")


def signature(secret: str, body: bytes, *, at: int) -> str:
    """The `Stripe-Signature` header of a delivery."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _was(before: Json, after: Json) -> Json:
    """What changed, as it was; of an object inside only what changed in it, and null for what was not there."""
    changed: Json = {}
    for name in [*before, *(each for each in after if each not in before)]:
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        changed[name] = _was(old, new) if isinstance(old, dict) and isinstance(new, dict) else old
    return changed
