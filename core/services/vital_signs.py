"""Whether this process can do its work, with every reason where it cannot; told to anybody, so no reason names a value."""

import asyncio
from collections.abc import Awaitable, Callable

from core.engine.hub import Hub
from core.store.failures import DATABASE_ERRORS
from core.store.keys import unopened_keys
from core.store.processes import is_taken_for_dead
from core.store.vital_signs import probe_write

WITHIN_S = 3.0
"""How long the database may take for all of it."""


async def reasons_not_ready(hub: Hub) -> tuple[str, ...]:
    """Return why the hub cannot work; nothing where it can."""
    if not hub.merchants:
        return ("no crossdock.yaml is loaded",)
    if hub.health.troubles:
        return tuple(f"{what}: {why}" for what, why in sorted(hub.health.troubles.items()))
    try:
        async with asyncio.timeout(WITHIN_S):
            found = [await check(hub) for check in CHECKS]
    except TimeoutError:
        return (f"the database does not answer within {WITHIN_S:g} s",)
    return tuple(reason for reason in found if reason is not None)


async def _takes_writes(hub: Hub) -> str | None:
    try:
        await hub.store.db.write(probe_write, next(iter(hub.merchants)), hub.clock.now())
    except DATABASE_ERRORS:
        return "the database takes no write: it is gone, full, locked or read-only"
    return None


async def _keys_open(hub: Hub) -> str | None:
    try:
        missing = await hub.store.read(unopened_keys, hub.store.keys)
    except DATABASE_ERRORS:
        return "the database cannot be read"
    if missing:
        return "stored keys do not open with CROSSDOCK_SECRET_KEYS: the key that sealed them is missing, or it is another"
    return None


async def _known_alive(hub: Hub) -> str | None:
    # A clock that is moved by hand may have moved by hours since the last word.
    if hub.clock.by_hand:
        return None
    try:
        silent = await hub.store.read(is_taken_for_dead, hub.owner, hub.clock.now())
    except DATABASE_ERRORS:
        return "the database cannot be read"
    return "it did not say for seconds that it lives: other processes take its work over" if silent else None


CHECKS: tuple[Callable[[Hub], Awaitable[str | None]], ...] = (_takes_writes, _keys_open, _known_alive)
"""Each gives a reason, or None where all is well."""
