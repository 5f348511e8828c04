"""What each step may ask of whom: while one of these calls is paused, the step waits."""

from collections.abc import Sequence

from core.domain.due import mails_of, tells
from core.domain.payment import asked_of_gateways
from core.engine.answers import Call
from core.engine.run import Run
from core.model.order import RiskLevel
from core.model.shipment import VoidState

_FINDS = {
    "buy": "find_label",
    "capture": "fetch_order",
    "cancel_order": "fetch_order",
    "tell_shipped": "fetch_order",
}
"""Operation -> what finds out whether it was done; the others are not asked about."""


def of_look_up(run: Run) -> Sequence[Call]:
    """The intent that is looked up next is asked about at its own connection."""
    intent = min(run.state.open, key=lambda i: i.look_up_at)
    operation = _FINDS.get(intent.operation)
    return () if operation is None else (Call(intent.connection, operation),)


def of_void(run: Run) -> Sequence[Call]:
    """A label is taken back where it was bought."""
    bought = next((p.label for p in run.state.parcels if p.label is not None and not p.departed), None)
    return () if bought is None else (Call(bought.connection, "void"),)


def of_void_again(run: Run) -> Sequence[Call]:
    """Each label that a carrier would not take back was bought at a connection."""
    labels = [p.label for p in run.state.voided if p.void is VoidState.REJECTED and p.label is not None]
    return [Call(connection, "void") for connection in sorted({label.connection for label in labels})]


def of_rejection(run: Run) -> Sequence[Call]:
    """The channel cancels."""
    return (_of_channel(run, "cancel_order"),)


def of_payment(run: Run) -> Sequence[Call]:
    """Every gateway of the order; before, its channel, while the risk is still being assessed."""
    payments = run.config.connections[run.order.connection].payments
    gateways = [Call(authority, "fetch_payment") for authority, _ in asked_of_gateways(run.order, payments)]
    assessed = run.state.payment is None or run.order.risk is not RiskLevel.PENDING
    return gateways if assessed else [_of_channel(run, "fetch_order"), *gateways]


def of_quote(run: Run) -> Sequence[Call]:
    """Rates are asked only where a label can be bought on them: they do not keep."""
    return _of_carrier(run, "quote", "buy")


def of_purchase(run: Run) -> Sequence[Call]:
    """The order is read again before its label is bought."""
    return (_of_channel(run, "fetch_order"), *_of_carrier(run, "buy"))


def of_capture(run: Run) -> Sequence[Call]:
    """The channel takes the money."""
    return (_of_channel(run, "capture"),)


def of_telling(run: Run) -> Sequence[Call]:
    """The channel is told; of a parcel that left, it is asked before whether it knows already."""
    left = any(p.departed for p in run.state.parcels if tells(run.view(), p))
    read = [_of_channel(run, "fetch_order")] if left else []
    return (*read, _of_channel(run, "tell_shipped"))


def of_file(run: Run) -> Sequence[Call]:
    """The label is found again, and its file fetched, where it was bought."""
    bought = next((p.label for p in run.state.parcels if p.label is not None and not p.stored), None)
    if bought is None:
        return ()
    return (Call(bought.connection, "find_label"), Call(bought.connection, "fetch_file"))


def of_mail(run: Run) -> Sequence[Call]:
    """The mail server."""
    connection = mails_of(run.view())
    return () if connection is None else (Call(connection, "send"),)


def _of_channel(run: Run, operation: str) -> Call:
    return Call(run.order.connection, operation)


def _of_carrier(run: Run, *operations: str) -> Sequence[Call]:
    carrier = run.connections.carrier
    return () if carrier is None else [Call(carrier, operation) for operation in operations]
