"""Listings as they are, with what they are made of and what they should show by the stock of now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.domain.levels import wanted_level
from core.engine.buffers import buffer_at
from core.engine.hub import Hub
from core.store.channel_locations import matched_locations
from core.store.links import links_of_listings
from core.store.listings import ListingRow
from core.store.stock import listable_units


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLevel:
    """A listing at one location, what it is made of, and what it should show; None where it is not written."""

    row: ListingRow
    of: Mapping[str, int]
    place: str | None
    """Which of our locations that is."""
    wanted: int | None


async def shown_levels(
    hub: Hub, merchant: str, connection: str, rows: Sequence[ListingRow]
) -> list[ShownLevel]:
    """Return listings of a connection with what they should show."""
    config = hub.config(merchant)
    links = await hub.store.read(links_of_listings, merchant, connection, [row.listing for row in rows])
    skus = {sku for of in links.values() for sku in of}
    available = await hub.store.read(listable_units, merchant, skus)
    named = await hub.store.read(matched_locations, merchant, connection)
    buffer = await buffer_at(hub, merchant, connection, skus)
    found: list[ShownLevel] = []
    for row in rows:
        place, of = named.get(row.location) if row.location else None, links.get(row.listing, {})
        wanted = wanted_level(
            of,
            available,
            location=place,
            locations=tuple(config.locations),
            buffer=buffer,
        )
        wanted = None if row.never_written or (row.location and place is None) else wanted
        found.append(ShownLevel(row=row, of=of, place=place, wanted=wanted))
    return found
