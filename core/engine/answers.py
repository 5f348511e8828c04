"""How each kind of call is answered, as this process has seen it: is it silent for everybody, or for one order alone?

What is remembered here may be lost at any time: what stands in the store are the pauses that come of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

FAILURES = 5
"""So many failures in a row, nobody answered between them, and the kind is paused."""
_MOST_REMEMBERED = 10_000
"""Of so many that failed is it known when; of those before it is as if they had not failed yet."""

KINDS: Mapping[str, str] = {
    "fetch_order": "orders",
    "changed_orders": "order lists",
    "open_orders": "lists of open orders",
    "fetch_payment": "payments",
    "capture": "captures",
    "cancel_order": "cancellations",
    "quote": "rates",
    "buy": "labels",
    "find_label": "label look-ups",
    "sold_labels": "label lists",
    "fetch_file": "label files",
    "fetch_tracking": "scans",
    "void": "voids",
    "find_void": "void look-ups",
    "tell_shipped": "shipments",
    "send": "mails",
    "call": "requests",
    "list_listings": "listings",
    "list_locations": "locations",
    "read_levels": "level readings",
    "set_levels": "levels",
    "subscribe": "subscriptions",
    "receive": "notifications",
    "acknowledge": "receipts",
}
"""Operation of a port -> the kind of work it is: what is paused at a connection, in the words that people read.

Each has its own: where one job asks for two, the answer to the first must not speak for the second.
"""


class Call(NamedTuple):
    """An operation at a connection."""

    connection: str
    operation: str

    @property
    def kind(self) -> "Kind":
        """What is paused where it is not answered."""
        return Kind(self.connection, KINDS[self.operation])


class Kind(NamedTuple):
    """A kind of work at a connection."""

    connection: str
    action: str


class Waiter(NamedTuple):
    """Who asks: ``order`` and its id, or a kind of job and its subject."""

    kind: str
    subject: str


class Failed(NamedTuple):
    """What a failure says."""

    counts: bool
    """Others were answered since the one before: it is an attempt."""
    in_a_row: int
    """How many failed since anybody was answered."""
    paused: bool = False
    """Its kind of work is paused by now."""


@dataclass(slots=True)
class _Line:
    answered: int = 0
    failed: int = 0
    in_a_row: int = 0
    seen: dict[Waiter, tuple[int, int]] = field(default_factory=dict)
    """What had been answered and had failed when each of them failed last."""


@dataclass(slots=True)
class Answers:
    """What this process knows of every merchant's vendors."""

    _lines: dict[tuple[str, Kind], _Line] = field(default_factory=lambda: defaultdict(_Line))
    _paused: dict[str, frozenset[Kind]] = field(default_factory=dict)

    def answered(self, merchant: str, kind: Kind) -> None:
        """Note that somebody was answered."""
        line = self._lines[merchant, kind]
        line.answered += 1
        line.in_a_row = 0

    def failed(self, merchant: str, kind: Kind, waiter: Waiter) -> Failed:
        """Note a failure and say what it means.

        It is the waiter's own fault only if, since it failed last, others were answered, and at least as many as
        failed: while nobody is answered, or hardly anybody, nothing is known against it.
        """
        line = self._lines[merchant, kind]
        before = line.seen.pop(waiter, None)
        served, lost = (line.answered - before[0], line.failed - before[1]) if before else (0, 0)
        line.failed += 1
        line.in_a_row += 1
        line.seen[waiter] = (line.answered, line.failed)
        if len(line.seen) > _MOST_REMEMBERED:
            del line.seen[next(iter(line.seen))]
        return Failed(counts=served > 0 and served >= lost, in_a_row=line.in_a_row)

    def paused(self, merchant: str, kind: Kind) -> bool:
        """Return whether a kind of work is known to be paused."""
        return kind in self._paused.get(merchant, ())

    def learn_paused(self, merchant: str, kinds: Iterable[Kind]) -> None:
        """Note what the store says is paused."""
        self._paused[merchant] = frozenset(kinds)

    def pause(self, merchant: str, kind: Kind) -> None:
        """Note that a kind of work is paused."""
        self._paused[merchant] = self._paused.get(merchant, frozenset()) | {kind}

    def unpause(self, merchant: str, kind: Kind) -> None:
        """Note that it goes on."""
        self._paused[merchant] = self._paused.get(merchant, frozenset()) - {kind}
