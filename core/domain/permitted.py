"""Why a person may not have something done with an order now; pure, and asked by whoever shows a button and by what it does."""

from collections.abc import Sequence

from core.domain.due import View
from core.domain.state import OrderState, labelled
from core.model.asks import Ask
from core.model.gates import Gate
from core.model.holds import Hold


def why_not(
    ask: Ask, view: View, *, of: str = "", channel_cancels: bool = True, in_test: Sequence[str] = ()
) -> str:
    """Return why something may not be done, in a sentence for whoever asked; empty where it may.

    ``of`` is the hold to release, or the parcel whose label is voided. ``channel_cancels`` says whether the order's
    channel takes cancellations from us, ``in_test`` which connections are in test mode.
    """
    match ask:
        case Ask.RELEASE:
            return _not_released(view.state, of)
        case Ask.LABEL:
            return _no_label(view)
        case Ask.HOLD:
            return _not_held(view.state)
        case Ask.VOID:
            return _not_voided(view.state, of)
        case Ask.RETRY:
            unread = view.order.unreadable is not None
            return "" if view.state.parked is not None or unread else "the order is not parked"
        case Ask.REJECT:
            return _not_rejected(view, channel_cancels=channel_cancels, in_test=in_test)


def _not_released(state: OrderState, reason: str) -> str:
    if reason not in state.holds:
        held = ", ".join(state.holds) or "nothing"
        return f"the order is not held by {reason!r}; it is held by {held}"
    hold = Hold(reason)
    if hold.overrulable:
        return ""
    return f"{reason!r} goes away when its cause is mended: {state.holds[hold]}"


def _no_label(view: View) -> str:
    state, gate = view.state, view.closed_gate
    if state.parked is not None:
        return f"the order needs attention at {state.parked.step}: {state.parked.message}. Mend it, then try again"
    if gate is Gate.HELD:
        holds = view.wanted_holds or state.holds
        held = "; ".join(f"{hold.words}: {detail}" for hold, detail in holds.items())
        return f"no label is bought: the order is held: {held or Hold.BACKORDERED.words}"
    if gate is Gate.NOT_ACCEPTED:
        return f"no label is bought: labels of {view.carrier} are not accepted. {gate.do}"
    if gate is not None and gate is not Gate.ASK:
        return f"no label is bought: the order waits for {gate.words}. {gate.do}"
    return ""


def _not_held(state: OrderState) -> str:
    if state.ended or state.shipped_elsewhere:
        return f"the order is {state.stage}; there is nothing to hold"
    if labelled(state):
        return "its label is bought: void the label instead"
    return "a person holds it already" if state.held_by_person is not None else ""


def _not_voided(state: OrderState, parcel_id: str) -> str:
    parcel = next((p for p in state.parcels if p.parcel_id == parcel_id), None)
    if parcel is None or parcel.label is None:
        return f"the order has no label of a parcel {parcel_id!r}"
    if parcel.departed:
        return f"parcel {parcel_id} has left with {parcel.label.carrier}; its label cannot be taken back"
    if parcel.parcel_id in state.voids_asked or state.ended:
        return "the carrier is being asked to take the label back already"
    if parcel.told:
        return (
            f"the channel knows parcel {parcel_id} as shipped: cancel its fulfillment there first, or cancel the order; "
            "the label is voided then"
        )
    return ""


def _not_rejected(view: View, *, channel_cancels: bool, in_test: Sequence[str]) -> str:
    state, connection = view.state, view.order.connection
    if state.cancelled or any(p.label is not None for p in state.parcels):
        return f"the order is {state.stage}; it cannot be rejected any more"
    if state.rejection is not None:
        return "it is being cancelled at its channel already"
    if not view.acts(connection):
        return f"test mode ({', '.join(in_test)}): nothing is cancelled or refunded at {connection}"
    return "" if channel_cancels else f"{connection} takes no cancellation from us; cancel the order there"
