"""How far each operation of Amazon is offered: Selling Partner API, SQS, and Login with Amazon.

An operation is called by its API and its own name there: the Selling Partner API's models by their file names, version included.
Names of parameters are the models' own, fields of bodies written to the leaves; ``includedData=OFFERS`` is one value of one.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from sandbox.fidelity import Fidelity

SDK_EXTRAS: Final = frozenset(
    {"MarketplaceId", "MarketplaceIds", "marketplace_ids", "marketplaceIds", "path"}
)
"""python-amazon-sp-api adds these to every query and body, also where no model names them: Amazon does not mind."""
NO_ISSUES: Final = "words of issues come in en_US where a locale has none of its own (Listings Items 2021-08-01: issueLocale, read 2026-11)"
NO_ATTRIBUTES: Final = "Amazon's notifications carry no message attributes, and SendMessage takes none here: there is none to show"
PLAIN_DOCUMENTS: Final = "it concerns documents with compressionAlgorithm GZIP (Feeds 2021-06-30, read 2026-11), and none is compressed here"
ORDERS: Final = "orders_2026-01-01"
ORDERS_V0: Final = "ordersV0"
LISTINGS: Final = "listingsItems_2021-08-01"
FEEDS: Final = "feeds_2021-06-30"
FBA: Final = "fbaInventory"
NOTIFICATIONS: Final = "notifications"
SELLERS: Final = "sellers"
REPORTS: Final = "reports_2021-06-30"
TOKENS: Final = "tokens_2021-03-01"
SQS: Final = "sqs"
LOGIN: Final = "login"
Compared = Literal["recordings", "schema"]


def _row(
    operation: str,
    honoured: str = "",
    refused: str = "",
    *,
    listed: Mapping[str, str] = MappingProxyType({}),
    compared: Compared | None = "schema",
) -> Fidelity:
    """The row of an operation that is offered; names are parted by spaces."""
    return Fidelity(
        operation=operation,
        compared_with=compared,
        honoured=frozenset(honoured.split()),
        refused=frozenset(refused.split()),
        listed=listed,
    )


_DATA: Final = (
    "includedData=EXPENSE includedData=PROMOTION includedData=PAYMENT includedData=FULFILLMENT_ORDERS"
)
_LISTING_DATA: Final = "includedData=offers includedData=procurement includedData=relationships"
_FILTER: Final = "processingDirective.eventFilter"
_TRACKED: Final = " ".join(
    f"{_FILTER}.trackingIdentifier.{name}"
    for name in ("id", "acsin", "aftn", "containerNumber", "houseBillOfLadingNumber", "carrierTracking.trackingNumber",
                 "carrierTracking.carrierCode")
)  # fmt: skip
_NOT_SENT: Final = " ".join(
    f"notificationType={kind}"
    for kind in (
        "ANY_OFFER_CHANGED", "B2B_ANY_OFFER_CHANGED", "BRANDED_ITEM_CONTENT_CHANGE",
        "DATA_KIOSK_QUERY_PROCESSING_FINISHED", "DETAIL_PAGE_TRAFFIC_EVENT", "FBA_INVENTORY_AVAILABILITY_CHANGES",
        "FBA_OUTBOUND_SHIPMENT_STATUS", "FEED_PROCESSING_FINISHED", "FEE_PROMOTION", "FULFILLMENT_ORDER_STATUS",
        "ITEM_INVENTORY_EVENT_CHANGE", "ITEM_PRODUCT_TYPE_CHANGE", "ITEM_SALES_EVENT_CHANGE",
        "LISTINGS_ITEM_ISSUES_CHANGE", "LISTINGS_ITEM_MFN_QUANTITY_CHANGE", "LISTINGS_ITEM_STATUS_CHANGE",
        "PRICING_HEALTH", "PRODUCT_TYPE_DEFINITIONS_CHANGE", "REPORT_PROCESSING_FINISHED",
        "SHIPMENT_TRACKING_MILESTONE_CHANGED", "TRANSACTION_UPDATE",
    )
)  # fmt: skip
"""A subscription to one of these would stay silent here."""
_OTHER_CODES: Final = " ".join(
    f"identifiersType={kind}" for kind in ("EAN", "FNSKU", "GTIN", "ISBN", "JAN", "MINSAN", "UPC")
)

_SELLING: Final = (
    _row(f"{ORDERS}.searchOrders",
         "createdAfter createdBefore lastUpdatedAfter lastUpdatedBefore fulfillmentStatuses marketplaceIds fulfilledBy "
         "maxResultsPerPage paginationToken includedData", _DATA),
    _row(f"{ORDERS}.getOrder", "orderId includedData", _DATA),
    _row(f"{ORDERS_V0}.confirmShipment",
         "orderId marketplaceId packageDetail.packageReferenceId packageDetail.carrierCode packageDetail.carrierName "
         "packageDetail.shippingMethod packageDetail.trackingNumber packageDetail.shipDate "
         "packageDetail.orderItems[].orderItemId packageDetail.orderItems[].quantity",
         "codCollectionMethod packageDetail.shipFromSupplySourceId packageDetail.orderItems[].transparencyCodes[]"),
    _row(f"{LISTINGS}.searchListingsItems",
         "sellerId marketplaceIds includedData identifiers identifiersType createdAfter createdBefore lastUpdatedAfter "
         "lastUpdatedBefore withIssueSeverity withStatus withoutStatus sortBy sortOrder pageSize pageToken",
         f"variationParentSku packageHierarchySku {_LISTING_DATA} {_OTHER_CODES}",
         listed={"issueLocale": NO_ISSUES}),
    _row(f"{LISTINGS}.getListingsItem", "sellerId sku marketplaceIds includedData", _LISTING_DATA,
         listed={"issueLocale": NO_ISSUES}),
    _row(f"{LISTINGS}.patchListingsItem",
         "sellerId sku marketplaceIds includedData mode productType patches[].op patches[].path patches[].value[]",
         listed={"issueLocale": NO_ISSUES}),
    _row(f"{FEEDS}.createFeedDocument", "contentType"),
    _row(f"{FEEDS}.getFeedDocument", "feedDocumentId", listed={"enableContentEncodingUrlHeader": PLAIN_DOCUMENTS}),
    _row(f"{FEEDS}.createFeed", "feedType marketplaceIds[] inputFeedDocumentId", "feedOptions"),
    _row(f"{FEEDS}.getFeed", "feedId"),
    _row(f"{FBA}.getInventorySummaries",
         "details granularityType granularityId sellerSkus sellerSku nextToken marketplaceIds", "startDateTime"),
    _row(f"{SELLERS}.getMarketplaceParticipations"),
    _row(f"{NOTIFICATIONS}.createDestination", "name resourceSpecification.sqs.arn",
         "resourceSpecification.eventBridge.region resourceSpecification.eventBridge.accountId"),
    _row(f"{NOTIFICATIONS}.getDestinations"),
    _row(f"{NOTIFICATIONS}.deleteDestination", "destinationId"),
    _row(f"{NOTIFICATIONS}.createSubscription",
         f"notificationType payloadVersion destinationId {_FILTER}.eventFilterType {_FILTER}.orderChangeTypes[] "
         f"{_FILTER}.marketplaceIds[]",
         f"{_FILTER}.aggregationSettings.aggregationTimePeriod {_TRACKED} processingDirective.filterExpression {_NOT_SENT}"),
    _row(f"{NOTIFICATIONS}.getSubscription", "notificationType payloadVersion", _NOT_SENT),
    _row(f"{NOTIFICATIONS}.deleteSubscriptionById", "notificationType subscriptionId", _NOT_SENT),
)  # fmt: skip

_QUEUE_SETTINGS: Final = (
    "Policy MaximumMessageSize MessageRetentionPeriod RedrivePolicy FifoQueue ContentBasedDeduplication KmsMasterKeyId "
    "KmsDataKeyReusePeriodSeconds DeduplicationScope FifoThroughputLimit RedriveAllowPolicy SqsManagedSseEnabled"
)
_QUEUES: Final = (
    _row(f"{SQS}.CreateQueue",
         "QueueName Attributes.DelaySeconds Attributes.ReceiveMessageWaitTimeSeconds Attributes.VisibilityTimeout",
         " ".join(f"Attributes.{name}" for name in _QUEUE_SETTINGS.split()) + " tags"),
    _row(f"{SQS}.GetQueueUrl", "QueueName", "QueueOwnerAWSAccountId"),
    _row(f"{SQS}.GetQueueAttributes", "QueueUrl AttributeNames[]"),
    _row(f"{SQS}.SendMessage", "QueueUrl MessageBody DelaySeconds",
         "MessageAttributes MessageSystemAttributes MessageDeduplicationId MessageGroupId"),
    _row(f"{SQS}.ReceiveMessage",
         "QueueUrl AttributeNames[] MessageSystemAttributeNames[] MaxNumberOfMessages VisibilityTimeout WaitTimeSeconds",
         "ReceiveRequestAttemptId", listed={"MessageAttributeNames[]": NO_ATTRIBUTES}),
    _row(f"{SQS}.DeleteMessage", "QueueUrl ReceiptHandle"),
    _row(f"{SQS}.DeleteMessageBatch", "QueueUrl Entries[].Id Entries[].ReceiptHandle"),
    _row(f"{SQS}.ChangeMessageVisibility", "QueueUrl ReceiptHandle VisibilityTimeout"),
    _row(f"{SQS}.PurgeQueue", "QueueUrl"),
)  # fmt: skip

_LOGIN: Final = (
    _row(f"{LOGIN}.consent", "application_id redirect_uri state",
         listed={"version": "says that the application is a draft (website authorization workflow, read 2026-11): consent is the same"},
         compared=None),
    _row(f"{LOGIN}.token", "grant_type client_id client_secret code redirect_uri refresh_token scope",
         compared=None),
)  # fmt: skip

NOT_OFFERED: Final[Mapping[str, tuple[str, str]]] = {
    f"{ORDERS_V0}.getOrders": ("GET", "/orders/v0/orders"),
    f"{ORDERS_V0}.getOrder": ("GET", "/orders/v0/orders/{orderId}"),
    f"{ORDERS_V0}.getOrderBuyerInfo": ("GET", "/orders/v0/orders/{orderId}/buyerInfo"),
    f"{ORDERS_V0}.getOrderAddress": ("GET", "/orders/v0/orders/{orderId}/address"),
    f"{ORDERS_V0}.getOrderItems": ("GET", "/orders/v0/orders/{orderId}/orderItems"),
    f"{ORDERS_V0}.getOrderItemsBuyerInfo": ("GET", "/orders/v0/orders/{orderId}/orderItems/buyerInfo"),
    f"{ORDERS_V0}.updateShipmentStatus": ("POST", "/orders/v0/orders/{orderId}/shipment"),
    f"{ORDERS_V0}.getOrderRegulatedInfo": ("GET", "/orders/v0/orders/{orderId}/regulatedInfo"),
    f"{ORDERS_V0}.updateVerificationStatus": ("PATCH", "/orders/v0/orders/{orderId}/regulatedInfo"),
    f"{LISTINGS}.deleteListingsItem": ("DELETE", "/listings/2021-08-01/items/{sellerId}/{sku}"),
    f"{LISTINGS}.putListingsItem": ("PUT", "/listings/2021-08-01/items/{sellerId}/{sku}"),
    f"{FEEDS}.getFeeds": ("GET", "/feeds/2021-06-30/feeds"),
    f"{FEEDS}.cancelFeed": ("DELETE", "/feeds/2021-06-30/feeds/{feedId}"),
    f"{FBA}.createInventoryItem": ("POST", "/fba/inventory/v1/items"),
    f"{FBA}.deleteInventoryItem": ("DELETE", "/fba/inventory/v1/items/{sellerSku}"),
    f"{FBA}.addInventory": ("POST", "/fba/inventory/v1/items/inventory"),
    f"{NOTIFICATIONS}.getSubscriptions": ("GET", "/notifications/v1/subscriptions"),
    f"{NOTIFICATIONS}.getSubscriptionById": (
        "GET", "/notifications/v1/subscriptions/{notificationType}/{subscriptionId}"),
    f"{NOTIFICATIONS}.sendTestNotification": (
        "POST", "/notifications/v1/subscriptions/{notificationType}/testNotification"),
    f"{NOTIFICATIONS}.getDestination": ("GET", "/notifications/v1/destinations/{destinationId}"),
    f"{SELLERS}.getAccount": ("GET", "/sellers/v1/account"),
    f"{REPORTS}.getReports": ("GET", "/reports/2021-06-30/reports"),
    f"{REPORTS}.createReport": ("POST", "/reports/2021-06-30/reports"),
    f"{REPORTS}.cancelReport": ("DELETE", "/reports/2021-06-30/reports/{reportId}"),
    f"{REPORTS}.getReport": ("GET", "/reports/2021-06-30/reports/{reportId}"),
    f"{REPORTS}.getReportSchedules": ("GET", "/reports/2021-06-30/schedules"),
    f"{REPORTS}.createReportSchedule": ("POST", "/reports/2021-06-30/schedules"),
    f"{REPORTS}.cancelReportSchedule": ("DELETE", "/reports/2021-06-30/schedules/{reportScheduleId}"),
    f"{REPORTS}.getReportSchedule": ("GET", "/reports/2021-06-30/schedules/{reportScheduleId}"),
    f"{REPORTS}.getReportDocument": ("GET", "/reports/2021-06-30/documents/{reportDocumentId}"),
    f"{TOKENS}.createRestrictedDataToken": ("POST", "/tokens/2021-03-01/restrictedDataToken"),
}  # fmt: skip
"""Where the operations of the Selling Partner API lie that are refused aloud."""
_QUEUES_NOT_OFFERED: Final = (
    "AddPermission CancelMessageMoveTask ChangeMessageVisibilityBatch DeleteQueue ListDeadLetterSourceQueues "
    "ListMessageMoveTasks ListQueueTags ListQueues RemovePermission SendMessageBatch SetQueueAttributes "
    "StartMessageMoveTask TagQueue UntagQueue"
)

OPERATIONS: Final[tuple[Fidelity, ...]] = (
    *_SELLING,
    *(Fidelity(operation=name, offered=False) for name in NOT_OFFERED),
    *_QUEUES,
    *(Fidelity(operation=f"{SQS}.{name}", offered=False) for name in _QUEUES_NOT_OFFERED.split()),
    *_LOGIN,
)
ROWS: Final[Mapping[str, Fidelity]] = {row.operation: row for row in OPERATIONS}
