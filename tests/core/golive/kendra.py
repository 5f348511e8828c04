"""The golden morning before go-live: nineteen listings as the old tool left them, and Kwame's order of Sunday."""

from datetime import timedelta

from core.model.products import Product
from core.model.stock import Listing, ListingKey
from core.services import actions
from core.services.connecting import begin
from core.store.products import save_products
from core.store.store import Store
from core.store.switches import go_live
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, MONDAY_8, Bench, home, review
from tests.core.flow.play import settle

SEVEN = MONDAY_8 - timedelta(hours=1)
SHOP: tuple[tuple[str, str, dict[str, int], int], ...] = (
    ("CHEF-8", "loc-reno", {"CHEF-8": 1}, 15),
    ("BOARD-WAL", "loc-reno", {"BOARD-WAL": 1}, 7),
    ("BREAD-10", "loc-reno", {"BREAD-10": 1}, 9),
    ("UTIL-5", "loc-reno", {"UTIL-5": 1}, 10),  # Kwame takes one: 9 are shown
    ("PARE-3", "loc-reno", {"PARE-3": 1}, 12),
    ("SKILLET-12", "loc-reno", {"SKILLET-12": 1}, 3),
    ("SKILLET-12", "loc-easton", {"SKILLET-12": 1}, 2),
    ("SOCKS-CHEF", "loc-reno", {"SOCKS-CHEF": 1}, 20),
    ("TONGS-9", "loc-reno", {"TONGS-9": 1}, 5),
    ("DUTCH-6", "loc-easton", {"DUTCH-6": 1}, 4),
    ("SET-KNIFE-BOARD", "loc-reno", {"CHEF-8": 1, "BOARD-WAL": 1}, 7),
    ("SET-KNIVES-4", "loc-reno", {"CHEF-8": 1, "BREAD-10": 1, "UTIL-5": 1, "PARE-3": 1}, 9),
)
AMAZON: tuple[tuple[str, dict[str, int], int], ...] = (
    ("KK-CHEF8-FBM", {"CHEF-8": 1}, 14),
    ("KK-BOARD-FBM", {"BOARD-WAL": 1}, 7),
    ("KK-SKILLET-FBM", {"SKILLET-12": 1}, 5),
    ("KK-SOCKS-2PK", {"SOCKS-CHEF": 2}, 10),
    ("KK-SET-KB", {"CHEF-8": 1, "BOARD-WAL": 1}, 7),
    ("KK-TONGS-NEW", {}, 6),
    ("KK-SOCKS-FBA", {"SOCKS-CHEF": 1}, 40),
)
COUNTED = (
    "sku,location,units\nCHEF-8,reno,14\nBOARD-WAL,reno,7\nBREAD-10,reno,9\nUTIL-5,reno,10\nPARE-3,reno,12\n"
    "SKILLET-12,reno,3\nSOCKS-CHEF,reno,20\nTONGS-9,reno,5\nSKILLET-12,easton,2\nDUTCH-6,easton,4\n"
)
SKUS = (
    "BOARD-WAL",
    "BREAD-10",
    "CHEF-8",
    "DUTCH-6",
    "PARE-3",
    "SKILLET-12",
    "SOCKS-CHEF",
    "TONGS-9",
    "UTIL-5",
)
KWAME = Cart(
    number="KK-1000", lines=(("UTIL-5", 1, 4974),), ship_to=home(), email="kwame@example.test", pay="now"
)


async def morning(store: Store) -> Bench:
    """Everything connected at seven and linked; nothing counted, nothing accepted, Kwame's order placed on Sunday."""
    b = review(store, now=SEVEN)
    shop, market = b.world.shop("shop"), b.world.shop("amz")
    shop.listings, shop.levels, market.listings, market.levels = {}, {}, {}, {}
    for listing, at, _, shows in SHOP:
        places = tuple(place for name, place, _, _ in SHOP if name == listing)
        shop.listings[listing] = Listing(listing=listing, sku=listing, title=listing, locations=places)
        shop.levels[ListingKey(listing=listing, location=at)] = shows
    for listing, _, shows in AMAZON:
        fba = listing.endswith("-FBA")
        market.listings[listing] = Listing(
            listing=listing, sku=listing, title=listing, fulfilled_by_channel=fba
        )
        market.levels[ListingKey(listing=listing)] = shows
    b.clock.instant -= timedelta(hours=10)
    place(b.world, "shop", KWAME)
    b.clock.instant += timedelta(hours=10)
    await store.write(
        save_products,
        MERCHANT,
        [Product(sku=sku, title=sku, weight_g=300, size_mm=(200, 50, 30)) for sku in SKUS],
    )
    for name in ("shop", "amz"):
        await store.write(go_live, MERCHANT, name, actor="hub", now=SEVEN)
        await begin(b.hub, MERCHANT, name, "http://hub.invalid")
    await settle(b)
    for listing, _, of, _ in SHOP:
        await actions.link(b.hub, MERCHANT, "shop", listing, of)
    for listing, of, _ in AMAZON:
        if of:
            await actions.link(b.hub, MERCHANT, "amz", listing, of)
    await settle(b)
    return b


def written(b: Bench) -> dict[tuple[str, str, str], int]:
    """What was set, by channel, listing and the channel's location; the last number where it was set twice."""
    return {
        (name, key.listing, key.location or ""): units
        for name in ("shop", "amz")
        for _, key, units in b.world.shop(name).writes
    }


def shown(b: Bench) -> dict[tuple[str, str, str], int]:
    """What shoppers can buy now."""
    return {
        (name, key.listing, key.location or ""): units
        for name in ("shop", "amz")
        for key, units in b.world.shop(name).levels.items()
    }
