"""Payment: every transaction is asked of its authority; authorized money is taken through the shop; rejection."""

from core.domain.due import open_captures
from core.domain.payment import asked_of_gateways, check
from core.domain.state import OpenIntent
from core.engine.answers import Call
from core.engine.effects import Done, Effect, perform
from core.engine.run import Run
from core.errors import RejectedError
from core.failpoints import failpoint
from core.model.effects import Outcome
from core.model.facts import CancelledAtChannel, Captured, Fact, Noted, PaymentChecked
from core.model.money import Money
from core.model.order import RiskLevel, TransactionKind, TransactionState
from core.model.payment import GatewayPayment, Movement, MovementState, PaymentState
from core.ports import ChannelPayments
from core.steps.sync import refresh, require_whole


async def verify_payment(run: Run) -> None:
    """Ask the authority of each transaction, and judge (R88). An order the marketplace was paid for asks nobody (R72)."""
    last = run.state.payment
    if last is not None and run.order.risk is RiskLevel.PENDING and await refresh(run):
        return  # the channel's assessment came, or something else did: it is judged as it stands now
    payments = run.config.connections[run.order.connection].payments
    gateway_payments: dict[str, GatewayPayment | None] = {}
    for authority, reference in asked_of_gateways(run.order, payments):
        gateway_payments[reference] = await _ask_gateway(run, authority, reference)
    checked = check(run.order, payments, gateway_payments, run.now)
    if _newly_otherwise(checked, last) and await refresh(run):
        return  # the gateway was only ahead of the shop's word that we knew: both are compared anew
    more = checked.difference
    told: list[Fact] = [checked]
    if more is not None and more.minor > 0 and (last is None or last.difference != more):
        text = f"paid {more.text()} {more.currency} more than the order's total"
        told.append(Noted(at=run.now, text=text))
    run.decide(told)


_OTHERWISE = frozenset({PaymentState.MISMATCH, PaymentState.LAPSED})
"""What a gateway says that gave money back or let an authorization go, while the shop's word is older."""


def _newly_otherwise(checked: PaymentChecked, last: PaymentChecked | None) -> bool:
    return checked.state in _OTHERWISE and (last is None or last.state is not checked.state)


async def _ask_gateway(run: Run, authority: str, reference: str) -> GatewayPayment | None:
    gateway = run.connections.named(authority).gateway
    if gateway is None:
        return None
    failpoint("payment.fetch.before")
    try:
        return await run.ask(Call(authority, "fetch_payment"), lambda: gateway.fetch_payment(reference))
    except RejectedError:
        # The gateway knows no such payment: the shop's word alone is not enough (rule M3).
        return None


async def capture_money(run: Run) -> None:
    """Take what was only authorized, once, through the shop (R89)."""
    authorization, amount = open_captures(run.state)[0]
    channel_payments = _channel_payments(run)

    async def call(key: str) -> Done:
        failpoint("payment.capture.before")
        moved = await channel_payments.capture(run.order.order_id, authorization, amount, key=key)
        return _taken(run, authorization, amount, moved)

    await perform(
        run,
        Effect(
            name=f"capture:{authorization}",
            operation="capture",
            connection=run.order.connection,
            data={"authorization": authorization, "minor": amount.minor, "currency": amount.currency},
            call=call,
            find=find_capture,
        ),
    )


def _taken(run: Run, authorization: str, amount: Money, moved: Movement) -> Done:
    if moved.state is MovementState.DECLINED:
        return Done(outcome=Outcome.REFUSED, code=moved.code)
    fact = Captured(
        at=run.now,
        actor="hub",
        amount=moved.amount or amount,
        reference=moved.reference,
        authorization=authorization,
    )
    return Done(facts=[fact], result={"reference": moved.reference})


async def find_capture(run: Run, intent: OpenIntent) -> Done:
    """Say whether the shop took the money: its own transactions tell."""
    await refresh(run)
    authorization = str(intent.data["authorization"])
    for t in run.order.transactions:
        done = t.kind is TransactionKind.CAPTURE and t.state is TransactionState.SUCCEEDED
        if done and t.parent_id == authorization:
            fact = Captured(
                at=run.now, amount=t.amount, reference=t.transaction_id, authorization=authorization
            )
            return Done(facts=[fact], result={"reference": t.transaction_id})
    require_whole(run)
    return Done(outcome=Outcome.UNDONE)


async def reject(run: Run) -> None:
    """Cancel the order at its channel; the channel gives all money back the way it came, once (rule M5)."""
    channel_payments = _channel_payments(run)

    async def call(key: str) -> Done:
        failpoint("payment.cancel.before")
        await channel_payments.cancel_order(run.order.order_id, refund=True, restock=True, key=key)
        return Done(facts=[CancelledAtChannel(at=run.now)])

    effect = Effect(
        name="cancel",
        operation="cancel_order",
        connection=run.order.connection,
        data={},
        call=call,
        find=find_cancellation,
    )
    await perform(run, effect)


async def find_cancellation(run: Run, intent: OpenIntent) -> Done:
    """Say whether the channel cancelled the order."""
    del intent
    await refresh(run)
    if run.state.cancelled:
        return Done(facts=[CancelledAtChannel(at=run.now)])
    require_whole(run)
    return Done(outcome=Outcome.UNDONE)


def _channel_payments(run: Run) -> ChannelPayments:
    channel_payments = run.connections.named(run.order.connection).channel_payments
    if channel_payments is None:
        raise RejectedError("this channel keeps no books of money", connection=run.order.connection)
    return channel_payments
