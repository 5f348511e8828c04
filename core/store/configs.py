"""Which crossdock.yaml ran since when."""

from datetime import datetime

import sqlalchemy as sa

from core.store.tables import configs
from core.store.writes import upsert


def save_config(conn: sa.Connection, merchant: str, config_hash: str, text: str, *, now: datetime) -> None:
    """Store a config file that runs from now on."""
    row = {"merchant": merchant, "hash": config_hash, "loaded_at": now, "text": text}
    upsert(conn, configs, [row])
