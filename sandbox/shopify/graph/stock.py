"""Items, variants, levels and locations."""

from sandbox.shopify.graph.values import gid, identified, page
from sandbox.shopify.records import Item, Level, Location
from sandbox.shopify.state import Shop
from sandbox.values import Json


def variant(shop: Shop, it: Item) -> Json:
    """A ProductVariant."""
    return {
        **identified("ProductVariant", it.variant_id),
        "displayName": it.product["title"],
        "inventoryItem": lambda _info: item(shop, it),
        "product": lambda _info: product(it),
        "requiresComponents": False,
        "sku": it.sku,
    }


def product(it: Item) -> Json:
    """A Product."""
    return identified("Product", it.product_id)


def item(shop: Shop, it: Item) -> Json:
    """An InventoryItem."""

    def shown(include_inactive: object) -> list[str]:
        return [*it.levels, *(it.idle if include_inactive else ())]

    def one_level(_info: object, *, locationId: str, includeInactive: object = None) -> Json | None:  # noqa: N803
        known = {gid("Location", shop.stock.locations[at].id): at for at in shown(includeInactive)}
        return level(shop, it, known[locationId]) if locationId in known else None

    def levels(_info: object, **args: object) -> Json:
        return page(shown(args.get("includeInactive")), lambda at: level(shop, it, at), args)

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
        "location": lambda _info: location(place),
        "quantities": lambda _info, names: [_quantity(kept, name, part) for name in names],
    }


def location(it: Location) -> Json:
    """A Location."""
    return {**identified("Location", it.id), "name": it.address.get("name", it.key)}


def _quantity(kept: Level, name: str, part: str) -> Json:
    amounts = {"available": kept.available, "committed": kept.committed, "on_hand": kept.on_hand}
    name_id = gid("InventoryQuantity", f"{part}&name={name}")
    return {"id": name_id, "name": name, "quantity": amounts.get(name, 0)}
