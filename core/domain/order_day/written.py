"""The whole of the day: its house, its hours, its faults, and what must come of it."""

from datetime import datetime, timedelta

from core.domain.order_day.configured import config
from core.domain.order_day.events import Event, events, starts_at
from core.domain.order_day.expected import expected
from core.domain.order_day.faults import faults
from core.domain.order_day.history import History, Json
from core.domain.order_day.placing import placed
from core.domain.order_day.stocked import given

ENDS_AFTER = timedelta(minutes=5)
"""How long after the last fact the day goes on at most: what is to happen later is no part of it."""


def written(history: History) -> Json:
    """Return the order as a day of the format day/1; ``history.not_shown`` is filled meanwhile."""
    start, happens = starts_at(history), events(history)
    there = given(history)
    if history.received.before_go_live:
        at = {"at": history.received.order.placed_at.isoformat()}
        there["before"] = [{"place": placed(history) | at}]
    end = _end(history, happens)
    found: Json = {
        "format": "day/1",
        "day": "captured-order",
        "title": "An order that was captured",
        "clock": {"start": start.isoformat(), "end": end.isoformat()},
        "looks": [{"id": "end", "at": end.isoformat()}],
        "config": config(history),
        "given": there,
        "when": [event.json() for event in happens],
        "faults": faults(history),
        "then": {"orders": {history.number: expected(history)}},
    }
    return {key: value for key, value in found.items() if value != []}


def _end(history: History, happens: list[Event]) -> datetime:
    last = max(history.facts[-1].at, happens[-1].at, *history.lost.values())
    return max(min(history.now, last + ENDS_AFTER), last + timedelta(seconds=1))
