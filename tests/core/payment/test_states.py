"""Every payment state of the closed list, what brings an order into it, and what then holds it."""

from datetime import timedelta

import pytest

from core.domain.fold import fold
from core.domain.holds import Context, causes
from core.domain.payment import check
from core.domain.state import OrderState, Stage, money_is_in_order
from core.model.facts import Received
from core.model.order import ChannelState, Order, RiskLevel
from core.model.payment import GatewayPayment, PaymentState
from tests.core.payment.test_verify import NOW, STRIPE, at_gateway, order, paid, usd

ENDS = NOW + timedelta(days=7)
AUTHORIZED = paid("authorization", 9291, expires_at=ENDS)
CARD, CASH = paid("sale", 5000, number=2), paid("sale", 5000, gateway="manual", number=3)
BACK = paid("refund", 1000, number=4, parent="t2")
ALL_BACK = paid("refund", 5000, number=4, parent="t2")
SETTING = Context(
    home_countries=frozenset({"US"}), tariff_code=lambda _: "8211.92", places={}, no_label="", now=NOW
)
GatewayPayments = dict[str, GatewayPayment | None]


def judged(made: Order, seen: GatewayPayments, payments: dict[str, str], *, later: timedelta) -> OrderState:
    state = fold(OrderState(), Received(at=NOW, order=made, needs=()))
    return fold(state, check(made, payments, seen, NOW + later))


@pytest.mark.req("R88", "R92", "R40", "R43", "R23")
@pytest.mark.parametrize(
    ("made", "seen", "payments", "state", "holds"),
    [
        (order(5000, CARD), at_gateway(5000, number=2), {}, "verified", {}),
        (order(0), {}, {}, "verified", {}),
        (order(9291, AUTHORIZED), at_gateway(9291, capture_before=ENDS), {}, "verified", {}),
        (order(9291, paid("authorization", 9291, gateway="other")), {}, {}, "verified", {}),
        (order(10000, CARD, paid("sale", 5000, gateway="gift_card", number=3)), at_gateway(5000, number=2), {},
         "verified", {}),
        (order(5000, paid("sale", 5000, gateway="shopify_payments")), {}, {}, "verified", {}),
        (order(5000, paid("sale", 5000, gateway="nobody_knows_it")), {}, {}, "verified", {}),
        (order(4000, CARD, BACK), at_gateway(5000, number=2, refunded=1000, state=PaymentState.PARTIALLY_REFUNDED),
         {}, "partially_refunded", {}),
        (order(3500, CARD, BACK), at_gateway(5000, number=2, refunded=1000, state=PaymentState.PARTIALLY_REFUNDED),
         {}, "partially_refunded", {}),
        (order(5552, CARD), at_gateway(5000, number=2), {}, "short", {"payment_short": "5.52 USD short"}),
        (order(9999, AUTHORIZED), at_gateway(9291, capture_before=ENDS), {}, "short",
         {"payment_short": "7.08 USD short"}),
        (order(5000, CARD), {"pi_2": None}, {}, "mismatch",
         {"payment_mismatch": "the shop and the gateway do not tell the same"}),
        (order(5000, CARD), at_gateway(4999, number=2), {}, "mismatch",
         {"payment_mismatch": "the shop and the gateway do not tell the same"}),
        (order(5000, paid("sale", 5000, gateway="other", currency="EUR")), {}, {}, "mismatch",
         {"payment_currency": "paid in EUR, owed in USD"}),
        (order(9291, AUTHORIZED), at_gateway(9291, state=PaymentState.LAPSED, capture_before=ENDS), {}, "lapsed",
         {"authorization_lapsed": "nothing can be captured any more"}),
        (order(9291, AUTHORIZED), at_gateway(9291, state=PaymentState.CANCELLED, capture_before=ENDS), {}, "lapsed",
         {"authorization_lapsed": "nothing can be captured any more"}),
        (order(9291, AUTHORIZED, paid("void", 9291, number=5, parent="t1")), {}, {}, "lapsed",
         {"authorization_lapsed": "nothing can be captured any more"}),
        (order(5000), {}, {}, "pending", {"payment_short": "50.00 USD is not paid yet"}),
        (order(5000, paid("sale", 5000, gateway="manual", state="pending")), {}, {}, "pending",
         {"payment_short": "50.00 USD is not paid yet"}),
        (order(10000, CARD, paid("sale", 5000, gateway="manual", state="pending", number=3)),
         at_gateway(5000, number=2), {}, "pending", {"payment_short": "50.00 USD is not paid yet"}),
        (order(5000, CASH), {}, {}, "verified", {}),
        (order(5000, CASH), {}, {"manual": "hold"}, "pending",
         {"payment_short": "50.00 USD through manual waits for a person's word"}),
        (order(5000, CARD), at_gateway(5000, number=2, state=PaymentState.PENDING), {}, "pending",
         {"payment_short": "50.00 USD is not paid yet"}),
        (order(5000, CARD, BACK), at_gateway(5000, number=2, refunded=1000, state=PaymentState.PARTIALLY_REFUNDED),
         {}, "partially_refunded", {}),
        (order(6000, CARD, BACK), at_gateway(5000, number=2, refunded=1000, state=PaymentState.PARTIALLY_REFUNDED),
         {}, "short", {"payment_short": "20.00 USD short"}),
        (order(10000, CARD, ALL_BACK, paid("sale", 5000, gateway="manual", state="pending", number=6)),
         at_gateway(5000, number=2, refunded=5000, state=PaymentState.REFUNDED), {},
         "refunded", {"payment_short": "50.00 USD was given back"}),
    ],
)  # fmt: skip
def test_a_payment_is_in_one_state_and_held_by_its_cause(
    made: Order, seen: GatewayPayments, payments: dict[str, str], state: str, holds: dict[str, str]
) -> None:
    found = judged(made, seen, {**STRIPE, **payments}, later=timedelta(0))
    assert found.payment is not None
    assert found.payment.state == state
    money = {"payment_short", "payment_mismatch", "payment_currency", "authorization_lapsed"}
    assert {r: d for r, d in causes(found, SETTING).items() if r in money} == holds
    assert money_is_in_order(found) is not bool(holds)


@pytest.mark.req("R92")
@pytest.mark.case("C5")
@pytest.mark.parametrize("total", [5000, 0])
def test_an_order_whose_money_was_all_given_back_is_closed(total: int) -> None:
    seen = at_gateway(5000, number=2, refunded=5000, state=PaymentState.REFUNDED)

    found = judged(order(total, CARD, ALL_BACK), seen, STRIPE, later=timedelta(0))

    assert found.payment is not None
    assert found.payment.state == "refunded"
    assert (found.stage, causes(found, SETTING), money_is_in_order(found)) == (Stage.CLOSED, {}, False)


@pytest.mark.req("R88")
def test_of_a_cancelled_order_an_authorization_that_was_let_go_is_cancelled() -> None:
    made = order(9291, AUTHORIZED, paid("void", 9291, number=5, parent="t1"))
    gone = made.model_copy(update={"state": ChannelState.CANCELLED})
    assert check(gone, STRIPE, {}, NOW).state is PaymentState.CANCELLED
    nothing = gone.model_copy(
        update={"total_presentment": usd(0)}
    )  # what the channel says once it is cancelled
    assert check(nothing, STRIPE, {}, NOW).state is PaymentState.CANCELLED


@pytest.mark.req("R40")
def test_an_authorization_lapses_at_the_very_instant() -> None:
    seen = at_gateway(9291, capture_before=ENDS)
    before = judged(order(9291, AUTHORIZED), seen, STRIPE, later=timedelta(days=7, microseconds=-1))
    after = judged(order(9291, AUTHORIZED), seen, STRIPE, later=timedelta(days=7))
    assert before.payment is not None
    assert after.payment is not None
    assert (before.payment.state, after.payment.state) == ("verified", "lapsed")


@pytest.mark.req("R92")
def test_what_was_paid_too_much_pays_the_order_and_the_difference_is_told() -> None:
    found = check(order(4500, CARD), STRIPE, at_gateway(5000, number=2), NOW)
    assert (found.state, found.difference) == (PaymentState.VERIFIED, usd(500))


@pytest.mark.req("R44")
@pytest.mark.parametrize(
    ("level", "score", "holds"),
    [
        (RiskLevel.LOW, 12, {}),
        (RiskLevel.MEDIUM, 66, {"risk": "risk 66"}),
        (RiskLevel.MEDIUM, None, {"risk": "elevated risk"}),
        (RiskLevel.HIGH, 82, {"risk": "risk 82"}),
        (RiskLevel.HIGH, None, {"risk": "high risk"}),
    ],
)
def test_an_elevated_or_high_risk_holds(level: RiskLevel, score: int | None, holds: dict[str, str]) -> None:
    [(reference, seen)] = at_gateway(5000, number=2, score=12).items()
    assert seen is not None
    risky: GatewayPayments = {reference: seen.model_copy(update={"risk": level, "risk_score": score})}
    assert causes(judged(order(5000, CARD), risky, STRIPE, later=timedelta(0)), SETTING) == holds


@pytest.mark.req("R44")
def test_a_dispute_is_told_apart_from_the_score() -> None:
    [(reference, seen)] = at_gateway(5000, number=2, score=12).items()
    assert seen is not None
    disputed = {reference: seen.model_copy(update={"disputed": True})}
    assert check(order(5000, CARD), STRIPE, disputed, NOW).disputed is True
    assert check(order(5000, CARD), STRIPE, {reference: seen}, NOW).disputed is False


@pytest.mark.req("R40")
def test_an_authorization_lapses_when_the_gateway_says_so_though_the_channel_told_no_end() -> None:
    made = order(9291, paid("authorization", 9291))
    seen = at_gateway(9291, capture_before=ENDS)
    assert check(made, STRIPE, seen, ENDS - timedelta(microseconds=1)).state is PaymentState.VERIFIED
    assert check(made, STRIPE, seen, ENDS).state is PaymentState.LAPSED
