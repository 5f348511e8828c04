"""Is the order paid? By the authority of each transaction, in the currency the shopper paid in."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.bogus.client import World
from core.clock import SteppedClock
from core.domain.payment import asked_of_gateways, authority_of, check, digest_of, to_capture
from core.model.money import Money, Side
from core.model.order import ChannelState, Order, RiskLevel, Transaction, TransactionKind, TransactionState
from core.model.payment import GatewayPayment, PaymentState
from simulation.shoppers import Cart, place
from tests.builders import home

NOW = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
STRIPE = {"stripe": "pay", "*": "channel"}


def usd(minor: int, currency: str = "USD") -> Money:
    return Money(minor=minor, currency=currency, side=Side.PRESENTMENT)


def paid(
    kind: str,
    minor: int,
    *,
    number: int = 1,
    gateway: str = "stripe",
    parent: str | None = None,
    state: str = "succeeded",
    currency: str = "USD",
    expires_at: datetime | None = None,
) -> Transaction:
    return Transaction(
        transaction_id=f"t{number}",
        kind=TransactionKind(kind),
        state=TransactionState(state),
        gateway=gateway,
        amount=usd(minor, currency),
        parent_id=parent,
        reference=f"pi_{number}" if gateway == "stripe" else None,
        expires_at=expires_at,
    )


def order(total: int, *transactions: Transaction, marketplace: bool = False) -> Order:
    world = World(clock=SteppedClock(NOW))
    place(world, "shop", Cart(number="KK-1", lines=(("CHEF-8", 1, total),), ship_to=home()))
    made = world.shop("shop").orders["kk-1"].order
    return made.model_copy(update={"transactions": transactions, "paid_via_channel": marketplace})


def at_gateway(
    minor: int,
    *,
    number: int = 1,
    state: PaymentState = PaymentState.VERIFIED,
    refunded: int = 0,
    live: bool = True,
    capture_before: datetime | None = None,
    risk: RiskLevel = RiskLevel.LOW,
    score: int | None = None,
) -> dict[str, GatewayPayment | None]:
    held = capture_before is not None
    found = GatewayPayment(
        reference=f"pi_{number}",
        state=state,
        amount=usd(minor),
        captured=usd(0 if held else minor),
        refunded=usd(refunded),
        capture_before=capture_before,
        live=live,
        risk=risk,
        risk_score=score,
    )
    return {found.reference: found}


@pytest.mark.req("R88", "R43")
def test_shop_and_gateway_agree_on_the_whole_total() -> None:
    found = check(order(11610, paid("sale", 11610)), STRIPE, at_gateway(11610, score=11), NOW)
    assert (found.state, found.paid, found.difference) == (PaymentState.VERIFIED, usd(11610), None)
    assert [(v.authority, v.captured) for v in found.verdicts] == [("pay", usd(11610))]
    assert found.risk_score == 11


@pytest.mark.req("R92")
def test_kaito_is_short_by_exactly_what_was_added_and_verified_once_it_is_paid() -> None:
    short = check(order(11140, paid("sale", 10588)), STRIPE, at_gateway(10588), NOW)
    assert (short.state, short.difference) == (PaymentState.SHORT, usd(-552))
    both = order(11140, paid("sale", 10588), paid("sale", 552, number=2))
    found = check(both, STRIPE, {**at_gateway(10588), **at_gateway(552, number=2)}, NOW)
    assert (found.state, found.paid) == (PaymentState.VERIFIED, usd(11140))


@pytest.mark.req("R88", "R43")
def test_a_gift_card_is_the_channels_word_and_only_stripes_part_is_asked_of_stripe() -> None:
    both = order(6693, paid("sale", 5000, gateway="gift_card"), paid("sale", 1693, number=2))
    assert asked_of_gateways(both, STRIPE) == (("pay", "pi_2"),)
    found = check(both, STRIPE, at_gateway(1693, number=2), NOW)
    assert found.state is PaymentState.VERIFIED
    assert [v.authority for v in found.verdicts] == ["channel", "pay"]


@pytest.mark.req("R88")
@pytest.mark.parametrize(
    "seen",
    [
        {"pi_1": None},
        at_gateway(11000),
        at_gateway(11610, refunded=610),
        at_gateway(11610, live=False),
    ],
)
def test_where_shop_and_gateway_differ_it_is_a_mismatch(seen: dict[str, GatewayPayment | None]) -> None:
    assert check(order(11610, paid("sale", 11610)), STRIPE, seen, NOW).state is PaymentState.MISMATCH


@pytest.mark.req("R88", "R23")
@pytest.mark.parametrize(("told", "kept"), [("USD", "EUR"), ("EUR", "USD"), ("USD", "CAD"), ("KWD", "BHD")])
def test_a_gateway_that_keeps_the_same_number_in_another_currency_contradicts_the_shop(
    told: str, kept: str
) -> None:
    said = at_gateway(10000)["pi_1"]
    assert said is not None
    other = {part: usd(getattr(said, part).minor, kept) for part in ("amount", "captured", "refunded")}
    shop = order(10000, paid("sale", 10000, currency=told)).model_copy(
        update={"total_presentment": usd(10000, told)}
    )
    found = check(shop, STRIPE, {"pi_1": said.model_copy(update=other)}, NOW)
    assert (found.state, found.paid) == (PaymentState.MISMATCH, usd(0, told))


@pytest.mark.req("R23")
def test_money_in_another_currency_pays_nothing_of_the_total() -> None:
    found = check(order(5000, paid("sale", 5000, currency="EUR", gateway="other")), STRIPE, {}, NOW)
    assert (found.state, found.paid) == (PaymentState.MISMATCH, usd(5000, "EUR"))


@pytest.mark.req("R40")
def test_an_authorization_counts_until_it_lapses_and_is_checked_again_then() -> None:
    ends = NOW + timedelta(days=7)
    held = order(9291, paid("authorization", 9291, expires_at=ends))
    seen = at_gateway(9291, capture_before=ends)
    found = check(held, STRIPE, seen, NOW)
    assert (found.state, found.again_at) == (PaymentState.VERIFIED, ends)
    lapsed = check(held, STRIPE, seen, ends)
    assert (lapsed.state, lapsed.again_at) == (PaymentState.LAPSED, None)
    cancelled = check(held, STRIPE, at_gateway(9291, state=PaymentState.CANCELLED, capture_before=ends), NOW)
    assert cancelled.state is PaymentState.LAPSED


@pytest.mark.req("R72")
def test_what_the_marketplace_was_paid_asks_nobody_and_waits_while_pending() -> None:
    amazon = order(3869, marketplace=True)
    assert asked_of_gateways(amazon, "channel") == ()
    assert check(amazon, "channel", {}, NOW).state is PaymentState.VERIFIED
    pending = amazon.model_copy(update={"state": ChannelState.PENDING})
    assert check(pending, "channel", {}, NOW).state is PaymentState.PENDING
    assert digest_of(pending) != digest_of(amazon)


@pytest.mark.req("R88")
def test_nothing_to_pay_is_paid_and_a_failed_try_is_no_payment() -> None:
    assert check(order(0), STRIPE, {}, NOW).state is PaymentState.VERIFIED
    assert check(order(500), STRIPE, {}, NOW).state is PaymentState.PENDING
    assert check(order(500, paid("sale", 500, state="failed")), STRIPE, {}, NOW).verdicts == ()


def test_what_was_paid_and_went_back_is_refunded() -> None:
    back = order(500, paid("sale", 500), paid("refund", 500, number=2, parent="t1"))
    seen = at_gateway(500, refunded=500, state=PaymentState.REFUNDED)
    assert check(back, STRIPE, seen, NOW).state is PaymentState.REFUNDED


@pytest.mark.req("R44", "R104")
def test_the_worst_judgment_of_channel_and_gateway_counts() -> None:
    made = order(62164, paid("sale", 62164))
    found = check(made, STRIPE, at_gateway(62164, risk=RiskLevel.HIGH, score=82), NOW)
    assert (found.risk, found.risk_score) == (RiskLevel.HIGH, 82)


@pytest.mark.req("R41", "R89")
def test_the_present_total_is_captured_never_more_and_never_twice() -> None:
    held = paid("authorization", 9291)
    assert to_capture(order(9291, held)) == (("t1", usd(9291)),)
    assert to_capture(order(8000, held)) == (("t1", usd(8000)),)
    assert to_capture(order(9291, held, paid("capture", 9291, number=2, parent="t1"))) == ()
    assert to_capture(order(9291, held, paid("void", 9291, number=2, parent="t1"))) == ()
    assert to_capture(order(9291, paid("sale", 5000, gateway="gift_card", number=3), held)) == (
        ("t1", usd(4291)),
    )


@pytest.mark.req("R41", "R89")
def test_of_two_authorizations_the_second_is_taken_for_the_rest_alone() -> None:
    first, second = paid("authorization", 6000), paid("authorization", 6000, number=2)
    assert to_capture(order(9291, first, second)) == (("t1", usd(6000)), ("t2", usd(3291)))
    assert to_capture(order(6000, first, second)) == (("t1", usd(6000)),)
    assert to_capture(order(0, first, second)) == ()


@pytest.mark.req("R88")
@pytest.mark.parametrize("payments", ["channel", "hold", "pay"])
def test_one_word_for_all_gateways_is_the_authority_of_each(payments: str) -> None:
    assert authority_of("stripe", payments) == payments
    assert authority_of("anything", payments) == payments


@pytest.mark.req("R88")
def test_a_gateway_is_looked_up_by_its_name_then_by_the_star_then_at_the_channel() -> None:
    assert authority_of("stripe", STRIPE) == "pay"
    assert authority_of("manual", STRIPE) == "channel"
    assert authority_of("manual", {"stripe": "pay", "*": "hold"}) == "hold"
    assert authority_of("manual", {"stripe": "pay"}) == "channel"
