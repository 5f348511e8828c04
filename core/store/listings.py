"""Listings, what they are made of, and which of them must be told a new level.

A row is dirty while ``dirty_seq`` is ahead of ``clean_seq``. Whoever changes stock raises ``dirty_seq`` in the same
transaction; whoever pushed stores the ``dirty_seq`` it had read as ``clean_seq``, so that a change during the push
leaves the row dirty.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from core.store.columns import keys_in, one_of
from core.store.jobs import NewJob, enqueue_all
from core.store.pages import behind
from core.store.tables import links, listings
from core.store.tables.stock import DIRTY, WRITTEN

Place = tuple[str, str]
"""(listing, the channel's location or nothing)."""
FIRST_PLACE: Place = ("", "")
"""All others come behind it."""
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
    bulk: bool = False
    stopped: bool = False

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


COLUMNS = [listings.c[field.name] for field in fields(ListingRow)]
"""What a ``ListingRow`` is read from."""
_LISTING = (listings.c.merchant, listings.c.connection, listings.c.listing)
_KEY = (listings.c.connection, listings.c.listing, listings.c.location)
_DIRTY, _CLEAN = sa.text(DIRTY), sa.text(f"NOT ({DIRTY})")
"""In the words of the index of what is dirty."""
_AT_ONCE = 500
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
    bulk: bool = False,
) -> None:
    """Make every listing linked to these (merchant, SKU) due for a push, see ``dirty_pushes``."""
    enqueue_all(conn, dirty_pushes(conn, skus, now, invalidate=invalidate, bulk=bulk))


def dirty_pushes(
    conn: sa.Connection,
    skus: Iterable[tuple[str, str]],
    now: datetime,
    *,
    invalidate: Iterable[tuple[str, str, str]] = (),
    bulk: bool = False,
) -> list[tuple[str, NewJob]]:
    """Mark every listing linked to these (merchant, SKU) as dirty, and return the pushes that are to be enqueued.

    ``invalidate`` names (merchant, connection, listing) whose shown level is no longer known: they are read again,
    also where they are never written. ``bulk``: many at once, which come after what an order changed.
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
    conn.execute(_raised(dialect, bulk=bulk), keys_in(dialect, dirty))
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
def _raised(dialect: str, *, bulk: bool) -> sa.Update:
    raised = sa.update(listings).values(dirty_seq=listings.c.dirty_seq + 1, bulk=raised_bulk(bulk=bulk))
    return raised.where(one_of(dialect, _LISTING))


@functools.cache
def _read_no_more(dialect: str) -> sa.Update:
    return sa.update(listings).values(last_read=None).where(one_of(dialect, _LISTING))


def raised_bulk(*, bulk: bool) -> sa.ColumnElement[bool]:
    """Return what ``bulk`` of a listing becomes that is made dirty: of two causes that which is not bulk counts."""
    return sa.case(
        (listings.c.dirty_seq > listings.c.clean_seq, listings.c.bulk & bulk), else_=sa.literal(bulk)
    )


def due_levels(
    conn: sa.Connection, merchant: str, connection: str, now: datetime, *, limit: int
) -> list[ListingRow]:
    """Return listings of a connection that are dirty or due for a check.

    What an order or a person changed comes first, then what changed with many others, then what is read back.
    """
    ours = {"of_merchant": merchant, "of_connection": connection}
    found = [listing_of(row) for row in conn.execute(_DUE_DIRTY, {**ours, "most": limit})]
    if len(found) < limit:
        due = conn.execute(_DUE_CHECK, {**ours, "most": limit - len(found), "now": now})
        found += [listing_of(row) for row in due]
    return found


_OF_CONNECTION = (
    listings.c.merchant == sa.bindparam("of_merchant"),
    listings.c.connection == sa.bindparam("of_connection"),
)
_MOST: sa.BindParameter[int] = sa.bindparam("most", type_=sa.Integer)
_DUE_DIRTY = (
    sa.select(*COLUMNS).where(*_OF_CONNECTION, _DIRTY).order_by(listings.c.bulk, *_KEY[1:]).limit(_MOST)
)
_DUE_CHECK = (
    sa.select(*COLUMNS)
    .where(
        *_OF_CONNECTION, listings.c.check_at.is_not(None), listings.c.check_at <= sa.bindparam("now"), _CLEAN
    )
    .order_by(listings.c.check_at, *_KEY[1:])
    .limit(_MOST)
)


def bulk_unread(
    conn: sa.Connection, merchant: str, connection: str, now: datetime, *, limit: int
) -> list[ListingRow]:
    """Return listings of a connection that are dirty with many others, and whose shown level is to be read first."""
    return _bulk(conn, merchant, connection, sa.not_(_is_read(now)), after=None, limit=limit)


def bulk_read(
    conn: sa.Connection,
    merchant: str,
    connection: str,
    now: datetime,
    *,
    after: Place | None = None,
    limit: int,
) -> list[ListingRow]:
    """Return listings of a connection that are dirty with many others, and of which it is known what they show."""
    return _bulk(conn, merchant, connection, _is_read(now), after=after, limit=limit)


def count_bulk_read(conn: sa.Connection, merchant: str, connection: str, now: datetime, *, limit: int) -> int:
    """Return how many listings ``bulk_read`` would give, up to ``limit``."""
    which = (_of_connection(merchant, connection), _DIRTY, listings.c.bulk, _is_read(now))
    some = sa.select(listings.c.listing).where(*which).limit(limit).subquery()
    return conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()


def _is_read(now: datetime) -> sa.ColumnElement[bool]:
    to_be_checked = sa.and_(listings.c.check_at.is_not(None), listings.c.check_at <= now)
    return sa.and_(listings.c.last_read.is_not(None), sa.not_(to_be_checked))


def _bulk(  # noqa: PLR0917 - of whom, which, and from where on
    conn: sa.Connection,
    merchant: str,
    connection: str,
    which: sa.ColumnElement[bool],
    after: Place | None,
    limit: int,
) -> list[ListingRow]:
    query = sa.select(*COLUMNS).where(_of_connection(merchant, connection), _DIRTY, listings.c.bulk, which)
    if after is not None:
        query = query.where(behind(_KEY[1:], after))
    return [listing_of(row) for row in conn.execute(query.order_by(*_KEY[1:]).limit(limit))]


def count_written(conn: sa.Connection, merchant: str, connection: str) -> int:
    """Return how many listings of a connection are ours to write, at each of their locations."""
    ours = sa.text(WRITTEN)
    query = sa.select(sa.func.count()).select_from(listings).where(_of_connection(merchant, connection), ours)
    return conn.execute(query).scalar_one()


def next_level_at(conn: sa.Connection, merchant: str, connection: str) -> datetime | None:
    """Return when a listing of the connection is next to be looked at; None where all are as they should be."""
    ours = _of_connection(merchant, connection)
    if conn.execute(sa.select(sa.literal(1)).where(ours, _DIRTY).limit(1)).first() is not None:
        return datetime.min.replace(tzinfo=UTC)
    first = sa.select(sa.func.min(listings.c.check_at)).where(ours, listings.c.check_at.is_not(None))
    check_at: datetime | None = conn.execute(first).scalar()
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


_LEVEL = ("read_at", "wanted_last", "check_at", "refused", "clean_seq", "fulfilled_by_channel")
_SAID = ("agreed", "restore_to", "stopped")


def _of_connection(merchant: str, connection: str) -> sa.ColumnElement[bool]:
    return sa.and_(listings.c.merchant == merchant, listings.c.connection == connection)


def listing_of(row: sa.Row[Any]) -> ListingRow:
    """Return the listing of a row of ``COLUMNS``."""
    return ListingRow(**row._mapping)  # noqa: SLF001 - its public name


def invalidate_level(
    conn: sa.Connection, merchant: str, connection: str, name: str, *, now: datetime
) -> None:
    """Note that a channel changed a level by itself: it is read before it is next written."""
    named = listings_named(conn, merchant, connection, name)
    mark_dirty(conn, (), now, invalidate=[(merchant, connection, listing) for listing in named])
