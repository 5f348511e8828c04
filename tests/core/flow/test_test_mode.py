"""Test and live never mix (R99): one connection in test mode, and nothing is confirmed to a live channel."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.bogus.client import Effect
from core.errors import RefusedError
from core.model.actions import Action
from core.model.stock import ListingKey
from core.ports import Mode
from core.services import actions
from core.store.claims import wake_open_orders
from core.store.jobs import NewJob, enqueue
from core.store.pushes import restore_levels
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, config, home
from tests.core.flow.play import pass_time, settle

ORDER = "shop:kk-1"
Modes = Mapping[str, Mode]


def but(modes: Modes, **other: Mode) -> Modes:
    return {**modes, **other}


def in_modes(b: Bench, modes: Modes) -> None:
    connections = b.hub.merchants[MERCHANT]
    ports = {name: replace(one, mode=modes.get(name)) for name, one in connections.ports.items()}
    b.hub.merchants[MERCHANT] = replace(connections, ports=ports)


HALF_AN_HOUR = timedelta(minutes=30)


async def sell(b: Bench, *, test: bool = False, for_: timedelta = HALF_AN_HOUR) -> None:
    """Have Kara buy a knife on the shop, authorized only, and let time pass."""
    cart = Cart(
        number="KK-1",
        lines=(("CHEF-8", 1, 9278),),
        ship_to=home(),
        email="kara@example.test",
        pay="later",
    )
    place(b.world, "shop", cart)
    if test:
        shop = b.world.shop("shop")
        known = shop.orders["kk-1"]
        order = known.order.model_copy(update={"test": True})
        shop.orders["kk-1"] = known.model_copy(update={"order": order})
    await pass_time(b, for_)


def done(b: Bench) -> dict[str, int]:
    """Return what the vendors did, by their own books; of levels, how many listings they were set of."""
    found = {
        name: sum(number for (effect, _), number in b.world.effects.items() if effect is kind)
        for name, kind in _KINDS.items()
    }
    return found | {at: len({key for _, key, _ in b.world.shop(at).writes}) for at in ("shop", "amz")}


_KINDS = {
    "labels": Effect.LABEL,
    "told": Effect.TOLD,
    "captures": Effect.CAPTURE,
    "mails": Effect.MAIL,
    "cancelled": Effect.CANCEL,
    "refunds": Effect.REFUND,
}
NOTHING = dict.fromkeys((*_KINDS, "shop", "amz"), 0)
# A knife is packed, told, paid and mailed of twice; seven levels of the shop and two of Amazon differ.
WHOLE = NOTHING | {"labels": 1, "told": 1, "captures": 1, "mails": 2, "shop": 7, "amz": 2}
ALL_LIVE: Modes = dict.fromkeys(("shop", "amz", "pay", "post"), "live")
ALL_TEST: Modes = dict.fromkeys(("shop", "amz", "pay", "post"), "test")


@pytest.mark.req("R99")
@pytest.mark.parametrize(
    ("modes", "effects"),
    [
        pytest.param({}, WHOLE, id="nobody tells"),
        pytest.param(ALL_LIVE, WHOLE, id="all live"),
        pytest.param(ALL_TEST, WHOLE, id="all test"),
        pytest.param({"pay": "test"}, NOTHING, id="test gateway, a shop that does not tell"),
        pytest.param(but(ALL_LIVE, pay="test"), NOTHING, id="test gateway, live shop"),
        pytest.param(but(ALL_LIVE, post="test"), NOTHING, id="test carrier, live shop"),
        pytest.param(but(ALL_LIVE, amz="test"), NOTHING | {"amz": 2}, id="test marketplace, live shop"),
        pytest.param(
            {"shop": "test", "pay": "test", "post": "test"},
            WHOLE | {"amz": 0},
            id="a marketplace does not tell",
        ),
        pytest.param(but(ALL_TEST, amz="live"), WHOLE | {"amz": 0}, id="live marketplace beside test ones"),
        # A test order gets no label for real money; it is confirmed to its shopper.
        pytest.param(
            but(ALL_TEST, post="live"), NOTHING | {"mails": 1, "shop": 7, "amz": 2}, id="live carrier"
        ),
        pytest.param(
            {"shop": "test"}, NOTHING | {"mails": 1, "shop": 7}, id="test shop, a carrier that does not tell"
        ),
    ],
)
async def test_nothing_is_confirmed_to_a_live_channel_while_one_connection_is_in_test_mode(
    b: Bench, modes: Modes, effects: dict[str, int]
) -> None:
    in_modes(b, modes)

    await sell(b)

    assert done(b) == effects
    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    assert (state.holds, state.parked) == ({}, None)


@pytest.mark.req("R99")
async def test_an_order_whose_steps_are_not_due_rests_and_goes_its_way_once_all_is_live(b: Bench) -> None:
    in_modes(b, but(ALL_LIVE, pay="test"))
    await sell(b)
    assert done(b) == NOTHING

    in_modes(b, ALL_LIVE)
    await actions.switch(b.hub, MERCHANT, "shop", [], on=True, actor="person:kendra")
    await b.store.write(
        enqueue, MERCHANT, [NewJob(kind="push", subject="shop", connection="shop", due_at=b.clock.now())]
    )
    await pass_time(b, timedelta(hours=2))

    assert done(b) == WHOLE


@pytest.mark.req("R99")
async def test_rejecting_an_order_of_a_live_channel_is_refused_in_test_mode(b: Bench) -> None:
    in_modes(b, but(ALL_LIVE, post="test"))
    await sell(b)

    with pytest.raises(RefusedError) as refused:
        await actions.reject(b.hub, MERCHANT, ORDER, "risky", "person:kendra")

    assert str(refused.value) == "test mode (post): nothing is cancelled or refunded at shop"
    await settle(b)
    assert done(b) == NOTHING


@pytest.mark.req("R99")
async def test_a_rejection_asked_for_before_test_mode_waits(b: Bench) -> None:
    in_modes(b, but(ALL_LIVE, post="test"))
    await sell(b)
    in_modes(b, ALL_LIVE)
    await actions.reject(b.hub, MERCHANT, ORDER, "risky", "person:kendra")
    in_modes(b, but(ALL_LIVE, post="test"))

    await pass_time(b, timedelta(hours=1))

    assert done(b)["cancelled"] == 0


@pytest.mark.req("R99")
@pytest.mark.parametrize("modes", [{}, ALL_LIVE])
async def test_a_test_order_of_a_live_merchant_gets_no_label(b: Bench, modes: Modes) -> None:
    in_modes(b, modes)

    await sell(b, test=True)

    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    assert state.holds == {"not_ours": "test order"}
    assert (done(b)["labels"], done(b)["told"], done(b)["captures"]) == (0, 0, 0)
    with pytest.raises(RefusedError):
        await actions.release(b.hub, MERCHANT, ORDER, "not_ours", "person:kendra")


@pytest.mark.req("R99")
async def test_a_test_order_of_a_test_merchant_goes_its_whole_way(b: Bench) -> None:
    in_modes(b, ALL_TEST)

    await sell(b, test=True)

    assert done(b) == WHOLE


@pytest.mark.req("R99")
async def test_a_label_bought_before_is_neither_told_nor_its_money_taken_in_test_mode(b: Bench) -> None:
    in_modes(b, ALL_LIVE)
    connections = b.hub.merchants[MERCHANT]
    b.hub.merchants[MERCHANT] = replace(connections, config=config(tell="scan"))
    await actions.switch(b.hub, MERCHANT, "shop", [Action.CAPTURES], on=False, actor="person:kendra")
    await sell(b, for_=timedelta(minutes=15))
    assert (done(b)["labels"], done(b)["told"], done(b)["captures"], done(b)["mails"]) == (1, 0, 0, 1)

    in_modes(b, but(ALL_LIVE, pay="test"))
    b.hub.merchants[MERCHANT] = replace(b.hub.merchants[MERCHANT], config=config(tell="label"))
    await actions.switch(b.hub, MERCHANT, "shop", [Action.CAPTURES], on=True, actor="person:kendra")
    await pass_time(b, timedelta(hours=1))

    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    assert (done(b)["labels"], done(b)["told"], done(b)["captures"], done(b)["mails"]) == (1, 0, 0, 1)
    assert state.parked is None

    in_modes(b, ALL_LIVE)
    await b.store.write(wake_open_orders, MERCHANT, b.clock.now())
    await pass_time(b, timedelta(minutes=5))
    assert (done(b)["labels"], done(b)["told"], done(b)["captures"], done(b)["mails"]) == (1, 1, 1, 2)


@pytest.mark.req("R99")
async def test_no_level_of_a_live_channel_is_put_back_in_test_mode(b: Bench) -> None:
    in_modes(b, but(ALL_LIVE, pay="test"))
    await pass_time(b, timedelta(minutes=2))

    await b.store.write(restore_levels, MERCHANT, "amz", {("KK-CHEF8", ""): 9}, now=b.clock.now())
    await pass_time(b, timedelta(hours=1))
    assert b.world.shop("amz").writes == []

    in_modes(b, ALL_LIVE)
    await pass_time(b, timedelta(hours=1))
    assert (ListingKey(listing="KK-CHEF8"), 9) in [
        (key, units) for _, key, units in b.world.shop("amz").writes
    ]
