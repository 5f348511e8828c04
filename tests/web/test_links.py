"""The review of links over real HTTP: proposals, accepting, CSV, undo; and whether all is ready."""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from core.model.products import Product
from core.model.stock import Listing, ListingKey
from core.store.channel_locations import save_channel_locations
from core.store.jobs import list_jobs
from core.store.links import link_all
from core.store.offered import save_listings
from core.store.products import save_products
from core.store.stock import count_stock
from simulation.shoppers import Cart, place
from tests.builders import MARKET_LINKS, MERCHANT, SHOP_LINKS, home
from tests.core.flow.play import pass_time, settle
from tests.stored import all_links
from tests.web.site import KEY, OTHER_KEY, Site

TONGS = "KK-TONGS-NEW"
HEAD = "connection,listing,sku,units\n"
NOW = {("shop", listing): of for listing, of in SHOP_LINKS.items()} | {
    ("amz", listing): of for listing, of in MARKET_LINKS.items()
}


async def offer_tongs(site: Site) -> None:
    """Have five tongs in Reno, and Amazon offer six that nobody linked."""
    market, store, now = site.b.world.shop("amz"), site.b.store, site.b.clock.now()
    market.listings[TONGS] = Listing(listing=TONGS, sku=TONGS, title="Tongs 9 in")
    market.levels[ListingKey(listing=TONGS)] = 6
    product = Product(sku="TONGS-9", title="Tongs 9 in", weight_g=200, size_mm=(260, 50, 30))
    await store.write(save_products, MERCHANT, [product])
    await store.write(count_stock, MERCHANT, [("TONGS-9", "reno", 5)], actor="person:kendra", now=now)
    await store.write(save_listings, MERCHANT, "amz", tuple(market.listings.values()), now=now)


async def links(site: Site) -> Any:
    answer = await site.ask("GET", "/api/v1/links", key=KEY)
    assert answer.status == 200
    return answer.json


async def linked(site: Site) -> dict[tuple[str, str], dict[str, int]]:
    return await site.b.store.read(all_links, MERCHANT)


async def post(site: Site, path: str, body: Any, *, status: int = 200) -> Any:
    answer = await site.ask("POST", f"/api/v1{path}", key=KEY, json=body)
    assert answer.status == status, answer.text
    return answer.json


@pytest.mark.req("R20")
async def test_a_listing_that_nobody_linked_comes_with_proposals_and_is_not_linked_by_them(
    site: Site,
) -> None:
    await offer_tongs(site)

    found = await links(site)

    assert found["unlinked"] == [
        {
            "connection": "amz",
            "listing": TONGS,
            "sku": TONGS,
            "title": "Tongs 9 in",
            "barcode": None,
            "fulfilled_by_channel": False,
            "proposals": [
                {
                    "of": {"TONGS-9": 1},
                    "why": "title",
                    "score": 85,
                    "detail": "a title like 'Tongs 9 in' (85 %)",
                }
            ],
        }
    ]
    assert found["conflicts"] == []
    assert {(one["connection"], one["listing"]): one["of"] for one in found["links"]} == NOW
    assert await linked(site) == NOW


@pytest.mark.req("R18", "R30")
async def test_tongs_that_are_linked_ship_the_order_that_waited_and_are_pushed(site: Site) -> None:
    await offer_tongs(site)
    bought = Cart(
        number="112-2",
        lines=(("KK-CHEF8", 1, 9200), (TONGS, 1, 1800)),
        ship_to=home(),
        email=None,
        pay="marketplace",
    )
    place(site.b.world, "amz", bought)
    await pass_time(site.b, timedelta(minutes=20))
    state = await site.b.store.load(MERCHANT, "amz:112-2")
    assert state is not None
    assert state.holds == {"unlinked_sku": TONGS}
    assert [(n.sku, n.units) for n in state.needs] == [("CHEF-8", 1)]
    assert site.b.world.shop("amz").levels[ListingKey(listing=TONGS)] == 5  # sold one, never written

    line = {"connection": "amz", "listing": TONGS, "of": {"TONGS-9": 1}}
    found = await post(site, "/links/accept", {"links": [line]})
    await pass_time(site.b, timedelta(minutes=2))

    assert found["unlinked"] == []
    state = await site.b.store.load(MERCHANT, "amz:112-2")
    assert state is not None
    assert (state.holds, len([p for p in state.parcels if p.label])) == ({}, 1)
    assert sorted((n.sku, n.units) for n in state.needs) == [("CHEF-8", 1), ("TONGS-9", 1)]
    assert site.b.world.shop("amz").levels[ListingKey(listing=TONGS)] == 2


@pytest.mark.req("R30")
async def test_selling_a_part_of_a_kit_moves_every_listing_that_holds_it_and_skips_what_the_channel_computes(
    site: Site,
) -> None:
    shop, now = site.b.world.shop("shop"), site.b.clock.now()
    parent = Listing(
        listing="BUNDLE", sku="BUNDLE", title="Bundle", locations=("loc-reno",), computed_by_channel=True
    )
    shop.listings["BUNDLE"] = parent
    shop.levels[ListingKey(listing="BUNDLE", location="loc-reno")] = 99
    await site.b.store.write(save_listings, MERCHANT, "shop", tuple(shop.listings.values()), now=now)
    await site.b.store.write(link_all, MERCHANT, {("shop", "BUNDLE"): {"CHEF-8": 1}}, now=now)
    await pass_time(site.b, timedelta(minutes=2))
    shop.writes.clear()
    site.b.world.shop("amz").writes.clear()

    place(site.b.world, "shop", Cart(number="KK-7", lines=(("CHEF-8", 1, 9278),), ship_to=home(), email=None))
    await pass_time(site.b, timedelta(minutes=2))

    # Seven boards less Amazon's two are five sets, as before: only the knife is written there.
    assert {(k.listing, units) for _, k, units in site.b.world.shop("amz").writes} == {("KK-CHEF8", 11)}
    levels = {k.listing: units for k, units in shop.levels.items() if k.location == "loc-reno"}
    assert (levels["CHEF-8"], levels["SET-KNIFE-BOARD"], levels["BUNDLE"]) == (12, 6, 99)
    jobs = await site.b.store.read(list_jobs, MERCHANT)
    assert [e.error for e in jobs if e.kind == "push" and e.error] == []


@pytest.mark.req("R20")
async def test_accepting_is_all_or_nothing_and_tells_each_mistake_by_its_line(site: Site) -> None:
    await offer_tongs(site)
    lines = [
        {"connection": "amz", "listing": TONGS, "of": {"TONGS-9": 1}},
        {"connection": "amz", "listing": "NOPE", "of": {"TONGS-9": 1}},
        {"connection": "amz", "listing": "KK-CHEF8", "of": {"KNIFE": 1, "CHEF-8": 0}},
        {"connection": "amz", "listing": "KK-SET-KB", "of": {}},
    ]

    told = await post(site, "/links/accept", {"links": lines}, status=422)

    assert told["errors"] == [
        {"where": "link 2", "what": "amz has no listing 'NOPE'; write it as the page of links does"},
        {
            "where": "link 3",
            "what": "'KNIFE' is no product; add it first (PUT /api/v1/products, stock product)",
        },
        {"where": "link 3", "what": "units of CHEF-8: a whole number from 1 to 10000 is wanted"},
        {
            "where": "link 4",
            "what": "it is made of nothing; to take a link away, unlink the listing",
        },
    ]
    assert await linked(site) == NOW


async def test_a_link_is_taken_away_and_its_listing_is_no_longer_written(site: Site) -> None:
    await pass_time(site.b, timedelta(minutes=2))
    site.b.world.shop("amz").writes.clear()

    answer = await site.ask("DELETE", "/api/v1/listings/amz/KK-CHEF8/link", key=KEY)
    await site.b.store.write(
        count_stock, MERCHANT, [("CHEF-8", "reno", 10)], actor="person:kendra", now=site.b.clock.now()
    )
    await pass_time(site.b, timedelta(minutes=2))

    assert answer.status == 200
    assert [one["listing"] for one in answer.json["unlinked"]] == ["KK-CHEF8"]
    assert {k.listing for _, k, _ in site.b.world.shop("amz").writes} == set()  # five sets, as before
    again = await site.ask("DELETE", "/api/v1/listings/amz/KK-CHEF8/link", key=KEY)
    assert again.status == 404


async def test_a_csv_is_previewed_imported_and_taken_back(site: Site) -> None:
    exported = (await site.ask("GET", "/api/v1/links/csv", key=KEY)).json["csv"]
    assert exported.splitlines()[:3] == [
        "connection,listing,sku,units",
        "amz,KK-CHEF8,CHEF-8,1",
        "amz,KK-SET-KB,BOARD-WAL,1",
    ]
    text = HEAD + "amz,KK-SOCKS-2PK,SOCKS-CHEF,3\namz,KK-CHEF8,CHEF-8,1\n"
    change = {
        "connection": "amz",
        "listing": "KK-SOCKS-2PK",
        "before": {"SOCKS-CHEF": 2},
        "after": {"SOCKS-CHEF": 3},
    }

    seen = await post(site, "/links/import", {"csv": text, "preview": True})
    assert seen == {"applied": False, "changes": [change]}
    assert await linked(site) == NOW

    done = await post(site, "/links/import", {"csv": text})
    assert done == {"applied": True, "changes": [change]}
    assert (await linked(site))["amz", "KK-SOCKS-2PK"] == {"SOCKS-CHEF": 3}

    back = await post(site, "/links/undo", {})
    assert (back["last_import"]["listings"], back["last_import"]["actor"]) == (1, "key:kendra")
    assert back["last_import"]["undone_at"] is not None
    assert await linked(site) == NOW
    assert (await post(site, "/links/undo", {}, status=409))["detail"] == (
        "there is no import of links to take back"
    )


async def test_an_import_whose_listing_was_linked_anew_is_not_taken_back(site: Site) -> None:
    await post(site, "/links/import", {"csv": HEAD + "amz,KK-SOCKS-2PK,SOCKS-CHEF,3\n"})
    line = {"connection": "amz", "listing": "KK-SOCKS-2PK", "of": {"SOCKS-CHEF": 4}}
    await post(site, "/links/accept", {"links": [line]})

    told = await post(site, "/links/undo", {}, status=409)

    assert told["detail"] == (
        "linked anew since the import: amz/KK-SOCKS-2PK; correct these listings by hand"
    )
    assert (await linked(site))["amz", "KK-SOCKS-2PK"] == {"SOCKS-CHEF": 4}


async def test_a_file_with_a_wrong_line_links_nothing(site: Site) -> None:
    text = HEAD + "amz,KK-SOCKS-2PK,SOCKS-CHEF,3\namz,KK-CHEF8,NOPE,1\n"

    told = await post(site, "/links/import", {"csv": text}, status=422)

    assert [one["where"] for one in told["errors"]] == ["line 3"]
    assert await linked(site) == NOW
    assert (await links(site))["last_import"] is None


async def test_an_open_order_learns_what_a_corrected_link_says(site: Site) -> None:
    place(
        site.b.world,
        "amz",
        Cart(
            number="112-9", lines=(("KK-SOCKS-2PK", 1, 2600),), ship_to=home(), email=None, pay="marketplace"
        ),
    )
    await settle(site.b)

    await post(site, "/links/import", {"csv": HEAD + "amz,KK-SOCKS-2PK,SOCKS-CHEF,3\n"})
    await settle(site.b)

    state = await site.b.store.load(MERCHANT, "amz:112-9")
    assert state is not None
    assert [(a.sku, a.units) for a in state.allocations] == [("SOCKS-CHEF", 3)]


@pytest.mark.req("R54")
async def test_a_rival_sees_and_changes_no_link_of_ours(site: Site) -> None:
    found = await site.ask("GET", "/api/v1/links", key=OTHER_KEY)
    assert (found.json["links"], found.json["unlinked"]) == ([], [])

    answer = await site.ask("DELETE", "/api/v1/listings/amz/KK-CHEF8/link", key=OTHER_KEY)
    assert answer.status == 404
    assert await linked(site) == NOW


# The page.


async def test_the_page_proposes_and_one_click_accepts(site: Site) -> None:
    await offer_tongs(site)
    cookie = await site.log_in()

    shown = await site.ask("GET", "/links", cookie=cookie)
    assert shown.status == 200
    assert "85 %: a title like &#39;Tongs 9 in&#39; (85 %)" in shown.text
    assert 'value="{&#34;TONGS-9&#34;: 1}"' in shown.text
    assert "<script" not in shown.text

    form = {"do": "accept", "connection": "amz", "listing": TONGS, "of": '{"TONGS-9": 1}'}
    plan = await site.ask("POST", "/links", cookie=cookie, data=form)
    assert (plan.status, "One KK-TONGS-NEW sold at amz takes 1 x TONGS-9." in plan.text) == (200, True)
    assert ("amz", TONGS) not in await linked(site)
    answer = await site.press("/links", form)
    assert (answer.status, answer.headers["Location"].startswith("/links?done=")) == (303, True)
    assert (await linked(site))["amz", TONGS] == {"TONGS-9": 1}


async def test_the_page_takes_what_a_person_types_and_says_what_is_wrong_with_it(site: Site) -> None:
    cookie = await site.log_in()

    async def typed(of: str) -> int:
        form = {"do": "accept", "connection": "amz", "listing": "KK-SOCKS-2PK", "of": of}
        plan = await site.ask("POST", "/links", cookie=cookie, data=form)
        return plan.status if plan.status == 409 else (await site.press("/links", form)).status

    assert await typed("3 x SOCKS-CHEF + CHEF-8") == 303
    assert (await linked(site))["amz", "KK-SOCKS-2PK"] == {"SOCKS-CHEF": 3, "CHEF-8": 1}
    assert await typed("3 x NOPE") == 409
    assert await typed("") == 409
    assert (await linked(site))["amz", "KK-SOCKS-2PK"] == {"SOCKS-CHEF": 3, "CHEF-8": 1}


async def test_the_page_previews_a_file_before_it_links(site: Site) -> None:
    cookie = await site.log_in()
    sent = aiohttp.FormData({"do": "preview"})
    sent.add_field(
        "file",
        (HEAD + "amz,KK-SOCKS-2PK,SOCKS-CHEF,3\n").encode(),
        filename="links.csv",
        content_type="text/csv",
    )

    shown = await site.ask("POST", "/links", cookie=cookie, data=sent)

    assert shown.status == 200
    assert "Link 1 listings so" in shown.text
    assert await linked(site) == NOW
    file = await site.ask("GET", "/links.csv", cookie=cookie)
    assert file.headers["Content-Disposition"] == 'attachment; filename="links.csv"'
    assert file.text.startswith(HEAD + "amz,KK-CHEF8,CHEF-8,1\n")


# Readiness.


async def findings(site: Site) -> dict[str, tuple[list[str], int]]:
    answer = await site.ask("GET", "/api/v1/readiness", key=KEY)
    assert answer.status == 200
    found = {f["kind"]: (f["where"], f["count"]) for f in answer.json["findings"]}
    assert answer.json["ready"] == (not found)
    return found


async def tested(site: Site) -> None:
    """Have every connection tested."""
    for connection in site.b.hub.merchants[MERCHANT].ports:
        assert (await site.ask("POST", f"/api/v1/connections/{connection}/test", key=KEY)).status == 200


@pytest.mark.req("S37")
async def test_what_is_not_ready_is_listed_with_where_it_is(site: Site) -> None:
    assert await findings(site) == {
        "customs": (["SOCKS-CHEF"], 1),
        "untested": (["shop", "amz", "pay", "post", "mail"], 5),
    }

    await tested(site)
    assert await findings(site) == {"customs": (["SOCKS-CHEF"], 1)}

    await offer_tongs(site)
    products = [Product(sku="chef 8", title="Knife"), Product(sku="NEW-1", title="New", weight_g=5)]
    await site.b.store.write(save_products, MERCHANT, products)
    shop = site.b.world.shop("shop")
    places = (*shop.locations.items(), ("loc-3", "Pop-up"))
    await site.b.store.write(save_channel_locations, MERCHANT, "shop", places, ours={"loc-reno": "reno"})

    assert await findings(site) == {
        "weight_or_size": (["NEW-1", "chef 8"], 2),
        "customs": (["NEW-1", "SOCKS-CHEF", "TONGS-9", "chef 8"], 4),
        "never_counted": (["NEW-1", "chef 8"], 2),
        "unlinked": (["amz/KK-TONGS-NEW"], 1),
        "duplicate_products": (["CHEF-8 and chef 8"], 1),
        "channel_location": (["shop/Pop-up", "shop/Kendra Easton"], 2),
        "our_location": (["shop/easton"], 1),
    }


@pytest.mark.req("S37")
async def test_every_finding_says_what_to_do(site: Site) -> None:
    await tested(site)

    told = (await site.ask("GET", "/api/v1/readiness", key=KEY)).json["findings"]

    assert told == [
        {
            "kind": "customs",
            "what": "products without tariff code (HS) or country of origin: orders abroad are held",
            "where": ["SOCKS-CHEF"],
            "count": 1,
            "do": "add hs and origin: PUT /api/v1/products",
        }
    ]
    cookie = await site.log_in()
    assert "orders abroad are held" in (await site.ask("GET", "/links", cookie=cookie)).text
