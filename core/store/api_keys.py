"""API keys: only their hashes are kept."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.model.people import Caller, actor_of_key
from core.model.roles import Role
from core.store.link_makers import end_links_by, lock_links
from core.store.tables import api_keys
from core.store.writes import upsert

NOTED_EVERY = timedelta(minutes=1)
"""How often at most a use of a key, or of a session, is written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key as lists show it: never the key."""

    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def save_api_key(
    conn: sa.Connection,
    merchant: str,
    key: str,
    *,
    name: str,
    role: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> None:
    """Store the hash, name and role of an API key, and when it ends."""
    row = {"merchant": merchant, "key_hash": hashed(key), "name": name, "role": role, "created_at": now}
    upsert(conn, api_keys, [{**row, "expires_at": expires_at}])


def find_api_key(conn: sa.Connection, key: str, now: datetime) -> tuple[Caller, datetime | None] | None:
    """Return who has an API key and when its last use was noted, or None.

    The key alone says whose it is: the one question that names no merchant.
    """
    found = conn.execute(sa.select(api_keys).where(api_keys.c.key_hash == hashed(key))).one_or_none()
    if found is None or (found.expires_at is not None and found.expires_at <= now):
        return None
    caller = Caller(merchant=found.merchant, name=found.name, role=Role(found.role), key_hash=found.key_hash)
    return caller, found.last_used_at


def note_key_used(conn: sa.Connection, merchant: str, key_hash: str, now: datetime) -> None:
    """Write down that a key was used, unless that was done within the last minute."""
    conn.execute(
        sa.update(api_keys)
        .where(
            api_keys.c.merchant == merchant,
            api_keys.c.key_hash == key_hash,
            sa.or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= now - NOTED_EVERY),
        )
        .values(last_used_at=now)
    )


def list_api_keys(conn: sa.Connection, merchant: str) -> list[ApiKey]:
    """Return a merchant's API keys, the oldest first."""
    query = sa.select(api_keys).where(api_keys.c.merchant == merchant)
    return [
        ApiKey(
            name=row.name,
            role=Role(row.role),
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
        )
        for row in conn.execute(query.order_by(api_keys.c.created_at, api_keys.c.name))
    ]


def delete_api_key(conn: sa.Connection, merchant: str, name: str) -> int:
    """Forget the keys of a name, and with them whoever signed in with one and the links made with one.

    Return how many keys there were.
    """
    of_name = (api_keys.c.merchant == merchant, api_keys.c.name == name)
    lock_links(conn, merchant)
    taken = conn.execute(sa.delete(api_keys).where(*of_name)).rowcount
    end_links_by(conn, merchant, actor_of_key(name))
    return taken


def hashed(secret: str) -> str:
    """Return what is kept of a secret of ours.

    It is long and random: nothing is gained by a slow hash or a salt.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
