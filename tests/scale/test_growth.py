"""What a page, a job or a start costs does not grow with the catalogue, nor with the orders that are over (R111)."""

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from core.jobs.housekeeping import tick_forgotten, tick_old_deliveries, tick_old_requests
from core.jobs.retention import tick_retention
from core.model.stock import Listing, ListingKey
from core.services import actions
from core.services.connecting import begin_work
from core.services.links import import_file
from core.services.order_search import search_orders
from core.store.backlog import free_claims
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import pass_time, settle
from tests.scale.catalogue import POPULAR, fill
from tests.scale.watch import Statement, watched
from tests.web.site import KEY, Site, open_site

SMALL, LARGE = 600, 3000
"""Further SKUs; listings are twice as many, and so are orders that are over. Both fill more than a page of any list."""
OF_TESTS = "?"
"""What no function of the store asks: the simulation's own look for what is due."""
SLACK = 4000
"""Steps that the same work may take more where the catalogue is larger: an index is deeper, a page is fuller.

A function that looked at each of 2,400 further SKUs would take at least three times as many.
"""
KENDRA = "person:kendra"
Scenario = Callable[[Site], Awaitable[object]]

PATHS = {
    "order": "KK-3",
    "connection": "shop",
    "listing": "SKU-000001",
    "merchant": MERCHANT,
    "filename": "style.css",
}
"""What stands for the parts of an address."""
ELSEWHERE = ("/webhooks", "/connect/", "/join", "/login", "/healthz")


def pages_of(site: Site) -> list[str]:
    """Return an address of every page, every list of the API, and every file."""
    found = set()
    for route in site.app.router.routes():
        path = "" if route.resource is None else route.resource.canonical
        if route.method == "GET" and not path.startswith(ELSEWHERE):
            found.add(re.sub(r"\{(\w+)\}", lambda part: quote(PATHS.get(part[1], "none")), path))
    return sorted(found)


FILTERED = (
    "/api/v1/orders?stage=delivered",
    "/api/v1/orders?hold=backordered",
    "/api/v1/orders?hold=risk",
    "/api/v1/orders?connection=amz",
    "/api/v1/orders?assignee=none",
    "/api/v1/orders?tag=vip",
    "/api/v1/orders?text=OLD-000",
    "/api/v1/orders?text=nothing",
    "/api/v1/deliveries?connection=amz",
    "/api/v1/deliveries?state=parked",
    f"/orders?text={POPULAR}",
    "/orders?text=1Z000001",
    "/orders?text=KK-3",
)


def asking(path: str) -> Scenario:
    async def ask(site: Site) -> None:
        answer = await site.ask("GET", path, key=KEY)
        assert answer.status < 500, f"{path}: {answer.status} {answer.text[:300]}"

    return ask


async def sells(site: Site) -> None:
    """An order of a SKU that two channels list goes its whole way, and its levels are pushed."""
    cart = Cart(number="KK-77", lines=(("SKU-000003", 1, 1000),), ship_to=home())
    place(site.b.world, "shop", cart)
    await settle(site.b)
    await pass_time(site.b, timedelta(minutes=20))
    assert site.b.world.shop("amz").levels[ListingKey(listing="AMZ-SKU-000003")] == 7


async def counts(site: Site) -> None:
    await actions.count(site.b.hub, MERCHANT, [("SKU-000005", "reno", 12)], actor=KENDRA)
    await actions.receive(site.b.hub, MERCHANT, [("DUTCH-6", "easton", 1)], actor=KENDRA)
    await settle(site.b)


async def links(site: Site) -> None:
    text = "connection,listing,sku,units\nshop,SKU-000000,SKU-000000,1\n"
    await import_file(site.b.hub, MERCHANT, text, actor=KENDRA)
    await settle(site.b)


async def a_channel_says_a_level_changed(site: Site) -> None:
    body = b'{"event_id":"lvl-1","kind":"level","topic":"level","subject":"SKU-000007"}'
    answer = await site.notify(f"/webhooks/{MERCHANT}/shop", body)
    assert answer.status == 200
    await settle(site.b)


async def changes_products(site: Site) -> None:
    product = {"sku": "SKU-000009", "title": "Another spoon", "weight_g": 120, "size_mm": [100, 50, 20]}
    answer = await site.ask("PUT", "/api/v1/products", key=KEY, json={"products": [product]})
    assert answer.status == 200


async def searches(site: Site) -> None:
    for text in ("OLD-0001", POPULAR, "1Z000002", "kara@example.test", "nothing"):
        await search_orders(site.b.hub, MERCHANT, text=text)


async def starts(site: Site) -> None:
    await site.b.store.write(free_claims)
    await begin_work(site.b.hub, MERCHANT, "https://hub.kendra.test")
    await settle(site.b)


async def ticks(site: Site) -> None:
    worker = site.b.worker
    for tick in (worker.tick_orders, worker.tick_jobs, worker.tick_claims):
        await tick()
    for act in (tick_old_deliveries, tick_old_requests, tick_retention, tick_forgotten):
        await act(site.b.hub)
    await asyncio.sleep(0)
    await settle(site.b)


async def offers_one_more(site: Site) -> None:
    """The channel's whole catalogue is read again, as it is every six hours: one listing is new."""
    shop = site.b.world.shop("shop")
    new = Listing(listing="NEW-1", sku="NEW-1", title="New", locations=("loc-reno",))
    shop.listings["NEW-1"], shop.levels[ListingKey(listing="NEW-1", location="loc-reno")] = new, 0
    await pass_time(site.b, timedelta(hours=7))


SCENARIOS: Mapping[str, Scenario] = {
    "an order goes its way": sells,
    "counts and receipts": counts,
    "links are imported": links,
    "a level changes at the channel": a_channel_says_a_level_changed,
    "products change": changes_products,
    "orders are searched": searches,
    "a process starts": starts,
    "ticks": ticks,
    "a channel's listings are read again": offers_one_more,
    **{path: asking(path) for path in FILTERED},
}

LISTS_ALL = "it is the list of all of them, written page by page"
COUNTS = "counts, and stops at ten thousand (at a hundred thousand what was written so far)"
WHOLE: Mapping[tuple[str, str], str] = {
    ("/api/v1/go-live", "listing_pages.page_of_listings"): LISTS_ALL,
    ("/api/v1/go-live", "links.links_of_listings"): LISTS_ALL,
    ("/api/v1/go-live", "stock.listable_units"): LISTS_ALL,
    ("/api/v1/go-live", "buffers.buffers_at"): LISTS_ALL,
    ("/api/v1/links/csv", "names.listings_to_export"): LISTS_ALL,
    ("/api/v1/links/csv", "links.links_among"): LISTS_ALL,
    ("/links.csv", "names.listings_to_export"): LISTS_ALL,
    ("/links.csv", "links.links_among"): LISTS_ALL,
    ("a channel's listings are read again", "offered.save_offered"): LISTS_ALL,
    ("a channel's listings are read again", "offered.drop_others"): LISTS_ALL,
    (
        "a process starts",
        "offered.save_offered",
    ): "its first job, later, reads the listings of each channel again",
    (
        "a process starts",
        "offered.drop_others",
    ): "its first job, later, reads the listings of each channel again",
    ("*", "golive.writes_so_far"): COUNTS,
    ("*", "orders.counts_by_stage"): COUNTS,
    ("*", "orders.orders_of_connection"): COUNTS,
    ("*", "names.not_linked"): COUNTS,
    (
        "*",
        "names.skus_beginning",
    ): "reads a thousand for each stock rule, of a catalogue of more than a thousand",
}
"""(scenario or all, function of the store) -> why it costs more where there is more."""


def reason_of(key: tuple[str, str]) -> str | None:
    return WHOLE.get(key) or WHOLE.get(("*", key[1]))


@dataclass(slots=True)
class Costs:
    """By (scenario, function of the store) what it cost; and every statement that was asked."""

    steps: dict[tuple[str, str], int] = field(default_factory=dict)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    plans: dict[str, list[str]] = field(default_factory=dict)


async def costs_of(skus: int) -> Costs:
    costs = Costs()
    with tempfile.TemporaryDirectory() as folder, watched() as watch:
        async with open_site(Path(folder)) as site:
            await fill(site.b, skus)
            scenarios = {**{path: asking(path) for path in pages_of(site)}, **SCENARIOS}
            for name, scenario in scenarios.items():
                with watch.watching() as seen:
                    await scenario(site)
                costs.steps |= {(name, function): steps for function, steps in seen.steps.items()}
                costs.rows |= {(name, function): rows for function, rows in seen.rows.items()}
            costs.statements = list(watch.statements.values())
            costs.plans = await site.b.store.read(plans_of, costs.statements)
    return costs


def plans_of(conn: sa.Connection, statements: list[Statement]) -> dict[str, list[str]]:
    """Return how SQLite would find the rows of each statement."""
    found: dict[str, list[str]] = {}
    for one in statements:
        told = conn.connection.cursor()
        told.execute(f"EXPLAIN QUERY PLAN {one.text}", one.parameters)
        found[f"{one.name}: {one.text}"] = [str(row[3]) for row in told.fetchall()]
    return found


@pytest.fixture(scope="module")
def costs() -> Mapping[int, Costs]:
    """What everything costs a small and a large merchant."""
    return {skus: asyncio.run(costs_of(skus)) for skus in (SMALL, LARGE)}


@pytest.mark.req("R111")
def test_no_page_job_or_start_costs_more_where_the_catalogue_and_the_old_orders_are_more(
    costs: Mapping[int, Costs],
) -> None:
    small, large = costs[SMALL], costs[LARGE]

    grown = grown_of(small, large)

    assert {key: told for key, told in grown.items() if reason_of(key) is None} == {}


def test_every_exception_is_still_needed(costs: Mapping[int, Costs]) -> None:
    grown = grown_of(costs[SMALL], costs[LARGE])

    met = {key if key in WHOLE else ("*", key[1]) for key in grown if reason_of(key) is not None}
    assert set(WHOLE) - met == set()


def grown_of(small: Costs, large: Costs) -> dict[tuple[str, str], str]:
    """Return what costs more in the large catalogue, with how much; what only tests ask is left out."""
    return {
        key: f"{small.steps.get(key, 0)} -> {steps} steps, {large.rows.get(key, 0)} rows"
        for key, steps in large.steps.items()
        if steps > small.steps.get(key, 0) * 1.3 + SLACK and key[1] != OF_TESTS
    }


LARGE_TABLES = (
    "orders",
    "facts",
    "effects",
    "refs",
    "deliveries",
    "ledger",
    "stock",
    "products",
    "product_words",
    "listings",
    "links",
)
FEW_INDEXES = ("ix_orders_due",)
"""Indexes of a few rows: what is due at all."""


@pytest.mark.req("R111")
def test_no_statement_scans_a_large_table(costs: Mapping[int, Costs]) -> None:
    scan = re.compile(
        rf"SCAN (?:{'|'.join(LARGE_TABLES)})\b(?! USING (?:COVERING )?INDEX (?:{'|'.join(FEW_INDEXES)})\b)"
    )

    scanning = {
        asked: plan
        for asked, plan in costs[LARGE].plans.items()
        if any(scan.match(step) for step in plan) and not asked.startswith(OF_TESTS)
    }

    assert scanning == {}
