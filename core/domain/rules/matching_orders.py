"""Orders, or SKUs, that make several conditions true at once, made of what the conditions say. Pure."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from core.domain.rules.demands import Asks, Demand, Way
from core.domain.rules.fitting import fitting
from core.domain.rules.matching_values import NoneFitError, NotFoundOutError, values_for
from core.domain.rules.value_limits import of_the_file, together
from core.domain.rules.ways import MOST_WAYS, all_of, ways
from core.expressions import Expression
from core.expressions.kinds import Kind
from core.expressions.parser import parse
from core.model.triggers import Subject, Trigger

SETTABLE: Mapping[Subject, frozenset[str]] = {
    Subject.ORDER: frozenset({"order", "event"}),
    Subject.STOCK: frozenset({"stock", "event"}),
}
"""What can be made, by what a rule is about."""


class OverError(Exception):
    """The time is over."""


class MatchingOrders:
    """Makes values for the conditions of one file; each condition is read once."""

    def __init__(self, channels: Sequence[str], is_over: Callable[[], bool]) -> None:
        self._channels = channels
        self._is_over = is_over
        self._ways: dict[str, tuple[Way, ...]] = {}

    def matching(
        self, conditions: Sequence[Expression | None], trigger: Trigger
    ) -> Iterator[Mapping[str, Any]]:
        """Yield what makes conditions true, as far as they can be read, as ``given:`` of a test has it.

        Raises:
            NotFoundOutError: at the end, where there may be more.
            OverError: the time is over.
        """
        asked = [one for one in conditions if one is not None]
        kinds: dict[str, Kind] = {name: kind for one in asked for name, kind in one.scope.variables.items()}
        started = Demand(("event", "trigger"), Asks.EQUAL, trigger.value)
        parts = [self._ways_of(one) for one in asked]
        certain = all(len(one) < MOST_WAYS for one in parts)
        paths = frozenset(demand.path for part in parts for way in part for demand in way.demands)
        anyway = (started, *of_the_file(paths, self._channels))
        tried = 0
        for way in islice(all_of(parts), MOST_WAYS):
            tried += 1
            if self._is_over():
                raise OverError
            demands = (*_settable(way, trigger), *anyway)
            try:
                values_for(demands, kinds)
            except NoneFitError:
                continue
            except NotFoundOutError:
                certain = False
                continue
            found = list(_usual(demands, together(paths), kinds, trigger))
            certain = certain and bool(found) and _is_read(way, trigger)
            yield from found
        if not certain or tried == MOST_WAYS:
            raise NotFoundOutError

    def _ways_of(self, condition: Expression) -> tuple[Way, ...]:
        if condition.text not in self._ways:
            self._ways[condition.text] = ways(parse(condition.text))
        return self._ways[condition.text]


def _usual(
    demands: Sequence[Demand], ways_together: Sequence[Way], kinds: Mapping[str, Kind], trigger: Trigger
) -> Iterator[Mapping[str, Any]]:
    """Yield what meets demands as an order usually has it; none where only an odd one would."""
    for way in ways_together:
        with contextlib.suppress(NoneFitError, NotFoundOutError):
            yield _without_trigger(fitting(values_for([*demands, *way.demands], kinds), trigger))


def _settable(way: Way, trigger: Trigger) -> list[Demand]:
    return [demand for demand in way.demands if demand.path[0] in SETTABLE[trigger.subject]]


def _is_read(way: Way, trigger: Trigger) -> bool:
    return way.is_whole and len(_settable(way, trigger)) == len(way.demands)


def _without_trigger(values: Mapping[str, Any]) -> Mapping[str, Any]:
    event = {name: value for name, value in values.get("event", {}).items() if name != "trigger"}
    return {name: inside for name, inside in {**values, "event": event}.items() if inside}
