"""Subscriptions, and webhooks signed as Shopify signs them."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sandbox.scripted_faults import Message
from sandbox.shopify.keys import CLIENT_SECRET
from sandbox.shopify.refusal import Refusal
from sandbox.values import Json

if TYPE_CHECKING:
    from sandbox.shopify.state import Shopify

VERSION: Final = "2026-10"
TOPICS: Final[dict[str, str]] = {
    "APP_UNINSTALLED": "app/uninstalled",
    "FULFILLMENTS_CREATE": "fulfillments/create",
    "FULFILLMENTS_UPDATE": "fulfillments/update",
    "FULFILLMENT_ORDERS_CANCELLED": "fulfillment_orders/cancelled",
    "FULFILLMENT_ORDERS_HOLD_RELEASED": "fulfillment_orders/hold_released",
    "FULFILLMENT_ORDERS_MOVED": "fulfillment_orders/moved",
    "FULFILLMENT_ORDERS_PLACED_ON_HOLD": "fulfillment_orders/placed_on_hold",
    "INVENTORY_LEVELS_UPDATE": "inventory_levels/update",
    "ORDERS_CANCELLED": "orders/cancelled",
    "ORDERS_CREATE": "orders/create",
    "ORDERS_EDITED": "orders/edited",
    "ORDERS_FULFILLED": "orders/fulfilled",
    "ORDERS_PAID": "orders/paid",
    "ORDERS_UPDATED": "orders/updated",
    "REFUNDS_CREATE": "refunds/create",
}
"""The topics that something in the stand-in announces; the others can be subscribed to and stay silent."""
COMPLIANCE: Final = ("customers/data_request", "customers/redact", "shop/redact")
RETRIES: Final = (60.0, 240.0, 600.0, 1200.0, 1800.0, 2700.0, 3600.0, 4200.0)
"""Eight redeliveries within four hours (virtual seconds before each)."""


@dataclass
class Subscription:
    """Who wants to hear about a topic, and where."""

    id: int
    topic: str
    uri: str
    created_at: datetime
    updated_at: datetime
    format: str = "JSON"
    filter: str | None = None
    name: str | None = None
    include_fields: tuple[str, ...] = ()


class Subscriptions:
    """The app's subscriptions on this shop."""

    def __init__(self, shop: "Shopify") -> None:
        self._shop = shop
        self.kept: dict[int, Subscription] = {}

    def create(self, topic: str, wish: Json) -> Subscription:
        """Subscribe; the same topic and address can be taken once."""
        uri = self._address(wish.get("uri") or wish.get("callbackUrl"))
        if any(entry.topic == topic and entry.uri == uri for entry in self.kept.values()):
            raise Refusal(
                "Address for this topic has already been taken", "webhookSubscription", "callbackUrl"
            )
        now = self._shop.now()
        entry = Subscription(self._shop.next_id(), topic, uri, now, now)
        self.kept[entry.id] = entry
        self._apply(entry, wish)
        return entry

    def update(self, number: int | None, wish: Json) -> Subscription:
        """Change address, filter or fields."""
        entry = self._entry(number)
        if "uri" in wish or "callbackUrl" in wish:
            entry.uri = self._address(wish.get("uri") or wish.get("callbackUrl"))
        self._apply(entry, wish)
        entry.updated_at = self._shop.now()
        return entry

    def delete(self, number: int | None) -> None:
        """Unsubscribe."""
        del self.kept[self._entry(number).id]

    def clear(self) -> None:
        """Forget every subscription."""
        self.kept.clear()

    def announce(self, topic: str, subject: str, payload: Json) -> None:
        """Queue one webhook for every subscription to that topic."""
        for entry in [kept for kept in self.kept.values() if kept.topic == topic]:
            fields = entry.include_fields
            chosen = {key: payload[key] for key in fields if key in payload} if fields else payload
            self._post(TOPICS[topic], subject, uri=entry.uri, payload=chosen, number=entry.id)

    def comply(self, _shop: "Shopify", request: Json) -> Json:
        """Send one of the compliance topics, which are not subscribed to, to the address the app was set up with."""
        topic = request.get("topic", "customers/redact")
        if topic not in COMPLIANCE:
            raise ValueError(f"{topic!r} is no compliance topic; those are {', '.join(COMPLIANCE)}")
        payload = {"shop_id": 1, "shop_domain": self._shop.domain}
        if topic != "shop/redact":
            payload |= _whose(self._shop, request["order"], topic)
        self._post(topic, str(request.get("order", "shop")), uri=request["uri"], payload=payload)
        return {"ok": True}

    def _post(self, topic: str, subject: str, *, uri: str, payload: Json, number: int = 0) -> None:
        body = json.dumps(payload, separators=(",", ":")).encode()
        event, triggered = str(uuid.uuid4()), self._shop.world.clock.now()

        def build(attempt: int) -> tuple[str, Mapping[str, str], bytes]:
            if attempt == len(RETRIES):
                # Eight failures in a row end the subscription; the last redelivery still goes out.
                self.kept.pop(number, None)
            return uri, headers(self._shop.domain, topic, body, event=event, triggered=triggered), body

        about = Message("shopify", topic, subject if self._shop.knows(subject) else None)
        self._shop.world.courier.post("shopify", f"{topic} {subject}", build, retries=RETRIES, about=about)

    def _entry(self, number: int | None) -> Subscription:
        if number not in self.kept:
            raise Refusal("Webhook subscription does not exist", "id")
        return self.kept[number]

    def _apply(self, entry: Subscription, wish: Json) -> None:
        if wish.get("format") == "XML":
            raise Refusal("This stand-in sends JSON only", "webhookSubscription", "format")
        entry.filter = wish.get("filter", entry.filter)
        entry.name = wish.get("name", entry.name)
        entry.include_fields = tuple(wish.get("includeFields") or entry.include_fields)

    def _address(self, uri: str | None) -> str:
        parts = urlsplit(uri or "")
        if parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname)):
            return str(uri)
        raise Refusal("Address protocol http:// is not supported", "webhookSubscription", "callbackUrl")


def headers(domain: str, topic: str, body: bytes, *, event: str, triggered: datetime) -> Mapping[str, str]:
    """The headers of one delivery: a new delivery id each time, the same event id each time."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(body),
        "X-Shopify-Shop-Domain": domain,
        "X-Shopify-API-Version": VERSION,
        "X-Shopify-Webhook-Id": str(uuid.uuid4()),
        "X-Shopify-Event-Id": event,
        "X-Shopify-Triggered-At": triggered.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }


def signature(body: bytes) -> str:
    """The signature of a raw body under the app's client secret."""
    return base64.b64encode(hmac.new(CLIENT_SECRET.encode(), body, hashlib.sha256).digest()).decode()


def _loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _whose(shop: "Shopify", name: str, topic: str) -> Json:
    order = shop.named(name)
    customer = {"id": order.customer.id, "email": order.customer.email, "phone": order.customer.phone}
    if topic == "customers/data_request":
        request = {"id": shop.next_id()}
        return {"customer": customer, "orders_requested": [order.id], "data_request": request}
    return {"customer": customer, "orders_to_redact": [order.id]}
