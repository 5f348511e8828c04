"""A connection does nothing of one kind for anybody: one pause says so, that kind of work waits, and goes on by itself.

It is silent, answers with faults of its own, takes nobody's credentials, or has no money (R64, R87, R106): no order is
to blame, so none is held, parked or counted against, however long it lasts. The pause stands in the store. One after
another of those that wait asks again, at growing intervals; the first that is answered ends it for all. A person who
mended it need not wait for that.
"""

import logging
from collections.abc import Awaitable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from core.engine.answers import FAILURES, Call, Failed, Kind, Waiter
from core.engine.hub import Hub
from core.errors import (
    AuthError,
    ConnectorError,
    MappingError,
    OutcomeUnknownError,
    RateLimitError,
    RefusedError,
    UnavailableError,
    VendorPausedError,
)
from core.failpoints import failpoint
from core.store import pauses as rows
from core.store.failures import DATABASE_ERRORS, is_infrastructure
from core.store.pauses import VendorPause

LOG = logging.getLogger("crossdock.pauses")

T = TypeVar("T")

TURN = timedelta(seconds=90)
"""How long one has to find out whether a pause is over: longer than any one call."""
SOONEST, LATEST = timedelta(seconds=5), timedelta(minutes=5)
ACCOUNT_EVERY = timedelta(minutes=10)
"""How often an account that lacks money, or is off, is tried: a person has to mend it."""
_NOBODY = (UnavailableError, OutcomeUnknownError, AuthError, VendorPausedError)
"""What a vendor that serves nobody raises."""


async def asked(hub: Hub, merchant: str, call: Call, answer: Awaitable[T]) -> T:
    """Return what a vendor answers, and note that it does: that ends a pause of this kind of work.

    Raises:
        ConnectorError: what the call raised, with the name of the operation.
    """
    connector = hub.connections(merchant).connectors[call.connection].key
    try:
        with hub.telemetry.vendor_call(connector, merchant, call.connection, call.operation):
            found = await answer
    except ConnectorError as error:
        error.operation = error.operation or call.operation
        if not isinstance(error, (*_NOBODY, RateLimitError)):
            await _answered(hub, merchant, call.kind)
        raise
    except MappingError:
        await _answered(hub, merchant, call.kind)
        raise
    await _answered(hub, merchant, call.kind)
    return found


async def _answered(hub: Hub, merchant: str, kind: Kind) -> None:
    hub.answers.answered(merchant, kind)
    if not hub.answers.paused(merchant, kind):
        return
    try:
        failpoint("pauses.clear.before")
        ended = await hub.store.write(rows.end_pause, merchant, kind, now=hub.clock.now())
    except DATABASE_ERRORS as error:
        if not is_infrastructure(error):
            raise
        return  # what was answered must not be lost for it: the next answer ends the pause
    hub.answers.unpause(merchant, kind)
    if ended:
        LOG.warning("%s of %s: %s go on", kind.connection, merchant, kind.action)


def learn(hub: Hub, merchant: str, stand: Iterable[VendorPause]) -> None:
    """Note what the store says is paused."""
    hub.answers.learn_paused(merchant, [Kind(*pause.key) for pause in stand])


async def wait_turn(
    hub: Hub, merchant: str, calls: Iterable[Call], waiter: Waiter, turns: set[Kind]
) -> datetime | None:
    """Return when to come again; None where all may be asked now, be it to see whether a pause is over.

    ``turns`` are the kinds of work whose turn the waiter has; those that it is given are added.
    """
    kinds = {call.kind for call in calls if hub.answers.paused(merchant, call.kind)} - turns
    if not kinds:
        return None
    now = hub.clock.now()
    failpoint("pauses.turn.before")
    come_at = await hub.store.write(
        rows.take_turns, merchant, sorted(kinds), waiter, now=now, until=now + TURN
    )
    if come_at is None:
        turns |= kinds
    return come_at


async def note_failure(hub: Hub, merchant: str, error: Exception, waiter: Waiter) -> Failed | None:
    """Note a failed call; raise a pause where a vendor serves nobody, or put off the next look.

    None where the failure says nothing of the vendor.
    """
    kind = _failed_kind(error)
    if kind is None:
        return None
    account = isinstance(error, VendorPausedError)
    failed = hub.answers.failed(merchant, kind, waiter)
    if not (account or failed.in_a_row >= FAILURES or hub.answers.paused(merchant, kind)):
        return failed
    failpoint("pauses.raise.before")
    new = await hub.store.write(
        rows.save_pause,
        merchant,
        kind,
        str(error),
        waiter,
        now=hub.clock.now(),
        interval=partial(look_after, account=account),
        for_person=isinstance(error, AuthError | VendorPausedError),
    )
    hub.answers.pause(merchant, kind)
    if new:
        LOG.error("%s of %s: %s are paused: %s", kind.connection, merchant, kind.action, error)
    return failed._replace(counts=False, paused=True)


def look_after(stood: timedelta, *, account: bool = False) -> timedelta:
    """Return when to look again at a pause that has stood for a while: after as long again, within bounds."""
    return ACCOUNT_EVERY if account else min(LATEST, max(SOONEST, stood))


async def give_back(hub: Hub, merchant: str, turns: Iterable[Kind], error: Exception | None = None) -> None:
    """Let another have the turns that a run took and did not use; as long after as the vendor asked for."""
    used = _failed_kind(error)
    left = sorted(kind for kind in turns if kind != used and hub.answers.paused(merchant, kind))
    if not left:
        return
    wait = timedelta(seconds=error.retry_after_s) if isinstance(error, RateLimitError) else timedelta(0)
    failpoint("pauses.back.before")
    await hub.store.write(rows.give_back, merchant, left, look_at=hub.clock.now() + wait)


def _failed_kind(error: Exception | None) -> Kind | None:
    """Return the kind of work whose vendor, by an error, serves nobody; None where it says nothing of that."""
    if not isinstance(error, _NOBODY) or error.operation is None:
        return None
    return Call(error.connection, error.operation).kind


async def resume(hub: Hub, merchant: str, connection: str) -> int:
    """Have what is paused of a connection tried again now, on a person's word; return how many kinds of work that is.

    Raises:
        NotFoundError: no such connection.
        RefusedError: nothing of it is paused.
    """
    hub.connections(merchant).require(connection)
    failpoint("pauses.resume.before")
    count = await hub.store.write(rows.ask_now, merchant, connection, now=hub.clock.now())
    if not count:
        raise RefusedError(f"nothing of {connection} is paused")
    return count
