"""The session of a process: it says every few seconds that it lives, and asks the database what time it is.

Its claims count as long as it does (``core/store/processes``).
"""

import logging
from datetime import datetime

import sqlalchemy as sa

from core.clock import DatabaseClock
from core.engine.hub import Hub
from core.failpoints import failpoint
from core.store.engine import Database, Postgres
from core.store.failures import DATABASE_ERRORS, is_infrastructure, name_of
from core.store.processes import beat, end_process, end_silent_sessions, forget_processes

LOG = logging.getLogger("crossdock.session")

BEAT_S = 2.0
"""How often a process says that it lives: one that is late three times in a row is taken for dead."""
DATABASE = "database"
_WORTH_TELLING_S = 1.0


async def set_clock(clock: object, db: Database) -> None:
    """Put a clock that follows the database right; any other is left alone."""
    if not isinstance(clock, DatabaseClock):
        return
    asked = clock.seconds()
    instant = await db.now()
    off = clock.learn(instant, asked, clock.seconds(), shared=isinstance(db, Postgres))
    if abs(off) > _WORTH_TELLING_S:
        LOG.warning(
            "the clock of the database was off by %.1f s from what it said before; it is followed", off
        )


async def begin_session(hub: Hub) -> None:
    """Say for the first time that this process lives, and forget those of long ago."""
    failpoint("session.begin")
    await hub.store.write(forget_processes, hub.clock.now())
    await tick_session(hub)


async def tick_session(hub: Hub) -> None:
    """Put the clock right, and say that this process lives; a database that does not answer is told in its health."""
    try:
        await set_clock(hub.clock, hub.store.db)
        failpoint("session.beat")
        await hub.store.write(_beat, hub.owner, hub.role, hub.clock.now())
    except DATABASE_ERRORS as error:
        if is_infrastructure(error):
            hub.health.lost(DATABASE, f"it does not answer ({name_of(error)})")
        raise
    hub.health.found(DATABASE)


def _beat(conn: sa.Connection, owner: str, role: str, now: datetime) -> None:
    beat(conn, owner, role, now)
    ended = end_silent_sessions(conn, now)
    if ended:
        LOG.warning("%d transactions of a process that is taken for dead were ended", ended)


async def end_session(hub: Hub) -> None:
    """Say that this process ends: whatever it could not give back is free."""
    try:
        failpoint("session.end")
        await hub.store.write(end_process, hub.owner)
    except DATABASE_ERRORS as error:
        LOG.warning("the database was not told that this process ends (%s)", type(error).__name__)
