"""The row of a step: when it is due, who does it, what finds its outcome, whom it asks, what pauses it.

The table itself is ``core/steps.STEPS``; the wiring hands it to the worker.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from core.domain.due import View, look_up_at, units_gone
from core.domain.state import OpenIntent
from core.engine.effects import Done
from core.engine.run import Run

LOOK_UP = "look_up"
LEAVE = "leave"

Find = Callable[[Run, OpenIntent], Awaitable[Done]]
"""Finds out what came of an intent; only reads."""


class Pausable(NamedTuple):
    """A kind of work that a vendor may refuse for a whole account."""

    action: str
    shown_by: str | None = None
    """The effect whose success shows that the pause is over; without one, any step that succeeds shows it."""


READS = Pausable("reads")
"""Everything that only asks: orders, payments, scans, listings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that is done to an order."""

    name: str
    words: str
    """What is done, as people read it: "waits for ..."."""
    due: Callable[[View], datetime | None]
    run: Callable[[Run], Awaitable[None]]
    find: Mapping[str, Find] = field(default_factory=dict)
    """By operation: what finds out whether an effect of this step came to pass."""
    asks: Literal["carrier", "channel"] | None = None
    """The vendor that is asked first; None where nobody is."""
    pauses: Pausable = READS
    needs_whole: bool = False
    """It moves money or goods, or tells of them: not done for an order that could not be read whole (R105)."""


Steps = Mapping[str, Step]
"""Every step by name, in the order in which they are looked at."""


class NextStep(NamedTuple):
    """What is due: the name of the step, or (name None) the instant at which to look again, if any."""

    name: str | None
    at: datetime | None = None


def next_step(view: View, steps: Steps) -> NextStep:
    """Return the first step that is due now, else when to look again."""
    state, open_until = view.state, look_up_at(view)
    if open_until is not None:
        return NextStep(LOOK_UP) if open_until <= view.now else NextStep(None, open_until)
    if state.parked is not None and units_gone(state):
        return NextStep(LEAVE)  # what left is taken off on hand, whatever else a person must see to
    unknown = state.order is None or state.order.connection not in view.config.connections
    if unknown or state.parked is not None:
        return NextStep(None)
    later: list[datetime] = []
    whole = view.order.unreadable is None
    for step in steps.values():
        at = step.due(view) if whole or not step.needs_whole else None
        if at is not None and at <= view.now:
            return NextStep(step.name)
        if at is not None:
            later.append(at)
    return NextStep(None, min(later, default=None))
