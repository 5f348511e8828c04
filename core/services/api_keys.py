"""API keys as people ask for them: made, and taken back."""

import secrets
from datetime import datetime, timedelta

from core.domain.secrets import key_name_of, why_weak_key
from core.engine.hub import Hub
from core.errors import NotFoundError, RefusedError
from core.model.people import actor_of_key
from core.model.roles import Role
from core.services.people_plans import links_that_end
from core.services.plans import Plan
from core.store.api_keys import delete_api_key, list_api_keys, save_api_key
from core.store.link_makers import count_links_by


async def new_key(
    hub: Hub,
    merchant: str,
    name: str,
    role: Role,
    *,
    days: int | None = None,
    given: str | None = None,
) -> tuple[str, datetime | None]:
    """Make an API key, or take a given one; return it, and when it ends.

    Raises:
        RefusedError: the name is none, or the given key could be guessed.
    """
    key, now = given if given is not None else secrets.token_urlsafe(24), hub.clock.now()
    try:
        called_so = key_name_of(name)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    if weak := why_weak_key(key):
        raise RefusedError(weak)
    until = now + timedelta(days=days) if days is not None else None
    await hub.store.write(
        save_api_key, merchant, key, name=called_so, role=role.value, now=now, expires_at=until
    )
    return key, until


async def revoke_key(hub: Hub, merchant: str, name: str) -> int:
    """Take the keys of a name back, and sign out whoever signed in with one; links made with one end.

    Return how many keys there were.

    Raises:
        NotFoundError: there is no key of the name.
    """
    taken = await hub.store.write(delete_api_key, merchant, name)
    if not taken:
        known = {key.name for key in await hub.store.read(list_api_keys, merchant)}
        there = ", ".join(sorted(known)) or "none"
        raise NotFoundError(f"{merchant} has no key of the name {name!r}; there is {there}")
    return taken


async def revocation_plan(hub: Hub, merchant: str, name: str) -> Plan:
    """Return what taking back the keys of a name will do.

    Raises:
        NotFoundError: there is no key of the name.
    """
    keys = [key for key in await hub.store.read(list_api_keys, merchant) if key.name == name]
    if not keys:
        raise NotFoundError(f"{merchant} has no key of the name {name!r}")
    used = max((key.last_used_at for key in keys if key.last_used_at), default=None)
    last = f"last used {used:%Y-%m-%d %H:%M} UTC" if used else "never used"
    links = await hub.store.read(count_links_by, merchant, actor_of_key(name), hub.clock.now())
    return Plan(
        title=f"Take back the API key {name}",
        does=(
            f"{'Its key opens' if len(keys) == 1 else f'Its {len(keys)} keys open'} nothing any more; {last}.",
            "Signs out every browser that signed in with it.",
            *links_that_end(links),
        ),
        stands=f"{name} {len(keys)} {links}",
    )
