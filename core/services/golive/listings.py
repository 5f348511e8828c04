"""Every listing as it is shown and as it would be: the rows of the written differences, a page at a time."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Literal

from core.domain.levels import wanted_level
from core.engine.buffers import buffer_at
from core.engine.hub import Hub
from core.model.base import Shape
from core.store.channel_locations import channel_places
from core.store.links import links_of_listings
from core.store.listing_pages import page_of_listings, rows_of_listings
from core.store.listings import ListingRow
from core.store.paging import each_page
from core.store.stock import listable_units

RowState = Literal["differ", "equal", "unlinked", "read_only", "not_counted", "no_location", "unread"]
STATES: tuple[RowState, ...] = (
    "differ",
    "equal",
    "unlinked",
    "read_only",
    "not_counted",
    "no_location",
    "unread",
)
ON_A_PAGE = 500


class ListingDifference(Shape):
    """One listing, at one of our locations where the channel counts by location (else None), in units of the listing."""

    connection: str
    listing: str
    location: str | None
    at: str
    """The channel's own id of the location; empty where it keeps one quantity."""
    title: str
    shows: int | None
    wanted: int | None
    """What it is to show; None: it is never written."""
    state: RowState
    by: Literal["buffer", "count"] | None
    """Of a difference: whether it is gone where all buffers are 0."""
    because: str
    plain: int | None = None
    """What it would show without buffers: how many could be sold."""


async def differences_of(
    hub: Hub, merchant: str, connection: str, listing: str, of: Mapping[str, int]
) -> list[ListingDifference]:
    """Return one listing as it is shown and as it would be if one unit of it were made ``of`` these units by SKU."""
    rows = await hub.store.read(rows_of_listings, merchant, [(connection, listing)])
    if not rows or hub.connections(merchant).ports[connection].levels is None:
        return []
    return await judged(hub, merchant, connection, rows, as_if={listing: of})


async def difference_pages(hub: Hub, merchant: str) -> AsyncIterator[list[ListingDifference]]:
    """Yield every listing as it is shown and as it would be, page by page, in the order of crossdock.yaml."""
    for connection, ports in hub.connections(merchant).ports.items():
        if ports.levels is None:
            continue
        async for rows in each_page(hub.store, page_of_listings, merchant, connection, limit=ON_A_PAGE):
            yield await judged(hub, merchant, connection, rows)


async def judged(
    hub: Hub,
    merchant: str,
    connection: str,
    rows: Sequence[ListingRow],
    *,
    as_if: Mapping[str, Mapping[str, int]] | None = None,
) -> list[ListingDifference]:
    """Return listings of a connection as they are shown and as they would be; ``as_if`` says how some were linked."""
    names = [row.listing for row in rows]
    links = {**await hub.store.read(links_of_listings, merchant, connection, names), **(as_if or {})}
    skus = {sku for of in links.values() for sku in of}
    available = await hub.store.read(listable_units, merchant, skus)
    places = await hub.store.read(channel_places, merchant, connection)
    buffer = await buffer_at(hub, merchant, connection, skus)
    found: list[ListingDifference] = []
    for row in rows:
        made_of, (name, place) = (
            links.get(row.listing, {}),
            places.get(row.location, (row.location, None)),
        )
        wanted = _wanted(hub, merchant, row, made_of, place, available, buffer)
        plain = _wanted(hub, merchant, row, made_of, place, available, lambda _: 0)
        found.append(_difference(row, made_of, place, name, wanted, plain))
    return found


def _wanted(  # noqa: PLR0917 - what a level depends on
    hub: Hub,
    merchant: str,
    row: ListingRow,
    made_of: Mapping[str, int],
    place: str | None,
    available: Mapping[tuple[str, str], int],
    buffer: Callable[[str], int],
) -> int | None:
    config = hub.config(merchant)
    if row.never_written or (row.location and place is None):
        return None
    return wanted_level(
        made_of,
        available,
        location=place if row.location else None,
        locations=tuple(config.locations),
        buffer=buffer,
    )


def _difference(  # noqa: PLR0917 - a row and what is known of it
    row: ListingRow,
    made_of: Mapping[str, int],
    place: str | None,
    name: str,
    wanted: int | None,
    plain: int | None,
) -> ListingDifference:
    state, because = _state_of(row, made_of, place, name, wanted)
    by: Literal["buffer", "count"] | None = None
    if state == "differ":
        by = "buffer" if row.last_read == plain else "count"
        because = (
            f"{plain} without buffers, {'as it shows' if by == 'buffer' else f'and it shows {row.last_read}'}"
        )
    return ListingDifference(
        connection=row.connection,
        listing=row.listing,
        location=place,
        at=row.location,
        title=row.title,
        shows=row.last_read,
        wanted=wanted,
        state=state,
        by=by,
        because=because,
        plain=plain,
    )


def _state_of(
    row: ListingRow, made_of: Mapping[str, int], place: str | None, name: str, wanted: int | None
) -> tuple[RowState, str]:
    if row.never_written:
        return "read_only", "the channel keeps this quantity itself; it is never written"
    if not made_of:
        return "unlinked", "nobody said what it is made of; it is never written"
    if row.location and place is None:
        return "no_location", f"no location of crossdock.yaml has the name {name!r}; it is never written"
    if wanted is None:
        return "not_counted", "a SKU of it was never counted; it is not written"
    if row.last_read is None:
        return "unread", "the channel has not said yet what it shows"
    if wanted == row.last_read:
        return "equal", ""
    return "differ", ""
