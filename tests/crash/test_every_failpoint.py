"""The hub is killed at every failpoint, started again, and its books are compared with those of the world outside.

The day of ``scenario`` passes every place that is named in the source, but those of ``ELSEWHERE``.
"""

import asyncio
import multiprocessing
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from core.store.sealing import Keyring
from tests.crash import scenario
from tests.databases import fresh_database

pytestmark = pytest.mark.timeout(900)
"""Two lives for each place: a machine that is busy with other things needs its time."""

LONGEST_LIFE_S = 180
CORE = Path(__file__).parents[2] / "core"
ELSEWHERE = {
    "keys.begin.written": "the first start; tests/core/store/test_keyring_file.py",
    "keys.put_first.written": "the same",
    "keys.rotate.batch": "a command; tests/core/store/test_rotation.py dies there",
    "backup.keys.written": "a command; tests/core/store/test_backup.py",
    "restore.rows.written": "the same",
    "restored.labels.before": "nothing was restored on that day; tests/core/flow/test_restored.py",
    "restored.number.before": "the same",
    "vault.refresh.before": "bogus vendors ask for no token; the vault's own tests pass it",
    "vault.refresh.after": "the same",
    "intake.subscribe.before": "bogus vendors need no subscription",
    "intake.subscribe.mended": "the same",
    "levels.read.saved": "no catalogue changes at once on that day; tests/scale/test_full_push.py passes it",
    "levels.limited.before": "bogus vendors have no limits; the same",
    "levels.limited.settle": "the same",
    "backorders.commit.before": "no goods come in on that day",
    "work.jobs.claim": "the clock's tick, which the scenario replaces",
    "work.orders.choose": "the same",
    "work.claims.renew": "the same",
    "work.left.before": "the same; tests/core/flow/test_dead_worker.py passes it",
    "session.begin": "the scenario's process says nothing of itself; tests/core/test_lost_connections.py",
    "session.end": "the same",
    "session.beat": "the same",
    "pauses.back.before": "whoever has a turn on that day uses it; tests/core/flow/test_outages.py dies there",
    "work.job.line": "the same",
    "stock.scans.before": "no carrier refuses a void for good on that day",
    "schema.upgrade.before_commit": "no database is upgraded on that day; tests/core/store/test_upgrades.py dies there",
    "work.line.before": "nobody who waits for a pause is parked on that day; the same",
    "work.claim.free": "our own infrastructure fails nowhere on that day; tests/core/flow/test_infrastructure.py",
    "work.jobs.free": "the same",
    "run.outcomes.again": "the same",
    "run.decided.before": "nothing is looked up on that day right after a decision; tests/core/flow/test_run.py",
    "privacy.taken.before": "nobody asks to be forgotten on that day; tests/core/privacy/test_requests.py dies there",
    "privacy.end.before": "the same",
    "privacy.notice.before": "the same",
    "privacy.answer.before": "a person answers, which nobody does on that day; the same",
    "forgetting.erase.before": "nobody is forgotten on that day; tests/core/privacy/test_forgetting.py dies there",
    "forgetting.tell.before": "the same",
    "forgetting.overwrite.before": "the same",
    "forgetting.close.before": "the same",
    "rules.activate.before": "no process starts with a file on that day; tests/core/flow/test_merchant_rules.py passes it",
    "config.apply.before": "nobody applies another file on that day; tests/test_apply.py dies there",
    "config.again.before": "the same",
    "levels.again.before": "the same",
    "config.draft.before": "nobody tries a draft on that day; tests/test_drafts.py dies there",
    "config.undraft.before": "the same",
    "config.promote.before": "the same",
    "rules.stock.before": "only rules about orders on that day; tests/core/flow/test_merchant_rules_killed.py dies there",
    "rules.connection.before": "the same",
    "rules.hour.before": "the same",
    "rules.step.before": "the same",
    "rules.buffer.before": "the same",
    "rules.intend.before": "the same",
    "rules.call.before": "the same",
    "rules.settle.before": "the same",
    "rules.lost.before": "no file is lost on that day; tests/core/flow/test_merchant_rules.py passes it",
    "rules.lost.settle": "the same",
    "runs.retry.order": "nobody retries a run on that day; tests/core/flow/test_run_retries_killed.py dies there",
    "runs.retry.merchant": "the same",
    "work.listening.freed": "a process that is told to stop, which the scenario never is",
}
_NAMED = re.compile(r'failpoint\("([a-z_.]+)"\)')
NAMES = sorted(
    {name for path in CORE.rglob("*.py") for name in _NAMED.findall(path.read_text())} - ELSEWHERE.keys()
)


@pytest.fixture(scope="module")
def forks() -> ForkServerContext:
    """Children that start at once: what they import is imported before."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.scenario"])
    return context


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder with an open hub on SQLite and its world, and the keys of it."""
    fast = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=fast if fast.is_dir() else tmp_path_factory.getbasetemp()))
    keys = Keyring.generate().text()
    asyncio.run(scenario.prepare(f"sqlite:///{folder / 'hub.db'}", keys, folder / "books"))
    yield folder, keys
    shutil.rmtree(folder)


def run_child(forks: ForkServerContext, target: Any, *args: str) -> int:
    child = forks.Process(target=target, args=args)
    child.start()
    child.join(LONGEST_LIFE_S)
    if child.exitcode is None:
        child.kill()
        raise AssertionError(f"{target.__name__} of {args[-1]} did not end within {LONGEST_LIFE_S} s")
    return child.exitcode


def lives(forks: ForkServerContext, folder: Path, url: str, keys: str, name: str) -> str:
    """What went wrong when the hub was killed at a place and started again; empty where nothing did."""
    books, result = str(folder / "books"), folder / "result"
    died = run_child(forks, scenario.first_life, url, keys, books, name)
    if died != -signal.SIGKILL:
        return f"{name}: the day does not pass it (the process ended with {died})"
    ended = run_child(forks, scenario.second_life, url, keys, books, str(result))
    if ended:
        return f"{name}: the second life ended with {ended}"
    found = result.read_text()
    return f"{name}: {found}" if found else ""


@pytest.mark.req("R42", "R45", "R31", "R11")
def test_killed_at_any_failpoint_the_hub_loses_and_doubles_nothing(
    forks: ForkServerContext, opened: tuple[Path, str], tmp_path: Path
) -> None:
    folder, keys = opened

    def one(name: str) -> str:
        copy = Path(shutil.copytree(folder, folder.parent / f"{folder.name}-{name}"))
        try:
            return lives(forks, copy, f"sqlite:///{copy / 'hub.db'}", keys, name)
        finally:
            shutil.rmtree(copy)

    with ThreadPoolExecutor(2) as pool:
        wrong = [text for text in pool.map(one, NAMES) if text]
    assert not wrong, "\n".join(wrong)


SPREAD = NAMES[::6]
"""PostgreSQL commits through the same functions: a spread of the places is enough beside SQLite's all."""


@pytest.mark.req("R42", "R45", "R31", "R11")
async def test_killed_on_postgres_the_hub_loses_and_doubles_nothing(
    forks: ForkServerContext, tmp_path: Path
) -> None:
    keys, two = Keyring.generate().text(), asyncio.Semaphore(2)

    async def one(name: str) -> str:
        folder = tmp_path / name
        folder.mkdir()
        async with two, fresh_database("postgres", folder) as url:
            await scenario.prepare(url, keys, folder / "books")
            return await asyncio.to_thread(lives, forks, folder, url, keys, name)

    wrong = [text for text in await asyncio.gather(*map(one, SPREAD)) if text]
    assert not wrong, "\n".join(wrong)
