"""Two channels as their vendors limit them: the connectors' own code over vendors that answer at once and count.

A vendor here keeps what it shows in memory and lets through what it allows, by the clock that is moved by hand; what
is over that it refuses, as the real one does. So the time that a push takes is what the limits make it, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from connectors.amazon.client import AmazonClient
from connectors.amazon.levels import AmazonLevels
from connectors.amazon.limits import RATES
from connectors.amazon.settings import AmazonSettings
from connectors.shopify.client import Admin
from connectors.shopify.levels import ShopifyLevels
from core.clock import SteppedClock
from core.ports import Levels
from core.store.quota import Limit, QuotaMemory

Json = dict[str, Any]

POINTS_A_SECOND, POINTS_AT_ONCE = 100, 2000
"""Of a shop of the smallest plan: https://shopify.dev/docs/api/usage/limits (read 2026-11-30)."""
POINTS_OF_A_WRITE = 10
LOCATION = "1"


def points_of_a_read(items: int) -> int:
    """Return what a query for the levels of inventory items costs: a point for each object that it may give."""
    return 1 + 2 * items


@dataclass(slots=True)
class Shopify:
    """A shop's levels, by inventory item, and what was asked of it."""

    clock: SteppedClock
    shown: dict[str, int] = field(default_factory=dict)
    reads: int = 0
    writes: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)
    """(seconds, the SKUs) of each call that set levels."""
    quota: QuotaMemory = field(init=False)

    def __post_init__(self) -> None:
        limits = {"graphql": Limit(rate_per_s=POINTS_A_SECOND, burst=POINTS_AT_ONCE)}
        self.quota = QuotaMemory(connection="shop", limits=limits, seconds=self.clock.seconds)

    @property
    def levels(self) -> Levels:
        """The connector's own levels of this shop, after it was listed."""
        levels = ShopifyLevels(cast("Admin", self))
        levels._items = {sku: (f"gid://shopify/InventoryItem/{sku}",) for sku in self.shown}
        return levels

    async def inventory_items(self, item_gids: Sequence[str], location: str) -> list[Json | None]:
        assert location == LOCATION
        await self.quota.take("graphql", cost=points_of_a_read(len(item_gids)))
        self.reads += 1
        return [self._item(gid) for gid in item_gids]

    def _item(self, gid: str) -> Json:
        return {
            "id": gid,
            "inventoryLevel": {"quantities": [{"quantity": self.shown[gid.rsplit("/", 1)[-1]]}]},
        }

    async def inventory_set_quantities(self, quantities: Sequence[Json], *, key: str) -> list[Json]:
        del key
        await self.quota.take("graphql", cost=POINTS_OF_A_WRITE)
        for one in quantities:
            sku = one["inventoryItemId"].rsplit("/", 1)[-1]
            assert one["changeFromQuantity"] == self.shown[sku]
            self.shown[sku] = one["quantity"]
        skus = tuple(one["inventoryItemId"].rsplit("/", 1)[-1] for one in quantities)
        self.writes.append((self.clock.seconds(), skus))
        return []


@dataclass(slots=True)
class Amazon:
    """A seller's listings, and what was asked of them; a feed is worked off at once."""

    clock: SteppedClock
    shown: dict[str, int] = field(default_factory=dict)
    fba: set[str] = field(default_factory=set)
    """What Amazon ships itself."""
    searches: int = 0
    feeds: list[tuple[float, int]] = field(default_factory=list)
    patches: list[tuple[float, str]] = field(default_factory=list)
    quota: QuotaMemory = field(init=False)

    def __post_init__(self) -> None:
        limits = {name: Limit(rate_per_s=rate, burst=burst) for name, (rate, burst) in RATES.items()}
        self.quota = QuotaMemory(connection="amz", limits=limits, seconds=self.clock.seconds)

    @property
    def levels(self) -> Levels:
        """The connector's own levels of this seller."""
        settings = AmazonSettings(marketplaces=("ATVPDKIKX0DER",))
        return AmazonLevels("amz", cast("AmazonClient", self), settings=settings, clock=self.clock)

    async def search_listings_items(self, *, identifiers: str, identifiersType: str) -> Json:  # noqa: N803
        assert identifiersType == "SKU"
        await self.quota.take("searchListingsItems")
        self.searches += 1
        return {"items": [self._item(sku) for sku in identifiers.split(",") if sku in self.shown]}

    def _item(self, sku: str) -> Json:
        held = {
            "fulfillmentChannelCode": "AMAZON_NA" if sku in self.fba else "DEFAULT",
            "quantity": self.shown[sku],
        }
        return {"sku": sku, "fulfillmentAvailability": [held]}

    async def get_inventory_summaries(self, skus: Sequence[str]) -> list[Json]:
        await self.quota.take("getInventorySummaries")
        return [{"sellerSku": sku, "totalQuantity": self.shown[sku]} for sku in skus]

    async def patch_listings_item(self, sku: str, body: Json) -> Json:
        await self.quota.take("patchListingsItem")
        self._set(sku, body["patches"])
        self.patches.append((self.clock.seconds(), sku))
        return {"status": "ACCEPTED"}

    async def seller(self) -> str:
        return "A1"

    async def submit_listings_feed(self, feed: Json) -> str:
        await self.quota.take("createFeedDocument")
        await self.quota.take("createFeed")
        for message in feed["messages"]:
            self._set(message["sku"], message["patches"])
        self.feeds.append((self.clock.seconds(), len(feed["messages"])))
        return str(len(self.feeds))

    def _set(self, sku: str, patches: Sequence[Json]) -> None:
        self.shown[sku] = patches[0]["value"][0]["quantity"]
