"""Rounds: ways of doing the same are measured in turns, and the median of their ratios is the figure."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

Rates = Mapping[str, float]
"""What one measurement gave, by name: ``per_s``, ``cpu_ms`` and so on."""
Measure = Callable[[], Awaitable[Rates]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How long and how large: a small one shows that a benchmark runs, and nothing else."""

    seconds: float = 3.0
    """How long one measurement lasts, about."""
    rounds: int = 5
    size: float = 1.0
    """The part of the rows, SKUs and orders that a figure is to be measured with."""

    def of(self, count: int, *, least: int = 1) -> int:
        """Return so much of a count as is to be made, and at least so many."""
        return max(least, round(count * self.size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the answer."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    """To what it is compared with, in the same run."""
    floor: float | None = None
    """What the design asks of ``judged``: at least this, or at most where ``better`` is lower."""
    better: Literal["higher", "lower"] = "higher"
    judged: Literal["ratio", "value"] = "ratio"
    spread: tuple[float, float] | None = None
    """The lowest and the highest of the rounds' ratios."""
    details: Mapping[str, float] = field(default_factory=dict)
    statements: Mapping[str, float] = field(default_factory=dict)
    """What was sent to the database, by text: how often for each order."""
    load: float = 0.0
    """Processes that were ready to run before it began, the mean of a minute."""

    @property
    def met(self) -> bool | None:
        """Whether the floor is reached; None where the design names none."""
        found = self.ratio if self.judged == "ratio" else self.value
        if self.floor is None or found is None:
            return None
        return found >= self.floor if self.better == "higher" else found <= self.floor

    def told(self, *, statements: bool = False) -> dict[str, Any]:
        """Return it as a JSON object; the texts of statements only where they are asked for."""
        plain = ("name", "value", "unit", "floor", "ratio", "met", "better", "judged", "load")
        found: dict[str, Any] = {key: getattr(self, key) for key in plain}
        found |= {"spread": self.spread, "details": dict(self.details)}
        return found | ({"statements": dict(self.statements)} if statements else {})


def load_now() -> float:
    """Return how many processes were ready to run, the mean of the last minute."""
    return os.getloadavg()[0]


async def in_turns(
    rounds: int, measures: Mapping[str, Measure], *, warm: bool = True
) -> dict[str, list[Rates]]:
    """Measure each in every round, beginning with another one each time; ``warm``: one round more, which is not counted."""
    found: dict[str, list[Rates]] = {name: [] for name in measures}
    names = list(measures)
    if warm and rounds > 1:
        for name in names:
            await measures[name]()
    for number in range(rounds):
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            found[name].append(await measures[name]())
    return found


def ratios(ours: Sequence[Rates], base: Sequence[Rates], key: str = "per_s") -> list[float]:
    """Return the ratio of each round."""
    return [mine[key] / theirs[key] for mine, theirs in zip(ours, base, strict=True)]


def middle(found: Sequence[Rates], key: str = "per_s") -> float:
    """Return the median of a rate."""
    return median(rates[key] for rates in found)


def middles(found: Sequence[Rates], prefix: str = "") -> dict[str, float]:
    """Return the median of every rate."""
    return {f"{prefix}{key}": middle(found, key) for key in found[0]}
