"""What is notified of, what is not, and what is set up so that it is."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from connectors.shopify.settings import TOPICS
from core.errors import RejectedError, SignatureError
from core.model.notification import Notification, NotificationKind, WebhookRequest
from tests.connectors.shopify.shop import APP, NOON, STORE, a_shop, connected
from tests.contracts import contracts

NEW, OLD = APP["client_secret"], "shpss_the_one_before"


def signed(body: bytes, secret: str = NEW) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def a_request(topic: str, body: bytes, **headers: str | None) -> WebhookRequest:
    given: dict[str, str | None] = {
        "x-shopify-topic": topic,
        "x-shopify-hmac-sha256": signed(body),
        "x-shopify-shop-domain": STORE,
        "x-shopify-event-id": "ev-1",
        "x-shopify-webhook-id": "wh-1",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    kept = {name: value for name, value in given.items() if value is not None}
    return WebhookRequest(method="POST", path="/webhooks/kendra/shop", headers=kept, body=body)


def parsed(request: WebhookRequest, **app: str) -> tuple[Notification, ...]:
    return a_shop(None, app={**APP, **app}).webhooks.parse_webhook(request, now=NOON)


def test_a_signed_order_names_its_id_and_its_shop() -> None:
    body = b'{"id": 820982911946154508, "name": "#9999"}'

    assert parsed(a_request("orders/paid", body)) == (
        Notification(
            event_id="ev-1:orders/paid:820982911946154508",
            kind=NotificationKind.ORDER,
            topic="orders/paid",
            subject="820982911946154508",
            account=STORE,
        ),
    )


@pytest.mark.req("R01")
def test_a_redelivery_under_another_delivery_id_is_the_same_event() -> None:
    body = b'{"id": 1}'

    first = parsed(a_request("orders/create", body))
    again = parsed(a_request("orders/create", body, x_shopify_webhook_id="wh-2"))

    assert first == again


def test_without_an_event_id_the_delivery_id_serves_and_then_the_body() -> None:
    body = b'{"id": 1}'

    (by_delivery,) = parsed(a_request("orders/create", body, x_shopify_event_id=None))
    (by_body,) = parsed(a_request("orders/create", body, x_shopify_event_id=None, x_shopify_webhook_id=None))

    assert by_delivery.event_id == "wh-1"
    assert by_body.event_id == hashlib.sha256(b'orders/create\n{"id": 1}').hexdigest()


@pytest.mark.req("R17")
@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "not base64!",
        "é" * 44,
        "Ω",
        base64.b64encode(b"short").decode(),
        signed(b'{"id": 2}'),
        signed(b'{"id": 1}', "another secret"),
        signed(b'{"id": 1}') + "=",
        signed(b'{"id": 1}', ""),
    ],
)
def test_a_wrong_missing_or_malformed_signature_is_refused(signature: str | None) -> None:
    with pytest.raises(SignatureError):
        parsed(a_request("orders/paid", b'{"id": 1}', x_shopify_hmac_sha256=signature))


@pytest.mark.req("R17")
def test_both_secrets_are_good_while_one_replaces_the_other() -> None:
    body = b'{"id": 1}'
    request = a_request("orders/paid", body, x_shopify_hmac_sha256=signed(body, OLD))

    assert parsed(request, client_secret_old=OLD)[0].subject == "1"
    with pytest.raises(SignatureError):
        parsed(request)


def test_an_app_without_a_secret_takes_nothing() -> None:
    body = b'{"id": 1}'
    with pytest.raises(SignatureError):
        parsed(a_request("orders/paid", body, x_shopify_hmac_sha256=signed(body, "")), client_secret="")


@pytest.mark.parametrize("body", [b"", b"<xml/>", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_signed_body_that_cannot_be_read_is_rejected_and_not_lost(body: bytes) -> None:
    with pytest.raises(RejectedError):
        parsed(a_request("orders/paid", body))


def test_a_topic_we_do_not_know_asks_for_nothing() -> None:
    (notification,) = parsed(a_request("carts/update", b'{"id": "abc"}'))

    assert (notification.kind, notification.subject) == (NotificationKind.OTHER, "abc")


def test_an_order_topic_without_an_order_is_rejected() -> None:
    with pytest.raises(RejectedError):
        parsed(a_request("orders/paid", b'{"name": "#1"}'))


SAMPLES: list[tuple[str, NotificationKind, str]] = [
    ("orders/create", NotificationKind.ORDER, "820982911946154500"),
    ("orders/edited", NotificationKind.ORDER, "820982911946154500"),
    ("orders/cancelled", NotificationKind.ORDER, "820982911946154500"),
    ("order_transactions/create", NotificationKind.ORDER, "820982911946154500"),
    ("fulfillments/create", NotificationKind.ORDER, "820982911946154500"),
    ("refunds/create", NotificationKind.ORDER, "820982911946154500"),
    ("fulfillment_orders/placed_on_hold", NotificationKind.OTHER, "gid://shopify/FulfillmentOrder/1"),
    ("fulfillment_orders/moved", NotificationKind.OTHER, "gid://shopify/FulfillmentOrder/2"),
    ("inventory_levels/update", NotificationKind.LEVEL, "271878346596884000"),
    ("customers/redact", NotificationKind.PERSON_REDACT, "191167"),
    ("shop/redact", NotificationKind.SHOP_REDACT, STORE),
    ("products/update", NotificationKind.OTHER, "788032119674292900"),
]


@pytest.mark.parametrize(("topic", "kind", "subject"), SAMPLES)
def test_the_vendors_own_sample_of_a_topic_names_its_subject(
    topic: str, kind: NotificationKind, subject: str
) -> None:
    path = contracts() / "shopify" / "webhooks" / "metadatas" / "2026-07" / f"{topic}.json"
    # The sample leaves the shop open.
    text = path.read_text().replace("{shop}.myshopify.com", STORE)
    sample: dict[str, Any] = json.loads(text)["response"]

    (notification,) = parsed(a_request(topic, json.dumps(sample).encode()))

    assert (notification.kind, notification.subject) == (kind, subject)


SHOP = {"shop_id": 954889, "shop_domain": STORE}
CUSTOMER = {"id": 191167, "email": "john@example.com", "phone": "555-625-1199"}
REDACT = {**SHOP, "customer": CUSTOMER, "orders_to_redact": [299938, 280263]}
DATA_REQUEST = {
    **SHOP,
    "customer": CUSTOMER,
    "orders_requested": [299938, 280263],
    "data_request": {"id": 9999},
}
UNINSTALLED = {"id": 548380009, "name": "Kendra", "myshopify_domain": STORE, "plan_name": "basic"}
ORDER = {"id": 820982911946154508, "name": "#9999", "customer": CUSTOMER}
DESTRUCTIVE = {"app/uninstalled": UNINSTALLED, "customers/redact": REDACT, "shop/redact": SHOP}


@pytest.mark.parametrize(("topic", "body"), [("redact", REDACT), ("data_request", DATA_REQUEST)])
def test_a_privacy_request_names_its_orders(topic: str, body: dict[str, Any]) -> None:
    (notification,) = parsed(a_request(f"customers/{topic}", json.dumps(body).encode()))

    assert (notification.subject, notification.orders) == ("191167", ("299938", "280263"))


def test_a_shopper_who_is_known_by_an_email_address_only_is_forgotten_as_well() -> None:
    body = {**REDACT, "customer": {"email": "john@example.com"}}

    (notification,) = parsed(a_request("customers/redact", json.dumps(body).encode()))

    assert (notification.kind, notification.orders) == (
        NotificationKind.PERSON_REDACT,
        ("299938", "280263"),
    )


def test_an_uninstalled_app_names_its_shop() -> None:
    (notification,) = parsed(a_request("app/uninstalled", json.dumps(UNINSTALLED).encode()))

    assert (notification.kind, notification.subject) == (NotificationKind.REVOKED, STORE)


@pytest.mark.case("F8")
@pytest.mark.parametrize("domain", ["rival.myshopify.com", "", None, STORE.upper(), f"{STORE}."])
@pytest.mark.parametrize("topic", ["orders/create", *DESTRUCTIVE])
def test_what_is_signed_for_another_shop_of_the_app_is_refused(topic: str, domain: str | None) -> None:
    body = json.dumps(DESTRUCTIVE.get(topic, ORDER)).encode()

    with pytest.raises(SignatureError, match="another shop"):
        parsed(a_request(topic, body, x_shopify_shop_domain=domain))


@pytest.mark.case("F8")
@pytest.mark.parametrize(
    "topic", ["app/uninstalled", "customers/redact", "customers/data_request", "shop/redact"]
)
def test_a_body_of_another_shop_is_refused_under_our_shops_name(topic: str) -> None:
    other = {
        name: "rival.myshopify.com" if name in {"shop_domain", "myshopify_domain"} else value
        for name, value in (DESTRUCTIVE | {"customers/data_request": DATA_REQUEST})[topic].items()
    }

    with pytest.raises(SignatureError, match="another shop"):
        parsed(a_request(topic, json.dumps(other).encode()))


@pytest.mark.case("F8")
@pytest.mark.parametrize("topic", DESTRUCTIVE)
@pytest.mark.parametrize("body", [ORDER, SHOP, REDACT, DATA_REQUEST, UNINSTALLED])
def test_what_may_delete_something_needs_the_body_of_its_own_topic(topic: str, body: dict[str, Any]) -> None:
    request = a_request(topic, json.dumps(body).encode())
    if body is DESTRUCTIVE[topic]:
        assert len(parsed(request)) == 1
        return

    with pytest.raises(RejectedError, match="not of its shape"):
        parsed(request)


@pytest.mark.req("R05")
async def test_every_topic_is_subscribed_once_and_a_second_look_mends_nothing() -> None:
    async with connected() as (stand, shop):
        mended = await shop.subscriber.subscribe("https://hub.test/webhooks/kendra/shop")
        again = await shop.subscriber.subscribe("https://hub.test/webhooks/kendra/shop")

        assert mended == tuple(f"{topic}: missing" for topic in TOPICS)
        assert again == ()
        kept = stand.shop.subscriptions.values()
        assert sorted(one.topic for one in kept) == sorted(TOPICS)
        assert {one.uri for one in kept} == {"https://hub.test/webhooks/kendra/shop"}


@pytest.mark.req("R05")
async def test_a_missing_and_a_misdirected_subscription_are_mended() -> None:
    async with connected() as (stand, shop):
        await shop.subscriber.subscribe("https://hub.test/webhooks/kendra/shop")
        kept = {one.topic: one for one in stand.shop.subscriptions.values()}
        kept["ORDERS_PAID"].uri = "https://old.test/in"
        del stand.shop.subscriptions[kept["REFUNDS_CREATE"].id]

        mended = await shop.subscriber.subscribe("https://hub.test/webhooks/kendra/shop")

        assert mended == ("ORDERS_PAID: wrong address", "REFUNDS_CREATE: missing")
        assert kept["ORDERS_PAID"].uri == "https://hub.test/webhooks/kendra/shop"
