"""Parcels told to the shop, moves, and holds of other apps."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.shopify_stand import Json, Stand, kim, opened, paid

ASKED = """query A($id: ID!) { order(id: $id) { displayFulfillmentStatus fulfillmentOrders(first: 10) { nodes {
  id status fulfillmentHolds { id reason heldByApp { title } heldByRequestingApp }
  assignedLocation { location { id } } lineItems(first: 9) { nodes { id remainingQuantity } } } } } }"""
SHIP = """mutation S($fulfillment: FulfillmentInput!) { fulfillmentCreate(fulfillment: $fulfillment) {
  fulfillment { id status totalQuantity trackingInfo { number company url } location { name } }
  userErrors { field message } } }"""
RETRACK = """mutation T($id: ID!, $t: FulfillmentTrackingInput!) {
  fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $t) {
    fulfillment { trackingInfo { number company } } userErrors { message } } }"""
MOVE = """mutation M($id: ID!, $to: ID!) { fulfillmentOrderMove(id: $id, newLocationId: $to) {
  movedFulfillmentOrder { id status } originalFulfillmentOrder { status } userErrors { field message } } }"""
HOLD = """mutation H($id: ID!) { fulfillmentOrderHold(id: $id, fulfillmentHold: {reason: OTHER, reasonNotes: "wait"}) {
  fulfillmentHold { id heldByRequestingApp } fulfillmentOrder { status } userErrors { field message code } } }"""
FREE = """mutation R($id: ID!) { fulfillmentOrderReleaseHold(id: $id) {
  fulfillmentOrder { status } userErrors { field message code } } }"""
TRACKING = {"company": "FedEx", "number": "794600000001", "url": "https://track.test/794600000001"}


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with opened() as stand:
        yield stand


async def asked(stand: Stand, gid: str) -> list[Json]:
    found = await stand.ask(ASKED, id=gid)
    return list(found["order"]["fulfillmentOrders"]["nodes"])


async def ship(stand: Stand, *orders: str, portions: list[Json] | None = None) -> Json:
    groups: list[Json] = [{"fulfillmentOrderId": each} for each in orders]
    if portions is not None:
        groups[0]["fulfillmentOrderLineItems"] = portions
    wish = {"lineItemsByFulfillmentOrder": groups, "trackingInfo": TRACKING, "notifyCustomer": False}
    answer = await stand.ask(SHIP, fulfillment=wish)
    return dict(answer["fulfillmentCreate"])


async def test_a_parcel_is_kept_with_its_tracking_and_its_units_leave_the_house(stand: Stand) -> None:
    gid = stand.place(**kim())

    answer = await ship(stand, (await asked(stand, gid))[0]["id"])

    assert answer["userErrors"] == []
    assert answer["fulfillment"]["status"] == "SUCCESS"
    assert answer["fulfillment"]["trackingInfo"] == [TRACKING]
    assert answer["fulfillment"]["location"]["name"] == "Kendra Reno"
    assert stand.level("SKILLET-12") == (2, 0, 2)
    assert stand.books("KK-1002")["fulfillment"] == "FULFILLED"
    (told,) = stand.books("KK-1002")["fulfillments"]
    assert told.pop("at").startswith("2026-11-30T20:00:0")
    assert told == {
        "tracking": "794600000001", "company": "FedEx", "location": "reno", "app": "hub",
        "lines": [{"sku": "SKILLET-12", "qty": 1}],
    }  # fmt: skip


async def test_a_parcel_of_a_closed_fulfillment_order_is_refused_and_changes_nothing(stand: Stand) -> None:
    gid = stand.place(**kim())
    first = (await asked(stand, gid))[0]["id"]
    await ship(stand, first)

    answer = await ship(stand, first)

    assert answer["fulfillment"] is None
    assert answer["userErrors"][0]["message"] == "Fulfillment order has an unfulfillable status: closed"
    assert len(stand.books("KK-1002")["fulfillments"]) == 1
    assert stand.level("SKILLET-12") == (2, 0, 2)


async def test_a_parcel_may_hold_a_part_and_more_than_remains_is_refused(stand: Stand) -> None:
    gid = stand.place(lines=[{"sku": "CHEF-8", "qty": 3, "price": 8900}], total=26700, pay=[paid(26700)])
    order = (await asked(stand, gid))[0]
    portion = order["lineItems"]["nodes"][0]["id"]

    part = await ship(stand, order["id"], portions=[{"id": portion, "quantity": 2}])
    more = await ship(stand, order["id"], portions=[{"id": portion, "quantity": 2}])

    assert part["fulfillment"]["totalQuantity"] == 2
    assert more["userErrors"][0]["message"] == "Invalid fulfillment order line item quantity requested"
    assert (await asked(stand, gid))[0]["lineItems"]["nodes"][0]["remainingQuantity"] == 1
    assert stand.books("KK-1001")["fulfillment"] == "PARTIALLY_FULFILLED"


async def test_a_parcel_of_two_locations_or_of_an_unknown_order_is_refused(stand: Stand) -> None:
    lines = [{"sku": "CHEF-8", "qty": 1, "price": 8900}, {"sku": "DUTCH-6", "qty": 1, "price": 14900}]
    gid = stand.place(lines=lines, total=23800, pay=[paid(23800)])
    both = [each["id"] for each in await asked(stand, gid)]

    mixed = await ship(stand, *both)
    unknown = await ship(stand, "gid://shopify/FulfillmentOrder/1")

    assert mixed["userErrors"][0]["message"] == "All fulfillment orders must be assigned to one location"
    assert unknown["userErrors"] == [
        {"field": ["fulfillment"], "message": "Fulfillment order does not exist."}
    ]
    assert stand.books("KK-1001")["fulfillments"] == []
    assert stand.level("CHEF-8")[1] == 1


async def test_the_tracking_of_a_parcel_can_be_replaced(stand: Stand) -> None:
    gid = stand.place(**kim())
    made = (await ship(stand, (await asked(stand, gid))[0]["id"]))["fulfillment"]["id"]

    await stand.ask(RETRACK, id=made, t={"company": "UPS", "number": "1Z999"})

    assert stand.books("KK-1002")["fulfillments"][0]["tracking"] == "1Z999"
    assert stand.books("KK-1002")["fulfillments"][0]["company"] == "UPS"


async def test_a_move_takes_the_units_from_the_other_location(stand: Stand) -> None:
    gid = stand.place(**kim())
    easton = f"gid://shopify/Location/{stand.shop.stock.locations['easton'].id}"

    answer = (await stand.ask(MOVE, id=(await asked(stand, gid))[0]["id"], to=easton))["fulfillmentOrderMove"]

    assert answer["movedFulfillmentOrder"]["status"] == "OPEN"
    assert answer["originalFulfillmentOrder"]["status"] == "CLOSED"
    assert stand.level("SKILLET-12", "reno") == (3, 0, 3)
    assert stand.level("SKILLET-12", "easton") == (1, 1, 2)


async def test_a_move_to_where_the_item_is_not_stocked_is_refused(stand: Stand) -> None:
    gid = stand.place()
    easton = f"gid://shopify/Location/{stand.shop.stock.locations['easton'].id}"

    answer = (await stand.ask(MOVE, id=(await asked(stand, gid))[0]["id"], to=easton))["fulfillmentOrderMove"]

    assert answer["userErrors"][0]["field"] == ["newLocationId"]
    assert [each["status"] for each in await asked(stand, gid)] == ["OPEN"]
    assert stand.level("SET-KNIFE-BOARD")[1] == 1


async def test_another_apps_hold_keeps_a_parcel_back_until_it_is_released(stand: Stand) -> None:
    gid = stand.place(**kim())
    stand.shop.play("other_tool", {"name": "Linnworks", "order": "KK-1002", "do": "hold"})
    held = (await asked(stand, gid))[0]

    refused = await ship(stand, held["id"])

    assert held["status"] == "ON_HOLD"
    assert held["fulfillmentHolds"][0]["heldByApp"]["title"] == "Linnworks"
    assert held["fulfillmentHolds"][0]["heldByRequestingApp"] is False
    assert refused["userErrors"][0]["message"] == "Fulfillment order is on hold and cannot be fulfilled"
    assert stand.level("SKILLET-12") == (2, 1, 3)
    stand.shop.play("other_tool", {"name": "Linnworks", "order": "KK-1002", "do": "release"})
    assert (await ship(stand, held["id"]))["userErrors"] == []


async def test_an_app_can_hold_and_release_itself(stand: Stand) -> None:
    gid = stand.place(**kim())
    order = (await asked(stand, gid))[0]["id"]

    held = (await stand.ask(HOLD, id=order))["fulfillmentOrderHold"]
    twice = (await stand.ask(HOLD, id=order))["fulfillmentOrderHold"]
    freed = (await stand.ask(FREE, id=order))["fulfillmentOrderReleaseHold"]

    assert held["fulfillmentHold"]["heldByRequestingApp"] is True
    assert twice["userErrors"][0]["code"] == "DUPLICATE_FULFILLMENT_HOLD_HANDLE"
    assert freed["fulfillmentOrder"]["status"] == "OPEN"


async def test_another_tool_ships_behind_the_apps_back(stand: Stand) -> None:
    gid = stand.place(**kim())
    wish = {"name": "Linnworks", "order": "KK-1002", "do": "ship", "carrier": "UPS", "tracking": "1Z9990"}

    stand.shop.play("other_tool", wish)

    found = await stand.ask(ASKED, id=gid)
    assert found["order"]["displayFulfillmentStatus"] == "FULFILLED"
    assert stand.books("KK-1002")["fulfillments"][0]["tracking"] == "1Z9990"


async def test_lost_tracking_is_answered_and_shown_and_not_in_the_books(stand: Stand) -> None:
    gid = stand.place(**kim())
    stand.world.sabotage.arm("tracking_lost")

    answer = await ship(stand, (await asked(stand, gid))[0]["id"])

    assert answer["fulfillment"]["status"] == "SUCCESS"
    assert stand.books("KK-1002")["fulfillments"] == []
    assert stand.world.sabotage.subject == "KK-1002"


LINKS: dict[tuple[str | None, str | None, str | None], str | None] = {
    (
        "UPS",
        "1Z001985YW99744790",
        None,
    ): "https://www.ups.com/WebTracking?loc=en_US&requester=ST&trackNums=1Z001985YW99744790",
    ("USPS", "1Z2345", None): "https://tools.usps.com/go/TrackConfirmAction_input?qtc_tLabels1=1Z2345",
    ("FedEx", "123", None): "https://www.fedex.com/fedextrack/?trknbr=123",
    ("fed ex", "123456789010", None): "https://www.fedex.com/fedextrack/?trknbr=123456789010",
    (
        None,
        "1Z001985YW99744790",
        None,
    ): "https://www.ups.com/WebTracking?loc=en_US&requester=ST&trackNums=1Z001985YW99744790",
    ("UPS", "1Z", "https://mine.test/1Z"): "https://mine.test/1Z",
    ("ups", "1Z", None): None,
    (None, "MS1562678", None): None,
    ("UPS", None, None): None,
}
"""By company, number and a given link: the recorded answers' own, where there are any."""


@pytest.mark.req("R110")
@pytest.mark.parametrize("given", LINKS)
async def test_a_number_of_a_known_carrier_can_be_followed(
    stand: Stand, given: tuple[str | None, str | None, str | None]
) -> None:
    company, number, url = given
    order = stand.place()
    asked = next(iter(stand.shop.orders.values())).fulfillment_orders[0].id
    tracking = {
        key: value for key, value in (("company", company), ("number", number), ("url", url)) if value
    }
    parcel = {
        "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": f"gid://shopify/FulfillmentOrder/{asked}"}],
        "trackingInfo": tracking,
    }

    await stand.ask(
        "mutation F($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) { userErrors { message } } }",
        f=parcel,
    )

    read = await stand.ask(
        "query O($id: ID!) { order(id: $id) { fulfillments { trackingInfo { url } } } }", id=order
    )
    assert read["order"]["fulfillments"][0]["trackingInfo"] == [{"url": LINKS[given]}]


@pytest.mark.req("R110")
@pytest.mark.parametrize(
    "tracking",
    [
        {"number": "1", "numbers": ["2"]}, {"number": "1", "url": "https://a.test/1", "urls": ["https://a.test/2"]},
        {"number": "1", "urls": ["https://a.test/1", "https://a.test/2"]},
    ],
    ids=str,
)  # fmt: skip
async def test_tracking_that_says_two_things_is_refused(stand: Stand, tracking: dict[str, object]) -> None:
    stand.place()
    order = next(iter(stand.shop.orders.values()))
    parcel = {
        "lineItemsByFulfillmentOrder": [
            {"fulfillmentOrderId": f"gid://shopify/FulfillmentOrder/{order.fulfillment_orders[0].id}"}
        ],
        "trackingInfo": tracking,
    }

    _status, answer = await stand.post(
        "mutation F($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) { userErrors { message } } }",
        {"f": parcel},
    )

    assert answer["errors"][0]["extensions"]["code"] == "NOT_OFFERED_HERE"
    assert order.fulfillments == []
