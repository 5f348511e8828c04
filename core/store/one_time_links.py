"""Links that work once and not for long: the first owner, an invitation, a new password, a phone."""

from datetime import datetime

import sqlalchemy as sa

from core.errors import RefusedError
from core.model.people import LinkKind, OneTimeLink
from core.model.roles import Role
from core.store.api_keys import hashed
from core.store.link_makers import lock_links, why_void
from core.store.tables import one_time_links

ID_LENGTH = 16
"""How much of a secret's hash names a link; it opens nothing."""


def save_link(
    conn: sa.Connection,
    merchant: str,
    secret: str,
    *,
    kind: LinkKind,
    name: str,
    role: Role,
    made_by: str,
    now: datetime,
    until: datetime,
    user_id: str | None = None,
    key_hash: str | None = None,
) -> str:
    """Store what a link does; what was too old goes. Return its id."""
    lock_links(conn, merchant)
    old = (one_time_links.c.merchant == merchant, one_time_links.c.expires_at <= now)
    conn.execute(sa.delete(one_time_links).where(*old))
    row = {
        "merchant": merchant,
        "secret_hash": hashed(secret),
        "kind": kind,
        "user_id": user_id,
        "key_hash": key_hash,
        "name": name,
        "role": role.value,
        "made_by": made_by,
        "made_at": now,
        "expires_at": until,
    }
    conn.execute(sa.insert(one_time_links).values(row))
    return hashed(secret)[:ID_LENGTH]


def find_link(conn: sa.Connection, merchant: str, secret: str, now: datetime) -> OneTimeLink | None:
    """Return what a link would do; None where it was used, is too old, or never was.

    Raises:
        RefusedError: whoever made it may not any more, or it is a first owner's and there is one.
    """
    row = conn.execute(sa.select(one_time_links).where(*_good(merchant, secret, now))).one_or_none()
    return None if row is None else _still_good(conn, merchant, _link(row), now)


def use_link(conn: sa.Connection, merchant: str, secret: str, now: datetime) -> OneTimeLink:
    """Use a link up, in the transaction that does what it says; return that.

    Raises:
        RefusedError: it was used, is too old, or never was; or whoever made it may not any more, or it is a first owner's and there
            is one.
    """
    lock_links(conn, merchant)
    used = sa.delete(one_time_links).where(*_good(merchant, secret, now)).returning(one_time_links)
    row = conn.execute(used).one_or_none()
    if row is None:
        raise RefusedError("this link was used, or is too old; ask whoever gave it for a new one")
    return _still_good(conn, merchant, _link(row), now)


def _still_good(conn: sa.Connection, merchant: str, link: OneTimeLink, now: datetime) -> OneTimeLink:
    if why := why_void(conn, merchant, link, now):
        raise RefusedError(why)
    return link


def open_links(conn: sa.Connection, merchant: str, now: datetime) -> list[OneTimeLink]:
    """Return every link that can be followed, the newest first."""
    query = sa.select(one_time_links).where(
        one_time_links.c.merchant == merchant, one_time_links.c.expires_at > now
    )
    ordered = query.order_by(one_time_links.c.made_at.desc(), one_time_links.c.secret_hash)
    found = [_link(row) for row in conn.execute(ordered)]
    return [link for link in found if not why_void(conn, merchant, link, now)]


def cancel_link(conn: sa.Connection, merchant: str, link_id: str) -> int:
    """Take a link back by its id; return how many there were."""
    this = sa.func.substr(one_time_links.c.secret_hash, 1, ID_LENGTH) == link_id
    return conn.execute(sa.delete(one_time_links).where(one_time_links.c.merchant == merchant, this)).rowcount


def _good(merchant: str, secret: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        one_time_links.c.merchant == merchant,
        one_time_links.c.secret_hash == hashed(secret),
        one_time_links.c.expires_at > now,
    )


def _link(row: sa.Row[tuple[object, ...]]) -> OneTimeLink:
    return OneTimeLink(
        link_id=row.secret_hash[:ID_LENGTH],
        kind=row.kind,
        name=row.name,
        role=Role(row.role),
        user_id=row.user_id,
        key_hash=row.key_hash,
        made_by=row.made_by,
        made_at=row.made_at,
        expires_at=row.expires_at,
    )
