"""Who works here: a person or a program at one merchant, and how facts name whoever made them so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.model.roles import Role

_PEOPLE = ("user:", "key:", "person:", "rule:")
"""How an actor begins that does what the merchant wants; ``person:<name>`` is what was written before users were."""

LinkKind = Literal["setup", "invitation", "reset", "phone"]


def by_person(actor: str) -> bool:
    """Return whether a fact was made so by a person, or by a program or a rule of the merchant's."""
    return actor.startswith(_PEOPLE)


def actor_of_user(user_id: str) -> str:
    """Return how facts name a user: by his id, which stays when his name changes."""
    return f"user:{user_id}"


def actor_of_key(name: str) -> str:
    """Return how facts name whoever uses an API key."""
    return f"key:{name}"


def actor_of_rule(rule_id: str) -> str:
    """Return how facts name a rule of crossdock.yaml."""
    return f"rule:{rule_id}"


def called(actor: str, names: Mapping[str, str]) -> str:
    """Return what people read of an actor."""
    kind, _, rest = actor.partition(":")
    return (
        names.get(actor, actor)
        if kind == "user"
        else rest
        if kind in ("key", "person")
        else f"rule {rest}"
        if kind == "rule"
        else actor
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever asks: a user, or an API key, and what it may do."""

    merchant: str
    name: str
    role: Role
    user_id: str | None = None
    key_hash: str | None = None
    """Of the API key; None for a user."""
    session: str | None = None
    """The hash of the session's token; None where a key came with the request itself."""

    @property
    def actor(self) -> str:
        """How facts name it."""
        return actor_of_key(self.name) if self.user_id is None else actor_of_user(self.user_id)

    @property
    def asks_as(self) -> str:
        """Whose Idempotency-Keys it uses: the name of an API key as ever, a user by his id."""
        return self.name if self.user_id is None else self.actor


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who works, or worked, for a merchant."""

    user_id: str
    login: str | None
    """What is typed to sign in; None once he was removed."""
    name: str
    role: Role
    created_at: datetime
    signed_in_at: datetime | None
    removed_at: datetime | None

    @property
    def actor(self) -> str:
        """How facts name him."""
        return actor_of_user(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is signed in; ``session_id`` names it and lets nobody in."""

    session_id: str
    browser: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ours: bool
    """Whether it is the one that asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeLink:
    """What a link does that works once: ``link_id`` names it and lets nobody in."""

    link_id: str
    kind: LinkKind
    name: str
    role: Role
    user_id: str | None
    key_hash: str | None
    made_by: str
    made_at: datetime
    expires_at: datetime
