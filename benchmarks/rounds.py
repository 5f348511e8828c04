"""Rounds: two ways of doing the same are measured in turns, and the median of their ratios is the figure."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from statistics import median

ROUNDS = 5

Rates = Mapping[str, float]
"""What one measurement gave; ``per_s`` is compared."""
Measure = Callable[[], Awaitable[Rates]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the answer."""

    what: str
    ratio: float
    spread: tuple[float, float] | None = None
    """The lowest and the highest ratio of a round."""
    floor: float | None = None
    """The lowest ratio that the design allows."""
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the floor is reached; None where the design names none."""
        return None if self.floor is None else self.ratio >= self.floor


async def compare(what: str, ours: Measure, base: Measure, *, floor: float | None = None) -> Figure:
    """Measure both in turns, one unmeasured round first; who begins changes from round to round."""
    pairs: list[tuple[Rates, Rates]] = []
    for number in range(ROUNDS + 1):
        if number % 2:
            second, first = await base(), await ours()
        else:
            first, second = await ours(), await base()
        pairs += [(first, second)] if number else []
    ratios = [mine["per_s"] / theirs["per_s"] for mine, theirs in pairs]
    details = {f"ours {key}": median(mine[key] for mine, _ in pairs) for key in pairs[0][0]}
    details |= {f"base {key}": median(theirs[key] for _, theirs in pairs) for key in pairs[0][1]}
    return Figure(
        what=what,
        ratio=median(ratios),
        spread=(min(ratios), max(ratios)),
        floor=floor,
        details=details,
    )
