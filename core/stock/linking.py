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

Made = Mapping[str, int]
"""SKU -> units of it in one unit of a listing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A product of ours, as far as links go."""

    sku: str
    title: str
    barcode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
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
    of: Made = field(default_factory=dict)


class Why(StrEnum):
    """What a proposal rests on, the strongest first."""

    SKU = "sku"
    BARCODE = "barcode"
    TWIN = "twin"
    KIT = "kit"
    FOLDED_SKU = "folded_sku"
    PACK = "pack"
    PARTS = "parts"
    TITLE = "title"


SCORE = {
    Why.SKU: 100,
    Why.BARCODE: 98,
    Why.TWIN: 95,
    Why.KIT: 92,
    Why.FOLDED_SKU: 90,
    Why.PACK: 88,
    Why.PARTS: 75,
}
"""Whole percent; a title scores what it resembles, at most ``BEST_TITLE``."""
BEST_TITLE = 85
LEAST_TITLE = 60
MOST_PROPOSALS = 3
_CANDIDATES = 20
_LARGEST_PACK = 144
_FEWEST_PARTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a listing could be made of, why, and how sure that is in whole percent."""

    of: Made
    why: Why
    score: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Names that contradict one another: listed for a person, never decided."""

    kind: str
    connection: str | None
    names: tuple[str, ...]
    what: str
    do: str


# Names and packs.


def folded(name: str) -> str:
    """Return a name without case, blanks and punctuation."""
    return "".join(c for c in name.casefold() if c.isalnum())


def words_of(title: str) -> tuple[str, ...]:
    """Return a title's words, pack words taken out."""
    bare = title.casefold().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    for pattern, _ in _PACKS:
        bare = pattern.sub(" ", bare)
    return tuple(re.findall(r"[^\W_]+", bare))


_PACKS: tuple[tuple[re.Pattern[str], int | None], ...] = (
    (re.compile(r"\b(\d{1,3})[\s_-]*(?:pk|packs?|pcs?|pieces?|pairs?|ct|count)\b"), None),
    (re.compile(r"\b(?:pack|set|box|bundle|lot)[\s_-]+of[\s_-]+(\d{1,3})\b"), None),
    (re.compile(r"(?<![\w.])x(\d{1,3})\b(?!\s?x)"), None),
    (re.compile(r"\b(\d{1,3})\s?x(?![\w-])(?!\s?\d)"), None),
    (re.compile(r"\b(?:pair of|twin[\s_-]?pack|double[\s_-]?pack)\b"), 2),
    (re.compile(r"\bdozen\b"), 12),
)


_OF_SKUS = _PACKS[:1]
"""In a SKU only ``2PK`` and its like: X4 may be the name of a thing."""


def packs_of(
    text: str, words: Sequence[tuple[re.Pattern[str], int | None]] = _PACKS
) -> Counter[tuple[str, int]]:
    """Return the (word, units) that a text names: ``2PK``, ``2-pack``, ``set of 4``, ``x2`` are packs, ``pair of`` a pair."""
    bare = text.casefold().replace("_", " ")
    found: Counter[tuple[str, int]] = Counter()
    for pattern, units in words:
        for match in pattern.finditer(bare):
            number = units or int(match[1])
            if 1 < number <= _LARGEST_PACK:
                found["pair" if "pair of" in match[0] else "pack", number] += 1
        bare = pattern.sub(" ", bare)
    return found


def units_in(offer: Offer, product: Known) -> int:
    """Return how many of a product one unit of a listing holds, by its pack words.

    Words that the product's own name has too say nothing: a pair of socks is one of our "pair of socks".
    """
    named = packs_of(product.title) | packs_of(product.sku, _OF_SKUS)
    told = (packs_of(offer.title) - named) | (packs_of(offer.sku or offer.listing, _OF_SKUS) - named)
    return max((units for _, units in told), default=1)


def _sku_without_pack(sku: str) -> str:
    bare = sku.casefold().replace("_", " ")
    for pattern, _ in _OF_SKUS:
        bare = pattern.sub(" ", bare)
    return folded(bare)


# Proposals.


@dataclass(frozen=True, slots=True)
class Book:
    """Products and linked listings, by everything that a listing may be found by."""

    products: Mapping[str, Known]
    by_fold: Mapping[str, tuple[str, ...]]
    by_barcode: Mapping[str, tuple[str, ...]]
    by_word: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[str, ...]]
    linked: tuple[Offer, ...]


def book_of(products: Iterable[Known], offers: Iterable[Offer]) -> Book:
    """Return the book of a merchant's products and of the listings that are linked already."""
    known = {p.sku: p for p in products}
    words = {sku: words_of(p.title) for sku, p in known.items()}
    return Book(
        products=known,
        by_fold=_grouped((folded(sku), sku) for sku in known),
        by_barcode=_grouped((p.barcode, sku) for sku, p in known.items() if p.barcode),
        by_word=_grouped((word, sku) for sku, its in words.items() for word in sorted(set(its))),
        words=words,
        linked=tuple(o for o in offers if o.of),
    )


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        found[key] = (*found.get(key, ()), value)
    return found


def proposals(offer: Offer, book: Book) -> tuple[Proposal, ...]:
    """Return what a listing could be made of, the likeliest first; one proposal for each answer, at most three.

    A name that two of our products could mean proposes neither of them; see ``conflicts``.
    """
    found = [
        *_by_sku(offer, book),
        *_by_barcode(offer, book),
        *_by_linked(offer, book),
        *_by_pack(offer, book),
        *_by_parts(offer, book),
        *_by_title(offer, book),
    ]
    found.sort(key=lambda p: (-p.score, list(Why).index(p.why), sorted(p.of.items())))
    best: dict[tuple[tuple[str, int], ...], Proposal] = {}
    for proposal in found:
        best.setdefault(tuple(sorted(proposal.of.items())), proposal)
    return tuple(best.values())[:MOST_PROPOSALS]


def _proposal(why: Why, of: Made, detail: str, score: int | None = None) -> Proposal:
    return Proposal(of=dict(of), why=why, score=SCORE[why] if score is None else score, detail=detail)


def _by_sku(offer: Offer, book: Book) -> list[Proposal]:
    sku = offer.sku or offer.listing
    alike = book.by_fold.get(folded(sku), ())
    if len(alike) != 1:
        return []
    product = book.products[alike[0]]
    units = units_in(offer, product)
    if product.sku == sku:
        return [_proposal(Why.SKU, {product.sku: units}, f"the same SKU, {sku}")]
    said = f"the same SKU but for case, blanks or punctuation: {sku} and {product.sku}"
    return [_proposal(Why.FOLDED_SKU, {product.sku: units}, said)]


def _by_barcode(offer: Offer, book: Book) -> list[Proposal]:
    alike = book.by_barcode.get(offer.barcode or "", ())
    # The barcode of a pack is another than that of the thing in it: it means one.
    return [_proposal(Why.BARCODE, {alike[0]: 1}, "the same barcode")] if len(alike) == 1 else []


def _by_linked(offer: Offer, book: Book) -> list[Proposal]:
    """Propose what a listing of the same catalog entry, SKU or title is made of: an FBA twin, or a known kit."""
    found: list[Proposal] = []
    for other in book.linked:
        if (other.connection, other.listing) == (offer.connection, offer.listing):
            continue
        same_entry = other.connection == offer.connection and offer.catalog and offer.catalog == other.catalog
        same_sku = folded(other.sku or other.listing) == folded(offer.sku or offer.listing)
        same_title = offer.title.strip().casefold() == other.title.strip().casefold()
        if not (same_entry or same_sku or same_title):
            continue
        by = "catalog entry" if same_entry else "SKU" if same_sku else "title"
        said = f"the same {by} as {other.listing} of {other.connection}"
        kit = len(other.of) > 1 and not same_entry
        found.append(_proposal(Why.KIT if kit else Why.TWIN, other.of, said))
    return found


def _by_pack(offer: Offer, book: Book) -> list[Proposal]:
    """Propose several of the product whose SKU is left once the pack words are taken out, as in SOCKS-2PK."""
    sku = offer.sku or offer.listing
    bare = _sku_without_pack(sku)
    if bare in {"", folded(sku)}:
        return []
    alike = book.by_fold.get(bare, ())
    if len(alike) != 1:
        return []
    units = units_in(offer, book.products[alike[0]])
    return [_proposal(Why.PACK, {alike[0]: units}, f"a pack of {units}: {alike[0]} in {sku}")]


def _by_parts(offer: Offer, book: Book) -> list[Proposal]:
    """Propose a kit where the title names several of our products in full."""
    inside = Counter(words_of(offer.title))
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
    if len(parts) < _FEWEST_PARTS:
        return []
    return [_proposal(Why.PARTS, dict.fromkeys(parts, 1), f"its title names {', '.join(parts)}")]


def _by_title(offer: Offer, book: Book) -> list[Proposal]:
    words = words_of(offer.title)
    shared = Counter(sku for word in set(words) for sku in book.by_word.get(word, ()))
    found: list[Proposal] = []
    for sku, _ in sorted(shared.items(), key=lambda item: (-item[1], item[0]))[:_CANDIDATES]:
        alike = min(BEST_TITLE, likeness(words, book.words[sku]))
        if alike >= LEAST_TITLE:
            product = book.products[sku]
            units = units_in(offer, product)
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


def conflicts(products: Iterable[Known], offers: Sequence[Offer]) -> tuple[Conflict, ...]:
    """Return every name that contradicts another, of our products and of each channel's listings (R20)."""
    known = tuple(products)
    book = book_of(known, offers)
    return (
        *_products_alike(book),
        *_listings_alike(offers),
        *_two_meanings(offers, book),
        *_kits_of_one_name(book.linked),
        *_same_proposal(offers, book),
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


def _listings_alike(offers: Sequence[Offer]) -> list[Conflict]:
    found = [
        Conflict(
            kind="same_sku",
            connection=o.connection,
            names=(o.listing,),
            what=f"{o.copies} listings of the channel have this one SKU: nobody can say which is sold or written",
            do="give each its own SKU at the channel",
        )
        for o in offers
        if o.copies > 1
    ]
    alike: dict[tuple[str, str], list[Offer]] = {}
    for offer in offers:
        alike.setdefault((offer.connection, folded(offer.sku or offer.listing)), []).append(offer)
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


def _two_meanings(offers: Sequence[Offer], book: Book) -> list[Conflict]:
    found: list[Conflict] = []
    for offer in offers:
        sku = offer.sku or offer.listing
        alike = book.by_fold.get(folded(sku), ())
        if not offer.of and len(alike) > 1:
            found.append(
                Conflict(
                    kind="ambiguous_sku",
                    connection=offer.connection,
                    names=(offer.listing, *alike),
                    what=f"{sku} could be {' or '.join(alike)}",
                    do="link it by hand",
                )
            )
    return found


def _kits_of_one_name(linked: Sequence[Offer]) -> list[Conflict]:
    by_name: dict[str, list[Offer]] = {}
    for offer in linked:
        if len(offer.of) > 1:
            by_name.setdefault(folded(offer.sku or offer.listing), []).append(offer)
            by_name.setdefault(f"title {folded(offer.title)}", []).append(offer)
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


def _same_proposal(offers: Sequence[Offer], book: Book) -> list[Conflict]:
    by_answer: dict[tuple[str, tuple[tuple[str, int], ...]], list[str]] = {}
    for offer in offers:
        if offer.of or offer.fulfilled_by_channel:
            continue
        first = next(iter(proposals(offer, book)), None)
        if first is not None:
            key = offer.connection, tuple(sorted(first.of.items()))
            by_answer.setdefault(key, []).append(offer.listing)
    return [
        Conflict(
            kind="same_proposal",
            connection=connection,
            names=tuple(listings),
            what=f"listings of one channel that all look like {said(dict(of))}",
            do="look at each, and accept only those that are",
        )
        for (connection, of), listings in by_answer.items()
        if len(listings) > 1
    ]


def said(of: Made) -> str:
    """Return what a listing is made of, in words."""
    return " + ".join(f"{units} x {sku}" for sku, units in sorted(of.items()))
