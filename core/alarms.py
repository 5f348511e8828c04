"""A vendor does nothing of one kind for a whole account: one alarm, and that kind of work waits (R87).

The wallet is empty, the account is off, the shop is frozen: no order is to blame, so none is held, parked or counted
against. The first that meets it raises the alarm; the others see it and ask nothing. Every ten minutes one of them may
ask again; once that one is served the alarm is cleared, and all go on. A person who mended it need not wait for that.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from core.errors import RefusedError, VendorPausedError
from core.failpoints import failpoint
from core.flow.run import Run
from core.hub import Hub
from core.store import alarms as rows
from core.store.alarms import Alarm
from core.store.errands import Errand

LOG = logging.getLogger("crossdock.alarms")

LOOK_AGAIN_S = 600.0


class StillPausedError(VendorPausedError):
    """No call was made: an alarm stands, and it is not this order's turn to see whether it is over."""


class _Kind(NamedTuple):
    steps: frozenset[str]
    """The steps that wait."""
    effects: frozenset[str]
    """The effects by which one sees that it is over; without any, a step that succeeds shows it."""


_MAILS = frozenset({"confirm", "tell_shopper", "mail_cancellation"})
KINDS: Mapping[str, _Kind] = {
    # An account without money still offers rates: only a label that was sold shows that it has some again.
    "labels": _Kind(frozenset({"quote", "buy"}), frozenset({"label"})),
    "captures": _Kind(frozenset({"capture"}), frozenset({"capture"})),
    "cancellations": _Kind(frozenset({"reject"}), frozenset({"cancel"})),
    "shipments": _Kind(frozenset({"tell_channel"}), frozenset({"tell"})),
    "mails": _Kind(_MAILS, frozenset({"mail"})),
    "voids": _Kind(frozenset({"settle_cancellation"}), frozenset({"void"})),
}
READS = "reads"
"""Everything that only asks: orders, payments, scans, listings."""
LEVELS = "levels"


def action_of(step: str) -> str:
    """Return what a step does, in the words of an alarm."""
    return next((action for action, kind in KINDS.items() if step in kind.steps), READS)


def action_of_errand(errand: Errand) -> str:
    """Return what an errand does, in the words of an alarm."""
    return LEVELS if errand.kind == "push" else READS


async def open_alarms(hub: Hub, merchant: str) -> tuple[Alarm, ...]:
    """Return the alarms of a merchant that stand."""
    return await hub.store.db.read(rows.open_alarms, merchant)


async def wait_or_try(run: Run, step: str) -> tuple[Alarm, ...]:
    """Return the alarms that this step, if it succeeds, shows to be over; none where nothing is paused.

    Raises:
        StillPausedError: its action is paused, and it is not this order's turn to try.
    """
    action = action_of(step)
    ours = tuple(a for a in run.alarms if a.action == action and _concerns(run, a))
    for alarm in ours:
        if alarm in run.trying:
            continue
        look_at = run.now + _pause(run.hub)
        failpoint("alarms.turn.before")
        mine = await run.hub.store.db.write(
            rows.take_turn, run.merchant, alarm.connection, action, now=run.now, look_at=look_at
        )
        if not mine:
            raise StillPausedError(f"{action} are paused: {alarm.reason}", connection=alarm.connection)
        run.trying.append(alarm)
    return ours


async def tried(run: Run, alarms: tuple[Alarm, ...], settled: Mapping[str, str]) -> None:
    """Clear the alarms that a step showed to be over; ``settled`` are the outcomes from before the step."""
    for alarm in alarms:
        kind = KINDS.get(alarm.action)
        if kind is not None and not kind.effects & _done_since(run, settled):
            continue
        await _clear(run.hub, run.merchant, alarm.connection, alarm.action)
        run.alarms = tuple(a for a in run.alarms if a != alarm)


def _done_since(run: Run, settled: Mapping[str, str]) -> frozenset[str]:
    """Return the kinds of effects that came to pass since: ``label`` of ``shop:1/label:reno-1:shp-1/1``."""
    new = [key for key, outcome in run.state.settled.items() if outcome == "done" and key not in settled]
    return frozenset(key.removeprefix(f"{run.order_id}/").partition("/")[0].partition(":")[0] for key in new)


def _concerns(run: Run, alarm: Alarm) -> bool:
    """Return whether an alarm stands in this order's way: another channel's does not."""
    ports = run.desk.ports.get(alarm.connection)
    return ports is not None and (ports.channel is None or alarm.connection == run.order.connection)


async def met(hub: Hub, merchant: str, action: str, error: Exception) -> None:
    """Raise the alarm that an error stands for; nothing where it is no such error, or the alarm was only seen."""
    if not isinstance(error, VendorPausedError) or isinstance(error, StillPausedError):
        return
    now = hub.clock.now()
    alarm = Alarm(
        connection=error.connection, action=action, since=now, reason=str(error), look_at=now + _pause(hub)
    )
    failpoint("alarms.raise.before")
    if await hub.store.db.write(rows.raise_alarm, merchant, alarm):
        LOG.error("%s of %s: %s are paused: %s", error.connection, merchant, action, error)


async def errand_done(hub: Hub, errand: Errand) -> None:
    """Clear the alarm of an errand that failed before and succeeded now."""
    if errand.error is not None:
        await _clear(hub, errand.merchant, errand.connection, action_of_errand(errand))


async def resume(hub: Hub, merchant: str, connection: str) -> int:
    """Have a connection's paused actions tried again now, on a person's word; return how many.

    Raises:
        NotFoundError: no such connection.
        RefusedError: nothing of it is paused.
    """
    hub.desk(merchant).named(connection)
    failpoint("alarms.resume.before")
    count = await hub.store.db.write(rows.look_now, merchant, connection, now=hub.clock.now())
    if not count:
        raise RefusedError(f"nothing of {connection} is paused by its vendor")
    return count


async def _clear(hub: Hub, merchant: str, connection: str, action: str) -> None:
    failpoint("alarms.clear.before")
    if await hub.store.db.write(rows.clear, merchant, connection, action, now=hub.clock.now()):
        LOG.warning("%s of %s: %s go on", connection, merchant, action)


def _pause(hub: Hub) -> timedelta:
    return hub.clock.span(LOOK_AGAIN_S)
