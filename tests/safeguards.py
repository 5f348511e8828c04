"""The safeguards of store and engine, each of which can be taken away here, to see that the simulation misses it.

Nothing in the hub can be told to do without one: they are patched out, in this process only.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from unittest import mock

import sqlalchemy as sa

from core.domain.commit import OrderCommit
from core.domain.state import OpenIntent
from core.engine.effects import Done
from core.engine.hub import Connections
from core.engine.run import Run
from core.model.effects import Outcome
from core.ports import Operation
from core.steps import SEND
from core.store import apply, claims, jobs
from core.store.decide import Decision, Standing, decide
from simulation import run
from simulation.faults import faults_named
from simulation.opening import opened
from simulation.run import Report, simulate
from simulation.scene import Scene

claimable = jobs._claimable
Removal = Callable[[], AbstractContextManager[object]]


def _deciding(change: Callable[[OrderCommit, Standing], OrderCommit]) -> AbstractContextManager[object]:
    def changed(commit: OrderCommit, stands: Standing, *rest: Any) -> Decision:
        return decide(change(commit, stands), stands, *rest)

    return mock.patch.object(apply, "decide", changed)


@contextmanager
def without_claim() -> Iterator[None]:
    """Let everybody claim what is due, whoever holds it, and decide for it."""

    def due(row: Any, now: datetime) -> bool:
        return row.due_at is not None and row.due_at <= now

    def owned(commit: OrderCommit, stands: Standing) -> OrderCommit:
        return replace(commit, owner=stands.claimed_by) if commit.owner is not None else commit

    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(claims, "_may_claim", due))
        stack.enter_context(mock.patch.object(jobs, "_claimable", _due_jobs))
        stack.enter_context(_deciding(owned))
        yield


def _due_jobs(dialect: str, *, chosen: bool) -> sa.Select[Any]:
    """Return the statement that claims jobs, for which nobody holds any."""
    with mock.patch.object(jobs, "unheld_at", return_value=sa.true()):
        made: sa.Select[Any] = claimable.__wrapped__(dialect, chosen=chosen)
    return made


def without_version_guard() -> AbstractContextManager[object]:
    """Let a decision land wherever the order stands by then."""
    return _deciding(lambda commit, stands: replace(commit, expect=commit.expect and stands.version))


def without_settle_time() -> AbstractContextManager[object]:
    """Look up what came of a call as soon as its limit is over."""
    asked = Connections.operation

    def hurried(self: Connections, connection: str, name: str) -> Operation:
        return replace(asked(self, connection, name), settle_s=0.0)

    return mock.patch.object(Connections, "operation", hurried)


def without_fence() -> AbstractContextManager[object]:
    """Take a mail of which nobody knows whether it went out for one that did not."""

    async def not_sent(_run: Run, _intent: OpenIntent) -> Done:
        return Done(outcome=Outcome.UNDONE)

    return mock.patch.dict(SEND, {"send": not_sent})


def without_revision() -> AbstractContextManager[object]:
    """Let an intent land whatever became of the settings it was decided by."""
    return _deciding(lambda commit, _: replace(commit, settings=None))


def without_key(table: str) -> AbstractContextManager[object]:
    """Let a table hold two rows of one key."""

    def opened_without(scenes: Sequence[Scene]) -> bytes:
        with closing(sqlite3.connect(":memory:")) as raw:
            raw.deserialize(opened(scenes))
            raw.execute(f"CREATE TABLE keyless AS SELECT * FROM {table}")
            raw.execute(f"DROP TABLE {table}")
            raw.execute(f"ALTER TABLE keyless RENAME TO {table}")
            raw.commit()
            return raw.serialize()

    return mock.patch.object(run, "opened", opened_without)


@contextmanager
def without_any_before_the_key() -> Iterator[None]:
    """Leave the key of an effect as the only thing that keeps two from deciding it: no claim, no version guard."""
    with without_claim(), _deciding(_free_for_all):
        yield


def _free_for_all(commit: OrderCommit, stands: Standing) -> OrderCommit:
    owner = stands.claimed_by if commit.owner is not None else None
    return replace(commit, owner=owner, expect=commit.expect and stands.version)


@contextmanager
def without_unique_key() -> Iterator[None]:
    """Take the key of effects away too."""
    with without_any_before_the_key(), without_key("effects"):
        yield


def _without_key_of_deliveries() -> AbstractContextManager[object]:
    return without_key("deliveries")


SAFEGUARDS: Mapping[str, Removal] = {
    "claim": without_claim,
    "version guard": without_version_guard,
    "settle time": without_settle_time,
    "fence": without_fence,
    "revision": without_revision,
    "unique key": without_unique_key,
    "unique key of deliveries": _without_key_of_deliveries,
}


@dataclass(frozen=True)
class Needed:
    """A safeguard, what goes wrong where it is needed, and what is told where it is missing."""

    name: str
    faults: str
    told: str

    def missed(self, report: Report) -> bool:
        """Whether a run tells that it is missing."""
        return any(self.told in line for line in report.differences)


NEEDED = (
    Needed("claim", "slow", "claimed by"),
    Needed("version guard", "crossed", "was decided although it was known as cancelled"),
    Needed("settle time", "slow", "came to pass 2 times"),
    Needed("fence", "reply_lost,delayed", "came to pass 2 times"),
    Needed("unique key", "slow", "intended 2 times"),
    Needed("unique key of deliveries", "twice", "stored twice"),
    Needed("revision", "crossed", "intended although"),
)


def played(needed: Needed, seed: int) -> Report:
    """Play a scene in which what a safeguard is for happens at every turn."""
    scene = Scene(seed, 2, faults_named(needed.faults), apart_s=10, rate=10)
    return simulate(scene, seed=seed, stops=2)


def played_without(needed: Needed, seed: int) -> Report:
    """Play it without the safeguard."""
    with SAFEGUARDS[needed.name]():
        return played(needed, seed)
