"""The bogus channel's levels: compared with what the hub last read before they are set."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.bogus.client import Shop, World
from core.model.stock import Level, LevelChange, LevelResult, LevelState, Listing, ListingKey


@dataclass(frozen=True, slots=True)
class BogusLevels:
    """What a shop or a marketplace of the world shows."""

    connection: str
    world: World

    async def list_listings(self) -> tuple[Listing, ...]:
        """Return everything that is offered."""
        shop = self.world.shop(self.connection)
        return await self.world.look(
            self.connection, "list_listings", lambda _: tuple(shop.listings.values())
        )

    async def list_locations(self) -> tuple[tuple[str, str], ...]:
        """Return (id, name) of every location."""
        shop = self.world.shop(self.connection)
        return await self.world.look(
            self.connection, "list_locations", lambda _: tuple(shop.locations.items())
        )

    async def read_levels(self, keys: Sequence[ListingKey]) -> tuple[Level, ...]:
        """Return what shoppers can buy now."""
        shop = self.world.shop(self.connection)
        return await self.world.look(
            self.connection,
            "read_levels",
            lambda _: tuple(Level(key=k, units=shop.levels[k]) for k in keys if k in shop.levels),
        )

    async def set_levels(self, changes: Sequence[LevelChange], *, key: str) -> tuple[LevelResult, ...]:
        """Set levels, each only where the channel shows what the hub last read."""
        del (
            key
        )  # absolute and compared: a repeat finds another number than was last read, or sets the same again
        shop = self.world.shop(self.connection)
        return await self.world.call(
            self.connection, "set_levels", lambda: tuple(self._set(shop, change) for change in changes)
        )

    def _set(self, shop: Shop, change: LevelChange) -> LevelResult:
        shown = shop.levels.get(change.key)
        if shown is None:
            return LevelResult(key=change.key, state=LevelState.REJECTED, code="no_such_listing")
        if change.last_read is not None and shown != change.last_read:
            return LevelResult(key=change.key, state=LevelState.STALE)
        shop.levels[change.key] = change.units
        shop.writes.append((self.world.clock.now(), change.key, change.units))
        return LevelResult(key=change.key, state=LevelState.ACCEPTED)
