"""Seeded faults: which call or message is struck depends on the seed and on what it is about, never on timing."""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from sandbox.values import Json

KINDS: Final = (
    "duplicate", "drop", "reorder", "delay",
    "throttle", "error", "hang", "reply_dropped",
    "stale", "token_dead",
)  # fmt: skip
USUAL: Final[dict[str, float]] = {
    "duplicate": 0.2, "drop": 0.1, "reorder": 0.15, "delay": 0.1,
    "throttle": 0.03, "error": 0.03, "hang": 0.004, "reply_dropped": 0.03,
    "stale": 0.05, "token_dead": 0.004,
}  # fmt: skip
"""How often each kind strikes when the spec gives no number: often enough to matter, rare enough for a short run to end."""
CERTAIN: Final = 3
"""The first so many different things a kind is asked about are always struck, so that a short run meets every kind."""
LONGEST_RUN: Final = 2
"""No thing is struck more often than this in a row: a client that tries three times must get through."""


class Faults:
    """The armed kinds, and every fault that was injected."""

    def __init__(self, seed: int = 0, *, now: Callable[[], datetime] | None = None) -> None:
        self.injected: dict[str, int] = {}
        self.log: list[Json] = []
        self._now = now or (lambda: datetime.now(UTC))
        self._armed: dict[str, float] = {}
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Start the decisions over from that seed; the counts stay."""
        self._seed = seed
        self._asked: Counter[tuple[str, str]] = Counter()
        self._certain: dict[str, set[str]] = {}
        self._in_a_row: Counter[str] = Counter()

    def arm(self, spec: str) -> None:
        """Arm what `none`, `all` or `kind[:probability],...` says, instead of what was armed."""
        self._armed = _parsed(spec)

    def quiet(self) -> None:
        """Inject nothing from now on."""
        self._armed = {}

    def strike(self, kind: str, where: str) -> bool:
        """Whether this kind of fault happens here, now; counted when it does."""
        return self.choose((kind,), where, run=f"{kind} {where}") is not None

    def choose(self, kinds: Sequence[str], where: str, *, run: str | None = None) -> str | None:
        """The first of the kinds that strikes here, or none; one decision about one call or message."""
        run = run or where
        if self._in_a_row[run] >= LONGEST_RUN:
            self._in_a_row[run] = 0
            return None
        for kind in kinds:
            if self._falls(kind, where):
                self._in_a_row[run] += 1
                self.note(kind, where)
                return kind
        self._in_a_row[run] = 0
        return None

    def note(self, kind: str, where: str) -> None:
        """Count a fault that was injected."""
        self.injected[kind] = self.injected.get(kind, 0) + 1
        self.log.append({"kind": kind, "where": where, "at": self._now().isoformat()})

    def dice(self, where: str) -> random.Random:
        """Dice for how badly that message fares, the same in every run of the seed."""
        return random.Random(f"{self._seed}/{where}")

    def _falls(self, kind: str, where: str) -> bool:
        if kind not in self._armed:
            return False
        certain = self._certain.setdefault(kind, set())
        if len(certain) < CERTAIN and where not in certain:
            certain.add(where)
            return True
        self._asked[kind, where] += 1
        return self._roll(kind, where, self._asked[kind, where]) < self._armed[kind]

    def _roll(self, kind: str, where: str, nth: int) -> float:
        """A number in [0, 1) that only seed, kind, place and count decide."""
        digest = hashlib.sha256(f"{self._seed}/{kind}/{where}/{nth}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64


def _parsed(spec: str) -> dict[str, float]:
    if spec in ("", "none"):
        return {}
    if spec == "all":
        return dict(USUAL)
    armed: dict[str, float] = {}
    for part in spec.split(","):
        kind, _, chance = part.strip().partition(":")
        if kind not in KINDS:
            raise ValueError(f"no fault is called {kind!r}; there are {', '.join(KINDS)}")
        armed[kind] = float(chance) if chance else USUAL[kind]
        if not 0 <= armed[kind] <= 1:
            raise ValueError(f"the probability of {kind} must lie between 0 and 1")
    return armed
