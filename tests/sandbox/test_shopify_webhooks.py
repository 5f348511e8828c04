"""Webhooks: subscribed, signed, shaped like the vendor's own samples."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.shopify import settings as connector
from sandbox.shopify.keys import CLIENT_SECRET
from sandbox.shopify.webhooks import TOPICS
from tests.contracts import contracts
from tests.sandbox.shopify_stand import Json, Stand, kim, opened, paid
from tests.sandbox.stand import Subscriber, until

SUBSCRIBE = """mutation S($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri}) {
    webhookSubscription { id topic uri } userErrors { field message } } }"""
SUBSCRIBE_TO = """mutation S($topic: WebhookSubscriptionTopic!, $to: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $to) { userErrors { message } } }"""
LIST = "{ webhookSubscriptions(first: 50) { nodes { id topic uri apiVersion { handle } } } }"
DELETE = """mutation D($id: ID!) { webhookSubscriptionDelete(id: $id) {
  deletedWebhookSubscriptionId userErrors { message } } }"""
UPDATE = """mutation U($id: ID!, $uri: String!) { webhookSubscriptionUpdate(id: $id, webhookSubscription: {uri: $uri}) {
  webhookSubscription { uri } userErrors { message } } }"""


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with opened(rate=600) as stand:
        yield stand


@pytest.fixture
async def hub() -> AsyncIterator[Subscriber]:
    async with Subscriber().listening() as hub:
        yield hub


async def subscribe(stand: Stand, uri: str, *topics: str) -> list[Json]:
    answers = [await stand.ask(SUBSCRIBE, topic=topic, uri=uri) for topic in topics]
    return [answer["webhookSubscriptionCreate"] for answer in answers]


def topics(hub: Subscriber) -> list[str]:
    return [headers["X-Shopify-Topic"] for headers, _body in hub.got]


async def delivered(stand: Stand, hub: Subscriber) -> None:
    await until(lambda: hub.got and not stand.world.webhook_delivery.pending())


def sample(topic: str) -> Json:
    file = contracts() / "shopify" / "webhooks" / "metadatas" / "2026-07" / f"{topic}.json"
    return dict(json.loads(file.read_text())["response"])


async def test_a_webhook_is_signed_over_its_raw_body(stand: Stand, hub: Subscriber) -> None:
    await subscribe(stand, hub.url, "ORDERS_CREATE")

    stand.place()

    await delivered(stand, hub)
    headers, body = hub.got[0]
    digest = hmac.new(CLIENT_SECRET.encode(), body, hashlib.sha256).digest()
    assert headers["X-Shopify-Hmac-Sha256"] == base64.b64encode(digest).decode()
    assert headers["X-Shopify-Topic"] == "orders/create"
    assert headers["X-Shopify-Shop-Domain"] == "kendra-kookware.myshopify.com"
    assert headers["X-Shopify-API-Version"] == "2026-10"
    assert headers["X-Shopify-Triggered-At"].startswith("2026-11-30T")
    assert {"X-Shopify-Webhook-Id", "X-Shopify-Event-Id"} <= set(headers)
    assert json.loads(body)["name"] == "KK-1001"


async def test_nothing_is_sent_before_anyone_subscribes(stand: Stand, hub: Subscriber) -> None:
    stand.place()

    assert stand.world.webhook_delivery.pending() == 0
    assert hub.got == []


async def test_each_deed_has_its_topics(stand: Stand, hub: Subscriber) -> None:
    every = (
        "ORDERS_CREATE", "ORDERS_PAID", "ORDERS_CANCELLED", "ORDERS_EDITED", "FULFILLMENTS_CREATE",
        "FULFILLMENTS_UPDATE", "REFUNDS_CREATE", "INVENTORY_LEVELS_UPDATE",
        "FULFILLMENT_ORDERS_PLACED_ON_HOLD", "FULFILLMENT_ORDERS_HOLD_RELEASED",
    )  # fmt: skip
    await subscribe(stand, hub.url, *every)

    stand.place()
    stand.place(**kim())
    play = stand.shop.play
    play("edit", {"order": "KK-1001", "add": [{"sku": None, "title": "Wrap", "qty": 1, "price": 0}]})
    play("other_tool", {"order": "KK-1002", "do": "hold"})
    play("other_tool", {"order": "KK-1002", "do": "release"})
    play("other_tool", {"order": "KK-1002", "do": "ship", "carrier": "UPS", "tracking": "1Z"})
    play("cancel", {"order": "KK-1001", "by": "channel", "refund": True, "restock": True})

    await delivered(stand, hub)
    assert sorted(topics(hub)) == sorted([
        "orders/create", "orders/paid", "inventory_levels/update",
        "orders/create", "inventory_levels/update",
        "orders/edited",
        "fulfillment_orders/placed_on_hold", "fulfillment_orders/hold_released", "fulfillments/create",
        "refunds/create", "orders/cancelled", "inventory_levels/update",
    ])  # fmt: skip


@pytest.mark.case("C15")
async def test_a_cancelled_fulfillment_is_announced_with_its_status(stand: Stand, hub: Subscriber) -> None:
    await subscribe(stand, hub.url, "FULFILLMENTS_UPDATE", "ORDERS_CANCELLED")
    stand.place()
    stand.shop.play("other_tool", {"order": "KK-1001", "do": "ship", "carrier": "UPS", "tracking": "1Z"})
    stand.shop.play("cancel", {"order": "KK-1001", "by": "merchant", "refund": True, "restock": True})

    await delivered(stand, hub)

    bodies = dict(zip(topics(hub), map(json.loads, hub.bodies), strict=True))
    told, cancelled = bodies["fulfillments/update"], bodies["orders/cancelled"]
    assert (told["status"], told["tracking_number"]) == ("cancelled", "1Z")
    assert [f["status"] for f in cancelled["fulfillments"]] == ["cancelled"]


MOVE = """mutation M($id: ID!, $to: ID!) { fulfillmentOrderMove(id: $id, newLocationId: $to) {
  movedFulfillmentOrder { id } userErrors { message } } }"""
RETRACK = """mutation R($id: ID!) { fulfillmentTrackingInfoUpdate(fulfillmentId: $id,
  trackingInfoInput: {company: "USPS", number: "9400100000000000000001"}) { userErrors { message } } }"""
WORK = "query W($id: ID!) { order(id: $id) { fulfillmentOrders(first: 1) { nodes { id } } fulfillments { id } } }"
PLACES = """{ locations(first: 5, query: "name:Easton") { nodes { id } } }"""


async def play_everything(stand: Stand) -> None:
    """A morning on which each thing happens that some topic tells of."""
    play = stand.shop.play
    kims = stand.place(**kim())
    stand.place(tax=100, total=11710, pay=[paid(11710)], tags=["gift"])
    two = [{"sku": "PARE-3", "qty": 2, "price": 2900}]
    stand.place(id="KK-1003", lines=two, total=5800, pay=[paid(5800)])
    skillet = [{"sku": "SKILLET-12", "qty": 1, "price": 7900}]
    moved = stand.place(id="KK-1004", lines=skillet, total=7900, pay=[paid(7900)])
    asked = (await stand.ask(WORK, id=moved))["order"]["fulfillmentOrders"]["nodes"][0]["id"]
    easton = (await stand.ask(PLACES))["locations"]["nodes"][0]["id"]
    assert (await stand.ask(MOVE, id=asked, to=easton))["fulfillmentOrderMove"]["userErrors"] == []
    play("edit", {"order": "KK-1001", "add": [{"sku": None, "title": "Wrap", "qty": 1, "price": 0}]})
    play("other_tool", {"order": "KK-1002", "do": "hold"})
    play("other_tool", {"order": "KK-1002", "do": "release"})
    play("other_tool", {"order": "KK-1002", "do": "ship", "carrier": "UPS", "tracking": "1Z"})
    sent = (await stand.ask(WORK, id=kims))["order"]["fulfillments"][0]["id"]
    await stand.ask(RETRACK, id=sent)
    play("other_tool", {"order": "KK-1003", "do": "ship", "lines": [{"sku": "PARE-3", "qty": 1}]})
    play("cancel", {"order": "KK-1001", "by": "channel", "refund": True, "restock": True})
    play("disconnect", {})


@pytest.mark.req("R110")
@pytest.mark.parametrize(("topic", "folder"), sorted(TOPICS.items()))
async def test_each_topic_that_can_be_subscribed_to_is_sent_with_every_field_of_the_vendors_sample(
    stand: Stand, hub: Subscriber, topic: str, folder: str
) -> None:
    await subscribe(stand, hub.url, topic)

    await play_everything(stand)

    await delivered(stand, hub)
    assert set(topics(hub)) == {folder}
    for body in hub.bodies:
        fits(json.loads(body), sample(folder), folder)


@pytest.mark.req("R110")
def test_what_the_connector_subscribes_to_is_offered() -> None:
    assert set(connector.TOPICS) <= set(TOPICS)


@pytest.mark.req("R110")
async def test_a_topic_that_nothing_here_tells_of_is_refused_at_subscription(stand: Stand) -> None:
    _status, answer = await stand.post(SUBSCRIBE, {"topic": "PRODUCTS_UPDATE", "uri": "https://hub.test/a"})

    assert answer["errors"][0]["extensions"]["code"] == "NOT_OFFERED_HERE"
    assert stand.shop.subscriptions == {}


async def test_the_moves_of_money_are_told_one_by_one(stand: Stand, hub: Subscriber) -> None:
    await subscribe(stand, hub.url, "ORDER_TRANSACTIONS_CREATE")
    stand.place(**kim())
    stand.place(id="KK-0900", at="2026-11-20T10:00:00Z")

    stand.shop.play("cancel", {"order": "KK-1002", "by": "channel"})
    stand.shop.play("refund", {"order": "KK-0900", "amount": 500})

    await delivered(stand, hub)
    told = [json.loads(body) for body in hub.bodies]
    assert sorted((one["kind"], one["status"], one["amount"]) for one in told) == [
        ("authorization", "success", "92.91"), ("refund", "success", "5.00"), ("void", "success", "92.91"),
    ]  # fmt: skip


async def test_an_assessment_is_told_when_it_is_made_and_when_it_changes(
    stand: Stand, hub: Subscriber
) -> None:
    await subscribe(stand, hub.url, "ORDERS_RISK_ASSESSMENT_CHANGED")
    stand.place()
    await delivered(stand, hub)

    stand.shop.play("pay", {"order": "KK-1001", **paid(100, level="highest", score=80)})
    stand.shop.play("pay", {"order": "KK-1001", **paid(100, level="normal", score=5)})

    await until(lambda: len(hub.got) == 2 and not stand.world.webhook_delivery.pending())
    told = [json.loads(body) for body in hub.bodies]
    assert [one["risk_level"] for one in told] == ["low", "high"]
    assert {one["admin_graphql_api_order_id"] for one in told} == {
        f"gid://shopify/Order/{told[0]['order_id']}"
    }


async def test_a_second_hold_and_a_first_release_of_two_are_told_by_the_order_alone(
    stand: Stand, hub: Subscriber
) -> None:
    held = ("FULFILLMENT_ORDERS_PLACED_ON_HOLD", "FULFILLMENT_ORDERS_HOLD_RELEASED")
    await subscribe(stand, hub.url, *held)
    stand.place()
    play = stand.shop.play

    play("other_tool", {"order": "KK-1001", "do": "hold", "name": "A"})
    play("other_tool", {"order": "KK-1001", "do": "hold", "name": "B"})
    play("other_tool", {"order": "KK-1001", "do": "release", "name": "A"})
    await delivered(stand, hub)
    before = topics(hub)
    play("other_tool", {"order": "KK-1001", "do": "release", "name": "B"})

    await until(lambda: len(hub.got) == 2)
    assert before == ["fulfillment_orders/placed_on_hold"]
    assert topics(hub)[1] == "fulfillment_orders/hold_released"


async def test_only_the_fields_that_were_asked_for_are_sent(stand: Stand, hub: Subscriber) -> None:
    to = {"uri": hub.url, "includeFields": ["id", "name"]}
    await stand.ask(SUBSCRIBE_TO, topic="ORDERS_CREATE", to=to)

    stand.place()

    await delivered(stand, hub)
    assert set(json.loads(hub.bodies[0])) == {"id", "name"}


@pytest.mark.req("R110")
@pytest.mark.parametrize(
    "more",
    [
        {"filter": "total_price:>=100"}, {"format": "XML"}, {"name": "mine"}, {"metafieldNamespaces": ["a"]},
        {"includeFields": ["customer.id"]}, {"callbackUrl": "https://hub.test/b"}, {"uri": "pubsub://a:b"},
    ],
    ids=str,
)  # fmt: skip
async def test_what_would_change_a_delivery_and_is_not_offered_is_refused(stand: Stand, more: Json) -> None:
    to = {"uri": "https://hub.test/a", **more}

    _status, answer = await stand.post(SUBSCRIBE_TO, {"topic": "ORDERS_CREATE", "to": to})

    assert answer["errors"][0]["extensions"]["code"] == "NOT_OFFERED_HERE"
    assert stand.shop.subscriptions == {}


UNSAMPLED = {
    "customer_id", "tracking_number", "tracking_numbers", "tracking_url", "tracking_urls", "name", "receipt",
}  # fmt: skip
"""What the samples of fulfillments leave out, and recorded answers have."""
LOOSE = {"receipt"}
"""What is of the gateway's own form."""


def fits(ours: Any, theirs: Any, where: str) -> None:
    """Ours has every field of theirs and no other, of the same kind wherever both have a value."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        assert set(theirs) - set(ours) == set(), where
        assert set(ours) - set(theirs) <= UNSAMPLED, where
        for key in set(ours) & set(theirs) - LOOSE:
            fits(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        for value in ours:
            if theirs:
                fits(value, theirs[0], f"{where}[]")
    elif ours is not None and theirs is not None:
        numbers = isinstance(ours, int | float) and isinstance(theirs, int | float)
        assert numbers or type(ours) is type(theirs), where


async def test_a_failed_delivery_is_repeated_with_the_same_event_and_a_new_delivery_id(stand: Stand) -> None:
    async with Subscriber(500, 503).listening() as hub:
        await subscribe(stand, hub.url, "ORDERS_CREATE")

        stand.place()

        await until(lambda: len(hub.got) == 3)
        assert len({headers["X-Shopify-Event-Id"] for headers, _body in hub.got}) == 1
        assert len({headers["X-Shopify-Webhook-Id"] for headers, _body in hub.got}) == 3
        assert len(set(hub.bodies)) == 1


@pytest.mark.parametrize("uri", ["http://hub.test/hooks", "ftp://127.0.0.1/hooks", "nowhere"])
async def test_an_address_that_is_neither_https_nor_loopback_is_refused(stand: Stand, uri: str) -> None:
    answer = (await subscribe(stand, uri, "ORDERS_CREATE"))[0]

    assert answer["webhookSubscription"] is None
    assert answer["userErrors"][0]["field"] == ["webhookSubscription", "callbackUrl"]
    assert (await stand.ask(LIST))["webhookSubscriptions"]["nodes"] == []


async def test_a_subscription_is_taken_once_changed_and_ended(stand: Stand) -> None:
    first, twice = await subscribe(stand, "https://hub.test/a", "ORDERS_CREATE", "ORDERS_CREATE")
    gid = first["webhookSubscription"]["id"]
    changed = await stand.ask(UPDATE, id=gid, uri="https://hub.test/b")
    listed = (await stand.ask(LIST))["webhookSubscriptions"]["nodes"]

    ended = (await stand.ask(DELETE, id=gid))["webhookSubscriptionDelete"]
    again = (await stand.ask(DELETE, id=gid))["webhookSubscriptionDelete"]

    assert twice["webhookSubscription"] is None
    assert changed["webhookSubscriptionUpdate"]["webhookSubscription"]["uri"] == "https://hub.test/b"
    assert listed == [
        {
            "id": gid,
            "topic": "ORDERS_CREATE",
            "uri": "https://hub.test/b",
            "apiVersion": {"handle": "2026-10"},
        }
    ]
    assert ended["deletedWebhookSubscriptionId"] == gid
    assert again["userErrors"][0]["message"] == "Webhook subscription does not exist"


@pytest.mark.parametrize("topic", ["customers/redact", "customers/data_request", "shop/redact"])
async def test_compliance_topics_go_to_the_apps_own_address(
    stand: Stand, hub: Subscriber, topic: str
) -> None:
    stand.place()

    stand.shop.play("redact", {"topic": topic, "uri": hub.url, "order": "KK-1001"})

    await delivered(stand, hub)
    assert topics(hub) == [topic]
    assert set(json.loads(hub.bodies[0])) == set(sample(topic))


async def test_a_lost_order_is_never_announced(stand: Stand, hub: Subscriber) -> None:
    await subscribe(stand, hub.url, "ORDERS_CREATE", "ORDERS_PAID", "INVENTORY_LEVELS_UPDATE")
    stand.world.sabotage.arm("order_lost")

    stand.place()

    assert stand.world.webhook_delivery.pending() == 0
    assert hub.got == []


async def test_eight_failures_in_a_row_end_the_subscription() -> None:
    async with opened(rate=40_000) as stand, Subscriber(*[500] * 8).listening() as hub:
        await subscribe(stand, hub.url, "ORDERS_CREATE")

        stand.place()

        await delivered(stand, hub)
        assert len(hub.got) == 9
        assert (await stand.ask(LIST))["webhookSubscriptions"]["nodes"] == []


async def test_seven_failures_in_a_row_do_not() -> None:
    async with opened(rate=40_000) as stand, Subscriber(*[500] * 7).listening() as hub:
        await subscribe(stand, hub.url, "ORDERS_CREATE")

        stand.place()

        await delivered(stand, hub)
        assert len(hub.got) == 8
        assert len((await stand.ask(LIST))["webhookSubscriptions"]["nodes"]) == 1
