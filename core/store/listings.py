"""Listings, what they are made of, and which of them must be told a new level.

A row is dirty while ``dirty_seq`` is ahead of ``clean_seq``. Whoever changes stock raises ``dirty_seq`` in the same
transaction; whoever pushed stores the ``dirty_seq`` it had read as ``clean_seq``, so that a change during the push
leaves the row dirty.
"""

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from core.model.stock import Listing
from core.store.columns import among, keys_in, one_of
from core.store.jobs import NewJob, enqueue, enqueue_all
from core.store.tables import links, listings
from core.store.writes import upsert

PUSH = "push"
"""Kind of the job that brings a connection's levels up to date; its subject is the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRow:
    """A listing at one of the channel's locations (empty where it keeps one quantity) and what it shows."""

    merchant: str
    connection: str
    listing: str
    location: str
    title: str
    channel_sku: str | None
    product: str | None
    fulfilled_by_channel: bool
    last_read: int | None
    read_at: datetime | None
    wanted_last: int | None
    dirty_seq: int
    clean_seq: int
    check_at: datetime | None
    refused: str | None
    barcode: str | None = None
    catalog: str | None = None
    copies: int = 1
    computed_by_channel: bool = False
    agreed: bool = False
    restore_to: int | None = None

    @property
    def never_written(self) -> bool:
        """Whether the quantity is the channel's own: it ships the listing, or computes it from a bundle's parts."""
        return self.fulfilled_by_channel or self.computed_by_channel

    @property
    def shows_less(self) -> bool:
        """Whether its channel showed less than it was left at: a sale that nobody told of yet may be the cause."""
        left, shown = self.wanted_last, self.last_read
        return self.refused is None and left is not None and shown is not None and shown < left

    @property
    def dirty(self) -> bool:
        """Whether stock changed since the level was last brought up to date."""
        return self.dirty_seq > self.clean_seq


_LISTING = (listings.c.merchant, listings.c.connection, listings.c.listing)
_WRITTEN = sa.and_(
    listings.c.fulfilled_by_channel.is_(sa.false()), listings.c.computed_by_channel.is_(sa.false())
)
"""Only these are ever written; what the channel ships or computes itself is only read, which is no failure (R30)."""


def listings_named(conn: sa.Connection, merchant: str, connection: str, name: str) -> list[str]:
    """Return the listings that a channel means by a name of its own: a listing's id, or its product's."""
    query = sa.select(listings.c.listing).where(
        _of_connection(merchant, connection), sa.or_(listings.c.listing == name, listings.c.product == name)
    )
    return sorted(set(conn.execute(query).scalars()))


def mark_dirty(
    conn: sa.Connection,
    skus: Iterable[tuple[str, str]],
    now: datetime,
    *,
    invalidate: Iterable[tuple[str, str, str]] = (),
) -> None:
    """Make every listing linked to these (merchant, SKU) due for a push, see ``dirty_pushes``."""
    enqueue_all(conn, dirty_pushes(conn, skus, now, invalidate=invalidate))


def dirty_pushes(
    conn: sa.Connection,
    skus: Iterable[tuple[str, str]],
    now: datetime,
    *,
    invalidate: Iterable[tuple[str, str, str]] = (),
) -> list[tuple[str, NewJob]]:
    """Mark every listing linked to these (merchant, SKU) as dirty, and return the pushes that are to be enqueued.

    ``invalidate`` names (merchant, connection, listing) whose shown level is no longer known: they are read again,
    also where they are never written.
    """
    changed, forgotten, dialect = sorted(set(skus)), sorted(set(invalidate)), conn.dialect.name
    found: set[tuple[str, str, str]] = set(forgotten)
    if changed:
        linked = conn.execute(_linked(dialect), keys_in(dialect, changed))
        found |= {(m, c, name) for m, c, name in linked}
    if not found:
        return []
    # Locked in the order of their keys first: an UPDATE locks in whatever order it finds the rows.
    locked = conn.execute(_locked(dialect), keys_in(dialect, sorted(found))).all()
    ours = {(m, c, name) for m, c, name, written in locked if written}
    dirty = sorted(ours | {(m, c, name) for m, c, name, _ in locked}.intersection(forgotten))
    if not dirty:
        return []
    conn.execute(_raised(dialect), keys_in(dialect, dirty))
    if forgotten:
        conn.execute(_read_no_more(dialect), keys_in(dialect, forgotten))
    return [(m, NewJob.of_connection(PUSH, c, now)) for m, c in sorted({(m, c) for m, c, _ in dirty})]


@functools.cache
def _linked(dialect: str) -> sa.Select[Any]:
    of_skus = one_of(dialect, (links.c.merchant, links.c.sku))
    return sa.select(links.c.merchant, links.c.connection, links.c.listing).where(of_skus)


@functools.cache
def _locked(dialect: str) -> sa.Select[Any]:
    query = sa.select(*_LISTING, _WRITTEN.label("written")).where(one_of(dialect, _LISTING))
    return query.order_by(*_LISTING, listings.c.location).with_for_update()


@functools.cache
def _raised(dialect: str) -> sa.Update:
    return sa.update(listings).values(dirty_seq=listings.c.dirty_seq + 1).where(one_of(dialect, _LISTING))


@functools.cache
def _read_no_more(dialect: str) -> sa.Update:
    return sa.update(listings).values(last_read=None).where(one_of(dialect, _LISTING))


def save_listings(
    conn: sa.Connection, merchant: str, connection: str, offered: Sequence[Listing], *, now: datetime
) -> None:
    """Store what a channel offers now: new listings dirty, known ones renamed, those no longer offered gone."""
    rows = _listing_rows(merchant, connection, offered)
    of_listing = (listings.c.listing, listings.c.location)
    query = sa.select(*of_listing).where(_of_connection(merchant, connection))
    known = {(name, place) for name, place in conn.execute(query)}
    offered_keys = {(row["listing"], row["location"]) for row in rows}
    upsert(conn, listings, rows, keep=("dirty_seq",))
    gone = sorted(known - offered_keys)
    if gone:
        conn.execute(
            sa.delete(listings).where(_of_connection(merchant, connection), among(conn, of_listing, gone))
        )
    if offered_keys - known:
        enqueue(conn, merchant, [NewJob.of_connection(PUSH, connection, now)])


def _listing_rows(merchant: str, connection: str, offered: Sequence[Listing]) -> list[dict[str, Any]]:
    copies = Counter(listing.listing for listing in offered)
    return [
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
        }
        for listing in offered
        for location in (listing.locations or ("",))
    ]


def list_listings(conn: sa.Connection, merchant: str, connection: str | None = None) -> list[ListingRow]:
    """Return a merchant's listings, or one connection's, by connection, listing and location."""
    query = sa.select(listings).where(listings.c.merchant == merchant)
    if connection is not None:
        query = query.where(listings.c.connection == connection)
    return [_listing_of(row) for row in conn.execute(query.order_by(*listings.primary_key))]


def due_levels(
    conn: sa.Connection, merchant: str, connection: str, now: datetime, *, limit: int
) -> list[ListingRow]:
    """Return listings of a connection that are dirty or due for a check."""
    due = sa.or_(listings.c.dirty_seq > listings.c.clean_seq, listings.c.check_at <= now)
    query = sa.select(listings).where(_of_connection(merchant, connection), due)
    return [_listing_of(row) for row in conn.execute(query.order_by(*listings.primary_key).limit(limit))]


def next_level_at(conn: sa.Connection, merchant: str, connection: str) -> datetime | None:
    """Return when a listing of the connection is next to be looked at; None where all are as they should be."""
    ours = _of_connection(merchant, connection)
    dirty = sa.select(sa.literal(1)).where(ours, listings.c.dirty_seq > listings.c.clean_seq).limit(1)
    if conn.execute(dirty).first() is not None:
        return datetime.min.replace(tzinfo=UTC)
    check_at: datetime | None = conn.execute(sa.select(sa.func.min(listings.c.check_at)).where(ours)).scalar()
    return check_at


def save_levels(conn: sa.Connection, merchant: str, rows: Sequence[ListingRow]) -> None:
    """Store what came of a push or a read, given the rows as they were read with what is known now.

    A ``clean_seq`` raised to the row's ``dirty_seq`` makes it clean as of that reading: a change since leaves it
    dirty. A level forgotten since stays forgotten, and what a person said since stays said.
    """
    if not rows:
        return
    key = (listings.c.connection, listings.c.listing, listings.c.location)
    this = [listings.c.merchant == merchant, *(c == sa.bindparam(f"key_{c.name}") for c in key)]
    since = listings.c.dirty_seq > sa.bindparam("read_seq")
    forgotten = sa.and_(since, listings.c.last_read.is_(None))
    known = sa.case((forgotten, sa.null()), else_=sa.bindparam("new_last_read", type_=sa.Integer))
    changes: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in _LEVEL}
    for name in _SAID:
        column = listings.c[name]
        changes[name] = sa.case((since, column), else_=sa.bindparam(f"new_{name}", type_=column.type))
    statement = sa.update(listings).where(*this).values(**changes, last_read=known)
    ordered = sorted(rows, key=lambda row: (row.connection, row.listing, row.location))
    conn.execute(
        statement,
        [
            {
                **{f"key_{c.name}": getattr(row, c.name) for c in key},
                **{f"new_{name}": getattr(row, name) for name in (*_LEVEL, *_SAID, "last_read")},
                "read_seq": row.dirty_seq,
            }
            for row in ordered
        ],
    )


_LEVEL = ("read_at", "wanted_last", "check_at", "refused", "clean_seq")
_SAID = ("agreed", "restore_to")


def _of_connection(merchant: str, connection: str) -> sa.ColumnElement[bool]:
    return sa.and_(listings.c.merchant == merchant, listings.c.connection == connection)


def _listing_of(row: sa.Row[Any]) -> ListingRow:
    return ListingRow(**row._mapping)  # noqa: SLF001 - its public name


def invalidate_level(
    conn: sa.Connection, merchant: str, connection: str, name: str, *, now: datetime
) -> None:
    """Note that a channel changed a level by itself: it is read before it is next written."""
    named = listings_named(conn, merchant, connection, name)
    mark_dirty(conn, (), now, invalidate=[(merchant, connection, listing) for listing in named])
