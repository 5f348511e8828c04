"""Listing links: what an unlinked listing could be made of, and which names contradict one another.

Everything here is pure and only proposes: nothing is linked until a person accepts. Titles are compared by the
standard library's difflib, over the words in the order of the alphabet: it is exact to repeat, needs no package, and
is asked only about products that share a word with the listing, so that its slowness does not matter.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum

from core.domain.pack_words import OF_SKUS, packs_of, without_packs

Components = Mapping[str, int]
"""SKU -> units of it in one unit of a listing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProduct:
    """A product of ours, as far as links go."""

    sku: str
    title: str
    barcode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelListing:
    """A listing of a channel, and what it is made of; ``of`` is empty where nobody linked it."""

    connection: str
    listing: str
    sku: str | None
    title: str
    barcode: str | None = None
    catalog: str | None = None
    """The channel's catalog entry: offers of a connection that share it sell the same thing."""
    copies: int = 1
    fulfilled_by_channel: bool = False
    of: Components = field(default_factory=dict)


class Why(StrEnum):
    """What a proposal rests on, the strongest first."""

    SKU = "sku"
    BARCODE = "barcode"
    TWIN = "twin"
    KIT = "kit"
    FOLDED_SKU = "folded_sku"
    PACK = "pack"
    TITLE_TWIN = "title_twin"
    PARTS = "parts"
    TITLE = "title"


SCORE = {
    Why.SKU: 100,
    Why.BARCODE: 98,
    Why.TWIN: 95,
    Why.KIT: 92,
    Why.FOLDED_SKU: 90,
    Why.PACK: 88,
    Why.TITLE_TWIN: 86,
    Why.PARTS: 75,
}
"""Whole percent; a title scores what it resembles, at most ``BEST_TITLE``.

A title alone never outranks a pack: two channels write one title over one pair and over a pack of two.
"""
BEST_TITLE = 85
LEAST_TITLE = 60
MOST_PROPOSALS = 3
_CANDIDATES = 20
_FEWEST_PARTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a listing could be made of, why, and how sure that is in whole percent."""

    of: Components
    why: Why
    score: int
    detail: str


# Names and packs.


def folded(name: str) -> str:
    """Return a name without case, blanks and punctuation."""
    return "".join(c for c in name.casefold() if c.isalnum())


def search_words(title: str) -> frozenset[str]:
    """Return the words that a title is sought by: at least those of ``words_of``, those of packs as well."""
    return frozenset(re.findall(r"[^\W_]+", _bare(title).casefold().replace("\N{MULTIPLICATION SIGN}", "x")))


def _bare(title: str) -> str:
    return title.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")


def words_of(title: str) -> tuple[str, ...]:
    """Return a title's words, pack words taken out."""
    return tuple(re.findall(r"[^\W_]+", without_packs(_bare(title))))


def units_in(listing: ChannelListing, product: KnownProduct) -> int:
    """Return how many of a product one unit of a listing holds, by its pack words.

    Words that the product's own name has too say nothing: a pair of socks is one of our "pair of socks".
    """
    named = packs_of(product.title) | packs_of(product.sku, OF_SKUS)
    told = (packs_of(listing.title) - named) | (packs_of(listing.sku or listing.listing, OF_SKUS) - named)
    return max((units for _, units in told), default=1)


def _sku_without_pack(sku: str) -> str:
    return folded(without_packs(sku, OF_SKUS))


def folds_of(listing: ChannelListing) -> frozenset[str]:
    """Return the folded SKUs by which a listing may find what it is made of: with its pack words, and without."""
    sku = listing.sku or listing.listing
    return frozenset({folded(sku), _sku_without_pack(sku)} - {""})


# Proposals.


@dataclass(frozen=True, slots=True)
class Book:
    """Products and linked listings, by everything that a listing may be found by."""

    products: Mapping[str, KnownProduct]
    by_fold: Mapping[str, tuple[str, ...]]
    by_barcode: Mapping[str, tuple[str, ...]]
    by_word: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[str, ...]]
    linked: tuple[ChannelListing, ...]


def book_of(products: Iterable[KnownProduct], listings: Iterable[ChannelListing]) -> Book:
    """Return the book of a merchant's products and of the listings that are linked already."""
    known = {p.sku: p for p in products}
    words = {sku: words_of(p.title) for sku, p in known.items()}
    return Book(
        products=known,
        by_fold=_grouped((folded(sku), sku) for sku in known),
        by_barcode=_grouped((p.barcode, sku) for sku, p in known.items() if p.barcode),
        by_word=_grouped((word, sku) for sku, its in words.items() for word in sorted(set(its))),
        words=words,
        linked=tuple(o for o in listings if o.of),
    )


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        found[key] = (*found.get(key, ()), value)
    return found


def proposals(listing: ChannelListing, book: Book) -> tuple[Proposal, ...]:
    """Return what a listing could be made of, the likeliest first; one proposal for each answer, at most three.

    A name that two of our products could mean proposes neither of them; see ``conflicts``.
    """
    found = [
        *_by_sku(listing, book),
        *_by_barcode(listing, book),
        *_by_linked(listing, book),
        *_by_pack(listing, book),
        *_by_parts(listing, book),
        *_by_title(listing, book),
    ]
    found.sort(key=lambda p: (-p.score, list(Why).index(p.why), sorted(p.of.items())))
    best: dict[tuple[tuple[str, int], ...], Proposal] = {}
    for proposal in found:
        best.setdefault(tuple(sorted(proposal.of.items())), proposal)
    return tuple(best.values())[:MOST_PROPOSALS]


def _proposal(why: Why, of: Components, detail: str, score: int | None = None) -> Proposal:
    return Proposal(of=dict(of), why=why, score=SCORE[why] if score is None else score, detail=detail)


def _by_sku(listing: ChannelListing, book: Book) -> list[Proposal]:
    sku = listing.sku or listing.listing
    alike = book.by_fold.get(folded(sku), ())
    if len(alike) != 1:
        return []
    product = book.products[alike[0]]
    units = units_in(listing, product)
    if product.sku == sku:
        return [_proposal(Why.SKU, {product.sku: units}, f"the same SKU, {sku}")]
    describe = f"the same SKU but for case, blanks or punctuation: {sku} and {product.sku}"
    return [_proposal(Why.FOLDED_SKU, {product.sku: units}, describe)]


def _by_barcode(listing: ChannelListing, book: Book) -> list[Proposal]:
    alike = book.by_barcode.get(listing.barcode or "", ())
    if len(alike) != 1:
        return []
    units = units_in(listing, book.products[alike[0]])
    # A pack has a barcode of its own; sellers who name a pack under the barcode of the thing in it mean the pack.
    if units == 1:
        return [_proposal(Why.BARCODE, {alike[0]: 1}, "the same barcode")]
    detail = f"the same barcode, as a pack of {units}"
    return [_proposal(Why.BARCODE, {alike[0]: units}, detail, SCORE[Why.PACK])]


def _by_linked(listing: ChannelListing, book: Book) -> list[Proposal]:
    """Propose what a listing of the same catalog entry, SKU or title is made of: an FBA twin, or a known kit."""
    found: list[Proposal] = []
    for other in book.linked:
        by = _twins_by(listing, other)
        if by is None or (other.connection, other.listing) == (listing.connection, listing.listing):
            continue
        of, pack = _scaled(listing, other, by, book)
        if of is None:
            continue
        detail = f"the same {by} as {other.listing} of {other.connection}"
        if pack:
            score = SCORE[Why.TITLE_TWIN if by == "title" else Why.PACK]
            found.append(_proposal(Why.PACK, of, f"{detail}, as a pack of {pack}", score))
            continue
        kit = len(of) > 1 and by == "SKU"
        found.append(_proposal(Why.TITLE_TWIN if by == "title" else Why.KIT if kit else Why.TWIN, of, detail))
    return found


def _scaled(
    listing: ChannelListing, other: ChannelListing, by: str, book: Book
) -> tuple[Components | None, int]:
    """Return what a twin is made of, in packs as the listing names them, and that pack where it is another; else 0.

    None where the two contradict: one catalog entry named as two packs, a twin linked as its own name does not say,
    or units that do not divide. Without a word of packs, the same SKU or entry is the same thing.
    """
    ours, theirs = _pack_of(listing, other.of, book), _pack_of(other, other.of, book)
    as_named = len(other.of) > 1 or sum(other.of.values()) == theirs
    if by == "title" and theirs > 1 and not as_named:
        return None, 0
    if ours == theirs or (ours == 1 and by != "title"):
        return other.of, 0
    whole = all(units * ours % theirs == 0 for units in other.of.values())
    if by == "catalog entry" or not as_named or not whole:
        return None, 0
    return {sku: units * ours // theirs for sku, units in other.of.items()}, ours


def _twins_by(listing: ChannelListing, other: ChannelListing) -> str | None:
    """Return what two listings have in common: catalog entry, SKU or title; None where it is nothing."""
    if other.connection == listing.connection and listing.catalog and listing.catalog == other.catalog:
        return "catalog entry"
    if folded(other.sku or other.listing) == folded(listing.sku or listing.listing):
        return "SKU"
    return "title" if listing.title.strip().casefold() == other.title.strip().casefold() else None


def _pack_of(listing: ChannelListing, of: Components, book: Book) -> int:
    """Return the size of pack that a listing names of what it, or its twin, is made of.

    Of a kit, a number that is its number of parts or units counts these: a set of 2 is a knife and a board.
    """
    known = [book.products[sku] for sku in of if sku in book.products]
    if len(of) == 1 and known:
        return units_in(listing, known[0])
    told = packs_of(listing.title) | packs_of(listing.sku or listing.listing, OF_SKUS)
    return max((units for _, units in told if units not in (len(of), sum(of.values()))), default=1)


def _by_pack(listing: ChannelListing, book: Book) -> list[Proposal]:
    """Propose several of the product whose SKU is left once the pack words are taken out, as in SOCKS-2PK."""
    sku = listing.sku or listing.listing
    bare = _sku_without_pack(sku)
    if bare in {"", folded(sku)}:
        return []
    alike = book.by_fold.get(bare, ())
    if len(alike) != 1:
        return []
    units = units_in(listing, book.products[alike[0]])
    return [_proposal(Why.PACK, {alike[0]: units}, f"a pack of {units}: {alike[0]} in {sku}")]


def _by_parts(listing: ChannelListing, book: Book) -> list[Proposal]:
    """Propose a kit where the title names several of our products in full."""
    inside = Counter(words_of(listing.title))
    candidates = {sku for word in inside for sku in book.by_word.get(word, ())}
    named = [sku for sku in sorted(candidates) if not Counter(book.words[sku]) - inside]
    # A title within another's (knife, bread knife) is not named for itself.
    parts = [
        sku
        for sku in named
        if not any(
            other != sku and not Counter(book.words[sku]) - Counter(book.words[other]) for other in named
        )
    ]
    of = dict.fromkeys(parts, 1)
    # A pack of several kits, or of one of the parts: which, only a person can tell.
    if len(parts) < _FEWEST_PARTS or _pack_of(listing, of, book) > 1:
        return []
    return [_proposal(Why.PARTS, of, f"its title names {', '.join(parts)}")]


def _by_title(listing: ChannelListing, book: Book) -> list[Proposal]:
    words = words_of(listing.title)
    shared = Counter(sku for word in set(words) for sku in book.by_word.get(word, ()))
    found: list[Proposal] = []
    for sku, _ in sorted(shared.items(), key=lambda item: (-item[1], item[0]))[:_CANDIDATES]:
        alike = min(BEST_TITLE, likeness(words, book.words[sku]))
        if alike >= LEAST_TITLE:
            product = book.products[sku]
            units = units_in(listing, product)
            found.append(
                _proposal(Why.TITLE, {sku: units}, f"a title like {product.title!r} ({alike} %)", alike)
            )
    return found


def likeness(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how alike two titles are, whole percent: letters in common, whatever the order of the words."""
    left, right = " ".join(sorted(one)), " ".join(sorted(other))
    if not left or not right:
        return 0
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    return 200 * sum(block.size for block in blocks) // (len(left) + len(right))


# Conflicts.


def describe(of: Components) -> str:
    """Return what a listing is made of, in words."""
    return " + ".join(f"{units} x {sku}" for sku, units in sorted(of.items()))
