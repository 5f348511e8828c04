"""Who works for a merchant: one row for each, which stays when he leaves, so that facts have a name."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.errors import NotFoundError, RefusedError
from core.model.people import User, actor_of_user
from core.model.roles import Role
from core.store.link_makers import end_links_by, end_setup_links, lock_links
from core.store.tables import one_time_links, sessions, users
from core.store.writes import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """Somebody who is to work for a merchant."""

    user_id: str
    login: str
    name: str
    role: Role
    password_hash: str


def add_user(conn: sa.Connection, merchant: str, user: NewUser, now: datetime) -> None:
    """Add somebody; with an owner, every link for a first one ends.

    Raises:
        RefusedError: somebody of the merchant has the sign-in name, or could be taken for this one.
    """
    _unmistakable(conn, merchant, user.user_id, login=user.login, name=user.name)
    row = {
        "merchant": merchant,
        "user_id": user.user_id,
        "login": user.login,
        "name": user.name,
        "role": user.role.value,
        "password_hash": user.password_hash,
        "created_at": now,
    }
    insert_new(conn, users, [row])
    taken_by = conn.execute(
        sa.select(users.c.user_id).where(users.c.merchant == merchant, users.c.login == user.login)
    ).scalar_one()
    if taken_by != user.user_id:
        raise RefusedError(f"somebody here signs in as {user.login!r}; take another name")
    if user.role is Role.OWNER:
        end_setup_links(conn, merchant)


def list_users(conn: sa.Connection, merchant: str) -> list[User]:
    """Return who works, or worked, for a merchant, the longest there first."""
    query = sa.select(users).where(users.c.merchant == merchant)
    return [_user(row) for row in conn.execute(query.order_by(users.c.created_at, users.c.user_id))]


def find_login(conn: sa.Connection, merchant: str, login: str) -> tuple[User, str | None] | None:
    """Return who signs in by a name, and the hash of his password; None where nobody does."""
    query = sa.select(users).where(users.c.merchant == merchant, users.c.login == login)
    row = conn.execute(query).one_or_none()
    return None if row is None else (_user(row), row.password_hash)


def password_of(conn: sa.Connection, merchant: str, user_id: str) -> str | None:
    """Return the hash of a user's password."""
    query = sa.select(users.c.password_hash).where(users.c.merchant == merchant, users.c.user_id == user_id)
    found: str | None = conn.execute(query).scalar_one_or_none()
    return found


def set_password(conn: sa.Connection, merchant: str, user_id: str, password_hash: str) -> None:
    """Give a user another password: every session of his ends, and every link that would set or use one.

    Raises:
        NotFoundError: nobody of that id works here.
    """
    lock_links(conn, merchant)
    _change(conn, merchant, user_id, password_hash=password_hash)
    _shut_out(conn, merchant, user_id)


def set_user_role(conn: sa.Connection, merchant: str, user_id: str, role: Role) -> None:
    """Give a user another role; he signs in anew, and links that he made end where he is owner no more.

    Raises:
        NotFoundError: nobody of that id works here.
        RefusedError: nobody would be owner.
    """
    lock_links(conn, merchant)
    if role is not Role.OWNER:
        _another_owner(conn, merchant, user_id)
    _change(conn, merchant, user_id, role=role.value)
    _shut_out(conn, merchant, user_id)
    if role is Role.OWNER:
        end_setup_links(conn, merchant)
    else:
        end_links_by(conn, merchant, actor_of_user(user_id))


def rename_user(conn: sa.Connection, merchant: str, user_id: str, name: str) -> None:
    """Give a user another name, in every timeline too.

    Raises:
        NotFoundError: nobody of that id works here.
        RefusedError: somebody else signs in so, or has the name as an id.
    """
    _unmistakable(conn, merchant, user_id, login="", name=name)
    _change(conn, merchant, user_id, name=name)


def remove_user(conn: sa.Connection, merchant: str, user_id: str, now: datetime) -> None:
    """Let a user in no more, nor anybody by a link that he made; his name stays for the facts that he made.

    Raises:
        NotFoundError: nobody of that id works here.
        RefusedError: nobody would be owner.
    """
    lock_links(conn, merchant)
    _another_owner(conn, merchant, user_id)
    _change(conn, merchant, user_id, login=None, password_hash=None, removed_at=now)
    _shut_out(conn, merchant, user_id)
    end_links_by(conn, merchant, actor_of_user(user_id))


def _unmistakable(conn: sa.Connection, merchant: str, user_id: str, *, login: str, name: str) -> None:
    """Refuse what would make a word that means one user mean another: two may have one name, nothing else.

    Of whoever was removed the id counts still, for timelines and facts have it.
    """
    others = sa.select(users).where(users.c.merchant == merchant, users.c.user_id != user_id)
    for row in conn.execute(others):
        called = None if row.removed_at else row.name.casefold()
        # Who has the very sign-in name is told apart.
        if login and login != row.login and login in (row.user_id, called):
            raise RefusedError(f"somebody here is called {login!r}; sign in by another name")
        if name.casefold() in (row.user_id, row.login):
            raise RefusedError(f"somebody here signs in as {name!r}, or has it as an id; take another name")


def _another_owner(conn: sa.Connection, merchant: str, user_id: str) -> None:
    owners = conn.execute(
        sa.select(users.c.user_id)
        .where(users.c.merchant == merchant, users.c.role == Role.OWNER.value, users.c.removed_at.is_(None))
        .order_by(users.c.user_id)
        .with_for_update()  # two owners must not remove each other at once
    )
    if list(owners.scalars()) == [user_id]:
        raise RefusedError("this is the last owner; make somebody else owner first")


def _change(conn: sa.Connection, merchant: str, user_id: str, **values: object) -> None:
    here = (users.c.merchant == merchant, users.c.user_id == user_id, users.c.removed_at.is_(None))
    if not conn.execute(sa.update(users).where(*here).values(values)).rowcount:
        raise NotFoundError(f"nobody of the id {user_id!r} works here")


def _shut_out(conn: sa.Connection, merchant: str, user_id: str) -> None:
    for table in (sessions, one_time_links):
        conn.execute(sa.delete(table).where(table.c.merchant == merchant, table.c.user_id == user_id))


def _user(row: sa.Row[tuple[object, ...]]) -> User:
    return User(
        user_id=row.user_id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
        removed_at=row.removed_at,
    )
