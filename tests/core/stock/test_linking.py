"""Links are proposed with a reason and a score, never made; names that contradict one another are listed."""

import pytest

from core.domain.link_conflicts import conflicts
from core.domain.link_proposals import (
    ChannelListing,
    KnownProduct,
    Why,
    book_of,
    likeness,
    packs_of,
    proposals,
)

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
