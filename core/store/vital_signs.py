"""Whether anything can be written: readiness writes one row."""

from datetime import datetime

import sqlalchemy as sa

from core.store.tables import write_probes
from core.store.writes import upsert


def probe_write(conn: sa.Connection, merchant: str, now: datetime) -> None:
    """Write a row, as everything that happens is written."""
    upsert(conn, write_probes, [{"merchant": merchant, "at": now}])
