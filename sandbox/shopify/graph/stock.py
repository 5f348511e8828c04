"""Items, variants, levels and locations."""

from sandbox.shopify.graph.values import gid, page, when
from sandbox.shopify.names import country, province
from sandbox.shopify.records import Item, Level, Location
from sandbox.shopify.state import Shop
from sandbox.values import Json


def variant(shop: Shop, it: Item) -> Json:
    """A ProductVariant."""
    return {
        "__typename": "ProductVariant",
        "id": gid("ProductVariant", it.variant_id),
        "legacyResourceId": str(it.variant_id),
        "availableForSale": any(level.available > 0 for level in it.levels.values()),
        "barcode": None,
        "createdAt": when(shop.env.clock.start),
        "updatedAt": when(shop.env.clock.start),
        "displayName": it.product["title"],
        "inventoryItem": lambda _info: item(shop, it),
        "inventoryPolicy": "CONTINUE",
        "inventoryQuantity": sum(level.available for level in it.levels.values()),
        "position": 1,
        "price": "0.0",
        "product": lambda _info: product(it),
        "requiresComponents": False,
        "sku": it.sku,
        "taxable": True,
        "title": "Default Title",
    }


def product(it: Item) -> Json:
    """A Product."""
    return {
        "__typename": "Product",
        "id": gid("Product", it.product_id),
        "legacyResourceId": str(it.product_id),
        "title": it.product["title"],
        "handle": it.sku.lower(),
        "status": "ACTIVE",
    }


def item(shop: Shop, it: Item) -> Json:
    """An InventoryItem."""

    def one_level(_info: object, *, locationId: str, **_more: object) -> Json | None:  # noqa: N803
        found = [at for at in it.levels if gid("Location", shop.stock.locations[at].id) == locationId]
        return level(shop, it, found[0]) if found else None

    hs = it.product.get("hs")
    return {
        "__typename": "InventoryItem",
        "id": gid("InventoryItem", it.id),
        "legacyResourceId": str(it.id),
        "countryCodeOfOrigin": it.product.get("origin"),
        "createdAt": when(shop.env.clock.start),
        "updatedAt": when(shop.env.clock.start),
        "harmonizedSystemCode": hs.replace(".", "") if hs else None,
        "inventoryLevel": one_level,
        "inventoryLevels": lambda _info, **args: page(list(it.levels), lambda at: level(shop, it, at), args),
        "locationsCount": {"count": len(it.levels), "precision": "EXACT"},
        "measurement": {
            "id": gid("InventoryItemMeasurement", it.id),
            "weight": {"unit": "GRAMS", "value": it.product.get("weight_g", 0)},
        },
        "requiresShipping": True,
        "sku": it.sku,
        "tracked": True,
        "variant": lambda _info: variant(shop, it),
        "variants": lambda _info, **args: page([it], lambda one: variant(shop, one), args),
    }


def level(shop: Shop, it: Item, at: str) -> Json:
    """An InventoryLevel."""
    place, kept = shop.stock.locations[at], it.levels[at]
    name = f"{gid('InventoryLevel', place.id)}?inventory_item_id={it.id}"
    return {
        "__typename": "InventoryLevel",
        "id": name,
        "canDeactivate": False,
        "createdAt": when(shop.env.clock.start),
        "updatedAt": when(kept.updated_at or shop.env.clock.start),
        "isActive": True,
        "item": lambda _info: item(shop, it),
        "location": lambda _info: location(shop, place),
        "quantities": lambda _info, names: [
            _quantity(kept, word, place=place.id, of=it.id) for word in names
        ],
    }


def location(shop: Shop, it: Location) -> Json:
    """A Location."""
    stocked = [one for one in shop.stock.items.values() if it.key in one.levels]

    def one_level(_info: object, *, inventoryItemId: str, **_more: object) -> Json | None:  # noqa: N803
        found = [one for one in stocked if gid("InventoryItem", one.id) == inventoryItemId]
        return level(shop, found[0], it.key) if found else None

    return {
        "__typename": "Location",
        "id": gid("Location", it.id),
        "legacyResourceId": str(it.id),
        "name": it.address.get("name", it.key),
        "address": _address(it.address),
        "addressVerified": True,
        "activatable": False,
        "deactivatable": False,
        "deletable": False,
        "isActive": True,
        "isFulfillmentService": False,
        "shipsInventory": True,
        "fulfillsOnlineOrders": True,
        "hasActiveInventory": bool(stocked),
        "hasUnfulfilledOrders": False,
        "createdAt": when(shop.env.clock.start),
        "updatedAt": when(shop.env.clock.start),
        "inventoryLevel": one_level,
        "inventoryLevels": lambda _info, **args: page(stocked, lambda one: level(shop, one, it.key), args),
    }


def _quantity(kept: Level, word: str, *, place: int, of: int) -> Json:
    amounts = {"available": kept.available, "committed": kept.committed, "on_hand": kept.on_hand}
    return {
        "__typename": "InventoryQuantity",
        "id": f"gid://shopify/InventoryQuantity/{place}?inventory_item_id={of}&name={word}",
        "name": word,
        "quantity": amounts.get(word, 0),
        "updatedAt": when(kept.updated_at),
    }


def _address(it: Json) -> Json:
    return {
        "address1": it.get("street1"),
        "address2": it.get("street2"),
        "city": it.get("city"),
        "country": country(it.get("country")),
        "countryCode": it.get("country"),
        "formatted": [it.get("street1"), it.get("city"), country(it.get("country"))],
        "phone": it.get("phone"),
        "province": province(it.get("state")),
        "provinceCode": it.get("state"),
        "zip": it.get("zip"),
    }
