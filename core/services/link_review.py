"""The review of links: what is linked, what could be, and what contradicts, a page at a time.

Proposals and conflicts are those that the whole catalogue would give for what stands on the page: whatever shares a
name with it is looked up. Two products, or two listings of a channel, of one name are told on every page.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from core.domain.link_conflicts import Conflict, conflicts
from core.domain.link_proposals import (
    Book,
    ChannelListing,
    Components,
    KnownProduct,
    Proposal,
    book_of,
    folded,
    folds_of,
    proposals,
    search_words,
)
from core.engine.hub import Hub
from core.model.products import Product
from core.store.links import LinkImport, last_import, links_among
from core.store.listing_pages import rows_of_listings
from core.store.names import (
    Named,
    linked_connections,
    linked_listings,
    listings_alike,
    listings_by_catalog,
    listings_by_names,
    listings_made_of,
    not_linked,
    skus_alike,
    skus_by_names,
    skus_by_words,
)
from core.store.pages import after_of, parts_of
from core.store.products import products_of

ON_A_PAGE = 100
_END = "-"
"""Behind all there is: of two lists, one may be longer."""
_MOST_ALIKE = 200
"""So many products, and listings of each channel, that share a name are looked at."""
_MOST_NEAR = 2000
"""So many listings that share a name with what stands on a page are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReview:
    """Listings of a merchant: linked ones, others with proposals, and conflicts."""

    linked: tuple[ChannelListing, ...]
    gone: tuple[tuple[str, str, Components], ...]
    """(connection, listing, made of) of links whose listing the channel does not offer."""
    unlinked: tuple[tuple[ChannelListing, tuple[Proposal, ...]], ...]
    conflicts: tuple[Conflict, ...]
    last_import: LinkImport | None
    after: str | None = None
    """Behind which the next page of links begins; None on the last."""
    unlinked_after: str | None = None
    """The same of the listings that nobody linked."""


@dataclass(slots=True)
class Near:
    """Products and listings, looked up by whatever names they share with others."""

    products: dict[str, KnownProduct] = field(default_factory=dict)
    listings: dict[Named, ChannelListing] = field(default_factory=dict)

    @property
    def book(self) -> Book:
        """What proposals are made from."""
        return book_of(self.products.values(), self.listings.values())


async def review_links(
    hub: Hub,
    merchant: str,
    *,
    after: str | None = None,
    unlinked_after: str | None = None,
    limit: int = ON_A_PAGE,
) -> LinkReview:
    """Return a page of the review of a merchant's links, in the order of crossdock.yaml."""
    ports = list(hub.connections(merchant).ports)
    others = sorted(set(await hub.store.read(linked_connections, merchant)) - set(ports))
    named = _Listed(hub, merchant, linked_listings, [*ports, *others])
    links, links_after = await named.page(after, limit)
    opened, open_after = await _Listed(hub, merchant, not_linked, ports).page(unlinked_after, limit)
    shown = await listings_named(hub, merchant, [*links, *opened])
    offered = {key: shown[key] for key in (*links, *opened) if key in shown}
    near = await near_names(hub, merchant, [*offered.values(), *await _alike(hub, merchant, ports)])
    made = await hub.store.read(links_among, merchant, links)
    book, ordered = (
        near.book,
        sorted(near.listings.values(), key=lambda o: (ports.index(o.connection), o.listing)),
    )
    return LinkReview(
        linked=tuple(shown[key] for key in links if key in shown),
        gone=tuple((*key, made[key]) for key in links if key not in shown and key in made),
        unlinked=tuple((shown[key], proposals(shown[key], book)) for key in opened if key in shown),
        conflicts=conflicts(near.products.values(), ordered),
        last_import=await hub.store.read(last_import, merchant),
        after=links_after,
        unlinked_after=open_after,
    )


async def review_pages(hub: Hub, merchant: str) -> AsyncIterator[LinkReview]:
    """Yield the whole review of a merchant's links, page by page: what is on one is on no other, but for conflicts."""
    after, unlinked_after = "", ""
    while True:
        review = await review_links(hub, merchant, after=after or None, unlinked_after=unlinked_after or None)
        yield review
        if review.after is None and review.unlinked_after is None:
            return
        after, unlinked_after = review.after or _END, review.unlinked_after or _END


@dataclass(frozen=True, slots=True)
class _Listed:
    """Listings of several connections, one after another, each connection's by name."""

    hub: Hub
    merchant: str
    listed: Callable[..., list[str]]
    connections: Sequence[str]

    async def page(self, after: str | None, limit: int) -> tuple[list[Named], str | None]:
        """Return the next (connection, listing), and behind which to go on."""
        if after == _END:
            return [], None
        first = self.connections[0] if self.connections else ""
        at, behind = parts_of(after) if after is not None else (first, "")
        start = self.connections.index(at) if at in self.connections else 0
        found: list[Named] = []
        for connection in self.connections[start:]:
            names = await self.hub.store.read(
                self.listed,
                self.merchant,
                connection,
                after=behind if connection == at else "",
                limit=limit + 1 - len(found),
            )
            found += [(connection, name) for name in names]
            if len(found) > limit:
                return found[:limit], after_of(found[limit - 1])
        return found, None


async def alike(hub: Hub, merchant: str) -> tuple[list[KnownProduct], list[ChannelListing]]:
    """Return products, and listings of one connection, that share a folded SKU or a barcode: the first of them."""
    skus = await hub.store.read(skus_alike, merchant, limit=_MOST_ALIKE)
    products = await hub.store.read(products_of, merchant, skus)
    listings = await _alike(hub, merchant, list(hub.connections(merchant).ports))
    return [known(product) for product in products.values()], listings


async def _alike(hub: Hub, merchant: str, connections: Collection[str]) -> list[ChannelListing]:
    named = await hub.store.read(listings_alike, merchant, connections, limit=_MOST_ALIKE)
    return list((await listings_named(hub, merchant, named)).values())


async def near_names(hub: Hub, merchant: str, listings: Sequence[ChannelListing]) -> Near:
    """Return listings with all products and other listings that share a name with them, and products that share one."""
    names = await _names_near(hub, merchant, listings)
    near = Near(
        listings={(o.connection, o.listing): o for o in listings} | await listings_named(hub, merchant, names)
    )
    skus = await hub.store.read(skus_alike, merchant, limit=_MOST_ALIKE)
    skus |= await hub.store.read(
        skus_by_names,
        merchant,
        folds={fold for o in near.listings.values() for fold in folds_of(o)},
        barcodes={o.barcode for o in listings if o.barcode},
    )
    words = {word for o in listings if not o.of for word in search_words(o.title)}
    skus |= await hub.store.read(skus_by_words, merchant, words)
    skus |= {sku for o in near.listings.values() for sku in o.of}
    found = await hub.store.read(products_of, merchant, skus)
    near.products = {p.sku: known(p) for p in found.values()}
    # What is made of the same as a listing of the page is one thing with it, perhaps.
    made = await hub.store.read(
        listings_made_of, merchant, {sku for o in listings for sku in _answer(o, near.book)}, limit=_MOST_NEAR
    )
    near.listings |= await listings_named(hub, merchant, [key for key in made if key not in near.listings])
    return near


def _answer(listing: ChannelListing, book: Book) -> Components:
    return listing.of or next((p.of for p in proposals(listing, book)), {})


async def _names_near(hub: Hub, merchant: str, listings: Sequence[ChannelListing]) -> list[Named]:
    seen = {(o.connection, o.listing) for o in listings}
    found = await hub.store.read(
        listings_by_names,
        merchant,
        folds={folded(o.sku or o.listing) for o in listings},
        titles={folded(o.title) for o in listings},
        limit=_MOST_NEAR,
    )
    entries = {(o.connection, o.catalog) for o in listings if o.catalog}
    found += await hub.store.read(listings_by_catalog, merchant, entries, limit=_MOST_NEAR)
    return sorted({*found} - seen)


def known(product: Product) -> KnownProduct:
    """Return a product as far as links go."""
    return KnownProduct(sku=product.sku, title=product.title, barcode=product.barcode)


async def listings_named(hub: Hub, merchant: str, named: Iterable[Named]) -> dict[Named, ChannelListing]:
    """Return those of some listings that are offered by a connection of crossdock.yaml, each once."""
    wanted, ports = sorted(set(named)), hub.connections(merchant).ports
    links = await hub.store.read(links_among, merchant, wanted)
    found: dict[Named, ChannelListing] = {}
    for row in await hub.store.read(rows_of_listings, merchant, wanted):
        if row.connection not in ports:
            continue
        key = row.connection, row.listing
        found[key] = ChannelListing(
            connection=row.connection,
            listing=row.listing,
            sku=row.channel_sku,
            title=row.title,
            barcode=row.barcode,
            catalog=row.catalog,
            # A listing kept at several locations is still one.
            copies=row.copies,
            fulfilled_by_channel=row.fulfilled_by_channel,
            of=links.get(key, {}),
        )
    return found
