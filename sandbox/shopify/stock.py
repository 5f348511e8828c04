"""Stock by item and location, and the choice of the location that ships."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sandbox.shopify.records import Item, Level, Location

Wanted = tuple[str, int]
"""A SKU and how many."""


class Stock:
    """Every level of the shop; sold units leave `available` at once and stay `committed` until shipped."""

    def __init__(self, now: Callable[[], datetime], changed: Callable[[Item, str], None]) -> None:
        self.locations: dict[str, Location] = {}
        self.items: dict[str, Item] = {}
        self._now = now
        self._changed = changed

    def sell(self, sku: str, at: str, quantity: int) -> None:
        """Take sold units off sale."""
        self._move(sku, at, available=-quantity, committed=quantity)

    def commit(self, sku: str, at: str, quantity: int) -> None:
        """Note units that were sold before the house was loaded: its levels no longer show them."""
        self._move(sku, at, committed=quantity)

    def give_back(self, sku: str, at: str, quantity: int) -> None:
        """Put sold units on sale again."""
        self._move(sku, at, available=quantity, committed=-quantity)

    def ship(self, sku: str, at: str, quantity: int) -> None:
        """Let committed units leave the house (or be written off)."""
        self._move(sku, at, committed=-quantity)

    def receive(self, sku: str, at: str, quantity: int) -> None:
        """Put units that came back on sale."""
        self._move(sku, at, available=quantity)

    def set_available(self, sku: str, at: str, quantity: int) -> int:
        """Set what is on sale; gives the change."""
        delta = quantity - self.items[sku].levels[at].available
        self._move(sku, at, available=delta)
        return delta

    def activate(self, sku: str, at: str, available: int | None) -> Level:
        """Begin to stock an item at a location; without a quantity, with what was kept there (2026-04 and later)."""
        item = self.items[sku]
        kept = item.idle.pop(at, Level(0))
        level = item.levels[at] = Level(
            kept.available if available is None else available, kept.committed, updated_at=self._now()
        )
        self._changed(item, at)
        return level

    def set_idle(self, sku: str, at: str, quantity: int) -> int:
        """Set what is kept where the item is not stocked; gives the change."""
        level = self.items[sku].idle.setdefault(at, Level(0))
        delta, level.available, level.updated_at = quantity - level.available, quantity, self._now()
        return delta

    def assign(self, wanted: Sequence[Wanted]) -> list[list[tuple[str, int]]]:
        """The locations that ship each wanted line: one for all where one has all, else the first that has the line."""
        for at in self.locations:
            if self._holds(at, wanted):
                return [[(at, quantity)] for _sku, quantity in wanted]
        return [self._spread(sku, quantity) for sku, quantity in wanted]

    def _holds(self, at: str, wanted: Sequence[Wanted]) -> bool:
        totals: dict[str, int] = {}
        for sku, quantity in wanted:
            totals[sku] = totals.get(sku, 0) + quantity
        return all(self._on_sale(sku, at) >= quantity for sku, quantity in totals.items())

    def _spread(self, sku: str, quantity: int) -> list[tuple[str, int]]:
        stocked = [at for at in self.locations if sku in self.items and at in self.items[sku].levels]
        for at in stocked:
            if self._on_sale(sku, at) >= quantity:
                return [(at, quantity)]
        parts: list[tuple[str, int]] = []
        for at in stocked:
            take = min(quantity, max(0, self._on_sale(sku, at)))
            if take:
                parts.append((at, take))
                quantity -= take
        if quantity:
            # Sold below zero: the shop lets shoppers buy what it does not have.
            parts.append(((stocked or list(self.locations))[0], quantity))
        return parts

    def _on_sale(self, sku: str, at: str) -> int:
        item = self.items.get(sku)
        level = item.levels.get(at) if item else None
        return level.available if level else -1

    def _move(self, sku: str, at: str, *, available: int = 0, committed: int = 0) -> None:
        item = self.items.get(sku)
        if item is None or at not in item.levels:
            return
        level = item.levels[at]
        level.available += available
        level.committed += committed
        level.updated_at = self._now()
        if available:
            self._changed(item, at)
