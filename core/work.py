"""Claims, wake-ups, retries, parking: the one place that decides when something is tried again.

A message only wakes. What protects an order is the claim in its row; losing every message delays work until the next
tick of the clock and loses nothing.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.alarms import LOOK_AGAIN_S, action_of, action_of_errand, errand_done, met
from core.breaker import PAUSE_S, Breaker, LeftAloneError
from core.errors import (
    AuthError,
    ConnectorError,
    HubError,
    NotYetError,
    OutcomeUnknownError,
    RateLimitError,
    UnavailableError,
    VendorPausedError,
)
from core.failpoints import failpoint
from core.flow.advance import CLAIM_S, StandstillError, advance, begin
from core.flow.run import ClaimLostError, Run
from core.flow.steps import next_step
from core.hub import Hub
from core.model.facts import Parked
from core.queue import Queue
from core.store.errands import Errand, ErrandKey
from core.store.unit import Committed, Landed

LOG = logging.getLogger("crossdock.work")

MOST_ATTEMPTS = 14
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 300.0
SUSPENDED_WAIT_S = 10.0
PER_MERCHANT = 24
"""Orders of one merchant in flight at once: no merchant takes every place."""
AT_ONCE = 48
ERRANDS_AT_ONCE = 24
"""Errands in flight at once, besides those that only listen."""
LISTENING = frozenset({"receive"})
"""Errands that wait at a queue for news: they take nobody's place, and are cut off where the process is told to stop."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after so many machine seconds; ``counts`` says whether it was an attempt."""

    wait_s: float
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Park:
    """No retry mends it: a person must look."""


def after_failure(error: BaseException, attempts: int) -> Retry | Park:
    """Say what becomes of work whose ``attempts``-th run in a row raised ``error``."""
    match error:
        case NotYetError():
            return Retry(error.retry_after_s, counts=False)
        case RateLimitError():
            return Retry(max(error.retry_after_s, FIRST_WAIT_S), counts=False)
        case LeftAloneError():
            return Retry(PAUSE_S, counts=False)
        case VendorPausedError():
            return Retry(LOOK_AGAIN_S, counts=False)
        case AuthError():
            # The connection is dead until a person reconnects it; the work waits for that, however long.
            return Retry(SUSPENDED_WAIT_S, counts=False)
        case UnavailableError() | OutcomeUnknownError() if attempts < MOST_ATTEMPTS:
            return Retry(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (attempts - 1)))
        case _:
            return Park()


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """When an errand runs again (an instant), and what it remembers; no instant: it is over."""

    due_at: datetime | None = None
    data: Mapping[str, Any] | None = None


Errands = Mapping[str, Callable[[Hub, Errand], Awaitable[Next]]]
"""The function of each kind of errand."""


@dataclass(slots=True, kw_only=True)
class Worker:
    """Runs what is due in this process."""

    hub: Hub
    errands: Errands
    queue: Queue | None = None
    breaker: Breaker = field(default_factory=Breaker)
    chance: random.Random = field(default_factory=random.Random)
    orders_running: dict[tuple[str, str], asyncio.Task[Any] | None] = field(default_factory=dict)
    errands_running: dict[ErrandKey, asyncio.Task[None]] = field(default_factory=dict)
    ended: int = 0
    """How many orders and errands have ended: whoever ticks sees that there may be more to do."""
    per_merchant: Counter[str] = field(default_factory=Counter)

    async def run_order(self, merchant: str, order_id: str) -> None:
        """Look at one order; nothing where it is not due, is claimed by another, or its merchant has enough going on."""
        key = (merchant, order_id)
        if key in self.orders_running or merchant not in self.hub.desks:
            return
        if self.per_merchant[merchant] >= PER_MERCHANT:
            return  # it stays due: the next tick wakes it
        self.orders_running[key] = asyncio.current_task()
        self.per_merchant[merchant] += 1
        try:
            run = await begin(self.hub, merchant, order_id)
            if run is not None:
                await self._advance_counted(run)
        finally:
            del self.orders_running[key]
            self.per_merchant[merchant] -= 1

    async def _advance_counted(self, run: Run) -> None:
        self.hub.activity.begin(run.merchant)
        try:
            await self._advance(run)
        finally:
            self.hub.activity.end(run.merchant)
            self.ended += 1

    async def _advance(self, run: Run) -> None:
        try:
            await advance(run, self.breaker)
        except ClaimLostError:
            LOG.info("order %s of %s: another worker has it", run.order_id, run.merchant)
        except ConnectorError as error:
            self._note(run.merchant, error)
            await self._failed(run, error)
        except (HubError, StandstillError) as error:
            await self._failed(run, error)
        except Exception as error:
            LOG.exception("order %s of %s: a fault of ours", run.order_id, run.merchant)
            await self._failed(run, error)

    def _note(self, merchant: str, error: ConnectorError) -> None:
        if isinstance(error, LeftAloneError):
            return
        if isinstance(error, UnavailableError | OutcomeUnknownError):
            self.breaker.failed(merchant, error.connection)
        elif not isinstance(error, AuthError):
            self.breaker.answered(merchant, error.connection)

    async def _failed(self, run: Run, error: Exception) -> None:
        attempts = run.attempts + 1
        verdict = after_failure(error, attempts)
        LOG.warning("order %s of %s: %s: %s", run.order_id, run.merchant, type(error).__name__, said(error))
        await met(self.hub, run.merchant, action_of(step_of(run)), error)
        failpoint("work.failed.before")
        try:
            ended = await self._end(run, error, verdict, attempts)
        except ClaimLostError:
            return
        if not isinstance(ended, Landed):
            # Something was told meanwhile: the order is due now, and whoever is next may have it at once.
            await self.hub.store.give_back(run.merchant, run.order_id, owner=self.hub.owner)

    async def _end(self, run: Run, error: Exception, verdict: Retry | Park, attempts: int) -> Committed:
        if isinstance(verdict, Retry):
            wait = self.hub.clock.span(verdict.wait_s * self.chance.uniform(1.0, 1.5))
            kept = attempts if verdict.counts else run.attempts
            return await run.commit(due_at=run.now + wait, attempts=kept, free_claim=True)
        parked = Parked(at=run.now, step=step_of(run), error=type(error).__name__, message=said(error))
        return await run.commit(happened=[parked], due_at=None, free_claim=True)

    async def run_errand(self, errand: Errand) -> None:
        """Run one claimed errand, and end it: over, due again, or parked with the reason."""
        store, now = self.hub.store, self.hub.clock.now
        try:
            done = await self.errands[errand.kind](self.hub, errand)
        except HubError as error:
            if isinstance(error, ConnectorError):
                self._note(errand.merchant, error)
            await self._errand_failed(errand, error)
        except Exception as error:
            LOG.exception("errand %s %s of %s: a fault of ours", errand.kind, errand.subject, errand.merchant)
            await self._errand_failed(errand, error)
        else:
            await errand_done(self.hub, errand)
            failpoint("work.errand.finish")
            data = None if done.data is None else dict(done.data)
            await store.finish(errand, now=now(), due_at=done.due_at, data=data)

    async def _errand_failed(self, errand: Errand, error: Exception) -> None:
        attempts = errand.attempts + 1
        verdict = after_failure(error, attempts)
        now = self.hub.clock.now()
        LOG.warning(
            "errand %s %s of %s: %s: %s",
            errand.kind,
            errand.subject,
            errand.merchant,
            type(error).__name__,
            said(error),
        )
        await met(self.hub, errand.merchant, action_of_errand(errand), error)
        failpoint("work.errand.failed")
        if isinstance(verdict, Retry) or errand.kind in STANDING or _outlasted(errand, error):
            counted = not isinstance(verdict, Retry) or verdict.counts
            wait_s = verdict.wait_s if isinstance(verdict, Retry) else LONGEST_WAIT_S
            await self.hub.store.finish(
                errand,
                now=now,
                due_at=now + self.hub.clock.span(wait_s * self.chance.uniform(1.0, 1.5)),
                error=said(error),
                attempts=attempts if counted else errand.attempts,
            )
            return
        failpoint("work.errand.parked")
        await self.hub.store.finish(errand, now=now, error=said(error), attempts=attempts, park=True)

    async def tick_orders(self) -> int:
        """Wake every overdue order that nobody works on: the sweep that makes any lost message a delay only."""
        due = await self.hub.store.due(self.hub.clock.now(), limit=AT_ONCE * 4, per_merchant=PER_MERCHANT * 2)
        pointers = [p for p in due if (p[0], p[1]) not in self.orders_running]
        if self.queue is not None:
            await self.queue.wake(pointers)
        return len(pointers)

    async def tick_errands(self) -> int:
        """Claim errands that are due and start them, as many as there is room for; what runs here is left alone."""
        room = ERRANDS_AT_ONCE - sum(kind not in LISTENING for _, kind, _ in self.errands_running)
        if room <= 0:
            return 0
        now = self.hub.clock.now()
        failpoint("work.errands.claim")
        claimed = await self.hub.store.claim_errands(
            owner=self.hub.owner,
            now=now,
            until=now + self._errand_claim(),
            limit=room,
            skip=tuple(self.errands_running),
        )
        for errand in claimed:
            self._start(errand)
        return len(claimed)

    def _start(self, errand: Errand) -> None:
        counted = errand.kind not in LISTENING
        if counted:
            self.hub.activity.begin(errand.merchant)
        task = asyncio.create_task(self.run_errand(errand))
        self.errands_running[errand.key] = task

        def ended(_: asyncio.Task[None]) -> None:
            del self.errands_running[errand.key]
            self.ended += 1
            if counted:
                self.hub.activity.end(errand.merchant)

        task.add_done_callback(ended)

    def _errand_claim(self) -> timedelta:
        return self.hub.clock.span(CLAIM_S * 2)

    async def tick_claims(self) -> None:
        """Renew the claims of what runs here."""
        now, span = self.hub.clock.now(), self.hub.clock.span
        if self.orders_running:
            failpoint("work.claims.renew")
            await self.hub.store.renew(self.hub.owner, list(self.orders_running), now + span(CLAIM_S))
        if self.errands_running:
            failpoint("work.claims.renew")
            await self.hub.store.renew_errands(
                self.hub.owner, list(self.errands_running), now + self._errand_claim()
            )

    async def stop_listening(self) -> None:
        """Cut off what only listens, and free its claims for whoever works next; what it was told comes again."""
        listening = {key: task for key, task in self.errands_running.items() if key[1] in LISTENING}
        for task in listening.values():
            task.cancel()
        await asyncio.gather(*listening.values(), return_exceptions=True)
        if listening:
            failpoint("work.listening.freed")
            await self.hub.store.give_back_errands(self.hub.owner, list(listening))


STANDING = frozenset({"poll", "receive", "push", "subscribe"})
"""Errands that belong to a connection and never end: however they fail, they are tried again."""


PATIENT = frozenset({"tracking"})
"""Errands that ask until they are answered: an outage, however long, parks none of them; a refusal does."""


def _outlasted(errand: Errand, error: Exception) -> bool:
    return errand.kind in PATIENT and isinstance(error, UnavailableError | OutcomeUnknownError)


def step_of(run: Run) -> str:
    """Return the name of the step that an order stands before."""
    return next_step(run.view()).name or "rest"


def said(error: BaseException) -> str:
    """Return an error's own words; a fault of ours is told by its kind alone, for its text may hold anything."""
    return str(error) if isinstance(error, HubError | StandstillError) else type(error).__name__
