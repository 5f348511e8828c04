"""A fresh connection reads; what would change is written down, accepted, and taken back."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from core.domain.state import OrderState, Stage
from core.errors import NotFoundError, RefusedError
from core.model.actions import Action
from core.services import actions
from core.services.golive import adopt, opening
from core.services.golive.accept import accept, acceptances, undo, undo_text
from core.services.golive.document import differences
from core.store.push_guard import list_stopped_pushes
from core.store.stock import receive_stock
from core.store.switches import accepted_actions
from simulation.memory import store_in_memory
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle
from tests.core.golive.kendra import COUNTED, morning, shown, written
from tests.stored import effects_of, list_stock

KENDRA = "person:kendra"
DIFFER = {
    ("shop", "CHEF-8", "loc-reno"): 13,
    ("shop", "BOARD-WAL", "loc-reno"): 6,
    ("shop", "BREAD-10", "loc-reno"): 8,
    ("shop", "UTIL-5", "loc-reno"): 8,
    ("shop", "PARE-3", "loc-reno"): 11,
    ("shop", "SKILLET-12", "loc-reno"): 2,
    ("shop", "SKILLET-12", "loc-easton"): 1,
    ("shop", "SOCKS-CHEF", "loc-reno"): 18,
    ("shop", "TONGS-9", "loc-reno"): 4,
    ("shop", "DUTCH-6", "loc-easton"): 3,
    ("shop", "SET-KNIFE-BOARD", "loc-reno"): 6,
    ("shop", "SET-KNIVES-4", "loc-reno"): 8,
    ("amz", "KK-CHEF8-FBM", ""): 12,
    ("amz", "KK-BOARD-FBM", ""): 5,
    ("amz", "KK-SKILLET-FBM", ""): 3,
    ("amz", "KK-SOCKS-2PK", ""): 8,
    ("amz", "KK-SET-KB", ""): 5,
}


@pytest.fixture
async def b() -> AsyncIterator[Bench]:
    store = await store_in_memory()
    yield await morning(store)
    await store.close()


async def state_of(b: Bench, order_id: str) -> OrderState:
    state = await b.store.load(MERCHANT, order_id)
    assert state is not None
    return state


async def counted(b: Bench) -> None:
    await opening.load(b.hub, MERCHANT, COUNTED, actor=KENDRA)
    await settle(b)


@pytest.mark.req("R21", "R82")
async def test_the_golden_morning_is_written_down_and_nothing_is_written_to_anybody(b: Bench) -> None:
    await counted(b)

    shown_now = await differences(b.hub, MERCHANT)

    assert shown_now.listings == {
        "differ": 17,
        "equal": 0,
        "unlinked": 1,
        "read_only": 1,
        "not_counted": 0,
        "no_location": 0,
        "unread": 0,
    }
    assert shown_now.of_which == {"by_buffer_only": 16, "by_count": 1}
    assert shown_now.open_orders == ("KK-1000",)
    assert shown_now.orders == {"before_go_live": 1}
    assert shown_now.mails == {"confirmation": 0, "shipping": 0, "cancellation": 0}
    assert shown_now.money.authorizations == 0
    assert shown_now.writes_so_far == 0
    assert shown_now.accepted == ()
    [chef] = [r for r in shown_now.rows if (r.connection, r.listing) == ("shop", "CHEF-8")]
    assert (chef.location, chef.shows, chef.wanted, chef.by) == ("reno", 15, 13, "count")
    assert chef.because == "14 without buffers, and it shows 15"
    [tongs] = [r for r in shown_now.rows if r.listing == "KK-TONGS-NEW"]
    assert (tongs.shows, tongs.wanted, tongs.state) == (6, None, "unlinked")
    assert {
        (r.connection, r.listing, r.at): r.wanted for r in shown_now.rows if r.state == "differ"
    } == DIFFER
    await pass_time(b, timedelta(hours=3))
    assert written(b) == {}
    assert await b.store.read(effects_of, MERCHANT) == []


@pytest.mark.req("R21", "R82", "R83")
async def test_accepting_writes_the_seventeen_once_and_keeps_what_was_shown(b: Bench) -> None:
    await counted(b)
    seen = await differences(b.hub, MERCHANT)

    accepted = await accept(b.hub, MERCHANT, document=seen.id, actor=KENDRA)
    await pass_time(b, timedelta(minutes=5))

    assert written(b) == DIFFER
    assert len(b.world.shop("shop").writes) + len(b.world.shop("amz").writes) == 17
    assert await b.store.read(list_stopped_pushes, MERCHANT) == {}
    assert (accepted.id, accepted.actor, accepted.shown) == (seen.id, KENDRA, seen)
    assert [a.id for a in await acceptances(b.hub, MERCHANT)] == [seen.id]
    after = await differences(b.hub, MERCHANT)
    assert (after.listings["differ"], after.listings["equal"]) == (0, 17)
    assert after.open_orders == ("KK-1000",)
    with pytest.raises(RefusedError, match="accepted before"):
        await accept(b.hub, MERCHANT, document=seen.id, actor=KENDRA)
    with pytest.raises(NotFoundError, match="no differences"):
        await accept(b.hub, MERCHANT, document="nothing", actor=KENDRA)


@pytest.mark.req("R21")
async def test_taking_back_shows_every_former_number_again_and_stops_levels(b: Bench) -> None:
    await counted(b)
    before = shown(b)
    accepted = await accept(b.hub, MERCHANT, kinds=[Action.LEVELS], actor=KENDRA)
    await pass_time(b, timedelta(minutes=5))
    assert shown(b) != before

    undone = await undo(b.hub, MERCHANT, accepted.id, actor=KENDRA)
    await pass_time(b, timedelta(minutes=5))

    assert shown(b) == before
    assert await b.store.read(accepted_actions, MERCHANT) == {("shop", "live"), ("amz", "live")}
    assert undone.undone_at is not None
    lines = "".join([page async for page in undo_text(b.hub, MERCHANT, accepted.id)]).splitlines()
    assert lines[0] == "connection,listing,location,shows,wanted"
    assert "shop,CHEF-8,reno,15,13" in lines
    assert len(lines) == 18
    with pytest.raises(RefusedError, match="before"):
        await undo(b.hub, MERCHANT, accepted.id, actor=KENDRA)
    # A sale after it is the channel's own business: nothing is put back a second time.
    place(b.world, "shop", Cart(number="KK-2", lines=(("CHEF-8", 1, 100),), ship_to=home(), pay="now"))
    await pass_time(b, timedelta(hours=2))
    assert shown(b)["shop", "CHEF-8", "loc-reno"] == 14


@pytest.mark.req("R82")
async def test_what_was_never_counted_or_linked_is_never_written_even_when_accepted(b: Bench) -> None:
    await b.store.write(receive_stock, MERCHANT, [("TONGS-9", "reno", 5)], actor=KENDRA, now=b.clock.now())
    await opening.load(b.hub, MERCHANT, "sku,location,units\nDUTCH-6,easton,4\n", actor=KENDRA)

    await accept(b.hub, MERCHANT, actor=KENDRA)
    await pass_time(b, timedelta(hours=1))

    assert written(b) == {("shop", "DUTCH-6", "loc-easton"): 3}
    rows = (await differences(b.hub, MERCHANT)).rows
    assert {r.listing: r.state for r in rows if r.listing in {"TONGS-9", "KK-TONGS-NEW", "KK-SOCKS-FBA"}} == {
        "TONGS-9": "not_counted",
        "KK-TONGS-NEW": "unlinked",
        "KK-SOCKS-FBA": "read_only",
    }


@pytest.mark.req("R85")
async def test_orders_from_before_are_committed_listed_and_released_in_bulk_without_a_mail(b: Bench) -> None:
    await counted(b)
    await accept(b.hub, MERCHANT, actor=KENDRA)
    b.clock.instant += timedelta(minutes=1)
    place(b.world, "shop", Cart(number="KK-2", lines=(("CHEF-8", 1, 100),), ship_to=home(), email="k@x.test"))
    await pass_time(b, timedelta(hours=1))
    [kwame] = [row for row in await b.store.read(list_stock, MERCHANT) if row.sku == "UTIL-5"]
    assert (kwame.on_hand, kwame.committed) == (10, 1)
    assert list((await state_of(b, "shop:kk-1000")).holds) == ["before_go_live"]
    assert (await state_of(b, "shop:kk-2")).stage is Stage.SHIPPED

    with pytest.raises(RefusedError, match="nothing was released"):
        await actions.release_all(b.hub, MERCHANT, "before_go_live", ["KK-1000", "KK-2"], KENDRA)
    assert list((await state_of(b, "shop:kk-1000")).holds) == ["before_go_live"]
    assert await actions.release_all(b.hub, MERCHANT, "before_go_live", "all", KENDRA) == ["shop:kk-1000"]
    await pass_time(b, timedelta(hours=1))

    assert (await state_of(b, "shop:kk-1000")).stage is Stage.SHIPPED
    assert b.world.mails
    assert not [mail for mail in b.world.mails if "KK-1000" in str(mail)]


@pytest.mark.req("R85")
async def test_the_first_acceptance_counts_through_off_and_on(b: Bench) -> None:
    await counted(b)
    await accept(b.hub, MERCHANT, actor=KENDRA)
    await actions.switch(b.hub, MERCHANT, "post", [Action.LABELS], on=False, actor=KENDRA)
    b.clock.instant += timedelta(minutes=10)
    place(b.world, "shop", Cart(number="KK-2", lines=(("CHEF-8", 1, 100),), ship_to=home(), email="k@x.test"))
    await pass_time(b, timedelta(hours=1))

    state = await state_of(b, "shop:kk-2")
    assert (state.before_go_live, state.stage) == (False, Stage.READY)
    await actions.switch(b.hub, MERCHANT, "post", [Action.LABELS], on=True, actor=KENDRA)
    await settle(b)
    assert (await state_of(b, "shop:kk-2")).stage is Stage.SHIPPED


@pytest.mark.req("R82", "R32")
async def test_a_channel_s_numbers_are_taken_over_with_what_its_open_orders_took(b: Bench) -> None:
    seen = await adopt.preview(b.hub, MERCHANT, "shop")
    assert await b.store.read(list_stock, MERCHANT) == []

    await adopt.adopt(b.hub, MERCHANT, "shop", actor=KENDRA)
    await settle(b)

    assert {(c.sku, c.location): c.units for c in seen.lines} == {
        ("CHEF-8", "reno"): 15,
        ("BOARD-WAL", "reno"): 7,
        ("BREAD-10", "reno"): 9,
        ("UTIL-5", "reno"): 10,  # 9 shown, 1 in Kwame's open order
        ("PARE-3", "reno"): 12,
        ("SKILLET-12", "reno"): 3,
        ("SKILLET-12", "easton"): 2,
        ("SOCKS-CHEF", "reno"): 20,
        ("TONGS-9", "reno"): 5,
        ("DUTCH-6", "easton"): 4,
    }
    assert len([why for why in seen.passed_over if "a kit or a multipack" in why]) == 2
    [util] = [row for row in await b.store.read(list_stock, MERCHANT) if row.sku == "UTIL-5"]
    assert (util.on_hand, util.committed, util.available) == (10, 1, 9)
    with pytest.raises(RefusedError, match="counted before"):
        await adopt.adopt(b.hub, MERCHANT, "amz", "reno", actor=KENDRA)
    with pytest.raises(RefusedError, match="say where it lies"):
        await adopt.preview(b.hub, MERCHANT, "amz")
