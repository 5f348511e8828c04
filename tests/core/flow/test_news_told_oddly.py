"""What a channel tells with odd instants, or while the answer to us is lost: it is learnt all the same, and once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from connectors.bogus.channel import BogusChannel, change_order, order_of
from connectors.bogus.client import Effect, Fault
from core.domain.state import OrderState, Stage
from core.jobs.poll import poll_from
from core.model.holds import Hold
from core.model.order import OrderPage, TransactionKind
from core.model.part import NEVER
from core.model.payment import PaymentState
from core.services import actions
from core.store.jobs import NewJob, enqueue
from core.store.orders import facts_of
from simulation.shoppers import Cart, cancel, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_whole_way import GRACE, KARA, KIM
from tests.core.flow.test_withdrawn import OUR_NUMBER, withdraw

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
FAR = datetime(2093, 1, 1, tzinfo=UTC)


def order(b: Bench, number: str) -> None:
    """Place an order of which no notification tells."""
    place(b.world, "shop", Cart(number=number, lines=(("CHEF-8", 1, 8900),), ship_to=home()))
    b.world.notifications.clear()


async def known(b: Bench, order_id: str) -> OrderState:
    state = await b.store.load(MERCHANT, order_id)
    assert state is not None
    return state


@pytest.fixture
async def listed_at(b: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, datetime], None]:
    """Poll a channel whose list gives other instants than it should."""
    odd, really = dict[str, datetime](), BogusChannel.changed_orders

    async def listed(channel: BogusChannel, since: datetime, page: str | None) -> OrderPage:
        found = await really(channel, since, page)
        return found.model_copy(update={"orders": tuple((i, odd.get(i, at)) for i, at in found.orders)})

    monkeypatch.setattr(BogusChannel, "changed_orders", listed)
    now = b.clock.now()
    poll = NewJob(kind="poll", subject="shop", connection="shop", due_at=now, data=poll_from(now - HOUR))
    await b.store.write(enqueue, MERCHANT, [poll])
    return odd.__setitem__


@pytest.mark.req("R70", "R105")
async def test_an_instant_that_has_not_come_yet_hides_nothing_that_changes_until_then(
    b: Bench, listed_at: Callable[[str, datetime], None]
) -> None:
    listed_at("kk-1", FAR)
    order(b, "KK-1")
    await pass_time(b, 20 * MINUTE)
    order(b, "KK-2")
    await pass_time(b, 20 * MINUTE)

    assert [(await known(b, f"shop:kk-{n}")).stage for n in (1, 2)] == [Stage.SHIPPED, Stage.SHIPPED]


@pytest.mark.req("R70", "R105")
@pytest.mark.case("C1")
async def test_an_order_whose_instants_cannot_be_read_is_read_at_every_poll_and_told_once(
    b: Bench, listed_at: Callable[[str, datetime], None]
) -> None:
    listed_at("kk-1", NEVER)
    b.world.shop("shop").unreadable["kk-1"] = "updatedAt"
    order(b, "KK-1")
    await pass_time(b, 20 * MINUTE)
    told = [f.kind for f in await b.store.read(facts_of, MERCHANT, "shop:kk-1")]
    assert told == ["received", "units_committed", "held"]

    cancel(b.world, "shop", "kk-1")
    b.world.notifications.clear()
    await pass_time(b, 6 * MINUTE)

    state = await known(b, "shop:kk-1")
    assert (state.stage, state.allocations) == (Stage.CANCELLED, ())


@pytest.mark.req("R70", "R105")
@pytest.mark.parametrize("stale", [1, 3])
async def test_a_change_that_a_replica_did_not_know_yet_when_it_was_fetched_is_listed_until_it_does(
    b: Bench, listed_at: Callable[[str, datetime], None], stale: int
) -> None:
    place(b.world, "shop", Cart(number="KK-1", lines=(("CHEF-8", 99, 8900),), ship_to=home()))
    await settle(b)
    assert list((await known(b, "shop:kk-1")).holds) == [Hold.BACKORDERED]
    b.clock.move_to(b.clock.now() + 30 * SECOND)
    cancel(b.world, "shop", "kk-1")
    b.world.notifications.clear()
    b.clock.move_to(b.clock.now() + 4 * MINUTE)
    order(b, "KK-2")  # the newest that the poll sees is more than its overlap after the cancellation
    behind = ["fetch_order"] * 2 * stale  # of both orders

    def stale_at_first(called: str) -> Fault | None:
        if called not in behind:
            return None
        behind.remove(called)
        return Fault.STALE

    b.world.faults = stale_at_first

    await pass_time(b, MINUTE)
    assert list((await known(b, "shop:kk-1")).holds) == [Hold.BACKORDERED]
    await pass_time(b, stale * 5 * MINUTE)

    assert (await known(b, "shop:kk-1")).stage is Stage.CANCELLED
    assert [(await known(b, "shop:kk-2")).parked, behind] == [None, []]


@pytest.mark.req("R115", "R47")
@pytest.mark.case("C15")
@pytest.mark.parametrize("noticed", [True, False])
async def test_a_parcel_withdrawn_before_we_heard_that_it_was_told_is_held_and_not_mailed(
    b: Bench, noticed: bool
) -> None:
    lost = [Fault.REPLY_LOST]
    b.world.faults = lambda called: lost.pop() if called == "tell_shipped" and lost else None
    place(b.world, "shop", KARA)
    b.clock.move_to(b.clock.now() + GRACE)
    await settle(b)
    b.clock.move_to(b.clock.now() + SECOND)
    withdraw(b, "kk-1001", OUR_NUMBER)
    if not noticed:
        b.world.notifications.clear()
    await pass_time(b, HOUR)

    state = await known(b, "shop:kk-1001")
    assert (list(state.holds), state.parked, state.open) == ([Hold.WITHDRAWN], None, ())
    assert b.world.effects[Effect.TOLD, f"kk-1001/{OUR_NUMBER}"] == 1
    assert [m.kind for m in b.world.mails] == ["confirmation"]

    lost.append(Fault.REPLY_LOST)
    await actions.release(b.hub, MERCHANT, "shop:kk-1001", "withdrawn", "person:kendra")
    await pass_time(b, HOUR)

    assert ((await known(b, "shop:kk-1001")).stage, lost) == (Stage.SHIPPED, [])
    assert b.world.effects[Effect.TOLD, f"kk-1001/{OUR_NUMBER}"] == 2
    assert [m.kind for m in b.world.mails] == ["confirmation", "shipping"]


@pytest.mark.req("R115")
@pytest.mark.case("C3")
async def test_an_authorization_let_go_shortly_before_its_order_is_cancelled_did_not_lapse(b: Bench) -> None:
    place(b.world, "shop", KIM)
    await settle(b)
    told = order_of(b.world, "shop", "kk-1002")
    [paid] = told.transactions
    changes = {"transaction_id": "v1", "kind": TransactionKind.VOID, "parent_id": paid.transaction_id}
    b.clock.move_to(b.clock.now() + MINUTE)
    void = paid.model_copy(update={**changes, "expires_at": None})
    change_order(b.world, "shop", told.model_copy(update={"transactions": (paid, void)}))
    await settle(b)
    assert list((await known(b, "shop:kk-1002")).holds) == [Hold.AUTHORIZATION_LAPSED]

    b.clock.move_to(b.clock.now() + MINUTE)
    cancel(b.world, "shop", "kk-1002")
    await settle(b)

    state = await known(b, "shop:kk-1002")
    assert state.payment is not None
    assert (state.stage, state.payment.state) == (Stage.CANCELLED, PaymentState.CANCELLED)


@pytest.mark.req("R105", "R42")
@pytest.mark.case("C1")
@pytest.mark.parametrize(
    ("operation", "effect"),
    [
        ("capture", (Effect.CAPTURE, "kk-1002/KK-1002-t1")),
        ("tell_shipped", (Effect.TOLD, "kk-1002/TRK00000001")),
    ],
)
async def test_an_order_read_in_part_never_says_that_something_was_not_done(
    b: Bench, operation: str, effect: tuple[Effect, str]
) -> None:
    """The answer was lost, and the order cannot be read whole when it is looked up: it waits, and is done once."""
    lost = [Fault.REPLY_LOST]
    b.world.faults = lambda called: lost.pop() if called == operation and lost else None
    place(b.world, "shop", KIM)
    b.clock.move_to(b.clock.now() + GRACE)
    await settle(b)
    b.world.shop("shop").unreadable["kk-1002"] = "name"
    b.clock.move_to(b.clock.now() + SECOND)
    change_order(b.world, "shop", order_of(b.world, "shop", "kk-1002"))
    await pass_time(b, HOUR)

    state = await known(b, "shop:kk-1002")
    assert [intent.operation for intent in state.open] == [operation]
    assert state.parked is not None
    assert (state.parked.step, state.parked.message) == ("look_up", "name: expected text, found a number")

    b.world.shop("shop").unreadable.clear()
    await actions.retry(b.hub, MERCHANT, "shop:kk-1002", "person:kendra")
    await pass_time(b, HOUR)

    state = await known(b, "shop:kk-1002")
    assert (state.stage, state.holds, state.parked, len(state.captured)) == (Stage.SHIPPED, {}, None, 1)
    assert b.world.effects[effect] == 1
