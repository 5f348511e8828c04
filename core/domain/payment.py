"""Is the order paid? Decided per transaction by the authority of its gateway (rules M2 and M3 of the golden day)."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from core.model.facts import PaymentChecked, TransactionVerdict
from core.model.money import Money
from core.model.order import (
    ChannelState,
    Order,
    RiskLevel,
    Transaction,
    TransactionKind,
    TransactionState,
)
from core.model.payment import GatewayPayment, PaymentState

CHANNEL = "channel"
HOLD = "hold"
RISK_LIMIT = timedelta(hours=2)
"""How long after the order an assessment may be pending; then it is asked for once more, and left to a person."""

_PAYS = frozenset({TransactionKind.AUTHORIZATION, TransactionKind.SALE})
_ORDER_OF_RISK = (RiskLevel.NONE, RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.PENDING, RiskLevel.HIGH)


def digest_of(order: Order) -> str:
    """Return what a payment check depends on, as one short text: when it changes, the payment is checked again."""
    told = "\n".join(t.model_dump_json() for t in order.transactions)
    # A marketplace takes no money for a cancelled order, and an authorization let go with it did not lapse.
    may_let_go = order.paid_via_channel or any(
        t.kind is TransactionKind.AUTHORIZATION for t in order.transactions
    )
    let_go = "|cancelled" if may_let_go and order.state is ChannelState.CANCELLED else ""
    whole = f"{order.total_presentment}|{order.state == ChannelState.PENDING}|{order.risk}|{told}{let_go}"
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def authority_of(gateway: str, payments: str | Mapping[str, str]) -> str:
    """Return who is asked about a transaction: ``channel``, ``hold``, or the name of a gateway connection."""
    if isinstance(payments, str):
        return payments
    return payments.get(gateway, payments.get("*", CHANNEL))


def asked_of_gateways(order: Order, payments: str | Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return (gateway connection, reference) of every payment that its gateway must be asked about."""
    if order.paid_via_channel and payments == CHANNEL:
        return ()
    return tuple(
        (authority, t.reference)
        for t in order.transactions
        if t.kind in _PAYS
        and t.state is TransactionState.SUCCEEDED
        and t.reference is not None
        and (authority := authority_of(t.gateway, payments)) not in (CHANNEL, HOLD)
    )


def check(
    order: Order,
    payments: str | Mapping[str, str],
    gateway_payments: Mapping[str, GatewayPayment | None],
    now: datetime,
) -> PaymentChecked:
    """Return what a check finds; ``gateway_payments`` holds the gateway's own word by reference, None where it knows none."""
    verdicts = tuple(
        _verdict(t, order, authority_of(t.gateway, payments), gateway_payments, now)
        for t in order.transactions
        if t.kind in _PAYS and t.state is not TransactionState.FAILED
    )
    seen = [w for w in gateway_payments.values() if w is not None]
    risk, score = _risk(order, seen)
    back = _given_back(order)
    state, paid = _sum_up(order, verdicts, back)
    total = order.total_presentment
    comparable = paid is not None and paid.currency == total.currency
    return PaymentChecked(
        at=now,
        state=state,
        of=digest_of(order),
        verdicts=verdicts,
        paid=paid,
        difference=paid - total if paid is not None and comparable and paid != total else None,
        risk=risk,
        risk_score=score,
        disputed=any(w.disputed for w in seen),
        given_back=back if back.minor else None,
        again_at=_next_check(order, gateway_payments, risk, now),
    )


def _verdict(
    t: Transaction,
    order: Order,
    authority: str,
    gateway_payments: Mapping[str, GatewayPayment | None],
    now: datetime,
) -> TransactionVerdict:
    captured, back = _movements(t, order)
    state = PaymentState.PENDING if t.state is TransactionState.PENDING else PaymentState.VERIFIED
    amount = t.amount - back
    if t.kind is TransactionKind.AUTHORIZATION and _voided(t, order):
        state = PaymentState.CANCELLED
    elif (
        t.kind is TransactionKind.AUTHORIZATION
        and captured.minor == 0
        and t.expires_at
        and t.expires_at <= now
    ):
        state = PaymentState.LAPSED
    elif amount.minor == 0 and back.minor:
        state = PaymentState.REFUNDED
    if authority == HOLD:
        state = PaymentState.PENDING
    elif authority != CHANNEL and state is PaymentState.VERIFIED:
        state, amount = _gateway_verdict(t, amount, gateway_payments.get(t.reference or ""), now)
    return TransactionVerdict(
        transaction_id=t.transaction_id,
        gateway=t.gateway,
        authority=authority,
        state=state,
        amount=amount,
        captured=t.amount if t.kind is TransactionKind.SALE else captured,
        reference=t.reference,
    )


def _gateway_verdict(
    t: Transaction, amount: Money, seen: GatewayPayment | None, now: datetime
) -> tuple[PaymentState, Money]:
    """Return what stands after the gateway was asked: the shop and the gateway must agree."""
    if seen is None or seen.live is t.test:
        return PaymentState.MISMATCH, amount
    if seen.state in (PaymentState.CANCELLED, PaymentState.LAPSED, PaymentState.PENDING):
        return seen.state, amount
    if seen.capture_before is not None and seen.captured.minor == 0 and seen.capture_before <= now:
        return PaymentState.LAPSED, amount
    if (seen.amount.minor, seen.amount.currency) != (t.amount.minor, t.amount.currency):
        return PaymentState.MISMATCH, amount
    kept = seen.amount.minor - seen.refunded.minor
    if kept != amount.minor:
        return PaymentState.MISMATCH, amount
    return (PaymentState.REFUNDED if kept == 0 else PaymentState.VERIFIED), amount


def _sum_up(
    order: Order, verdicts: Sequence[TransactionVerdict], back: Money
) -> tuple[PaymentState, Money | None]:
    total = order.total_presentment
    if order.paid_via_channel and not verdicts:
        return _channels_word(order)
    let_go = bool(verdicts) and all(v.state is PaymentState.CANCELLED for v in verdicts)
    if let_go and order.state is ChannelState.CANCELLED:
        return PaymentState.CANCELLED, total.zero()
    good = [v for v in verdicts if v.state is PaymentState.VERIFIED]
    if any(v.amount.currency != total.currency for v in good):
        return PaymentState.MISMATCH, good[0].amount
    paid = sum((v.amount for v in good), total.zero())
    if any(v.state is PaymentState.REFUNDED for v in verdicts) and paid.minor == 0:
        return PaymentState.REFUNDED, paid
    enough = PaymentState.PARTIALLY_REFUNDED if back.minor else PaymentState.VERIFIED
    if paid == total:
        return enough, paid
    for state in (PaymentState.MISMATCH, PaymentState.LAPSED, PaymentState.PENDING, PaymentState.CANCELLED):
        if any(v.state is state for v in verdicts):
            return _lapsed_or(state, order), paid
    if total < paid:
        return enough, paid
    if back.minor and total - paid <= back:
        return PaymentState.PARTIALLY_REFUNDED, paid
    return (PaymentState.SHORT if verdicts else PaymentState.PENDING), paid


def _channels_word(order: Order) -> tuple[PaymentState, Money | None]:
    """Return where an order stands that the marketplace was paid for: it takes no money for a cancelled one."""
    total = order.total_presentment
    if order.state is ChannelState.CANCELLED:
        return PaymentState.CANCELLED, total.zero()
    return (
        (PaymentState.PENDING, None)
        if order.state is ChannelState.PENDING
        else (PaymentState.VERIFIED, total)
    )


def _lapsed_or(state: PaymentState, order: Order) -> PaymentState:
    """An authorization cancelled at the gateway is as good as lapsed, unless the order is cancelled with it."""
    let_go = state is PaymentState.CANCELLED and order.state is not ChannelState.CANCELLED
    return PaymentState.LAPSED if let_go else state


def _given_back(order: Order) -> Money:
    """Return what went back of all payments in the order's currency."""
    back = order.total_presentment.zero()
    for t in order.transactions:
        if t.kind in _PAYS and t.state is TransactionState.SUCCEEDED and t.amount.currency == back.currency:
            back = back + _movements(t, order)[1]
    return back


def _movements(t: Transaction, order: Order) -> tuple[Money, Money]:
    """Return what was captured of a transaction, and what of it went back."""
    captured, back = t.amount.zero(), t.amount.zero()
    children = {c.transaction_id for c in order.transactions if c.parent_id == t.transaction_id}
    for other in order.transactions:
        ours = other.parent_id == t.transaction_id or other.parent_id in children
        if not ours or other.state is not TransactionState.SUCCEEDED:
            continue
        if other.kind is TransactionKind.CAPTURE:
            captured = captured + other.amount
        elif other.kind is TransactionKind.REFUND:
            back = back + other.amount
    return captured, back


def _voided(t: Transaction, order: Order) -> bool:
    return any(
        o.kind is TransactionKind.VOID
        and o.parent_id == t.transaction_id
        and o.state is TransactionState.SUCCEEDED
        for o in order.transactions
    )


def _risk(order: Order, seen: Sequence[GatewayPayment]) -> tuple[RiskLevel, int | None]:
    """Return the worst judgment of channel and gateways, and the highest score; a dispute is as bad as can be."""
    levels = [order.risk, *(w.risk for w in seen), *(RiskLevel.HIGH for w in seen if w.disputed)]
    scores = [w.risk_score for w in seen if w.risk_score is not None]
    return max(levels, key=_ORDER_OF_RISK.index), max(scores, default=None)


def _next_check(
    order: Order, gateway_payments: Mapping[str, GatewayPayment | None], risk: RiskLevel, now: datetime
) -> datetime | None:
    """Return when the payment is checked again: an authorization lapses, or an assessment has taken too long."""
    ends = [order.placed_at + RISK_LIMIT] if risk is RiskLevel.PENDING else []
    ends += [
        t.expires_at for t in order.transactions if t.kind is TransactionKind.AUTHORIZATION and t.expires_at
    ]
    ends += [w.capture_before for w in gateway_payments.values() if w is not None and w.capture_before]
    return min((end for end in ends if end > now), default=None)


def to_capture(order: Order) -> tuple[tuple[str, Money], ...]:
    """Return (authorization, amount) still to be taken so that the order's present total is captured, never more."""
    total = order.total_presentment
    taken = total.zero()
    open_: list[tuple[str, Money]] = []
    for t in order.transactions:
        if (
            t.state is not TransactionState.SUCCEEDED
            or t.kind not in _PAYS
            or t.amount.currency != total.currency
        ):
            continue
        captured, back = _movements(t, order)
        if t.kind is TransactionKind.SALE:
            taken = taken + t.amount - back
            continue
        taken = taken + captured - back
        if not _voided(t, order) and captured.minor == 0:
            open_.append((t.transaction_id, t.amount))
    due = total - taken
    wanted: list[tuple[str, Money]] = []
    for authorization, amount in open_:
        if due.minor <= 0:
            break
        part = min(amount, due)
        wanted.append((authorization, part))
        due = due - part
    return tuple(wanted)
