"""API keys: only their hashes are kept."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.model.annotations import LONGEST_NAME, NOBODY
from core.store.tables import api_keys
from core.store.writes import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key as lists show it: never the key."""

    name: str
    role: str
    created_at: datetime


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


def list_api_keys(conn: sa.Connection, merchant: str) -> list[ApiKey]:
    """Return a merchant's API keys, the oldest first."""
    query = sa.select(api_keys).where(api_keys.c.merchant == merchant)
    return [
        ApiKey(name=row.name, role=row.role, created_at=row.created_at)
        for row in conn.execute(query.order_by(api_keys.c.created_at, api_keys.c.name))
    ]


def assignable(conn: sa.Connection, merchant: str) -> list[str]:
    """Return the names of whoever may look after an order of a merchant, in the order of the alphabet."""
    query = sa.select(api_keys.c.name).where(api_keys.c.merchant == merchant).distinct()
    return [
        name
        for name in conn.execute(query.order_by(api_keys.c.name)).scalars()
        if name != NOBODY and len(name) <= LONGEST_NAME
    ]


def delete_api_key(conn: sa.Connection, merchant: str, name: str) -> int:
    """Forget the keys of a name; return how many there were."""
    of_name = (api_keys.c.merchant == merchant, api_keys.c.name == name)
    return conn.execute(sa.delete(api_keys).where(*of_name)).rowcount


def _hashed(key: str) -> str:
    # A key is long and random: nothing is gained by a slow hash or a salt.
    return hashlib.sha256(key.encode()).hexdigest()


def has_key(conn: sa.Connection, merchant: str, name: str) -> bool:
    """Return whether a merchant has an API key of a name: a session ends with the last key of its name."""
    query = sa.select(sa.literal(1)).where(api_keys.c.merchant == merchant, api_keys.c.name == name)
    return conn.execute(query.limit(1)).one_or_none() is not None
