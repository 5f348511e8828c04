"""Whether a name that a browser's session was given for still has a key."""

import sqlalchemy as sa

from core.store.tables import api_keys


def has_key(conn: sa.Connection, merchant: str, name: str) -> bool:
    """Return whether a merchant has an API key of a name: a session ends with the last key of its name."""
    query = sa.select(sa.literal(1)).where(api_keys.c.merchant == merchant, api_keys.c.name == name)
    return conn.execute(query.limit(1)).one_or_none() is not None
