"""Every step of an order, one row each: when it is due, who does it, what finds its outcome, what it asks of whom."""

from core.domain import due
from core.domain.rules.stepping import due_rules
from core.domain.state import OpenIntent
from core.engine.effects import Done, look_up
from core.engine.run import Run
from core.engine.step import Step, Steps
from core.steps import calls, delivery, fulfillment, payment, stock
from core.steps.holds import sync_holds
from core.steps.rule_calls import find_call
from core.steps.rule_calls import find_mail as find_rule_mail
from core.steps.rules import run_rules
from core.steps.third_party import note_part_shipped, note_shipped_elsewhere


async def _look_up(run: Run) -> None:
    await look_up(run, {operation: find for step in STEPS.values() for operation, find in step.find.items()})


async def _find_mail(run: Run, intent: OpenIntent) -> Done:
    """A mail to the shopper, or one of a rule's: neither is sent twice."""
    find = find_rule_mail if "run" in intent.data else delivery.find_mail
    return await find(run, intent)


SEND = {"send": _find_mail}

STEPS: Steps = {
    step.name: step
    for step in (
        Step(
            name="look_up",
            words="the answer to a call, which is looked up",
            due=due.look_up_at,
            run=_look_up,
            asks=calls.of_look_up,
        ),
        Step(name="leave", words="its units to be taken off the shelf", due=due.leave, run=delivery.leave),
        Step(
            name="settle_cancellation",
            words="its label to be voided and its units to be freed",
            due=due.cancellation,
            run=stock.settle_cancellation,
            find={"void": stock.find_void},
            asks=calls.of_void,
        ),
        Step(
            name="void_again",
            words="its carrier to take the label back",
            due=due.void_again,
            run=stock.void_again,
            asks=calls.of_void_again,
        ),
        Step(
            name="void_label",
            words="its label to be taken back",
            due=due.void,
            run=stock.void_asked,
            find={"void": stock.find_void},
            asks=calls.of_void_asked,
        ),
        Step(
            name="reject",
            words="its channel to cancel it",
            due=due.rejection,
            run=payment.reject,
            find={"cancel_order": payment.find_cancellation},
            asks=calls.of_rejection,
            gates=True,
        ),
        Step(
            name="note_part_shipped",
            words="what a third party shipped to be noted",
            due=due.part_shipped,
            run=note_part_shipped,
        ),
        Step(
            name="rules",
            words="its rules",
            due=due_rules,
            run=run_rules,
            find={"call": find_call, **SEND},
        ),
        Step(name="commit_units", words="its units to be set aside", due=due.units, run=stock.commit_units),
        Step(
            name="note_shipped_elsewhere",
            words="its shipment elsewhere to be noted",
            due=due.shipped_elsewhere,
            run=note_shipped_elsewhere,
        ),
        Step(
            name="verify_payment",
            words="its payment to be verified",
            due=due.payment,
            run=payment.verify_payment,
            asks=calls.of_payment,
            gates=True,
            needs_whole=True,
        ),
        Step(name="sync_holds", words="its holds to be looked at", due=due.holds, run=sync_holds),
        Step(
            name="quote",
            words="its packing and its rates",
            due=due.quote,
            run=fulfillment.quote,
            asks=calls.of_quote,
            needs_whole=True,
        ),
        Step(
            name="buy",
            words="its label to be bought",
            due=due.buy,
            run=fulfillment.buy,
            find={"buy": fulfillment.find_label},
            asks=calls.of_purchase,
            needs_whole=True,
        ),
        Step(
            name="capture",
            words="its money to be captured",
            due=due.capture,
            run=payment.capture_money,
            find={"capture": payment.find_capture},
            asks=calls.of_capture,
            needs_whole=True,
        ),
        Step(
            name="tell_channel",
            words="its channel to be told the tracking number",
            due=due.tell_channel,
            run=delivery.tell_channel,
            find={"tell_shipped": delivery.find_told},
            asks=calls.of_telling,
            needs_whole=True,
        ),
        Step(
            name="store_label",
            words="its label's file to be stored",
            due=due.store_label,
            run=fulfillment.store_label,
            asks=calls.of_file,
        ),
        Step(
            name="confirm",
            words="its confirmation to be mailed",
            due=due.confirmation,
            run=delivery.confirm,
            find=SEND,
            asks=calls.of_mail,
            needs_whole=True,
        ),
        Step(
            name="tell_shopper",
            words="its tracking number to be mailed",
            due=due.shipping_mail,
            run=delivery.tell_shopper,
            find=SEND,
            asks=calls.of_mail,
            needs_whole=True,
        ),
        Step(
            name="mail_cancellation",
            words="its cancellation to be mailed",
            due=due.cancellation_mail,
            run=delivery.mail_cancellation,
            find=SEND,
            asks=calls.of_mail,
            needs_whole=True,
        ),
    )
}
"""The first one due is done, then the table is read again."""
