"""The quantities that the shop shows, per variant and location.

A listing is the variant's SKU, for that is what people link; Shopify writes by inventory item, so the items of the
SKUs are looked up and remembered for as long as the connection lives.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from connectors.shopify.client import Admin, gid, tail
from core.errors import RejectedError, UnavailableError
from core.model.stock import Level, LevelChange, LevelResult, LevelState, Listing, ListingKey

T = TypeVar("T")

MOST_PER_CALL = 250
READ_PER_CALL = 100
SKUS_PER_SEARCH = 25
AMBIGUOUS = "AMBIGUOUS_SKU"
UNKNOWN_SKU = "UNKNOWN_SKU"
STALE = "CHANGE_FROM_QUANTITY_STALE"
_NOT_OF_THE_ITEM = {
    "IDEMPOTENCY_CONCURRENT_REQUEST": UnavailableError,
    "IDEMPOTENCY_KEY_PARAMETER_MISMATCH": RejectedError,
}


class ShopifyLevels:
    """Lists, reads and sets available quantities."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self._items: dict[str, tuple[str, ...]] = {}
        """Inventory items by SKU: more than one where the shop uses a SKU twice."""

    async def list_listings(self) -> tuple[Listing, ...]:
        """Return every variant; two of the same SKU come as two listings of one name, which is a conflict."""
        found: list[Listing] = []
        items: dict[str, tuple[str, ...]] = {}
        after: str | None = None
        while True:
            page = await self._admin.product_variants(after)
            for variant in page["nodes"]:
                one = _listing(variant)
                found.append(one)
                items[one.listing] = (*items.get(one.listing, ()), variant["inventoryItem"]["id"])
            if not page["pageInfo"]["hasNextPage"]:
                self._items = items
                return tuple(found)
            after = page["pageInfo"]["endCursor"]

    async def list_locations(self) -> tuple[tuple[str, str], ...]:
        """Return (id, name) of every active location."""
        found: list[tuple[str, str]] = []
        after: str | None = None
        while True:
            page = await self._admin.locations(after)
            found += [(str(one["legacyResourceId"]), one["name"]) for one in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                return tuple(found)
            after = page["pageInfo"]["endCursor"]

    async def read_levels(self, keys: Sequence[ListingKey]) -> tuple[Level, ...]:
        """Return what shoppers can buy now; unknown and ambiguous keys are left out."""
        await self._look_up(key.listing for key in keys)
        units: dict[ListingKey, int] = {}
        for location in sorted({key.location for key in keys if key.location}):
            wanted = {
                items[0]: key
                for key in keys
                if key.location == location and len(items := self._items.get(key.listing, ())) == 1
            }
            for ids in _chunks(list(wanted), READ_PER_CALL):
                for item in await self._admin.inventory_items(ids, location):
                    level = item and item.get("inventoryLevel")
                    if item and level:
                        units[wanted[item["id"]]] = int(level["quantities"][0]["quantity"])
        return tuple(Level(key=key, units=units[key]) for key in keys if key in units)

    async def set_levels(self, changes: Sequence[LevelChange], *, key: str) -> tuple[LevelResult, ...]:
        """Set absolute levels, at most 250 per call, each call all or nothing.

        Shopify writes nothing of a call in which one quantity is refused. The refused ones come back STALE or
        REJECTED, the others of that call UNKNOWN: read them, then push again under a new key.
        """
        await self._look_up(change.key.listing for change in changes)
        results: dict[int, LevelResult] = {}
        sendable: list[tuple[int, LevelChange]] = []
        for position, change in enumerate(changes):
            code = self._unsendable(change)
            if code is None:
                sendable.append((position, change))
            else:
                results[position] = LevelResult(key=change.key, state=LevelState.REJECTED, code=code)
        for number, part in enumerate(_chunks(sendable, MOST_PER_CALL)):
            of_part = key if number == 0 else f"{key}.{number}"
            quantities = [self._quantity(change) for _, change in part]
            errors = await self._admin.inventory_set_quantities(quantities, key=of_part)
            for (position, _), result in zip(
                part, self._judged([one for _, one in part], errors), strict=True
            ):
                results[position] = result
        return tuple(results[position] for position in range(len(changes)))

    def _unsendable(self, change: LevelChange) -> str | None:
        items = self._items.get(change.key.listing, ())
        if change.key.location is None:
            return "INVALID_LOCATION"
        if not items:
            return UNKNOWN_SKU
        return AMBIGUOUS if len(items) > 1 else None

    def _quantity(self, change: LevelChange) -> dict[str, Any]:
        return {
            "inventoryItemId": self._items[change.key.listing][0],
            "locationId": gid("Location", change.key.location or ""),
            "quantity": change.units,
            # An explicit null means: do not compare.
            "changeFromQuantity": change.last_read,
        }

    def _judged(self, changes: Sequence[LevelChange], errors: Sequence[dict[str, Any]]) -> list[LevelResult]:
        if not errors:
            return [LevelResult(key=change.key, state=LevelState.ACCEPTED) for change in changes]
        codes: dict[int, str] = {}
        for error in errors:
            code = str(error.get("code") or "REFUSED")
            kind = _NOT_OF_THE_ITEM.get(code)
            if kind is not None:
                raise kind(
                    f"inventorySetQuantities: {code}", connection=self._admin.connection.name, code=code
                )
            position = _position(error)
            if position is not None:
                codes.setdefault(position, code)
        whole = str(errors[0].get("code") or "REFUSED")
        results: list[LevelResult] = []
        for position, change in enumerate(changes):
            code = codes.get(position, whole)
            state = LevelState.UNKNOWN if position not in codes else _state(code)
            if code == "INVALID_INVENTORY_ITEM":
                self._items.pop(change.key.listing, None)
            results.append(LevelResult(key=change.key, state=state, code=code))
        return results

    async def _look_up(self, listings: Iterable[str]) -> None:
        """Find the inventory items of SKUs we have not met; those that do not exist are asked for again next time."""
        missing = sorted({listing for listing in listings if listing not in self._items})
        for skus in _chunks(missing, SKUS_PER_SEARCH):
            query = " OR ".join(f"sku:{_quoted(sku)}" for sku in skus)
            found: dict[str, tuple[str, ...]] = {}
            after: str | None = None
            while True:
                page = await self._admin.product_variants_by_sku(query, after)
                for variant in page["nodes"]:
                    # The search ignores case and finds parts of words.
                    if (sku := (variant["sku"] or "").strip()) in skus:
                        found[sku] = (*found.get(sku, ()), variant["inventoryItem"]["id"])
                if not page["pageInfo"]["hasNextPage"]:
                    break
                after = page["pageInfo"]["endCursor"]
            self._items.update(found)


def _listing(variant: dict[str, Any]) -> Listing:
    sku = (variant["sku"] or "").strip() or None
    nodes = variant["inventoryItem"]["inventoryLevels"]["nodes"]
    return Listing(
        listing=sku or f"variant-{variant['legacyResourceId']}",
        sku=sku,
        title=variant["displayName"],
        locations=tuple(str(one["location"]["legacyResourceId"]) for one in nodes),
        product=tail(variant["inventoryItem"]["id"]),
        barcode=(variant["barcode"] or "").strip() or None,
        # The shop computes a bundle's quantity from its parts and refuses any other.
        computed_by_channel=bool(variant["requiresComponents"]),
    )


def _state(code: str) -> LevelState:
    return LevelState.STALE if code == STALE else LevelState.REJECTED


def _position(error: dict[str, Any]) -> int | None:
    """Return which quantity an error is about: its field is ``input quantities 3 quantity``."""
    for step in error.get("field") or ():
        if str(step).isdigit():
            return int(step)
    return None


def _quoted(sku: str) -> str:
    return "'" + sku.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _chunks(values: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))
