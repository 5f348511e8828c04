"""Random orders are exact, repeatable, and never for more than is shown."""

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from day.day import day_of
from demo import generated, orders
from demo.generated import generated_day
from demo.orders import SoldOut

NOW = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
SHOWN = {
    "CHEF-8@reno": 3,
    "SKILLET-12@reno": 1,
    "SKILLET-12@easton": 2,
    "SOCKS-CHEF@reno": 9,
    "TONGS-9@reno": 0,
}
LISTED = {"levels": {"KK-CHEF8-FBM": 2, "KK-SOCKS-2PK": 5, "KK-TONGS-NEW": 0}, "fba": {"KK-SOCKS-FBA": 40}}
OF = {"KK-CHEF8-FBM": {"CHEF-8": 1}, "KK-SOCKS-2PK": {"SOCKS-CHEF": 2}, "KK-SOCKS-FBA": {"SOCKS-CHEF": 1}}


def _shop(seed: int) -> dict[str, Any]:
    return orders.for_shop(random.Random(seed), SHOWN, name=f"KK-{seed}")


def _amazon(seed: int) -> dict[str, Any]:
    return orders.for_amazon(random.Random(seed), LISTED, name="112-1", now=NOW, of=OF)


def _goods(order: dict[str, Any]) -> int:
    return sum(line["price"] * line["qty"] - line.get("discount", 0) for line in order["lines"])


@pytest.mark.req("R22", "R91")
def test_every_total_is_the_sum_of_its_parts_and_every_payment_sums_to_it() -> None:
    for order in map(_shop, range(500)):
        on_top = 0 if order["tax_included"] else order["tax"]
        assert order["total"] == _goods(order) + order["shipping"] + on_top
        assert sum(each["amount"] for each in order["pay"]) == order["total"]
        assert all(each["amount"] > 0 for each in order["pay"])
    for order in map(_amazon, range(500)):
        assert order["total"] == _goods(order) + order["shipping"] + order["tax"]


def test_nothing_is_sold_that_is_not_shown() -> None:
    best = {"CHEF-8": 3, "SKILLET-12": 2, "SOCKS-CHEF": 9, "PROTECT-198": 1}
    for order in map(_shop, range(500)):
        skus = [line["sku"] for line in order["lines"]]
        assert len(skus) == len(set(skus))
        assert all(1 <= line["qty"] <= best[line["sku"]] for line in order["lines"])
    for order in map(_amazon, range(500)):
        shown = LISTED["fba"] if order["fulfilled_by"] == "amazon" else LISTED["levels"]
        assert all(1 <= line["qty"] <= shown[line["listing"]] for line in order["lines"])


def test_a_few_hundred_orders_show_every_sort_the_trade_knows() -> None:
    shop, amazon = [_shop(seed) for seed in range(500)], [_amazon(seed) for seed in range(500)]
    gateways = {tuple(each["gateway"] for each in order["pay"]) for order in shop}
    assert gateways == {("stripe",), ("gift_card", "stripe"), ("shopify_payments",), ("manual",), ()}
    captures = {each["capture"] for order in shop for each in order["pay"]}
    risks = {each["risk"]["level"] for order in shop for each in order["pay"] if "risk" in each}
    assert (captures, risks) == ({"now", "later"}, {"normal", "elevated", "highest"})
    assert {order["tax_included"] for order in shop} == {True, False}
    assert any(order["ship_to"]["street1"].startswith("PO Box") for order in shop)
    assert any(line.get("ships") is False for order in shop for line in order["lines"])
    assert {order["status"] for order in amazon} == {"PENDING", "UNSHIPPED", "SHIPPED"}
    assert {order["service_level"] for order in amazon} == {"STANDARD", "EXPEDITED"}


def test_the_same_seed_draws_the_same_order() -> None:
    assert _shop(7) == _shop(7)
    assert _shop(7) != _shop(8)


def test_where_nothing_is_shown_nobody_buys() -> None:
    with pytest.raises(SoldOut):
        orders.for_shop(random.Random(1), {"CHEF-8@reno": 0}, name="KK-1")
    with pytest.raises(SoldOut):
        orders.for_amazon(random.Random(1), {"levels": {}, "fba": {}}, name="112-1", now=NOW, of={})


def test_tax_is_rounded_half_up_on_top_and_inside() -> None:
    assert orders._tax(9595, 1035, included=False) == 993  # 10.35 % of 95.95 = 9.930825
    assert orders._tax(11000, 1000, included=True) == 1000  # 110.00 holds 10.00
    assert orders._tax(50, 100, included=False) == 1  # half a cent goes up


def test_a_generated_day_is_a_day_of_the_format_and_the_same_for_the_same_seed() -> None:
    drawn = generated_day(80, seed=7)

    assert day_of(yaml.safe_dump(drawn.data, sort_keys=False), "generated.yaml").events == drawn.events
    assert drawn == generated_day(80, seed=7)
    assert drawn.events != generated_day(80, seed=8).events


@pytest.mark.req("S01")
def test_as_many_orders_as_asked_come_on_both_channels_and_some_change_their_minds() -> None:
    day = generated_day(80, seed=7)
    channels = [order["channel"] for order in day.orders.values()]
    verbs = {event.verb for event in day.events}

    assert len(channels) == 80
    assert min(channels.count("shop"), channels.count("amz")) >= 20
    assert verbs == {"connect", "accept", "place", "cancel", "amazon_status"}
    released = {event.what["order"] for event in day.events if event.verb in ("amazon_status", "cancel")}
    assert {number for number, order in day.orders.items() if order.get("status") == "PENDING"} <= released


def test_nobody_buys_what_is_sold_and_when_everything_is_sold_shopping_ends() -> None:
    config, given = generated.house(1)
    of = {row["listing"]: row["of"] for rows in given["listings"].values() for row in rows}
    left = Counter({"SOCKS-FBA": 40})
    for held in given["counts"].values():
        left.update(held)

    shopping = generated._shopping(config, given, 400, seed=1, opens=generated.START)
    placed = [event["place"] for event in shopping if "place" in event]

    for order in placed:
        for line in order["lines"]:
            of_fba = {"SOCKS-FBA": 1} if order.get("fulfilled_by") == "amazon" else None
            for sku, units in (of_fba or of.get(line.get("listing") or line["sku"], {})).items():
                left[sku] -= units * line["qty"]
    assert 20 < len(placed) < 400
    assert min(left.values()) >= 0
