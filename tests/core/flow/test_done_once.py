"""What a vendor did is done once, whatever it answers: refusals are looked up, time-outs are unknown, keys move on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.bogus import CONNECTOR
from connectors.bogus.channel_payments import BogusChannelPayments
from connectors.bogus.client import Effect, World
from core.domain.fold import summarize
from core.domain.state import OrderState, Stage
from core.errors import RejectedError
from core.model.effects import Outcome
from core.model.facts import Captured
from core.model.money import Money
from core.model.payment import Movement, MovementState
from core.ports import Operation
from core.services import actions
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, MONDAY_8, Bench, home
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_whole_way import GRACE

ORDER = "shop:kk-2"
KIT = Cart(
    number="KK-2", lines=(("SKILLET-12", 1, 8597),), ship_to=home(), email="kit@example.test", pay="later"
)
LABEL, CAPTURE, TOLD, MAIL = (
    "label:reno-1:shp-1",
    "capture:KK-2-t1",
    "tell:reno-1:TRK00000001",
    "mail:confirmation",
)
DID = {
    "buy": (Effect.LABEL, "KK-2/reno-1"),
    "capture": (Effect.CAPTURE, "kk-2/KK-2-t1"),
    "tell_shipped": (Effect.TOLD, "kk-2/TRK00000001"),
    "send": (Effect.MAIL, "confirmation KK-2"),
}
"""What each operation brings about."""
ASKED_OF = {"buy": "post", "capture": "shop", "tell_shipped": "shop", "send": "mail"}


async def state_of(b: Bench) -> OrderState:
    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    return state


def outcomes(state: OrderState, name: str) -> list[tuple[str, Outcome]]:
    """Return (attempt, outcome) of an effect."""
    start = f"{ORDER}/{name}/"
    return [(k.removeprefix(start), o) for k, o in sorted(state.settled.items()) if k.startswith(start)]


def refuses_what_it_did(monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    """Have the vendor do it, and answer that it was done already: an answer before this one was lost on the way."""
    honest, left = World.call, [operation]

    async def call(world: World, connection: str, called: str, act: Callable[[], object]) -> object:
        done = await honest(world, connection, called, act)
        if called in left:
            left.remove(called)
            raise RejectedError("that is done already", connection=connection, code="already_done")
        return done

    monkeypatch.setattr(World, "call", call)


@pytest.mark.req("R42")
@pytest.mark.parametrize(
    ("operation", "name"), [("buy", LABEL), ("capture", CAPTURE), ("tell_shipped", TOLD)]
)
async def test_a_refusal_of_what_was_done_already_means_that_it_is_done(
    b: Bench, monkeypatch: pytest.MonkeyPatch, operation: str, name: str
) -> None:
    refuses_what_it_did(monkeypatch, operation)
    place(b.world, "shop", KIT)
    await pass_time(b, GRACE)
    state = await state_of(b)
    assert (state.stage, state.parked, state.holds) == (Stage.SHIPPED, None, {})
    assert outcomes(state, name) == [("1", Outcome.DONE)]
    assert b.world.effects[DID[operation]] == 1
    assert [c.amount.minor for c in state.captured] == [8597]


def falls_silent(b: Bench, operation: str) -> Callable[[], Awaitable[None]]:
    """Return what happens in the middle of calls: once the operation was done, its answer takes too long, once."""
    left = [operation]

    async def meanwhile() -> None:
        if left and b.world.effects[DID[operation]]:
            left.clear()
            await asyncio.sleep(60)

    return meanwhile


@pytest.mark.req("R42")
@pytest.mark.case("C19")
@pytest.mark.parametrize(
    ("operation", "name", "outcome"),
    [
        ("buy", LABEL, Outcome.DONE),
        ("capture", CAPTURE, Outcome.DONE),
        ("tell_shipped", TOLD, Outcome.DONE),
        ("send", MAIL, Outcome.UNKNOWN),
    ],
)
async def test_a_vendor_slower_than_its_call_limit_is_looked_up_and_not_asked_again(
    b: Bench, operation: str, name: str, outcome: Outcome
) -> None:
    known = b.hub.connections(MERCHANT)
    slow = Operation(fence=CONNECTOR.operations[operation].fence, call_limit_s=0.2)
    impatient = replace(CONNECTOR, operations={**CONNECTOR.operations, operation: slow})
    asked = ASKED_OF[operation]
    b.hub.merchants[MERCHANT] = replace(known, connectors={**known.connectors, asked: impatient})
    b.world.meanwhile = falls_silent(b, operation)
    place(b.world, "shop", KIT)
    await pass_time(b, GRACE + timedelta(minutes=1))
    state = await state_of(b)
    assert outcomes(state, name) == [("1", outcome)]
    assert b.world.effects[DID[operation]] == 1
    assert b.world.calls[asked, operation] == (2 if operation == "send" else 1)  # two mails go out
    assert (state.stage, state.parked) == (Stage.SHIPPED, None)


@pytest.mark.req("R42", "R89")
async def test_a_capture_that_was_declined_and_released_is_asked_for_under_the_next_key(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes, keys = BogusChannelPayments.capture, list[str]()

    async def capture(
        self: BogusChannelPayments, order_id: str, authorization: str, amount: Money, *, key: str
    ) -> Movement:
        keys.append(key)
        if len(set(keys)) == 1:  # a vendor that knows the key gives its first answer again
            return Movement(state=MovementState.DECLINED, code="card_declined")
        return await takes(self, order_id, authorization, amount, key=key)

    monkeypatch.setattr(BogusChannelPayments, "capture", capture)
    place(b.world, "shop", KIT)
    await pass_time(b, GRACE)
    assert list((await state_of(b)).holds) == ["capture_declined"]
    await actions.release(b.hub, MERCHANT, ORDER, "capture_declined", "person:kendra")
    await settle(b)
    state = await state_of(b)
    assert keys == [f"{ORDER}/{CAPTURE}/1", f"{ORDER}/{CAPTURE}/2"]
    assert outcomes(state, CAPTURE) == [("1", Outcome.REFUSED), ("2", Outcome.DONE)]
    assert [c.amount.minor for c in state.captured] == [8597]
    assert state.stage is Stage.SHIPPED


def captured(
    minor: int, *, authorization: str = "t1", reference: str | None = "c1", seconds: int = 0
) -> Captured:
    return Captured(
        at=MONDAY_8 + timedelta(seconds=seconds),
        amount=Money(minor=minor, currency="USD"),
        reference=reference,
        authorization=authorization,
    )


@pytest.mark.req("R42", "R89")
@pytest.mark.parametrize(
    ("told", "counted"),
    [
        ([captured(8597), captured(8597, seconds=20)], [8597]),
        ([captured(8597), captured(8597), captured(8597)], [8597]),
        ([captured(5000), captured(3597, reference="c2"), captured(5000)], [5000, 3597]),
        ([captured(5000), captured(3597, authorization="t2")], [5000, 3597]),
        ([captured(5000, reference=None), captured(5000, reference=None)], [5000]),
    ],
    ids=["by two hands", "by three", "two captures", "of two authorizations", "without a reference"],
)
def test_a_capture_that_two_hands_tell_of_counts_once(told: list[Captured], counted: list[int]) -> None:
    assert [c.amount.minor for c in summarize(told).captured] == counted
