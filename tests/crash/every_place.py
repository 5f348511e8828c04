"""Every failpoint that two workers pass on the day of ``scenario``, and what comes of a strike at each: `make soak ARGS=failpoints`.

SQLite is one process's: there a worker is only killed. One that stands still in a transaction holds the whole file.
"""

import asyncio
import logging
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import sqlalchemy as sa

from core.store.sealing import Keyring
from tests.crash import scenario
from tests.crash.fleet import KILL, STOP, day, forks_of_workers
from tests.crash.test_every_failpoint import NAMES
from tests.databases import fresh_database

OF_PEOPLE = frozenset({"notices.seen.before", "pauses.resume.before"})
"""What a person does is done by neither worker."""
OF_TICKS = ("session.beat", "work.claims.renew", "work.jobs.claim", "work.orders.choose")
"""What the clock of a process does: the scenario of one process replaces it."""
PLACES = sorted({*NAMES, *OF_TICKS} - OF_PEOPLE)
STRIKES = {"kill": KILL, "stop": STOP}
WAYS = (("sqlite", "kill"), ("postgres", "kill"), ("postgres", "stop"))
_TRIES = 3


async def struck_at(place: str, kind: str, strike: str) -> list[str]:
    """Live days until one of the workers was struck at a place; return what is wrong afterwards."""
    for _ in range(_TRIES):
        came = await _day(place, kind, strike)
        if came is not None:
            return [f"{place}: {text}" for text in came]
    return [f"{place}: no worker passes it on {_TRIES} days"]


async def _day(place: str, kind: str, strike: str) -> list[str] | None:
    """Return what is wrong at the end of a day on a database of its own; None where nobody was struck."""
    folder = await asyncio.to_thread(_folder)
    keys = Keyring.generate().text()
    try:
        async with fresh_database(kind, folder) as url:
            if kind == "postgres":
                await _not_flushed(url)
            await scenario.prepare(url, keys, folder / "books")
            came = await day(forks_of_workers(), url, keys, folder, place=place, strike=STRIKES[strike])
    finally:
        await asyncio.to_thread(shutil.rmtree, folder)
    return [*came.wrong] if came.struck else None


def _folder() -> Path:
    fast = Path("/dev/shm")
    return Path(tempfile.mkdtemp(dir=fast if fast.is_dir() else None))


async def _not_flushed(url: str) -> None:
    """Have the server not wait for its disk: processes of the hub die here, it does not."""
    plain = sa.make_url(url)
    server = await asyncpg.connect(plain.set(drivername="postgresql").render_as_string(hide_password=False))
    await server.execute(f'ALTER DATABASE "{plain.database}" SET synchronous_commit = off')
    await server.close()


async def struck(kind: str, strike: str) -> list[str]:
    """Strike at each place, one day each, in a process of its own; return what is wrong.

    Whatever begins the children is imported by each of them once more: this module is small.
    """
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, kind, strike, stdout=PIPE)
    told, _ = await child.communicate()
    return told.decode().splitlines() + ([f"it ended with {child.returncode}"] if child.returncode else [])


async def _each(kind: str, strike: str, places: Sequence[str]) -> None:
    for place in places:
        for text in await struck_at(place, kind, strike):
            sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(_each(sys.argv[1], sys.argv[2], sys.argv[3:] or PLACES))
