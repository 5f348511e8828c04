"""What the tests read of the store and the hub itself never asks in that form."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.store.jobs import Job, list_jobs
from core.store.links import Listing, links_among
from core.store.listings import COLUMNS, ListingRow, listing_of
from core.store.stock import StockRow
from core.store.tables import configs, effects, ledger, links, listings, stock


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """An effect and what came of it."""

    key: str
    order_id: str | None
    operation: str
    connection: str
    fence: str
    owner: str
    state: str
    intended_at: datetime
    settled_at: datetime | None
    request: dict[str, Any]
    result: dict[str, Any]


def effects_of(conn: sa.Connection, merchant: str, order_id: str | None = None) -> list[EffectRow]:
    """Return the effects of an order, or of all of a merchant's, the oldest first."""
    query = sa.select(effects).where(effects.c.merchant == merchant)
    if order_id is not None:
        query = query.where(effects.c.order_id == order_id)
    return [
        EffectRow(
            key=row.key,
            order_id=row.order_id,
            operation=row.operation,
            connection=row.connection,
            fence=row.fence,
            owner=row.owner,
            state=row.state,
            intended_at=row.intended_at,
            settled_at=row.settled_at,
            request=json.loads(row.request),
            result=json.loads(row.result),
        )
        for row in conn.execute(query.order_by(effects.c.intended_at, effects.c.key))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """Units that came or went at a counter, and why."""

    sku: str
    location: str
    seq: int
    at: datetime
    kind: str
    d_on_hand: int
    d_committed: int
    order_id: str | None
    actor: str
    note: str


def list_ledger(
    conn: sa.Connection, merchant: str, *, sku: str | None = None, order_id: str | None = None
) -> list[LedgerRow]:
    """Return ledger rows of a merchant, of one SKU or of one order, by SKU, location and number."""
    query = sa.select(ledger).where(ledger.c.merchant == merchant)
    if sku is not None:
        query = query.where(ledger.c.sku == sku)
    if order_id is not None:
        query = query.where(ledger.c.order_id == order_id)
    names = LedgerRow.__dataclass_fields__
    return [
        LedgerRow(**{name: getattr(row, name) for name in names})
        for row in conn.execute(query.order_by(*ledger.primary_key))
    ]


def latest_config(conn: sa.Connection, merchant: str) -> tuple[str, str] | None:
    """Return (hash, text) of the config file that was loaded last, or None."""
    query = sa.select(configs.c.hash, configs.c.text).where(configs.c.merchant == merchant)
    row = conn.execute(query.order_by(configs.c.loaded_at.desc()).limit(1)).one_or_none()
    return None if row is None else (row.hash, row.text)


def jobs_of_kind(conn: sa.Connection, merchant: str, kind: str) -> list[Job]:
    """Return a merchant's jobs of one kind, by subject."""
    return [job for job in list_jobs(conn, merchant) if job.kind == kind]


def list_listings(conn: sa.Connection, merchant: str, connection: str | None = None) -> list[ListingRow]:
    """Return a merchant's listings, or one connection's, by connection, listing and location."""
    query = sa.select(*COLUMNS).where(listings.c.merchant == merchant)
    if connection is not None:
        query = query.where(listings.c.connection == connection)
    return [listing_of(row) for row in conn.execute(query.order_by(*listings.primary_key))]


def list_stock(conn: sa.Connection, merchant: str) -> list[StockRow]:
    """Return every counter of a merchant by SKU and location."""
    query = sa.select(stock).where(stock.c.merchant == merchant).order_by(stock.c.sku, stock.c.location)
    names = StockRow.__dataclass_fields__
    return [StockRow(**{name: getattr(row, name) for name in names}) for row in conn.execute(query)]


def all_links(conn: sa.Connection, merchant: str) -> dict[Listing, dict[str, int]]:
    """Return units by SKU of every linked listing of a merchant."""
    query = sa.select(links.c.connection, links.c.listing).where(links.c.merchant == merchant)
    return links_among(conn, merchant, [(connection, listing) for connection, listing in conn.execute(query)])
