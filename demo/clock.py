"""The clock that hub, stand-ins and player share; it is moved only when everybody is done with the instant."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp

from day.located_yaml import Json
from demo.environment import Environment

SETTLES_WITHIN_S: Final = 90.0
_PAUSES_S: Final = (0.005, 0.04)
"""The shortest and the longest pause between two questions to who is still at work."""
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_JUST_BEFORE: Final = timedelta(microseconds=1)
_SHOWS_WITHIN: Final = timedelta(minutes=3)
"""What happened at a vendor is in its lists by then, whatever it showed at first."""
_DIES_WITHIN_S: Final = 0.3
"""A kill falls within this after its instant began (real seconds)."""


class NotSettledError(Exception):
    """Hub and stand-ins do not come to rest."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What hub and stand-ins told when both were done with an instant."""

    hub: Json
    stand: Json

    def at(self, key: str) -> datetime:
        """Return an instant that the hub tells; the end of time where there is none."""
        return datetime.fromisoformat(self.hub[key]) if self.hub[key] else _NEVER

    @property
    def stands_until(self) -> datetime:
        """When the stand-ins next do something by themselves."""
        return datetime.fromisoformat(self.stand["next_at"]) if self.stand["next_at"] else _NEVER


@dataclass(slots=True, kw_only=True)
class SharedClock:
    """Moves the clock of an environment; a kill falls at the first instant after its own at which something is due."""

    environment: Environment
    now: datetime
    kills: list[datetime] = field(default_factory=list)
    chance: random.Random = field(default_factory=random.Random)
    moves: int = 0
    killed: int = 0
    changes: int = 0
    changed_at: datetime | None = None
    """When something last happened at a vendor."""

    async def until(self, end: datetime) -> None:
        """Let time go by up to an instant, and settle at each instant at which something is due."""
        rest = await self.settle()
        while self.now < end:
            await self._move(max(self.now, self._next(rest, end)))
            rest = await self.settle()

    def _next(self, rest: Rest, end: datetime) -> datetime:
        """Return the next instant to stop at.

        While nothing happens at any vendor, looks for news find none: once all channels were asked, those that are
        due on the way come together, with the hub's own work or just before something happens to it.
        """
        told, work, looks = min(end, rest.stands_until), rest.at("work_at"), rest.at("next_at")
        if self.changed_at is None or rest.stand["changes"] != self.changes:
            self.changed_at, self.changes = self.now, rest.stand["changes"]
        quiet = rest.hub["looked_at"] is None or rest.at("looked_at") >= self.changed_at + _SHOWS_WITHIN
        if quiet and looks < told <= work:
            return max(looks, told - _JUST_BEFORE)
        return min(work, told) if quiet else min(looks, told)

    async def settle(self) -> Rest:
        """Wait until hub and stand-ins have done all that this instant asks of them.

        Raises:
            NotSettledError: they do not come to rest.
        """
        end, pause_s = time.monotonic() + SETTLES_WITHIN_S, _PAUSES_S[0]
        while time.monotonic() < end:
            await self.environment.whole()
            rest = await self._asked()
            if rest is not None:
                return rest
            await asyncio.sleep(pause_s)
            pause_s = min(_PAUSES_S[1], 2 * pause_s)
        raise NotSettledError(f"{self.now.isoformat()}: not at rest within {SETTLES_WITHIN_S:g} s")

    async def _asked(self) -> Rest | None:
        """Ask the hub, the stand-ins and both again: where they are idle and nothing moved, that is rest.

        The stand-ins are asked twice since a hub of several processes does not know what all of them have ended: work
        that began and ended in between asked something of a vendor, or left the hub something that is due.
        """
        client = self.environment.client
        try:
            before = await client.api("GET", "/work/next")
            if before["running"] or before["due"]:
                return None
            stand = await client.stand("GET", "/idle")
            if stand["pending"] or before != await client.api("GET", "/work/next"):
                return None
            if stand != await client.stand("GET", "/idle"):
                return None
        except aiohttp.ClientError:
            return None  # the hub was killed
        return Rest(before, stand)

    async def _move(self, to: datetime) -> None:
        await self.environment.client.stand("POST", "/clock", {"to": to.isoformat()})
        self.now = to
        self.moves += 1
        if self.kills and self.kills[0] <= to:
            self.kills.pop(0)
            self.environment.reviving = asyncio.create_task(self._kill())

    async def _kill(self) -> None:
        """End a process of the hub, each in its turn, as a power cut would, at a moment of the machine's own."""
        served = self.environment.served
        await asyncio.sleep(self.chance.uniform(0.0, _DIES_WITHIN_S))
        await served.kill(self.killed % len(served.roles))
        self.killed += 1
        await served.start()
