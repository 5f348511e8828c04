"""Every order of arrival of six notifications, with gaps and repeats, over the real intake: the order ends the same (R03)."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import core.engine.hub
from core.engine.places import ORDER_LIMITS
from core.jobs.poll import poll_from
from core.store.jobs import NewJob, enqueue
from core.store.sealing import Keyring
from core.store.stock import count_stock
from core.store.store import Store
from core.store.switches import set_switch
from simulation.memory import Memory, store_in_memory
from tests.builders import MERCHANT, Bench, config, connections, open_hub_of, review
from tests.core.flow import any_order as news
from tests.core.flow.any_order import Event, ends_of, play, settle_all
from tests.core.store.conftest import books_balance
from tests.stored import list_stock

BEFORE_LABEL: tuple[Event, ...] = (
    news.created,
    news.authorized,
    news.paid,
    news.edited,
    news.paid_rest,
    news.moved,
)
CALLED_OFF: tuple[Event, ...] = (news.created, news.authorized, news.edited, news.paid, news.cancelled)
AFTER_LABEL: tuple[Event, ...] = (
    news.in_transit,
    news.refunded,
    news.delivered,
    news.edited,
    news.refunded_at_gateway,
)
READY: dict[str, Any] = {
    "stage": "ready",
    "holds": {},
    "parked": None,
    "open": (),
    "at_channel": "open",
    "lines": [(2, 2)],
    "total": 18000,
    "works": [(True, [2])],
    "shipped": [],
    "transactions": [("authorization", 9000), ("capture", 9000), ("sale", 9000)],
    "units": [("l1", "CHEF-8", "reno", 2)],
    "backordered": (),
    "paid": ("verified", 18000, 2),
    "short": None,
    "stale": False,
    "captured": [],
    "parcels": [],
    "voided": 0,
    "mails": [],
    "effects": [],
}
_OF_LAST_CHECK = ("paid", "short", "stale")
"""What nobody asks of a cancelled order any more."""
CANCELLED = {k: v for k, v in READY.items() if k not in _OF_LAST_CHECK} | {
    "stage": "cancelled",
    "at_channel": "cancelled",
    "works": [],
    "transactions": [("authorization", 9000), ("capture", 9000)],
    "units": [],
}
GONE_AND_EDITED = READY | {
    "stage": "on_hold",
    "holds": {
        "payment_short": "100.00 USD short",
        "changed_after_label": "the channel wants other units than were labelled",
    },
    "at_channel": "shipped",
    "lines": [(2, 1)],
    "works": [(False, [])],
    "shipped": [(("l1", 1),)],
    "transactions": [("authorization", 9000), ("capture", 9000), ("refund", 1000)],
    "units": [],
    "paid": ("short", 8000, 1),
    "short": -10000,
    "parcels": [((("l1", 1),), ("Ground", 700), True, True, True, "delivered")],
    "mails": ["confirmation", "shipping:reno-1"],
    "effects": [("label", 1), ("mail", 1), ("mail", 1), ("told", 1)],
}


@pytest.fixture
async def many(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    """A merchant with room and units for a thousand orders at once."""
    monkeypatch.setattr(core.engine.hub, "ORDER_LIMITS", dict.fromkeys(ORDER_LIMITS, 2000))
    store = Store(Memory(), Keyring.generate(), batched=True)
    await store.create_tables()
    made = review(store)
    yield made
    await books_balance(store)
    await store.close()


async def opened(b: Bench, *, ships: bool) -> Bench:
    """Open the hub; unless it ships, it asks before every label and nobody is mailed."""
    await open_hub_of(b, accept=ships)
    now = b.clock.now()
    await b.store.write(count_stock, MERCHANT, [("CHEF-8", "reno", 5000)], actor="person:kendra", now=now)
    if not ships:
        b.hub.merchants[MERCHANT] = connections(b.world, config(labels="ask"))
        await b.store.write(set_switch, MERCHANT, "post", "labels", on=True, actor="person:kendra", now=now)
    await settle_all(b)
    return b


async def poll(b: Bench) -> None:
    """Begin to poll the shop, from an hour ago."""
    now = b.clock.now()
    since = poll_from(now - timedelta(hours=1))
    await b.store.write(
        enqueue, MERCHANT, [NewJob(kind="poll", subject="shop", connection="shop", due_at=now, data=since)]
    )
    await settle_all(b)


async def chef(b: Bench) -> tuple[int, int]:
    [row] = [r for r in await b.store.read(list_stock, MERCHANT) if r.sku == "CHEF-8"]
    return row.on_hand, row.committed


def unlike(ends: Sequence[dict[str, Any]], end: dict[str, Any]) -> list[dict[str, Any]]:
    """What differs from the expected end, of every order that differs."""
    found = [{k: v for k, v in e.items() if k in end and v != end[k]} for e in ends]
    return [differs for differs in found if differs]


@pytest.mark.req("R03")
@pytest.mark.parametrize("first", range(6))
async def test_all_720_orders_of_six_notifications_make_the_same_paid_order_of_two(
    many: Bench, first: int
) -> None:
    b = await opened(many, ships=False)
    orders = [order for order in permutations(range(6)) if order[0] == first]
    numbers = await play(b, BEFORE_LABEL, orders)
    assert len(numbers) == 120
    assert unlike(await ends_of(b, numbers), READY) == []
    assert await chef(b) == (5000, 240)


@pytest.mark.req("R03", "R46")
async def test_all_orders_in_which_an_order_and_its_cancellation_are_told_leave_no_units(many: Bench) -> None:
    b = await opened(many, ships=False)
    numbers = await play(b, CALLED_OFF, list(permutations(range(5))))
    assert unlike(await ends_of(b, numbers), CANCELLED) == []
    assert await chef(b) == (5000, 0)


async def labelled(b: Bench, count: int) -> list[str]:
    """Have so many orders of one knife paid and labelled; nothing of it is under way any more."""
    numbers = await play(b, (news.created, news.authorized, news.paid), [(0, 1, 2)] * count)
    b.clock.move_to(b.clock.now() + timedelta(minutes=20))
    await settle_all(b)
    return numbers


@pytest.mark.req("R03", "R56", "R24")
async def test_all_orders_of_what_is_told_after_the_label_end_the_same(many: Bench) -> None:
    b = await opened(many, ships=True)
    orders = list(permutations(range(5)))
    numbers = await labelled(b, len(orders))
    await play(b, AFTER_LABEL, orders, numbers)
    assert unlike(await ends_of(b, numbers), GONE_AND_EDITED) == []
    assert await chef(b) == (5000 - len(orders), 0)


@pytest.mark.req("R03", "R06", "R70")
async def test_whichever_notification_is_lost_a_poll_makes_up_for_it(many: Bench) -> None:
    b = await opened(many, ships=False)
    gaps = [tuple(i for i in range(6) if i != lost) for lost in range(6)]
    numbers = await play(b, BEFORE_LABEL, [*gaps, *(g[::-1] for g in gaps), (), (0,), (5,)])
    await poll(b)
    assert unlike(await ends_of(b, numbers), READY) == []


WHOLE_WAY: tuple[Event, ...] = (
    news.created,
    news.authorized,
    news.paid,
    news.moved,
    news.in_transit,
    news.refunded_at_gateway,
    news.refunded,
    news.delivered,
)
SHIPPED_AND_REFUNDED = GONE_AND_EDITED | {
    "stage": "delivered",
    "holds": {},
    "at_channel": "shipped",
    "lines": [(1, 0)],
    "total": 9000,
    "paid": ("partially_refunded", 8000, 1),
    "short": -1000,
}


LABELLED = 4
"""How many of the events happen before a label is bought: no carrier scans a parcel without one."""


async def learn_and_label(b: Bench, one: news.News) -> None:
    """Everything up to the label has happened: whatever notifications of it are under way, a poll finds it, and it is labelled."""
    one.happens(b, LABELLED - 1)
    await poll(b)
    b.clock.move_to(b.clock.now() + timedelta(minutes=20))
    await settle_all(b)
    b.clock.move_to(b.clock.now() + timedelta(minutes=1))


async def plays_the_whole_way(told: Sequence[int]) -> dict[str, Any]:
    """Play eight events of one order and tell of these only, in this order; then let two days pass."""
    store = await store_in_memory()
    b = await opened(review(store), ships=True)
    one = news.News("P-1", WHOLE_WAY)
    for index in (*told, len(WHOLE_WAY) - 1):
        b.clock.move_to(b.clock.now() + timedelta(minutes=1))
        if index >= LABELLED > one.happened or one.happened == LABELLED <= index:
            await learn_and_label(b, one)
        await news.carry_all(b, one.arriving(b, index) if index in told else [])
        await settle_all(b)
    b.clock.move_to(b.clock.now() + timedelta(minutes=1))
    one.happens(b, len(WHOLE_WAY) - 1)
    for _ in range(4):
        b.clock.move_to(b.clock.now() + timedelta(hours=12))
        await settle_all(b)
    assert await chef(b) == (4999, 0)
    await books_balance(store)
    [end] = await ends_of(b, ["P-1"])
    await store.close()
    return end


@pytest.mark.req("R03", "R06", "R01")
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(told=st.lists(st.integers(0, 7), max_size=10))
async def test_whatever_is_told_of_eight_events_however_often_the_order_ends_the_same(
    told: list[int],
) -> None:
    assert unlike([await plays_the_whole_way(told)], SHIPPED_AND_REFUNDED) == []
