"""What a merchant hears of once, and no order waits for.

A shipping method that crossdock.yaml does not name goes by the default (R95). A parcel of a cancelled order left. A field
of ``maps:`` could not be computed.
"""

from datetime import datetime

from core.config.merchant import ANY, MerchantConfig
from core.domain.commit import MerchantNotice
from core.domain.state import OrderState
from core.model.order import FetchedOrder, Order

UNLISTED_METHOD = "unlisted_method"
LEFT_THOUGH_CANCELLED = "left_though_cancelled"
UNMAPPED = "unmapped"
DATA_REQUESTED = "data_requested"
UNINSTALL_UNCONFIRMED = "uninstall_unconfirmed"
RULE_FAILED = "rule_failed"


def notices_of(config: MerchantConfig, order: Order, now: datetime) -> tuple[MerchantNotice, ...]:
    """Return the notice that rating an order raises: its method is promised nothing by name.

    None where the order names no method, or its channel gives the day itself (Amazon).
    """
    method = order.method
    if not method or order.deliver_by is not None or config.names(method):
        return ()
    return (MerchantNotice(kind=UNLISTED_METHOD, subject=method, text=_text(config, method), since=now),)


def _text(config: MerchantConfig, method: str) -> str:
    days = config.promise(method)
    default = (
        "its orders go without promise, by the cheapest rate"
        if days is None
        else f'its orders go by the promise of "{ANY}" ({days} working days)'
    )
    return f"Shipping method '{method}' is not in crossdock.yaml: {default}. Name it under sla.promise."


def left_notices(state: OrderState, now: datetime) -> tuple[MerchantNotice, ...]:
    """Return what a merchant hears of a cancelled order whose parcel is on its way all the same."""
    order = state.order
    if order is None or not state.cancelled:
        return ()
    labels = [p.label for p in state.parcels if p.departed and p.label is not None]
    return tuple(
        MerchantNotice(
            kind=LEFT_THOUGH_CANCELLED,
            subject=f"{order.number} {label.tracking}",
            text=(
                f"Order {order.number} was cancelled, but its parcel {label.tracking} has left: "
                f"have {label.carrier} send it back, or expect it to arrive."
            ),
            since=now,
        )
        for label in labels
    )


def unmapped_notices(fetched: FetchedOrder, now: datetime) -> tuple[MerchantNotice, ...]:
    """Return what a merchant hears, once for each field, of what ``maps:`` could not compute."""
    order = fetched.order
    return tuple(
        MerchantNotice(
            kind=UNMAPPED,
            subject=f"{order.connection} {field}",
            text=(
                f"maps: {field} of order {order.number} could not be read ({reason}): it is as {order.connection} says. "
                "Orders like it go on; mend the map in crossdock.yaml."
            ),
            since=now,
        )
        for field, reason in fetched.unmapped
    )
