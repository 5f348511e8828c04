"""What stood around one order: the stock of its SKUs before it took any, its listings, and whether it has a mail address."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.model.products import Product
from core.store.columns import among
from core.store.links import links_of_listings
from core.store.listing_pages import rows_of_listings
from core.store.personal import has_search_hash
from core.store.products import products_of
from core.store.tables import ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class AroundOrder:
    """What stood around one order; no personal data."""

    products: Mapping[str, Product]
    links: Mapping[str, Mapping[str, int]]
    """By listing."""
    shown_at: Mapping[str, tuple[str, ...]]
    """By listing: the channel's own ids of the locations that show it."""
    available: Mapping[tuple[str, str], int]
    """(SKU, location) -> units that were free when the order became known, before it took any."""
    has_mail: bool


def read_around_order(
    conn: sa.Connection,
    merchant: str,
    order_id: str,
    *,
    connection: str,
    listings: Collection[str],
    skus: Collection[str],
    received_at: datetime,
) -> AroundOrder:
    """Return what stood around an order that became known at an instant."""
    links = links_of_listings(conn, merchant, connection, listings)
    every = sorted({*skus, *(sku for of in links.values() for sku in of)})
    shown: dict[str, tuple[str, ...]] = {}
    for row in rows_of_listings(conn, merchant, [(connection, listing) for listing in listings]):
        shown[row.listing] = (*shown.get(row.listing, ()), row.location)
    return AroundOrder(
        products=products_of(conn, merchant, every),
        links={listing: links.get(listing, {}) for listing in sorted({*links, *shown})},
        shown_at=shown,
        available=_free_before(conn, merchant, order_id, every, received_at),
        has_mail=has_search_hash(conn, merchant, order_id, "email"),
    )


def _free_before(
    conn: sa.Connection, merchant: str, order_id: str, skus: Collection[str], received_at: datetime
) -> dict[tuple[str, str], int]:
    """Return the units by (SKU, location) that were free when the order became known, before it took any."""
    mine = (ledger.c.merchant == merchant, ledger.c.order_id == order_id)
    first = (
        sa.select(ledger.c.sku, ledger.c.location, sa.func.min(ledger.c.seq).label("seq"))
        .where(*mine)
        .group_by(ledger.c.sku, ledger.c.location)
        .subquery()
    )
    same = sa.and_(first.c.sku == ledger.c.sku, first.c.location == ledger.c.location)
    before = sa.or_(first.c.seq.is_(None), ledger.c.seq < first.c.seq)
    free = sa.func.sum(ledger.c.d_on_hand - ledger.c.d_committed)
    query = (
        sa.select(ledger.c.sku, ledger.c.location, free)
        .select_from(ledger.outerjoin(first, same))
        .where(
            among(conn, (ledger.c.merchant, ledger.c.sku), [(merchant, sku) for sku in skus]),
            before,
            ledger.c.at <= received_at,
        )
        .group_by(ledger.c.sku, ledger.c.location)
    )
    return {(sku, location): int(units) for sku, location, units in conn.execute(query)} if skus else {}
