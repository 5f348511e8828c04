"""Buffers that rules have set: units of a SKU that a connection does not show until another rule says otherwise."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.store.columns import among
from core.store.reads import one_statement
from core.store.tables import buffers


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """Units of a SKU that a connection does not show, which rule said so, and when."""

    connection: str
    sku: str
    units: int
    rule: str
    at: datetime


def buffers_of(conn: sa.Connection, merchant: str, skus: Collection[str]) -> list[Buffer]:
    """Return what rules have set of SKUs, by SKU and connection."""
    if not skus:
        return []
    these = among(conn, (buffers.c.merchant, buffers.c.sku), [(merchant, sku) for sku in sorted(skus)])
    return _found(conn, merchant, these)


@one_statement
def buffers_at(conn: sa.Connection, merchant: str, connection: str, skus: Collection[str]) -> dict[str, int]:
    """Return the units that rules have set of SKUs at one connection; where none has, the file says them."""
    if not skus:
        return {}
    keys = [(merchant, connection, sku) for sku in sorted(skus)]
    these = among(conn, (buffers.c.merchant, buffers.c.connection, buffers.c.sku), keys)
    return {one.sku: one.units for one in _found(conn, merchant, these)}


def _found(conn: sa.Connection, merchant: str, *which: sa.ColumnElement[bool]) -> list[Buffer]:
    query = (
        sa.select(buffers)
        .where(buffers.c.merchant == merchant, *which)
        .order_by(buffers.c.sku, buffers.c.connection)
    )
    return [
        Buffer(connection=row.connection, sku=row.sku, units=row.units, rule=row.rule, at=row.at)
        for row in conn.execute(query)
    ]
