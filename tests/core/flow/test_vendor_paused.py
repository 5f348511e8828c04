"""The wallet is empty, the account is off: one pause, everything of that kind waits, and goes on by itself (R87, R64)."""

from datetime import timedelta

import pytest

from connectors.bogus.client import Effect
from core.domain.state import Stage
from core.engine.answers import Failed
from core.engine.pauses import look_after, resume
from core.engine.retry import Retry, after_failure
from core.errors import RefusedError, VendorPausedError
from core.services.health import health_of
from core.store.orders import counts_by_stage, facts_of
from core.store.pauses import list_pauses
from core.store.stock import count_stock
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, MONDAY_8, Bench, home
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_whole_way import KIM

MINUTE = timedelta(minutes=1)
FIFTY = tuple(f"KK-{n}" for n in range(1, 51))


async def fifty_orders(b: Bench) -> None:
    """Fifty orders of one pair of socks each are known, and their labels are due in a quarter of an hour."""
    await b.store.write(
        count_stock, MERCHANT, [("SOCKS-CHEF", "reno", 100)], actor="person:kendra", now=b.clock.now()
    )
    for number in FIFTY:
        place(b.world, "shop", Cart(number=number, lines=(("SOCKS-CHEF", 1, 1400),), ship_to=home()))
    await settle(b)


async def stages(b: Bench) -> dict[Stage, int]:
    return dict(await b.store.read(counts_by_stage, MERCHANT))


def labels(b: Bench) -> list[int]:
    return [times for (kind, _), times in b.world.effects.items() if kind is Effect.LABEL]


@pytest.mark.req("R87", "R64")
async def test_an_empty_wallet_raises_one_pause_and_fifty_orders_wait_until_there_is_money(b: Bench) -> None:
    await fifty_orders(b)
    b.world.paused = {"buy"}
    await pass_time(b, 16 * MINUTE)
    [pause] = await b.store.read(list_pauses, MERCHANT, b.clock.now())
    assert (pause.connection, pause.action, pause.reason) == (
        "post",
        "labels",
        "post: buy: the account is empty",
    )
    assert pause.since == MONDAY_8 + 15 * MINUTE
    assert await stages(b) == {Stage.READY: 50}
    assert b.world.calls["post", "buy"] == 1

    await pass_time(b, 60 * MINUTE)
    [still] = await b.store.read(list_pauses, MERCHANT, b.clock.now())
    assert still.since == pause.since
    assert await stages(b) == {Stage.READY: 50}
    assert b.world.calls["post", "buy"] <= 7
    facts = [
        f.kind for number in FIFTY for f in await b.store.read(facts_of, MERCHANT, f"shop:{number.lower()}")
    ]
    assert {"parked", "held"}.isdisjoint(facts)
    assert labels(b) == []

    b.world.paused = set()
    await pass_time(b, 16 * MINUTE)
    assert await b.store.read(list_pauses, MERCHANT, b.clock.now()) == ()
    assert await stages(b) == {Stage.SHIPPED: 50}
    assert labels(b) == [1] * 50


@pytest.mark.req("R87")
async def test_a_person_who_mended_it_need_not_wait(b: Bench) -> None:
    await fifty_orders(b)
    b.world.paused = {"buy"}
    await pass_time(b, 16 * MINUTE)
    b.world.paused = set()
    assert await resume(b.hub, MERCHANT, "post") == 1
    await settle(b)
    assert await stages(b) == {Stage.SHIPPED: 50}
    assert labels(b) == [1] * 50
    with pytest.raises(RefusedError, match="nothing of post is paused"):
        await resume(b.hub, MERCHANT, "post")


@pytest.mark.req("R87")
async def test_what_is_paused_stops_nothing_else(b: Bench) -> None:
    b.world.paused = {"capture"}
    place(b.world, "shop", KIM)
    await pass_time(b, 20 * MINUTE)
    assert [(a.connection, a.action) for a in await b.store.read(list_pauses, MERCHANT, b.clock.now())] == [
        ("shop", "captures")
    ]
    assert labels(b) == [1]
    assert b.world.payments["pay-KK-1002"].captured.minor == 0
    place(
        b.world,
        "amz",
        Cart(number="112-1", lines=(("KK-SOCKS-2PK", 1, 1400),), ship_to=home(), pay="marketplace"),
    )
    await pass_time(b, 20 * MINUTE)
    state = await b.store.load(MERCHANT, "amz:112-1")
    assert state is not None
    assert state.stage is Stage.SHIPPED
    b.world.paused = set()
    await pass_time(b, 20 * MINUTE)
    assert b.world.effects[Effect.CAPTURE, "kk-1002/KK-1002-t1"] == 1
    assert await b.store.read(list_pauses, MERCHANT, b.clock.now()) == ()


@pytest.mark.req("R87")
async def test_levels_wait_with_one_pause_of_their_own(b: Bench) -> None:
    b.world.paused = {"set_levels"}
    await settle(b)
    found = [(a.connection, a.action) for a in await b.store.read(list_pauses, MERCHANT, b.clock.now())]
    assert found == [("amz", "levels"), ("shop", "levels")]
    b.world.paused = set()
    await pass_time(b, 16 * MINUTE)
    assert await b.store.read(list_pauses, MERCHANT, b.clock.now()) == ()
    assert b.world.shop("shop").writes != []


@pytest.mark.req("R87")
async def test_a_connection_shows_what_its_vendor_does_not_do(b: Bench) -> None:
    await fifty_orders(b)
    b.world.paused = {"buy"}
    await pass_time(b, 16 * MINUTE)
    shown = {h.connection: h.paused for h in await health_of(b.hub, MERCHANT)}
    [paused] = shown.pop("post")
    assert (paused.action, paused.since) == ("labels", MONDAY_8 + 15 * MINUTE)
    assert set(shown.values()) == {()}


@pytest.mark.req("R87", "R10")
def test_waiting_for_the_account_uses_up_no_attempt() -> None:
    error, paused = (
        VendorPausedError("empty", connection="post"),
        Failed(counts=False, in_a_row=1, paused=True),
    )
    assert after_failure(error, 99, paused) == Retry(0.5, counts=False)
    assert look_after(timedelta(hours=9), account=True) == timedelta(minutes=10)


@pytest.mark.req("R106")
@pytest.mark.parametrize(
    ("stood_s", "next_s"), [(0, 5), (5, 5), (40, 40), (299, 299), (301, 300), (90_000, 300)]
)
def test_a_silent_vendor_is_looked_at_after_as_long_as_it_has_been_silent(stood_s: int, next_s: int) -> None:
    assert look_after(timedelta(seconds=stood_s)) == timedelta(seconds=next_s)
