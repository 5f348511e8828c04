"""An order whose money is all given back at its channel before anything shipped: closed, and its units free."""

from datetime import timedelta

import pytest

from connectors.bogus.channel import change_order, order_of
from core.domain.state import OrderState, Stage
from core.model.facts import Fact, Held
from core.model.holds import Hold
from core.model.money import Money
from core.model.notification import NotificationKind
from core.model.order import ChannelState, Order, TransactionKind
from core.model.payment import PaymentState
from core.services import actions
from core.store.orders import facts_of, list_orders
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle

pytestmark = [pytest.mark.req("R92"), pytest.mark.case("C5")]

HOUR = timedelta(hours=1)


def order(b: Bench, number: str = "KK-1", units: int = 1) -> None:
    lines = (("SKILLET-12", units, 7900),)
    place(b.world, "shop", Cart(number=number, lines=lines, ship_to=home(), email="kara@example.test"))


def give_back(b: Bench, number: str, minor: int, *, remove: bool = False) -> None:
    """Give money back in the shop's admin, which tells the gateway; with ``remove`` the units go too."""
    known = order_of(b.world, "shop", number.lower())
    paid = known.transactions[0]
    back = paid.model_copy(
        update={
            "transaction_id": f"{number}-t9",
            "kind": TransactionKind.REFUND,
            "amount": paid.amount.model_copy(update={"minor": minor}),
            "parent_id": paid.transaction_id,
        }
    )
    kept = b.world.payments[f"pay-{number}"]
    state = PaymentState.REFUNDED if minor == paid.amount.minor else PaymentState.PARTIALLY_REFUNDED
    b.world.payments[f"pay-{number}"] = kept.model_copy(update={"refunded": back.amount, "state": state})
    told = known.model_copy(update={"transactions": (*known.transactions, back)})
    change_order(b.world, "shop", _without_units(told) if remove else told)


def _without_units(known: Order) -> Order:
    none = {"quantity": 0, "open_quantity": 0}
    nothing = {"total": known.total.zero(), "total_presentment": known.total_presentment.zero()}
    lines = tuple(line.model_copy(update=none) for line in known.lines)
    return known.model_copy(update={"lines": lines, **nothing, "work_orders": ()})


async def state_of(b: Bench, number: str = "KK-1") -> OrderState:
    state = await b.store.load(MERCHANT, f"shop:{number.lower()}")
    assert state is not None
    return state


def reasons(facts: list[Fact]) -> list[str]:
    return [fact.reason for fact in facts if isinstance(fact, Held)]


@pytest.mark.req("R88", "R21")
@pytest.mark.case("C5")
async def test_a_gateway_that_tells_first_of_money_given_back_holds_nothing_where_the_shop_tells_the_same(
    b: Bench,
) -> None:
    order(b)
    await settle(b)
    give_back(b, "KK-1", 7900)
    b.world.notifications.clear()
    b.world.notify("pay", NotificationKind.PAYMENT, "pay-KK-1")

    await settle(b)

    state = await state_of(b)
    assert (state.payment and state.payment.state, state.stage) == (PaymentState.REFUNDED, Stage.CLOSED)
    assert reasons(await b.store.read(facts_of, MERCHANT, "shop:kk-1")) == []


@pytest.mark.req("R88")
@pytest.mark.case("C5")
async def test_a_gateway_that_tells_first_of_an_authorization_let_go_holds_nothing_where_the_shop_cancelled(
    b: Bench,
) -> None:
    order(b)
    known, kept = order_of(b.world, "shop", "kk-1"), b.world.payments["pay-KK-1"]
    held = known.transactions[0].model_copy(update={"kind": TransactionKind.AUTHORIZATION})
    change_order(b.world, "shop", known.model_copy(update={"transactions": (held,), "test": True}))
    await settle(b)
    told = order_of(b.world, "shop", "kk-1").model_copy(update={"state": ChannelState.CANCELLED})
    change_order(b.world, "shop", told)
    b.world.payments["pay-KK-1"] = kept.model_copy(update={"state": PaymentState.CANCELLED})
    b.world.notifications.clear()
    b.world.notify("pay", NotificationKind.PAYMENT, "pay-KK-1")

    await settle(b)

    assert (await state_of(b)).stage is Stage.CANCELLED
    assert "authorization_lapsed" not in reasons(await b.store.read(facts_of, MERCHANT, "shop:kk-1"))


@pytest.mark.req("R88")
async def test_money_that_went_back_at_the_gateway_alone_holds_after_the_shop_was_asked_once_more(
    b: Bench,
) -> None:
    order(b)
    await settle(b)
    kept = b.world.payments["pay-KK-1"]
    back = kept.amount.model_copy(update={"minor": 900})
    b.world.payments["pay-KK-1"] = kept.model_copy(
        update={"refunded": back, "state": PaymentState.PARTIALLY_REFUNDED}
    )
    b.world.notify("pay", NotificationKind.PAYMENT, "pay-KK-1")

    await settle(b)

    assert (await state_of(b)).holds == {"payment_mismatch": "the shop and the gateway do not tell the same"}


async def held(b: Bench) -> list[str]:
    found = await b.store.read(list_orders, MERCHANT, stage=Stage.ON_HOLD)
    return [row.number for row in found.items]


@pytest.mark.parametrize("remove", [False, True])
async def test_it_is_closed_its_units_are_free_and_nothing_waits_for_it(b: Bench, *, remove: bool) -> None:
    order(b)
    await settle(b)
    give_back(b, "KK-1", 7900, remove=remove)
    await pass_time(b, 3 * HOUR)

    state = await state_of(b)
    assert (state.stage, state.holds, state.allocations) == (Stage.CLOSED, {}, ())
    assert await held(b) == []
    assert "label" not in {effect.value for effect, _ in b.world.effects}


async def test_one_that_waited_for_units_takes_none_when_they_come(b: Bench) -> None:
    order(b, "KK-1", 9)
    await settle(b)
    assert Hold.BACKORDERED in (await state_of(b)).holds
    give_back(b, "KK-1", 9 * 7900)
    await settle(b)
    await actions.receive(b.hub, MERCHANT, [("SKILLET-12", "reno", 20)], actor="person:kendra")
    await pass_time(b, HOUR)

    state = await state_of(b)
    assert (state.stage, state.holds, state.allocations) == (Stage.CLOSED, {}, ())
    order(b, "KK-2", 9)
    await pass_time(b, HOUR)
    assert (await state_of(b, "KK-2")).stage is Stage.SHIPPED


async def test_a_part_given_back_closes_nothing(b: Bench) -> None:
    order(b)
    await settle(b)
    give_back(b, "KK-1", 7899)
    await pass_time(b, HOUR)

    assert (await state_of(b)).stage is Stage.SHIPPED


async def test_after_its_label_it_is_as_it_was_shipped(b: Bench) -> None:
    order(b)
    await pass_time(b, HOUR)
    give_back(b, "KK-1", 7900)
    await pass_time(b, HOUR)

    assert (await state_of(b)).stage is Stage.SHIPPED


async def test_paid_once_more_it_goes_on(b: Bench) -> None:
    order(b)
    await settle(b)
    give_back(b, "KK-1", 7900)
    await settle(b)
    assert (await state_of(b)).stage is Stage.CLOSED
    known = order_of(b.world, "shop", "kk-1")
    cash = known.transactions[0].model_copy(
        update={"transaction_id": "t10", "gateway": "cash", "reference": None}
    )
    change_order(b.world, "shop", known.model_copy(update={"transactions": (*known.transactions, cash)}))
    await pass_time(b, HOUR)

    state = await state_of(b)
    assert state.stage is Stage.SHIPPED
    assert state.payment is not None
    assert state.payment.paid == Money.parse("79.00", "USD", side=known.total_presentment.side)
