"""Every fact in the words that page and command say; what only matters to the machine says nothing."""

from typing import Any, get_args

import pytest

from core.domain.summary import amount_text, summary
from core.model import facts as f
from core.model.annotations import Assigned, NoteAdded, Tagged, Untagged
from core.model.forgetting import Why
from core.model.holds import Hold
from core.model.money import Money
from core.model.rule_facts import (
    CaptureAsked,
    HeldByRule,
    LabelChosen,
    LabelGivenUp,
    RouteChosen,
    RuleMatched,
    RuleRetried,
    RuleStepped,
)
from core.model.rule_values import EventValues
from core.model.shipment import JudgedRate, Parcel, RateReason
from tests.core.store.builders import NOON, a_need, an_allocation, an_order, usd

PARCEL = Parcel(parcel_id="reno-1", location="reno", box="S", size_mm=(1, 1, 1), gross_g=1, lines=())
RATE = JudgedRate(
    carrier="UPS", service="Ground", rate_id="r1", price=usd(812), arrives=None, reason=RateReason.CHOSEN
)


def quoted(*rates: JudgedRate, parcel: Parcel = PARCEL) -> f.Quoted:
    return f.Quoted(
        at=NOON, parcel=parcel, shipment_id="s", rates=rates, chosen=None, price=None, saved=None, arrives=None,
        promised=None, connection="post",
    )  # fmt: skip


def settled(**more: Any) -> f.Settled:
    return f.Settled(at=NOON, key="k", **more)


BOUGHT = f.LabelBought(
    at=NOON, parcel_id="reno-1", shipment_id="s", label_id="l", tracking="1Z9", carrier="UPS", service="Ground",
    price=usd(812), connection="post",
)  # fmt: skip
VERDICT = f.TransactionVerdict(
    transaction_id="t", gateway="stripe", authority="pay", state="verified", amount=usd(1), captured=usd(1)
)
EVENT = EventValues(trigger="order.held", at=NOON)


def step_of(**more: object) -> RuleStepped:
    return RuleStepped.model_validate({"at": NOON, "run_id": "1", "rule": "r", "step": "then.0", **more})


SAID: list[tuple[f.Fact, str]] = [
    (NoteAdded(at=NOON, note_id="n1"), "Note"),
    (Tagged(at=NOON, tag="urgent"), "Tagged urgent"),
    (Untagged(at=NOON, tag="urgent"), "Tag urgent taken off"),
    (Assigned(at=NOON, to="key:kim"), "Assigned to kim"),
    (Assigned(at=NOON, to=None), "Assigned to nobody"),
    (f.Received(at=NOON, order=an_order("1"), needs=(a_need(2),)), "Received: 10.00 USD, 2 units"),
    (f.Changed(at=NOON, order=an_order("1"), needs=()), "Changed at the channel (open)"),
    (f.UnitsCommitted(at=NOON, allocations=(an_allocation(1),), backordered=(a_need(2),)),
     "Units committed: 1 x MUG at reno, 2 x MUG backordered"),
    (f.UnitsCommitted(at=NOON, allocations=()), ""),
    (f.UnitsReleased(at=NOON, allocations=(an_allocation(1),), why="x"), "Units set free: 1 x MUG"),
    (f.UnitsShipped(at=NOON, allocations=(an_allocation(1),)), "Units left: 1 x MUG from reno"),
    (f.PaymentChecked(at=NOON, state="verified", of="x", paid=usd(1000), verdicts=(VERDICT,)),
     "Payment verified: 10.00 USD, asked pay"),
    (f.PaymentChecked(at=NOON, state="pending", of="x"), "Payment pending: nothing, asked the channel"),
    (f.Held(at=NOON, reason=Hold.RISK, detail="risk 76"), "Held: risk. risk 76"),
    (f.Released(at=NOON, reason=Hold.RISK), "Released: risk"),
    (quoted(RATE), "1 rates for parcel reno-1 in box S: UPS Ground 8.12 USD"),
    (quoted(parcel=PARCEL.model_copy(update={"ended_early": True})),
     "0 rates for parcel reno-1 in box S (packing cut short): none will do"),
    (f.RateRefused(at=NOON, parcel_id="reno-1", rate_id="r", carrier="UPS", service="Ground", code="c", message="no"),
     "Label refused: UPS Ground: no; the next best is taken"),
    (BOUGHT, "Label bought: UPS Ground 8.12 USD, 1Z9"),
    (f.LabelStored(at=NOON, parcel_id="reno-1"), ""),
    (f.LabelVoided(at=NOON, parcel_id="reno-1", why="changed"), "Label of parcel reno-1 voided: changed"),
    (f.LabelVoided(at=NOON, parcel_id="reno-1", why="changed", pending=True),
     "Label of parcel reno-1 voided: changed (the carrier has not answered yet)"),
    (f.VoidAnswered(at=NOON, parcel_id="reno-1", label_id="l", taken=True), "Parcel reno-1: the carrier took the label back"),
    (f.VoidAnswered(at=NOON, parcel_id="reno-1", label_id="l", taken=False),
     "Parcel reno-1: the carrier rejected the void; it is asked again"),
    (f.LeftAfterVoid(at=NOON, parcel_id="reno-1", label_id="l", state="in_transit"),
     "Parcel reno-1 is on its way although its label was voided: in transit"),
    (f.VoidAsked(at=NOON, parcel_id="reno-1", note="torn"), "Label of parcel reno-1 to be taken back. torn"),
    (f.VoidRefused(at=NOON, parcel_id="reno-1"), "The carrier does not take back the label of parcel reno-1"),
    (f.HoldAsked(at=NOON), "Held by a person"),
    (f.HoldAsked(at=NOON, note="call first"), "Held by a person. call first"),
    (f.Released(at=NOON, reason=Hold.RISK, note="known to us"), "Released: risk. known to us"),
    (f.ChannelTold(at=NOON, parcel_id="reno-1", reference="r"), "Channel told of parcel reno-1"),
    (f.ShopperTold(at=NOON, about="shipping:reno-1"), "Shopper mailed: shipping of parcel reno-1"),
    (f.NotSendable(at=NOON, about="confirmation", code="550"),
     "Not sendable: confirmation, the mail server refused it (550)"),
    (f.NotSendable(at=NOON, about="confirmation"), "Not sendable: confirmation, no mail server takes it"),
    (f.Captured(at=NOON, amount=usd(1000), reference=None, authorization="a"), "Captured 10.00 USD"),
    (f.CancelledAtChannel(at=NOON), "Cancelled at the channel, money given back"),
    (f.RejectionAsked(at=NOON, why="fraud"), "Rejected: fraud"),
    (f.LabelAsked(at=NOON), "Label asked for"),
    (f.ShippedElsewhere(at=NOON, tracking=("1Z9",)), "Shipped elsewhere: 1Z9"),
    (f.ShippedElsewhere(at=NOON), "Shipped elsewhere: no tracking number"),
    (f.PartShippedElsewhere(at=NOON, lines=(("1", 2), ("2", 1))), "A third party shipped 3 units of it"),
    (f.Tracked(at=NOON, parcel_id="reno-1", state="in_transit"), "Parcel reno-1: in transit"),
    (f.GatewayNotified(at=NOON, reference="pi_1"), ""),
    (f.Intended(at=NOON, key="k", operation="buy", connection="post", look_up_at=NOON), ""),
    (settled(operation="buy", outcome="done"), ""),
    (settled(operation="send", outcome="refused"), ""),
    (settled(operation="buy", outcome="unknown"), "buy: unknown"),
    (settled(operation="capture", outcome="refused", code="declined"), "capture: refused (declined)"),
    (f.Parked(at=NOON, step="buy", error="E", message="no funds"), "Needs attention at buy: no funds"),
    (f.Retried(at=NOON), "Sent on again"),
    (f.Noted(at=NOON, text="a note"), "a note"),
    (
        RuleMatched(at=NOON, run_id="1", rule="r", digest="d", where="crossdock.yaml:9:5", trigger="order.held", event=EVENT),
        "Rule r begins: order.held (crossdock.yaml:9:5)",
    ),
    (
        RuleRetried(
            at=NOON, run_id="1~2", again_of="1", rule="r", digest="d", where="crossdock.yaml:9:5", trigger="order.held",
            event=EVENT, next="then.1",
        ),
        "Rule r is retried from then.1: order.held (crossdock.yaml:9:5)",
    ),
    (step_of(action="http", outcome="done"), "Rule r: http done"),
    (step_of(action="hold", outcome="done"), ""),
    (step_of(action="note", outcome="skipped"), "Rule r: note skipped"),
    (step_of(action="wait", outcome="waiting", waits_for="time", due_at=NOON), f"Rule r: wait waits until {NOON:%Y-%m-%d %H:%M} UTC"),
    (step_of(action="wait", outcome="waiting", waits_for="order.held"), "Rule r: wait waits for order.held"),
    (step_of(action="label", outcome="waiting", waits_for="label"), ""),
    (step_of(action="http", outcome="retry", message="crm: no answer"), "Rule r: http failed; tried again later: crm: no answer"),
    (step_of(action="notify", outcome="failed", message="mail: refused"), "Rule r: notify failed: mail: refused"),
    (HeldByRule(at=NOON, rule="r", reason="large"), ""),
    (RouteChosen(at=NOON, rule="r", locations=("reno", "easton")), "Rule r: leaves from reno, easton"),
    (
        LabelChosen(at=NOON, rule="r", via="post", at_most="40.00", services=("UPS *",), choose="fastest"),
        "Rule r: the fastest rate of UPS * at post up to 40.00",
    ),
    (LabelChosen(at=NOON, rule="r"), "Rule r: the rate"),
    (
        LabelGivenUp(at=NOON, step="buy", message="post: no answer"),
        "Its label is asked for no more: post: no answer",
    ),
    (CaptureAsked(at=NOON, rule="r"), "Rule r: its money is captured before the label"),
    (f.Forgotten(at=NOON, why=Why.VENDOR), "Personal data forgotten: the channel asked for it"),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "says"), SAID, ids=[fact.kind for fact, _ in SAID])
def test_a_fact_is_told_in_one_line(fact: f.Fact, says: str) -> None:
    assert summary(fact) == says


def test_every_fact_has_its_line() -> None:
    union, *_ = get_args(f.Fact)

    assert {type(fact) for fact, _ in SAID} == set(get_args(union))


def test_an_amount_that_could_not_be_read_says_so() -> None:
    assert [amount_text(amount) for amount in (usd(5), None, Money.unknown())] == [
        "0.05 USD",
        "nothing",
        "amount unknown",
    ]


@pytest.mark.req("S43")
def test_a_note_that_is_not_forgotten_is_told_in_one_line() -> None:
    note = NoteAdded(at=NOON, note_id="n1")

    assert summary(note, {"n1": "gift wrap,\nby phone", "n2": "other"}) == "Note: gift wrap, by phone"
    assert summary(note, {"n2": "other"}) == "Note (forgotten)"


@pytest.mark.req("S43")
def test_an_assignee_is_told_by_name() -> None:
    assert summary(Assigned(at=NOON, to="user:u1"), names={"user:u1": "Kim"}) == "Assigned to Kim"
