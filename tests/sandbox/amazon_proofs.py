"""What shows that a parameter of Amazon's is honoured: an ask, and a value of the parameter that changes what comes of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.amazon.fidelity import (
    FBA,
    FEEDS,
    LISTINGS,
    LOGIN,
    NOTIFICATIONS,
    ORDERS,
    ORDERS_V0,
    SELLERS,
    SQS,
)
from tests.sandbox.amazon_calls import PACKAGE, Answer, Caller
from tests.sandbox.amazon_stand import KRIS, US

CANADA = "A2EUQ1WTGCTBG2"
KRIS_PACKAGE = {**PACKAGE, "orderItems": [{"orderItemId": "00000200000021", "quantity": 1}]}
MONTH = {"createdAfter": "2026-11-01T00:00:00Z"}
ALL_STOCK = {"granularityType": "Marketplace", "granularityId": US, "marketplaceIds": US}
PATCH = {
    "productType": "PRODUCT",
    "patches": [
        {
            "op": "merge",
            "path": "/attributes/fulfillment_availability",
            "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}],
        }
    ],
}
FILTER = {"eventFilter": {"eventFilterType": "ORDER_CHANGE"}}
FILTERED = "processingDirective.eventFilter"
ALL_OF_KARL = "BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT,PACKAGES,TAX"


@dataclass(frozen=True)
class Ask:
    """What is asked of an operation; ``$name`` is what was made before under that name."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    def with_(self, changes: Mapping[str, Any], *, queried: frozenset[str], placed: frozenset[str]) -> "Ask":
        """The same with other values: by the path, by the query, else by the field of the body."""
        path, query, body = dict(self.path), dict(self.query), json.loads(json.dumps(self.body))
        for name, value in changes.items():
            if name in placed:
                path[name] = value
            elif name in queried:
                query[name] = value
            else:
                body = put(body or {}, name, value)
        return Ask(path, query, body)


def put(body: Any, name: str, value: Any) -> Any:
    """The body with a value at a field, as ``orderItems[].quantity`` names it; lists get the first member changed."""
    part, _, rest = name.partition(".")
    key, listed = part.removesuffix("[]"), part.endswith("[]")
    inner = body.get(key)
    first = (inner[0] if inner else {}) if listed else (inner if isinstance(inner, dict) else {})
    new = put(first, rest, value) if rest else value
    return {**body, key: [new] if listed else new}


BASES: dict[str, Ask] = {
    f"{ORDERS}.searchOrders": Ask(query=MONTH),
    f"{ORDERS_V0}.confirmShipment": Ask(
        path={"orderId": KRIS["id"]}, body={"marketplaceId": US, "packageDetail": KRIS_PACKAGE}
    ),
    f"{LISTINGS}.searchListingsItems": Ask(query={"marketplaceIds": US}),
    f"{LISTINGS}.getListingsItem": Ask(query={"marketplaceIds": US}),
    f"{LISTINGS}.patchListingsItem": Ask(query={"marketplaceIds": US}, body=PATCH),
    f"{FEEDS}.createFeedDocument": Ask(body={"contentType": "application/json"}),
    f"{FEEDS}.getFeedDocument": Ask(path={"feedDocumentId": "$document"}),
    f"{FEEDS}.createFeed": Ask(
        body={"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [US], "inputFeedDocumentId": "$document"}
    ),
    f"{FEEDS}.getFeed": Ask(path={"feedId": "$feed"}),
    f"{FBA}.getInventorySummaries": Ask(query=ALL_STOCK),
    f"{NOTIFICATIONS}.createDestination": Ask(
        body={"name": "two", "resourceSpecification": {"sqs": {"arn": "arn:aws:sqs:us-east-1:1:two"}}}
    ),
    f"{NOTIFICATIONS}.deleteDestination": Ask(path={"destinationId": "$unused"}),
    f"{NOTIFICATIONS}.createSubscription": Ask(
        body={"payloadVersion": "1.0", "destinationId": "$unused", "processingDirective": FILTER}
    ),
    f"{NOTIFICATIONS}.deleteSubscriptionById": Ask(path={"subscriptionId": "$subscription"}),
    f"{SQS}.CreateQueue": Ask(body={"QueueName": "fresh"}),
    f"{SQS}.GetQueueUrl": Ask(body={"QueueName": "hub"}),
    f"{SQS}.GetQueueAttributes": Ask(body={"QueueUrl": "$queue"}),
    f"{SQS}.SendMessage": Ask(body={"QueueUrl": "$queue", "MessageBody": "two"}),
    f"{SQS}.ReceiveMessage": Ask(body={"QueueUrl": "$queue"}),
    f"{SQS}.DeleteMessage": Ask(body={"QueueUrl": "$queue", "ReceiptHandle": "$handle"}),
    f"{SQS}.DeleteMessageBatch": Ask(
        body={"QueueUrl": "$queue", "Entries": [{"Id": "a", "ReceiptHandle": "$handle"}]}
    ),
    f"{SQS}.ChangeMessageVisibility": Ask(
        body={"QueueUrl": "$queue", "ReceiptHandle": "$handle", "VisibilityTimeout": 600}
    ),
    f"{SQS}.PurgeQueue": Ask(body={"QueueUrl": "$queue"}),
    f"{LOGIN}.consent": Ask(
        query={"application_id": "$application", "redirect_uri": "http://127.0.0.1:9/back", "state": "s"}
    ),
    f"{LOGIN}.token": Ask(
        body={
            "grant_type": "refresh_token",
            "client_id": "$client",
            "client_secret": "$secret",
            "refresh_token": "$refresh",
        }
    ),
}
"""One ask of each operation that is taken; an operation that asks nothing has none."""

WITHOUT_SUBSCRIPTION = frozenset({f"{NOTIFICATIONS}.createSubscription"})
"""Operations that are asked before anything was subscribed to."""

CODE = {"grant_type": "authorization_code", "code": "$code"}
UPDATED = {"createdAfter": None, "lastUpdatedAfter": "2026-11-01T00:00:00Z"}

PROOFS: dict[str, list[tuple[str, Any, Mapping[str, Any]]]] = {
    f"{ORDERS}.searchOrders": [
        ("createdAfter", "2026-12-01T00:00:00Z", {}),
        ("createdBefore", "2026-11-02T00:00:00Z", {}),
        ("lastUpdatedAfter", "2026-12-01T00:00:00Z", UPDATED),
        ("lastUpdatedBefore", "2026-11-02T00:00:00Z", UPDATED),
        ("fulfillmentStatuses", "PENDING", {}),
        ("marketplaceIds", CANADA, {}),
        ("fulfilledBy", "AMAZON", {}),
        ("maxResultsPerPage", "1", {}),
        ("paginationToken", "$page", {}),
        *(("includedData", one, {}) for one in ALL_OF_KARL.split(",")),
    ],
    f"{ORDERS}.getOrder": [
        ("orderId", KRIS["id"], {}),
        *(("includedData", one, {}) for one in ALL_OF_KARL.split(",")),
    ],
    f"{ORDERS_V0}.confirmShipment": [
        ("orderId", "112-9999999-9999999", {}),
        ("marketplaceId", CANADA, {}),
        ("packageDetail.packageReferenceId", "2", {}),
        ("packageDetail.carrierCode", "UPS", {}),
        ("packageDetail.carrierName", "Fast Feet", {}),
        ("packageDetail.shippingMethod", "Overnight", {}),
        ("packageDetail.trackingNumber", "1Z999AA10123456784", {}),
        ("packageDetail.shipDate", "2026-12-02T01:30:00Z", {}),
        ("packageDetail.orderItems[].orderItemId", "00000200000022", {}),
        ("packageDetail.orderItems[].quantity", 2, {}),
    ],
    f"{LISTINGS}.searchListingsItems": [
        ("sellerId", "A2ELSE", {}),
        ("marketplaceIds", CANADA, {}),
        *(("includedData", one, {}) for one in ("attributes", "issues", "fulfillmentAvailability", "productTypes")),
        ("includedData", "summaries", {"includedData": "issues"}),
        ("identifiers", "KK-CHEF8-FBM", {"identifiers": "KK-SOCKS-2PK", "identifiersType": "SKU"}),
        ("identifiersType", "ASIN", {"identifiers": "KK-SOCKS-2PK", "identifiersType": "SKU"}),
        ("createdAfter", "2027-01-01T00:00:00Z", {}),
        ("createdBefore", "2026-01-01T00:00:00Z", {}),
        ("lastUpdatedAfter", "2027-01-01T00:00:00Z", {}),
        ("lastUpdatedBefore", "2026-01-01T00:00:00Z", {}),
        ("withIssueSeverity", "ERROR", {}),
        ("withIssueSeverity", "WARNING", {}),
        ("withStatus", "BUYABLE", {}),
        ("withStatus", "DISCOVERABLE", {"withoutStatus": "BUYABLE", "withStatus": "BUYABLE"}),
        ("withoutStatus", "BUYABLE", {}),
        ("withoutStatus", "DISCOVERABLE", {}),
        ("sortBy", "sku", {}),
        ("sortBy", "createdDate", {"sortBy": "sku"}),
        ("sortBy", "lastUpdatedDate", {"sortBy": "sku"}),
        ("sortOrder", "ASC", {}),
        ("sortOrder", "DESC", {"sortOrder": "ASC"}),
        ("pageSize", "1", {}),
        ("pageToken", "2", {}),
    ],
    f"{LISTINGS}.getListingsItem": [
        ("sellerId", "A2ELSE", {}),
        ("sku", "KK-SOCKS-2PK", {}),
        ("marketplaceIds", CANADA, {}),
        *(("includedData", one, {}) for one in ("attributes", "issues", "fulfillmentAvailability", "productTypes")),
        ("includedData", "summaries", {"includedData": "issues"}),
    ],
    f"{LISTINGS}.patchListingsItem": [
        ("sellerId", "A2ELSE", {}),
        ("sku", "KK-SOCKS-2PK", {}),
        ("marketplaceIds", CANADA, {}),
        ("includedData", "identifiers", {}),
        ("includedData", "issues", {"includedData": "identifiers"}),
        ("mode", "VALIDATION_PREVIEW", {}),
        ("productType", 7, {}),
        ("patches[].op", "delete", {}),
        ("patches[].path", "/attributes/item_name", {}),
        ("patches[].value[]", {"fulfillment_channel_code": "DEFAULT", "quantity": 4}, {}),
    ],
    f"{FEEDS}.createFeedDocument": [("contentType", "text/plain", {})],
    f"{FEEDS}.getFeedDocument": [("feedDocumentId", "amzn1.tortuga.none", {})],
    f"{FEEDS}.createFeed": [
        ("feedType", "POST_PRODUCT_DATA", {}),
        ("marketplaceIds[]", CANADA, {}),
        ("inputFeedDocumentId", "amzn1.tortuga.none", {}),
    ],
    f"{FEEDS}.getFeed": [("feedId", "1", {})],
    f"{FBA}.getInventorySummaries": [
        ("details", "true", {}),
        ("granularityType", "Country", {}),
        ("granularityId", CANADA, {}),
        ("sellerSkus", "KK-CHEF8-FBM", {}),
        ("sellerSku", "KK-CHEF8-FBM", {}),
        ("nextToken", "1", {}),
        ("marketplaceIds", CANADA, {}),
    ],
    f"{SELLERS}.getMarketplaceParticipations": [],
    f"{NOTIFICATIONS}.createDestination": [
        ("name", "three", {}),
        ("resourceSpecification.sqs.arn", "arn:aws:sqs:us-east-1:1:three", {}),
    ],
    f"{NOTIFICATIONS}.getDestinations": [],
    f"{NOTIFICATIONS}.deleteDestination": [("destinationId", "$used", {})],
    f"{NOTIFICATIONS}.createSubscription": [
        ("notificationType", "ORDER_CHANGED", {}),
        ("payloadVersion", "2.0", {}),
        ("destinationId", "$used", {}),
        (f"{FILTERED}.eventFilterType", "ANY_OFFER_CHANGED", {}),
        (f"{FILTERED}.orderChangeTypes[]", "BuyerRequestedChange", {}),
        (f"{FILTERED}.marketplaceIds[]", CANADA, {}),
    ],
    f"{NOTIFICATIONS}.getSubscription": [
        ("notificationType", "ORDER_CHANGED", {}),
        ("payloadVersion", "2.0", {}),
    ],
    f"{NOTIFICATIONS}.deleteSubscriptionById": [
        ("notificationType", "ORDER_CHANGED", {}),
        ("subscriptionId", "none", {}),
    ],
    f"{SQS}.CreateQueue": [
        ("QueueName", "hub", {}),
        *((f"Attributes.{one}", "7", {}) for one in
          ("DelaySeconds", "ReceiveMessageWaitTimeSeconds", "VisibilityTimeout")),
    ],
    f"{SQS}.GetQueueUrl": [("QueueName", "nowhere", {})],
    f"{SQS}.GetQueueAttributes": [("QueueUrl", "nowhere", {}), ("AttributeNames[]", "QueueArn", {})],
    f"{SQS}.SendMessage": [
        ("QueueUrl", "nowhere", {}), ("MessageBody", "three", {}), ("DelaySeconds", 900, {}),
    ],
    f"{SQS}.ReceiveMessage": [
        ("QueueUrl", "nowhere", {}),
        ("AttributeNames[]", "SenderId", {}),
        ("MessageSystemAttributeNames[]", "SentTimestamp", {}),
        ("MaxNumberOfMessages", 10, {}),
        ("VisibilityTimeout", 0, {}),
        ("WaitTimeSeconds", 21, {}),
    ],
    f"{SQS}.DeleteMessage": [("QueueUrl", "nowhere", {}), ("ReceiptHandle", "nonsense", {})],
    f"{SQS}.DeleteMessageBatch": [
        ("QueueUrl", "nowhere", {}), ("Entries[].Id", "b", {}),
        ("Entries[].ReceiptHandle", "nonsense", {}),
    ],
    f"{SQS}.ChangeMessageVisibility": [
        ("QueueUrl", "nowhere", {}), ("ReceiptHandle", "nonsense", {}), ("VisibilityTimeout", 0, {}),
    ],
    f"{SQS}.PurgeQueue": [("QueueUrl", "nowhere", {})],
    f"{LOGIN}.consent": [
        ("application_id", "amzn1.sp.solution.other", {}), ("redirect_uri", "http://127.0.0.1:9/other", {}),
        ("state", "t", {}),
    ],
    f"{LOGIN}.token": [
        ("grant_type", "authorization_code", {}),
        ("client_id", "amzn1.application-oa2-client.other", {}),
        ("client_secret", "other", {}),
        ("code", "other", CODE),
        ("redirect_uri", "http://127.0.0.1:9/other", {**CODE, "redirect_uri": "http://127.0.0.1:9/back"}),
        ("refresh_token", "Atzr|other", {}),
        ("scope", "sellingpartnerapi::other",
         {"grant_type": "client_credentials", "scope": "sellingpartnerapi::notifications"}),
    ],
}  # fmt: skip
"""For each operation: a parameter, a value that tells, and what is asked besides in both cases."""


async def made(caller: Caller, *, subscribed: bool = True) -> dict[str, str]:
    """Make what the asks name, and give the names."""
    amazon = caller.stand.amazon
    used = await _destination(caller, "used", amazon.queues.arn(amazon.queues.first))
    unused = await _destination(caller, "unused", amazon.queues.arn("other"))
    subscription = await caller.ask(
        f"{NOTIFICATIONS}.createSubscription", body={"payloadVersion": "1.0", "destinationId": used}
    ) if subscribed else None  # fmt: skip
    document = amazon.feeds.document("application/json", until=amazon.now(), content=b"{}")
    feed = await caller.ask(
        f"{FEEDS}.createFeed",
        body={
            "feedType": "JSON_LISTINGS_FEED",
            "marketplaceIds": [US],
            "inputFeedDocumentId": document.document_id,
        },
    )
    queue = (await caller.ask(f"{SQS}.CreateQueue", body={"QueueName": "hub"})).shown["QueueUrl"]
    for text in ("one", "two", "three"):
        await caller.ask(f"{SQS}.SendMessage", body={"QueueUrl": queue, "MessageBody": text})
    received = await caller.ask(f"{SQS}.ReceiveMessage", body={"QueueUrl": queue})
    first = await caller.ask(f"{ORDERS}.searchOrders", query={**MONTH, "maxResultsPerPage": "1"})
    return {
        "used": used,
        "unused": unused,
        "subscription": subscription.shown["payload"]["subscriptionId"] if subscription else "",
        "document": document.document_id,
        "feed": feed.shown["feedId"],
        "queue": queue,
        "handle": received.shown["Messages"][0]["ReceiptHandle"],
        "page": first.shown["pagination"]["nextToken"],
        "application": amazon.login.application_id,
        "client": amazon.login.client_id,
        "secret": amazon.login.client_secret,
        "refresh": amazon.login.self_authorized,
        "code": amazon.login.code("http://127.0.0.1:9/back"),
    }


async def _destination(caller: Caller, name: str, arn: str) -> str:
    answer = await caller.ask(
        f"{NOTIFICATIONS}.createDestination",
        body={"name": name, "resourceSpecification": {"sqs": {"arn": arn}}},
    )
    return str(answer.shown["payload"]["destinationId"])


def named(value: Any, known: Mapping[str, str]) -> Any:
    """The value with ``$name`` replaced by what was made under that name."""
    if isinstance(value, Mapping):
        return {key: named(inner, known) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [named(inner, known) for inner in value]
    return known[value[1:]] if isinstance(value, str) and value.startswith("$") else value


def comes_of(caller: Caller, answer: Answer, *, writes: bool) -> Any:
    """What can be seen of a call: its answer, of a write only what it consists of, and what stands afterwards."""
    amazon = caller.stand.amazon
    feeds, told = amazon.feeds, amazon.notifications
    return (
        answer.status,
        sorted(answer.shown) if writes and isinstance(answer.shown, dict) else answer.shown,
        [list(order.packages.values()) for order in amazon.orders.values()],
        {sku: (one.quantity, one.other_attributes) for sku, one in amazon.listings.items()},
        sorted((one.name, one.arn()) for one in told.destinations.values()),
        [(one.kind, told.arn_of(one), one.directive) for one in told.subscriptions.values()],
        [one.content_type for one in feeds.documents.values()],
        len(feeds.feeds),
        {
            name: (one.attributes, one.counts(), [each.body for each in one.messages.values()])
            for name, one in amazon.queues.by_name.items()
        },
    )


WRITES = frozenset({
    f"{ORDERS_V0}.confirmShipment", f"{LISTINGS}.patchListingsItem", f"{FEEDS}.createFeedDocument",
    f"{FEEDS}.createFeed", f"{NOTIFICATIONS}.createDestination", f"{NOTIFICATIONS}.deleteDestination",
    f"{NOTIFICATIONS}.createSubscription", f"{NOTIFICATIONS}.deleteSubscriptionById", f"{SQS}.CreateQueue",
    f"{SQS}.SendMessage", f"{SQS}.DeleteMessage", f"{SQS}.ChangeMessageVisibility", f"{SQS}.PurgeQueue",
})  # fmt: skip
