"""A message that no mail server takes is noted once, counted and shown; the order goes on to its label (R107)."""

from collections.abc import Sequence

import pytest

from connectors.bogus.client import Effect
from core.domain.state import OrderState, Stage
from core.domain.summary import summary
from core.model import facts as f
from core.model.effects import Outcome
from core.services.health import health_of
from core.services.waiting import Waiting
from core.store.orders import facts_of
from simulation.shoppers import cancel, place
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_whole_way import GRACE, KARA
from web.api.orders import view_of

ORDER = "shop:kk-1001"
NO_MAILBOX = {"kara@example.test"}


async def state_of(b: Bench) -> OrderState:
    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    return state


async def timeline(b: Bench) -> Sequence[str]:
    """Return what the order's page says of mails, line by line."""
    told = [summary(fact) for fact in await b.store.read(facts_of, MERCHANT, ORDER)]
    return [line for line in told if "mail" in line.lower() or "send" in line.lower()]


async def not_sendable(b: Bench) -> dict[str, int]:
    """Return what each connection counts as not sendable, where it is anything."""
    return {h.connection: h.not_sendable for h in await health_of(b.hub, MERCHANT) if h.not_sendable}


@pytest.mark.req("R107", "R42")
@pytest.mark.case("C17")
async def test_an_order_whose_shopper_no_mail_reaches_is_shipped_and_each_refusal_stands_once(
    b: Bench,
) -> None:
    b.world.no_mailbox = NO_MAILBOX
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    state = await state_of(b)
    assert (state.stage, state.parked, state.holds) == (Stage.SHIPPED, None, {})
    assert b.world.effects[Effect.LABEL, "KK-1001/reno-1"] == 1
    assert await timeline(b) == [
        "Not sendable: confirmation, the mail server refused it (550)",
        "Not sendable: shipping of parcel reno-1, the mail server refused it (550)",
    ]
    assert await not_sendable(b) == {"mail": 2}
    waits = Waiting(what="", do="")
    assert view_of(ORDER, state, waits).not_sendable == ("confirmation", "shipping:reno-1")
    assert (state.messages, b.world.mails) == ((), [])


@pytest.mark.req("R107")
@pytest.mark.case("C17")
async def test_what_was_refused_is_never_sent_although_the_address_is_taken_later(b: Bench) -> None:
    b.world.no_mailbox = NO_MAILBOX
    place(b.world, "shop", KARA)
    await settle(b)
    b.world.no_mailbox = set()
    await pass_time(b, 8 * GRACE)
    assert [m.kind for m in b.world.mails] == ["shipping"]
    assert (await state_of(b)).stage is Stage.SHIPPED
    assert await not_sendable(b) == {"mail": 1}


@pytest.mark.req("R107", "R46")
@pytest.mark.case("C17")
async def test_a_cancellation_that_cannot_be_mailed_frees_the_units_all_the_same(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await settle(b)
    b.world.no_mailbox = NO_MAILBOX
    cancel(b.world, "shop", "kk-1001")
    await pass_time(b, GRACE)
    state = await state_of(b)
    assert (state.stage, state.parked, state.allocations) == (Stage.CANCELLED, None, ())
    assert (state.messages, state.not_sendable) == (("confirmation",), ("cancellation",))
    assert b.world.calls["mail", "send"] == 2


@pytest.mark.req("R107")
@pytest.mark.parametrize(
    ("code", "words"), [("553", "the mail server refused it (553)"), (None, "no mail server takes it")]
)
def test_the_timeline_says_who_would_not_take_it(code: str | None, words: str) -> None:
    at = "2026-11-30T16:00:00Z"
    fact = f.NotSendable.model_validate({"at": at, "about": "confirmation", "code": code})
    settled = f.Settled.model_validate(
        {"at": at, "key": "shop:1/mail:confirmation/1", "operation": "send", "outcome": Outcome.REFUSED}
    )
    assert summary(fact) == f"Not sendable: confirmation, {words}"
    assert summary(settled) == ""
