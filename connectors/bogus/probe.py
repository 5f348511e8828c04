"""Whether the vendor takes us; a test says when it does not."""

from connectors.bogus.client import World
from core.errors import AuthError


async def probe(connection: str, world: World) -> str:
    """Ask for nothing, as whoever is signed in may."""

    def read(_stale: object) -> str:
        if connection in world.locked_out:
            raise AuthError("probe: answered 401", connection=connection, code="401")
        return f"{connection} of a world in memory"

    return await world.look(connection, "probe", read)
