"""Authorization, tokens, versions, cost, and faults on the wire."""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from graphql import GraphQLEnumType
from shopify import Session

from connectors.shopify import settings
from sandbox.shopify.cost import Bucket
from sandbox.shopify.graph import access
from sandbox.shopify.graph.run import run
from sandbox.shopify.keys import CLIENT_ID, CLIENT_SECRET
from sandbox.shopify.webhooks import TOPICS
from tests.sandbox.shopify_stand import Json, Stand, opened
from tests.sandbox.shopify_vendor import vendors

SCOPES = "read_orders,read_products,write_inventory"
SHOP = "{ shop { myshopifyDomain currencyCode } }"
BACK = "http://127.0.0.1:8080/connect/callback/shopify"
APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with opened() as stand:
        yield stand


async def consent(stand: Stand, **more: str) -> tuple[int, dict[str, str]]:
    query = {"client_id": CLIENT_ID, "scope": SCOPES, "redirect_uri": BACK, "state": "s-1", **more}
    url = f"{stand.url}/admin/oauth/authorize"
    async with stand.http.get(url, params=query, allow_redirects=False) as answer:
        return answer.status, dict(parse_qsl(urlsplit(answer.headers.get("Location", "")).query))


async def token(stand: Stand, **form: str) -> tuple[int, Json]:
    async with stand.http.post(f"{stand.url}/admin/oauth/access_token", data={**APP, **form}) as answer:
        return answer.status, await answer.json()


async def granted(stand: Stand) -> Json:
    _status, back = await consent(stand)
    _status, answer = await token(stand, code=back["code"], expiring="1")
    return answer


async def test_the_consent_page_sends_the_browser_back_with_a_signed_query(stand: Stand) -> None:
    status, back = await consent(stand)

    assert status == 302
    assert set(back) == {"code", "hmac", "host", "shop", "state", "timestamp"}
    assert (back["shop"], back["state"]) == ("kendra-kookware.myshopify.com", "s-1")
    signed = "&".join(f"{key}={back[key]}" for key in sorted(back) if key != "hmac")
    assert back["hmac"] == hmac.new(CLIENT_SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()


async def test_shopifys_own_library_accepts_the_signature(stand: Stand) -> None:
    _status, back = await consent(stand, state="a b&c=d%")
    Session.setup(api_key=CLIENT_ID, secret=CLIENT_SECRET)

    assert Session.validate_hmac(back) is True
    assert Session.validate_hmac({**back, "shop": "other.myshopify.com"}) is False


async def test_an_unknown_app_gets_no_consent(stand: Stand) -> None:
    status, back = await consent(stand, client_id="someone-else")

    assert (status, back) == (400, {})


async def test_a_code_buys_an_expiring_token_once(stand: Stand) -> None:
    _status, back = await consent(stand)

    status, first = await token(stand, code=back["code"], expiring="1")
    again, refused = await token(stand, code=back["code"], expiring="1")

    assert status == 200
    assert first["expires_in"] == 3600
    assert first["refresh_token_expires_in"] == 7776000
    assert first["scope"] == SCOPES
    assert (again, refused["error"]) == (400, "invalid_request")
    answered, told = await stand.post(SHOP, token=first["access_token"])
    assert answered == 200
    assert told["data"]["shop"]["myshopifyDomain"] == "kendra-kookware.myshopify.com"


async def test_a_wrong_client_secret_buys_nothing(stand: Stand) -> None:
    _status, back = await consent(stand)

    status, answer = await token(stand, code=back["code"], client_secret="wrong")

    assert (status, answer["error"]) == (401, "invalid_client")
    assert stand.shop.tokens.access == {}


async def test_the_refresh_token_before_lives_until_the_new_one_is_used(stand: Stand) -> None:
    first = (await granted(stand))["refresh_token"]
    _status, second = await token(stand, grant_type="refresh_token", refresh_token=first)

    lost, retried = await token(stand, grant_type="refresh_token", refresh_token=first)
    used, _third = await token(stand, grant_type="refresh_token", refresh_token=retried["refresh_token"])
    retired, refused = await token(stand, grant_type="refresh_token", refresh_token=first)

    assert second["refresh_token"] != first
    assert (lost, used) == (200, 200)
    assert (retired, refused["error"]) == (400, "invalid_grant")


async def test_a_token_is_dead_after_its_hour() -> None:
    async with opened(rate=7200) as stand:
        access = (await granted(stand))["access_token"]
        await stand.world.clock.sleep(3700)

        status, answer = await stand.post(SHOP, token=access)

        assert status == 401
        assert answer == {
            "errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"
        }


async def test_uninstalling_revokes_every_token(stand: Stand) -> None:
    pair = await granted(stand)

    stand.shop.play("disconnect", {})

    assert (await stand.post(SHOP, token=pair["access_token"]))[0] == 401
    status, answer = await token(stand, grant_type="refresh_token", refresh_token=pair["refresh_token"])
    assert (status, answer["error"]) == (400, "invalid_grant")


async def test_the_apps_own_credentials_buy_a_token_for_a_day(stand: Stand) -> None:
    status, answer = await token(stand, grant_type="client_credentials")

    assert status == 200
    assert answer["expires_in"] == 86399
    assert set(answer) == {"access_token", "scope", "expires_in"}
    assert answer["scope"] == ",".join(sorted(settings.SCOPES))
    assert (await stand.post(SHOP, token=answer["access_token"]))[0] == 200


async def test_a_token_of_the_apps_own_credentials_is_dead_after_its_day() -> None:
    async with opened(rate=1_000_000) as stand:
        _status, answer = await token(stand, grant_type="client_credentials")
        await stand.world.clock.sleep(86_500)

        assert (await stand.post(SHOP, token=answer["access_token"]))[0] == 401


async def test_where_the_app_is_not_installed_its_credentials_buy_nothing(stand: Stand) -> None:
    stand.shop.play("disconnect", {})

    status, answer = await token(stand, grant_type="client_credentials")

    assert (status, answer["error"]) == (400, "shop_not_permitted")
    assert answer["error_description"] == "Client credentials cannot be performed on this shop."
    assert stand.shop.tokens.access == {}


@pytest.mark.req("R110")
@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "subject_token": "a"}, "invalid_request"),
        ({"requested_token_type": "urn:shopify:params:oauth:token-type:online-access-token"}, "invalid_request"),
        ({"code": "a", "expiring": "soon"}, "invalid_request"),
    ],
)  # fmt: skip
async def test_grants_that_are_not_played_are_refused_by_name(stand: Stand, form: Json, error: str) -> None:
    status, answer = await token(stand, **form)

    assert (status, answer["error"]) == (400, error)
    assert stand.shop.tokens.access == {}


@pytest.mark.req("R110")
async def test_a_consent_for_one_member_of_the_staff_is_refused(stand: Stand) -> None:
    assert await consent(stand, **{"grant_options[]": "per-user"}) == (400, {})
    assert (await consent(stand, **{"grant_options[]": ""}))[0] == 302
    assert await consent(stand, redirect_uri="http://[") == (400, {})


@pytest.mark.req("R110")
@pytest.mark.parametrize(
    "path", ["/admin/api/2026-10/orders.json", "/admin/oauth/access_scopes.json", "/cart"]
)
async def test_what_else_the_vendor_serves_is_refused_by_name(stand: Stand, path: str) -> None:
    async with stand.http.get(stand.url + path) as answer:
        assert answer.status == 404
        assert await answer.json() == {"errors": f"GET {path} is not offered here"}


NESTED = {
    "customer { displayName }": ("customer", "read_customers"),
    "lineItems(first: 1) { nodes { variant { sku } } }": ("variant", "read_products"),
    "lineItems(first: 1) { nodes { product { id } } }": ("product", "read_products"),
    "fulfillmentOrders(first: 1) { nodes { id } }": (
        "fulfillmentOrders",
        "read_merchant_managed_fulfillment_orders",
    ),
    "fulfillments { location { name } }": ("location", "read_locations"),
}
"""What stands inside an order and needs a scope of its own."""


@pytest.mark.req("R110")
@pytest.mark.parametrize("inside", NESTED)
async def test_what_an_order_leads_to_needs_a_scope_of_its_own(stand: Stand, inside: str) -> None:
    gid = stand.place()
    stand.shop.play("other_tool", {"order": "KK-1001", "do": "ship", "carrier": "UPS", "tracking": "1Z"})
    query = {"query": f'{{ order(id: "{gid}") {{ name {inside} }} }}'}
    field, scope = NESTED[inside]

    denied = run(stand.shop, query, frozenset({"read_orders"}))
    granted = run(stand.shop, query, frozenset({"read_orders", scope}))

    error = denied["errors"][0]
    assert error["path"][-1] == field
    assert error["message"].startswith(
        f"Access denied for {field} field. Required access: `{scope}` access scope"
    )
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["extensions"]["documentation"] == "https://shopify.dev/api/usage/access-scopes"
    assert "errors" not in granted


async def test_a_denied_field_is_null_and_the_rest_is_answered(stand: Stand) -> None:
    query = {"query": f'{{ order(id: "{stand.place()}") {{ name customer {{ displayName }} }} }}'}

    answer = run(stand.shop, query, frozenset({"read_orders"}))

    assert answer["data"] == {"order": {"name": "KK-1001", "customer": None}}


async def test_levels_need_the_scope_of_inventory_and_items_either(stand: Stand) -> None:
    item = stand.shop.stock.items["CHEF-8"].id
    query = (
        f'{{ nodes(ids: ["gid://shopify/InventoryItem/{item}"]) {{ ... on InventoryItem {{ sku PART }} }} }}'
    )
    levels = query.replace("PART", "inventoryLevels(first: 1) { nodes { id } }")

    items = run(stand.shop, {"query": query.replace("PART", "")}, frozenset({"read_products"}))
    denied = run(stand.shop, {"query": levels}, frozenset({"read_products"}))
    other = run(stand.shop, {"query": levels}, frozenset({"read_orders"}))

    assert items["data"] == {"nodes": [{"sku": "CHEF-8"}]}
    assert denied["errors"][0]["path"] == ["nodes", 0, "inventoryLevels"]
    assert other["errors"][0]["path"] == ["nodes", 0]


async def test_a_write_scope_reads_as_well(stand: Stand) -> None:
    query = {"query": f'{{ order(id: "{stand.place()}") {{ name }} }}'}

    assert "errors" not in run(stand.shop, query, frozenset({"write_orders"}))


async def test_a_topic_needs_the_scope_of_what_it_carries(stand: Stand) -> None:
    text = """mutation { webhookSubscriptionCreate(topic: ORDERS_CREATE, webhookSubscription: {uri: "https://hub.test/a"}) {
      webhookSubscription { id } userErrors { message } } }"""

    refused = run(stand.shop, {"query": text}, frozenset({"read_products"}))["data"][
        "webhookSubscriptionCreate"
    ]
    kept = dict(stand.shop.subscriptions)
    taken = run(stand.shop, {"query": text}, frozenset({"read_orders"}))["data"]["webhookSubscriptionCreate"]

    said = "You cannot create a webhook subscription with the specified topic"
    assert refused == {"webhookSubscription": None, "userErrors": [{"message": said}]}
    assert kept == {}
    assert taken["userErrors"] == []


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_the_scopes_of_topics_are_those_that_the_vendors_schema_names(topic: str) -> None:
    kind = vendors().type_map["WebhookSubscriptionTopic"]
    assert isinstance(kind, GraphQLEnumType)
    named = set(re.findall(r"\bread_\w+", kind.values[topic].description or ""))

    assert set(access.topic(topic)) == {
        one for one in named if "marketplace" not in one and "membership" not in one
    }


async def test_a_killed_token_stays_dead_and_a_refresh_helps(stand: Stand) -> None:
    pair = await granted(stand)
    stand.world.faults.arm("token_dead")

    first = (await stand.post(SHOP, token=pair["access_token"]))[0]
    stand.world.faults.quiet()
    second = (await stand.post(SHOP, token=pair["access_token"]))[0]
    _status, fresh = await token(stand, grant_type="refresh_token", refresh_token=pair["refresh_token"])

    assert (first, second) == (401, 401)
    assert (await stand.post(SHOP, token=fresh["access_token"]))[0] == 200
    assert stand.world.faults.injected == {"token_dead": 1}


async def test_a_token_does_only_what_it_was_granted(stand: Stand) -> None:
    access = (await granted(stand))["access_token"]

    _status, scopes = await stand.post("{ currentAppInstallation { accessScopes { handle } } }", token=access)
    _status, denied = await stand.post("{ locations(first: 1) { nodes { id } } }", token=access)

    handles = [each["handle"] for each in scopes["data"]["currentAppInstallation"]["accessScopes"]]
    assert handles == ["read_orders", "read_products", "write_inventory"]
    assert denied["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


@pytest.mark.parametrize(
    ("version", "status"), [("2026-10", 200), ("2024-01", 200), ("2027-01", 404), ("latest", 404)]
)
async def test_ended_versions_fall_forward_and_unknown_ones_do_not_exist(
    stand: Stand, version: str, status: int
) -> None:
    assert (await stand.post(SHOP, version=version))[0] == status


async def test_a_wrong_document_is_a_graphql_error_with_status_200(stand: Stand) -> None:
    status, answer = await stand.post("{ shop { colour } }")

    assert status == 200
    assert answer["errors"][0]["message"] == "Cannot query field 'colour' on type 'Shop'."
    assert "data" not in answer


async def test_what_is_no_json_is_a_bad_request(stand: Stand) -> None:
    headers = {"X-Shopify-Access-Token": stand.token}
    async with stand.http.post(
        f"{stand.url}/admin/api/2026-10/graphql.json", data=b"{", headers=headers
    ) as answer:
        assert answer.status == 400


async def test_an_answer_says_what_it_cost_and_what_is_left(stand: Stand) -> None:
    stand.shop.bucket = Bucket(maximum=1000, rate=50)

    _status, answer = await stand.post("{ locations(first: 10) { nodes { name } } }")

    cost = answer["extensions"]["cost"]
    # 2 + 2 ln 10 = 6.6, and 2 + 2 ln 2 = 3.4 for the two that there are.
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (7, 4)
    assert cost["throttleStatus"]["maximumAvailable"] == 1000
    assert cost["throttleStatus"]["currentlyAvailable"] == 996
    assert cost["throttleStatus"]["restoreRate"] == 50


async def test_an_empty_bucket_throttles_and_does_nothing(stand: Stand) -> None:
    stand.shop.bucket = Bucket(maximum=10, rate=0.01)
    gid = stand.place()
    cancel = (
        """mutation C($id: ID!) { orderCancel(orderId: $id, reason: OTHER, restock: true) { job { id } } }"""
    )
    await stand.post("mutation { webhookSubscriptionDelete(id: 1) { userErrors { message } } }")

    status, answer = await stand.post(cancel, {"id": gid})

    assert status == 200
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert answer["extensions"]["cost"]["actualQueryCost"] is None
    assert stand.shop.jobs == {}
    assert stand.shop.env.counts("shopify")["throttled"] == 1


@pytest.mark.req("R63")
async def test_a_house_says_of_which_plan_its_shop_is(stand: Stand) -> None:
    stand.shop.load({**stand.shop.house, "limits": {"points_per_s": 100}})

    _status, answer = await stand.post("{ locations(first: 10) { nodes { name } } }")

    throttle = answer["extensions"]["cost"]["throttleStatus"]
    assert (throttle["maximumAvailable"], throttle["restoreRate"]) == (2000, 100)
    stand.shop.load({**stand.shop.house, "limits": None})
    assert (stand.shop.bucket.maximum, stand.shop.bucket.rate) == (20_000, 1000)


def test_a_bucket_fills_up_again_with_time() -> None:
    bucket = Bucket(maximum=100, rate=1000)
    assert bucket.take(100) is True
    bucket._at -= 0.05

    bucket.refill()

    assert 50 <= bucket.level <= 100


async def test_a_query_of_more_than_a_thousand_points_is_refused(stand: Stand) -> None:
    deep = "{ orders(first: 250) { nodes { lineItems(first: 250) { nodes { id variant { id } } } } } }"
    wider = deep.replace(
        "variant { id }",
        "variant { id product { id } inventoryItem { inventoryLevels(first: 250) { nodes { id } } } }",
    )

    _status, answer = await stand.post(wider)

    assert answer["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


async def test_faults_on_the_wire_come_in_shopifys_words(stand: Stand) -> None:
    stand.world.faults.arm("throttle:0")
    _status, throttled = await stand.post(SHOP)
    stand.world.faults.arm("error:0")
    headers = {"X-Shopify-Access-Token": stand.token}
    url = f"{stand.url}/admin/api/2026-10/graphql.json"
    async with stand.http.post(url, json={"query": SHOP}, headers=headers) as failed:
        status = failed.status

    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert status == 503


async def test_a_dropped_reply_leaves_the_deed_done(stand: Stand) -> None:
    stand.world.faults.arm("reply_dropped:0")
    create = """mutation { webhookSubscriptionCreate(topic: ORDERS_CREATE,
      webhookSubscription: {uri: "https://hub.test/hooks"}) { userErrors { message } } }"""

    with pytest.raises(aiohttp.ClientError):
        await stand.post(create)

    assert len(stand.shop.subscriptions) == 1
