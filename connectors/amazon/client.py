"""Amazon's endpoints, one method each, by Amazon's names; the SDK's async classes do the calls.

Importing this module takes half a second (the SDK), so it is imported when a connection is built.
"""

import json
from collections.abc import Sequence
from typing import Any

from sp_api.asyncio.api import Feeds, Inventories, ListingsItems, Notifications, Orders

from connectors.amazon.calls import Calls
from connectors.amazon.settings import AmazonSettings
from core.errors import AuthError
from core.ports import Connection

INCLUDED = "BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT,PACKAGES,TAX"
"""The data sets of an order; one comma string, for the SDK would repeat the parameter for a list."""
FEED_TYPE = "JSON_LISTINGS_FEED"
FEED_CONTENT = "application/json; charset=UTF-8"

Json = dict[str, Any]


class AmazonClient:
    """One connection's way to the Selling Partner API."""

    def __init__(self, connection: Connection, settings: AmazonSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._calls = Calls(connection, region=settings.region, marketplace=settings.marketplaces[0])
        self._orders = self._calls.api(Orders, version="2026-01-01")
        self._orders_v0 = self._calls.api(Orders, version="v0")
        self._listings = self._calls.api(ListingsItems, version="2021-08-01")
        self._feeds = self._calls.api(Feeds, version="2021-06-30")
        self._inventories = self._calls.api(Inventories)
        self._notifications = self._calls.api(Notifications)

    @property
    def main(self) -> str:
        """The marketplace on which listings are read and written."""
        return self._settings.marketplaces[0]

    async def seller(self) -> str:
        """Return the selling partner id: as set, else as it consented."""
        account = self._settings.seller or (await self._connection.tokens.current()).account
        if not account:
            raise AuthError(
                "no selling partner id; connect again, or set `seller`", connection=self._connection.name
            )
        return account

    async def search_orders(self, *, pagination_token: str | None, **filters: str) -> Json:
        """Return a page of the orders that fit the filters, by Amazon's names."""
        wanted: Json = {
            **filters,
            "marketplaceIds": ",".join(self._settings.marketplaces),
            "maxResultsPerPage": 100,
        }
        if pagination_token:
            wanted["paginationToken"] = pagination_token
        return await self._calls.call(
            "searchOrders", lambda: self._orders.search_orders(**wanted), needs="orders"
        )

    async def get_order(self, order_id: str) -> Json:
        """Return one order with every data set that the mapping reads."""
        answer = await self._calls.call(
            "getOrder", lambda: self._orders.get_order(order_id, includedData=INCLUDED), needs="order"
        )
        order: Json = answer["order"]
        return order

    async def confirm_shipment(self, order_id: str, *, marketplace: str, package: Json) -> None:
        """Tell of one package; one with the same packageReferenceId is replaced."""
        await self._calls.call(
            "confirmShipment",
            lambda: self._orders_v0.confirm_shipment(
                order_id, marketplaceId=marketplace, packageDetail=package
            ),
            may_act=True,
        )

    async def get_listings_item(self, sku: str) -> Json:
        """Return one listing with its availability."""
        seller = await self.seller()
        return await self._calls.call(
            "getListingsItem",
            lambda: self._listings.get_listings_item(
                seller, sku, marketplaceIds=self.main, includedData="summaries,fulfillmentAvailability"
            ),
            needs="sku",
        )

    async def search_listings_items(self, **wanted: str | int) -> Json:
        """Return a page of listings with their availability, or those of up to twenty SKUs."""
        seller = await self.seller()
        return await self._calls.call(
            "searchListingsItems",
            lambda: self._listings.search_listings_items(
                seller,
                marketplaceIds=self.main,
                includedData="summaries,fulfillmentAvailability",
                pageSize=20,
                **wanted,
            ),
            needs="items",
        )

    async def find_one_listing(self) -> Json:
        """Return the smallest page of listings there is."""
        seller = await self.seller()
        return await self._calls.call(
            "searchListingsItems",
            lambda: self._listings.search_listings_items(
                seller, marketplaceIds=self.main, includedData="summaries", pageSize=1
            ),
            needs="items",
        )

    async def patch_listings_item(self, sku: str, body: Json) -> Json:
        """Change a listing's attributes; ACCEPTED is not yet visible."""
        seller = await self.seller()
        return await self._calls.call(
            "patchListingsItem",
            lambda: self._listings.patch_listings_item(seller, sku, marketplaceIds=self.main, body=body),
            may_act=True,
            needs="status",
        )

    async def submit_listings_feed(self, feed: Json) -> str:
        """Upload a JSON_LISTINGS_FEED and have it processed; return the feed's id."""
        document = await self._calls.call(
            "createFeedDocument",
            lambda: self._feeds.create_feed_document(None, FEED_CONTENT),
            needs="feedDocumentId",
        )
        content = json.dumps(feed, ensure_ascii=False).encode()
        await self._calls.fetch(
            "PUT", document["url"], content=content, headers={"Content-Type": FEED_CONTENT}
        )
        created = await self._calls.call(
            "createFeed",
            lambda: self._feeds.create_feed(
                FEED_TYPE, document["feedDocumentId"], marketplaceIds=[self.main]
            ),
            may_act=True,
            needs="feedId",
        )
        return str(created["feedId"])

    async def get_inventory_summaries(self, skus: Sequence[str]) -> list[Json]:
        """Return Amazon's own stock of up to fifty SKUs."""
        answer = await self._calls.call(
            "getInventorySummaries",
            lambda: self._inventories.get_inventory_summary_marketplace(
                details="true", sellerSkus=",".join(skus), marketplaceIds=self.main, granularityId=self.main
            ),
            needs="inventorySummaries",
        )
        return list(answer["inventorySummaries"])

    async def get_destinations(self) -> list[Json]:
        """Return the destinations of the application."""
        answer = await self._calls.call(
            "getDestinations", self._notifications.get_destinations, grantless=True, many=True
        )
        return list(answer["payload"])

    async def create_destination(self, name: str, arn: str) -> str:
        """Register the queue; return the destination's id."""
        answer = await self._calls.call(
            "createDestination",
            lambda: self._notifications.create_destination(name, arn=arn),
            grantless=True,
            may_act=True,
            needs="destinationId",
        )
        return str(answer["destinationId"])

    async def get_subscription(self, kind: str) -> Json:
        """Return the seller's subscription to a kind of notification."""
        return await self._calls.call(
            "getSubscription", lambda: self._notifications.get_subscription(kind), needs="subscriptionId"
        )

    async def create_subscription(self, kind: str, destination_id: str) -> None:
        """Have a kind of notification sent to the destination."""
        await self._calls.call(
            "createSubscription",
            lambda: self._notifications.create_subscription(kind, destination_id=destination_id),
            may_act=True,
            needs="subscriptionId",
        )

    async def delete_subscription_by_id(self, kind: str, subscription_id: str) -> None:
        """End a subscription."""
        await self._calls.call(
            "deleteSubscriptionById",
            lambda: self._notifications.delete_notification_subscription(kind, subscription_id),
            grantless=True,
            may_act=True,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._calls.aclose()
