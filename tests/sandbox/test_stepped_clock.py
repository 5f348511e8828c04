"""The clock that stands still: who waits for it comes in order, it never goes back, and it says when all is quiet."""

import asyncio
import json
import mmap
import signal
import struct
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sp_api.asyncio.api import Sellers  # noqa: F401  before the SDK's tokens: their own import is circular

from sandbox import app
from sandbox.app import Running
from sandbox.clock import SteppedClock
from sandbox.house import stocked, usual
from sandbox.scripted_faults import Message
from sandbox.world import World
from tests.contracts import ROOT
from tests.sandbox.amazon_stand import KARL, forget_tokens, sqs, subscribed
from tests.sandbox.amazon_stand import Stand as AmazonStand
from tests.sandbox.stand import MONDAY_NOON, Subscriber, until


def at(seconds: float) -> datetime:
    return MONDAY_NOON + timedelta(seconds=seconds)


@pytest.fixture
def clock(tmp_path: Path) -> SteppedClock:
    return SteppedClock(MONDAY_NOON, tmp_path / "page")


@pytest.fixture
async def running(clock: SteppedClock) -> AsyncIterator[Running]:
    served = await app.start(World(clock, house=stocked(usual(), 3)))
    yield served
    await served.stop()


async def idle(running: Running) -> Any:
    async with aiohttp.ClientSession() as http, http.get(running.control + "/idle") as answer:
        found = await answer.json()
        assert found.pop("changes") >= 0
        return found


async def move(running: Running, to: str) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(running.control + "/clock", json={"to": to}) as answer,
    ):
        return answer.status, await answer.json()


# --- the clock alone ---


async def test_it_stands_still_and_shows_its_instant_on_the_page(clock: SteppedClock, tmp_path: Path) -> None:
    with (tmp_path / "page").open("rb") as file:
        page = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
    assert clock.text() == f"page:{tmp_path / 'page'}"
    await asyncio.sleep(0.05)
    assert clock.now() == MONDAY_NOON

    await clock.move_to(at(0.000001))

    assert clock.now() == at(0.000001)
    # 2026-11-30T20:00:00Z is 1,796,068,800 seconds after 1970.
    assert struct.unpack("=q", page[:8]) == (1_796_068_800_000_001,)


async def test_timers_come_in_order_and_each_sees_its_own_instant(clock: SteppedClock) -> None:
    seen: list[tuple[str, datetime]] = []

    async def wait(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        seen.append((name, clock.now()))

    waiting = [
        asyncio.create_task(wait(n, s)) for n, s in (("late", 30), ("b", 10), ("c", 10), ("never", 99))
    ]
    await asyncio.sleep(0)
    assert clock.next_at() == at(10)

    await clock.move_to(at(60))

    assert seen == [("b", at(10)), ("c", at(10)), ("late", at(30))]
    assert (clock.now(), clock.next_at(), clock.fired) == (at(60), at(99), 3)
    waiting[-1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert clock.next_at() is None


async def test_what_a_timer_starts_on_the_way_comes_on_the_same_way(clock: SteppedClock) -> None:
    seen: list[datetime] = []

    async def twice() -> None:
        await clock.sleep(10)
        await clock.sleep(5)
        seen.append(clock.now())

    task = asyncio.create_task(twice())
    await asyncio.sleep(0)
    await clock.move_to(at(60))
    await task

    assert seen == [at(15)]


async def test_it_never_goes_back(clock: SteppedClock) -> None:
    await clock.move_to(at(60))

    with pytest.raises(ValueError, match="cannot go back"):
        await clock.move_to(at(59))
    await clock.move_to(at(60))

    assert clock.now() == at(60)


async def test_who_waits_to_be_told_is_told_or_waits_so_long_and_no_longer(clock: SteppedClock) -> None:
    told, untold = (asyncio.get_running_loop().create_future() for _ in range(2))
    first, second = (asyncio.create_task(clock.wait(each, 120)) for each in (told, untold))
    await asyncio.sleep(0)
    assert clock.asleep(first)

    told.set_result(None)
    assert not clock.asleep(first)
    await first
    await clock.move_to(at(119))
    assert not second.done()
    await clock.move_to(at(120))
    await second


# --- over the control port ---


async def test_the_control_port_moves_it_and_refuses_what_it_cannot_do(running: Running) -> None:
    assert running.ready()["clock"].startswith("page:/")
    assert await move(running, "2026-11-30T12:05:00-08:00") == (
        200,
        {"ok": True, "now": "2026-11-30T20:05:00+00:00"},
    )
    for wrong, told in (
        ("2026-11-30T12:04:59-08:00", "cannot go back"),
        ("2026-11-30T12:06:00", "has no offset"),
        ("soon", "Invalid isoformat string"),
    ):
        status, answer = await move(running, wrong)
        assert (status, answer["ok"]) == (400, False)
        assert told in answer["error"]
    assert running.world.clock.now() == datetime(2026, 11, 30, 20, 5, tzinfo=UTC)


async def test_what_waits_for_a_later_instant_is_announced_and_is_not_pending(running: Running) -> None:
    acted: list[datetime] = []
    world = running.world
    world.at(at(300), lambda: acted.append(world.clock.now()))
    world.at(at(-5), lambda: acted.append(world.clock.now()))
    assert await idle(running) == {"pending": 0, "next_at": "2026-11-30T20:05:00+00:00", "moves": 0}
    assert acted == [MONDAY_NOON]

    await move(running, at(3600).isoformat())

    assert acted == [MONDAY_NOON, at(300)]
    assert await idle(running) == {"pending": 0, "next_at": None, "moves": 1}


async def test_a_webhook_is_pending_while_it_is_delivered_and_not_while_its_retry_waits(
    running: Running,
) -> None:
    delivery = running.world.webhook_delivery
    async with Subscriber(500).listening() as subscriber:
        delivery.post(
            Message("stripe", "x", None), "x", lambda _n: (subscriber.url, {}, b"1"), retries=(60.0,)
        )
        assert (await idle(running))["pending"] in {0, 1}
        await until(lambda: len(delivery.delivered) == 1)
        assert await idle(running) == {"pending": 0, "next_at": at(60).isoformat(), "moves": 0}
        await move(running, at(59).isoformat())
        assert len(subscriber.got) == 1

        await move(running, at(60).isoformat())
        await until(lambda: len(delivery.delivered) == 2)

        assert [each["status"] for each in delivery.delivered] == [500, 200]
        assert await idle(running) == {"pending": 0, "next_at": None, "moves": 1}


async def test_a_slow_subscriber_keeps_a_webhook_pending(running: Running) -> None:
    release = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await release.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(slow, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    delivery = running.world.webhook_delivery
    delivery.post(
        Message("stripe", "x", None), "x", lambda _n: (f"http://127.0.0.1:{port}/", {}, b"1"), retries=()
    )
    await asyncio.sleep(0.05)
    assert (await idle(running))["pending"] == 1
    release.set()
    await until(lambda: delivery.delivered)
    assert (await idle(running))["pending"] == 0
    server.close()


async def test_a_reordered_webhook_goes_when_a_later_one_overtook_it_or_after_its_time(
    running: Running,
) -> None:
    world = running.world
    async with Subscriber().listening() as subscriber:
        world.faults.arm("reorder:1")
        world.webhook_delivery.post(
            Message("stripe", "held", None), "held", lambda _n: (subscriber.url, {}, b"held"), retries=()
        )
        world.faults.quiet()
        assert await idle(running) == {"pending": 0, "next_at": at(120).isoformat(), "moves": 0}
        world.webhook_delivery.post(
            Message("stripe", "next", None), "next", lambda _n: (subscriber.url, {}, b"next"), retries=()
        )
        await until(lambda: len(subscriber.got) == 2)
        assert subscriber.bodies == [b"next", b"held"]

        world.faults.arm("reorder:1")
        world.webhook_delivery.post(
            Message("stripe", "alone", None), "alone", lambda _n: (subscriber.url, {}, b"alone"), retries=()
        )
        world.faults.quiet()
        await move(running, at(120).isoformat())
        await until(lambda: len(subscriber.got) == 3)


async def test_a_request_is_pending_until_it_is_answered_and_counts_as_a_move(running: Running) -> None:
    key = running.world.stripe.key
    async with (
        aiohttp.ClientSession() as http,
        http.get(
            f"{running.world.urls['stripe']}/v1/charges", headers={"Authorization": f"Bearer {key}"}
        ) as answer,
    ):
        assert answer.status == 200
    assert (await idle(running))["moves"] == 1


async def test_a_message_is_pending_until_it_is_deleted_and_a_long_poll_is_not(running: Running) -> None:
    world = running.world
    url = world.urls["amazon"]
    queue = world.amazon.credentials(url)["queue"]
    async with sqs(url) as client:
        polling = asyncio.create_task(client.receive_message(QueueUrl=queue, WaitTimeSeconds=20))
        await asyncio.sleep(0.2)
        assert (await idle(running))["pending"] == 0
        began = time.monotonic()
        async with sqs(url) as sender:
            await sender.send_message(QueueUrl=queue, MessageBody="now")
        (message,) = (await polling)["Messages"]
        assert time.monotonic() - began < 2
        taken = await idle(running)
        await client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        gone = await idle(running)

    assert (taken["pending"], gone["pending"]) == (1, 0)
    assert gone["moves"] == taken["moves"] + 1


async def test_a_receiver_who_has_gone_takes_no_message_from_the_next_one(running: Running) -> None:
    url = running.world.urls["amazon"]
    queue = running.world.amazon.credentials(url)["queue"]
    async with sqs(url) as gone, sqs(url) as client:
        polling = asyncio.create_task(gone.receive_message(QueueUrl=queue, WaitTimeSeconds=20))
        await asyncio.sleep(0.2)
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
        await asyncio.sleep(0.05)
        await client.send_message(QueueUrl=queue, MessageBody="one")
        got = await client.receive_message(QueueUrl=queue, WaitTimeSeconds=2)

    assert [message["Body"] for message in got["Messages"]] == ["one"]


# --- what the vendors do on it ---


async def test_amazon_s_allowance_and_shopify_s_points_come_back_with_the_clock(
    clock: SteppedClock, running: Running
) -> None:
    world: Any = running.world
    limits, bucket = world.amazon.limits, world.shopify.bucket
    taken = [limits.take("op", 0.5, burst=2, now=clock.now()) for _ in range(3)]
    assert bucket.take(bucket.maximum)
    await asyncio.sleep(0.05)
    assert not bucket.take(1000)

    await clock.move_to(at(2))

    assert taken == [True, True, False]
    assert limits.take("op", 0.5, burst=2, now=clock.now())
    assert bucket.take(2000)
    assert not bucket.take(1)


@asynccontextmanager
async def amazon_of(running: Running) -> AsyncIterator[AmazonStand]:
    """Amazon's clients, as shipped; they remember tokens of other tests unless told to forget."""
    world: Any = running.world
    forget_tokens()
    stand = AmazonStand(world, world.amazon, world.urls["amazon"])
    try:
        yield stand
    finally:
        await stand.close()


async def test_a_token_lives_for_its_hour_of_the_clock(clock: SteppedClock, running: Running) -> None:
    async with amazon_of(running) as stand:
        sellers = stand.sellers()
        await sellers.get_marketplace_participation()
        await clock.move_to(at(3599))
        await sellers.get_marketplace_participation()
        await clock.move_to(at(3601))
        with pytest.raises(Exception, match="expired"):
            await sellers.get_marketplace_participation()


async def test_an_order_rings_in_the_queue_while_the_clock_stands(running: Running) -> None:
    async with amazon_of(running) as stand:
        await subscribed(stand)
        assert (await idle(running))["pending"] == 0
        stand.amazon.place(KARL)
        queue = stand.amazon.queues.by_name[stand.amazon.queues.first]
        await until(lambda: len(queue.messages) == 1)
        assert await idle(running) | {"moves": 0} == {"pending": 1, "next_at": None, "moves": 0}
        assert running.world.clock.now() == MONDAY_NOON


async def test_the_sandbox_of_a_stepped_clock_owns_its_page_and_takes_it_away() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "cli.py"), "sandbox", "--json", "--port", "0",
        "--stepped", "--start", "2026-11-30T07:00:00-08:00",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        page = Path(ready["clock"].removeprefix("page:"))
        # 15:00 in Greenwich, in microseconds since 1970.
        assert struct.unpack("=q", await asyncio.to_thread(page.read_bytes)) == (1_796_050_800_000_000,)
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    assert not await asyncio.to_thread(page.exists)
