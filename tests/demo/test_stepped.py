"""The stand-ins on a clock that is moved by hand, and a hub that follows it: two real processes."""

import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from demo.children import Served, environment, free_port, run_cli, start_stepped, stop
from demo.hands import Hands, register_webhooks
from demo.house import Json, config, house, plenty
from tests.sandbox.amazon_stand import KARL

START = datetime.fromisoformat("2026-11-30T15:00:00+00:00")
"""07:00 in Reno."""


@dataclass
class Day:
    """A hub and its vendors, and the clock in the test's hand."""

    hands: Hands
    served: Served

    async def move(self, to: datetime) -> None:
        await self.hands.stand("POST", "/clock", {"to": to.isoformat()})

    async def quiet(self, within_s: float = 15) -> tuple[Json, Json]:
        """Wait until neither side has anything left to do at this instant; return what both say."""
        end = time.monotonic() + within_s
        while True:
            before = await self.hands.api("GET", "/work/next")
            idle = await self.hands.stand("GET", "/idle")
            after = await self.hands.api("GET", "/work/next")
            if before == after and not (after["running"] or after["due"] or idle["pending"]):
                return after, idle
            assert time.monotonic() < end, (before, idle, after)

    async def step_to(self, end: datetime) -> None:
        """Move from one thing that is due to the next, until an instant."""
        while True:
            work, idle = await self.quiet()
            ahead = [
                datetime.fromisoformat(at) for at in (work["next_at"], idle["next_at"]) if at is not None
            ]
            now = min([end, *ahead])
            await self.move(now)
            if now == end:
                await self.quiet()
                return

    async def last_poll(self, connection: str) -> datetime | None:
        found = (await self.hands.api("GET", "/connections"))["connections"]
        told = next(each["last_poll_at"] for each in found if each["connection"] == connection)
        return None if told is None else datetime.fromisoformat(told)


@contextlib.asynccontextmanager
async def a_day(folder: Path) -> AsyncIterator[Day]:
    child, ready = await start_stepped(START.isoformat(), seed=1)
    try:
        async with aiohttp.ClientSession() as http:
            async with http.get(ready["control"]) as answer:
                vendors = (await answer.json())["vendors"]
            sold, port = plenty(house(), 10), free_port()
            (folder / "crossdock.yaml").write_text(config(sold, vendors), encoding="utf-8")
            environ = environment(folder, ready, vendors, port)
            environ["STRIPE_WEBHOOK_SECRET"] = await register_webhooks(
                http,
                vendors,
                f"http://127.0.0.1:{port}",
                sold["merchant"],
                environ["EASYPOST_WEBHOOK_SECRET"],
            )
            key = secrets.token_urlsafe(24)
            words = ("keys", "new", "--merchant", sold["merchant"], "--name", "test")
            await run_cli({**environ, "CROSSDOCK_NEW_KEY": key}, *words)
            served = Served(environ=environ, port=port, log=folder / "serve.log")
            hands = Hands(
                http=http, hub=served.url, control=ready["control"], merchant=sold["merchant"], key=key
            )
            await hands.stand("POST", "/house", sold)
            await served.start()
            try:
                yield Day(hands, served)
            finally:
                began = time.monotonic()
                await served.stop()
                assert time.monotonic() - began < 8, "a long poll must not hold up the end"
    finally:
        await stop(child)


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


@pytest.mark.timeout(180)
async def test_the_hub_does_at_each_instant_what_is_due_and_stands_still_in_between(tmp_path: Path) -> None:
    async with a_day(tmp_path) as day:
        for connection in ("shop", "amz"):
            await day.hands.connect(connection)
        await day.step_to(minutes(1))
        assert (await day.last_poll("shop"), await day.last_poll("amz")) == (START, START)

        seen = []
        for count in range(1, 25):
            await day.step_to(minutes(2.5 * count))
            seen.append((await day.last_poll("shop"), await day.last_poll("amz")))
        # At each full five minutes, exactly then, and never in between.
        fives = [minutes(5 * (count // 2)) for count in range(1, 25)]
        assert seen == [(five, five) for five in fives]

        # While the clock stands, an order that Amazon tells of through its queue is known at once.
        began = time.monotonic()
        await day.hands.stand("POST", "/play", {"place": {**KARL, "channel": "amz"}})
        await day.quiet()
        orders = (await day.hands.api("GET", "/orders"))["orders"]
        assert [order["number"] for order in orders] == [KARL["id"]]
        assert await day.last_poll("amz") == minutes(60)
        assert time.monotonic() - began < 5

        # A jump of hours leaves everything whole: one poll, at the instant of the jump.
        await day.move(minutes(542))
        await day.quiet()
        assert (await day.last_poll("shop"), await day.last_poll("amz")) == (minutes(542), minutes(542))
        log = day.served.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "a fault of ours" not in log
