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
    by_answer: dict[tuple[str, tuple[tuple[str, int], ...]], list[str]] = {}
    for listing in listings:
        if listing.of or listing.fulfilled_by_channel:
            continue
        first = next(iter(proposals(listing, book)), None)
        if first is not None:
            key = listing.connection, tuple(sorted(first.of.items()))
            by_answer.setdefault(key, []).append(listing.listing)
    return [
        Conflict(
            kind="same_proposal",
            connection=connection,
            names=tuple(listings),
            what=f"listings of one channel that all look like {describe(dict(of))}",
            do="look at each, and accept only those that are",
        )
        for (connection, of), listings in by_answer.items()
        if len(listings) > 1
    ]
