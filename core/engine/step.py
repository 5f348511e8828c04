"""The row of a step: when it is due, who does it, what finds its outcome, what it asks of whom.

The table itself is ``core/steps.STEPS``; the wiring hands it to the worker.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from core.domain.departures import left_after_void, units_gone
from core.domain.due import View, look_up_at
from core.domain.state import OpenIntent
from core.engine.answers import Call
from core.engine.effects import Done
from core.engine.run import Run

RULES = "rules"
LOOK_UP = "look_up"
LEAVE = "leave"

Find = Callable[[Run, OpenIntent], Awaitable[Done]]
"""Finds out what came of an intent; only reads."""


def asks_nobody(_view: View) -> Sequence[Call]:
    """Say that a step asks no vendor."""
    return ()


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
    asks: Callable[[View], Sequence[Call]] = asks_nobody
    """What it may ask of whom: while one of these is paused it waits."""
    gates: bool = False
    """While it waits, so does all that comes after it in the table; else that goes on."""
    needs_whole: bool = False
    """It moves money or goods, or tells of them: not done for an order that could not be read whole (R105)."""


Steps = Mapping[str, Step]
"""Every step by name, in the order in which they are looked at."""


class NextStep(NamedTuple):
    """What is due: the name of the step, or (name None) the instant at which to look again, if any."""

    name: str | None
    at: datetime | None = None


def next_step(view: View, steps: Steps, waiting: Collection[str] = ()) -> NextStep:
    """Return the first step that is due now and does not wait for a pause to end, else when to look again."""
    state, open_until = view.state, look_up_at(view)
    if open_until is not None:
        due = open_until <= view.now
        return (
            NextStep(LOOK_UP)
            if due and LOOK_UP not in waiting
            else NextStep(None, None if due else open_until)
        )
    if state.parked is not None and (units_gone(state) or left_after_void(state)):
        return NextStep(LEAVE)  # what left is taken off on hand, whatever else a person must see to
    unknown = state.order is None or state.order.connection not in view.config.connections
    if unknown or state.parked is not None:
        # A rule may be there to tell people of it.
        at = None if unknown or state.parked is None or RULES not in steps else steps[RULES].due(view)
        return NextStep(RULES) if at is not None and at <= view.now else NextStep(None, at)
    later: list[datetime] = []
    whole = view.order.unreadable is None
    for step in steps.values():
        at = step.due(view) if whole or not step.needs_whole else None
        if at is None:
            continue
        if at > view.now:
            later.append(at)
        elif step.name not in waiting:
            return NextStep(step.name)
        elif step.gates:
            break
    return NextStep(None, min(later, default=None))
