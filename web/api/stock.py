"""Stock: counts, receipts, products, listings and what they are made of."""

from datetime import datetime
from functools import partial

from pydantic import Field

from core.config.merchant import MerchantConfig
from core.domain.levels import wanted_level
from core.model.actions import Action
from core.model.products import Product
from core.model.stock import MOST_UNITS, ListingKey
from core.services import actions
from core.services.product_mistakes import mistakes_in
from core.store.channel_locations import matched_locations
from core.store.claims import wake_open_orders
from core.store.links import links_of
from core.store.listings import ListingRow, list_listings
from core.store.products import list_products, save_products
from core.store.stock import list_stock, listable_units
from core.store.switches import accepted_actions
from web.api.endpoint import Answer, Call, Endpoint
from web.keys import HUB
from web.problems import WrongRequestError


class StockItem(Answer):
    """What a location holds of a SKU."""

    sku: str
    location: str
    on_hand: int
    committed: int
    available: int
    low: bool


class StockList(Answer):
    """All stock of the merchant."""

    stock: tuple[StockItem, ...]


class CountLine(Answer):
    """Units found, or received, of a SKU at a location."""

    sku: str
    location: str
    units: int = Field(ge=0, le=MOST_UNITS)


class CountAsk(Answer):
    """A count (units on hand are set) or a receipt (units are added)."""

    lines: tuple[CountLine, ...]


class ProductView(Answer):
    """A SKU of ours."""

    sku: str
    title: str
    weight_g: int | None = None
    size_mm: tuple[int, int, int] | None = None
    hs: str | None = None
    origin: str | None = None
    barcode: str | None = None


class ProductList(Answer):
    """All products of the merchant."""

    products: tuple[ProductView, ...]


class ListingItem(Answer):
    """A listing, what it is made of, and what it shows and should show."""

    connection: str
    listing: str
    location: str | None
    title: str
    of: dict[str, int]
    fulfilled_by_channel: bool
    wanted: int | None
    believed: int | None
    read_at: datetime | None
    refused: str | None
    waits: str | None
    """Why it shows another number than it should, where nothing was refused; null where it does not, or is on its way."""


class ListingList(Answer):
    """All listings of the merchant."""

    listings: tuple[ListingItem, ...]


class LinkAsk(Answer):
    """What one unit of a listing is made of: units by SKU."""

    of: dict[str, int]


async def get_stock(call: Call) -> StockList:
    """Return all stock."""
    hub = call.request.app[HUB]
    config = hub.config(call.merchant)
    rows = await hub.store.read(list_stock, call.merchant)
    available: dict[str, int] = {}
    for row in rows:
        available[row.sku] = available.get(row.sku, 0) + row.available
    return StockList(
        stock=tuple(
            StockItem(
                sku=row.sku,
                location=row.location,
                on_hand=row.on_hand,
                committed=row.committed,
                available=row.available,
                low=_is_low(available[row.sku], config.low(row.sku)),
            )
            for row in rows
        )
    )


def _is_low(available: int, low: int | None) -> bool:
    return low is not None and available <= low


async def count(call: Call) -> StockList:
    """Set what is on hand."""
    await actions.count(call.request.app[HUB], call.merchant, _lines(call.body), actor=call.actor)
    return await get_stock(call)


async def receive(call: Call) -> StockList:
    """Add to what is on hand; backorders are served by order time first."""
    await actions.receive(call.request.app[HUB], call.merchant, _lines(call.body), actor=call.actor)
    return await get_stock(call)


def _lines(asked: CountAsk) -> list[tuple[str, str, int]]:
    return [(line.sku, line.location, line.units) for line in asked.lines]


async def get_products(call: Call) -> ProductList:
    """Return all products."""
    products = await call.request.app[HUB].store.read(list_products, call.merchant)
    return ProductList(
        products=tuple(
            ProductView(
                sku=p.sku,
                title=p.title,
                weight_g=p.weight_g,
                size_mm=p.size_mm,
                hs=p.hs,
                origin=p.origin,
                barcode=p.barcode,
            )
            for p in products.values()
        )
    )


async def put_products(call: Call) -> ProductList:
    """Add or change products."""
    hub = call.request.app[HUB]
    asked = [Product(**p.model_dump()) for p in call.body.products]
    wrong = mistakes_in(asked)
    if wrong:
        told = [{"where": f"products/{m.position}/{m.field}", "what": m.what} for m in wrong]
        raise WrongRequestError("a product cannot be so", told)
    await hub.store.write(save_products, call.merchant, asked)
    await hub.store.write(wake_open_orders, call.merchant, hub.clock.now())
    return await get_products(call)


async def get_listings(call: Call) -> ListingList:
    """Return every listing with what it shows and should show."""
    hub, merchant = call.request.app[HUB], call.merchant
    config = hub.config(merchant)
    available = await hub.store.read(listable_units, merchant)
    accepted = await hub.store.read(accepted_actions, merchant)
    found: list[ListingItem] = []
    for connection in hub.connections(merchant).ports:
        links = await hub.store.read(links_of, merchant, connection)
        named = await hub.store.read(matched_locations, merchant, connection)
        for row in await hub.store.read(list_listings, merchant, connection):
            key = ListingKey(listing=row.listing, location=named.get(row.location) if row.location else None)
            wanted = wanted_level(
                links.get(row.listing, {}),
                available,
                location=key.location,
                locations=tuple(config.locations),
                buffer=partial(_buffer, config, connection),
            )
            wanted = None if row.never_written or (row.location and key.location is None) else wanted
            found.append(
                ListingItem(
                    connection=connection,
                    listing=row.listing,
                    location=key.location,
                    title=row.title,
                    of=dict(links.get(row.listing, {})),
                    fulfilled_by_channel=row.fulfilled_by_channel,
                    wanted=wanted,
                    believed=row.last_read,
                    read_at=row.read_at,
                    refused=row.refused,
                    waits=_why_unlike(row, wanted, accepted=(connection, Action.LEVELS.value) in accepted),
                )
            )
    return ListingList(listings=tuple(found))


def _why_unlike(row: ListingRow, wanted: int | None, *, accepted: bool) -> str | None:
    if row.refused is not None or wanted is None or row.last_read in (None, wanted):
        return None
    if not accepted:
        return "levels are not accepted for this connection: see go-live"
    if row.shows_less and wanted > (row.last_read or 0):
        return (
            "its channel shows less than it was left at, which a sale may have caused: more is shown once a look at its "
            "orders that began after that has found every one of them"
        )
    return None


def _buffer(config: MerchantConfig, connection: str, sku: str) -> int:
    return config.buffer(sku, connection)


async def link(call: Call) -> ListingList:
    """Say what a listing is made of."""
    hub = call.request.app[HUB]
    await actions.link(hub, call.merchant, call.path["connection"], call.path["listing"], call.body.of)
    return await get_listings(call)


ENDPOINTS = (
    Endpoint(
        name="listStock",
        method="GET",
        path="/stock",
        summary="What every location holds",
        gives=StockList,
        run=get_stock,
    ),
    Endpoint(
        name="countStock",
        method="POST",
        path="/stock/count",
        summary="Set what is on hand",
        gives=StockList,
        run=count,
        takes=CountAsk,
        example={"lines": [{"sku": "CHEF-8", "location": "reno", "units": 12}]},
    ),
    Endpoint(
        name="receiveStock",
        method="POST",
        path="/stock/receive",
        summary="Add to what is on hand",
        gives=StockList,
        run=receive,
        takes=CountAsk,
        example={"lines": [{"sku": "CHEF-8", "location": "reno", "units": 3}]},
    ),
    Endpoint(
        name="listProducts",
        method="GET",
        path="/products",
        summary="All products",
        gives=ProductList,
        run=get_products,
    ),
    Endpoint(
        name="saveProducts",
        method="PUT",
        path="/products",
        summary="Add or change products",
        gives=ProductList,
        run=put_products,
        takes=ProductList,
        example={"products": [{"sku": "NEW-1", "title": "New", "weight_g": 5, "size_mm": [1, 2, 3]}]},
    ),
    Endpoint(
        name="listListings",
        method="GET",
        path="/listings",
        summary="All listings, shown and wanted",
        gives=ListingList,
        run=get_listings,
    ),
    Endpoint(
        name="linkListing",
        method="PUT",
        path="/listings/{connection}/{listing}/link",
        summary="Say what a listing is made of",
        gives=ListingList,
        run=link,
        takes=LinkAsk,
        example={"of": {"CHEF-8": 2}},
    ),
)
