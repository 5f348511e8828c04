"""Links are proposed with a reason and a score, never made; names that contradict one another are listed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.link_conflicts import conflicts
from core.domain.link_proposals import (
    ChannelListing,
    KnownProduct,
    Why,
    book_of,
    likeness,
    proposals,
)
from core.domain.pack_words import packs_of

PRODUCTS = (
    KnownProduct(sku="CHEF-8", title="Chef's knife 8 in", barcode="0712345000018"),
    KnownProduct(sku="BREAD-10", title="Bread knife 10 in"),
    KnownProduct(sku="BOARD-WAL", title="Walnut board"),
    KnownProduct(sku="SOCKS-CHEF", title="Pair of chef socks"),
    KnownProduct(sku="TONGS-9", title="Tongs 9 in"),
)


def offer(listing: str, title: str, **more: object) -> ChannelListing:
    return ChannelListing(**{"connection": "amz", "listing": listing, "sku": listing, "title": title, **more})  # type: ignore[arg-type]


def proposed(
    one: ChannelListing, *linked: ChannelListing, products: tuple[KnownProduct, ...] = PRODUCTS
) -> list[tuple[dict[str, int], Why, int]]:
    found = proposals(one, book_of(products, [*linked, one]))
    return [(dict(p.of), p.why, p.score) for p in found]


@pytest.mark.req("R20")
@pytest.mark.parametrize(
    ("one", "first"),
    [
        (offer("CHEF-8", "Knife"), ({"CHEF-8": 1}, Why.SKU, 100)),
        (offer("chef 8", "Knife"), ({"CHEF-8": 1}, Why.FOLDED_SKU, 90)),
        (offer("X1", "Knife", barcode="0712345000018"), ({"CHEF-8": 1}, Why.BARCODE, 98)),
        (offer("SOCKS-CHEF-2PK", "Warm feet"), ({"SOCKS-CHEF": 2}, Why.PACK, 88)),
        (offer("KK-SOCKS-2PK", "Chef socks, 2-pack"), ({"SOCKS-CHEF": 2}, Why.TITLE, 85)),
        (offer("X2", "Chef socks, set of 4"), ({"SOCKS-CHEF": 4}, Why.TITLE, 85)),
        (offer("X3", "Pair of chef socks"), ({"SOCKS-CHEF": 1}, Why.TITLE, 85)),
        (offer("X4", "Pair of tongs 9 in"), ({"TONGS-9": 2}, Why.TITLE, 85)),
        (offer("KK-TONGS-NEW", "Tongs 9 in"), ({"TONGS-9": 1}, Why.TITLE, 85)),
        (
            offer("X5", "Chef's knife 8 in and walnut board"),
            ({"CHEF-8": 1, "BOARD-WAL": 1}, Why.PARTS, 75),
        ),
    ],
)
def test_a_listing_is_proposed_what_it_most_likely_is(
    one: ChannelListing, first: tuple[dict[str, int], Why, int]
) -> None:
    assert proposed(one)[0] == first


SOCKS = KnownProduct(sku="SOCKS-CHEF", title="Chef's socks, pair")
LINKED_SOCKS = ChannelListing(
    connection="shop",
    listing="SOCKS-CHEF",
    sku="SOCKS-CHEF",
    title="Chef's socks, pair",
    of={"SOCKS-CHEF": 1},
)


@pytest.mark.parametrize(
    ("one", "first"),
    [
        (offer("KK-SOCKS-2PK", "Chef's socks, pair"), ({"SOCKS-CHEF": 2}, Why.PACK, 86)),
        (offer("KK-SOCKS-X6", "Chef's socks, pair"), ({"SOCKS-CHEF": 6}, Why.PACK, 86)),
        (offer("KK-1", "Chef's socks, pair (pack of 3)"), ({"SOCKS-CHEF": 3}, Why.TITLE, 85)),
        (offer("KK-2", "Chefsocken, Chef's socks pair, Doppelpack"), ({"SOCKS-CHEF": 2}, Why.TITLE, 74)),
        (offer("KK-3", "Chef's socks, pair"), ({"SOCKS-CHEF": 1}, Why.TITLE_TWIN, 86)),
        (offer("SOCKS CHEF", "Chef's socks, set of four"), ({"SOCKS-CHEF": 4}, Why.FOLDED_SKU, 90)),
        (offer("SOCKS-CHEF-2PK", "Chef's socks, pair"), ({"SOCKS-CHEF": 2}, Why.PACK, 88)),
    ],
)  # fmt: skip
def test_once_the_pair_is_linked_a_pack_of_it_is_still_proposed_as_a_pack(
    one: ChannelListing, first: tuple[dict[str, int], Why, int]
) -> None:
    found = proposed(one, LINKED_SOCKS, products=(SOCKS,))

    assert found[0] == first
    assert all(of == first[0] for of, _, _ in found)


def test_a_pair_is_no_pack_because_a_pack_of_its_title_is_linked() -> None:
    two = offer("KK-SOCKS-2PK", "Chef's socks, pair", of={"SOCKS-CHEF": 2})
    one = offer("KK-SOCKS", "Chef's socks, pair")
    three = offer("KK-SOCKS-3PK", "Chef's socks, pair")

    assert proposed(one, two, products=(SOCKS,))[0] == ({"SOCKS-CHEF": 1}, Why.PACK, 86)
    assert proposed(three, two, products=(SOCKS,))[0] == ({"SOCKS-CHEF": 3}, Why.PACK, 86)


def test_a_pack_that_is_linked_otherwise_than_its_name_says_is_no_yardstick() -> None:
    wrong = offer("KK-SOCKS-2PK", "Chef's socks, pair", of={"SOCKS-CHEF": 1})
    four = offer("KK-SOCKS-4PK", "Chef's socks, pair")

    assert proposed(four, wrong, products=(SOCKS,)) == [({"SOCKS-CHEF": 4}, Why.TITLE, 85)]


def test_a_pack_under_the_barcode_of_the_thing_in_it_is_proposed_as_a_pack() -> None:
    three = offer("X1", "Knives, 3-pack", barcode="0712345000018")

    assert proposed(three)[0] == ({"CHEF-8": 3}, Why.BARCODE, 88)


def test_a_pack_of_what_one_catalog_entry_sells_singly_is_left_to_a_person() -> None:
    single = offer("A-1", "Warm feet", catalog="B01", of={"SOCKS-CHEF": 1})
    pack = offer("A-2", "Warm feet, 2-pack", catalog="B01")

    assert proposed(pack, single) == []


def test_a_set_of_two_is_its_two_parts_and_a_pack_of_sets_is_left_to_a_person() -> None:
    one = offer("X5", "Chef's knife 8 in and walnut board, set of 2")
    more = offer("X6", "Chef's knife 8 in and walnut board, 3-pack")

    assert proposed(one)[0] == ({"CHEF-8": 1, "BOARD-WAL": 1}, Why.PARTS, 75)
    assert all(len(of) == 1 for of, _, _ in proposed(more))


def test_two_of_a_kit_are_twice_each_of_its_parts() -> None:
    kit = ChannelListing(connection="shop", listing="SET-KB", sku="SET-KB", title="The set", of={"CHEF-8": 1, "BOARD-WAL": 1})  # fmt: skip

    assert proposed(offer("set kb", "Gift set, 3-pack"), kit) == [
        ({"CHEF-8": 3, "BOARD-WAL": 3}, Why.PACK, 88)
    ]
    assert proposed(offer("set kb", "Gift, set of 2"), kit) == [({"CHEF-8": 1, "BOARD-WAL": 1}, Why.KIT, 92)]


SAID = st.sampled_from(
    ("{n}-pack", "pack of {n}", "set of {n}", "{n}ct", "{n} pcs", "x{n}", "{n} x", "lot de {n}", "{n}er-Pack",
     "confezione da {n}", "paquete de {n}", "{n} Stück", "box of {n}", "qty {n}", "{n} pièces", "set van {n}")
)  # fmt: skip
SEPARATED = st.sampled_from((", ", " (", " - ", " / "))


@given(said=SAID, sep=SEPARATED, n=st.integers(2, 144), linked=st.integers(0, 3), twin=st.booleans())
def test_whatever_is_linked_a_listing_that_names_a_pack_is_never_proposed_as_another(
    said: str, sep: str, n: int, linked: int, *, twin: bool
) -> None:
    one = offer("KK-77", f"Chef's socks, pair{sep}{said.format(n=n)}{')' if '(' in sep else ''}")
    others = [
        replace(LINKED_SOCKS, listing=f"S-{i}", sku=f"S-{i}", title=one.title if twin else SOCKS.title)
        for i in range(linked)
    ]

    found = proposed(one, *others, products=(SOCKS, *PRODUCTS[:3]))

    assert [of for of, _, _ in found] == [{"SOCKS-CHEF": n}]


@pytest.mark.req("R20")
def test_a_listing_like_nothing_of_ours_is_proposed_nothing() -> None:
    assert proposed(offer("Z-1", "Garden hose, 12x8 m")) == []


def test_an_fba_twin_is_proposed_what_the_listing_of_its_catalog_entry_is_made_of() -> None:
    sold = offer("KK-SOCKS-2PK", "Socks", catalog="B01", of={"SOCKS-CHEF": 2})
    twin = offer("FBA-77", "Feet", catalog="B01", fulfilled_by_channel=True)

    assert proposed(twin, sold) == [({"SOCKS-CHEF": 2}, Why.TWIN, 95)]


def test_an_entry_of_another_channels_catalog_is_no_twin() -> None:
    sold = ChannelListing(
        connection="shop", listing="A", sku="A", title="Socks", catalog="B01", of={"SOCKS-CHEF": 2}
    )

    assert proposed(offer("FBA-77", "Feet", catalog="B01"), sold) == []


def test_a_kit_that_another_channel_sells_under_the_sku_is_proposed_as_it_is_made_there() -> None:
    kit = ChannelListing(
        connection="shop",
        listing="SET-KNIFE-BOARD",
        sku="SET-KNIFE-BOARD",
        title="The set",
        of={"CHEF-8": 1, "BOARD-WAL": 1},
    )

    assert proposed(offer("set knife board", "Gift"), kit) == [({"CHEF-8": 1, "BOARD-WAL": 1}, Why.KIT, 92)]


@pytest.mark.req("R20")
def test_a_sku_that_two_products_could_mean_proposes_neither_and_is_a_conflict() -> None:
    products = (KnownProduct(sku="AB-1", title="One thing"), KnownProduct(sku="ab1", title="Another matter"))
    one = offer("AB 1", "Nothing like them")

    assert proposed(one, products=products) == []
    found = conflicts(products, [one])
    assert [(c.kind, c.names) for c in found] == [
        ("product_sku", ("AB-1", "ab1")),
        ("ambiguous_sku", ("AB 1", "AB-1", "ab1")),
    ]


@pytest.mark.req("R20")
@pytest.mark.parametrize(
    ("offers", "found"),
    [
        ([offer("MUG", "Mug", copies=2)], [("same_sku", ("MUG",))]),
        ([offer("1", "Mug", sku="MUG"), offer("2", "Cup", sku="MUG")], [("same_sku", ("1", "2"))]),
        ([offer("MUG", "Mug"), offer("mug ", "Cup")], [("sku_variants", ("MUG", "mug "))]),
        ([offer("A", "Tongs 9 in"), offer("B", "Tongs 9 in")], [("same_proposal", ("A", "B"))]),
        ([offer("A", "Tongs 9 in"), offer("B", "Tongs 9 in", fulfilled_by_channel=True)], []),
        ([offer("A", "Tongs 9 in", catalog="B1"), offer("B", "Tongs 9 in", catalog="B1")], []),
        (
            [offer("A", "Tongs 9 in", of={"TONGS-9": 1}), offer("B", "Tongs, 9 in")],
            [("same_proposal", ("A", "B"))],
        ),
        (
            [offer("A", "Tongs 9 in", of={"TONGS-9": 1}), offer("B", "Tong", of={"TONGS-9": 1})],
            [("same_proposal", ("A", "B"))],
        ),
        ([offer("TONGS-2PK", "Tongs", of={"TONGS-9": 1})], [("pack", ("TONGS-2PK",))]),
        ([offer("TONGS-2PK", "Tongs", of={"TONGS-9": 2})], []),
        ([offer("TONGS", "Tongs, dozen", of={"TONGS-9": 2})], [("pack", ("TONGS",))]),
        ([offer("SOX", "Pair of chef socks", of={"SOCKS-CHEF": 1})], []),
        (
            [
                offer("A", "Gift set", of={"CHEF-8": 1, "TONGS-9": 1}),
                offer("B", "gift set", of={"CHEF-8": 1, "BOARD-WAL": 1}),
            ],
            [("kit", ("amz/A", "amz/B"))],
        ),
        (
            [
                offer("A", "Gift set", of={"CHEF-8": 1, "TONGS-9": 1}),
                offer("B", "gift set", of={"TONGS-9": 1, "CHEF-8": 1}),
            ],
            [],
        ),
    ],
)
def test_names_that_contradict_one_another_are_listed(
    offers: list[ChannelListing], found: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert [(c.kind, c.names) for c in conflicts(PRODUCTS, offers)] == found


def test_two_products_of_one_barcode_are_a_conflict_and_propose_nothing() -> None:
    products = (
        KnownProduct(sku="A", title="One", barcode="1"),
        KnownProduct(sku="B", title="Two", barcode="1"),
    )

    assert [c.kind for c in conflicts(products, [])] == ["product_barcode"]
    assert proposed(offer("X", "Else", barcode="1"), products=products) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SOCKS-2PK", {("pack", 2): 1}),
        ("socks 3-pack", {("pack", 3): 1}),
        ("set of 4 knives", {("pack", 4): 1}),
        ("pair of socks", {("pair", 2): 1}),
        ("2 pairs of socks", {("pack", 2): 1}),
        ("twin pack", {("pack", 2): 1}),
        ("mugs x2", {("pack", 2): 1}),
        ("2x mug", {("pack", 2): 1}),
        ("a dozen eggs", {("pack", 12): 1}),
        ("half a dozen eggs", {("pack", 6): 1}),
        ("two dozen eggs", {("pack", 24): 1}),
        ("pack of three", {("pack", 3): 1}),
        ("six-pack", {("pack", 6): 1}),
        ("socks 6ct", {("pack", 6): 1}),
        ("socks \N{MULTIPLICATION SIGN} 6", {("pack", 6): 1}),
        ("Socken im Doppelpack", {("pack", 2): 1}),
        ("Socken, 3er-Pack", {("pack", 3): 1}),
        ("Socken 4 Stück", {("pack", 4): 1}),
        ("chaussettes, lot de 2", {("pack", 2): 1}),
        ("chaussettes, lot de deux", {("pack", 2): 1}),
        ("calzini, confezione da 5", {("pack", 5): 1}),
        ("calcetines, paquete de 3", {("pack", 3): 1}),
        ("sokken, set van 2", {("pack", 2): 1}),
        ("socks, twin", {("pack", 2): 1}),
        ("socks duo", {("pack", 2): 1}),
        ("twin bed sheets", {}),
        ("twin-size blanket", {}),
        ("box of 8 in knives", {("pack", 8): 1}),
        ("2 in 1 peeler", {}),
        ("4 oz jar", {}),
        ("rug 12x8 in", {}),
        ("pack of 1", {}),
        ("SKU-1000PK", {}),
        ("Chef's knife 8 in", {}),
    ],
)
def test_pack_words_name_a_quantity_and_measures_do_not(text: str, found: dict[tuple[str, int], int]) -> None:
    assert dict(packs_of(text)) == found


def test_titles_are_alike_whatever_the_order_of_their_words() -> None:
    assert likeness(("knife", "chefs"), ("chefs", "knife")) == 100
    assert likeness(("tongs",), ("board",)) == 20
    assert likeness((), ("board",)) == 0


@pytest.mark.req("R20")
def test_listings_of_one_thing_each_are_no_kits_whatever_their_names() -> None:
    offers = [
        offer("1", "Gift set", sku="SET", of={"CHEF-8": 1, "BREAD-10": 1}),
        offer("2", "Gift set", sku="SET-2", of={"CHEF-8": 1}),
    ]
    assert [c.kind for c in conflicts(PRODUCTS, offers)] == []
    offers.append(offer("3", "Gift set", sku="SET-3", of={"CHEF-8": 2, "BREAD-10": 1}))
    assert [(c.kind, c.names) for c in conflicts(PRODUCTS, offers) if c.kind == "kit"] == [
        ("kit", ("amz/1", "amz/3"))
    ]
