"""The journal: every effect is intended before it is asked for, and settled once its outcome is known.

An intent is committed under a key that is unique for ever, guarded by the version that the decision was made on. Then
the call is made, with a limit shorter than the claim. Then the outcome is committed, never guarded: what happened,
happened. An intent without an outcome is looked up at the vendor no earlier than intent + call limit + settle time, by
the claim's owner only, and never blindly repeated. The limit counts from the intent: a process that stood still in
between (stopped, swapped out) does not make the call any more, for another may have looked it up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from core.domain.commit import Intent, Landed, Settlement
from core.domain.state import OpenIntent
from core.engine.answers import Call
from core.engine.pauses import asked
from core.engine.run import Run
from core.engine.session import set_clock
from core.errors import (
    AuthError,
    NotYetError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
    VendorPausedError,
)
from core.failpoints import failpoint
from core.model.effects import Outcome
from core.model.facts import Fact, Intended, Settled
from core.ports import Fence, Operation
from core.store.failures import DATABASE_ERRORS, is_infrastructure, until_answered

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of an effect: the facts it made true, or a refusal with the vendor's code."""

    facts: Sequence[Fact] = ()
    outcome: Outcome = Outcome.DONE
    code: str | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    references: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something to be asked of a vendor once. ``data`` is what the look-up needs: ids and amounts only."""

    name: str
    """What it does and to what, as in ``label:1``; with the order and the attempt it makes the key."""
    operation: str
    connection: str
    data: Mapping[str, Any]
    call: Callable[[str], Awaitable[Done]]
    """Asks the vendor; is given the key."""
    find: Callable[[Run, OpenIntent], Awaitable[Done]]
    """Looks up whether it was done; only reads."""
    takes_back: bool = False
    """It takes something back: it is done in test mode too."""


def key_of(run: Run, name: str) -> str:
    """Return the key of the next attempt at an effect: an attempt that did nothing is followed by another key."""
    tried = 1
    while run.state.settled.get(f"{run.order_id}/{name}/{tried}") in (Outcome.UNDONE, Outcome.REFUSED):
        tried += 1
    return f"{run.order_id}/{name}/{tried}"


async def perform(run: Run, effect: Effect) -> None:
    """Intend, ask, settle. A refused intent (the order moved) does nothing: the table is read again.

    Raises:
        UnavailableError, RateLimitError, AuthError, VendorPausedError, NotYetError: settled as undone; the vendor did nothing, try again later.
        RejectedError: settled as refused; or test mode forbids it, which no step should have asked for.
        OutcomeUnknownError: left open, to be looked up.
    """
    if not effect.takes_back and not run.connections.acts(effect.connection):
        raise RejectedError(
            f"{effect.operation}: nothing is changed there while the merchant is in test mode",
            connection=effect.connection,
        )
    operation = run.connections.operation(effect.connection, effect.operation)
    deadline_s = asyncio.get_running_loop().time() + operation.call_limit_s
    key = key_of(run, effect.name)
    if not await _intend(run, effect, key, operation):
        return
    done = await _ask(run, effect, key, operation, deadline_s)
    failpoint("effects.call.after")
    await tell_outcome(run, key, effect.operation, done)


async def _intend(run: Run, effect: Effect, key: str, operation: Operation) -> bool:
    """Commit the intent; return whether it landed."""
    look_up_at = run.now + timedelta(seconds=operation.call_limit_s + operation.settle_s)
    intended = Intended(
        at=run.now,
        key=key,
        operation=effect.operation,
        connection=effect.connection,
        look_up_at=look_up_at,
        data=dict(effect.data),
    )
    intent = Intent(
        key=key,
        operation=effect.operation,
        connection=effect.connection,
        fence=operation.fence.value,
        owner=run.hub.owner,
        request=dict(effect.data),
    )
    try:
        committed = await run.commit(decided=[intended], intents=[intent], attempts=run.attempts)
    except DATABASE_ERRORS as error:
        if is_infrastructure(error):
            await _not_asked(run, key, effect.operation)
        raise
    return isinstance(committed, Landed)


async def _not_asked(run: Run, key: str, operation: str) -> None:
    """Settle an intent after which our own database failed before the vendor was asked: it is undone, if it landed."""

    async def read() -> None:
        run.state = run.stood = await run.hub.store.load(run.merchant, run.order_id) or run.stood

    await until_answered(read)
    if any(intent.key == key for intent in run.state.open):
        await settle(run, key, operation, Done(outcome=Outcome.UNDONE, code="not_asked"), run.attempts)


async def _ask(run: Run, effect: Effect, key: str, operation: Operation, deadline_s: float) -> Done:
    failpoint("effects.call.before")
    try:
        return await asked(
            run.hub,
            run.merchant,
            Call(effect.connection, effect.operation),
            in_time(lambda: effect.call(key), deadline_s, Call(effect.connection, effect.operation)),
        )
    except (UnavailableError, RateLimitError, AuthError, VendorPausedError, NotYetError) as error:
        await settle(run, key, effect.operation, Done(outcome=Outcome.UNDONE, code=error.code), run.attempts)
        raise
    except RejectedError as error:
        # A refusal may mean that it was done before, or that the channel changed the order: the look-up tells.
        stood = run.state.version
        found = await _found(run, effect, key) if operation.fence in _CAN_TELL else None
        if found is not None:
            return found
        if run.state.version != stood:
            return Done(outcome=Outcome.REFUSED, code=error.code)
        await settle(run, key, effect.operation, Done(outcome=Outcome.REFUSED, code=error.code), run.attempts)
        raise


async def in_time(ask: Callable[[], Awaitable[T]], deadline_s: float, call: Call) -> T:
    """Make a call that ends at ``deadline_s`` of the loop's clock; once that is past it is not begun.

    Raises:
        OutcomeUnknownError: the deadline came first.
    """
    try:
        async with asyncio.timeout_at(deadline_s):
            await asyncio.sleep(0)  # here one that is past is heard of
            return await ask()
    except TimeoutError as error:
        raise OutcomeUnknownError(f"no answer to {call.operation}", connection=call.connection) from error


_CAN_TELL = frozenset({Fence.OBJECT, Fence.KEY})


async def _found(run: Run, effect: Effect, key: str) -> Done | None:
    intent = next((i for i in run.state.open if i.key == key), None)
    found = await effect.find(run, intent) if intent is not None else None
    return found if found is not None and found.outcome is Outcome.DONE else None


async def look_up(run: Run, finders: Mapping[str, Callable[[Run, OpenIntent], Awaitable[Done]]]) -> None:
    """Settle the first intent whose time has come, by asking the vendor what came of it; nothing is repeated here.

    Raises:
        NotYetError: the clock was set forward a moment ago: the call may still be under way.
    """
    intent = min(run.state.open, key=lambda i: i.look_up_at)
    await set_clock(run.hub.clock, run.hub.store.db)
    wait_s = max(run.hub.clock.held_s(), (intent.look_up_at - run.now).total_seconds())
    if wait_s > 0:
        raise NotYetError(
            "its outcome is looked up later", connection=intent.connection, retry_after_s=wait_s
        )
    failpoint("effects.look_up.before")
    done = await finders[intent.operation](run, intent)
    failpoint("effects.look_up.after")
    await settle(run, intent.key, intent.operation, done, run.attempts)


async def settle(run: Run, key: str, operation: str, done: Done, attempts: int = 0) -> None:
    """Commit what came of an intent; it lands whatever else happened to the order meanwhile.

    Nobody else knows the outcome, and a message is never looked up: while our own database fails, it is kept here and
    told again until it is stored, once.
    """
    await tell_outcome(run, key, operation, done, attempts)
    failpoint("effects.settle.flush")
    await run.flush()


async def tell_outcome(run: Run, key: str, operation: str, done: Done, attempts: int = 0) -> None:
    """Tell what came of an intent; it is committed before a vendor is asked again, or with the next intent."""
    settled = Settled(at=run.now, key=key, operation=operation, outcome=done.outcome, code=done.code)
    outcome = Settlement(key=key, outcome=done.outcome, result=dict(done.result))
    await run.settle([settled, *done.facts], [outcome], references=done.references, attempts=attempts)
