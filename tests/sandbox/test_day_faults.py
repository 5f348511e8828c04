"""The faults of a day hit what they name, from when they say, as often as they say, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.sandbox.amazon_stand import Stand as AmazonStand
from tests.sandbox.amazon_stand import forget_tokens, subscribed
from tests.sandbox.day_stand import KARA, KELLY, KIM, KRIS, Day, Json, a_day

PATCH: Json = {
    "productType": "PRODUCT",
    "patches": [{
        "op": "replace", "path": "/attributes/fulfillment_availability",
        "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}],
    }],
}  # fmt: skip


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    async with a_day(tmp_path) as opened:
        yield opened


async def plan(day: Day, *faults: Json) -> None:
    await day.done("/faults/day", {"faults": list(faults)})


async def injected(day: Day) -> list[bool]:
    return [fault["injected"] for fault in (await day.get("/faults"))["day"]]


async def patched(day: Day, listing: str) -> int:
    """Patch a listing's quantity to 3; gives the status."""
    amazon: Any = day.world.amazon
    token = amazon.login.access(None)
    url = f"{day.world.urls['amazon']}/listings/2021-08-01/items/{amazon.seller}/{listing}"
    query = {"marketplaceIds": amazon.marketplace}
    headers = {"x-amz-access-token": token}
    async with day.http.patch(url, json=PATCH, params=query, headers=headers) as answer:
        return answer.status


async def shown(day: Day, listing: str) -> int:
    return int((await day.books("amazon"))["levels"][listing])


async def test_an_order_that_comes_paid_first_and_created_three_times(day: Day) -> None:
    await plan(
        day,
        {"kind": "webhook_reorder", "order": "KK-1001", "sequence": ["orders/paid", "orders/create"]},
        {"kind": "webhook_duplicate", "order": "KK-1001", "topic": "orders/create", "times": 3},
    )

    await day.play(place=KARA)
    await day.play(place=KIM)
    await day.settle()

    kara = [entry for entry in day.heard if entry[0] in ("orders/paid", "orders/create")]
    events = {event for topic, event, _delivery in kara if topic == "orders/create"}
    deliveries = [delivery for topic, _event, delivery in kara if topic == "orders/create"]
    # Kim's order is created once and not paid; Kara's three say the same event under three delivery ids.
    assert (len(deliveries), len(set(deliveries)), len(events)) == (4, 4, 2)
    first = next(place for place, entry in enumerate(kara) if entry[0] == "orders/paid")
    of_kara = {event for event in events if sum(entry[1] == event for entry in kara) == 3}
    assert all(place > first for place, entry in enumerate(kara) if entry[1] in of_kara)
    assert await injected(day) == [True, True]


async def test_a_message_whose_forerunner_never_comes_goes_two_minutes_later(day: Day) -> None:
    await plan(
        day, {"kind": "webhook_reorder", "order": "KK-1002", "sequence": ["orders/paid", "orders/create"]}
    )
    await day.play(place=KIM)
    await day.settle()
    assert day.topics()["orders/create"] == 0

    await day.move("11-30T07:02:00")

    assert day.topics()["orders/create"] == 1


async def test_every_webhook_of_one_order_is_lost_and_of_no_other(day: Day) -> None:
    await plan(day, {"kind": "webhook_drop", "order": "KK-1005", "topic": "*"})

    await day.play(place=KELLY)
    await day.settle()
    assert day.heard == []
    await day.play(place=KARA)
    await day.settle()

    assert day.topics()["orders/create"] == 1
    assert "KK-1005" in (await day.books("shopify"))["orders"]
    assert await injected(day) == [True]


async def test_one_topic_of_one_order_is_lost(day: Day) -> None:
    await plan(day, {"kind": "webhook_drop", "order": "KK-1000", "topic": "fulfillments/create"})

    await day.play(
        other_tool={
            "name": "Linnworks",
            "order": "KK-1000",
            "do": "ship",
            "carrier": "UPS",
            "tracking": "1Z1",
        }
    )
    await day.settle()

    assert day.topics() == {"orders/updated": 1}


async def test_the_notification_of_an_amazon_order_is_lost(day: Day) -> None:
    forget_tokens()
    amazon = AmazonStand(day.world, day.world.amazon, day.world.urls["amazon"])
    await subscribed(amazon)
    queue = amazon.amazon.queues.by_name[amazon.amazon.queues.first]
    await plan(day, {"kind": "webhook_drop", "order": KRIS["id"], "topic": "*"})

    await day.play(place=KRIS)
    await day.settle()
    assert queue.messages == {}
    await day.play(place=KRIS | {"id": "112-4000009-0000009"})
    await day.settle()

    assert len(queue.messages) == 1
    await amazon.close()


async def test_a_webhook_comes_ten_minutes_late(day: Day) -> None:
    await plan(day, {"kind": "webhook_delay", "order": "KK-1001", "topic": "orders/create", "by": "10m"})
    await day.play(place=KARA)
    await day.move("11-30T07:09:59")
    assert (day.topics()["orders/create"], day.topics()["orders/paid"]) == (0, 1)

    await day.move("11-30T07:10:00")

    assert day.topics()["orders/create"] == 1


async def test_a_gateway_s_events_come_in_another_order_and_twice(day: Day) -> None:
    sequence = ["payment_intent.succeeded", "charge.succeeded"]
    await plan(day, {"kind": "gateway_events", "order": "KK-1001", "sequence": sequence, "repeats": 2})

    await day.play(place=KARA)
    await day.settle()

    stripe = [topic for topic, _event, _delivery in day.heard if topic in sequence]
    assert stripe[0] == "payment_intent.succeeded"
    assert day.topics()["charge.succeeded"] == day.topics()["payment_intent.succeeded"] == 2
    assert stripe.index("charge.succeeded") > 0
    assert await injected(day) == [True]


async def test_amazon_answers_429_twice_from_its_instant_on_and_to_that_operation_alone(day: Day) -> None:
    await plan(day, {
        "kind": "throttle", "connection": "amz", "operation": "patchListingsItem",
        "after": "2026-11-30T09:20:00-08:00", "times": 2,
    })  # fmt: skip
    assert await patched(day, "KK-CHEF8-FBM") == 200

    await day.move("11-30T09:20:00")

    assert [await patched(day, "KK-CHEF8-FBM") for _ in range(3)] == [429, 429, 200]
    books = await day.books("amazon")
    assert books["writes_by_operation"] == {"patchListingsItem": 2}
    assert await injected(day) == [True]


async def test_a_patch_is_accepted_and_changes_nothing_once(day: Day) -> None:
    await plan(day, {
        "kind": "patch_not_applied", "connection": "amz", "listing": "KK-BOARD-FBM",
        "after": "2026-11-30T08:00:00-08:00", "times": 1,
    })  # fmt: skip
    await day.move("11-30T08:00:00")

    assert (await patched(day, "KK-CHEF8-FBM"), await shown(day, "KK-CHEF8-FBM")) == (200, 3)
    assert (await patched(day, "KK-BOARD-FBM"), await shown(day, "KK-BOARD-FBM")) == (200, 7)
    assert (await patched(day, "KK-BOARD-FBM"), await shown(day, "KK-BOARD-FBM")) == (200, 3)


@pytest.mark.parametrize("reference", ["KK-1002/1", "a word of the hub's own"])
async def test_the_answer_to_one_order_s_purchase_is_lost_and_the_label_is_bought(
    day: Day, reference: str
) -> None:
    await day.play(place=KARA)
    await day.play(place=KIM)
    await plan(
        day,
        {"kind": "reply_dropped", "connection": "post", "operation": "buy", "order": "KK-1002", "times": 1},
    )
    _, kara = await day.parcel(2150, KARA["ship_to"])
    _, kim = await day.parcel(3850, KIM["ship_to"], reference)

    status, _ = await day.easypost(f"/shipments/{kara['id']}/buy", {"rate": kara["rates"][0]})
    with pytest.raises(aiohttp.ClientError):
        await day.easypost(f"/shipments/{kim['id']}/buy", {"rate": kim["rates"][0]})
    again, refused = await day.easypost(f"/shipments/{kim['id']}/buy", {"rate": kim["rates"][0]})

    assert (status, again, refused["error"]["code"]) == (200, 422, "SHIPMENT.POSTAGE.EXISTS")
    labels = (await day.books("easypost"))["labels"]
    assert [label["shipment"] for label in labels] == [kara["id"], kim["id"]]


async def test_the_answer_to_one_order_s_capture_is_lost_and_the_money_taken_once(day: Day) -> None:
    await day.play(place=KIM)
    await plan(
        day, {"kind": "reply_dropped", "connection": "shop", "operation": "orderCapture", "order": "KK-1002"}
    )
    order = day.shop.named("KK-1002")
    mutation = """mutation C($input: OrderCaptureInput!) { orderCapture(input: $input) { userErrors { message } } }"""
    wish = {
        "id": f"gid://shopify/Order/{order.id}", "amount": "92.91", "currency": "USD",
        "parentTransactionId": f"gid://shopify/OrderTransaction/{order.transactions[0].id}",
    }  # fmt: skip

    with pytest.raises(aiohttp.ClientError):
        await day.ask(mutation, input=wish)

    books = (await day.books("shopify"))["orders"]["KK-1002"]
    assert [(move["amount"], move["by"]) for move in books["captures"]] == [(9291, "hub")]


async def test_a_silent_carrier_is_named_and_the_others_give_their_rates(day: Day) -> None:
    await plan(day, {
        "kind": "carrier_down", "carrier": "FedEx", "from": "2026-11-30T10:00:00-08:00",
        "to": "2026-11-30T10:40:00-08:00", "how": "hang",
    })  # fmt: skip
    carriers = []
    for at in ("11-30T09:59:59", "11-30T10:20:00", "11-30T10:40:00"):
        await day.move(at)
        _, made = await day.parcel(260, KELLY["ship_to"])
        carriers.append(
            ({rate["carrier"] for rate in made["rates"]}, [m["carrier"] for m in made["messages"]])
        )

    everybody = {"USPS", "UPS", "FedEx"}
    assert carriers == [(everybody, []), ({"USPS", "UPS"}, ["FedEx"]), (everybody, [])]
    assert len((await day.get("/faults"))["day"][0]["hits"]) == 1


async def test_a_void_is_turned_down_once(day: Day) -> None:
    await plan(day, {"kind": "void_rejected", "carrier": "USPS", "times": 1})
    _, made = await day.parcel(260, KARA["ship_to"])
    await day.easypost(f"/shipments/{made['id']}/buy", {"rate": made["rates"][0]})

    states = []
    for at in ("11-30T07:01:00", "11-30T07:02:00"):
        await day.easypost(f"/shipments/{made['id']}/refund", {})
        await day.move(at)
        states.append((await day.easypost(f"/shipments/{made['id']}"))[1]["refund_status"])

    assert states == ["rejected", "refunded"]


async def test_a_shop_s_tokens_die_at_their_instant_and_a_new_consent_helps(day: Day) -> None:
    await plan(day, {"kind": "token_dead", "connection": "shop", "at": "2026-11-30T08:00:00-08:00"})
    await day.move("11-30T07:59:59")
    before, _ = await day.ask("{ shop { name } }")
    await day.move("11-30T08:00:00")

    after, _ = await day.ask("{ shop { name } }")

    assert (before, after) == (200, 401)
    await day.play(reconnect="shop")
    assert (await day.ask("{ shop { name } }"))[0] == 200


async def test_every_message_comes_twice_in_such_weather_and_shuffled_within_a_minute(day: Day) -> None:
    await day.done("/faults/weather", {"twice": True, "shuffle_s": 60, "seed": 3})
    await day.play(place=KARA)
    await day.settle()
    early = sum(day.topics().values())

    await day.move("11-30T07:01:00")

    assert early < sum(day.topics().values())
    assert set(day.topics().values()) == {2}
    assert {"orders/create", "orders/paid", "charge.succeeded"} <= set(day.topics())
    assert len({delivery for _topic, _event, delivery in day.heard if delivery}) == 6


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"kind": "webhok_drop"}, "faults[0].kind: no fault is called 'webhok_drop'; did you mean 'webhook_drop'?"),
        ({"kind": "webhook_drop", "order": "K", "topics": "*"}, "there is no key 'topics'; did you mean 'topic'?"),
        ({"kind": "webhook_drop", "order": "K"}, "faults[0]: topic is missing"),
        ({"kind": "webhook_drop", "order": "K", "topic": "order/create"}, "did you mean 'orders/create'?"),
        ({"kind": "throttle", "connection": "amz", "operation": "patchListing"}, "did you mean 'patchListingsItem'?"),
        ({"kind": "throttle", "connection": "ama", "operation": "x"}, "no connection is called 'ama'; did you mean 'amz'?"),
        ({"kind": "carrier_down", "carrier": "UPS", "from": "2026-11-30T10:00:00"}, "has no offset"),
        ({"kind": "patch_not_applied", "connection": "shop", "listing": "CHEF-8"}, "only Amazon accepts"),
    ],
)  # fmt: skip
async def test_a_wrong_fault_is_refused_and_those_before_stay(day: Day, fault: Json, told: str) -> None:
    await plan(
        day, {"kind": "void_rejected", "carrier": "USPS"}, {"kind": "kill", "at": "2026-11-30T10:00:00-08:00"}
    )

    status, answer = await day.post("/faults/day", {"faults": [fault]})

    assert (status, told in answer["error"]) == (400, True), answer
    assert [fault["kind"] for fault in (await day.get("/faults"))["day"]] == ["void_rejected", "kill"]


async def test_the_day_s_faults_work_besides_those_of_chance(day: Day) -> None:
    await day.done("/faults", {"spec": "drop:0", "seed": 1})
    await plan(day, {"kind": "webhook_duplicate", "order": "KK-1002", "topic": "orders/updated", "times": 2})
    await day.play(place=KIM)
    await day.settle()
    await asyncio.sleep(0)

    shown = await day.get("/faults")

    # Chance drops the first three messages there are; what it leaves is the day's.
    assert shown["injected"]["drop"] == 3
    assert shown["day"][0]["injected"] is True
