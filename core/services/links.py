"""The review of links: what is linked, what could be, what contradicts, and the ways to accept, import and undo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.domain.link_conflicts import Conflict, conflicts
from core.domain.link_proposals import ChannelListing, Components, KnownProduct, Proposal, book_of, proposals
from core.engine.hub import Hub
from core.errors import NotFoundError
from core.services import links_file
from core.services.links_file import LinksError, Names
from core.store.links import LinkImport, all_links, import_links, last_import, link_all, undo_import
from core.store.listings import list_listings
from core.store.products import list_products


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReview:
    """All listings of a merchant: linked ones, the others with proposals, and conflicts."""

    linked: tuple[ChannelListing, ...]
    gone: tuple[tuple[str, str, Components], ...]
    """(connection, listing, made of) of links whose listing the channel does not offer."""
    unlinked: tuple[tuple[ChannelListing, tuple[Proposal, ...]], ...]
    conflicts: tuple[Conflict, ...]
    last_import: LinkImport | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a file would change: a listing, what it is made of now and then."""

    connection: str
    listing: str
    before: Components
    after: Components


async def review_links(hub: Hub, merchant: str) -> LinkReview:
    """Return the review of a merchant's links."""
    products, found = await products_of(hub, merchant), await listings_of(hub, merchant)
    links = await hub.store.read(all_links, merchant)
    book, listed = book_of(products, found), {(o.connection, o.listing) for o in found}
    return LinkReview(
        linked=tuple(o for o in found if o.of),
        gone=tuple((*key, of) for key, of in links.items() if key not in listed),
        unlinked=tuple((o, proposals(o, book)) for o in found if not o.of),
        conflicts=conflicts(products, found),
        last_import=await hub.store.read(last_import, merchant),
    )


async def products_of(hub: Hub, merchant: str) -> tuple[KnownProduct, ...]:
    """Return a merchant's products, as far as links go."""
    found = await hub.store.read(list_products, merchant)
    return tuple(KnownProduct(sku=p.sku, title=p.title, barcode=p.barcode) for p in found.values())


async def listings_of(hub: Hub, merchant: str) -> tuple[ChannelListing, ...]:
    """Return every listing of a merchant once, whatever locations it is kept at, in the order of crossdock.yaml."""
    links, ports = await hub.store.read(all_links, merchant), list(hub.connections(merchant).ports)
    found: dict[tuple[str, str], ChannelListing] = {}
    for row in await hub.store.read(list_listings, merchant):
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
    return tuple(sorted(found.values(), key=lambda o: (ports.index(o.connection), o.listing)))


Made = Sequence[tuple[str, str, Mapping[str, int]]]
"""(connection, listing, units by SKU)."""


async def check(hub: Hub, merchant: str, links: Made) -> dict[tuple[str, str], Mapping[str, int]]:
    """Return links as a person says them, by (connection, listing).

    Raises:
        LinksError: with what is wrong with each.
    """
    names, made = await _names(hub, merchant), dict[tuple[str, str], Mapping[str, int]]()
    wrong: list[tuple[str, str]] = []
    for number, (connection, listing, of) in enumerate(links, start=1):
        problems = [names.wrong(connection, listing, sku, units) for sku, units in of.items()]
        problems += [] if of else ["it is made of nothing; to take a link away, unlink the listing"]
        problems += ["it is named twice"] if (connection, listing) in made else []
        wrong += [(f"link {number}", problem) for problem in problems if problem]
        made[connection, listing] = of
    if wrong:
        raise LinksError(wrong)
    return made


async def accept(hub: Hub, merchant: str, links: Made) -> None:
    """Link listings as a person says, all or nothing.

    Raises:
        LinksError: with what is wrong with each; nothing was linked.
    """
    made = await check(hub, merchant, links)
    await hub.store.write(link_all, merchant, made, now=hub.clock.now())


async def unlink(hub: Hub, merchant: str, connection: str, listing: str) -> None:
    """Take a link away: the listing is no longer written, and its open orders are held.

    Raises:
        NotFoundError: nothing is linked there.
    """
    if (connection, listing) not in await hub.store.read(all_links, merchant):
        raise NotFoundError(f"{connection} has no link of {listing!r}")
    await hub.store.write(link_all, merchant, {(connection, listing): {}}, now=hub.clock.now())


async def exported(hub: Hub, merchant: str) -> str:
    """Return all links as CSV; listings that nobody linked with SKU and units left open."""
    listings = await listings_of(hub, merchant)
    open_ones = [(o.connection, o.listing) for o in listings if not o.of]
    return links_file.written(await hub.store.read(all_links, merchant), open_ones)


async def preview(hub: Hub, merchant: str, text: str) -> tuple[Change, ...]:
    """Return what a CSV file of links would change; nothing is changed.

    Raises:
        LinksError: with every wrong line.
    """
    made = links_file.read(text, await _names(hub, merchant))
    known = await hub.store.read(all_links, merchant)
    return tuple(
        Change(connection=connection, listing=listing, before=known.get((connection, listing), {}), after=of)
        for (connection, listing), of in sorted(made.items())
        if known.get((connection, listing), {}) != of
    )


async def import_file(hub: Hub, merchant: str, text: str, *, actor: str) -> tuple[Change, ...]:
    """Link as a CSV file says, all or nothing; return what changed.

    Raises:
        LinksError: with every wrong line; nothing was linked.
    """
    changes = await preview(hub, merchant, text)
    if changes:
        made = {(c.connection, c.listing): c.after for c in changes}
        await hub.store.write(import_links, merchant, made, actor=actor, now=hub.clock.now())
    return changes


async def undo(hub: Hub, merchant: str) -> int:
    """Take the newest import back; return how many listings it named.

    Raises:
        RefusedError: there is none, or its listings were linked anew since.
    """
    return await hub.store.write(undo_import, merchant, now=hub.clock.now())


async def _names(hub: Hub, merchant: str) -> Names:
    listed = {(o.connection, o.listing) for o in await listings_of(hub, merchant)}
    linked = set(await hub.store.read(all_links, merchant))
    return Names(
        products=frozenset(await hub.store.read(list_products, merchant)),
        listings=frozenset(listed | linked),
        connections=frozenset(n for n, p in hub.connections(merchant).ports.items() if p.levels is not None),
    )
