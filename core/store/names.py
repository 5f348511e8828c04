"""Products and listings by what they may be meant by: folded SKUs and titles, barcodes, words, catalog entries.

Whoever proposes a link, or looks for names that contradict one another, asks for what is near some names, never for a
whole catalogue.
"""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from core.store.columns import among
from core.store.tables import links, listings, product_words, products
from core.store.tables.stock import ALIKE, NOT_LINKED

Named = tuple[str, str]
"""(connection, listing)."""
MOST_OF_A_WORD = 200
"""A word that more products have in their titles tells none of them from the others, and leads to none."""


def skus_by_names(
    conn: sa.Connection, merchant: str, *, folds: Iterable[str], barcodes: Iterable[str]
) -> frozenset[str]:
    """Return the products that have one of these folded SKUs or barcodes."""
    by_fold = _skus(conn, products.c.folded_sku, merchant, folds)
    return by_fold | _skus(conn, products.c.barcode, merchant, barcodes)


def _skus(
    conn: sa.Connection, column: sa.Column[Any], merchant: str, values: Iterable[str]
) -> frozenset[str]:
    keys = sorted({(merchant, value) for value in values if value})
    if not keys:
        return frozenset()
    query = sa.select(products.c.sku).where(among(conn, (products.c.merchant, column), keys))
    return frozenset(conn.execute(query).scalars())


def skus_beginning(
    conn: sa.Connection, merchant: str, begins: Iterable[str], *, limit: int
) -> frozenset[str]:
    """Return products whose folded SKU begins with one of these texts, ``limit`` of each at most."""
    found: set[str] = set()
    for text in sorted(set(begins)):
        first = (products.c.merchant == merchant, products.c.folded_sku >= text)
        query = sa.select(products.c.sku, products.c.folded_sku).where(*first)
        rows = conn.execute(query.order_by(products.c.folded_sku).limit(limit))
        found.update(sku for sku, fold in rows if fold.startswith(text))
    return frozenset(found)


def skus_by_words(conn: sa.Connection, merchant: str, words: Iterable[str]) -> frozenset[str]:
    """Return the products whose titles have one of these words, but for words that nearly all have."""
    found: set[str] = set()
    for word in sorted(set(words)):
        having = (product_words.c.merchant == merchant, product_words.c.word == word)
        query = sa.select(product_words.c.sku).where(*having).limit(MOST_OF_A_WORD + 1)
        skus = conn.execute(query).scalars().all()
        if len(skus) <= MOST_OF_A_WORD:
            found.update(skus)
    return frozenset(found)


def listings_by_names(
    conn: sa.Connection, merchant: str, *, folds: Iterable[str], titles: Iterable[str], limit: int
) -> list[Named]:
    """Return listings that have one of these folded SKUs or titles, ``limit`` of each at most."""
    found: set[Named] = set()
    for column, values in ((listings.c.folded_sku, folds), (listings.c.folded_title, titles)):
        keys = sorted({(merchant, value) for value in values if value})
        if keys:
            of = among(conn, (listings.c.merchant, column), keys)
            found.update(
                _named(conn, sa.select(listings.c.connection, listings.c.listing).where(of).limit(limit))
            )
    return sorted(found)


def listings_by_catalog(
    conn: sa.Connection, merchant: str, entries: Iterable[tuple[str, str]], *, limit: int
) -> list[Named]:
    """Return listings of these (connection, catalog entry)."""
    keys = sorted({(merchant, *entry) for entry in entries})
    if not keys:
        return []
    columns = (listings.c.merchant, listings.c.connection, listings.c.catalog)
    of = (among(conn, columns, keys), listings.c.catalog.is_not(None))
    return _named(conn, sa.select(listings.c.connection, listings.c.listing).where(*of).limit(limit))


def listings_made_of(conn: sa.Connection, merchant: str, skus: Iterable[str], *, limit: int) -> list[Named]:
    """Return listings that hold one of these SKUs."""
    keys = sorted({(merchant, sku) for sku in skus})
    if not keys:
        return []
    of = among(conn, (links.c.merchant, links.c.sku), keys)
    return _named(conn, sa.select(links.c.connection, links.c.listing).where(of).limit(limit))


def skus_alike(conn: sa.Connection, merchant: str, *, limit: int) -> frozenset[str]:
    """Return products that may share a folded SKU or a barcode with another: the first of them."""
    alike = (products.c.merchant == merchant, sa.text(ALIKE))
    query = sa.select(products.c.sku).where(*alike).order_by(products.c.sku).limit(limit)
    return frozenset(conn.execute(query).scalars())


def listings_alike(
    conn: sa.Connection, merchant: str, connections: Collection[str], *, limit: int
) -> list[Named]:
    """Return listings that may share a folded SKU with another of their connection: the first of each connection."""
    found: list[Named] = []
    for connection in connections:
        alike = (listings.c.merchant == merchant, listings.c.connection == connection)
        query = sa.select(listings.c.connection, listings.c.listing).where(*alike, sa.text(ALIKE))
        found += _named(conn, query.order_by(listings.c.listing).limit(limit))
    return found


def not_linked(
    conn: sa.Connection,
    merchant: str,
    connection: str,
    *,
    after: str = "",
    limit: int,
    ours: bool = False,
) -> list[str]:
    """Return the next listings of a connection behind one that nobody linked; ``ours``: without what the channel ships."""
    query = sa.select(listings.c.listing).where(
        listings.c.merchant == merchant,
        listings.c.connection == connection,
        sa.text(NOT_LINKED),
        listings.c.listing > after,
    )
    if ours:
        query = query.where(listings.c.fulfilled_by_channel.is_(sa.false()))
    return list(conn.execute(query.distinct().order_by(listings.c.listing).limit(limit)).scalars())


def linked_listings(
    conn: sa.Connection, merchant: str, connection: str, *, after: str = "", limit: int
) -> list[str]:
    """Return the next listings of a connection behind one that are linked, whether the channel offers them or not."""
    query = sa.select(links.c.listing).where(
        links.c.merchant == merchant, links.c.connection == connection, links.c.listing > after
    )
    return list(conn.execute(query.distinct().order_by(links.c.listing).limit(limit)).scalars())


def listings_to_export(
    conn: sa.Connection, merchant: str, connection: str, *, after: str = "", limit: int
) -> list[str]:
    """Return the next listings of a connection behind one, linked or offered and not linked."""
    linked = sa.select(links.c.listing).where(
        links.c.merchant == merchant, links.c.connection == connection, links.c.listing > after
    )
    opened = sa.select(listings.c.listing).where(
        listings.c.merchant == merchant,
        listings.c.connection == connection,
        sa.text(NOT_LINKED),
        listings.c.listing > after,
    )
    # Each by itself is cut off first: the union of all would be sorted.
    parts = (
        query.distinct().order_by(query.selected_columns[0]).limit(limit).subquery()
        for query in (linked, opened)
    )
    both = sa.union(*(sa.select(part.c.listing) for part in parts))
    return list(conn.execute(both.order_by("listing").limit(limit)).scalars())


def linked_connections(conn: sa.Connection, merchant: str) -> list[str]:
    """Return every connection that has a link, by one look into the index for each."""
    found: list[str] = []
    while True:
        query = sa.select(links.c.connection).where(links.c.merchant == merchant)
        query = query.where(links.c.connection > found[-1]) if found else query
        following = conn.execute(query.order_by(links.c.connection).limit(1)).scalar()
        if following is None:
            return found
        found.append(following)


def _named(conn: sa.Connection, query: sa.Select[Any]) -> list[Named]:
    return sorted({(connection, listing) for connection, listing in conn.execute(query)})


def exactly(conn: sa.Connection, merchant: str, named: Iterable[Named]) -> frozenset[Named]:
    """Return those of some (connection, listing) that their channels offer, or that are linked."""
    keys = sorted({(merchant, *one) for one in named})
    if not keys:
        return frozenset()
    found: set[Named] = set()
    for table in (listings, links):
        columns = (table.c.merchant, table.c.connection, table.c.listing)
        query = sa.select(table.c.connection, table.c.listing).where(among(conn, columns, keys))
        found.update(_named(conn, query))
    return frozenset(found)
