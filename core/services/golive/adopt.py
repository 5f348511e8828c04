"""Opening counts from the numbers that one channel shows, for SKUs that were never counted (R82).

What a shop shows is what can still be bought there: on hand less what its own open orders took (R32). So what lies
there is the number shown plus the units of that channel's open orders; committing those leaves the number shown.
Only listings of one unit of one SKU say how much there is of it: a kit or a multipack does not.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from core.domain.state import OrderState
from core.engine.hub import Hub
from core.errors import RefusedError
from core.model.order import ChannelState, FulfilledBy, Order
from core.services.golive.opening import Change, Loaded, Preview, store
from core.store.channel_locations import matched_locations
from core.store.golive import open_orders
from core.store.links import links_of_listings
from core.store.listing_pages import page_of_listings
from core.store.listings import ListingRow
from core.store.paging import each_page
from core.store.stock import stock_of

StockKey = tuple[str, str]
"""(SKU, location)."""


async def preview(hub: Hub, merchant: str, connection: str, location: str | None = None) -> Preview:
    """Return what would be counted; nothing is stored.

    ``location`` says where the goods of a channel lie that keeps one quantity; not needed where there is one place.

    Raises:
        NotFoundError: no such connection.
        RefusedError: the channel keeps no levels, or must be told the location.
    """
    if hub.connections(merchant).named(connection).levels is None:
        raise RefusedError(f"{connection} lists nothing whose numbers could be taken over")
    ours = tuple(hub.config(merchant).locations)
    if location is not None and location not in ours:
        raise RefusedError(f"no location {location!r}; crossdock.yaml has {', '.join(ours)}")
    if location is None and await _keeps_one_quantity(hub, merchant, connection):
        if len(ours) != 1:
            raise RefusedError(
                f"{connection} keeps one quantity for all locations: say where it lies, one of {', '.join(ours)}"
            )
        location = ours[0]
    places = await hub.store.read(matched_locations, merchant, connection)
    shown: dict[StockKey, set[int]] = {}
    passed_over: list[str] = []
    async for rows in each_page(hub.store, page_of_listings, merchant, connection):
        named = [row.listing for row in rows]
        links = await hub.store.read(links_of_listings, merchant, connection, named)
        skus = {sku for of in links.values() for sku in of}
        counted = {row.sku for row in await hub.store.read(stock_of, merchant, skus) if row.counted}
        for row in rows:
            why, stock_key = _taken(row, links.get(row.listing, {}), counted, places, location)
            if stock_key is None or row.last_read is None:
                passed_over += [f"{row.listing}: {why}"] if why else []
            else:
                shown.setdefault(stock_key, set()).add(row.last_read)
    states = [state for _, _, state in await hub.store.read(open_orders, merchant)]
    sold = {line.listing for s in states if s.order is not None for line in s.order.lines if line.listing}
    links = await hub.store.read(links_of_listings, merchant, connection, sold)
    promised = _promised(states, connection, places, location, links)
    return _preview(shown, promised, passed_over)


async def _keeps_one_quantity(hub: Hub, merchant: str, connection: str) -> bool:
    """Return whether a channel keeps one quantity of some listing for all locations."""
    async for rows in each_page(hub.store, page_of_listings, merchant, connection):
        if any(not row.location for row in rows):
            return True
    return False


def _taken(
    row: ListingRow,
    made_of: Mapping[str, int],
    counted: set[str],
    places: Mapping[str, str | None],
    location: str | None,
) -> tuple[str, StockKey | None]:
    """Return why a listing says nothing of a counter (or nothing), and the counter it speaks of."""
    if row.never_written:
        return "the channel keeps this quantity itself", None
    if not made_of:
        return "not linked", None
    if list(made_of.values()) != [1]:
        return "a kit or a multipack does not say how much there is of a SKU", None
    (sku,) = made_of
    if sku in counted:
        return f"{sku} was counted before", None
    place = places.get(row.location) if row.location else location
    if place is None:
        return "at a location that is none of crossdock.yaml's", None
    return ("the channel has not said yet what it shows" if row.last_read is None else ""), (sku, place)


def _promised(
    states: list[OrderState],
    connection: str,
    places: Mapping[str, str | None],
    location: str | None,
    links: Mapping[str, Mapping[str, int]],
) -> Counter[StockKey | str]:
    """Return the units that the channel's own open orders took off: by counter where it assigned one, else by SKU."""
    found: Counter[StockKey | str] = Counter()
    for state in states:
        order = state.order
        if (
            order is None
            or order.connection != connection
            or order.state not in (ChannelState.OPEN, ChannelState.PENDING)
            or order.fulfilled_by is FulfilledBy.CHANNEL
        ):
            continue
        for line, place, units in _taken_off(order, places):
            # A kit's sale takes nothing off the numbers of its parts: only listings of one unit of one SKU count.
            made_of = links.get(line, {})
            if list(made_of.values()) == [1]:
                (sku,) = made_of
                at = place or location
                found[(sku, at) if at else sku] += units
    return found


def _taken_off(order: Order, places: Mapping[str, str | None]) -> Iterator[tuple[str, str | None, int]]:
    """Yield (listing, our location or None, units) that an open order took off what its channel shows."""
    listing = {line.line_id: line.listing or "" for line in order.lines}
    for work in order.work_orders:
        for _, line_id, units in work.lines:
            yield listing.get(line_id, ""), places.get(work.location or ""), units
    if not order.work_orders:
        for line in order.lines:
            yield line.listing or "", None, line.open_quantity


def _preview(
    shown: Mapping[StockKey, set[int]], promised: Counter[StockKey | str], passed_over: list[str]
) -> Preview:
    lines: list[Change] = []
    for number, ((sku, place), numbers) in enumerate(sorted(shown.items()), start=1):
        places = [at for other, at in shown if other == sku]
        taken = promised[sku, place] + (promised[sku] if place == places[0] else 0)
        if len(numbers) > 1:
            passed_over.append(
                f"{sku} at {place}: two listings show {' and '.join(map(str, sorted(numbers)))}"
            )
        elif min(numbers) + taken < 0:
            passed_over.append(f"{sku} at {place}: it would be {min(numbers) + taken}; count it")
        else:
            units = min(numbers) + taken
            lines.append(
                Change(line=number, sku=sku, location=place, before=None, units=units, committed=taken)
            )
    return Preview(lines=tuple(lines), mistakes=(), passed_over=tuple(passed_over))


async def adopt(
    hub: Hub, merchant: str, connection: str, location: str | None = None, *, actor: str
) -> Loaded:
    """Count what one channel shows; SKUs that were counted before stay as they are.

    Raises:
        NotFoundError: no such connection.
        RefusedError: nothing can be taken over, or the location must be told.
    """
    seen = await preview(hub, merchant, connection, location)
    if not seen.lines:
        why = "; ".join(seen.passed_over) or "every SKU it lists was counted before"
        raise RefusedError(f"nothing of {connection} can be taken over: {why}")
    lines = [(c.sku, c.location, c.units) for c in seen.lines]
    return await store(hub, merchant, lines, connection, actor=actor)
