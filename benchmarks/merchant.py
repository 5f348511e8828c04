"""The merchant of the measurements: live with everything, his levels as they should be, with as many SKUs as are wanted.

Nothing of it waits for an hour of the day: every location works on all days until midnight, and labels need no grace.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from connectors.bogus import CONNECTOR, ports_of
from connectors.bogus.client import World
from connectors.bogus.settings import BogusSettings
from core.clock import Clock
from core.config.loader import read
from core.config.merchant import MerchantConfig
from core.engine.hub import Connections, Hub
from core.model.products import Product
from core.model.stock import Listing, ListingKey
from core.ports import Ports
from core.services.connecting import begin
from core.store.channel_locations import save_channel_locations
from core.store.links import link_all
from core.store.offered import save_listings
from core.store.products import save_products
from core.store.stock import count_stock
from core.store.store import Store
from core.store.switches import go_live, set_switch
from core.store.tables import listings

MERCHANT = "bench"
CONFIG = """
version: 1
merchant: bench
connections:
  shop: {use: bogus, with: {plays: shop}, payments: {bogus: pay, "*": channel}, mails: hub}
  market: {use: bogus, with: {plays: marketplace}}
  pay: {use: bogus, with: {plays: gateway}}
  post: {use: bogus, with: {plays: carrier}}
  mail: {use: bogus, with: {plays: mailer}}
"""
LOCATIONS_TEXT = """
locations:
  west: {name: West, street1: 1 Depot Way, city: Reno, state: NV, zip: "89502", country: US, timezone: UTC,
         days: [mon, tue, wed, thu, fri, sat, sun], cutoff: "23:59", labels: auto, grace: 0s, tell: label}
  east: {name: East, street1: 2 Canal Street, city: Easton, state: PA, zip: "18042", country: US, timezone: UTC,
         days: [mon, tue, wed, thu, fri, sat, sun], cutoff: "23:59", labels: auto, grace: 0s, tell: scan}
sla: {promise: {Standard: 9}}
boxes:
  - {id: SMALL, inner_mm: [200, 200, 100], tare_g: 50, max_g: 5000}
  - {id: LARGE, inner_mm: [600, 400, 400], tare_g: 400, max_g: 30000}
"""
PLAYS = {"shop": "shop", "market": "marketplace", "pay": "gateway", "post": "carrier", "mail": "mailer"}
ACCEPTS = (
    ("shop", "levels"),
    ("market", "levels"),
    ("shop", "captures"),
    ("post", "labels"),
    ("mail", "mails"),
)
LOCATIONS = {"loc-west": ("West", "west"), "loc-east": ("East", "east")}
"""The shop's own location -> its name there, and ours."""
UNITS = 1_000_000
"""Of each SKU at each location: whatever is measured, nothing is sold out."""
ACTOR = "person:bench"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """So many SKUs; the shop sells each, the marketplace sells pairs of each."""

    count: int

    @property
    def skus(self) -> list[str]:
        """Every SKU."""
        return [f"SKU-{number:06}" for number in range(self.count)]

    @property
    def links(self) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
        """Connection -> listing -> units by SKU."""
        return {
            "shop": {sku: {sku: 1} for sku in self.skus},
            "market": {f"PAIR-{sku}": {sku: 2} for sku in self.skus},
        }

    def offered(self, connection: str) -> list[Listing]:
        """Return what a channel offers."""
        places = tuple(LOCATIONS) if connection == "shop" else ()
        return [
            Listing(listing=name, sku=name, title=name, locations=places) for name in self.links[connection]
        ]


def config(rules: str = "") -> MerchantConfig:
    """Return the merchant's crossdock.yaml, with rules if any are wanted."""
    return read(
        f"{CONFIG}{LOCATIONS_TEXT}{rules}",
        file="crossdock.yaml",
        environ={},
        known={CONNECTOR.key: CONNECTOR.settings},
    )


def world_of(catalogue: Catalogue, clock: Clock) -> World:
    """Return vendors that offer the catalogue and show all of it."""
    world = World(clock=clock)
    world.shop("shop").locations = {place: name for place, (name, _) in LOCATIONS.items()}
    for connection in catalogue.links:
        shop = world.shop(connection)
        for offer in catalogue.offered(connection):
            shop.listings[offer.listing] = offer
            for place in offer.locations or (None,):
                shop.levels[ListingKey(listing=offer.listing, location=place)] = UNITS
    return world


def ports_in(world: World) -> dict[str, Ports]:
    """Return what each connection can do, in this process."""
    return {
        name: ports_of(world, name, BogusSettings.model_validate({"plays": plays}))
        for name, plays in PLAYS.items()
    }


def hub_of(store: Store, ports: Mapping[str, Ports], clock: Clock, owner: str) -> Hub:
    """Return a hub of this merchant alone."""
    connections = Connections(config=config(), ports=ports, connectors=dict.fromkeys(PLAYS, CONNECTOR))
    return Hub(store=store, clock=clock, owner=owner, merchants={MERCHANT: connections})


async def open_merchant(hub: Hub, catalogue: Catalogue) -> None:
    """Bring the merchant into an empty store: counted, linked, every level read and as it should be, everything accepted."""
    store, now = hub.store, hub.clock.now()
    await store.write(save_products, MERCHANT, [_product(sku) for sku in catalogue.skus])
    counted = [(sku, place, UNITS) for sku in catalogue.skus for place in hub.config(MERCHANT).locations]
    await store.write(count_stock, MERCHANT, counted, actor=ACTOR, now=now)
    connections = hub.config(MERCHANT).connections
    for connection in connections:
        await store.write(go_live, MERCHANT, connection, actor=ACTOR, now=now)
    for connection, links in catalogue.links.items():
        places = [(place, name) for place, (name, _) in LOCATIONS.items()] if connection == "shop" else []
        ours = {place: ours for place, (_, ours) in LOCATIONS.items()}
        await store.write(save_channel_locations, MERCHANT, connection, places, ours=ours)
        await store.write(save_listings, MERCHANT, connection, catalogue.offered(connection), now=now)
        await store.write(link_all, MERCHANT, {(connection, name): of for name, of in links.items()}, now=now)
    for connection, action in ((c, a) for c, a in ACCEPTS if c in connections):
        await store.write(set_switch, MERCHANT, connection, action, on=True, actor=ACTOR, now=now)
    await store.write(_levels_are_true, now)
    for connection in connections:
        await begin(hub, MERCHANT, connection, "http://hub.invalid")


def _product(sku: str) -> Product:
    return Product(
        sku=sku, title=sku, weight_g=300, size_mm=(100, 100, 100), hs="0000.00", origin="US", barcode=None
    )


def _levels_are_true(conn: sa.Connection, now: datetime) -> None:
    """Note every level as read, shown as it should be: no push is due."""
    true = {"last_read": UNITS, "wanted_last": UNITS, "read_at": now, "clean_seq": listings.c.dirty_seq}
    conn.execute(sa.update(listings).where(listings.c.merchant == MERCHANT).values(**true))
