"""Intake: what vendors tell comes twice, late, at once or never; workers fetch, fail, park and die: nothing told is lost."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from core.store.inbox import Delivery, replay_delivery
from core.store.job_ends import JobEnd
from core.store.jobs import Job, JobKey, NewJob, claim_jobs
from core.store.tables import deliveries, jobs
from tests.core.store.builders import NOON
from tests.machines.loop import InLoop

KENDRA, SHOP = "kendra", "shop"
CLAIM = timedelta(seconds=180)
SUBJECTS, WORKERS = st.sampled_from(["kk-1", "kk-2"]), st.sampled_from(["w1", "w2"])
Told = tuple[str, str, int]
"""(event id, subject, the subject's version that it tells of)."""


class Running:
    """A run of a job: which version it read, and until when it is its worker's alone."""

    def __init__(self, job: Job, read: int, until: datetime) -> None:
        self.job, self.read, self.until = job, read, until


class IntakeMachine(RuleBasedStateMachine):
    """The model: how often each object changed, what the hub was told of it, and what it has seen."""

    told: Bundle[Told] = Bundle("told")

    def __init__(self) -> None:
        super().__init__()
        self.world = InLoop()
        self.now = NOON
        self.versions: dict[str, int] = {}
        self.delivered: dict[str, Told] = {}
        self.seen: dict[str, int] = {}
        self.running: dict[tuple[str, JobKey], Running] = {}

    def teardown(self) -> None:
        self._everything_is_done_at_last()
        self.world.close()

    @rule(target=told, subject=SUBJECTS)
    def changes(self, subject: str) -> Told:
        return self._changed(subject)

    def _changed(self, subject: str) -> Told:
        """An object changes, and its vendor tells of it: whether and when that comes, others decide."""
        self.versions[subject] = self.versions.get(subject, 0) + 1
        return (f"{subject}-{self.versions[subject]}", subject, self.versions[subject])

    @rule(target=told, subject=SUBJECTS)
    def changes_and_is_told_at_once(self, subject: str) -> Told:
        one = self._changed(subject)
        self._come([[one]])
        return one

    @rule(asks=st.lists(st.lists(told, min_size=1, max_size=3), min_size=1, max_size=3))
    def come_at_once(self, asks: list[list[Told]]) -> None:
        """Several requests at once, with the same news in two of them perhaps: each is new once."""
        self._come(asks)

    def _come(self, asks: list[list[Told]]) -> None:
        new = {one[0] for ask in asks for one in ask} - self.delivered.keys()

        async def all_at_once() -> list[int]:
            each = ([self._delivery(one) for one in {one[0]: one for one in ask}.values()] for ask in asks)
            deliver = self.world.store.deliver
            return await asyncio.gather(*(deliver(KENDRA, SHOP, ask, now=self.now) for ask in each))

        assert sum(self.world.do(all_at_once())) == len(new)
        self.delivered |= {one[0]: one for ask in asks for one in ask}

    @rule(worker=WORKERS, limit=st.integers(1, 3))
    def begins(self, worker: str, limit: int) -> None:
        """A worker claims what is due, and reads its object as it stands."""
        until = self.now + CLAIM
        claim = self.world.store.write(claim_jobs, owner=worker, now=self.now, until=until, limit=limit)
        for job in self.world.do(claim):
            others = [r for (_, key), r in self.running.items() if key == job.key and r.until >= self.now]
            assert others == [], "two had it at once"
            self.running[worker, job.key] = Running(job, self.versions[job.object_id], until)

    @rule(worker=WORKERS, how=st.sampled_from(["over", "over", "fails", "parks"]))
    def ends(self, worker: str, how: str) -> None:
        """The run that a worker began first ends, well or not; perhaps another had taken it over long ago."""
        key = next((key for owner, key in self.running if owner == worker), None)
        if key is None:
            return
        run = self.running.pop((worker, key))
        again = None if how != "fails" else self.now + timedelta(seconds=5)
        error = None if how == "over" else "it did not answer"
        end = JobEnd(job=run.job, now=self.now, due_at=again, error=error, attempts=1, park=how == "parks")
        self.world.do(self.world.store.end_job(end))
        if how == "over":
            self._saw(run)

    @rule(worker=WORKERS)
    def dies(self, worker: str) -> None:
        """Nobody tells the database: what it claimed stays claimed until that has run out."""
        self.running = {key: run for key, run in self.running.items() if key[0] != worker}

    @rule(seconds=st.sampled_from([1, 10, 200]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(one=told)
    def a_person_tries_it_again(self, one: Told) -> None:
        if one[0] in self.delivered:
            replay = self.world.store.write(replay_delivery, KENDRA, SHOP, one[0], now=self.now)
            self.world.do(replay)

    @invariant()
    def each_delivery_is_stored_once(self) -> None:
        assert sorted(row.event_id for row in self._rows(deliveries)) == sorted(self.delivered)

    @invariant()
    def what_was_told_and_is_not_seen_has_its_job(self) -> None:
        kept = {row.subject for row in self._rows(jobs)}
        assert self._unseen() <= {subject.removeprefix("shop:") for subject in kept}

    @invariant()
    def what_is_done_was_seen(self) -> None:
        unseen = self._unseen()
        done = {row.event_id for row in self._rows(deliveries) if row.state == "done"}
        newest = {
            subject: max(d[2] for d in self.delivered.values() if d[1] == subject) for subject in unseen
        }
        assert not done & {f"{subject}-{version}" for subject, version in newest.items()}

    def _unseen(self) -> set[str]:
        """Return the objects of which something was told that no run has seen."""
        return {
            subject for _, subject, version in self.delivered.values() if self.seen.get(subject, 0) < version
        }

    def _everything_is_done_at_last(self) -> None:
        """Everybody is well again: whatever was told is seen, and nothing is left to do."""
        self.running, self.now = {}, self.now + timedelta(hours=1)
        for event_id in self.delivered:
            self.a_person_tries_it_again(self.delivered[event_id])
        for _ in range(2 * len(self.delivered) + 1):
            self.begins("w1", 3)
            self.ends("w1", "over")
            self.ends("w1", "over")
            self.ends("w1", "over")
        assert self._unseen() == set()
        assert self._rows(jobs) == []
        assert {row.state for row in self._rows(deliveries)} <= {"done"}

    def _saw(self, run: Running) -> None:
        subject = run.job.object_id
        self.seen[subject] = max(self.seen.get(subject, 0), run.read)

    def _delivery(self, told: Told) -> Delivery:
        event_id, subject, _ = told
        job = NewJob(kind="fetch", subject=f"{SHOP}:{subject}", connection=SHOP, due_at=self.now)
        return Delivery(event_id=event_id, topic="order", body=b"{}", job=job)

    def _rows(self, table: sa.Table) -> Sequence[sa.Row[tuple[object, ...]]]:
        return self.world.do(self.world.store.read(lambda conn: conn.execute(sa.select(table)).all()))
