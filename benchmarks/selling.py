"""Shoppers who keep so many orders under way: when one is delivered the next is placed; and what the hub is told."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from core.model.notification import Notification

AT_ONCE = 32
"""Orders under way, and calls at once where they are made without a hub."""
_NO_END = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """How far the orders are; instants in seconds of the machine."""

    placed: int
    delivered: int
    began_s: float
    last_s: float
    open: bool
    """Whether more will be placed."""

    @property
    def over(self) -> bool:
        """Whether everything that was placed is delivered, and nothing more comes."""
        return not self.open and self.delivered == self.placed


class Selling:
    """Counts the orders, and keeps what nobody has carried to the hub yet."""

    def __init__(self, place: Callable[[int], None]) -> None:
        """Take what places the order of a number."""
        self._place = place
        self._news: list[tuple[str, Notification]] = []
        self._told = asyncio.Event()
        self._placed = self._placed_before = self._most = 0
        self._delivered: set[str] = set()
        self._until_s = self._began_s = self._last_s = 0.0

    @property
    def began(self) -> bool:
        """Whether anything was ever sold."""
        return self._placed > 0

    def sell(self, seconds: float, most: int | None = None) -> None:
        """Keep orders under way for so long from now on, or until so many were placed; in less than a second, fewer."""
        self._began_s = time.monotonic()
        self._until_s = self._began_s + seconds
        self._placed_before = self._placed
        self._most = self._placed + (most or _NO_END)
        for _ in range(min(AT_ONCE, most or AT_ONCE, math.ceil(AT_ONCE * seconds))):
            self._next()

    def sold(self) -> Sales:
        """Return how far it is since the selling began."""
        return Sales(
            placed=self._placed - self._placed_before,
            delivered=len(self._delivered) - self._placed_before,
            began_s=self._began_s,
            last_s=self._last_s,
            open=self._goes_on(),
        )

    def deliver(self, parcel: str) -> None:
        """Hear that the hub knows a parcel as delivered: the next order is placed."""
        if parcel in self._delivered:
            return
        self._delivered.add(parcel)
        self._last_s = time.monotonic()
        if self._goes_on():
            self._next()

    def tell(self, *news: tuple[str, Notification]) -> None:
        """Keep (connection, notification) for the hub."""
        if news:
            self._news += news
            self._told.set()

    async def take(self) -> list[tuple[str, Notification]]:
        """Wait for notifications, and return those that nobody has carried to the hub yet."""
        while not self._news:
            self._told.clear()
            await self._told.wait()
        taken, self._news = self._news, []
        return taken

    def _next(self) -> None:
        self._placed += 1
        self._place(self._placed)

    def _goes_on(self) -> bool:
        return time.monotonic() < self._until_s and self._placed < self._most
