"""A small merchant and its hub, for tests: Kendra's two warehouses, bogus vendors, and a clock that is moved by hand."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.bogus import CONNECTOR, ports_of
from connectors.bogus.client import World
from connectors.bogus.settings import BogusSettings
from core.clock import SteppedClock
from core.config.merchant import ConnectionConfig, Location, MerchantConfig, StockRule
from core.engine.hub import Connections, Hub
from core.engine.worker import Worker
from core.jobs import JOBS
from core.model.address import Address
from core.model.products import Product
from core.model.shipment import Box
from core.model.stock import Listing, ListingKey
from core.steps import STEPS
from core.store.channel_locations import save_channel_locations
from core.store.links import link_all
from core.store.offered import save_listings
from core.store.products import save_products
from core.store.stock import count_stock
from core.store.store import Store
from core.store.switches import go_live, set_switch

MERCHANT = "kendra"
MONDAY_8 = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
"""Eight in the morning in Reno, on the Monday of the golden day."""

BOXES = (
    Box(box_id="MAILER", inner_mm=(300, 230, 40), tare_g=20, max_g=1000),
    Box(box_id="M", inner_mm=(420, 320, 80), tare_g=250, max_g=8000),
    Box(box_id="CUBE", inner_mm=(350, 300, 210), tare_g=600, max_g=15000),
    Box(box_id="L", inner_mm=(520, 360, 150), tare_g=450, max_g=15000),
)
_PRODUCTS: dict[str, tuple[int, tuple[int, int, int], str | None, str]] = {
    "CHEF-8": (300, (380, 70, 30), "8211.92", "US"),
    "BOARD-WAL": (1600, (400, 300, 30), "4419.19", "US"),
    "SKILLET-12": (3400, (480, 310, 70), "7323.91", "US"),
    "SOCKS-CHEF": (80, (200, 120, 20), None, "PT"),
    "DUTCH-6": (5800, (330, 280, 190), "7323.91", "FR"),
}
PRODUCTS = tuple(
    Product(sku=sku, title=sku.title(), weight_g=grams, size_mm=size, hs=hs, origin=origin)
    for sku, (grams, size, hs, origin) in _PRODUCTS.items()
)
COUNTS = (
    ("CHEF-8", "reno", 14),
    ("BOARD-WAL", "reno", 7),
    ("SKILLET-12", "reno", 3),
    ("SKILLET-12", "easton", 2),
    ("SOCKS-CHEF", "reno", 20),
    ("DUTCH-6", "easton", 4),
)
SHOP_LINKS: Mapping[str, Mapping[str, int]] = {
    "CHEF-8": {"CHEF-8": 1},
    "BOARD-WAL": {"BOARD-WAL": 1},
    "SKILLET-12": {"SKILLET-12": 1},
    "SOCKS-CHEF": {"SOCKS-CHEF": 1},
    "DUTCH-6": {"DUTCH-6": 1},
    "SET-KNIFE-BOARD": {"CHEF-8": 1, "BOARD-WAL": 1},
}
MARKET_LINKS: Mapping[str, Mapping[str, int]] = {
    "KK-CHEF8": {"CHEF-8": 1},
    "KK-SOCKS-2PK": {"SOCKS-CHEF": 2},
    "KK-SET-KB": {"CHEF-8": 1, "BOARD-WAL": 1},
}
PLAYS = {"shop": "shop", "amz": "marketplace", "pay": "gateway", "post": "carrier", "mail": "mailer"}


def location(
    name: str = "Kendra Reno",
    *,
    state: str = "NV",
    zone: str = "America/Los_Angeles",
    labels: str = "auto",
    tell: str = "label",
) -> Location:
    return Location(
        name=name,
        street1="1 Depot Way",
        street2="",
        city=name.rsplit(maxsplit=1)[-1],
        state=state,
        zip="89502",
        country="US",
        phone="+17755550100",
        timezone=ZoneInfo(zone),
        days=frozenset(range(5)),
        holidays=frozenset({date(2026, 12, 25), date(2027, 1, 1)}),
        cutoff=time(15, 0),
        labels="ask" if labels == "ask" else "auto",
        grace=timedelta(minutes=15),
        tell="scan" if tell == "scan" else "label",
    )


def config(*, labels: str = "auto", tell: str = "label") -> MerchantConfig:
    connections = {
        name: ConnectionConfig(
            name=name,
            use="bogus",
            with_=settings(name),
            payments={"bogus": "pay", "*": "channel"} if name == "shop" else "channel",
            mails="hub" if name == "shop" else "channel",
            endpoints={},
            token=None,
        )
        for name in PLAYS
    }
    return MerchantConfig(
        merchant=MERCHANT,
        connections=connections,
        locations={
            "reno": location(labels=labels, tell=tell),
            "easton": location(
                "Kendra Easton", state="PA", zone="America/New_York", labels=labels, tell=tell
            ),
        },
        boxes=BOXES,
        promises={"Standard": 5, "Express": 2, "International": 7},
        stock=(
            StockRule(pattern="default", buffer={"shop": 1, "amz": 2}, low=3),
            StockRule(pattern="SOCKS-*", buffer={"shop": 2, "amz": 4}, low=3),
        ),
        file="crossdock.yaml",
        text="",
        digest="0",
        secrets=(),
    )


def settings(name: str) -> BogusSettings:
    return BogusSettings.model_validate({"plays": PLAYS[name]})


def home(**changes: str) -> Address:
    known = {
        "name": "Kara Kline",
        "street1": "100 Test Kitchen Way",
        "city": "Portland",
        "state": "OR",
        "zip": "97205",
        "country": "US",
        "phone": "+15035550101",
    }
    return Address.model_validate(known | changes)


def world(clock: SteppedClock) -> World:
    """A shop with two locations and a marketplace, showing what lies in the warehouse."""
    made = World(clock=clock)
    shop, market = made.shop("shop"), made.shop("amz")
    shop.locations = {"loc-reno": "Kendra Reno", "loc-easton": "Kendra Easton"}
    for listing in SHOP_LINKS:
        at: tuple[str, ...] = ("loc-easton",) if listing == "DUTCH-6" else ("loc-reno",)
        if listing == "SKILLET-12":
            at = ("loc-reno", "loc-easton")
        shop.listings[listing] = Listing(listing=listing, sku=listing, title=listing, locations=at)
        for place in at:
            shop.levels[ListingKey(listing=listing, location=place)] = 5
    for listing in MARKET_LINKS:
        market.listings[listing] = Listing(listing=listing, sku=listing, title=listing)
        market.levels[ListingKey(listing=listing)] = 5
    return made


def connections(made: World, kept: MerchantConfig | None = None) -> Connections:
    return Connections(
        config=kept or config(),
        ports={name: ports_of(made, name, settings(name)) for name in PLAYS},
        connectors=dict.fromkeys(PLAYS, CONNECTOR),
    )


@dataclass(slots=True)
class Bench:
    """A hub over a store, with its bogus world, and the ways to let time pass."""

    hub: Hub
    world: World
    clock: SteppedClock
    worker: Worker

    @property
    def store(self) -> Store:
        return self.hub.store


def review(
    store: Store, kept: MerchantConfig | None = None, *, now: datetime = MONDAY_8, owner: str = "w1"
) -> Bench:
    clock = SteppedClock(now)
    made = world(clock)
    hub = Hub(store=store, clock=clock, owner=owner, merchants={MERCHANT: connections(made, kept)})
    return Bench(hub, made, clock, Worker(steps=STEPS, hub=hub, jobs=JOBS, chance=random.Random(7)))


async def open_hub_of(b: Bench, *, accept: bool = True) -> None:
    """Count, link, connect and accept everything, as after go-live."""
    store, now = b.store, b.clock.now()
    await store.write(save_products, MERCHANT, PRODUCTS)
    await store.write(count_stock, MERCHANT, COUNTS, actor="person:kendra", now=now)
    for name in ("shop", "amz"):
        await store.write(go_live, MERCHANT, name, actor="hub", now=now - timedelta(hours=1))
        ports = b.hub.connections(MERCHANT).named(name).levels
        assert ports is not None
        ours = {"loc-reno": "reno", "loc-easton": "easton"} if name == "shop" else {}
        await store.write(save_channel_locations, MERCHANT, name, await ports.list_locations(), ours=ours)
        await store.write(save_listings, MERCHANT, name, await ports.list_listings(), now=now)
        for listing, units in (SHOP_LINKS if name == "shop" else MARKET_LINKS).items():
            await store.write(link_all, MERCHANT, {(name, listing): units}, now=now)
    if accept:
        for connection, action in (
            ("shop", "levels"),
            ("amz", "levels"),
            ("shop", "captures"),
            ("post", "labels"),
            ("mail", "mails"),
        ):
            await store.write(
                set_switch, MERCHANT, connection, action, on=True, actor="person:kendra", now=now
            )
