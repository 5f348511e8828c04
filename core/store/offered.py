"""What a channel offers: stored, renamed and dropped some hundred listings at a time."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.domain.link_proposals import folded
from core.model.stock import Listing
from core.store.columns import among
from core.store.jobs import NewJob, enqueue
from core.store.listings import FIRST_PLACE, PUSH, Place
from core.store.pages import behind
from core.store.tables import links, listings
from core.store.writes import Row, upsert

_KEY = (listings.c.connection, listings.c.listing, listings.c.location)
_AT_ONCE = 500


def save_listings(
    conn: sa.Connection, merchant: str, connection: str, offered: Sequence[Listing], *, now: datetime
) -> None:
    """Store what a channel offers now: new listings dirty, known ones renamed, those no longer offered gone."""
    save_offered(conn, merchant, connection, offered, copies=copies_of(offered), now=now)
    after: Place | None = FIRST_PLACE
    while after is not None:
        after = drop_others(conn, merchant, connection, places_of(offered), after=after)


def save_offered(
    conn: sa.Connection,
    merchant: str,
    connection: str,
    offered: Sequence[Listing],
    *,
    copies: Mapping[str, int],
    now: datetime,
) -> None:
    """Store some of what a channel offers now: new listings dirty, known ones renamed where their name changed."""
    rows = _listing_rows(merchant, connection, offered, copies)
    known = _told_before(conn, rows)
    new = [row for row in rows if _place(row) not in known]
    linked = _linked_of(conn, new)
    changed = [row for row in rows if _place(row) in known and known[_place(row)] != _told(row)]
    fresh = [row | {"linked": row["listing"] in linked} for row in new]
    upsert(conn, listings, changed, keep=("dirty_seq", "bulk"))
    upsert(conn, listings, fresh)
    _mark_alike(conn, merchant, connection, [*changed, *fresh])
    if new:
        enqueue(conn, merchant, [NewJob.of_connection(PUSH, connection, now)])


def _mark_alike(conn: sa.Connection, merchant: str, connection: str, rows: Sequence[Row]) -> None:
    """Mark listings of a connection that share a folded SKU with another, or go by one name with it."""
    keys = sorted({(merchant, row["folded_sku"]) for row in rows})
    if not keys:
        return
    ours = listings.c.connection == connection
    folded_of = among(conn, (listings.c.merchant, listings.c.folded_sku), keys)
    several = sa.or_(sa.func.count(listings.c.listing.distinct()) > 1, sa.func.max(listings.c.copies) > 1)
    shared = sa.select(listings.c.folded_sku).where(folded_of, ours).group_by(listings.c.folded_sku)
    twins = [(merchant, fold) for fold in conn.execute(shared.having(several)).scalars()]
    if twins:
        of = among(conn, (listings.c.merchant, listings.c.folded_sku), twins)
        conn.execute(sa.update(listings).where(of, ours).values(alike=True))


def drop_others(
    conn: sa.Connection, merchant: str, connection: str, offered: Container[Place], *, after: Place
) -> Place | None:
    """Delete of the next listings behind a place those that are not ``offered``; return the last one, None at the end."""
    query = sa.select(*_KEY[1:]).where(
        listings.c.merchant == merchant, listings.c.connection == connection, behind(_KEY[1:], after)
    )
    found = [(name, at) for name, at in conn.execute(query.order_by(*_KEY[1:]).limit(_AT_ONCE))]
    gone = [(merchant, connection, *place) for place in found if place not in offered]
    if gone:
        conn.execute(sa.delete(listings).where(among(conn, (listings.c.merchant, *_KEY), gone)))
    return found[-1] if len(found) == _AT_ONCE else None


def copies_of(offered: Iterable[Listing]) -> Counter[str]:
    """Return how many things of a channel go by each name."""
    return Counter(listing.listing for listing in offered)


def places_of(offered: Iterable[Listing]) -> frozenset[Place]:
    """Return every (listing, location) that a channel offers."""
    return frozenset((one.listing, at) for one in offered for at in (one.locations or ("",)))


def _place(row: Row) -> Place:
    return row["listing"], row["location"]


def _told(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _TOLD)


def _told_before(conn: sa.Connection, rows: Sequence[Row]) -> dict[Place, tuple[Any, ...]]:
    """Return what is stored of rows that are known already."""
    keys = [(row["merchant"], row["connection"], *_place(row)) for row in rows]
    if not keys:
        return {}
    of = among(conn, (listings.c.merchant, *_KEY), keys)
    query = sa.select(*_KEY[1:], *(listings.c[name] for name in _TOLD)).where(of)
    return {(name, at): tuple(told) for name, at, *told in conn.execute(query)}


def _linked_of(conn: sa.Connection, rows: Sequence[Row]) -> frozenset[str]:
    """Return the listings among these rows of one connection that somebody linked."""
    keys = sorted({(row["merchant"], row["connection"], row["listing"]) for row in rows})
    if not keys:
        return frozenset()
    of = among(conn, (links.c.merchant, links.c.connection, links.c.listing), keys)
    return frozenset(conn.execute(sa.select(links.c.listing).where(of)).scalars())


def _listing_rows(
    merchant: str, connection: str, offered: Sequence[Listing], copies: Mapping[str, int]
) -> list[dict[str, Any]]:
    rows = [
        {
            "merchant": merchant,
            "connection": connection,
            "listing": listing.listing,
            "location": location,
            "title": listing.title,
            "channel_sku": listing.sku,
            "product": listing.product,
            "fulfilled_by_channel": listing.fulfilled_by_channel,
            "barcode": listing.barcode,
            "catalog": listing.catalog,
            "copies": copies[listing.listing],
            "computed_by_channel": listing.computed_by_channel,
            "dirty_seq": 1,
            "bulk": True,
            "folded_sku": folded(listing.sku or listing.listing),
            "folded_title": folded(listing.title),
        }
        for listing in offered
        for location in (listing.locations or ("",))
    ]
    # Two things of one name at one location are one row: the channel cannot be told which of them is meant.
    return list({_place(row): row for row in rows}.values())


_TOLD = (
    "title",
    "channel_sku",
    "product",
    "fulfilled_by_channel",
    "barcode",
    "catalog",
    "copies",
    "computed_by_channel",
)
"""What a channel says of a listing."""
