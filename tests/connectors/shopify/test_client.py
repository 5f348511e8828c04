"""What becomes of each way in which Shopify can answer."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx

from connectors.shopify import CONNECTOR
from connectors.shopify.errors import CODES, HTTP, OPERATIONS
from connectors.shopify.settings import ShopifySettings
from core.errors import (
    AuthError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
    VendorPausedError,
)
from core.model.address import Absence, Absent
from core.model.money import Money
from core.model.stock import LevelChange, ListingKey
from core.ports import Fence
from tests.connectors.shopify.shop import NOON, STORE, Shop, a_shop
from tests.connectors.shopify.test_reading import sample

URL = f"https://{STORE}/admin/api/2026-10/graphql.json"
COST = {
    "requestedQueryCost": 112,
    "actualQueryCost": 12,
    "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": 12, "restoreRate": 100.0},
}
USD = Money(minor=100, currency="USD")


@pytest.fixture
def wire() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


def answer(fields: Any = None, *, errors: Any = None, cost: Any = None) -> httpx.Response:
    body: dict[str, Any] = {"data": fields}
    if errors is not None:
        body["errors"] = errors
    if cost is not None:
        body["extensions"] = {"cost": cost}
    return httpx.Response(200, json=body, headers={"x-request-id": "rq-1"})


NO_LOCATIONS = {"locations": {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}}


async def read(shop: Shop) -> None:
    await shop.levels.list_locations()


async def write(shop: Shop) -> None:
    await shop.channel_payments.capture("1", "2", USD, key="k")


async def test_a_call_goes_to_the_pinned_version_with_the_token(wire: respx.MockRouter) -> None:
    route = wire.post(URL).mock(return_value=answer(NO_LOCATIONS))
    await read(a_shop(None))

    assert route.calls.last.request.headers["x-shopify-access-token"] == "shpat_test"
    assert CONNECTOR.api_version == "2026-10"


async def test_a_refused_token_is_renewed_once_and_the_same_call_sent_again(wire: respx.MockRouter) -> None:
    route = wire.post(URL).mock(side_effect=[httpx.Response(401), answer(NO_LOCATIONS)])
    shop = a_shop(None, "old", "new")
    await read(shop)

    assert shop.tokens.renewed == ["old"]
    assert [one.request.headers["x-shopify-access-token"] for one in route.calls] == ["old", "new"]
    assert route.calls[0].request.content == route.calls[1].request.content


async def test_a_second_refusal_asks_for_a_person(wire: respx.MockRouter) -> None:
    route = wire.post(URL).mock(return_value=httpx.Response(401))
    shop = a_shop(None, "old", "new")

    with pytest.raises(AuthError):
        await write(shop)

    assert shop.tokens.renewed == ["old"]
    assert route.call_count == 2


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (402, VendorPausedError),
        (403, AuthError),
        (404, AuthError),
        (423, VendorPausedError),
        (430, RateLimitError),
        (400, RejectedError),
    ],
)
async def test_a_status_means_what_the_vendor_means(
    wire: respx.MockRouter, status: int, error: type[ConnectorError]
) -> None:
    wire.post(URL).mock(return_value=httpx.Response(status, headers={"x-request-id": "rq-1"}))
    shop = a_shop(None)
    with pytest.raises(error) as raised:
        await read(shop)

    assert type(raised.value) is error
    assert raised.value.request_id == "rq-1"
    assert shop.tokens.renewed == []


@pytest.mark.req("R63")
async def test_what_shopify_says_of_cost_is_taken_and_learned(wire: respx.MockRouter) -> None:
    wire.post(URL).mock(return_value=answer(NO_LOCATIONS, cost=COST))
    shop = a_shop(None)
    await read(shop)
    await read(shop)

    assert shop.quota.taken == [("graphql", 50), ("graphql", 112)]
    # Of the 50 that were taken at first, and the 112 that Shopify asked for, 12 were charged.
    assert shop.quota.learned == [
        ("graphql", 100.0, 2000.0, 12.0, 38.0),
        ("graphql", 100.0, 2000.0, 12.0, 100.0),
    ]


@pytest.mark.req("R63")
async def test_a_throttle_names_the_pause_until_the_bucket_holds_enough(wire: respx.MockRouter) -> None:
    throttled = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    wire.post(URL).mock(return_value=answer(errors=throttled, cost={**COST, "actualQueryCost": None}))
    shop = a_shop(None)

    with pytest.raises(RateLimitError) as raised:
        await read(shop)

    # (112 wanted - 12 there) at 100 a second.
    assert raised.value.retry_after_s == 1.0
    assert raised.value.code == "THROTTLED"
    assert shop.quota.learned == [("graphql", 100.0, 2000.0, 12.0, 50.0)]


def expected(code: str, *, may_act: bool) -> type[ConnectorError]:
    return CODES[code] or (OutcomeUnknownError if may_act else UnavailableError)


@pytest.mark.parametrize("code", sorted(CODES))
@pytest.mark.parametrize("may_act", [False, True])
async def test_every_documented_code_has_its_class(
    wire: respx.MockRouter, code: str, *, may_act: bool
) -> None:
    errors = [{"message": "secret of Kara Kline", "extensions": {"code": code}}]
    wire.post(URL).mock(return_value=answer(errors=errors))

    with pytest.raises(ConnectorError) as raised:
        await (write if may_act else read)(a_shop(None))

    assert type(raised.value) is expected(code, may_act=may_act)
    assert raised.value.code == code
    assert "Kara" not in str(raised.value)


async def test_an_error_of_no_code_is_a_refusal(wire: respx.MockRouter) -> None:
    wire.post(URL).mock(return_value=answer(errors=[{"message": "Field 'x' doesn't exist"}]))
    with pytest.raises(RejectedError):
        await read(a_shop(None))


async def test_an_answer_that_is_no_json_says_whether_something_may_have_happened(
    wire: respx.MockRouter,
) -> None:
    wire.post(URL).mock(return_value=httpx.Response(200, text="<html>"))
    with pytest.raises(UnavailableError):
        await read(a_shop(None))
    with pytest.raises(OutcomeUnknownError):
        await write(a_shop(None))


@pytest.mark.req("R42")
async def test_a_lost_answer_to_a_change_is_an_unknown_outcome(wire: respx.MockRouter) -> None:
    wire.post(URL).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(UnavailableError):
        await read(a_shop(None))
    with pytest.raises(OutcomeUnknownError):
        await write(a_shop(None))


async def test_a_user_error_is_a_refusal_with_its_reason(wire: respx.MockRouter) -> None:
    refused = {
        "orderCapture": {"transaction": None, "userErrors": [{"field": ["id"], "message": "Order is closed"}]}
    }
    wire.post(URL).mock(return_value=answer(refused))
    with pytest.raises(RejectedError) as raised:
        await write(a_shop(None))

    assert str(raised.value) == "shop: orderCapture: Order is closed"
    assert raised.value.request_id == "rq-1"


@pytest.mark.req("R65")
async def test_a_field_the_app_may_not_read_leaves_the_rest_of_the_order(wire: respx.MockRouter) -> None:
    denied = [
        {"message": "no", "path": ["order", "shippingAddress"], "extensions": {"code": "ACCESS_DENIED"}}
    ]
    order = sample() | {"shippingAddress": None, "customer": None, "email": None}
    wire.post(URL).mock(return_value=answer({"order": order}, errors=denied))

    fetched = await a_shop(None).channel.fetch_order("820982911946154508")

    assert fetched.order.ship_to == Absent(why=Absence.DENIED)
    assert fetched.order.customer_orders_before is None
    assert fetched.personal.ship_to is None


async def test_an_order_the_app_may_not_read_at_all_names_the_cause(wire: respx.MockRouter) -> None:
    denied = [{"message": "no", "path": ["order", "risk"], "extensions": {"code": "ACCESS_DENIED"}}]
    wire.post(URL).mock(return_value=answer({"order": None}, errors=denied))
    with pytest.raises(RejectedError) as raised:
        await a_shop(None).channel.fetch_order("1")

    assert raised.value.code == "ACCESS_DENIED"


async def test_further_pages_of_a_large_order_are_read(wire: respx.MockRouter) -> None:
    order = sample()
    whole = order["lineItems"]["nodes"]
    order["lineItems"] = {"pageInfo": {"hasNextPage": True, "endCursor": "c1"}, "nodes": whole[:1]}
    rest = {"pageInfo": {"hasNextPage": False, "endCursor": "c2"}, "nodes": whole[1:]}
    route = wire.post(URL).mock(
        side_effect=[answer({"order": order}), answer({"order": {"lineItems": rest}})]
    )

    fetched = await a_shop(None).channel.fetch_order("1")

    assert [line.line_id for line in fetched.order.lines] == ["11", "12", "13"]
    assert json.loads(route.calls[1].request.content)["variables"] == {
        "id": "gid://shopify/Order/1",
        "after": "c1",
    }


@pytest.mark.parametrize(("kind", "times"), [("refunds", 20), ("fulfillments", 10), ("transactions", 25)])
async def test_an_order_too_large_to_be_read_whole_is_read_in_part(
    wire: respx.MockRouter, kind: str, times: int
) -> None:
    order = sample()
    order[kind] = order[kind] * times
    wire.post(URL).mock(return_value=answer({"order": order}))

    fetched = await a_shop(None).channel.fetch_order("1")

    assert fetched.order.unreadable is not None
    assert fetched.order.unreadable.field == kind


async def test_an_order_with_a_refund_of_more_lines_than_a_page_is_read_in_part(
    wire: respx.MockRouter,
) -> None:
    order = sample()
    order["refunds"][0]["refundLineItems"]["pageInfo"]["hasNextPage"] = True
    wire.post(URL).mock(return_value=answer({"order": order}))

    fetched = await a_shop(None).channel.fetch_order("1")

    assert fetched.order.unreadable is not None
    assert fetched.order.unreadable.field == "refunds[0].refundLineItems"


@pytest.mark.req("R20")
async def test_a_sku_of_two_variants_is_set_on_neither(wire: respx.MockRouter) -> None:
    nodes = [{"sku": "HAT", "inventoryItem": {"id": f"gid://shopify/InventoryItem/{n}"}} for n in (1, 2)]
    nodes.append({"sku": "hat ", "inventoryItem": {"id": "gid://shopify/InventoryItem/3"}})
    found = {"productVariants": {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": nodes}}
    route = wire.post(URL).mock(return_value=answer(found))
    change = LevelChange(key=ListingKey(listing="HAT", location="7"), units=1, last_read=None)

    (result,) = await a_shop(None).levels.set_levels([change], key="k")

    assert (result.state, result.code) == ("rejected", "AMBIGUOUS_SKU")
    assert route.call_count == 1


async def test_250_levels_go_in_a_call_and_the_rest_in_another_under_a_key_of_its_own(
    wire: respx.MockRouter,
) -> None:
    sent: list[tuple[str, int]] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)["variables"]
        if "query" in asked:
            skus = [part[5:-1] for part in asked["query"].split(" OR ")]
            nodes = [
                {"sku": sku, "inventoryItem": {"id": f"gid://shopify/InventoryItem/{sku[1:]}"}}
                for sku in skus
            ]
            return answer(
                {"productVariants": {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": nodes}}
            )
        sent.append((asked["key"], len(asked["input"]["quantities"])))
        return answer({"inventorySetQuantities": {"userErrors": []}})

    wire.post(URL).mock(side_effect=serve)
    changes = [
        LevelChange(key=ListingKey(listing=f"S{n}", location="7"), units=1, last_read=None)
        for n in range(251)
    ]

    results = await a_shop(None).levels.set_levels(changes, key="k")

    assert sent == [("k", 250), ("k.1", 1)]
    assert [one.key for one in results] == [one.key for one in changes]


async def test_a_subscription_of_another_version_is_made_anew(wire: respx.MockRouter) -> None:
    from connectors.shopify.settings import TOPICS

    topics = [
        {"id": f"gid://shopify/WebhookSubscription/{n}", "topic": topic, "uri": "https://hub.test/in", "format": "JSON",
         "apiVersion": {"handle": "2026-01" if topic == "ORDERS_PAID" else "2026-10"}}
        for n, topic in enumerate(TOPICS)
    ]  # fmt: skip
    page = {"webhookSubscriptions": {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": topics}}
    deleted = {"webhookSubscriptionDelete": {"deletedWebhookSubscriptionId": "x", "userErrors": []}}
    created = {"webhookSubscriptionCreate": {"webhookSubscription": {"id": "y"}, "userErrors": []}}
    route = wire.post(URL).mock(side_effect=[answer(page), answer(deleted), answer(created)])

    assert await a_shop(None).subscriber.subscribe("https://hub.test/in") == ("ORDERS_PAID: wrong version",)
    assert route.call_count == 3


async def test_secrets_stand_in_no_error(wire: respx.MockRouter) -> None:
    wire.post(URL).mock(return_value=httpx.Response(500, text="shpat_canary of Kara"))
    shop = a_shop(None, "shpat_canary")
    with pytest.raises(ConnectorError) as raised:
        await read(shop)

    assert "canary" not in f"{raised.value!r} {raised.value} {shop.connection!r} {shop.tokens.tokens!r}"


def test_each_changing_operation_says_what_a_repeat_does() -> None:
    assert {name: operation.fence for name, operation in OPERATIONS.items()} == {
        "set_levels": Fence.KEY,
        "tell_shipped": Fence.OBJECT,
        "capture": Fence.OBJECT,
        "cancel_order": Fence.OBJECT,
    }
    assert set(HTTP) == {402, 404, 423, 430}


@pytest.mark.req("R67")
def test_the_pinned_version_is_served_for_ninety_days_more() -> None:
    assert CONNECTOR.version_ends is not None
    assert (CONNECTOR.version_ends - NOON.date()).days > 90


@pytest.mark.parametrize(
    "store", ["evil.com", "acme.myshopify.com.evil.com", "Acme.myshopify.com", "https://a.myshopify.com", ""]
)
def test_a_store_that_is_no_shops_domain_is_refused(store: str) -> None:
    with pytest.raises(ValueError, match="store"):
        ShopifySettings(store=store)


def test_a_setting_of_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="shop"):
        ShopifySettings.model_validate({"store": STORE, "shop": "x"})
