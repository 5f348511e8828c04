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


async def wait_for_database(url: str) -> bool:
    """Wait for a PostgreSQL server that refuses connections, as one does that starts: ``START_WITHIN_S`` at most.

    Returns:
        False where it still refuses. Any other failure, a wrong name or password, is left to whoever opens the
        database next: no waiting mends it.
    """
    loop, wait_s = asyncio.get_running_loop(), 0.1
    end = loop.time() + START_WITHIN_S
    while await _refuses(url):
        if loop.time() + wait_s >= end:
            return False
        LOG.warning("the database at %s does not answer yet; waiting", url.rpartition("@")[2])
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, 5.0)
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
