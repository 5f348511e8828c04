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
from typing import Final
from urllib.parse import urlsplit

from sandbox.scripted_faults import Message
from sandbox.shopify.keys import CLIENT_SECRET
from sandbox.shopify.records import Subscription
from sandbox.shopify.refusal import Refusal
from sandbox.shopify.state import Shop
from sandbox.values import Json

VERSION: Final = "2026-10"
TOPICS: Final[dict[str, str]] = {
    "APP_UNINSTALLED": "app/uninstalled",
    "FULFILLMENTS_CREATE": "fulfillments/create",
    "FULFILLMENTS_UPDATE": "fulfillments/update",
    "FULFILLMENT_ORDERS_HOLD_RELEASED": "fulfillment_orders/hold_released",
    "FULFILLMENT_ORDERS_MOVED": "fulfillment_orders/moved",
    "FULFILLMENT_ORDERS_PLACED_ON_HOLD": "fulfillment_orders/placed_on_hold",
    "INVENTORY_LEVELS_UPDATE": "inventory_levels/update",
    "ORDERS_CANCELLED": "orders/cancelled",
    "ORDERS_CREATE": "orders/create",
    "ORDERS_EDITED": "orders/edited",
    "ORDERS_FULFILLED": "orders/fulfilled",
    "ORDERS_PAID": "orders/paid",
    "ORDERS_PARTIALLY_FULFILLED": "orders/partially_fulfilled",
    "ORDERS_RISK_ASSESSMENT_CHANGED": "orders/risk_assessment_changed",
    "ORDERS_UPDATED": "orders/updated",
    "ORDER_TRANSACTIONS_CREATE": "order_transactions/create",
    "REFUNDS_CREATE": "refunds/create",
}
"""The topics that something in the stand-in announces; no other can be subscribed to."""
COMPLIANCE: Final = ("customers/data_request", "customers/redact", "shop/redact")
RETRIES: Final = (60.0, 240.0, 600.0, 1200.0, 1800.0, 2700.0, 3600.0, 4200.0)
"""Eight redeliveries within four hours (virtual seconds before each)."""


@dataclass(frozen=True)
class Endpoint:
    """Where a webhook goes, and which fields of its body."""

    uri: str | None
    include_fields: tuple[str, ...] = ()
    told: bool = False
    """Whether anything was said about fields; none at all then means every field."""


def subscribe(shop: Shop, topic: str, to: Endpoint) -> Subscription:
    """Subscribe; the same topic and address can be taken once."""
    uri = _address(to.uri)
    if any(entry.topic == topic and entry.uri == uri for entry in shop.subscriptions.values()):
        raise Refusal("Address for this topic has already been taken", "webhookSubscription", "callbackUrl")
    now = shop.now()
    entry = Subscription(shop.next_id(), topic, uri, now, now, to.include_fields)
    shop.subscriptions[entry.id] = entry
    return entry


def resubscribe(shop: Shop, number: int | None, to: Endpoint) -> Subscription:
    """Change address or fields."""
    entry = _entry(shop, number)
    if to.uri is not None:
        entry.uri = _address(to.uri)
    if to.told:
        entry.include_fields = to.include_fields
    entry.updated_at = shop.now()
    return entry


def unsubscribe(shop: Shop, number: int | None) -> None:
    """End a subscription."""
    del shop.subscriptions[_entry(shop, number).id]


def announce(shop: Shop, topic: str, subject: str, payload: Json) -> None:
    """Queue one webhook for every subscription to that topic."""
    for entry in [kept for kept in shop.subscriptions.values() if kept.topic == topic]:
        fields = entry.include_fields
        chosen = {key: payload[key] for key in fields if key in payload} if fields else payload
        _post(shop, TOPICS[topic], subject, uri=entry.uri, payload=chosen, number=entry.id)


def comply(shop: Shop, request: Json) -> Json:
    """Send one of the compliance topics, which are not subscribed to, to the address the app was set up with."""
    topic = request.get("topic", "customers/redact")
    if topic not in COMPLIANCE:
        raise ValueError(f"{topic!r} is no compliance topic; those are {', '.join(COMPLIANCE)}")
    payload = {"shop_id": 1, "shop_domain": shop.domain}
    if topic != "shop/redact":
        payload |= _person(shop, request["order"], topic)
    _post(shop, topic, str(request.get("order", "shop")), uri=request["uri"], payload=payload)
    return {"ok": True}


def _post(shop: Shop, topic: str, subject: str, *, uri: str, payload: Json, number: int = 0) -> None:
    body = json.dumps(payload, separators=(",", ":")).encode()
    event, triggered = str(uuid.uuid4()), shop.env.clock.now()

    def build(attempt: int) -> tuple[str, Mapping[str, str], bytes]:
        if attempt == len(RETRIES):
            # Eight failures in a row end the subscription; the last redelivery still goes out.
            shop.subscriptions.pop(number, None)
        return uri, headers(shop.domain, topic, body, event=event, triggered=triggered), body

    about = Message("shopify", topic, subject if shop.knows(subject) else None)
    shop.env.webhook_delivery.post(about, f"{topic} {subject}", build, retries=RETRIES)


def _entry(shop: Shop, number: int | None) -> Subscription:
    if number not in shop.subscriptions:
        raise Refusal("Webhook subscription does not exist", "id")
    return shop.subscriptions[number]


def _address(given: str | None) -> str:
    uri = given or ""
    try:
        parts = urlsplit(uri)
    except ValueError:
        parts = urlsplit("")
    if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and _loopback(parts.hostname)):
        return uri
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


def _person(shop: Shop, name: str, topic: str) -> Json:
    order = shop.named(name)
    customer = {"id": order.customer.id, "email": order.customer.email, "phone": order.customer.phone}
    if topic == "customers/data_request":
        request = {"id": shop.next_id()}
        return {"customer": customer, "orders_requested": [order.id], "data_request": request}
    return {"customer": customer, "orders_to_redact": [order.id]}
