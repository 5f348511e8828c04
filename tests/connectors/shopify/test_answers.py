"""What the stand-in answers to each of our documents is what Shopify's own schema says of the answer."""

from typing import Any

import pytest
from graphql import parse

from connectors.shopify.client import DOCUMENTS, document
from connectors.shopify.settings import TOPICS
from sandbox.shopify.fidelity import OPERATIONS
from sandbox.shopify.keys import CLIENT_ID, CLIENT_SECRET
from tests.sandbox.shopify_stand import Stand, kim, opened
from tests.sandbox.shopify_walk import outside

Json = dict[str, Any]
pytestmark = pytest.mark.req("R110")


async def asked(stand: Stand, name: str, **variables: Any) -> Json:
    status, answer = await stand.post(document(name), variables)
    assert status == 200
    assert "errors" not in answer, (name, answer["errors"])
    assert list(outside(parse(document(name)), answer["data"])) == [], name
    return dict(answer["data"])


async def test_the_answer_to_each_document_is_one_of_the_vendors() -> None:
    async with opened() as stand:
        # The scopes that our README asks for, and no more.
        asked_for = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "grant_type": "client_credentials",
        }
        stand.token = stand.shop.tokens.exchange(asked_for)["access_token"]
        seen = await the_way_of_an_order(stand)

    assert seen == {path.stem for path in DOCUMENTS.glob("*.graphql")}


async def the_way_of_an_order(stand: Stand) -> set[str]:
    """Ask each document once, with orders that have something in each of their lists; gives the documents' names."""
    order, other = stand.place(**kim()), stand.place()
    seen: set[str] = set()

    async def ask(name: str, **variables: Any) -> Json:
        seen.add(name)
        return await asked(stand, name, **variables)

    await ask("shop")
    await ask("locations", after=None)
    listed = (await ask("listings", after=None))["productVariants"]["nodes"]
    item = (await ask("items_by_sku", query="sku:'CHEF-8'"))["productVariants"]["nodes"][0]["inventoryItem"][
        "id"
    ]
    at = f"gid://shopify/Location/{listed[0]['inventoryItem']['inventoryLevels']['nodes'][0]['location']['legacyResourceId']}"
    await ask("levels", ids=[item], location=at)
    change = {"inventoryItemId": item, "locationId": at, "quantity": 14, "changeFromQuantity": 15}
    levels = {"name": "available", "reason": "correction", "quantities": [change]}
    assert (await ask("set_levels", input=levels, key="k"))["inventorySetQuantities"]["userErrors"] == []
    assert (await asked(stand, "set_levels", input=levels, key="k2"))["inventorySetQuantities"][
        "userErrors"
    ] != []
    authorized = (await ask("order", id=order))["order"]["transactions"][0]
    given = {"id": order, "parentTransactionId": authorized["id"], "amount": "92.91"}
    assert (await ask("capture", input=given))["orderCapture"]["transaction"]["status"] == "SUCCESS"
    page = await stand.ask(
        "query P($id: ID!) { order(id: $id) { lineItems(first: 1) { pageInfo { startCursor } } } }", id=order
    )
    after = page["order"]["lineItems"]["pageInfo"]["startCursor"]
    await ask("order_lines", id=order, after=after)
    await ask("order_work", id=order, after=after)
    work = (await asked(stand, "order", id=order))["order"]["fulfillmentOrders"]["nodes"][0]["id"]
    await ask("work_lines", id=work, after=after)
    parcel = {
        "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": work}],
        "trackingInfo": {"company": "UPS", "number": "1Z001985YW99744790"},
        "notifyCustomer": True,
    }
    assert (await ask("fulfill", fulfillment=parcel))["fulfillmentCreate"]["fulfillment"][
        "status"
    ] == "SUCCESS"
    await ask("shipments", id=order)
    await ask("changed_orders", query="updated_at:>='2026-11-30T00:00:00Z'", after=None)
    stand.shop.play("refund", {"order": "KK-1002", "amount": 500})
    await asked(stand, "order", id=order)
    assert (await ask("cancel", id=other, refund={"originalPaymentMethodsRefund": True}, restock=True))[
        "orderCancel"
    ]["job"]
    to = {"uri": "https://hub.test/a", "format": "JSON"}
    made = [(await ask("subscribe", topic=topic, to=to))["webhookSubscriptionCreate"] for topic in TOPICS]
    assert all(one["userErrors"] == [] for one in made)
    assert len((await ask("subscriptions", after=None))["webhookSubscriptions"]["nodes"]) == len(TOPICS)
    await ask("resubscribe", id=made[0]["webhookSubscription"]["id"], to={"uri": "https://hub.test/b"})
    await ask("unsubscribe", id=made[0]["webhookSubscription"]["id"])
    return seen


def test_each_root_field_of_our_documents_is_offered_and_compared() -> None:
    rows = {row.operation: row for row in OPERATIONS}
    roots = {
        field.name.value
        for path in DOCUMENTS.glob("*.graphql")
        for one in parse(path.read_text(encoding="utf-8")).definitions
        if one.kind == "operation_definition"
        for field in one.selection_set.selections  # type: ignore[attr-defined]
    }

    assert len(roots) == 15
    for name in roots:
        assert rows[name].offered
        assert rows[name].compared_with == "schema"
