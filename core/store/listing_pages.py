"""Listings by the page and by name: nothing here reads a whole catalogue."""

import functools
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from core.store.columns import keys_in, one_of
from core.store.listings import COLUMNS, ListingRow, listing_of
from core.store.pages import Page, in_order
from core.store.tables import listings
from core.store.tables.stock import DIRTY, NOT_LINKED, WRITTEN

_LISTING = (listings.c.merchant, listings.c.connection, listings.c.listing)
_KEY = (listings.c.connection, listings.c.listing, listings.c.location)


def page_of_listings(
    conn: sa.Connection,
    merchant: str,
    connection: str | None = None,
    *,
    linked: bool | None = None,
    after: str | None = None,
    limit: int = 200,
) -> Page[ListingRow]:
    """Return a page of a merchant's listings, or of one connection's, by connection, listing and location.

    ``linked`` keeps those that somebody linked, or those that nobody did.
    """
    query = sa.select(*COLUMNS).where(listings.c.merchant == merchant)
    if connection is not None:
        query = query.where(listings.c.connection == connection)
    if linked is not None:
        query = query.where(listings.c.linked if linked else sa.text(NOT_LINKED))
    return in_order(conn, query, _KEY, listing_of, after=after, limit=limit, fixed=connection is not None)


def rows_of_listings(
    conn: sa.Connection, merchant: str, named: Iterable[tuple[str, str]]
) -> list[ListingRow]:
    """Return the rows of these (connection, listing), one for each location; of what is not offered there is none."""
    keys = sorted({(merchant, connection, listing) for connection, listing in named})
    if not keys:
        return []
    dialect = conn.dialect.name
    return [listing_of(row) for row in conn.execute(_of_named(dialect), keys_in(dialect, keys))]


@functools.cache
def _of_named(dialect: str) -> sa.Select[Any]:
    return sa.select(*COLUMNS).where(one_of(dialect, _LISTING)).order_by(*_KEY)


MOST_COUNTED = 10_000
"""Of more listings than this so many are counted."""


def count_levels_left(conn: sa.Connection, merchant: str, accepted: Collection[str]) -> int:
    """Return how many listings are still to be brought true or read back, up to ``MOST_COUNTED`` of each sort.

    ``accepted`` are the connections whose levels are: only there is anything read back.
    """
    ours = (listings.c.merchant == merchant, sa.text(WRITTEN))
    dirty, clean = sa.text(DIRTY), sa.text(f"NOT ({DIRTY})")
    put_back = listings.c.restore_to.is_not(None)
    read_back = (
        listings.c.connection.in_(sorted(accepted)),
        listings.c.check_at.is_not(None),
        listings.c.refused.is_(None),
        listings.c.last_read.is_not(None),
    )
    return (
        _count(conn, *ours, dirty)
        + _count(conn, *ours, put_back, clean)
        + _count(conn, *ours, *read_back, clean, sa.not_(put_back))
    )


def _count(conn: sa.Connection, *which: sa.ColumnElement[bool] | sa.TextClause) -> int:
    some = sa.select(listings.c.merchant).where(*which).limit(MOST_COUNTED).subquery()
    return conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()


def count_listings(conn: sa.Connection, merchant: str) -> int:
    """Return how many listings a merchant has, each once whatever locations it is kept at, up to ``MOST_COUNTED``."""
    named = sa.select(listings.c.connection, listings.c.listing).where(listings.c.merchant == merchant)
    some = named.distinct().limit(MOST_COUNTED).subquery()
    return conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
