"""What an order's lines need, kits and multipacks taken apart."""

from collections.abc import Mapping

from core.model.order import FulfilledBy, Order
from core.model.stock import Need

Links = Mapping[str, Mapping[str, int]]
"""Listing -> SKU -> units of it in one unit of the listing."""
NONE_GONE: Mapping[str, int] = {}


def needs_of(
    order: Order, links: Links, gone: Mapping[str, int] = NONE_GONE
) -> tuple[tuple[Need, ...], tuple[str, ...]]:
    """Return the units each line needs, and the lines that ship but whose listing nobody linked.

    Lines that need no shipping have no units; what the channel itself ships (FBA) takes none of ours. ``gone`` are
    units by line that a third party shipped.
    """
    if order.fulfilled_by is FulfilledBy.CHANNEL:
        return (), ()
    needs: list[Need] = []
    unlinked: list[str] = []
    for line in order.lines:
        wanted = line.quantity - gone.get(line.line_id, 0)
        if not line.ships or wanted <= 0:
            continue
        components = links.get(line.listing or "")
        if not components:
            unlinked.append(line.line_id)
            continue
        needs += [
            Need(line_id=line.line_id, sku=sku, units=units * wanted)
            for sku, units in sorted(components.items())
        ]
    return tuple(needs), tuple(unlinked)
