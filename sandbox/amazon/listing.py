"""One listing of the seller and what Amazon shows of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sandbox.amazon.times import text
from sandbox.values import Json

MERCHANT: Final = "merchant"
AMAZON: Final = "amazon"
DEFAULT_CHANNEL: Final = "DEFAULT"
AMAZON_CHANNEL: Final = "AMAZON_"
"""How the codes of Amazon's own fulfillment channels begin; the region follows."""
APPLIED_AFTER: Final = timedelta(seconds=2)
"""An accepted quantity is visible on read-back this much (virtual) later."""


@dataclass
class Listing:
    """A listing; its quantity is what Amazon sells from."""

    sku: str
    title: str
    asin: str
    fulfilled_by: str
    quantity: int
    created: datetime
    updated: datetime
    lead_time_days: int | None = 2
    fba_quantity: int = 0
    """Units in Amazon's own warehouses; a flip to merchant fulfilment leaves them there, unsold."""
    sold: int = 0
    """Units sold so far, less those given back: what was asked for before a sale counts as of then."""
    shown_before: int = 0
    """What reads showed before the last change."""
    other_attributes: Json = field(default_factory=dict)
    patches_to_ignore: int = 0
    """So many more patches are accepted and change nothing."""
    region: str = "NA"
    off_by: int = 0
    """Shoppers see this many more than the API says (sabotage)."""

    def sell(self, units: int) -> None:
        """Take units off; raises ValueError where Amazon has not got them (give them back with a negative number)."""
        if self.available() < units:
            raise ValueError(f"{self.sku} has {self.available()} left, not {units}")
        # A sale shows at once, in what was shown before as well.
        self.shown_before -= units
        self.sold += units
        if self.fulfilled_by == AMAZON:
            self.fba_quantity -= units
        else:
            self.quantity -= units

    def available(self) -> int:
        """Units that a shopper can buy."""
        return self.fba_quantity if self.fulfilled_by == AMAZON else max(0, self.quantity + self.off_by)

    def set_quantity(self, quantity: int, lead_time_days: int | None, *, now: datetime) -> None:
        """Take a merchant's quantity: the listing is merchant fulfilled from then on, whatever it was."""
        self.shown_before = self.shown(now) if self.fulfilled_by == MERCHANT else 0
        self.fulfilled_by = MERCHANT
        self.quantity = max(0, quantity)
        self.lead_time_days = lead_time_days
        self.updated = now

    def shown(self, now: datetime) -> int:
        """The merchant's quantity as a read sees it."""
        fresh = now >= self.updated + APPLIED_AFTER
        return max(0, self.quantity if fresh else self.shown_before)

    def channel(self) -> str:
        """Which network ships it, in Amazon's words."""
        return AMAZON_CHANNEL + self.region if self.fulfilled_by == AMAZON else DEFAULT_CHANNEL

    def availability(self, quantity: int) -> Json:
        """The attribute `fulfillment_availability`."""
        value: Json = {"fulfillment_channel_code": self.channel()}
        if self.fulfilled_by == MERCHANT:
            value["quantity"] = quantity
            if self.lead_time_days is not None:
                value["lead_time_to_ship_max_days"] = self.lead_time_days
        return value


def item_json(listing: Listing, included: set[str], *, marketplace: str, quantity: int) -> Json:
    """The listing as the model shows it, with the asked data sets only."""
    item: Json = {"sku": listing.sku}
    if "summaries" in included:
        item["summaries"] = [_summary(listing, marketplace, quantity)]
    if "attributes" in included:
        item["attributes"] = {
            "item_name": [{"value": listing.title, "language_tag": "en_US", "marketplace_id": marketplace}],
            "condition_type": [{"value": "new_new", "marketplace_id": marketplace}],
            **listing.other_attributes,
            "fulfillment_availability": [{**listing.availability(quantity), "marketplace_id": marketplace}],
        }
    if "issues" in included:
        item["issues"] = []
    if "fulfillmentAvailability" in included:
        shown: Json = {"fulfillmentChannelCode": listing.channel()}
        if listing.fulfilled_by == MERCHANT:
            shown["quantity"] = quantity
        item["fulfillmentAvailability"] = [shown]
    if "productTypes" in included:
        item["productTypes"] = [{"marketplaceId": marketplace, "productType": "PRODUCT"}]
    return item


def statuses(listing: Listing, quantity: int) -> list[str]:
    """What shoppers can do with it."""
    buyable = quantity > 0 if listing.fulfilled_by == MERCHANT else listing.fba_quantity > 0
    return ["BUYABLE", "DISCOVERABLE"] if buyable else ["DISCOVERABLE"]


def _summary(listing: Listing, marketplace: str, quantity: int) -> Json:
    return {
        "marketplaceId": marketplace,
        "asin": listing.asin,
        "productType": "PRODUCT",
        "conditionType": "new_new",
        "status": statuses(listing, quantity),
        "itemName": listing.title,
        "createdDate": text(listing.created),
        "lastUpdatedDate": text(listing.updated),
    }
