"""The zones that a merchant told: one row for each zone of a location."""

import json

import sqlalchemy as sa

from core.domain.shipping.routing import Zones
from core.store.columns import compact
from core.store.revisions import change_settings
from core.store.tables import zones


def save_zones(conn: sa.Connection, merchant: str, table: Zones) -> None:
    """Put a merchant's whole table in the place of the one before; the order of a location's zones is kept."""
    change_settings(conn, merchant)
    conn.execute(sa.delete(zones).where(zones.c.merchant == merchant))
    rows = [
        {
            "merchant": merchant,
            "location": location,
            "zone": zone,
            "nearness": nearness,
            "prefixes": compact(list(prefixes)),
        }
        for location, of in table.items()
        for nearness, (zone, prefixes) in enumerate(of.items())
    ]
    if rows:
        conn.execute(sa.insert(zones), rows)


def zones_of(conn: sa.Connection, merchant: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return a merchant's zones by location, the nearest first; nothing where none were told."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    query = sa.select(zones).where(zones.c.merchant == merchant).order_by(zones.c.location, zones.c.nearness)
    for row in conn.execute(query):
        found.setdefault(row.location, {})[row.zone] = tuple(json.loads(row.prefixes))
    return found
