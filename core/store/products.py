"""Products: what a SKU is, weighs and measures."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from core.model.products import Product
from core.store.columns import among
from core.store.tables import products
from core.store.writes import upsert


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
        }
        for product in saved
    ]
    upsert(conn, products, rows)


def list_products(conn: sa.Connection, merchant: str) -> dict[str, Product]:
    """Return a merchant's products by SKU."""
    query = sa.select(products).where(products.c.merchant == merchant).order_by(products.c.sku)
    return {row.sku: _product_of(row) for row in conn.execute(query)}


def products_of(conn: sa.Connection, merchant: str, skus: Iterable[str]) -> dict[str, Product]:
    """Return those products of these SKUs that are known, whatever the size of the catalogue."""
    wanted = sorted({(merchant, sku) for sku in skus})
    if not wanted:
        return {}
    of = among(conn, (products.c.merchant, products.c.sku), wanted)
    query = sa.select(products).where(of).order_by(products.c.sku)
    return {row.sku: _product_of(row) for row in conn.execute(query)}


def customs_of(
    conn: sa.Connection, merchant: str, skus: Sequence[str]
) -> dict[str, tuple[str | None, str | None]]:
    """Return (tariff code, origin) of these SKUs, whatever the size of the catalogue."""
    of = among(conn, (products.c.merchant, products.c.sku), [(merchant, sku) for sku in skus])
    query = sa.select(products.c.sku, products.c.hs, products.c.origin).where(of)
    return {sku: (hs, origin) for sku, hs, origin in conn.execute(query)} if skus else {}


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
