"""Keys of the installation are changed while the hub serves: every stored key is wrapped anew, a batch at a time.

What is sealed stays as it is; only the keys it is sealed under are wrapped by another. So a batch is short, a kill
between two leaves both rings good, and whoever begins again goes on with what is left.
"""

import sqlalchemy as sa

from core.failpoints import failpoint
from core.store.engine import Database
from core.store.keys import rewrap, wrapped_by
from core.store.sealing import Keyring
from core.store.tables import data_keys

BATCH = 500


async def rotate(db: Database, keyring: Keyring, *, batch: int = BATCH) -> int:
    """Wrap every stored key by the ring's first; return how many were wrapped anew.

    Raises:
        ConfigError: a stored key is wrapped by one that is not in the ring; what was done stays.
    """
    done = 0
    while wrapped := await db.write(rewrap, keyring, limit=batch):
        done += wrapped
        failpoint("keys.rotate.batch")
    return done


def count_wrapped(conn: sa.Connection) -> dict[str, int]:
    """Return how many stored keys each key of the installation wraps, installation-wide."""
    query = sa.select(data_keys.c.wrapped_by, sa.func.count()).group_by(data_keys.c.wrapped_by)
    return {row[0]: row[1] for row in conn.execute(query.order_by(data_keys.c.wrapped_by))}


def behind(conn: sa.Connection, keyring: Keyring) -> list[str]:
    """Return the ids of keys that still wrap something though another is the first now."""
    keyring.renew()
    return [key_id for key_id in wrapped_by(conn) if key_id != keyring.current.key_id]
