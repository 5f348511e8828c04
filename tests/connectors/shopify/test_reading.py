"""From Shopify's order to ours, without a wire."""

import json
from datetime import timedelta
from typing import Any

import pytest

from connectors.shopify.reading import fetched_of
from core.domain.fold import fold
from core.domain.holds import Context, causes
from core.domain.state import OrderState
from core.errors import MappingError
from core.mapping import MAPPINGS, load_mapping
from core.model.address import Absence, Absent
from core.model.facts import Received
from core.model.order import ChannelState, Order, RiskLevel, TaxMode, residue_of
from tests.connectors.shopify.shop import NOON

Json = dict[str, Any]


def sample() -> Json:
    loaded: Json = json.loads((MAPPINGS / "shopify" / "sample.json").read_text())
    return loaded


def read(order: Json, *denied: str) -> Order:
    values = load_mapping("shopify/order")(order)
    return fetched_of(values, order, connection="shop", denied=frozenset(denied)).order


def shop_money(amount: str) -> Json:
    return {"shopMoney": {"amount": amount}}


@pytest.mark.req("R22", "R23", "R65", "R90", "R91", "R104")
def test_the_sample_reads_as_expected_by_hand() -> None:
    order = sample()
    values = load_mapping("shopify/order")(order)

    fetched = fetched_of(values, order, connection="shop", denied=frozenset())

    expected = json.loads((MAPPINGS / "shopify" / "expected.json").read_text())
    assert json.loads(fetched.model_dump_json()) == expected
    assert residue_of(fetched.order).minor == 0


@pytest.mark.req("R22")
def test_a_cent_that_the_parts_do_not_explain_stays_visible() -> None:
    order = sample()
    order["currentTotalPriceSet"]["shopMoney"]["amount"] = "54.05"

    mapped = read(order)

    # The rounding of 0.02 explains nothing now, so it is not taken: 54.05 - 54.02.
    assert (mapped.rounding.minor, residue_of(mapped).minor) == (0, 3)


@pytest.mark.req("R91")
def test_tax_inside_the_prices_is_added_to_nothing() -> None:
    order = sample()
    order["taxesIncluded"] = True
    order["currentTotalPriceSet"]["shopMoney"]["amount"] = "52.10"
    order["totalCashRoundingAdjustment"]["paymentSet"] = shop_money("0.0")

    mapped = read(order)

    assert mapped.tax_mode is TaxMode.INCLUDED
    assert residue_of(mapped).minor == 0


@pytest.mark.req("R92")
def test_an_edit_takes_discount_and_tax_along_in_proportion() -> None:
    order = sample()
    order["refunds"] = []
    order["lineItems"]["nodes"][0] |= {"quantity": 3, "currentQuantity": 1}

    line = read(order).lines[0]

    # A third of 3.00 and of 2.16.
    assert (line.quantity, line.discount.minor, line.tax.minor) == (1, 100, 72)


def test_a_tip_that_is_no_line_stands_as_a_tip() -> None:
    order = sample()
    del order["lineItems"]["nodes"][2]

    mapped = read(order)

    assert mapped.tips.minor == 200
    assert residue_of(mapped).minor == 0


@pytest.mark.req("R65")
@pytest.mark.parametrize(
    ("needs_shipping", "denied", "why"),
    [
        (True, ["order.shippingAddress"], Absence.DENIED),
        (False, [], Absence.NOT_NEEDED),
        (True, [], Absence.PENDING),
    ],
)
def test_a_missing_address_says_why(needs_shipping: bool, denied: list[str], why: Absence) -> None:
    order = sample() | {"shippingAddress": None, "requiresShipping": needs_shipping}

    assert read(order, *denied).ship_to == Absent(why=why)


@pytest.mark.req("R104")
@pytest.mark.parametrize(
    ("levels", "risk"),
    [
        ([], RiskLevel.NONE),
        (["LOW"], RiskLevel.LOW),
        (["LOW", "HIGH", "MEDIUM"], RiskLevel.HIGH),
        (["LOW", "PENDING"], RiskLevel.PENDING),
        (["NONE", "PENDING"], RiskLevel.PENDING),
        (["NONE"], RiskLevel.NONE),
        (["HIGH", "PENDING"], RiskLevel.HIGH),
    ],
)
def test_the_highest_risk_counts_and_a_pending_one_is_waited_for(levels: list[str], risk: RiskLevel) -> None:
    order = sample()
    order["risk"] = {"assessments": [{"riskLevel": level} for level in levels]}

    assert read(order).risk is risk


@pytest.mark.req("R84")
@pytest.mark.parametrize(
    ("change", "free"),
    [
        ({"fulfillmentHolds": []}, True),
        ({"fulfillmentHolds": [], "status": "IN_PROGRESS"}, True),
        ({"fulfillmentHolds": [], "status": "SCHEDULED"}, False),
        ({"fulfillmentHolds": [], "status": "CLOSED"}, False),
        ({"fulfillmentHolds": [], "status": "ON_HOLD"}, False),
        ({"fulfillmentHolds": [], "fulfillAt": None}, True),
        ({}, False),
    ],
)
def test_work_is_free_when_it_is_open_and_unheld(change: Json, free: bool) -> None:
    order = sample()
    order["fulfillmentOrders"]["nodes"][0] |= change

    assert read(order).work_orders[0].open is free


def unshipped(order: Order) -> Order:
    """Return the order as it was before a part of it left: all of it is asked of its one work order."""
    lines = tuple(
        line.model_copy(update={"open_quantity": line.quantity * line.ships}) for line in order.lines
    )
    asked = tuple((f"w{line.line_id}", line.line_id, line.open_quantity) for line in lines if line.ships)
    [work, *_] = order.work_orders
    works = (work.model_copy(update={"lines": asked}),)
    return order.model_copy(update={"lines": lines, "work_orders": works, "shipped": ()})


@pytest.mark.req("R84", "R96")
@pytest.mark.parametrize(
    ("change", "hold"),
    [
        ({"fulfillmentHolds": []}, {}),
        ({"fulfillmentHolds": [{"displayReason": "High risk", "heldByApp": {"title": "Fraud Filter"}}]},
         {"held_by_other_app": "Fraud Filter"}),
        ({"fulfillmentHolds": [{"displayReason": "Awaiting payment", "heldByApp": None}], "status": "ON_HOLD"},
         {"held_by_other_app": "Awaiting payment"}),
        ({"fulfillmentHolds": [], "status": "SCHEDULED", "fulfillAt": (NOON + timedelta(days=9)).isoformat()},
         {"not_ours": "the channel wants it shipped from 2026-12-09 20:00 UTC on"}),
        ({"fulfillmentHolds": [], "status": "OPEN", "fulfillAt": (NOON + timedelta(seconds=1)).isoformat()},
         {"not_ours": "the channel wants it shipped from 2026-11-30 20:00 UTC on"}),
        ({"fulfillmentHolds": [], "status": "OPEN", "fulfillAt": NOON.isoformat()}, {}),
        ({"fulfillmentHolds": [], "status": "CLOSED"},
         {"not_ours": "the channel does not ask for all of it to be shipped now"}),
        ({"fulfillmentHolds": [], "deliveryMethod": {"methodType": "PICK_UP"}}, {"not_ours": "PICK_UP"}),
        ({"fulfillmentHolds": [], "deliveryMethod": {"methodType": "LOCAL"}}, {"not_ours": "LOCAL"}),
    ],
)  # fmt: skip
def test_work_that_is_not_ours_to_ship_now_holds_with_its_reason(change: Json, hold: Json) -> None:
    order = sample()
    order["fulfillmentOrders"]["nodes"][0] |= change
    whole = unshipped(read(order))
    state = fold(OrderState(), Received(at=NOON, order=whole, needs=()))
    setting = Context(
        home_countries=frozenset(), tariff_code=lambda _: "8211.92", places={}, no_label="", now=NOON
    )
    found = causes(state, setting)
    assert {r: d for r, d in found.items() if r in {"not_ours", "held_by_other_app"}} == hold


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"displayFulfillmentStatus": "FULFILLED"}, ChannelState.SHIPPED),
        ({"displayFulfillmentStatus": "FULFILLMENT_NOT_REQUIRED"}, ChannelState.OPEN),
        ({"displayFulfillmentStatus": "ON_HOLD"}, ChannelState.OPEN),
        (
            {"displayFulfillmentStatus": "FULFILLED", "cancelledAt": "2026-11-30T18:00:00Z"},
            ChannelState.CANCELLED,
        ),
    ],
)
def test_the_order_stands_where_the_shop_says(change: Json, state: ChannelState) -> None:
    assert read(sample() | change).state is state


def test_an_order_to_be_picked_up_is_marked() -> None:
    order = sample()
    order["fulfillmentOrders"]["nodes"][0]["deliveryMethod"] = {"methodType": "PICK_UP"}

    assert read(order).programs == ("PICK_UP",)


@pytest.mark.parametrize(
    ("receipt", "reference"),
    [
        (None, None),
        ("", None),
        ("not json", None),
        ("[]", None),
        ('{"id": "pi_2", "latest_charge": "ch_2"}', "pi_2"),
        ('{"id": "ch_2", "payment_intent": {"id": "pi_2"}}', "pi_2"),
        ({"id": "ch_2"}, "ch_2"),
        ('{"id": 7}', None),
    ],
)
def test_the_gateways_reference_is_found_in_its_receipt(receipt: object, reference: str | None) -> None:
    order = sample()
    order["transactions"][0]["receiptJson"] = receipt

    assert read(order).transactions[0].reference == reference


@pytest.mark.req("R18")
def test_a_line_whose_variant_is_gone_keeps_its_money_and_names_no_listing() -> None:
    order = sample()
    order["lineItems"]["nodes"][0]["variant"] = None

    line = read(order).lines[0]

    assert (line.listing, line.sku, line.unit_price.minor, line.ships) == (None, "MUG-RED", 1000, True)
    assert residue_of(read(order)).minor == 0


def test_an_order_that_does_not_fit_says_where() -> None:
    order = sample()
    del order["lineItems"]["nodes"][0]["currentQuantity"]

    with pytest.raises(MappingError) as raised:
        read(order)

    assert raised.value.path == "lineItems.nodes[0].currentQuantity"
