"""The hub's own site on loopback, behind its door as ``serve`` has it."""

import contextlib
from collections.abc import AsyncIterator

from core.engine.hub import Hub
from web.app import build
from web.context import Settings
from web.door.limits import Limits
from web.door.listening import listen
from web.door.server import open_door


@contextlib.asynccontextmanager
async def site_of(hub: Hub) -> AsyncIterator[int]:
    """Serve the site of a hub; gives its port."""

    async def nothing(*_: object) -> None:
        """Nobody connects here."""

    settings = Settings(public_url="http://127.0.0.1", secret=b"signs cookies only", connected=nothing)
    with listen("127.0.0.1", 0) as listening:
        async with open_door(build(hub, settings), listening, Limits(), stop_within_s=1.0):
            yield listening.getsockname()[1]
