"""People of a merchant: invited, let in, given another role, removed; and the links by which they come."""

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.domain.secrets import login_of, looks_like_id, name_of, why_weak_password
from core.engine.hub import Hub
from core.errors import NotFoundError, RefusedError
from core.model.base import shows_nothing
from core.model.people import Caller, LinkKind, OneTimeLink, User, actor_of_user
from core.model.roles import Role
from core.services.passwords import Passwords
from core.store import one_time_links as links
from core.store import users as rows
from core.store.sessions import check_signed_in, end_sessions

GOOD_FOR: Mapping[LinkKind, timedelta] = {
    "setup": timedelta(hours=1),
    "invitation": timedelta(days=7),
    "reset": timedelta(days=1),
    "phone": timedelta(minutes=2),
}


async def people(hub: Hub, merchant: str) -> list[User]:
    """Return who works for a merchant now, the longest there first."""
    return [u for u in await hub.store.read(rows.list_users, merchant) if u.removed_at is None]


async def user_named(hub: Hub, merchant: str, word: str) -> User:
    """Return the user whom a word means: the one whose id it is; else the one whose sign-in name or name it is.

    Raises:
        NotFoundError: nobody is called so.
        RefusedError: two are.
    """
    here = await people(hub, merchant)
    found = [u for u in here if u.user_id == word] or [u for u in here if word in (u.login, u.name)]
    if not found:
        raise NotFoundError(f"nobody called {word!r} works here")
    if len(found) > 1:
        which = "; ".join(who_is(user) for user in found)
        raise RefusedError(f"{len(found)} here are called {word!r}; say the id of one: {which}")
    return found[0]


def who_is(user: User) -> str:
    """Return by what a person tells a user from every other."""
    return f"{user.name}, signs in as {user.login}, id {user.user_id}"


async def names_of(hub: Hub, merchant: str) -> dict[str, str]:
    """Return by actor what everybody is called who works, or worked, for a merchant."""
    known = await hub.store.read(rows.list_users, merchant)
    return {actor_of_user(user.user_id): user.name for user in known}


async def invite(hub: Hub, merchant: str, name: str, role: Role, *, by: str) -> tuple[str, str]:
    """Invite somebody; return the id of the link, and the secret in it.

    Raises:
        RefusedError: the name is none.
    """
    return await _link(hub, merchant, "invitation", name=_checked(name), role=role, by=by)


async def set_up(hub: Hub, merchant: str, *, by: str) -> str:
    """Return the secret of the link by which the first owner comes.

    Raises:
        RefusedError: there is an owner.
    """
    owners = [u for u in await people(hub, merchant) if u.role is Role.OWNER]
    if owners:
        raise RefusedError(f"{merchant} has an owner ({owners[0].name}); people are invited by now")
    return (await _link(hub, merchant, "setup", name="", role=Role.OWNER, by=by))[1]


async def reset(hub: Hub, merchant: str, word: str, *, by: str) -> str:
    """Return the secret of a link by which somebody sets a new password; the old one works until then.

    Raises:
        NotFoundError: nobody is meant by the word.
    """
    user = await user_named(hub, merchant, word)
    made = await _link(hub, merchant, "reset", name=user.name, role=user.role, by=by, user_id=user.user_id)
    return made[1]


async def phone_link(hub: Hub, caller: Caller) -> str:
    """Return the secret of a link that signs another device in as whoever asks, within two minutes.

    Raises:
        RefusedError: he is signed out by now.
    """
    secret = secrets.token_urlsafe(32)
    await hub.store.write(_save_phone_link, caller, secret, hub.clock.now())
    return secret


def _save_phone_link(conn: sa.Connection, caller: Caller, secret: str, now: datetime) -> None:
    links.save_link(
        conn,
        caller.merchant,
        secret,
        kind="phone",
        name=caller.name,
        role=caller.role,
        made_by=caller.actor,
        now=now,
        until=now + GOOD_FOR["phone"],
        user_id=caller.user_id,
        key_hash=caller.key_hash,
    )
    check_signed_in(conn, caller, now)


async def _link(
    hub: Hub,
    merchant: str,
    kind: LinkKind,
    *,
    name: str,
    role: Role,
    by: str,
    user_id: str | None = None,
) -> tuple[str, str]:
    secret, now = secrets.token_urlsafe(32), hub.clock.now()
    link_id = await hub.store.write(
        links.save_link,
        merchant,
        secret,
        kind=kind,
        name=name,
        role=role,
        made_by=by,
        now=now,
        until=now + GOOD_FOR[kind],
        user_id=user_id,
    )
    return link_id, secret


async def invitations(hub: Hub, merchant: str) -> list[OneTimeLink]:
    """Return every link that can be followed, those for a phone apart, the newest first."""
    found = await hub.store.read(links.open_links, merchant, hub.clock.now())
    return [link for link in found if link.kind != "phone"]


async def cancel_invitation(hub: Hub, merchant: str, link_id: str) -> None:
    """Take a link back.

    Raises:
        NotFoundError: there is none of that id.
    """
    if not await hub.store.write(links.cancel_link, merchant, link_id):
        raise NotFoundError(f"no open invitation {link_id!r}")


async def link_of(hub: Hub, merchant: str, secret: str) -> OneTimeLink:
    """Return what a link would do.

    Raises:
        NotFoundError: it was used, is too old, or never was.
        RefusedError: whoever made it may not any more, or it is a first owner's and there is one.
    """
    served = merchant in hub.merchants and secret.isascii()
    found = await hub.store.read(links.find_link, merchant, secret, hub.clock.now()) if served else None
    if found is None:
        raise NotFoundError("this link was used, or is too old; ask whoever gave it for a new one")
    return found


async def follow(
    hub: Hub, passwords: Passwords, merchant: str, secret: str, *, login: str, name: str, password: str
) -> Caller:
    """Do what a link says, once; return who comes in by it. A phone needs neither name nor password.

    Raises:
        NotFoundError: it was used, is too old, or never was.
        RefusedError: name or password will not do, somebody used it at the same moment, whoever made it may not any more,
            or it is a first owner's and there is one.
        LaterError: too many sign in at once.
    """
    link = await link_of(hub, merchant, secret)
    user: rows.NewUser | None = None
    if link.kind != "phone":
        new = link.user_id is None
        user = rows.NewUser(
            user_id=link.user_id or uuid.uuid4().hex[:12],
            login=_login(login) if new else "",
            name=_checked(name) if new else link.name,
            role=link.role,
            password_hash=await _hashed(passwords, password, login if new else ""),
        )
    used = await hub.store.write(_follow, merchant, secret, user, hub.clock.now())
    return Caller(
        merchant=merchant,
        name=user.name if user else used.name,
        role=used.role,
        user_id=user.user_id if user else used.user_id,
        key_hash=used.key_hash,
    )


def _follow(
    conn: sa.Connection, merchant: str, secret: str, user: rows.NewUser | None, now: datetime
) -> OneTimeLink:
    used = links.use_link(conn, merchant, secret, now)
    if user is not None and used.kind == "reset":
        rows.set_password(conn, merchant, user.user_id, user.password_hash)
    elif user is not None:
        rows.add_user(conn, merchant, user, now)
    return used


async def change_password(hub: Hub, passwords: Passwords, caller: Caller, *, old: str, new: str) -> None:
    """Give whoever asks another password: every session of his ends.

    Raises:
        RefusedError: he signed in with an API key, the old one is wrong, or the new one will not do.
        LaterError: too many sign in at once.
    """
    if caller.user_id is None:
        raise RefusedError("an API key has no password; make another key")
    async with passwords.turn():
        known = await hub.store.read(rows.password_of, caller.merchant, caller.user_id)
        fits = await passwords.fits(old, known)
    if not fits:
        raise RefusedError("the password that you have now is another; nothing was changed")
    hashed = await _hashed(passwords, new, "")
    await hub.store.write(rows.set_password, caller.merchant, caller.user_id, hashed)


async def change_role(hub: Hub, merchant: str, word: str, role: Role) -> User:
    """Give somebody another role; he signs in anew.

    Raises:
        NotFoundError: nobody is meant by the word.
        RefusedError: nobody would be owner.
    """
    user = await user_named(hub, merchant, word)
    await hub.store.write(rows.set_user_role, merchant, user.user_id, role)
    return replace(user, role=role)


async def rename(hub: Hub, merchant: str, word: str, name: str) -> User:
    """Call somebody otherwise, in every timeline too.

    Raises:
        NotFoundError: nobody is meant by the word.
        RefusedError: the name is none, or somebody else signs in so.
    """
    user, checked = await user_named(hub, merchant, word), _checked(name)
    await hub.store.write(rows.rename_user, merchant, user.user_id, checked)
    return replace(user, name=checked)


async def remove(hub: Hub, merchant: str, word: str) -> User:
    """Let somebody in no more; what he did stays, under his name. Return who it was.

    Raises:
        NotFoundError: nobody is meant by the word.
        RefusedError: nobody would be owner.
    """
    user = await user_named(hub, merchant, word)
    await hub.store.write(rows.remove_user, merchant, user.user_id, hub.clock.now())
    return user


async def sign_out(hub: Hub, caller: Caller, session_id: str | None = None) -> int:
    """Sign whoever asks out of one of his sessions, or out of all; return how many ended. His phones' links end too.

    Raises:
        NotFoundError: he has no session of that id.
    """
    ended = await hub.store.write(end_sessions, caller, session_id)
    if session_id is not None and not ended:
        raise NotFoundError(f"you have no session {session_id!r}")
    return ended


async def _hashed(passwords: Passwords, password: str, login: str) -> str:
    if weak := why_weak_password(password, login.strip().casefold()):
        raise RefusedError(weak)
    return await passwords.hashed(password)


def _login(text: str) -> str:
    login = _no_id(login_of, text)
    if shows_nothing(login) or not login.isprintable():
        raise RefusedError("a sign-in name holds only characters that can be read")
    return login


def _checked(text: str) -> str:
    return _no_id(name_of, text)


def _no_id(of: Callable[[str], str], text: str) -> str:
    # Whoever signs in by such a name since before goes on to: only a new one is refused.
    try:
        word = of(text)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    if looks_like_id(word):
        raise RefusedError(f"{word!r} looks like the id of a user; take another name")
    return word
