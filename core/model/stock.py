"""Units, where they are, what is promised, and what each listing is to show."""

from enum import StrEnum

from pydantic import Field

from core.model.base import Instant, Shape, Text

MOST_UNITS = 1_000_000_000
"""Units that one count or receipt of a SKU may say."""
MOST_UNITS_LISTED = 10_000
"""Units of a SKU that one unit of a listing may hold."""


class Need(Shape):
    """Units of our SKU that one order line needs, kits and multipacks already taken apart."""

    line_id: str
    sku: str
    units: int = Field(gt=0)


class Allocation(Shape):
    """Units of a line's SKU set aside at a location."""

    line_id: str
    sku: str
    location: str
    units: int = Field(gt=0)


class ListingKey(Shape):
    """One listed quantity of a channel: a listing, at one of our locations where the channel counts by location."""

    listing: str
    location: str | None = None


class Level(Shape):
    """What a channel shows for a listing, in units of the listing."""

    key: ListingKey
    units: int
    fulfilled_by_channel: bool = False
    """The channel ships it from stock of its own: nobody else writes what it shows."""


class LevelChange(Shape):
    """A wanted level and what the channel was last read to show; ``last_read`` None does not compare."""

    key: ListingKey
    units: int = Field(ge=0)
    last_read: int | None
    read_at: Instant | None = None
    """When it was read, and that the channel does not ship it itself."""


class LevelState(StrEnum):
    """How one level of a push ended."""

    ACCEPTED = "accepted"  # taken; shown after a read-back
    STALE = "stale"  # the channel shows another number than was read last; nothing was written
    REJECTED = "rejected"  # the channel refuses this listing
    UNKNOWN = "unknown"  # the call ended without a word on this one
    NOT_SENT = "not_sent"  # the vendor's limits ended the call before this one: it was not asked for


class LevelResult(Shape):
    """How one level of a push ended; ``code`` is the vendor's."""

    key: ListingKey
    state: LevelState
    code: str | None = None


class Listing(Shape):
    """Something a channel offers, as its connector lists it."""

    listing: Text
    sku: Text | None
    title: Text
    locations: tuple[str, ...] = ()
    """The channel's own location ids that stock it; empty where the channel keeps one quantity."""
    fulfilled_by_channel: bool = False
    product: str | None = None
    """What the connector needs besides to write the level (Amazon: the product type; Shopify: the inventory item)."""
    barcode: Text | None = None
    """What is printed on it (GTIN, EAN, UPC), where the channel tells it."""
    catalog: Text | None = None
    """The channel's catalog entry (an ASIN): listings that share it sell the same thing."""
    computed_by_channel: bool = False
    """A bundle whose quantity the channel computes from its parts: it cannot be written."""
