"""Browsers that are signed in: a row each, found by the hash of the token in its cookie.

A session ends when nobody used it for half a day, a week after it began, at sign-out, and with its user, his password,
his role, or its API key. What ended never works again: a new sign-in is a new row. A link for a phone does not say which
browser showed it, so all of a user's end with any session of his that he ends.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from core.errors import RefusedError
from core.model.people import Caller, Session
from core.model.roles import Role
from core.store.api_keys import NOTED_EVERY, hashed
from core.store.link_makers import end_phone_links, lock_links
from core.store.tables import api_keys, sessions, users

IDLE = timedelta(hours=12)
LASTS = timedelta(days=7)
ID_LENGTH = 16
"""How much of a token's hash names a session; it opens nothing."""


def open_session(conn: sa.Connection, caller: Caller, token: str, *, browser: str, now: datetime) -> bool:
    """Sign a browser in; return whether its user or key is still there."""
    if not _stands(conn, caller, now):
        return False
    row = {
        "merchant": caller.merchant,
        "token_hash": hashed(token),
        "user_id": caller.user_id,
        "key_hash": caller.key_hash,
        "browser": browser,
        "created_at": now,
        "seen_at": now,
        "expires_at": now + LASTS,
    }
    conn.execute(sa.insert(sessions).values(row))
    if caller.user_id is not None:
        of_user = (users.c.merchant == caller.merchant, users.c.user_id == caller.user_id)
        conn.execute(sa.update(users).where(*of_user).values(signed_in_at=now))
    return True


def _stands(conn: sa.Connection, caller: Caller, now: datetime) -> bool:
    """Return whether a session may begin; its user or key is locked until it has."""
    found = (
        sa.select(users.c.user_id).where(
            users.c.merchant == caller.merchant,
            users.c.user_id == caller.user_id,
            users.c.removed_at.is_(None),
        )
        if caller.user_id is not None
        else sa.select(api_keys.c.key_hash).where(
            api_keys.c.merchant == caller.merchant,
            api_keys.c.key_hash == caller.key_hash,
            sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now),
        )
    )
    return conn.execute(found.with_for_update()).one_or_none() is not None


def check_signed_in(conn: sa.Connection, caller: Caller, now: datetime) -> None:
    """Let a transaction go on only while whoever asks is signed in; nobody signs him out until it is over.

    Raises:
        RefusedError: he is signed out by now.
    """
    stands = _stands(conn, caller, now)
    if stands and caller.session is not None:
        this = (sessions.c.merchant == caller.merchant, sessions.c.token_hash == caller.session)
        query = sa.select(sessions.c.token_hash).where(*this).with_for_update()
        stands = conn.execute(query).one_or_none() is not None
    if not stands:
        raise RefusedError("you are signed out by now; sign in again")


def find_session(
    conn: sa.Connection, merchant: str, token: str, now: datetime
) -> tuple[Caller, datetime] | None:
    """Return whose session a token opens and when its last use was noted, or None."""
    query = (
        sa.select(sessions, users.c.name, users.c.role, api_keys.c.name, api_keys.c.role)
        .select_from(
            sessions.outerjoin(
                users, sa.and_(users.c.merchant == sessions.c.merchant, users.c.user_id == sessions.c.user_id)
            ).outerjoin(
                api_keys,
                sa.and_(
                    api_keys.c.merchant == sessions.c.merchant, api_keys.c.key_hash == sessions.c.key_hash
                ),
            )
        )
        .where(
            sessions.c.merchant == merchant,
            sessions.c.token_hash == hashed(token),
            *_alive(now),
            users.c.removed_at.is_(None),
            sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now),
        )
    )
    row = conn.execute(query).one_or_none()
    if row is None:
        return None
    name, role = row[-4:-2] if row.user_id is not None else row[-2:]
    caller = Caller(
        merchant=merchant,
        name=name,
        role=Role(role),
        user_id=row.user_id,
        key_hash=row.key_hash,
        session=row.token_hash,
    )
    return caller, row.seen_at


def _alive(now: datetime) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return sessions.c.expires_at > now, sessions.c.seen_at > now - IDLE


def note_session_used(conn: sa.Connection, merchant: str, token_hash: str, now: datetime) -> None:
    """Write down that a session was used, unless that was done within the last minute."""
    conn.execute(
        sa.update(sessions)
        .where(
            sessions.c.merchant == merchant,
            sessions.c.token_hash == token_hash,
            sessions.c.seen_at <= now - NOTED_EVERY,
        )
        .values(seen_at=now)
    )


def sessions_of(conn: sa.Connection, caller: Caller, now: datetime) -> list[Session]:
    """Return the sessions of whoever asks, the newest first; those of a key's are of that key alone."""
    query = sa.select(sessions).where(sessions.c.merchant == caller.merchant, _of(caller), *_alive(now))
    return [
        Session(
            session_id=row.token_hash[:ID_LENGTH],
            browser=row.browser,
            created_at=row.created_at,
            seen_at=row.seen_at,
            expires_at=row.expires_at,
            ours=row.token_hash == caller.session,
        )
        for row in conn.execute(query.order_by(sessions.c.created_at.desc(), sessions.c.token_hash))
    ]


def end_session(conn: sa.Connection, merchant: str, token_hash: str) -> None:
    """Sign a browser out for good; links for phones end with it."""
    lock_links(conn, merchant)
    this = (sessions.c.merchant == merchant, sessions.c.token_hash == token_hash)
    ended = sa.delete(sessions).where(*this).returning(sessions.c.user_id, sessions.c.key_hash)
    for user_id, key_hash in conn.execute(ended).all():
        end_phone_links(conn, merchant, user_id, key_hash)


def end_sessions(conn: sa.Connection, caller: Caller, session_id: str | None = None) -> int:
    """Sign whoever asks out of one of his sessions, or out of all; return how many ended. Links for phones end with them."""
    lock_links(conn, caller.merchant)
    ended = sa.delete(sessions).where(sessions.c.merchant == caller.merchant, _of(caller))
    if session_id is not None:
        ended = ended.where(sa.func.substr(sessions.c.token_hash, 1, ID_LENGTH) == session_id)
    count = conn.execute(ended).rowcount
    if count or session_id is None:
        end_phone_links(conn, caller.merchant, caller.user_id, caller.key_hash)
    return count


def forget_sessions(conn: sa.Connection, merchant: str, now: datetime) -> int:
    """Delete sessions that ended by themselves; return how many."""
    over = sa.or_(sessions.c.expires_at <= now, sessions.c.seen_at <= now - IDLE)
    return conn.execute(sa.delete(sessions).where(sessions.c.merchant == merchant, over)).rowcount


def _of(caller: Caller) -> sa.ColumnElement[bool]:
    if caller.user_id is not None:
        return sessions.c.user_id == caller.user_id
    return sessions.c.key_hash == caller.key_hash
