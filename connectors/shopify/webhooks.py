"""What Shopify tells us: verified deliveries as notifications, and the subscriptions that make them come."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connectors.shopify.client import Admin, tail
from connectors.shopify.settings import TOPICS, ShopifySettings
from core.errors import RejectedError, SignatureError
from core.model.notification import Notification, NotificationKind, WebhookRequest
from core.ports import Connection

SIGNATURE_BYTES = 32

Body = Mapping[str, Any]


class ShopifyWebhooks:
    """Verifies deliveries under the app's present and former secret."""

    def __init__(self, connection: Connection) -> None:
        self._name = connection.name
        self._store = ShopifySettings.model_validate(connection.settings).store
        app = connection.app
        self._app_secrets = tuple(app[key] for key in ("client_secret", "client_secret_old") if app.get(key))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The shop, for each takes its own deliveries only, and the app's secrets."""
        return (self._store, *self._app_secrets)

    def parse_webhook(self, request: WebhookRequest, *, now: datetime) -> tuple[Notification, ...]:  # noqa: ARG002  no time is signed
        """Verify the signature over the raw body, then say what changed.

        Only the body is signed, under one secret for all shops of the app; topic and shop stand in headers. So the
        header must name this shop and no body may name another. What may delete something needs the body that Shopify
        sends with that topic and no other, else a person looks at it; everything else leads to a fetch only.
        """
        self._require_own_shop(request.headers.get("x-shopify-shop-domain"))
        self._verify(request)
        topic = request.headers.get("x-shopify-topic", "")
        body = self._body(request)
        if "shop_domain" in body:
            self._require_own_shop(body["shop_domain"])
        if body.get("myshopify_domain") is not None:
            self._require_own_shop(body["myshopify_domain"])
        if topic in _SHAPES and not _SHAPES[topic](body):
            raise RejectedError(
                f"a signed body came as {topic}, and is not of its shape",
                connection=self._name,
                code="OTHER_SHAPE",
            )
        kind, subject_of = _KINDS.get(topic) or _KINDS.get(topic.split("/", 1)[0] + "/*") or _OTHER
        subject = subject_of(body)
        if subject is None:
            raise RejectedError(
                f"{topic}: no subject in the delivery", connection=self._name, code="NO_SUBJECT"
            )
        return (
            Notification(
                event_id=_event_id(request, topic, subject),
                kind=kind,
                topic=topic,
                subject=subject,
                account=self._store,
                orders=_orders(body) if kind in _PRIVACY else (),
            ),
        )

    def _verify(self, request: WebhookRequest) -> None:
        given = request.headers.get("x-shopify-hmac-sha256", "")
        try:
            signature = base64.b64decode(given, validate=True)
        except (binascii.Error, ValueError):
            signature = b""
        digests = [hmac.digest(secret.encode(), request.body, hashlib.sha256) for secret in self._app_secrets]
        # Every secret is compared, so that the time taken does not tell which one it was.
        matches = [hmac.compare_digest(digest, signature) for digest in digests]
        if len(signature) != SIGNATURE_BYTES or not any(matches):
            raise SignatureError("a delivery is not signed with the app's secret", connection=self._name)

    def _require_own_shop(self, named: object) -> None:
        """Refuse what names another shop, or none.

        Raises:
            SignatureError: it is signed for another shop of the app.
        """
        if named != self._store:
            raise SignatureError(f"signed for another shop than {self._store}", connection=self._name)

    def _body(self, request: WebhookRequest) -> Body:
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError) as error:
            raise RejectedError(
                "a signed delivery is no JSON", connection=self._name, code="NOT_JSON"
            ) from error
        if not isinstance(body, dict):
            raise RejectedError("a signed delivery is no object", connection=self._name, code="NOT_JSON")
        return body


class ShopifySubscriber:
    """Sets up our webhooks at the shop."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def subscribe(self, callback_url: str) -> tuple[str, ...]:
        """Make sure that every topic reaches us; return what was mended, as in ``ORDERS_PAID: wrong version``.

        A subscription's version is that of the API it was made through, so one of another version goes and is made
        anew; what happens in between is found by the poll. Where only the address is wrong it is changed in place.
        """
        mended: list[str] = []
        known = await self._known()
        for topic in TOPICS:
            ours = [one for one in known if one["topic"] == topic]
            right = [one for one in ours if one["apiVersion"]["handle"] == self._admin.version]
            if any(one["uri"] == callback_url and one["format"] == "JSON" for one in right):
                continue
            if right:
                await self._admin.webhook_subscription_update(right[0]["id"], callback_url)
                mended.append(f"{topic}: wrong address")
                continue
            for stale in ours:
                await self._admin.webhook_subscription_delete(stale["id"])
            await self._admin.webhook_subscription_create(topic, callback_url)
            mended.append(f"{topic}: {'wrong version' if ours else 'missing'}")
        return tuple(mended)

    async def _known(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = await self._admin.webhook_subscriptions(after)
            found += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]


def _event_id(request: WebhookRequest, topic: str, subject: str) -> str:
    """Return what is the same for every delivery of one event, and another for every other event.

    Shopify's event id is shared by all topics and objects that one action touches; its webhook id is of one delivery.
    """
    event = request.headers.get("x-shopify-event-id")
    if event:
        return f"{event}:{topic}:{subject}"
    delivery = request.headers.get("x-shopify-webhook-id")
    return delivery or hashlib.sha256(topic.encode() + b"\n" + request.body).hexdigest()


def _text(value: object) -> str | None:
    return (
        str(value) if isinstance(value, int | str) and not isinstance(value, bool) and value != "" else None
    )


def _order(body: Body) -> str | None:
    return _text(body.get("id"))


def _edited(body: Body) -> str | None:
    edit = body.get("order_edit")
    return _text(edit.get("order_id")) if isinstance(edit, dict) else None


def _order_of(body: Body) -> str | None:
    return _text(body.get("order_id")) or _tail(body.get("admin_graphql_api_order_id"))


def _work(body: Body) -> str | None:
    """Return the fulfillment order: these topics name no order, and the order's own topics tell of it besides."""
    for key in ("fulfillment_order", "moved_fulfillment_order", "original_fulfillment_order"):
        inner = body.get(key)
        if isinstance(inner, dict) and (identity := _text(inner.get("id"))):
            return identity
    return "-"


def _item(body: Body) -> str | None:
    return _text(body.get("inventory_item_id"))


def _orders(body: Body) -> tuple[str, ...]:
    """Return the orders that a privacy request names."""
    named = body.get("orders_to_redact") or body.get("orders_requested")
    return tuple(one for one in map(_text, named) if one) if isinstance(named, list) else ()


def _customer(body: Body) -> str | None:
    """Return the customer; some have an e-mail address and no id (shopify.dev, privacy law compliance, read 2026-11)."""
    customer = body.get("customer")
    return (_text(customer.get("id")) or "-") if isinstance(customer, dict) else None


def _shop(body: Body) -> str | None:
    return _text(body.get("shop_domain")) or _text(body.get("myshopify_domain")) or _text(body.get("id"))


def _anything(body: Body) -> str | None:
    return _text(body.get("id")) or "-"


def _tail(value: object) -> str | None:
    text = _text(value)
    return tail(text) if text else None


_KINDS: Mapping[str, tuple[NotificationKind, Callable[[Body], str | None]]] = {
    "orders/edited": (NotificationKind.ORDER, _edited),
    "orders/risk_assessment_changed": (NotificationKind.ORDER, _order_of),
    "orders/shopify_protect_eligibility_changed": (NotificationKind.OTHER, _anything),
    "orders/link_requested": (NotificationKind.OTHER, _anything),
    "orders/*": (NotificationKind.ORDER, _order),
    "order_transactions/*": (NotificationKind.ORDER, _order_of),
    "refunds/*": (NotificationKind.ORDER, _order_of),
    "fulfillments/*": (NotificationKind.ORDER, _order_of),
    "fulfillment_orders/*": (NotificationKind.OTHER, _work),
    "inventory_levels/update": (NotificationKind.LEVEL, _item),
    "app/uninstalled": (NotificationKind.REVOKED, _shop),
    "customers/redact": (NotificationKind.PERSON_REDACT, _customer),
    "customers/data_request": (NotificationKind.PERSON_EXPORT, _customer),
    "shop/redact": (NotificationKind.SHOP_REDACT, _shop),
}
_OTHER = (NotificationKind.OTHER, _anything)


def _has_exactly(*keys: str) -> Callable[[Body], bool]:
    return lambda body: body.keys() == set(keys)


def _is_shop(body: Body) -> bool:
    """Return whether a body is the Shop resource: of what has an id and a domain, only that has a plan."""
    return all(key in body for key in ("id", "myshopify_domain", "plan_name"))


_SHAPES: Mapping[str, Callable[[Body], bool]] = {
    "app/uninstalled": _is_shop,
    "customers/redact": _has_exactly("shop_id", "shop_domain", "customer", "orders_to_redact"),
    "customers/data_request": _has_exactly(
        "shop_id", "shop_domain", "customer", "orders_requested", "data_request"
    ),
    "shop/redact": _has_exactly("shop_id", "shop_domain"),
}
"""The bodies of what may delete something (shopify.dev, privacy law compliance, and webhook samples of 2026-07)."""
_PRIVACY = frozenset({NotificationKind.PERSON_REDACT, NotificationKind.PERSON_EXPORT})
