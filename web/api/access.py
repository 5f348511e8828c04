"""Who asks, where that one is signed in, and API keys."""

from datetime import datetime

from pydantic import Field

from core.model.people import Session
from core.model.roles import Role
from core.services import api_keys, people
from core.store.api_keys import list_api_keys
from core.store.sessions import sessions_of
from web.api.endpoint import Answer, Call, Endpoint
from web.api.people import PersonName
from web.keys import HUB


class Me(Answer):
    """Whoever asks: how facts name it, and what it may do."""

    merchant: str
    actor: str
    name: str
    role: Role


class SessionView(Answer):
    """A browser that is signed in."""

    id: str
    browser: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    this_one: bool


class SessionList(Answer):
    """The sessions of whoever asks, the newest first."""

    sessions: tuple[SessionView, ...]


class KeyAsk(Answer):
    """What a new API key is called, what it may do, and for how many days; for good where none are given."""

    name: PersonName
    role: Role
    days: int | None = Field(None, ge=1, le=3650)


class KeyGiven(Answer):
    """A new API key; it is shown this once."""

    name: str
    role: Role
    expires_at: datetime | None
    key: str | None
    """Null where the same request is answered again."""


class KeyView(Answer):
    """An API key, without the key; ``last_used_at`` is noted once a minute at most."""

    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class KeyList(Answer):
    """Every API key, the oldest first."""

    keys: tuple[KeyView, ...]


async def show_me(call: Call) -> Me:
    """Say who asks."""
    me = call.caller
    return Me(merchant=me.merchant, actor=me.actor, name=me.name, role=me.role)


async def get_sessions(call: Call) -> SessionList:
    """Return the sessions of whoever asks."""
    hub = call.request.app[HUB]
    found = await hub.store.read(sessions_of, call.caller, hub.clock.now())
    return SessionList(sessions=tuple(_session(session) for session in found))


async def end_all(call: Call) -> SessionList:
    """Sign whoever asks out everywhere."""
    await people.sign_out(call.request.app[HUB], call.caller)
    return await get_sessions(call)


async def end_one(call: Call) -> SessionList:
    """Sign whoever asks out of one session."""
    await people.sign_out(call.request.app[HUB], call.caller, call.path["id"])
    return await get_sessions(call)


async def get_keys(call: Call) -> KeyList:
    """Return the API keys."""
    found = await call.request.app[HUB].store.read(list_api_keys, call.merchant)
    return KeyList(
        keys=tuple(
            KeyView(
                name=key.name,
                role=key.role,
                created_at=key.created_at,
                expires_at=key.expires_at,
                last_used_at=key.last_used_at,
            )
            for key in found
        )
    )


async def make_key(call: Call) -> KeyGiven:
    """Make an API key."""
    hub, asked = call.request.app[HUB], call.body
    key, until = await api_keys.new_key(hub, call.merchant, asked.name, asked.role, days=asked.days)
    return KeyGiven(name=asked.name.strip(), role=asked.role, expires_at=until, key=key)


async def revoke_key(call: Call) -> KeyList:
    """Take the keys of a name back."""
    await api_keys.revoke_key(call.request.app[HUB], call.merchant, call.path["name"])
    return await get_keys(call)


def _session(session: Session) -> SessionView:
    return SessionView(
        id=session.session_id,
        browser=session.browser,
        created_at=session.created_at,
        seen_at=session.seen_at,
        expires_at=session.expires_at,
        this_one=session.ours,
    )


ENDPOINTS = (
    Endpoint(name="showMe", method="GET", path="/me", summary="Who asks, and as what", gives=Me, run=show_me),
    Endpoint(
        name="listSessions",
        method="GET",
        path="/sessions",
        summary="Where whoever asks is signed in",
        gives=SessionList,
        run=get_sessions,
    ),
    Endpoint(
        name="endSessions",
        method="POST",
        path="/sessions/end",
        summary="Sign whoever asks out everywhere",
        gives=SessionList,
        run=end_all,
    ),
    Endpoint(
        name="endSession",
        method="POST",
        path="/sessions/{id}/end",
        summary="Sign whoever asks out of one session",
        gives=SessionList,
        run=end_one,
    ),
    Endpoint(
        name="listKeys",
        method="GET",
        path="/keys",
        summary="API keys, without the keys",
        gives=KeyList,
        run=get_keys,
    ),
    Endpoint(
        name="makeKey",
        method="POST",
        path="/keys",
        summary="Make an API key",
        gives=KeyGiven,
        run=make_key,
        takes=KeyAsk,
        example={"name": "warehouse", "role": "picker", "days": 365},
        once=("key",),
    ),
    Endpoint(
        name="revokeKey",
        method="POST",
        path="/keys/{name}/revoke",
        summary="Take the keys of a name back; ends sessions and links that began with one",
        gives=KeyList,
        run=revoke_key,
    ),
)
