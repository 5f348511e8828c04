"""Orders with what no database keeps and no clock reckons with, over real HTTP: known with their units all the same."""

from pathlib import Path
from typing import Any

import pytest

from core.domain.state import OrderState
from core.model.holds import Hold
from core.store.jobs import NewJob, enqueue
from core.store.links import link_all
from tests.builders import MERCHANT, open_hub_of, review
from tests.connectors.odd_orders import EARLIEST, HALF, LATEST, Json, changed
from tests.connectors.odd_orders import Path as Place
from tests.connectors.odd_run import SAMPLES, connect, faults_told, vendors
from tests.core.flow.play import settle
from tests.core.store.conftest import open_store

pytestmark = [pytest.mark.req("R105"), pytest.mark.case("C1")]

SHOPIFY, AMAZON = SAMPLES["shop"][1], SAMPLES["amz"][1]
LINE: Place = ("lineItems", "nodes", 0)
ITEM: Place = ("orderItems", 0)
TOTAL: Place = ("currentTotalPriceSet", "shopMoney", "amount")


def twice(order: Json, path: Place) -> Json:
    """Return the order with the first of a list told once more."""
    several: Any = order
    for step in path:
        several = several[step]
    return changed(order, path, [*several, several[0]])


async def taken_in(kind: str, folder: Path, sold: dict[str, dict[str, Json]]) -> dict[str, OrderState]:
    """Have a hub fetch these orders over HTTP; return what it knows of each by the vendor's id."""
    async with open_store(kind, folder, batched=True) as store, vendors(sold) as url:
        b = review(store)
        await open_hub_of(b)
        closing, now = await connect(b, url), b.clock.now()
        for connection, listing, sku in (("shop", "MUG-RED", "CHEF-8"), ("amz", "KK-ROLL", "CHEF-8")):
            await store.write(link_all, MERCHANT, {(connection, listing): {sku: 1}}, now=now)
        fetches = [
            NewJob(kind="fetch", subject=f"{name}:{one}", connection=name, due_at=now)
            for name, orders in sold.items()
            for one in orders
        ]
        await store.write(enqueue, MERCHANT, fetches)
        with faults_told() as said:
            await settle(b)
        for close in closing:
            await close()
        assert said == []
        found = {
            one: await store.load(MERCHANT, f"{name}:{one}")
            for name, orders in sold.items()
            for one in orders
        }
    known = {one: state for one, state in found.items() if state is not None}
    assert sorted(known) == sorted(found)
    assert {one: state.parked for one, state in known.items() if state.parked} == {}
    return known


def committed(state: OrderState) -> int:
    aside = sum(a.units for a in state.allocations) + sum(n.units for n in state.backordered)
    lacking = (
        [line.quantity for line in state.order.lines if line.line_id in state.unlinked] if state.order else []
    )
    return aside + sum(lacking)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_texts_that_no_database_keeps_are_kept_with_a_mark(kind: str, tmp_path: Path) -> None:
    odd = [
        changed(SHOPIFY, (*LINE, "title"), f"Mug {HALF}"),
        changed(SHOPIFY, (*LINE, "title"), "Mug\0"),
        changed(SHOPIFY, ("name",), f"KK-7{HALF}"),
        changed(SHOPIFY, ("name",), "KK-8\0"),
        changed(SHOPIFY, ("email",), f"a{HALF}@example.test"),
        changed(SHOPIFY, ("shippingAddress", "city"), f"Reno{HALF}\0"),
        changed(SHOPIFY, (*LINE, "variant", "sku"), f"MUG{HALF}"),
        changed(SHOPIFY, ("transactions", 0, "receiptJson"), {"payment_intent": f"pi_{HALF}"}),
    ]
    shop = {str(7001 + n): changed(one, ("legacyResourceId",), str(7001 + n)) for n, one in enumerate(odd)}
    items = [
        changed(AMAZON, (*ITEM, "product", "title"), f"Roll {HALF}"),
        changed(AMAZON, (*ITEM, "product", "sellerSku"), "KK\0"),
    ]
    amazon = {f"902-1-{n}": changed(one, ("orderId",), f"902-1-{n}") for n, one in enumerate(items)}

    known = await taken_in(kind, tmp_path, {"shop": shop, "amz": amazon})

    # One of two mugs is shipped already; of a listing whose name was mended nobody knows what it is made of.
    assert {one: committed(state) for one, state in known.items()} == {
        **dict.fromkeys(shop, 1),
        "7007": 2,
        "902-1-0": 2,
        "902-1-1": 3,
    }
    assert {one: state.order.unreadable for one, state in known.items() if state.order} == dict.fromkeys(
        known
    )
    first, number = known["7001"].order, known["7004"].order
    assert first is not None
    assert number is not None
    assert (first.lines[0].title, number.number) == (
        "Mug \N{REPLACEMENT CHARACTER}",
        "KK-8\N{REPLACEMENT CHARACTER}",
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_amounts_instants_and_lines_that_fit_nowhere_hold_the_order(kind: str, tmp_path: Path) -> None:
    wrong: dict[str, tuple[Json, str]] = {
        "7001": (changed(SHOPIFY, TOTAL, "99999999999999999999.00"), "currentTotalPriceSet.shopMoney.amount"),
        "7002": (changed(SHOPIFY, TOTAL, "1e30"), "currentTotalPriceSet.shopMoney.amount"),
        "7003": (changed(SHOPIFY, ("processedAt",), LATEST), "processedAt"),
        "7004": (changed(SHOPIFY, ("processedAt",), EARLIEST), "processedAt"),
        "7005": (changed(SHOPIFY, ("updatedAt",), LATEST), "updatedAt"),
        "7006": (twice(SHOPIFY, ("lineItems", "nodes")), "lines"),
        "902-1": (changed(AMAZON, ("createdTime",), LATEST), "createdTime"),
        "902-2": (changed(AMAZON, ("createdTime",), "9999-12-31T23:59:59Z"), "createdTime"),
        "902-3": (twice(AMAZON, ("orderItems",)), "lines"),
        "902-4": (
            changed(AMAZON, ("proceeds", "grandTotal", "amount"), "1" * 20),
            "proceeds.grandTotal.amount",
        ),
    }
    sold: dict[str, dict[str, Json]] = {"shop": {}, "amz": {"902-5": [AMAZON]}}  # type: ignore[dict-item]
    for one, (order, _) in wrong.items():
        name, key = ("shop", "legacyResourceId") if one.startswith("7") else ("amz", "orderId")
        sold[name][one] = changed(order, (key,), one)

    known = await taken_in(kind, tmp_path, sold)

    assert {
        one: state.order.unreadable.field
        for one, state in known.items()
        if state.order and state.order.unreadable
    } == {
        **{one: field for one, (_, field) in wrong.items()},
        "902-5": "orderId",
    }
    assert all(Hold.UNREADABLE in state.holds for state in known.values())
    # A line that is told twice counts twice: more may be set aside than was sold, never less.
    told = ("7001", "7003", "7006", "902-1", "902-3", "902-5")
    assert [committed(known[one]) for one in told] == [1, 1, 2, 2, 3, 0]
