"""What contradicts among links: products alike, listings alike, one name with two meanings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.domain.link_proposals import (
    Book,
    ChannelListing,
    KnownProduct,
    book_of,
    describe,
    folded,
    proposals,
    units_in,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Names that contradict one another: listed for a person, never decided."""

    kind: str
    connection: str | None
    names: tuple[str, ...]
    what: str
    do: str


def conflicts(products: Iterable[KnownProduct], listings: Sequence[ChannelListing]) -> tuple[Conflict, ...]:
    """Return every name that contradicts another, of our products and of each channel's listings (R20)."""
    known = tuple(products)
    book = book_of(known, listings)
    return (
        *_products_alike(book),
        *_listings_alike(listings),
        *_two_meanings(listings, book),
        *_kits_of_one_name(book.linked),
        *_same_proposal(listings, book),
        *_packs_otherwise(book),
    )


def _products_alike(book: Book) -> list[Conflict]:
    found = [
        Conflict(
            kind="product_sku",
            connection=None,
            names=skus,
            what="products whose SKUs differ by case, blanks or punctuation only",
            do="keep one of them, or give them SKUs that people can tell apart",
        )
        for skus in book.by_fold.values()
        if len(skus) > 1
    ]
    return found + [
        Conflict(
            kind="product_barcode",
            connection=None,
            names=skus,
            what=f"products of one barcode, {barcode}",
            do="correct the barcode of one of them",
        )
        for barcode, skus in book.by_barcode.items()
        if len(skus) > 1
    ]


def _listings_alike(listings: Sequence[ChannelListing]) -> list[Conflict]:
    found = [
        Conflict(
            kind="same_sku",
            connection=o.connection,
            names=(o.listing,),
            what=f"{o.copies} listings of the channel have this one SKU: nobody can say which is sold or written",
            do="give each its own SKU at the channel",
        )
        for o in listings
        if o.copies > 1
    ]
    alike: dict[tuple[str, str], list[ChannelListing]] = {}
    for listing in listings:
        alike.setdefault((listing.connection, folded(listing.sku or listing.listing)), []).append(listing)
    for (connection, _), group in alike.items():
        if len(group) > 1:
            exact = len({o.sku or o.listing for o in group}) == 1
            found.append(
                Conflict(
                    kind="same_sku" if exact else "sku_variants",
                    connection=connection,
                    names=tuple(o.listing for o in group),
                    what="listings of one SKU"
                    if exact
                    else "listings whose SKUs differ by case, blanks or punctuation only",
                    do="give each its own SKU at the channel, or link each of them by hand",
                )
            )
    return found


def _two_meanings(listings: Sequence[ChannelListing], book: Book) -> list[Conflict]:
    found: list[Conflict] = []
    for listing in listings:
        sku = listing.sku or listing.listing
        alike = book.by_fold.get(folded(sku), ())
        if not listing.of and len(alike) > 1:
            found.append(
                Conflict(
                    kind="ambiguous_sku",
                    connection=listing.connection,
                    names=(listing.listing, *alike),
                    what=f"{sku} could be {' or '.join(alike)}",
                    do="link it by hand",
                )
            )
    return found


def _kits_of_one_name(linked: Sequence[ChannelListing]) -> list[Conflict]:
    by_name: dict[str, list[ChannelListing]] = {}
    for listing in linked:
        if len(listing.of) > 1:
            by_name.setdefault(folded(listing.sku or listing.listing), []).append(listing)
            by_name.setdefault(f"title {folded(listing.title)}", []).append(listing)
    found: dict[tuple[str, ...], Conflict] = {}
    for group in by_name.values():
        if len({tuple(sorted(o.of.items())) for o in group}) > 1:
            names = tuple(sorted(f"{o.connection}/{o.listing}" for o in group))
            found.setdefault(
                names,
                Conflict(
                    kind="kit",
                    connection=None,
                    names=names,
                    what="kits of one name that are made of different things",
                    do="correct the link of one of them, or its name at the channel",
                ),
            )
    return list(found.values())


def _same_proposal(listings: Sequence[ChannelListing], book: Book) -> list[Conflict]:
    """Return the listings of one channel that are one thing, linked or only proposed: accepting ends no conflict.

    Offers of one catalog entry, or linked ones of one title, are one thing there too, and contradict nothing.
    """
    by_answer: dict[tuple[str, tuple[tuple[str, int], ...]], list[ChannelListing]] = {}
    for listing in listings:
        first = listing.of or next((p.of for p in proposals(listing, book)), {})
        if first and not listing.fulfilled_by_channel:
            by_answer.setdefault((listing.connection, tuple(sorted(first.items()))), []).append(listing)
    return [
        Conflict(
            kind="same_proposal",
            connection=connection,
            names=tuple(o.listing for o in group),
            what=f"listings of one channel that {_how_alike(group)} {describe(dict(of))}",
            do="look at each, and accept only those that are"
            if any(not o.of for o in group)
            else "look at each, and correct the link of any that is not",
        )
        for (connection, of), group in by_answer.items()
        if not _one_thing(group)
    ]


def _one_thing(group: Sequence[ChannelListing]) -> bool:
    entries = {o.catalog or f"listing {o.listing}" for o in group}
    return len(entries) == 1 or (all(o.of for o in group) and len({folded(o.title) for o in group}) == 1)


def _how_alike(group: Sequence[ChannelListing]) -> str:
    linked = [bool(o.of) for o in group]
    return (
        "are all linked as" if all(linked) else "all look like" if not any(linked) else "are, or look like,"
    )


def _packs_otherwise(book: Book) -> list[Conflict]:
    """Return the listings whose name says another pack than they are linked as."""
    found: list[Conflict] = []
    for listing in book.linked:
        [(sku, units), *others] = listing.of.items()
        named = units_in(listing, book.products[sku]) if sku in book.products and not others else 1
        if named not in (1, units):
            found.append(
                Conflict(
                    kind="pack",
                    connection=listing.connection,
                    names=(listing.listing,),
                    what=f"its name says a pack of {named}, and the link says {describe(listing.of)}",
                    do="correct the link, or the name at the channel",
                )
            )
    return found
