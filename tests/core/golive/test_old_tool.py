"""The hub beside an old tool that still works: what it must not write, mail, ship or put on sale again."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.bogus.channel import change_order, order_of
from core.domain.state import OrderState
from core.errors import RefusedError
from core.model.actions import Action
from core.services import actions
from core.services.connecting import begin, connected
from core.services.golive import opening
from core.services.golive.accept import accept, undo
from core.services.golive.document import differences
from core.store.jobs import NewJob, enqueue
from core.store.products import save_products
from core.store.push_guard import list_stopped_pushes
from core.store.stock import count_stock
from core.store.store import Store
from core.store.switches import accepted_actions, go_live
from simulation.memory import store_in_memory
from simulation.shoppers import AUTHORIZED_FOR, Cart, place, ship_elsewhere
from tests.builders import (
    COUNTS,
    MARKET_LINKS,
    MERCHANT,
    MONDAY_8,
    PRODUCTS,
    SHOP_LINKS,
    Bench,
    config,
    home,
    review,
)
from tests.core.flow.play import pass_time, settle
from tests.core.golive.kendra import COUNTED, morning, shown
from tests.stored import list_stock

KENDRA = "person:kendra"
HOUR = timedelta(hours=1)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    opened = await store_in_memory()
    yield opened
    await opened.close()


@pytest.fixture
async def b(store: Store) -> Bench:
    """The golden morning, counted; nothing accepted."""
    made = await morning(store)
    await opening.load(made.hub, MERCHANT, COUNTED, actor=KENDRA)
    await settle(made)
    return made


@pytest.fixture
async def shop_only(store: Store) -> Bench:
    """Only the shop is connected, and all of it is accepted; the marketplace is in the file, and nobody authorized it."""
    kept = config()
    both_mail = {
        name: replace(c, mails="hub" if name in ("shop", "amz") else c.mails)
        for name, c in kept.connections.items()
    }
    made = review(store, replace(kept, connections=both_mail))
    await store.write(save_products, MERCHANT, PRODUCTS)
    await store.write(count_stock, MERCHANT, COUNTS, actor=KENDRA, now=MONDAY_8)
    await store.write(go_live, MERCHANT, "shop", actor="hub", now=MONDAY_8)
    await begin(made.hub, MERCHANT, "shop", "http://hub.invalid")
    await settle(made)
    for listing, units in SHOP_LINKS.items():
        await actions.link(made.hub, MERCHANT, "shop", listing, units)
    await accept(made.hub, MERCHANT, actor=KENDRA)
    await pass_time(made, HOUR)
    return made


async def connect_market(b: Bench) -> None:
    await connected(b.hub, MERCHANT, "amz", "http://hub.invalid")
    await settle(b)
    for listing, units in MARKET_LINKS.items():
        await actions.link(b.hub, MERCHANT, "amz", listing, units)
    await settle(b)


def sale(number: str, listing: str = "KK-CHEF8", units: int = 1) -> Cart:
    return Cart(
        number=number,
        lines=((listing, units, 9000),),
        ship_to=home(),
        email=f"{number}@x.test",
        pay="marketplace" if listing.startswith("KK-") else "now",
    )


def bought(b: Bench) -> list[str]:
    return [s.reference.partition("/")[0] for s in b.world.shipments.values() if s.label and not s.voided]


def mailed(b: Bench) -> str:
    return " ".join(str(mail) for mail in b.world.mails)


async def state_of(b: Bench, order_id: str) -> OrderState:
    state = await b.store.load(MERCHANT, order_id)
    assert state is not None
    return state


@pytest.mark.req("R85", "R21")
async def test_orders_of_a_channel_that_is_connected_later_are_from_before_until_it_is_accepted(
    shop_only: Bench,
) -> None:
    b = shop_only
    place(b.world, "amz", sale("A-1"))  # the old tool has it
    await pass_time(b, HOUR)
    await connect_market(b)
    await pass_time(b, HOUR)
    place(b.world, "amz", sale("A-2"))  # nothing of the marketplace is accepted yet
    await pass_time(b, HOUR)

    assert [list((await state_of(b, f"amz:a-{n}")).holds) for n in (1, 2)] == [["before_go_live"]] * 2
    assert bought(b) == []
    assert b.world.mails == []
    assert b.world.shop("amz").writes == []
    assert (await differences(b.hub, MERCHANT)).open_orders == ("A-1", "A-2")

    await accept(b.hub, MERCHANT, kinds=[Action.LEVELS], connections=["amz"], actor=KENDRA)
    place(b.world, "amz", sale("A-3"))  # levels alone ship nothing, as at the first channel
    await pass_time(b, HOUR)
    assert b.world.shop("amz").writes != []
    assert bought(b) == []
    await accept(b.hub, MERCHANT, actor=KENDRA)
    await pass_time(b, HOUR)
    place(b.world, "amz", sale("A-4"))
    place(b.world, "shop", sale("S-1", "CHEF-8"))
    await pass_time(b, HOUR)

    assert sorted(bought(b)) == ["A-4", "S-1"]
    assert "A-4" in mailed(b)
    await actions.release_all(b.hub, MERCHANT, "before_go_live", "all", KENDRA)
    await pass_time(b, HOUR)
    assert sorted(bought(b)) == ["A-1", "A-2", "A-3", "A-4", "S-1"]
    assert not any(number in mailed(b) for number in ("A-1", "A-2", "A-3"))


@pytest.mark.req("R21", "R82")
async def test_what_nobody_connected_yet_is_not_accepted_with_all_the_rest(shop_only: Bench) -> None:
    b = shop_only
    assert ("amz", "levels") not in await b.store.read(accepted_actions, MERCHANT)
    with pytest.raises(RefusedError, match="amz is not connected yet"):
        await accept(b.hub, MERCHANT, connections=["amz"], actor=KENDRA)

    await connect_market(b)
    await pass_time(b, HOUR)
    assert b.world.shop("amz").writes == []


@pytest.mark.req("R21", "R82")
async def test_taking_back_puts_nothing_on_sale_again_that_was_sold_or_counted_away_since(b: Bench) -> None:
    accepted = await accept(b.hub, MERCHANT, actor=KENDRA)
    await pass_time(b, HOUR)
    place(b.world, "shop", sale("S-1", "CHEF-8", 10))
    place(b.world, "amz", sale("A-1", "KK-SOCKS-2PK", 3))
    await pass_time(b, HOUR)
    await actions.count(b.hub, MERCHANT, [("DUTCH-6", "easton", 1)], actor=KENDRA)
    await pass_time(b, HOUR)

    await undo(b.hub, MERCHANT, accepted.id, actor=KENDRA)
    await pass_time(b, HOUR)

    now = shown(b)
    assert now["shop", "CHEF-8", "loc-reno"] == 5  # 15 less the ten that were sold
    assert now["amz", "KK-CHEF8-FBM", ""] == 4  # 14 less ten
    assert now["shop", "SET-KNIFE-BOARD", "loc-reno"] == 4  # it showed 7 for 7 boards; 4 knives are left
    assert now["amz", "KK-SOCKS-2PK", ""] == 7  # 10 pairs less 3
    assert now["shop", "SOCKS-CHEF", "loc-reno"] == 14
    assert now["shop", "DUTCH-6", "loc-easton"] == 1  # 4 less the 3 that a count did not find
    assert now["shop", "TONGS-9", "loc-reno"] == 5  # nobody bought any


@pytest.mark.req("R21", "R83")
async def test_accepting_what_was_shown_lets_the_push_guard_pass_those_numbers_and_no_others(
    b: Bench,
) -> None:
    seen = await differences(b.hub, MERCHANT)
    before = shown(b)
    emptied = [(row.sku, row.location, 0) for row in await b.store.read(list_stock, MERCHANT)]
    await actions.count(b.hub, MERCHANT, emptied, actor=KENDRA)
    await settle(b)

    await accept(b.hub, MERCHANT, document=seen.id, actor=KENDRA)
    await pass_time(b, HOUR)

    push_guard = (await b.store.read(list_stopped_pushes, MERCHANT))["shop"]
    assert (push_guard.changes, push_guard.zeros) == (12, 12)
    assert {k: v for k, v in shown(b).items() if k[0] == "shop"} == {
        k: v for k, v in before.items() if k[0] == "shop"
    }


@pytest.mark.req("R83")
async def test_what_was_just_written_by_acceptance_is_not_open_to_another_number(b: Bench) -> None:
    await accept(b.hub, MERCHANT, actor=KENDRA)
    await settle(b)
    written = len(b.world.shop("shop").writes)
    assert written == 12

    emptied = [(row.sku, row.location, 0) for row in await b.store.read(list_stock, MERCHANT)]
    await actions.count(b.hub, MERCHANT, emptied, actor=KENDRA)
    await pass_time(b, HOUR)

    assert len(b.world.shop("shop").writes) == written
    assert (await b.store.read(list_stopped_pushes, MERCHANT))["shop"].zeros == 12


@pytest.mark.req("R83")
async def test_go_lets_pass_what_the_push_guard_showed_and_not_what_comes_in_the_same_minute(
    b: Bench,
) -> None:
    await accept(b.hub, MERCHANT, actor=KENDRA)
    await pass_time(b, HOUR)
    written = len(b.world.shop("shop").writes)
    lines = [(row.sku, row.location, row.on_hand) for row in await b.store.read(list_stock, MERCHANT)]
    await actions.count(b.hub, MERCHANT, [(s, at, n + 10) for s, at, n in lines], actor=KENDRA)
    await settle(b)
    assert list(await b.store.read(list_stopped_pushes, MERCHANT)) == ["shop"]

    await actions.answer_push_guard(b.hub, MERCHANT, "shop", go=True, actor=KENDRA)
    await actions.count(b.hub, MERCHANT, [(s, at, 0) for s, at, _ in lines], actor=KENDRA)
    await pass_time(b, HOUR)

    assert len(b.world.shop("shop").writes) == written
    assert (await b.store.read(list_stopped_pushes, MERCHANT))["shop"].zeros == 12


@pytest.mark.req("R83")
async def test_what_the_channel_took_and_did_not_show_is_written_again_without_asking(b: Bench) -> None:
    await accept(b.hub, MERCHANT, actor=KENDRA)
    await settle(b)
    wanted, shop = shown(b), b.world.shop("shop")
    for listing, at in [(key.listing, key.location) for key in shop.levels]:
        key = next(k for k in shop.levels if (k.listing, k.location) == (listing, at))
        shop.levels[key] += 5  # accepted, and nothing changed

    await pass_time(b, timedelta(minutes=10))

    assert shown(b) == wanted
    assert await b.store.read(list_stopped_pushes, MERCHANT) == {}


def before_buying(b: Bench, what: Callable[[], None]) -> None:
    """Have something happen at the channel after the rates were asked and before the label is bought."""
    asked: list[str] = []
    left = [what]

    async def meanwhile() -> None:
        if asked and asked[-1] == "quote" and left:
            left.pop()()

    b.world.faults = asked.append
    b.world.meanwhile = meanwhile


def moved(b: Bench) -> None:
    b.world.shop("shop").locations["loc-3pl"] = "Somebody else's"
    order = order_of(b.world, "shop", "s-1")
    works = tuple(w.model_copy(update={"location": "loc-3pl"}) for w in order.work_orders)
    change_order(b.world, "shop", order.model_copy(update={"work_orders": works}))


def held(b: Bench) -> None:
    order = order_of(b.world, "shop", "s-1")
    works = tuple(w.model_copy(update={"held_by": "other app", "open": False}) for w in order.work_orders)
    change_order(b.world, "shop", order.model_copy(update={"work_orders": works}))


def in_a_program(b: Bench) -> None:
    order = order_of(b.world, "shop", "s-1")
    change_order(b.world, "shop", order.model_copy(update={"programs": ("PRIME",)}))


def emptied(b: Bench) -> None:
    order = order_of(b.world, "shop", "s-1")
    none = {"quantity": 0, "open_quantity": 0}
    nil = order.total.model_copy(update={"minor": 0})
    shows = order.total_presentment.model_copy(update={"minor": 0})
    lines = tuple(line.model_copy(update=none) for line in order.lines)
    works = tuple(w.model_copy(update={"lines": ()}) for w in order.work_orders)
    gone = {"lines": lines, "total": nil, "total_presentment": shows, "work_orders": works}
    change_order(b.world, "shop", order.model_copy(update=gone))


def shipped(b: Bench) -> None:
    ship_elsewhere(b.world, "shop", "s-1", "OLD-TOOL-1")


@pytest.mark.parametrize("what", [moved, held, in_a_program, emptied, shipped], ids=lambda f: f.__name__)
@pytest.mark.req("R84", "R97", "R92", "R96")
async def test_what_happens_between_rates_and_label_is_seen_before_it_is_bought(
    b: Bench, what: Callable[[Bench], None]
) -> None:
    await accept(b.hub, MERCHANT, actor=KENDRA)
    await pass_time(b, HOUR)
    place(b.world, "shop", sale("S-1", "CHEF-8"))
    before_buying(b, lambda: what(b))

    await pass_time(b, HOUR)

    assert b.world.calls["post", "quote"] > 0
    assert bought(b) == []
    assert "OLD-TOOL-2" not in mailed(b)


@pytest.mark.req("R85", "R87")
async def test_labels_days_after_levels_ship_no_order_from_in_between(b: Bench) -> None:
    await accept(b.hub, MERCHANT, kinds=[Action.LEVELS, Action.MAILS], actor=KENDRA)
    place(b.world, "shop", sale("S-1", "CHEF-8"))
    await pass_time(b, 2 * HOUR)
    await accept(b.hub, MERCHANT, kinds=[Action.LABELS], actor=KENDRA)
    await pass_time(b, HOUR)

    assert bought(b) == []
    assert b.world.mails == []
    assert list((await state_of(b, "shop:s-1")).holds) == ["before_go_live"]


@pytest.mark.req("R89", "R84")
async def test_money_that_lapses_in_the_instant_of_the_label_buys_none(b: Bench) -> None:
    await accept(b.hub, MERCHANT, actor=KENDRA)
    await settle(b)
    await actions.switch(b.hub, MERCHANT, "post", [Action.LABELS], on=False, actor=KENDRA)
    cart = Cart(number="S-1", lines=(("CHEF-8", 1, 9000),), ship_to=home(), pay="later")
    place(b.world, "shop", cart)
    await settle(b)
    b.clock.move_to(b.clock.now() + AUTHORIZED_FOR)
    await accept(b.hub, MERCHANT, kinds=[Action.LABELS], actor=KENDRA)
    await settle(b)

    assert bought(b) == []
    assert list((await state_of(b, "shop:s-1")).holds) == ["authorization_lapsed"]


@pytest.mark.req("R85", "R87")
async def test_an_order_that_the_old_tool_shipped_while_labels_were_stopped_is_left_alone(b: Bench) -> None:
    await accept(b.hub, MERCHANT, actor=KENDRA)
    await actions.switch(b.hub, MERCHANT, "post", [Action.LABELS], on=False, actor=KENDRA)
    await settle(b)
    b.clock.move_to(b.clock.now() + HOUR)
    place(b.world, "shop", sale("S-1", "CHEF-8"))
    await settle(b)
    ship_elsewhere(b.world, "shop", "s-1", "OLD-1")
    b.world.notifications.clear()  # nobody told: only reading it again does

    await accept(b.hub, MERCHANT, kinds=[Action.LABELS], actor=KENDRA)
    await pass_time(b, HOUR)
    assert bought(b) == []
    assert (await state_of(b, "shop:s-1")).shipped_elsewhere


@pytest.mark.req("R97", "R82")
async def test_a_location_that_is_renamed_at_the_channel_is_written_and_shipped_from_no_more(
    b: Bench,
) -> None:
    await accept(b.hub, MERCHANT, actor=KENDRA)
    await pass_time(b, timedelta(minutes=10))
    shop = b.world.shop("shop")
    shop.locations["loc-reno"] = "Warehouse 1"
    await b.store.write(
        enqueue, MERCHANT, [NewJob(kind="listings", subject="shop", connection="shop", due_at=b.clock.now())]
    )
    await settle(b)
    written = len(shop.writes)

    place(b.world, "shop", sale("S-1", "CHEF-8"))
    await actions.count(b.hub, MERCHANT, [("BREAD-10", "reno", 2)], actor=KENDRA)
    await pass_time(b, HOUR)

    assert len(shop.writes) == written
    assert bought(b) == []
    assert list((await state_of(b, "shop:s-1")).holds) == ["not_ours"]
