"""A vendor does nothing of one kind for a whole account: one pause, and that kind of work waits (R87).

The wallet is empty, the account is off, the shop is frozen: no order is to blame, so none is held, parked or counted
against. The first that meets it notes the pause; the others see it and ask nothing. Every ten minutes one of them may
ask again; once that one is served the pause is over, and all go on. A person who mended it need not wait for that.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta

from core.engine.hub import Hub
from core.engine.run import Run
from core.engine.step import Pausable
from core.errors import RefusedError, VendorPausedError
from core.failpoints import failpoint
from core.model.effects import Outcome
from core.store import pauses as rows
from core.store.jobs import Job
from core.store.pauses import VendorPause

LOG = logging.getLogger("crossdock.pauses")

LOOK_AGAIN_S = 600.0
_LENGTH = timedelta(seconds=LOOK_AGAIN_S)


class StillPausedError(VendorPausedError):
    """No call was made: a pause stands, and it is not this order's turn to see whether it is over."""


async def check_pauses(run: Run, action: str) -> tuple[VendorPause, ...]:
    """Return the pauses that a step of this action, if it succeeds, shows to be over; none where nothing is paused.

    Raises:
        StillPausedError: the action is paused, and it is not this order's turn to try.
    """
    ours = tuple(p for p in run.pauses if p.action == action and _concerns(run, p))
    for pause in ours:
        if pause in run.probing:
            continue
        look_at = run.now + _LENGTH
        failpoint("pauses.turn.before")
        mine = await run.hub.store.write(
            rows.take_turn, run.merchant, pause.connection, action, now=run.now, look_at=look_at
        )
        if not mine:
            raise StillPausedError(f"{action} are paused: {pause.reason}", connection=pause.connection)
        run.probing.append(pause)
    return ours


async def clear_pauses(
    run: Run, pauses: tuple[VendorPause, ...], shown_by: str | None, settled: Mapping[str, str]
) -> None:
    """End the pauses that a step showed to be over; ``settled`` are the outcomes from before the step."""
    if shown_by is not None and shown_by not in _done_since(run, settled):
        return
    for pause in pauses:
        await _end(run.hub, run.merchant, pause.connection, pause.action)
        run.pauses = tuple(p for p in run.pauses if p != pause)


def _done_since(run: Run, settled: Mapping[str, str]) -> frozenset[str]:
    """Return the kinds of effects that came to pass since: ``label`` of ``shop:1/label:reno-1:shp-1/1``."""
    new = [
        key for key, outcome in run.state.settled.items() if outcome == Outcome.DONE and key not in settled
    ]
    return frozenset(key.removeprefix(f"{run.order_id}/").partition("/")[0].partition(":")[0] for key in new)


def _concerns(run: Run, pause: VendorPause) -> bool:
    """Return whether a pause stands in this order's way: another channel's does not."""
    ports = run.connections.ports.get(pause.connection)
    return ports is not None and (ports.channel is None or pause.connection == run.order.connection)


async def raise_pause(hub: Hub, merchant: str, pausable: Pausable, error: Exception) -> None:
    """Note the pause that an error stands for; nothing where it is no such error, or the pause was only seen."""
    if not isinstance(error, VendorPausedError) or isinstance(error, StillPausedError):
        return
    now, action = hub.clock.now(), pausable.action
    pause = VendorPause(
        connection=error.connection, action=action, since=now, reason=str(error), look_at=now + _LENGTH
    )
    failpoint("pauses.raise.before")
    if await hub.store.write(rows.save_pause, merchant, pause):
        LOG.error("%s of %s: %s are paused: %s", error.connection, merchant, action, error)


async def job_done(hub: Hub, job: Job, pausable: Pausable) -> None:
    """End the pause of a job that failed before and succeeded now."""
    if job.error is not None:
        await _end(hub, job.merchant, job.connection, pausable.action)


async def resume(hub: Hub, merchant: str, connection: str) -> int:
    """Have a connection's paused actions tried again now, on a person's word; return how many.

    Raises:
        NotFoundError: no such connection.
        RefusedError: nothing of it is paused.
    """
    hub.connections(merchant).require(connection)
    failpoint("pauses.resume.before")
    count = await hub.store.write(rows.ask_now, merchant, connection, now=hub.clock.now())
    if not count:
        raise RefusedError(f"nothing of {connection} is paused by its vendor")
    return count


async def _end(hub: Hub, merchant: str, connection: str, action: str) -> None:
    failpoint("pauses.clear.before")
    if await hub.store.write(rows.end_pause, merchant, connection, action, now=hub.clock.now()):
        LOG.warning("%s of %s: %s go on", connection, merchant, action)
