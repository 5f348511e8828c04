"""What the parcels hold against what the order wants by now: other units, another address, a third party."""

from collections import Counter

from core.domain.state import OrderState, packed_in, third_party_shipped, units_in_one


def holds_other_units(state: OrderState) -> bool:
    """Return whether the units set aside (or backordered) are others than the order needs."""
    held: Counter[tuple[str, str]] = Counter()
    for allocation in state.allocations:
        held[allocation.line_id, allocation.sku] += allocation.units
    for lacking in state.backordered:
        held[lacking.line_id, lacking.sku] += lacking.units
    return held != {(n.line_id, n.sku): n.units for n in state.needs}


def changed_after_label(state: OrderState) -> bool:
    """Return whether the order wants other units than were labelled (R24): fewer than packed, or more."""
    if state.order is None or not any(p.label for p in state.parcels):
        return False
    here = packed_in(state, lambda p: p.label is not None and not p.departed)
    gone = packed_in(state, lambda p: p.label is not None and p.departed)
    quantities = {line.line_id: line.quantity for line in state.order.lines}
    if any(units > quantities.get(line, 0) for line, units in here.items()):
        return True
    if not gone:
        return holds_other_units(state)
    held: Counter[tuple[str, str]] = Counter()
    for a in state.allocations:
        held[a.line_id, a.sku] += a.units
    rest = {
        (n.line_id, n.sku): max(0, n.units - units_in_one(state, n.line_id, n.sku) * gone[n.line_id])
        for n in state.needs
    }
    return held != Counter(rest)


def parcels_elsewhere(state: OrderState) -> tuple[str, ...]:
    """Return the labelled parcels still here that go to another address than the order has now (R24)."""
    return tuple(
        p.parcel_id
        for p in state.parcels
        if p.label is not None
        and not p.departed
        and p.quote.address is not None
        and state.address not in (None, p.quote.address)
    )


def shipped_twice(state: OrderState) -> bool:
    """Return whether a third party shipped units for which we bought a label that the channel does not know."""
    others = third_party_shipped(state)
    if state.order is None or not others:
        return False
    ours = packed_in(state, lambda p: p.label is not None)
    return any(
        line.line_id in others and ours[line.line_id] + others[line.line_id] > line.quantity
        for line in state.order.lines
    )


def third_party_shipped_more(state: OrderState) -> bool:
    """Return whether a third party shipped more than was noted so far."""
    return any(
        units > state.third_party_units.get(line, 0) for line, units in third_party_shipped(state).items()
    )
