"""Stock: counts, receipts, products, listings and what they are made of."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from core.engine.hub import Hub
from core.model.actions import Action
from core.model.products import Product
from core.model.stock import MOST_UNITS
from core.services import actions
from core.services.levels_shown import shown_levels
from core.services.product_mistakes import mistakes_in
from core.store.buffers import buffers_of
from core.store.claims import wake_open_orders
from core.store.listing_pages import page_of_listings, rows_of_listings
from core.store.listings import ListingRow
from core.store.pages import after_of, parts_of
from core.store.products import page_of_products, products_of, save_products
from core.store.stock import StockRow, page_of_stock, stock_of
from core.store.switches import accepted_actions
from web.api.endpoint import Answer, Call, Endpoint, checked_after
from web.keys import HUB
from web.problems import WrongRequestError


class BufferView(Answer):
    """Units of a SKU that a connection does not show, because a rule said so."""

    connection: str
    units: int
    rule: str
    at: datetime


class StockItem(Answer):
    """What a location holds of a SKU."""

    sku: str
    location: str
    on_hand: int
    committed: int
    available: int
    low: bool
    buffers: tuple[BufferView, ...] = ()
    """Of the SKU, wherever it lies: those that a rule set in place of crossdock.yaml."""


class PageAsked(Answer):
    """Which page of a list is given."""

    after: str | None = Field(None, max_length=2000, description="the `after` of the page before")
    limit: int = Field(500, ge=1, le=1000, description="rows a page")


class StockList(Answer):
    """A page of the merchant's stock, by SKU and location; after a count or receipt, that of the SKUs it named."""

    stock: tuple[StockItem, ...]
    after: str | None = None
    """Behind which the next page begins; null on the last."""


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
    """A page of the merchant's products, by SKU; after a change, those that it named."""

    products: tuple[ProductView, ...]
    after: str | None = None
    """Behind which the next page begins; null on the last."""


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
    """A page of the merchant's listings, in the order of crossdock.yaml; after a link, the listing that it named."""

    listings: tuple[ListingItem, ...]
    after: str | None = None
    """Behind which the next page begins; null on the last."""


class ProductsAsk(Answer):
    """Products to add or change."""

    products: tuple[ProductView, ...]


class LinkAsk(Answer):
    """What one unit of a listing is made of: units by SKU."""

    of: dict[str, int]


async def get_stock(call: Call) -> StockList:
    """Return a page of the stock."""
    return await stock_page(call.request.app[HUB], call.merchant, call.query)


async def stock_page(hub: Hub, merchant: str, asked: PageAsked) -> StockList:
    """Return a page of a merchant's stock."""
    page = await hub.store.read(
        page_of_stock, merchant, after=checked_after(asked.after, 2), limit=asked.limit
    )
    return StockList(stock=await _items(hub, merchant, page.items), after=page.after)


async def _items(hub: Hub, merchant: str, rows: Sequence[StockRow]) -> tuple[StockItem, ...]:
    config, skus = hub.config(merchant), {row.sku for row in rows}
    available, buffers = dict[str, int](), dict[str, list[BufferView]]()
    # A SKU is low by what all locations hold of it, also by what stands on another page.
    for row in await hub.store.read(stock_of, merchant, skus):
        available[row.sku] = available.get(row.sku, 0) + row.available
    for said in await hub.store.read(buffers_of, merchant, skus):
        view = BufferView(connection=said.connection, units=said.units, rule=said.rule, at=said.at)
        buffers.setdefault(said.sku, []).append(view)
    return tuple(
        StockItem(
            sku=row.sku,
            location=row.location,
            on_hand=row.on_hand,
            committed=row.committed,
            available=row.available,
            low=_is_low(available[row.sku], config.low(row.sku)),
            buffers=tuple(buffers.get(row.sku, ())),
        )
        for row in rows
    )


def _is_low(available: int, low: int | None) -> bool:
    return low is not None and available <= low


async def count(call: Call) -> StockList:
    """Set what is on hand."""
    await actions.count(call.request.app[HUB], call.merchant, _lines(call.body), actor=call.actor)
    return await _counted(call)


async def receive(call: Call) -> StockList:
    """Add to what is on hand; backorders are served by order time first."""
    await actions.receive(call.request.app[HUB], call.merchant, _lines(call.body), actor=call.actor)
    return await _counted(call)


async def _counted(call: Call) -> StockList:
    hub, skus = call.request.app[HUB], {line.sku for line in call.body.lines}
    rows = await hub.store.read(stock_of, call.merchant, skus)
    return StockList(stock=await _items(hub, call.merchant, rows))


def _lines(asked: CountAsk) -> list[tuple[str, str, int]]:
    return [(line.sku, line.location, line.units) for line in asked.lines]


async def get_products(call: Call) -> ProductList:
    """Return a page of the products."""
    asked = call.query
    page = await call.request.app[HUB].store.read(
        page_of_products, call.merchant, after=checked_after(asked.after, 1), limit=asked.limit
    )
    return ProductList(products=tuple(map(_product, page.items)), after=page.after)


def _product(p: Product) -> ProductView:
    return ProductView(
        sku=p.sku,
        title=p.title,
        weight_g=p.weight_g,
        size_mm=p.size_mm,
        hs=p.hs,
        origin=p.origin,
        barcode=p.barcode,
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
    saved = await hub.store.read(products_of, call.merchant, {p.sku for p in asked})
    return ProductList(products=tuple(map(_product, saved.values())))


async def get_listings(call: Call) -> ListingList:
    """Return a page of the listings with what they show and should show."""
    return await listings_page(call.request.app[HUB], call.merchant, call.query)


async def listings_page(hub: Hub, merchant: str, asked: PageAsked) -> ListingList:
    """Return a page of a merchant's listings, each connection's by name."""
    names, after = list(hub.connections(merchant).ports), checked_after(asked.after, 3)
    at = parts_of(after)[0] if after is not None else ""
    found: list[ListingItem] = []
    last = ""
    for connection in names[names.index(at) if at in names else 0 :]:
        left = asked.limit - len(found)
        page = await hub.store.read(
            page_of_listings,
            merchant,
            connection,
            after=after if connection == at else None,
            limit=max(left, 1),
        )
        if page.items and not left:
            return ListingList(listings=tuple(found), after=last)
        found += await _listed(hub, merchant, connection, page.items)
        if page.after is not None:
            return ListingList(listings=tuple(found), after=page.after)
        if page.items:
            row = page.items[-1]
            last = after_of((connection, row.listing, row.location))
    return ListingList(listings=tuple(found))


async def _listed(hub: Hub, merchant: str, connection: str, rows: Sequence[ListingRow]) -> list[ListingItem]:
    """Return listings of a connection as they are shown."""
    accepted = (connection, Action.LEVELS.value) in await hub.store.read(accepted_actions, merchant)
    return [
        ListingItem(
            connection=connection,
            listing=one.row.listing,
            location=one.place,
            title=one.row.title,
            of=dict(one.of),
            fulfilled_by_channel=one.row.fulfilled_by_channel,
            wanted=one.wanted,
            believed=one.row.last_read,
            read_at=one.row.read_at,
            refused=one.row.refused,
            waits=_why_unlike(one.row, one.wanted, accepted=accepted),
        )
        for one in await shown_levels(hub, merchant, connection, rows)
    ]


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


async def link(call: Call) -> ListingList:
    """Say what a listing is made of."""
    hub = call.request.app[HUB]
    connection, listing = call.path["connection"], call.path["listing"]
    await actions.link(hub, call.merchant, connection, listing, call.body.of)
    rows = await hub.store.read(rows_of_listings, call.merchant, [(connection, listing)])
    return ListingList(listings=tuple(await _listed(hub, call.merchant, connection, rows)))


ENDPOINTS = (
    Endpoint(
        name="listStock",
        method="GET",
        path="/stock",
        summary="What every location holds",
        gives=StockList,
        run=get_stock,
        query=PageAsked,
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
        query=PageAsked,
    ),
    Endpoint(
        name="saveProducts",
        method="PUT",
        path="/products",
        summary="Add or change products",
        gives=ProductList,
        run=put_products,
        takes=ProductsAsk,
        example={"products": [{"sku": "NEW-1", "title": "New", "weight_g": 5, "size_mm": [1, 2, 3]}]},
    ),
    Endpoint(
        name="listListings",
        method="GET",
        path="/listings",
        summary="All listings, shown and wanted",
        gives=ListingList,
        run=get_listings,
        query=PageAsked,
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
