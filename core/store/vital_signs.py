"""Whether the hub can do its work: one row is written, and one stored key is opened."""

from datetime import datetime

import sqlalchemy as sa

from core.store.keys import open_any_key
from core.store.sealing import Keyring
from core.store.tables import write_probes
from core.store.writes import upsert


def probe_write(conn: sa.Connection, merchant: str, now: datetime) -> None:
    """Write a row, as everything that happens is written."""
    upsert(conn, write_probes, [{"merchant": merchant, "at": now}])


def probe_keys(conn: sa.Connection, keyring: Keyring, merchant: str) -> None:
    """Open one of the stored keys of a merchant; none may be there yet.

    Raises:
        ConfigError: the key that it is sealed under is not in the key ring.
        SealBrokenError: it was changed.
    """
    open_any_key(conn, keyring, merchant)
