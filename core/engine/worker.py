"""Claims, wake-ups, retries, parking: the one place that decides when something is tried again.

A message only wakes. What protects an order is the claim in its row; losing every message delays work until the next
tick of the clock and loses nothing.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec

import sqlalchemy as sa

from core.domain.commit import Committed, Due, Landed
from core.engine.advance import CLAIM_S, StandstillError, advance, begin
from core.engine.answers import Call, Kind
from core.engine.dispatch import due_jobs, job_candidates, job_shares, order_candidates, order_shares
from core.engine.hub import Hub
from core.engine.job import JobKind, Jobs, Reschedule, goes_on, waiter_of
from core.engine.measured import measured_run
from core.engine.pauses import give_back, note_failure, wait_turn
from core.engine.places import ALL, AT_ONCE, JOB_LIMITS, PER_MERCHANT, Places
from core.engine.queue import Queue
from core.engine.retry import (
    ITS_OWN,
    LONGEST_WAIT_S,
    GiveUp,
    Park,
    Retry,
    Verdict,
    after_failure,
    describe,
    failure_of,
    for_order,
    told_of,
)
from core.engine.run import ClaimLostError, Run
from core.engine.settings import settings_at
from core.engine.step import Steps
from core.errors import HubError
from core.failpoints import failpoint
from core.model.failures import Failure
from core.store.claims import due_orders, first_orders, release_claim, renew_claims
from core.store.failures import DATABASE_ERRORS, is_infrastructure, until_answered
from core.store.job_ends import JobEnd
from core.store.jobs import (
    Job,
    JobKey,
    claim_jobs,
    release_jobs,
    release_other_jobs,
    renew_jobs,
)
from core.store.pauses import leave_line

LOG = logging.getLogger("crossdock.work")

P = ParamSpec("P")

PRESSED = 16
"""So many deliveries wait to be stored, and the worker of the same process gives way to them."""
GOES_ON = 4
"""So many orders, and as many jobs, are in flight however many deliveries come."""


async def _unknown(_hub: Hub, job: Job) -> Reschedule | None:
    raise LookupError(job.kind)


_JOB_CLAIM = timedelta(seconds=CLAIM_S * 2)
_UNKNOWN = JobKind(kind="unknown", run=_unknown)


@dataclass(slots=True, kw_only=True)
class Worker:
    """Runs what is due in this process."""

    hub: Hub
    steps: Steps
    jobs: Jobs
    queue: Queue | None = None
    chance: random.Random = field(default_factory=random.Random)
    job_places: Places = field(default_factory=lambda: Places(limits=JOB_LIMITS))
    orders_running: dict[tuple[str, str], asyncio.Task[Any] | None] = field(default_factory=dict)
    jobs_running: dict[JobKey, asyncio.Task[None]] = field(default_factory=dict)
    left: set[tuple[str, str]] = field(default_factory=set)
    """Orders whose claim may still be ours though nobody here works on them: the database could not be told."""
    jobs_left: bool = False
    """Jobs may still be claimed by us though nobody here runs them: the database could not be told, or did not tell."""
    ended: int = 0
    """How many orders and jobs have ended: whoever ticks sees that there may be more to do."""
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    """Something ended, or an order was woken: there may be more to do before the next tick."""
    choosing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One at a time counts the places and gives them away."""

    async def woken(self, _merchant: str, _order_id: str) -> None:
        """Hear that an order is due; which of all that are due comes next, the rows say."""
        self.stirred.set()

    async def run_order(self, merchant: str, order_id: str) -> None:
        """Look at one order; nothing where it is not due, is claimed by another, or its merchant has enough going on."""
        key, places = (merchant, order_id), order_shares(merchant)
        if key in self.orders_running or merchant not in self.hub.merchants:
            return
        if not self.hub.places.take(places):
            return  # it stays due: the next tick finds it
        self.orders_running[key] = asyncio.current_task()
        ended = False
        try:
            run = await begin(self.hub, merchant, order_id)
            if run is not None:
                await self._advance_counted(run)
            ended = True
        except DATABASE_ERRORS as error:
            if not is_infrastructure(error):
                raise
            LOG.warning("order %s of %s: %s", order_id, merchant, describe(error))
            await self._free(release_claim, merchant, order_id, owner=self.hub.owner)
            ended = True
        finally:
            if not ended:
                self.left.add(key)
            del self.orders_running[key]
            self.hub.places.leave(places)
            self.stirred.set()

    async def _advance_counted(self, run: Run) -> None:
        self.hub.activity.begin(run.merchant)
        try:
            await measured_run(run, self._advance(run))
        finally:
            self.hub.activity.end(run.merchant)
            self.ended += 1

    async def _advance(self, run: Run) -> None:
        failed: Exception | None = None
        try:
            await advance(run, self.steps)
        except ClaimLostError:
            self.left.add((run.merchant, run.order_id))
            LOG.info("order %s of %s: another worker has it", run.order_id, run.merchant)
        except (HubError, StandstillError) as error:
            failed = error
        except Exception as error:
            if failure_of(error) is Failure.CODE:
                LOG.exception("order %s of %s: a fault of ours", run.order_id, run.merchant)
            failed = error
        if failed is not None:
            await self._failed(run, failed)
        await give_back(self.hub, run.merchant, run.turns, failed)

    async def _failed(self, run: Run, error: Exception) -> None:
        LOG.warning(
            "order %s of %s: %s: %s", run.order_id, run.merchant, type(error).__name__, describe(error)
        )
        failed = await note_failure(self.hub, run.merchant, error, run.waiter) or ITS_OWN
        attempts = run.attempts + 1
        verdict = for_order(run, error, attempts, failed)
        failpoint("work.failed.before")
        try:
            ended = await self._end(run, error, verdict, attempts)
        except ClaimLostError:
            self.left.add((run.merchant, run.order_id))
            return
        if not isinstance(ended, Landed):
            # Something was told meanwhile: the order is due now, and whoever is next may have it at once.
            await self.hub.store.write(release_claim, run.merchant, run.order_id, owner=self.hub.owner)

    async def _end(self, run: Run, error: Exception, verdict: Verdict, attempts: int) -> Committed:
        if isinstance(verdict, Retry):
            wait = timedelta(seconds=verdict.wait_s * self.chance.uniform(1.0, 1.5))
            kept = attempts if verdict.counts else run.attempts
            return await run.commit(
                due_at=run.now + wait, attempts=kept, error=describe(error), free_claim=True
            )
        if run.in_line:
            failpoint("work.line.before")
            await self.hub.store.write(leave_line, run.merchant, sorted(run.in_line), run.waiter)
        due_at = Due.NOW if isinstance(verdict, GiveUp) or run.config.rules.starts else None
        return await run.commit(happened=[told_of(run, error, verdict)], due_at=due_at, free_claim=True)

    async def _free(
        self, function: Callable[Concatenate[sa.Connection, P], None], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Free a claim of ours that nobody works under any more: what it is on is due still."""

        async def free() -> None:
            failpoint("work.claim.free")
            await self.hub.store.write(function, *args, **kwargs)

        await until_answered(free)

    def _kind(self, job: str) -> JobKind:
        """Return the row of a kind of job; what no row names (a newer hub stored it) is parked like any fault."""
        return self.jobs.get(job, _UNKNOWN)

    async def run_job(self, job: Job) -> None:
        """Run one claimed job, and end it: over, due again, or parked with the reason."""
        try:
            await self._run_job(job)
        except DATABASE_ERRORS as error:
            if not is_infrastructure(error):
                raise
            LOG.warning("job %s %s of %s: %s", job.kind, job.subject, job.merchant, describe(error))
            await self._free(release_jobs, self.hub.owner, [job.key])

    async def _run_job(self, job: Job) -> None:
        kind, turns, failed = self._kind(job.kind), set[Kind](), None
        if await self._waits(job, kind, turns):
            return
        try:
            again = await kind.run(self.hub, job)
        except Exception as error:
            if failure_of(error) is Failure.CODE:
                LOG.exception("job %s %s of %s: a fault of ours", job.kind, job.subject, job.merchant)
            failed = error
            await self._job_failed(job, error)
        else:
            if any(self.hub.answers.paused(job.merchant, turn) for turn in turns):
                failpoint("work.job.line")
                await self.hub.store.write(leave_line, job.merchant, sorted(turns), waiter_of(job))
            failpoint("work.job.finish")
            due_at, data = (None, None) if again is None else (again.due_at, again.data)
            end = JobEnd(job=job, now=self.hub.clock.now(), due_at=due_at, data=data)
            await self.hub.store.end_job(end)
        await give_back(self.hub, job.merchant, turns, failed)

    async def _waits(self, job: Job, kind: JobKind, turns: set[Kind]) -> bool:
        """Return whether a job waits for a pause to end; it is put off then until it may ask whether that is over."""
        calls = [Call(job.connection, operation) for operation in kind.asks]
        if not calls:
            return False
        now = self.hub.clock.now()
        await settings_at(self.hub, job.merchant, job.revision)
        come_at = await wait_turn(self.hub, job.merchant, calls, waiter_of(job), turns)
        if come_at is None:
            return False
        failpoint("work.job.waits")
        error = job.error or f"{job.connection}: waits for the end of a pause"
        end = JobEnd(job=job, now=now, due_at=come_at, error=error, attempts=job.attempts)
        await self.hub.store.end_job(end)
        return True

    async def _job_failed(self, job: Job, error: Exception) -> None:
        kind, now, said = self._kind(job.kind), self.hub.clock.now(), describe(error)
        LOG.warning(
            "job %s %s of %s: %s: %s", job.kind, job.subject, job.merchant, type(error).__name__, said
        )
        failed = await note_failure(self.hub, job.merchant, error, waiter_of(job)) or ITS_OWN
        attempts = job.attempts + 1
        verdict = after_failure(error, attempts, failed)
        if isinstance(verdict, Park) and not goes_on(kind, error):
            failpoint("work.job.parked")
            end = JobEnd(job=job, now=now, error=said, attempts=attempts, park=True)
            await self.hub.store.end_job(end)
            return
        again = verdict if isinstance(verdict, Retry) else Retry(LONGEST_WAIT_S)
        failpoint("work.job.failed")
        wait = timedelta(seconds=again.wait_s * self.chance.uniform(1.0, 1.5))
        kept = attempts if again.counts else job.attempts
        await self.hub.store.end_job(JobEnd(job=job, now=now, due_at=now + wait, error=said, attempts=kept))

    async def wake_overdue(self) -> int:
        """Wake, through the queue, overdue orders that nobody works on: of a process that does not work itself."""
        due = await self.hub.store.read(
            due_orders, self.hub.clock.now(), limit=AT_ONCE * 4, per_merchant=PER_MERCHANT * 2
        )
        if self.queue is not None:
            await self.queue.wake(due)
        return len(due)

    async def tick_orders(self) -> int:
        """Begin with orders that are due, as many as there are places: no lost message is more than a delay."""
        await self._give_back_left()
        async with self.choosing:
            room = self._room(self.hub.places)
            if room <= 0:
                return 0
            failpoint("work.orders.choose")
            due = await self.hub.store.read(first_orders, self.hub.clock.now(), depth=min(room, PER_MERCHANT))
            chosen = self.hub.places.choose(list(order_candidates(self.hub, due)), most=room)
            for order in chosen:
                task = asyncio.create_task(self.run_order(order.merchant, order.order_id))
                task.add_done_callback(_say_why)
            await asyncio.sleep(0)  # each takes its place before anybody counts them again
        return len(chosen)

    async def _give_back_left(self) -> None:
        for merchant, order_id in sorted(self.left - self.orders_running.keys()):
            failpoint("work.left.before")
            await self.hub.store.write(release_claim, merchant, order_id, owner=self.hub.owner)
            self.left.discard((merchant, order_id))

    async def _give_back_jobs(self) -> None:
        if self.jobs_left:
            failpoint("work.left.before")
            await self.hub.store.write(release_other_jobs, self.hub.owner, tuple(self.jobs_running))
            self.jobs_left = False

    async def tick_jobs(self) -> int:
        """Claim jobs that are due and start them, as many as there are places; what runs here is left alone."""
        async with self.choosing:
            await self._give_back_jobs()
            room = self._room(self.job_places)
            if room <= 0:
                return 0
            now = self.hub.clock.now()
            chosen = await self._next_jobs(now, room)
            if not chosen:
                return 0
            failpoint("work.jobs.claim")
            try:
                claimed = await self.hub.store.write(
                    claim_jobs,
                    owner=self.hub.owner,
                    now=now,
                    until=now + _JOB_CLAIM,
                    limit=len(chosen),
                    only=chosen,
                )
            except (*DATABASE_ERRORS, asyncio.CancelledError):
                self.jobs_left = True
                raise
            for job in sorted(claimed, key=lambda job: chosen.index(job.key)):
                self._start(job)
        return len(claimed)

    def _room(self, places: Places) -> int:
        """Return how many more may begin: few while deliveries wait to be stored, for their senders wait for us."""
        pressed = self.hub.store.deliveries_waiting >= PRESSED
        return min(places.room(ALL), GOES_ON - places.held[ALL]) if pressed else places.room(ALL)

    async def _next_jobs(self, now: datetime, room: int) -> list[JobKey]:
        # Of a pause that another process raised a claim tells soon enough: its merchant's settings have changed.
        of = self.hub.snapshots.of
        paused = any(name not in of or of[name].settings.pauses for name in self.hub.merchants)
        depth = JOB_LIMITS["connection"]
        due, looks = await due_jobs(self.hub, now, depth=depth, paused=paused)
        left = [job for job in due if job.key not in self.jobs_running]
        kinds = {job.key: self._kind(job.kind) for job in left}
        candidates = list(job_candidates(self.hub, kinds, left, looks, now))
        return [job.key for job in self.job_places.choose(candidates, most=room)]

    def _start(self, job: Job) -> None:
        kind = self._kind(job.kind)
        places = job_shares(self.hub, kind, job.merchant, job.connection)
        self.job_places.held.update(places)
        if not kind.listens:
            self.hub.activity.begin(job.merchant)
        task = asyncio.create_task(self.run_job(job))
        self.jobs_running[job.key] = task

        def ended(task: asyncio.Task[None]) -> None:
            del self.jobs_running[job.key]
            if task.cancelled() or task.exception() is not None:
                self.jobs_left = True
            self.job_places.leave(places)
            self.ended += 1
            self.stirred.set()
            if not kind.listens:
                self.hub.activity.end(job.merchant)

        task.add_done_callback(ended)

    async def tick_claims(self) -> None:
        """Renew the claims of what runs here."""
        now = self.hub.clock.now()
        if self.orders_running:
            failpoint("work.claims.renew")
            await self.hub.store.write(
                renew_claims,
                self.hub.owner,
                list(self.orders_running),
                until=now + timedelta(seconds=CLAIM_S),
            )
        if self.jobs_running:
            failpoint("work.claims.renew")
            await self.hub.store.write(
                renew_jobs, self.hub.owner, list(self.jobs_running), until=now + _JOB_CLAIM
            )

    async def stop_listening(self) -> None:
        """Cut off what only listens, and free its claims for whoever works next; what it was told comes again."""
        listening = {key: task for key, task in self.jobs_running.items() if self._kind(key[1]).listens}
        for task in listening.values():
            task.cancel()
        await asyncio.gather(*listening.values(), return_exceptions=True)
        if listening:
            failpoint("work.listening.freed")
            await self.hub.store.write(release_jobs, self.hub.owner, list(listening))


def _say_why(task: asyncio.Task[None]) -> None:
    """Log what ended a run from outside it: the order stays due, or is once its claim has run out."""
    if not task.cancelled() and task.exception() is not None:
        LOG.error("a run over an order was cut off", exc_info=task.exception())
