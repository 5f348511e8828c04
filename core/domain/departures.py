"""Which of the units set aside left the shelf: with a carrier, under a voided label, or through a third party."""

from collections import Counter
from collections.abc import Iterable

from core.domain.state import OrderState, ParcelState, is_locked, third_party_shipped, units_in_one
from core.model.order import ChannelState
from core.model.stock import Allocation


def third_party_allocations(state: OrderState) -> tuple[Allocation, ...]:
    """Return the units set aside of an open order that a third party shipped, and that were not taken off yet."""
    order = state.order
    if (
        order is None
        or order.state is not ChannelState.OPEN
        or any(is_locked(state, p) for p in state.parcels)
    ):
        return ()
    others = third_party_shipped(state)
    found: list[Allocation] = []
    for line in order.lines:
        before = state.third_party_units.get(line.line_id, 0)
        part, whole = others.get(line.line_id, 0) - before, line.quantity - before
        for a in state.allocations:
            units = a.units * min(part, whole) // whole if part > 0 and whole > 0 else 0
            if a.line_id == line.line_id and units:
                found.append(a.model_copy(update={"units": units}))
    return tuple(found)


def units_gone(state: OrderState) -> tuple[Allocation, ...]:
    """Return the units set aside that left with parcels which a carrier scanned, and were not taken off yet.

    Of a line that several parcels of one location share, what the parcels still here hold stays set aside.
    """
    left = {
        (line, p.quote.parcel.location)
        for p in state.parcels
        if p.departed
        for line, _ in p.quote.parcel.lines
    }
    here = [p for p in (*state.parcels, *state.voided) if not p.departed]
    return tuple(a for a in not_in(state, here) if (a.line_id, a.location) in left)


def not_in(state: OrderState, parcels: Iterable[ParcelState]) -> tuple[Allocation, ...]:
    """Return the units set aside, less those that these parcels hold."""
    packed: Counter[tuple[str, str]] = Counter()
    for parcel in parcels:
        for line, units in parcel.quote.parcel.lines:
            packed[line, parcel.quote.parcel.location] += units
    rest = [
        (a, a.units - packed[a.line_id, a.location] * units_in_one(state, a.line_id, a.sku))
        for a in state.allocations
    ]
    return tuple(a.model_copy(update={"units": units}) for a, units in rest if units > 0)


def left_after_void(state: OrderState) -> ParcelState | None:
    """Return a parcel that left under a voided label, and whose units, set free before, are still on hand."""
    return next((p for p in state.parcels if p.set_free and p.departed), None)
