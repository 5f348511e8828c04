"""Places: what runs at once is bounded, in all and for each merchant, connection, vendor and kind of work.

So whoever hangs or floods fills his own share and no more (a bulkhead), and there is room for everybody else. Who
comes next is chosen so that each merchant has a turn before anybody has a second one.
"""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

Share = tuple[str, ...]
"""What bounds places: the name of the bound, and whose it is: ("merchant", "acme")."""
Limits = Mapping[str, int]
"""By the name of a bound, how many places each such share has."""
T = TypeVar("T")

ALL: Share = ("all",)

PER_MERCHANT = 24
"""Orders, and jobs, of one merchant in flight at once: no merchant takes every place."""
AT_ONCE = 48
JOBS_AT_ONCE = 48
"""Jobs in flight at once, besides those that only listen."""
PER_VENDOR = 32
"""Of all merchants at one vendor: where it hangs for everybody, a third of the places is left."""
PER_CONNECTION = 8
"""As many as an HTTP client has connections."""

JOB_LIMITS: Limits = {
    "all": JOBS_AT_ONCE,
    "merchant": PER_MERCHANT,
    "vendor": PER_VENDOR,
    "connection": PER_CONNECTION,
    "kind": 6,  # of one connection: a flood of one kind leaves room for another
    "orders": 40,  # what runs in the background always goes on, however many orders change
    "background": 32,  # and never takes what a new order needs
    "paused": 1,  # one at a time looks whether a pause is over
}
ORDER_LIMITS: Limits = {
    "all": AT_ONCE,
    "merchant": PER_MERCHANT,
    "vendor": PER_VENDOR,
    "connection": PER_CONNECTION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Generic[T]):
    """Something that is due and may be given a place."""

    item: T
    merchant: str
    lane: str
    """What it stands in line with, of its merchant's."""
    shares: tuple[Share, ...]
    """What it would take a place of; of none where it takes nobody's place."""
    due_at: datetime
    background: bool = False
    """It comes after all that is not."""


@dataclass(slots=True, kw_only=True)
class Places:
    """Who holds the places of one process, and whose turn was last."""

    limits: Limits
    held: Counter[Share] = field(default_factory=Counter)
    turns: dict[tuple[str, ...], int] = field(default_factory=dict)
    """Merchant, and merchant and lane -> number of the last place that was given there."""
    given: int = 0

    def room(self, share: Share) -> int:
        """Return how many places of a share are free."""
        return self.limits[share[0]] - self.held[share]

    def take(self, shares: Iterable[Share]) -> bool:
        """Take a place of each share, or of none where one is full."""
        wanted = tuple(dict.fromkeys(shares))
        if any(self.room(share) <= 0 for share in wanted):
            return False
        self.held.update(wanted)
        return True

    def leave(self, shares: Iterable[Share]) -> None:
        """Give the places back."""
        for share in dict.fromkeys(shares):
            self.held[share] -= 1
            if not self.held[share]:
                del self.held[share]

    def choose(self, due: Sequence[Candidate[T]], *, most: int) -> list[T]:
        """Return those that get a place now, in order and ``most`` of them; who takes it is up to the caller.

        Work of orders comes before what runs in the background. Then the merchant with the fewest places comes first,
        then who had his last turn the longest ago; of his lanes the one whose turn was longest ago, and of a lane what is
        longest due.
        """
        tried = Places(limits=self.limits, held=Counter(self.held), turns=self.turns, given=self.given)
        lanes: defaultdict[tuple[str, str], deque[Candidate[T]]] = defaultdict(deque)
        for candidate in sorted(due, key=lambda c: c.due_at):
            lanes[candidate.merchant, candidate.lane].append(candidate)
        line = [(*tried._rank(lane[0]), key) for key, lane in lanes.items()]
        heapq.heapify(line)
        chosen: list[T] = []
        while line and len(chosen) < most:
            *rank, key = heapq.heappop(line)
            lane = lanes[key]
            now = tried._rank(lane[0])
            if now == tuple(rank):
                if not tried.take(lane[0].shares):
                    continue  # a full share stays full: the rest of this lane waits for another look
                tried._turn(lane[0])
                chosen.append(lane.popleft().item)
            if lane:
                heapq.heappush(line, (*tried._rank(lane[0]), key))
        self.turns, self.given = tried.turns, tried.given
        return chosen

    def _turn(self, candidate: Candidate[T]) -> None:
        self.given += 1
        self.turns[candidate.merchant,] = self.given
        self.turns[candidate.merchant, candidate.lane] = self.given

    def _rank(self, candidate: Candidate[T]) -> tuple[bool, int, int, int, datetime]:
        """Return who comes first; it only grows while places are given."""
        return (
            candidate.background,
            self.held["merchant", candidate.merchant],
            self.turns.get((candidate.merchant,), 0),
            self.turns.get((candidate.merchant, candidate.lane), 0),
            candidate.due_at,
        )
