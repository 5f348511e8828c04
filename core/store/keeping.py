"""The small things the hub keeps: products, switches, label files, which config ran, API keys, stock as lists show it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.store.reads import load_all
from core.store.tables import api_keys, configs, labels, ledger, products, stock, switches
from core.store.writes import insert_new, update_by_key, upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A SKU of ours; None where nobody has said it yet. ``size_mm`` is length, width, height."""

    sku: str
    title: str
    weight_g: int | None = None
    size_mm: tuple[int, int, int] | None = None
    hs: str | None = None
    origin: str | None = None
    barcode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRow:
    """What a location holds of a SKU; available is on hand less committed."""

    sku: str
    location: str
    on_hand: int
    committed: int
    counted: bool = True

    @property
    def available(self) -> int:
        """Units that may still be promised; negative where a count found less than was promised."""
        return self.on_hand - self.committed


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """Units that came or went at a shelf, and why."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFile:
    """A bought label's file."""

    order_id: str
    parcel_id: str
    label_id: str
    format: str
    file: bytes
    printed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Whether an action of a connection may run, who said so and when, and when it was first accepted."""

    connection: str
    action: str
    on: bool
    at: datetime
    actor: str
    first_at: datetime | None = None


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


def list_stock(conn: sa.Connection, merchant: str) -> list[StockRow]:
    """Return every counter of a merchant by SKU and location."""
    query = sa.select(stock).where(stock.c.merchant == merchant).order_by(stock.c.sku, stock.c.location)
    return [
        StockRow(
            sku=row.sku,
            location=row.location,
            on_hand=row.on_hand,
            committed=row.committed,
            counted=row.counted,
        )
        for row in conn.execute(query)
    ]


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


def save_label(conn: sa.Connection, merchant: str, label: LabelFile) -> None:
    """Store a label's file; storing it again changes nothing."""
    row = {name: getattr(label, name) for name in LabelFile.__dataclass_fields__}
    insert_new(conn, labels, [{"merchant": merchant, **row}])


def labels_of(conn: sa.Connection, merchant: str, order_id: str) -> list[LabelFile]:
    """Return an order's label files by parcel."""
    query = sa.select(labels).where(labels.c.merchant == merchant, labels.c.order_id == order_id)
    names = LabelFile.__dataclass_fields__
    return [
        LabelFile(**{name: getattr(row, name) for name in names})
        for row in conn.execute(query.order_by(labels.c.parcel_id, labels.c.label_id))
    ]


def print_label(conn: sa.Connection, merchant: str, order_id: str, *, parcel_id: str) -> LabelFile | None:
    """Return the file of the label in force on a parcel and count the print; None where none is stored."""
    [state] = load_all(conn, [(merchant, order_id)])
    parcels = state.parcels if state else ()
    in_force = {p.label.label_id for p in parcels if p.parcel_id == parcel_id and p.label is not None}
    found = [label for label in labels_of(conn, merchant, order_id) if label.label_id in in_force]
    if not found:
        return None
    label = replace(found[0], printed=found[0].printed + 1)
    row = {name: getattr(label, name) for name in ("order_id", "parcel_id", "label_id", "printed")}
    update_by_key(conn, labels, [{"merchant": merchant, **row}])
    return label


def save_switch(conn: sa.Connection, merchant: str, switch: Switch) -> None:
    """Store whether an action may run; the instant at which it was first accepted stays."""
    this = (
        switches.c.merchant == merchant,
        switches.c.connection == switch.connection,
        switches.c.action == switch.action,
    )
    first_at = conn.execute(sa.select(switches.c.first_at).where(*this).with_for_update()).scalar()
    row = {
        "merchant": merchant,
        "connection": switch.connection,
        "action": switch.action,
        "state": "on" if switch.on else "off",
        "at": switch.at,
        "actor": switch.actor,
        "first_at": first_at or (switch.at if switch.on else None),
    }
    upsert(conn, switches, [row])


LIVE = "live"


def list_switches(conn: sa.Connection, merchant: str) -> dict[tuple[str, str], Switch]:
    """Return every switch somebody set, by (connection, action)."""
    query = sa.select(switches).where(switches.c.merchant == merchant).order_by(*switches.primary_key)
    return {
        (row.connection, row.action): Switch(
            connection=row.connection,
            action=row.action,
            on=row.state == "on",
            at=row.at,
            actor=row.actor,
            first_at=row.first_at,
        )
        for row in conn.execute(query)
    }


def go_live(conn: sa.Connection, merchant: str, connection: str, *, actor: str, now: datetime) -> None:
    """Note since when a connection is worked with; the first time stays. It reads: nothing is accepted by it."""
    row = {"connection": connection, "action": LIVE, "state": "on", "at": now, "actor": actor}
    insert_new(conn, switches, [{"merchant": merchant, **row}])


def live_since(conn: sa.Connection, merchant: str, connection: str) -> datetime | None:
    """Return since when a connection is worked with, or None: it was never connected."""
    query = sa.select(switches.c.at).where(
        switches.c.merchant == merchant, switches.c.connection == connection, switches.c.action == LIVE
    )
    since: datetime | None = conn.execute(query).scalar_one_or_none()
    return since


def save_config(conn: sa.Connection, merchant: str, config_hash: str, *, text: str, now: datetime) -> None:
    """Store a config file that runs from now on."""
    row = {"merchant": merchant, "hash": config_hash, "loaded_at": now, "text": text}
    upsert(conn, configs, [row])


def latest_config(conn: sa.Connection, merchant: str) -> tuple[str, str] | None:
    """Return (hash, text) of the config file that was loaded last, or None."""
    query = sa.select(configs.c.hash, configs.c.text).where(configs.c.merchant == merchant)
    row = conn.execute(query.order_by(configs.c.loaded_at.desc()).limit(1)).one_or_none()
    return None if row is None else (row.hash, row.text)


def save_api_key(
    conn: sa.Connection, merchant: str, key: str, *, name: str, role: str, now: datetime
) -> None:
    """Store the hash, name and role of an API key."""
    row = {"merchant": merchant, "key_hash": _hashed(key), "name": name, "role": role, "created_at": now}
    upsert(conn, api_keys, [row])


def find_api_key(conn: sa.Connection, key: str) -> tuple[str, str] | None:
    """Return (merchant, name) of an API key, or None."""
    query = sa.select(api_keys.c.merchant, api_keys.c.name).where(api_keys.c.key_hash == _hashed(key))
    row = conn.execute(query).one_or_none()
    return None if row is None else (row.merchant, row.name)


def delete_api_key(conn: sa.Connection, merchant: str, name: str) -> None:
    """Forget the keys of a name."""
    conn.execute(sa.delete(api_keys).where(api_keys.c.merchant == merchant, api_keys.c.name == name))


def _hashed(key: str) -> str:
    # A key is long and random: nothing is gained by a slow hash or a salt.
    return hashlib.sha256(key.encode()).hexdigest()
