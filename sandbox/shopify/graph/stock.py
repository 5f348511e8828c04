"""Items, variants, levels and locations."""

from typing import Any, Final

from graphql import GraphQLResolveInfo

from sandbox.shopify.graph import filters
from sandbox.shopify.graph.asking import found
from sandbox.shopify.graph.values import gid, identified, number, page, problem
from sandbox.shopify.records import Item, Level, Location
from sandbox.shopify.state import Shop
from sandbox.values import Json

NAMES: Final = frozenset({
    "available", "committed", "damaged", "incoming", "on_hand", "quality_control", "reserved", "safety_stock",
})  # fmt: skip
"""The states that a quantity is kept of (shopify.dev, "Inventory states", read 2026-11-30); nothing here is in the others."""


def variant(shop: Shop, it: Item) -> Json:
    """A ProductVariant."""
    return {
        **identified("ProductVariant", it.variant_id),
        "barcode": it.product.get("barcode"),
        "displayName": it.product["title"],
        "inventoryItem": lambda _info, _args: item(shop, it),
        "product": lambda _info, _args: product(it),
        "requiresComponents": False,
        "sku": it.sku,
    }


def product(it: Item) -> Json:
    """A Product."""
    return identified("Product", it.product_id)


def item(shop: Shop, it: Item) -> Json:
    """An InventoryItem."""

    def shown(args: Json) -> list[str]:
        return [*it.levels, *(it.idle if args.get("includeInactive") else ())]

    def one_level(_info: object, args: Json) -> Json | None:
        place, known = shop.location(number("Location", args["locationId"])), shown(args)
        return level(shop, it, place.key) if place and place.key in known else None

    def levels(info: GraphQLResolveInfo[Any], args: Json) -> Json:
        places = found(info, filters.LEVELS, [(it, at) for at in shown(args)], args)
        return page(places, lambda pair: level(shop, *pair), args)

    return {
        **identified("InventoryItem", it.id),
        "inventoryLevel": one_level,
        "inventoryLevels": levels,
        "sku": it.sku,
    }


def level(shop: Shop, it: Item, at: str) -> Json:
    """An InventoryLevel."""
    place, kept = shop.stock.locations[at], it.levels.get(at) or it.idle[at]
    part = f"{place.id}?inventory_item_id={it.id}"
    return {
        "__typename": "InventoryLevel",
        "id": gid("InventoryLevel", part),
        "location": lambda _info, _args: location(place),
        "quantities": lambda _info, args: [_quantity(kept, name, part) for name in args["names"]],
    }


def location(it: Location) -> Json:
    """A Location."""
    return {**identified("Location", it.id), "name": it.address.get("name", it.key)}


def _quantity(kept: Level, name: str, part: str) -> Json:
    if name not in NAMES:
        raise problem(f"The quantity name '{name}' is not valid.", "BAD_REQUEST")
    amounts = {"available": kept.available, "committed": kept.committed, "on_hand": kept.on_hand}
    name_id = gid("InventoryQuantity", f"{part}&name={name}")
    return {"id": name_id, "name": name, "quantity": amounts.get(name, 0)}
