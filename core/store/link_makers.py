"""Who made a link that works once: it ends when he may no longer give what it gives, and is good only while he may."""

from datetime import datetime

import sqlalchemy as sa

from core.model.people import OneTimeLink, actor_of_key, actor_of_user
from core.model.roles import Role
from core.store.tables import api_keys, one_time_links, users


def lock_links(conn: sa.Connection, merchant: str) -> None:
    """Lock every link of a merchant: the first thing done by whatever follows or ends one.

    One link may end others, and people with them: in whatever order those were locked, two at once would wait for each
    other.
    """
    links = sa.select(one_time_links.c.secret_hash).where(one_time_links.c.merchant == merchant)
    conn.execute(links.order_by(one_time_links.c.secret_hash).with_for_update()).all()


def end_links_by(conn: sa.Connection, merchant: str, actor: str) -> int:
    """End every link that somebody made, in the transaction that takes his power; return how many there were."""
    made = (one_time_links.c.merchant == merchant, one_time_links.c.made_by == actor)
    return conn.execute(sa.delete(one_time_links).where(*made)).rowcount


def end_phone_links(conn: sa.Connection, merchant: str, user_id: str | None, key_hash: str | None) -> None:
    """End every link that signs another device in as a user, or as whoever has a key; with its browser, it is not known whose."""
    is_his = one_time_links.c.key_hash == key_hash if user_id is None else one_time_links.c.user_id == user_id
    of_phones = (one_time_links.c.merchant == merchant, one_time_links.c.kind == "phone")
    conn.execute(sa.delete(one_time_links).where(*of_phones, is_his))


def end_setup_links(conn: sa.Connection, merchant: str) -> None:
    """End every link by which a first owner comes, in the transaction by which there is one."""
    setup = (one_time_links.c.merchant == merchant, one_time_links.c.kind == "setup")
    conn.execute(sa.delete(one_time_links).where(*setup))


def count_links_by(conn: sa.Connection, merchant: str, actor: str, now: datetime) -> int:
    """Return how many open links somebody made."""
    return _count(conn, merchant, now, one_time_links.c.made_by == actor)


def count_links_of_user(
    conn: sa.Connection, merchant: str, user_id: str, now: datetime, *, made: bool
) -> int:
    """Return how many open links are for a user; with those that he ``made`` for others, or without."""
    his = one_time_links.c.user_id == user_id
    by_him = one_time_links.c.made_by == actor_of_user(user_id)
    return _count(conn, merchant, now, sa.or_(his, by_him) if made else his)


def _count(conn: sa.Connection, merchant: str, now: datetime, which: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(one_time_links)
    is_open = (one_time_links.c.merchant == merchant, one_time_links.c.expires_at > now)
    found: int = conn.execute(query.where(*is_open, which)).scalar_one()
    return found


def why_void(conn: sa.Connection, merchant: str, link: OneTimeLink, now: datetime) -> str:
    """Return why a link that is open does nothing all the same, or an empty text.

    It is asked in the transaction that follows a link, too: one may be made while its maker's power is taken.
    """
    if link.kind == "setup" and _has_owner(conn, merchant):
        return "there is an owner by now; ask an owner for an invitation"
    if link.kind != "phone" and not _may_give(conn, merchant, link, now):
        return "whoever made this link may not any more; ask an owner for a new one"
    return ""


def _has_owner(conn: sa.Connection, merchant: str) -> bool:
    of_merchant = (
        users.c.merchant == merchant,
        users.c.role == Role.OWNER.value,
        users.c.removed_at.is_(None),
    )
    return conn.execute(sa.select(users.c.user_id).where(*of_merchant).limit(1)).first() is not None


def _may_give(conn: sa.Connection, merchant: str, link: OneTimeLink, now: datetime) -> bool:
    """Return whether whoever made a link is an owner still; the command on the machine always may."""
    kind, _, name = link.made_by.partition(":")
    if link.made_by == actor_of_user(name):
        query = sa.select(users.c.user_id).where(
            users.c.merchant == merchant,
            users.c.user_id == name,
            users.c.role == Role.OWNER.value,
            users.c.removed_at.is_(None),
        )
    elif link.made_by == actor_of_key(name):
        # A key of the same name that came later is another: it revives no link.
        query = sa.select(api_keys.c.key_hash).where(
            api_keys.c.merchant == merchant,
            api_keys.c.name == name,
            api_keys.c.role == Role.OWNER.value,
            api_keys.c.created_at <= link.made_at,
            sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now),
        )
    else:
        return kind == "person"
    return conn.execute(query.limit(1)).first() is not None
