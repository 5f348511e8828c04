"""Stock levels, as mutations: compare and set, all or nothing."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sandbox.shopify.graph import stock
from sandbox.shopify.graph.offered import not_offered
from sandbox.shopify.graph.values import gid, number, problem
from sandbox.shopify.records import Item, Level
from sandbox.shopify.refusal import Refusal
from sandbox.shopify.state import Shop
from sandbox.values import Json

MOST: Final = 250
HIGHEST: Final = 1_000_000_000
REASONS: Final = frozenset({
    "correction", "cycle_count_available", "damaged", "movement_canceled", "movement_created", "movement_received",
    "movement_updated", "other", "promotion", "quality_control", "received", "reservation_created",
    "reservation_deleted", "reservation_updated", "restock", "safety_stock", "shrinkage",
})  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One level and what it is to be."""

    item: Item
    at: str
    level: Level
    quantity: int


def set_quantities(shop: Shop, args: Json) -> Json:
    """Set `available` or `on_hand` of up to 250 levels; one stale comparison refuses all."""
    spec = args["input"]
    document = spec.get("referenceDocumentUri")
    if document is not None and not urlsplit(document).scheme:
        message = "The reference document must be a valid URI"
        raise Refusal(message, "input", "referenceDocumentUri", code="INVALID_REFERENCE_DOCUMENT")
    _complete(spec["quantities"])
    if spec["name"] not in {"available", "on_hand"}:
        raise Refusal("The quantity name must be available or on_hand", "input", "name", code="INVALID_NAME")
    if spec["reason"] not in REASONS:
        raise Refusal("The specified reason is invalid", "input", "reason", code="INVALID_REASON")
    changes = [
        _change(shop, entry, str(place), spec["name"]) for place, entry in enumerate(spec["quantities"])
    ]
    if len({(change.item.id, change.at) for change in changes}) != len(changes):
        code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
        raise Refusal("An item and location may occur once", "input", "quantities", code=code)
    done = [shown for change in changes for shown in _set(shop, change, spec["name"])]
    group = {
        "id": gid("InventoryAdjustmentGroup", shop.next_id()),
        "reason": spec["reason"],
        "referenceDocumentUri": document,
        "changes": lambda _info, chosen: _chosen(done, chosen),
    }
    return {"inventoryAdjustmentGroup": group}


def activate(shop: Shop, args: Json) -> Json:
    """Begin to stock an item at a location; what is stocked already stays as it is."""
    item = shop.item(number("InventoryItem", args["inventoryItemId"]))
    place = shop.location(number("Location", args["locationId"]))
    if item is None:
        raise Refusal("The product couldn't be stocked: it wasn't found", "inventoryItemId")
    if place is None:
        raise Refusal("The product couldn't be stocked: the location wasn't found", "locationId")
    available, on_hand = args.get("available"), args.get("onHand")
    if available is not None and on_hand is not None:
        raise not_offered("Stocking an item with available together with onHand")
    if place.key not in item.levels:
        shop.stock.activate(item.sku, place.key, on_hand if available is None else available)
    elif available is not None or on_hand is not None:
        message = "Not allowed to set available quantity when the item is already active"
        raise Refusal(message, "available" if on_hand is None else "onHand")
    return {"inventoryLevel": stock.level(shop, item, place.key)}


def _complete(quantities: list[Json]) -> None:
    """What the vendor checks before it looks at any value."""
    if len(quantities) > MOST:
        message = f"The input array size of {len(quantities)} is greater than the maximum allowed of {MOST}."
        raise problem(message, "MAX_INPUT_SIZE_EXCEEDED")
    if any("changeFromQuantity" not in entry for entry in quantities):
        message = "InventoryQuantityInput must include the following argument: changeFromQuantity."
        raise problem(message, "INVALID_FIELD_ARGUMENTS")


def _change(shop: Shop, entry: Json, place: str, name: str) -> Change:
    where = ("input", "quantities", place)
    item = shop.item(number("InventoryItem", entry["inventoryItemId"]))
    if item is None:
        raise Refusal(
            "The inventory item could not be found", *where, "inventoryItemId", code="INVALID_INVENTORY_ITEM"
        )
    found = shop.location(number("Location", entry["locationId"]))
    if found is None:
        raise Refusal("The location could not be found", *where, "locationId", code="INVALID_LOCATION")
    # Since 2026-10 quantities can be set at any location, also where the item is not stocked.
    level = item.levels.get(found.key) or item.idle.get(found.key) or Level(0)
    if entry["quantity"] < 0:
        raise Refusal("The quantity can't be negative", *where, "quantity", code="INVALID_QUANTITY_NEGATIVE")
    if entry["quantity"] > HIGHEST:
        raise Refusal("The quantity is too high", *where, "quantity", code="INVALID_QUANTITY_TOO_HIGH")
    present = level.available if name == "available" else level.on_hand
    if entry["changeFromQuantity"] not in (None, present):
        message = "The quantity is not what it was expected to be"
        raise Refusal(message, *where, "changeFromQuantity", code="CHANGE_FROM_QUANTITY_STALE")
    return Change(item, found.key, level, entry["quantity"])


def _set(shop: Shop, change: Change, name: str) -> list[Json]:
    available = change.quantity if name == "available" else change.quantity - change.level.committed
    before = change.level.available
    if available != before and shop.env.sabotage.hits("level_lost", f"{change.item.sku}@{change.at}"):
        change.level.off_by += before - available
    put = shop.stock.set_available if change.at in change.item.levels else shop.stock.set_idle
    delta = put(change.item.sku, change.at, available)
    place = gid("Location", shop.stock.locations[change.at].id)
    after = {"available": available, "on_hand": available + change.level.committed}
    item = stock.item(shop, change.item)
    return [
        {"delta": delta, "item": item, "name": name, "at": place, "quantityAfterChange": quantity}
        for name, quantity in after.items()
        if delta
    ]


def _chosen(done: list[Json], spec: Json) -> list[Json]:
    names = spec.get("quantityNames")
    items, places = spec.get("inventoryItemIds"), spec.get("locationIds")
    return [
        change
        for change in done
        if (names is None or change["name"] in names)
        and (items is None or change["item"]["id"] in items)
        and (places is None or change["at"] in places)
    ]
