"""From when the limit runs after which an order's personal data may not be kept."""

from collections.abc import Sequence
from datetime import UTC, datetime, time

from core.domain.state import OrderState
from core.model.facts import CancelledAtChannel, Changed, Fact, Received
from core.model.order import ChannelState
from core.model.shipment import TrackingState


def retention_from(state: OrderState, facts: Sequence[Fact]) -> datetime | None:
    """Return the instant of the delivery; without a scan of it that of the cancellation, or of the latest promised delivery.

    A parcel that nobody scanned as delivered counts by its promise: else a lost scan would keep a person for ever.
    None where the order is not known.
    """
    if state.order is None:
        return None
    parcels = [p for p in state.parcels if p.label is not None]
    scanned = [p.tracked_at for p in parcels if p.tracking is TrackingState.DELIVERED and p.tracked_at]
    if parcels and len(scanned) == len(parcels):
        return max(scanned)
    cancelled = _cancelled_at(facts) if state.cancelled and not scanned else None
    return cancelled or max([*_promised(state), *scanned], default=state.order.placed_at)


def _cancelled_at(facts: Sequence[Fact]) -> datetime | None:
    for fact in facts:
        match fact:
            case CancelledAtChannel():
                return fact.at
            case Received() | Changed() if fact.order.state is ChannelState.CANCELLED:
                return fact.order.updated_at
            case _:
                continue
    return None


def _promised(state: OrderState) -> list[datetime]:
    """Return every instant by which the order was promised: by its channel, else by the rates that were bought."""
    order = state.order
    if order is not None and order.deliver_by is not None:
        return [order.deliver_by]
    days = [p.quote.promised or p.quote.arrives for p in state.parcels]
    ends = [datetime.combine(day, time.max, tzinfo=UTC) for day in days if day is not None]
    shipped_by = [order.ship_by] if order is not None and order.ship_by is not None else []
    return ends or shipped_by
