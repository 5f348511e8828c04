"""Our own database fails once at every failpoint, each way in turn: afterwards all goes on by itself, and once.

The process lives on, unlike in ``test_every_failpoint``; the day is the same, in this process and on its clock.
"""

import asyncio
import logging
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from core.engine.pauses import resume
from core.failpoints import listening
from core.services import notices
from core.store.engine import database
from core.store.failures import is_infrastructure
from core.store.sealing import Keyring
from core.store.tables import effects, jobs, orders
from tests.crash import scenario
from tests.crash.test_every_failpoint import NAMES
from tests.databases import fresh_database
from tests.outages import KINDS

pytestmark = [
    pytest.mark.case("F1"),
    pytest.mark.req("R66", "R42", "R31"),
    pytest.mark.timeout(900),
]
Came = dict[str, Any]
"""What came of a day: how the books differ, what is parked, and how many effects ended how."""


@pytest.fixture
def folder() -> Iterator[Path]:
    fast = Path("/dev/shm")
    made = Path(tempfile.mkdtemp(dir=fast if fast.is_dir() else None))
    yield made
    shutil.rmtree(made)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is tried again is tried at once; and a person who is told to come again does."""
    monkeypatch.setattr("core.store.failures.AGAIN_AFTER_S", 0)
    monkeypatch.setattr(scenario, "resume", _asking_again(resume))
    monkeypatch.setattr(notices, "see", _asking_again(notices.see))
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def _asking_again(ask: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def asked(*args: Any, **kwargs: Any) -> Any:
        try:
            return await ask(*args, **kwargs)
        except Exception as error:
            if not is_infrastructure(error):
                raise
            return await ask(*args, **kwargs)

    return asked


async def day(url: str, folder: Path, listener: Callable[[str], None]) -> Came:
    """Live the day with a listener at every failpoint."""
    keys = Keyring.generate().text()
    await scenario.prepare(url, keys, folder / "books")
    with listening(listener):
        found = await scenario.live(url, keys, folder / "books", scenario.START)
    db = database(url)
    came = await db.read(came_of)
    await db.close()
    return {"differences": found, **came}


def came_of(conn: sa.Connection) -> Came:
    parked_orders = sa.select(orders.c.order_id).where(orders.c.parked_at.is_not(None))
    parked_jobs = sa.select(jobs.c.kind, jobs.c.subject).where(jobs.c.parked_at.is_not(None))
    states = sa.select(effects.c.operation, effects.c.state)
    return {
        "orders parked": list(conn.execute(parked_orders).scalars()),
        "jobs parked": sorted(tuple(row) for row in conn.execute(parked_jobs)),
        # Levels are absolute: those that were set without an answer are read, and set again.
        "unknown or open": Counter(
            tuple(row)
            for row in conn.execute(states.where(effects.c.operation != "set_levels"))
            if row.state not in ("done", "refused", "undone")
        ),
    }


QUIET: Came = {
    "differences": [],
    "orders parked": [],
    # An order that its channel does not know.
    "jobs parked": [("fetch", "shop:kk-unheard-of")],
    # The mail server of that day loses its first answer, and a mail is never sent again.
    "unknown or open": Counter({("send", "unknown"): 1}),
}


LIVES = 1
"""How often each place fails, each time another way."""
HIDDEN = 2
"""Days after that for places that were not reached; they may lie two deep behind one that failed."""


async def test_wherever_the_database_fails_once_all_goes_on_by_itself(folder: Path) -> None:
    errors, reached, came = list(KINDS.values()), set[str](), dict[int, Came]()
    for life in range(LIVES + HIDDEN):
        # What an earlier failure of a day kept from being passed fails on a day of its own.
        names = NAMES if life < LIVES else sorted(set(NAMES) - reached)
        left = {name: errors[(2 * life + number) % len(errors)] for number, name in enumerate(names)}
        left = {name: error for name, error in left.items() if name not in CALLS}

        def fail(name: str, left: dict[str, Exception] = left) -> None:
            error = left.pop(name, None)
            if error is not None:
                raise error

        below = folder / str(life)
        below.mkdir()
        came[life] = await day(f"sqlite:///{below / 'hub.db'}", below, fail)
        reached |= set(names) - left.keys()

    assert came == dict.fromkeys(range(LIVES + HIDDEN), QUIET)
    assert reached | CALLS == set(NAMES)


CALLS = {
    "effects.call.before",
    "delivery.mail.before",
    "rule_calls.mail.before",
    "rule_calls.hook.before",
    "rule_calls.hook.after",
    "effects.call.after",
}
"""Between an intent that landed and its settling only the vendor is asked, no database: nothing of ours fails there."""


async def test_wherever_every_connection_to_postgresql_is_cut_all_goes_on_by_itself(folder: Path) -> None:
    async with fresh_database("postgres", folder) as url:
        server, left = url.replace("+asyncpg", ""), set(NAMES)
        with ThreadPoolExecutor(1) as beside:

            def cut(name: str) -> None:
                if name in left:
                    left.remove(name)
                    beside.submit(asyncio.run, _cut(server)).result()

            came = await day(url, folder, cut)

    assert left == set()
    assert came == QUIET


async def _cut(server: str) -> None:
    """Cut every connection to this database but our own."""
    connection = await asyncpg.connect(server)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()
