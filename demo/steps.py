"""The step loop: a clock that hub, stand-ins and player share, moved only when everybody is done with the instant."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from demo.hands import NotSettledError
from demo.house import Json
from demo.staging import Staging

SETTLES_WITHIN_S = 90.0
_LOOKS = 2
"""So many looks in a row must find everybody idle and nothing moved."""
_PAUSE_S = 0.01
_DIES_WITHIN_S = 0.3
"""A kill falls within this after its instant began (real seconds)."""


@dataclass(slots=True)
class Steps:
    """Moves the clock of a staging."""

    stage: Staging
    now: datetime
    kills: list[datetime] = field(default_factory=list)
    chance: random.Random = field(default_factory=random.Random)
    moves: int = 0
    killed: int = 0

    async def until(self, end: datetime) -> None:
        """Let time go by up to an instant, and settle at each instant at which something is due."""
        await self.settle()
        while self.now < end:
            nearest = min([end, *(await self._due())])
            await self._move(max(nearest, self.now))
            await self.settle()

    async def settle(self) -> None:
        """Wait until hub and stand-ins have done all that this instant asks of them.

        Raises:
            NotSettledError: they do not come to rest.
        """
        end, last, quiet = time.monotonic() + SETTLES_WITHIN_S, None, 0
        while quiet < _LOOKS:
            if time.monotonic() > end:
                raise NotSettledError(
                    f"{self.now.isoformat()}: not at rest within {SETTLES_WITHIN_S:g} s: {last}"
                )
            await self._revive()
            found = await self._at_work()
            busy = found is None or any(found[key] for key in ("running", "due", "pending"))
            quiet = 0 if busy or found != last else quiet + 1
            last = found
            if quiet < _LOOKS:
                await asyncio.sleep(_PAUSE_S)

    async def _at_work(self) -> Json | None:
        """Return what both sides still do, or None where the hub cannot be asked."""
        try:
            work = await self.stage.hands.api("GET", "/work/next")
        except aiohttp.ClientError:
            return None
        idle = await self.stage.hands.stand("GET", "/idle")
        return {
            "running": work["running"],
            "due": work["due"],
            "pending": idle["pending"],
            "moves": (work["moves"], idle["moves"]),
        }

    async def _due(self) -> Sequence[datetime]:
        work = await self.stage.hands.api("GET", "/work/next")
        idle = await self.stage.hands.stand("GET", "/idle")
        found = [at for at in (work["next_at"], idle["next_at"]) if at]
        return [datetime.fromisoformat(at) for at in found] + self.kills[:1]

    async def _move(self, to: datetime) -> None:
        await self.stage.hands.stand("POST", "/clock", {"to": to.isoformat()})
        self.now = to
        self.moves += 1
        if self.kills and self.kills[0] <= to:
            self.kills.pop(0)
            self.stage.reviving = asyncio.create_task(self._kill())

    async def _kill(self) -> None:
        """End the hub as a power cut would, at a moment of the machine's own, and start it again."""
        await asyncio.sleep(self.chance.uniform(0.0, _DIES_WITHIN_S))
        await self.stage.served.kill()
        self.killed += 1
        await self.stage.served.start()

    async def _revive(self) -> None:
        await self.stage.whole()
