"""Why a SKU's listings show what they show: counts, buffers with the stock rules that give them, and the arithmetic."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import PurePath

from core.config.merchant import MerchantConfig, StockRule
from core.engine.hub import Hub
from core.errors import NotFoundError
from core.model.actions import Action
from core.services.explained import BufferView, CountedView, ListingWhy, StockExplanation
from core.services.levels_shown import ShownLevel, shown_levels
from core.store.links import listings_of_sku
from core.store.listing_pages import rows_of_listings
from core.store.products import products_of
from core.store.stock import StockRow, stock_of
from core.store.switches import accepted_actions


async def explain_stock(hub: Hub, merchant: str, sku: str) -> StockExplanation:
    """Return why a SKU's listings show what they show.

    Raises:
        NotFoundError: no such SKU: nobody described, counted or linked it.
    """
    config = hub.config(merchant)
    rows = await hub.store.read(stock_of, merchant, [sku])
    named = await hub.store.read(listings_of_sku, merchant, sku)
    if not rows and not named and not await hub.store.read(products_of, merchant, [sku]):
        raise NotFoundError(f"no order and no SKU {sku!r}")
    listings = await hub.store.read(rows_of_listings, merchant, named)
    accepted = await hub.store.read(accepted_actions, merchant)
    shown: list[ListingWhy] = []
    for connection, of_connection in groupby(listings, attrgetter("connection")):
        if connection not in config.connections:
            continue
        may = (connection, Action.LEVELS.value) in accepted
        levels = await shown_levels(hub, merchant, connection, list(of_connection))
        skus = {part for level in levels for part in level.of}
        stock = await hub.store.read(stock_of, merchant, skus)
        shown += [_listing(config, level, _available(config, stock), accepted=may) for level in levels]
    low = config.low_rule(sku)
    return StockExplanation(
        sku=sku,
        counted=tuple(
            CountedView(
                location=row.location, on_hand=row.on_hand, committed=row.committed, available=row.available
            )
            for row in rows
        ),
        available=sum(row.available for row in rows),
        low=low.low if low is not None else None,
        low_where=where_of(config, low) if low is not None else None,
        buffers=_buffers(config, sku, sorted({connection for connection, _ in named})),
        listings=tuple(shown),
    )


def where_of(config: MerchantConfig, rule: StockRule) -> str:
    """Return where the file has a stock rule, as in ``crossdock.yaml:14:3``."""
    file = PurePath((rule.at.file if rule.at is not None else "") or config.file).name
    return f"{file}:{rule.at.line}:{rule.at.column}" if rule.at is not None else file


def _buffers(config: MerchantConfig, sku: str, connections: Sequence[str]) -> tuple[BufferView, ...]:
    found: list[BufferView] = []
    for connection in connections:
        rule = config.buffer_rule(sku, connection)
        found.append(
            BufferView(
                connection=connection,
                units=config.buffer(sku, connection),
                pattern=rule.pattern if rule is not None else None,
                where=where_of(config, rule) if rule is not None else None,
            )
        )
    return tuple(found)


def _available(config: MerchantConfig, rows: Sequence[StockRow]) -> Mapping[str, Mapping[str, int]]:
    """Return by SKU and location what is available, of locations that the file names."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.location in config.locations:
            found.setdefault(row.sku, {})[row.location] = row.available
    return found


def _listing(
    config: MerchantConfig, level: ShownLevel, available: Mapping[str, Mapping[str, int]], *, accepted: bool
) -> ListingWhy:
    row = level.row
    return ListingWhy(
        connection=row.connection,
        listing=row.listing,
        location=level.place,
        of=dict(level.of),
        wanted=level.wanted,
        shown=row.last_read,
        why=_why(config, level, available, accepted=accepted),
    )


def _why(
    config: MerchantConfig, level: ShownLevel, available: Mapping[str, Mapping[str, int]], *, accepted: bool
) -> str:
    row = level.row
    if row.refused is not None:
        return f"its channel refused the level: {row.refused}"
    if row.never_written:
        return (
            "its channel keeps this quantity itself: it ships it, or computes it from the parts of a bundle"
        )
    if row.location and level.place is None:
        return f"its channel's location {row.location} is none of ours"
    if level.wanted is None:
        lacking = [sku for sku in level.of if not _at(available, sku, level.place)]
        return f"never counted: {', '.join(sorted(lacking))}; it is not written"
    parts = [
        f"{sku}: {sum(_at(available, sku, level.place).values())} available less"
        f" {config.buffer(sku, row.connection)} of buffer, {units} in one"
        for sku, units in level.of.items()
    ]
    why = f"{'; '.join(parts)}: {level.wanted}"
    if row.last_read in (None, level.wanted):
        return why
    if not accepted:
        return f"{why}; shown is {row.last_read}: levels are not accepted for {row.connection}"
    return f"{why}; shown is {row.last_read} until the next push"


def _at(available: Mapping[str, Mapping[str, int]], sku: str, place: str | None) -> Mapping[str, int]:
    at = available.get(sku, {})
    return at if place is None else {place: at[place]} if place in at else {}
