"""Which crossdock.yaml ran since when."""

from datetime import datetime

import sqlalchemy as sa

from core.store.tables import configs
from core.store.writes import upsert


def save_config(conn: sa.Connection, merchant: str, config_hash: str, text: str, *, now: datetime) -> None:
    """Store a config file that runs from now on."""
    row = {"merchant": merchant, "hash": config_hash, "loaded_at": now, "text": text}
    upsert(conn, configs, [row])


def text_of_config(conn: sa.Connection, merchant: str, digest: str) -> str | None:
    """Return what a file said that was loaded once; None where none of that digest was."""
    query = sa.select(configs.c.text).where(configs.c.merchant == merchant, configs.c.hash == digest)
    return conn.execute(query).scalar_one_or_none()
