"""The control port drives every stand-in over HTTP and shows their books."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from sandbox import app
from sandbox.house import stocked, usual
from tests.contracts import ROOT
from tests.sandbox.stand import FAST, a_world

KARA: dict[str, Any] = {
    "channel": "shop", "id": "KK-1001",
    "customer": {"name": "Kara Kline", "email": "kara@example.test", "orders_before": 0},
    "ship_to": {
        "street1": "100 Test Kitchen Way", "city": "Portland", "state": "OR", "zip": "97205", "country": "US",
        "phone": "+15035550101",
    },
    "method": "Standard", "lines": [{"sku": "SET-KNIFE-BOARD", "qty": 1, "price": 12900, "discount": 1290}],
    "shipping": 0, "tax": 0, "tax_included": False, "total": 11610, "currency": "USD",
    "pay": [
        {"gateway": "stripe", "amount": 11610, "currency": "USD", "capture": "now", "risk": {"level": "normal", "score": 11}}
    ],
}  # fmt: skip


@dataclass
class Control:
    url: str
    http: aiohttp.ClientSession

    async def get(self, path: str) -> Any:
        async with self.http.get(self.url + path) as answer:
            return await answer.json()

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        async with self.http.post(self.url + path, json=body) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def control() -> AsyncIterator[Control]:
    world = a_world(rate=FAST, house=stocked(usual(), 6))
    running = await app.start(world)
    async with aiohttp.ClientSession() as http:
        yield Control(running.control, http)
    await running.stop()


async def test_the_overview_names_clock_addresses_and_credentials(control: Control) -> None:
    shown = await control.get("/")
    assert shown["clock"] is None  # it runs by itself: nobody follows it
    vendors = shown["vendors"]
    assert set(vendors) == {"shopify", "amazon", "stripe", "easypost", "mail", "hooks"}
    assert vendors["stripe"]["key"].startswith("sk_live_")
    assert vendors["easypost"]["url"].endswith("/v2")
    assert vendors["easypost"]["key"].startswith("EZAK")
    assert vendors["mail"]["smtp"].startswith("smtp://127.0.0.1:")
    assert {"url", "store", "client_id", "client_secret"} <= set(vendors["shopify"])
    assert {
        "endpoint",
        "lwa",
        "consent",
        "client_id",
        "client_secret",
        "seller",
        "marketplace",
        "sqs",
        "queue",
        "queue_arn",
    } <= set(vendors["amazon"])


async def test_a_placed_order_stands_in_the_shop_s_and_in_stripe_s_books(control: Control) -> None:
    status, answer = await control.post("/play", {"place": KARA})
    assert (status, answer["ok"], answer["id"]) == (200, True, "KK-1001")
    books = await control.get("/books")
    order = books["shopify"]["orders"]["KK-1001"]
    assert (order["total"], order["captured"], order["financial"], order["gateways"]) == (
        11610,
        11610,
        "PAID",
        ["stripe"],
    )
    assert books["shopify"]["levels"]["SET-KNIFE-BOARD@reno"] == 41  # 42 shown, one sold
    (payment,) = books["stripe"]["payments"].values()
    assert (payment["captured"], payment["order"], payment["currency"]) == (11610, "KK-1001", "USD")
    assert books["easypost"]["labels"] == []
    assert books["mail"]["messages"] == []


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/play", {"dance": {}}, "there is no verb dance"),
        ("/play", {"edti": {"order": "KK-9"}}, "did you mean edit?"),
        ("/play", {"release": {"order": "KK-9"}}, "ask the hub"),
        ("/play", {}, "exactly one verb"),
        ("/play", {"cancel": {"order": "KK-9"}}, "KK-9"),
        ("/faults", {"spec": "nonsense"}, "no fault is called"),
        ("/sabotage", {"kind": "nonsense"}, "no sabotage is called"),
    ],
)
async def test_a_wrong_request_gets_400_and_the_reason(
    control: Control, path: str, body: Any, told: str
) -> None:
    before = await control.get("/books")
    status, answer = await control.post(path, body)
    assert (status, answer["ok"]) == (400, False)
    assert told in answer["error"]
    assert await control.get("/books") == before


async def test_a_house_brings_its_own_stock_and_the_orders_from_before(control: Control) -> None:
    house = usual() | {"before": [{"place": KARA | {"at": "2026-11-29T21:10:00-08:00"}}]}
    status, _ = await control.post("/house", house)
    assert status == 200
    books = await control.get("/books")
    assert list(books["shopify"]["orders"]) == ["KK-1001"]
    assert books["amazon"]["levels"]["KK-CHEF8-FBM"] == 14


async def test_faults_and_sabotage_are_armed_counted_and_shown(control: Control) -> None:
    await control.post("/faults", {"spec": "throttle:0", "seed": 3})
    key = (await control.get("/"))["vendors"]["stripe"]
    async with control.http.get(
        f"{key['url']}/v1/charges", headers={"Authorization": f"Bearer {key['key']}"}
    ) as answer:
        assert answer.status == 429
    shown = await control.get("/faults")
    assert (shown["injected"], shown["log"][0]["where"]) == ({"throttle": 1}, "stripe GET /v1/charges")
    await control.post("/faults/quiet", {})
    await control.post("/sabotage", {"kind": "order_lost"})
    await control.post("/play", {"place": KARA})
    assert await control.get("/sabotage") == {"kind": "order_lost", "subject": "KK-1001"}


async def test_a_carrier_goes_down_by_verb(control: Control) -> None:
    status, answer = await control.post("/play", {"carrier_down": {"carrier": "FedEx", "how": "hang"}})
    assert (status, answer) == (200, {"ok": True})
    status, _ = await control.post("/play", {"carrier_down": {"carrier": "FedEx", "how": "sulk"}})
    assert status == 400


async def test_the_sandbox_runs_as_a_process_and_says_where() -> None:
    program = "from sandbox.app import run; run(0, json=True)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        assert set(ready["urls"]) == {"shopify", "amazon", "stripe", "easypost", "mail", "hooks"}
        async with aiohttp.ClientSession() as http, http.get(ready["control"] + "/idle") as answer:
            assert await answer.json() == {"pending": 0}
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
