"""Faults are decided by seed and subject, counted, and never so many that a patient client cannot get through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox import faults, http
from sandbox.faults import Faults
from sandbox.http import injecting
from sandbox.planned import Call, Message
from sandbox.world import World
from tests.sandbox.stand import FAST, Subscriber, a_world, served, until


def _struck(seed: int, spec: str, count: int = 40) -> list[bool]:
    made = Faults(seed)
    made.arm(spec)
    return [made.strike("throttle", f"GET /{number % 5}") for number in range(count)]


def test_the_same_seed_strikes_the_same_calls() -> None:
    assert _struck(7, "throttle:0.4") == _struck(7, "throttle:0.4")
    assert _struck(7, "throttle:0.4") != _struck(8, "throttle:0.4")


def test_what_strikes_does_not_depend_on_what_was_asked_in_between() -> None:
    alone, mixed = Faults(7), Faults(7)
    alone.arm("throttle:0.5")
    mixed.arm("throttle:0.5")
    first = [alone.strike("throttle", "GET /a") for _ in range(20)]
    second = []
    for number in range(20):
        second.append(mixed.strike("throttle", "GET /a"))
        mixed.strike("throttle", f"GET /other/{number}")
    assert first == second


def test_the_first_three_subjects_of_a_kind_are_always_struck() -> None:
    made = Faults(1)
    made.arm("drop:0")
    assert [made.strike("drop", f"webhook {number}") for number in range(5)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert made.injected == {"drop": 3}
    assert [each["where"] for each in made.log] == ["webhook 0", "webhook 1", "webhook 2"]


def test_nothing_is_struck_three_times_in_a_row() -> None:
    made = Faults(1)
    made.arm("error:1")
    assert [made.strike("error", "GET /a") for _ in range(6)] == [True, True, False, True, True, False]


def test_several_kinds_together_leave_every_third_call_of_a_thing_alone() -> None:
    made = Faults(3)
    made.arm("throttle:1,error:1,reply_dropped:1")
    struck = [made.choose(("throttle", "error", "reply_dropped"), "GET /a") is not None for _ in range(6)]
    assert struck == [True, True, False, True, True, False]


def test_quiet_stops_everything_and_keeps_the_counts() -> None:
    made = Faults(1)
    made.arm("all")
    assert made.strike("delay", "webhook 1")
    made.quiet()
    assert not made.strike("delay", "webhook 2")
    assert made.injected == {"delay": 1}


@pytest.mark.parametrize("spec", ["nonsense", "drop:2", "drop:-1", "throttle,nonsense"])
def test_a_spec_that_means_nothing_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match=r"fault|probability"):
        Faults(1).arm(spec)


class _Counter:
    def __init__(self) -> None:
        self.acted = 0

    async def act(self, _request: web.Request) -> web.Response:
        self.acted += 1
        return web.json_response({"acted": self.acted})


async def _nameless(_request: web.Request) -> Call:
    return Call(names=())


@asynccontextmanager
async def _vendor(world: World) -> AsyncIterator[tuple[_Counter, str]]:
    inject = injecting(
        world, "vendor",
        throttled=lambda: web.json_response({"error": "slow down"}, status=429),
        failed=lambda: web.json_response({"error": "broken"}, status=503),
        only=lambda request: request.path != "/login", call_of=_nameless,
    )  # fmt: skip
    counter = _Counter()
    app = web.Application(middlewares=[inject])
    app.router.add_post("/{tail:.*}", counter.act)
    async with served(app) as url:
        yield counter, url


async def _call(session: aiohttp.ClientSession, url: str) -> int:
    async with session.post(url) as answer:
        return answer.status


@pytest.mark.parametrize(("kind", "status"), [("throttle", 429), ("error", 503)])
async def test_throttle_and_error_answer_in_the_vendor_s_shape_and_do_nothing(kind: str, status: int) -> None:
    world = a_world()
    async with _vendor(world) as (counter, url), aiohttp.ClientSession() as session:
        world.faults.arm(f"{kind}:0")
        assert [await _call(session, url + "/a"), await _call(session, url + "/a")] == [status, 200]
    assert counter.acted == 1
    assert world.calls["vendor"] == 2


async def test_a_dropped_reply_acts_and_answers_nothing() -> None:
    world = a_world()
    async with _vendor(world) as (counter, url), aiohttp.ClientSession() as session:
        world.faults.arm("reply_dropped:0")
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await _call(session, url + "/a")
    assert counter.acted == 1


async def test_a_hang_neither_acts_nor_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "HANG_SECONDS", 0.2)
    world = a_world()
    async with _vendor(world) as (counter, url), aiohttp.ClientSession() as session:
        world.faults.arm("hang:0")
        started = asyncio.get_running_loop().time()
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await _call(session, url + "/a")
        assert asyncio.get_running_loop().time() - started >= 0.2
    assert counter.acted == 0


async def test_what_is_exempt_is_never_struck() -> None:
    world = a_world()
    async with _vendor(world) as (_counter, url), aiohttp.ClientSession() as session:
        world.faults.arm("error:1")
        assert [await _call(session, url + "/login") for _ in range(3)] == [200, 200, 200]
    assert world.faults.injected == {}


def _post(world: World, url: str, body: str, *, retries: tuple[float, ...] = (60.0, 60.0)) -> None:
    def build(attempt: int) -> tuple[str, dict[str, str], bytes]:
        return url, {"X-Attempt": str(attempt)}, body.encode()

    world.webhook_delivery.post(Message("vendor", body, None), body, build, retries=retries)


async def _sent(
    spec: str, *bodies: str, answers: tuple[int, ...] = (), seed: int = 0
) -> tuple[World, Subscriber]:
    """What a subscriber got of those messages under those faults, once nothing is pending."""
    world = a_world(rate=FAST, seed=seed)
    world.faults.arm(spec)
    async with Subscriber(*answers).listening() as subscriber:
        for body in bodies:
            _post(world, subscriber.url, body)
            await asyncio.sleep(0.02)
        await until(lambda: world.webhook_delivery.pending() == 0)
        await world.close()
    return world, subscriber


async def test_a_refused_delivery_comes_again_until_it_is_taken() -> None:
    _world, got = await _sent("none", "one", answers=(500, 503))
    assert [headers["X-Attempt"] for headers, _body in got.got] == ["0", "1", "2"]
    assert got.bodies == [b"one", b"one", b"one"]


async def test_after_the_last_retry_the_vendor_gives_up() -> None:
    world, got = await _sent("none", "one", answers=(500, 500, 500, 500))
    assert (len(got.got), world.webhook_delivery.pending()) == (3, 0)


async def test_a_subscriber_that_is_down_is_tried_again() -> None:
    world = a_world(rate=FAST)
    _post(world, "http://127.0.0.1:9/hooks/in", "one", retries=(1.0,))
    assert world.webhook_delivery.pending() == 1
    await until(lambda: world.webhook_delivery.pending() == 0)
    assert [each["attempt"] for each in world.webhook_delivery.delivered] == [0, 1]
    await world.close()


async def test_a_dropped_message_never_arrives() -> None:
    world, got = await _sent("drop:0", "one", "two", "three", "four")
    assert (got.bodies, world.faults.injected) == ([b"four"], {"drop": 3})


async def test_a_duplicated_message_arrives_two_to_four_times() -> None:
    world, got = await _sent("duplicate:0", "one")
    assert 2 <= got.bodies.count(b"one") <= 4
    assert world.faults.injected == {"duplicate": 1}


async def test_a_reordered_message_is_overtaken_by_the_next() -> None:
    world = a_world(rate=FAST)
    world.faults.arm("reorder:0")
    async with Subscriber().listening() as subscriber:
        _post(world, subscriber.url, "one")
        world.faults.quiet()
        await asyncio.sleep(0.02)
        _post(world, subscriber.url, "two")
        await until(lambda: world.webhook_delivery.pending() == 0)
        await world.close()
    assert subscriber.bodies == [b"two", b"one"]


async def test_a_reordered_message_that_nothing_overtakes_arrives_all_the_same() -> None:
    _world, got = await _sent("reorder:0", "one")
    assert got.bodies == [b"one"]


async def test_a_late_message_arrives_late() -> None:
    world = a_world(rate=FAST)
    world.faults.arm("delay:0")
    async with Subscriber().listening() as subscriber:
        started = world.clock.now()
        _post(world, subscriber.url, "one")
        await until(lambda: subscriber.got)
        assert (world.clock.now() - started).total_seconds() >= 30
        await world.close()


def test_every_kind_has_a_usual_rate() -> None:
    usual: dict[str, Any] = faults.USUAL
    assert set(usual) == set(faults.KINDS)
