"""What each step may ask of whom: while one of these calls is paused, the step waits."""

from collections.abc import Sequence

from core.domain.due import View, label_to_void, mails_of, tells
from core.domain.payment import asked_of_gateways
from core.engine.answers import Call
from core.model.order import RiskLevel
from core.model.shipment import VoidState

_FINDS = {
    "buy": "find_label",
    "capture": "fetch_order",
    "cancel_order": "fetch_order",
    "tell_shipped": "fetch_order",
}
"""Operation -> what finds out whether it was done; the others are not asked about."""


def of_look_up(view: View) -> Sequence[Call]:
    """The intent that is looked up next is asked about at its own connection."""
    intent = min(view.state.open, key=lambda i: i.look_up_at)
    operation = _FINDS.get(intent.operation)
    return () if operation is None else (Call(intent.connection, operation),)


def of_void(view: View) -> Sequence[Call]:
    """A label is taken back where it was bought."""
    bought = next((p.label for p in view.state.parcels if p.label is not None and not p.departed), None)
    return () if bought is None else (Call(bought.connection, "void"),)


def of_void_asked(view: View) -> Sequence[Call]:
    """A label that a person wants taken back was bought at a connection."""
    labels = [p.label for p in view.state.parcels if p.label is not None and label_to_void(view.state, p)]
    return [Call(label.connection, "void") for label in labels[:1]]


def of_void_again(view: View) -> Sequence[Call]:
    """Each label that a carrier would not take back was bought at a connection."""
    labels = [p.label for p in view.state.voided if p.void is VoidState.REJECTED and p.label is not None]
    return [Call(connection, "void") for connection in sorted({label.connection for label in labels})]


def of_rejection(view: View) -> Sequence[Call]:
    """The channel cancels."""
    return (_of_channel(view, "cancel_order"),)


def of_payment(view: View) -> Sequence[Call]:
    """Every gateway of the order; before, its channel, while the risk is still being assessed."""
    payments = view.config.connections[view.order.connection].payments
    gateways = [Call(authority, "fetch_payment") for authority, _ in asked_of_gateways(view.order, payments)]
    assessed = view.state.payment is None or view.order.risk is not RiskLevel.PENDING
    return gateways if assessed else [_of_channel(view, "fetch_order"), *gateways]


def of_quote(view: View) -> Sequence[Call]:
    """Rates are asked only where a label can be bought on them: they do not keep."""
    return _of_carrier(view, "quote", "buy")


def of_purchase(view: View) -> Sequence[Call]:
    """The order is read again before its label is bought."""
    return (_of_channel(view, "fetch_order"), *_of_carrier(view, "buy"))


def of_capture(view: View) -> Sequence[Call]:
    """The channel takes the money."""
    return (_of_channel(view, "capture"),)


def of_telling(view: View) -> Sequence[Call]:
    """The channel is told; of a parcel that left, it is asked before whether it knows already."""
    left = any(p.departed for p in view.state.parcels if tells(view, p))
    read = [_of_channel(view, "fetch_order")] if left else []
    return (*read, _of_channel(view, "tell_shipped"))


def of_file(view: View) -> Sequence[Call]:
    """The label is found again, and its file fetched, where it was bought."""
    bought = next((p.label for p in view.state.parcels if p.label is not None and not p.stored), None)
    if bought is None:
        return ()
    return (Call(bought.connection, "find_label"), Call(bought.connection, "fetch_file"))


def of_mail(view: View) -> Sequence[Call]:
    """The mail server."""
    connection = mails_of(view)
    return () if connection is None else (Call(connection, "send"),)


def _of_channel(view: View, operation: str) -> Call:
    return Call(view.order.connection, operation)


def _of_carrier(view: View, *operations: str) -> Sequence[Call]:
    carrier = view.carrier
    return () if carrier is None else [Call(carrier, operation) for operation in operations]
