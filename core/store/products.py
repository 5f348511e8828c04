"""Products: what a SKU is, weighs and measures."""

import functools
import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from core.domain.link_proposals import folded, search_words
from core.domain.lost_skus import KEPT_DIGITS
from core.model.products import Product
from core.store.columns import among, keys_in, one_of
from core.store.pages import Page, in_order
from core.store.reads import one_statement
from core.store.revisions import change_settings
from core.store.tables import product_words, products, stock
from core.store.tables.stock import NOT_STOCKED
from core.store.writes import insert_new, upsert

_KEY = (products.c.merchant, products.c.sku)
_STOCKED = (stock.c.merchant, stock.c.sku)
_WORDED = (product_words.c.merchant, product_words.c.sku)
_LONGEST_NUMBER = 20
"""A number of a SKU has at most so many digits, where it is sought with other zeros before it."""
_MOST_LOST = 1000
"""Of so many SKUs that are no product it is looked up what was meant."""
_MOST_CUT = 100
MOST_COUNTED = 10_000
"""Of more products than this so many are counted."""


def save_products(conn: sa.Connection, merchant: str, saved: Sequence[Product]) -> None:
    """Store products, replacing those of the same SKU."""
    rows = [
        {
            "merchant": merchant,
            "sku": product.sku,
            "title": product.title,
            "weight_g": product.weight_g,
            "size_mm": json.dumps(product.size_mm) if product.size_mm else None,
            "hs": product.hs,
            "origin": product.origin,
            "barcode": product.barcode,
            "folded_sku": folded(product.sku),
        }
        for product in saved
    ]
    change_settings(conn, merchant)
    keys = [(merchant, product.sku) for product in saved]
    stocked = frozenset(conn.execute(sa.select(stock.c.sku).where(among(conn, _STOCKED, keys))).scalars())
    upsert(conn, products, [row | {"stocked": row["sku"] in stocked} for row in rows], keep=("alike",))
    _save_words(conn, merchant, saved)
    _mark_alike(conn, merchant, products.c.folded_sku, [folded(product.sku) for product in saved])
    _mark_alike(conn, merchant, products.c.barcode, [product.barcode for product in saved if product.barcode])


def _mark_alike(conn: sa.Connection, merchant: str, column: sa.Column[Any], values: Sequence[str]) -> None:
    """Mark products that have a value of ``values`` in common with another."""
    keys = sorted({(merchant, value) for value in values})
    if not keys:
        return
    of = among(conn, (products.c.merchant, column), keys)
    shared = sa.select(column).where(of).group_by(column).having(sa.func.count() > 1)
    twins = [(merchant, value) for value in conn.execute(shared).scalars()]
    if twins:
        of = among(conn, (products.c.merchant, column), twins)
        conn.execute(sa.update(products).where(of).values(alike=True))


def _save_words(conn: sa.Connection, merchant: str, saved: Sequence[Product]) -> None:
    words = {(product.sku, word) for product in saved for word in search_words(product.title)}
    keys = [(merchant, product.sku) for product in saved]
    conn.execute(sa.delete(product_words).where(among(conn, _WORDED, keys)))
    rows = [{"merchant": merchant, "sku": sku, "word": word} for sku, word in sorted(words)]
    insert_new(conn, product_words, rows)


def note_stocked(conn: sa.Connection, skus: Iterable[tuple[str, str]]) -> None:
    """Note that there is a counter of these (merchant, SKU)."""
    named = sorted(set(skus))
    if named:
        fresh = (among(conn, _KEY, named), sa.text(NOT_STOCKED))
        conn.execute(sa.update(products).where(*fresh).values(stocked=True))


def list_products(conn: sa.Connection, merchant: str) -> dict[str, Product]:
    """Return a merchant's products by SKU."""
    query = sa.select(products).where(products.c.merchant == merchant).order_by(products.c.sku)
    return {row.sku: _product_of(row) for row in conn.execute(query)}


@one_statement
def products_of(conn: sa.Connection, merchant: str, skus: Iterable[str]) -> dict[str, Product]:
    """Return those products of these SKUs that are known, whatever the size of the catalogue."""
    wanted = sorted({(merchant, sku) for sku in skus})
    if not wanted:
        return {}
    dialect = conn.dialect.name
    return {row.sku: _product_of(row) for row in conn.execute(_of_skus(dialect), keys_in(dialect, wanted))}


@functools.cache
def _of_skus(dialect: str) -> sa.Select[Any]:
    return sa.select(products).where(one_of(dialect, _KEY)).order_by(products.c.sku)


def page_of_products(
    conn: sa.Connection, merchant: str, *, after: str | None = None, limit: int = 200
) -> Page[Product]:
    """Return a page of a merchant's products, by SKU."""
    query = sa.select(products).where(products.c.merchant == merchant)
    return in_order(conn, query, (products.c.sku,), _product_of, after=after, limit=limit)


def first_skus(
    conn: sa.Connection, merchant: str, which: str | None = None, *, limit: int, after: str = ""
) -> list[str]:
    """Return the first SKUs of a merchant; ``which`` keeps those of an index, in its words (core/store/tables/stock.py)."""
    query = sa.select(products.c.sku).where(products.c.merchant == merchant, products.c.sku > after)
    if which is not None:
        query = query.where(sa.text(which))
    return list(conn.execute(query.order_by(products.c.sku).limit(limit)).scalars())


def count_products(conn: sa.Connection, merchant: str) -> int:
    """Return how many products a merchant has, up to ``MOST_COUNTED``."""
    some = sa.select(products.c.sku).where(products.c.merchant == merchant).limit(MOST_COUNTED).subquery()
    return conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()


def known_or_alike(conn: sa.Connection, merchant: str, skus: Iterable[str]) -> frozenset[str]:
    """Return those of these SKUs that are products, and of the others the products that may have been meant."""
    wanted = frozenset(skus)
    known = _those(conn, _KEY, [(merchant, sku) for sku in wanted])
    lost = sorted(wanted - known)[:_MOST_LOST]
    folds = [(merchant, folded(sku)) for sku in lost]
    digits = [sku for sku in lost if sku.isdecimal() and sku.isascii()]
    zeros = [
        (merchant, sku.lstrip("0").zfill(length))
        for sku in digits
        for length in range(len(sku.lstrip("0")), max(len(sku), _LONGEST_NUMBER) + 1)
    ]
    found = (
        known | _those(conn, (products.c.merchant, products.c.folded_sku), folds) | _those(conn, _KEY, zeros)
    )
    for sku in digits[:_MOST_CUT]:
        first, last = sku[:KEPT_DIGITS].ljust(len(sku), "0"), sku[:KEPT_DIGITS].ljust(len(sku), "9")
        between = products.c.sku.between(first, last)
        query = sa.select(products.c.sku).where(products.c.merchant == merchant, between)
        found |= frozenset(conn.execute(query.order_by(products.c.sku).limit(_MOST_CUT)).scalars())
    return found


def _those(
    conn: sa.Connection, columns: Sequence[sa.Column[str]], keys: Sequence[tuple[str, str]]
) -> frozenset[str]:
    if not keys:
        return frozenset()
    query = sa.select(products.c.sku).where(among(conn, columns, sorted(set(keys))))
    return frozenset(conn.execute(query).scalars())


def customs_of(
    conn: sa.Connection, merchant: str, skus: Sequence[str]
) -> dict[str, tuple[str | None, str | None]]:
    """Return (tariff code, origin) of these SKUs, whatever the size of the catalogue."""
    if not skus:
        return {}
    dialect = conn.dialect.name
    found = conn.execute(_customs(dialect), keys_in(dialect, [(merchant, sku) for sku in skus]))
    return {sku: (hs, origin) for sku, hs, origin in found}


@functools.cache
def _customs(dialect: str) -> sa.Select[Any]:
    return sa.select(products.c.sku, products.c.hs, products.c.origin).where(one_of(dialect, _KEY))


def _product_of(row: sa.Row[Any]) -> Product:
    size: tuple[int, int, int] | None = tuple(json.loads(row.size_mm)) if row.size_mm else None
    return Product(
        sku=row.sku,
        title=row.title,
        weight_g=row.weight_g,
        size_mm=size,
        hs=row.hs,
        origin=row.origin,
        barcode=row.barcode,
    )
