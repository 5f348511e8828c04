"""What starts rules: told by one fact, or by where an order has come to."""

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

from core.domain.due import View
from core.domain.rules.values import major
from core.domain.state import OrderState, Stage, labelled, money_is_in_order
from core.model import facts as f
from core.model.annotations import Assigned, NoteAdded, Tagged, Untagged
from core.model.effects import Outcome
from core.model.order import ChannelState
from core.model.shipment import TrackingState
from core.model.triggers import Trigger

_SCANNED: Mapping[TrackingState, Trigger] = {
    TrackingState.DELIVERED: Trigger.PARCEL_DELIVERED,
    TrackingState.RETURN_TO_SENDER: Trigger.PARCEL_RETURNED,
    TrackingState.FAILURE: Trigger.PARCEL_FAILED,
}


def told_by(fact: f.Fact) -> Iterator[tuple[Trigger, dict[str, Any]]]:  # noqa: C901, PLR0912 - a table of facts
    """Yield the triggers that one fact is, with what each brings."""
    match fact:
        case f.Received():
            yield Trigger.ORDER_RECEIVED, {}
        case f.Changed():
            yield Trigger.ORDER_CHANGED, {}
        case f.PaymentChecked():
            yield Trigger.PAYMENT_CHECKED, {"state": fact.state.value, "amount": major(fact.paid)}
        case f.Captured():
            yield Trigger.PAYMENT_CAPTURED, {"amount": major(fact.amount)}
        case f.Settled(operation="capture", outcome=Outcome.REFUSED):
            yield Trigger.PAYMENT_DECLINED, {}
        case f.Held():
            yield Trigger.ORDER_HELD, {"reason": fact.reason.value, "detail": fact.detail}
        case f.Released():
            yield Trigger.ORDER_RELEASED, {"reason": fact.reason.value}
        case f.Quoted():
            yield Trigger.PARCEL_QUOTED, {"parcel": fact.parcel.parcel_id, "price": major(fact.price)}
        case f.LabelBought():
            bought = {"parcel": fact.parcel_id, "carrier": fact.carrier, "service": fact.service}
            yield Trigger.PARCEL_LABELLED, {**bought, "price": major(fact.price)}
        case f.RateRefused():
            yield (
                Trigger.PARCEL_RATE_REFUSED,
                {"parcel": fact.parcel_id, "carrier": fact.carrier, "service": fact.service},
            )
        case f.LabelVoided():
            yield Trigger.PARCEL_VOIDED, {"parcel": fact.parcel_id}
        case f.VoidRefused():
            yield Trigger.PARCEL_VOID_REFUSED, {"parcel": fact.parcel_id}
        case f.PartShippedElsewhere():
            yield Trigger.ORDER_PART_SHIPPED_ELSEWHERE, {}
        case f.ChannelTold():
            yield Trigger.PARCEL_TOLD, {"parcel": fact.parcel_id}
        case f.Tracked():
            scan = {"parcel": fact.parcel_id, "state": fact.state.value}
            yield Trigger.PARCEL_TRACKED, scan
            if fact.state in _SCANNED:
                yield _SCANNED[fact.state], scan
        case f.NotSendable():
            yield Trigger.MAIL_REFUSED, {}
        case f.Parked():
            yield Trigger.ORDER_NEEDS_ATTENTION, {"detail": fact.step}
        case f.RejectionAsked():
            yield Trigger.ORDER_REJECTED, {}
        case Tagged():
            yield Trigger.ORDER_TAGGED, {"tag": fact.tag}
        case Untagged():
            yield Trigger.ORDER_UNTAGGED, {"tag": fact.tag}
        case Assigned():
            yield Trigger.ORDER_ASSIGNED, {}
        case NoteAdded():
            yield Trigger.ORDER_NOTED, {}


def _routed(state: OrderState) -> bool:
    return bool(state.allocations) and not state.backordered


def _ready(view: View) -> bool:
    state = view.state
    open_there = state.order is not None and state.order.state is ChannelState.OPEN
    if not (open_there and money_is_in_order(state) and _routed(state)) or state.parked is not None:
        return False
    return not (state.holds or view.wanted_holds)


_STANDING: Mapping[Trigger, Callable[[View], bool]] = {
    Trigger.ORDER_VERIFIED: lambda view: money_is_in_order(view.state),
    Trigger.ORDER_ROUTED: lambda view: _routed(view.state),
    Trigger.ORDER_BACKORDERED: lambda view: bool(view.state.backordered),
    Trigger.ORDER_READY: _ready,
    Trigger.ORDER_LABELLED: lambda view: labelled(view.state),
    Trigger.ORDER_SHIPPED: lambda view: view.state.stage in (Stage.SHIPPED, Stage.DELIVERED),
    Trigger.ORDER_DELIVERED: lambda view: view.state.stage is Stage.DELIVERED,
    Trigger.ORDER_SHIPPED_ELSEWHERE: lambda view: view.state.shipped_elsewhere,
    Trigger.ORDER_CANCELLED: lambda view: view.state.cancelled,
    Trigger.ORDER_REFUNDED: lambda view: view.state.closed,
    Trigger.PAYMENT_DISPUTED: lambda view: view.state.payment is not None and view.state.payment.disputed,
}
"""Told once when an order comes to it, and again only after it was no longer so."""
STANDING = frozenset(_STANDING)


def standing(view: View, heard: Container[Trigger] = _STANDING) -> tuple[Trigger, ...]:
    """Return where an order has come to, of what is heard, in the order of its way."""
    return tuple(trigger for trigger, stands in _STANDING.items() if trigger in heard and stands(view))
