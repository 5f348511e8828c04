"""A database that only just starts refuses for a while: whoever serves waits for it."""

import asyncio
import logging

import asyncpg
import sqlalchemy as sa

from core.store.failures import FOR_GOOD
from core.store.server_address import plain_address

LOG = logging.getLogger("crossdock.server")

START_WITHIN_S = 60.0
"""How long a process that serves waits for a database that refuses connections."""
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 5.0
TOLD_EVERY_S = 30.0
"""How often a start that is tried again says so at most: a database may be read-only for a night."""


class StartAgain:
    """Waits before a start asks its database again: longer each time, and told now and then."""

    def __init__(self) -> None:
        self.wait_s = FIRST_WAIT_S
        self._told_at_s: float | None = None

    async def wait(self, why: str) -> None:
        """Wait, and say why unless that was said a moment ago."""
        now_s = asyncio.get_running_loop().time()
        if self._told_at_s is None or now_s - self._told_at_s >= TOLD_EVERY_S:
            self._told_at_s = now_s
            LOG.warning("the database fails at the start (%s); tried again until it does not", why)
        await asyncio.sleep(self.wait_s)
        self.wait_s = min(2 * self.wait_s, LONGEST_WAIT_S)


async def wait_for_database(url: str) -> bool:
    """Wait for a PostgreSQL server that refuses connections, as one does that starts: ``START_WITHIN_S`` at most.

    Returns:
        False where it still refuses. Any other failure, a wrong name or password, is left to whoever opens the
        database next: no waiting mends it.
    """
    loop, again = asyncio.get_running_loop(), StartAgain()
    end = loop.time() + START_WITHIN_S
    while await _refuses(url):
        if loop.time() + again.wait_s >= end:
            return False
        await again.wait("it does not answer yet")
    return True


async def _refuses(url: str) -> bool:
    """Return whether a database does not answer now, and may in a moment."""
    if sa.make_url(url).get_backend_name() != "postgresql":
        return False
    try:
        await (await asyncpg.connect(plain_address(url), timeout=10)).close()
    except (asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError):
        return True
    except (OSError, asyncpg.PostgresError) as error:
        return isinstance(error, OSError) and not isinstance(error, FOR_GOOD)
    except (ValueError, OverflowError):  # what is set fits no server
        return False
    return False
