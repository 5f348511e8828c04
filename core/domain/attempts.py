"""How often somebody may try to sign in: some tries at once, then each later than the one before."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MOST_KNOWN = 20_000
"""Of so many it is remembered how often they tried; the one who tried longest ago is forgotten first."""


@dataclass(slots=True)
class Attempts:
    """Counts tries that came to nothing, in memory; who lets ``forget`` pass begins anew."""

    free: int
    first: timedelta
    most: timedelta
    forget: timedelta = timedelta(hours=1)
    _known: OrderedDict[str, tuple[int, datetime]] = field(default_factory=OrderedDict)
    """Who -> (tries, when he may try again)."""

    def begin(self, who: str, now: datetime) -> timedelta | None:
        """Count a try, and return None; or how long to wait, and count nothing."""
        tries, again_at = self._known.get(who, (0, now))
        if again_at > now:
            return again_at - now
        if now - again_at > self.forget:
            tries = 0
        over = tries + 1 - self.free
        # Tries that wait count from the end of their wait; the power is bounded before it is taken.
        later = now if over < 0 else now + min(self.most, self.first * 2 ** min(over, 20))
        self._known[who] = (tries + 1, later)
        self._known.move_to_end(who)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return None

    def came_to_something(self, who: str) -> None:
        """Forget the tries of somebody who got in."""
        self._known.pop(who, None)

    def take_back(self, who: str) -> None:
        """Count the last try of somebody as none."""
        if who in self._known:
            tries, again_at = self._known[who]
            self._known[who] = (max(0, tries - 1), again_at)
