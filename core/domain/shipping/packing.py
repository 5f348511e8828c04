"""From units set aside to parcels: which boxes, and which lines in each."""

from collections import Counter
from collections.abc import Mapping, Sequence

from core.domain.shipping.boxes import Item, Packed, pack
from core.domain.state import OrderState
from core.model.order import Order
from core.model.products import Product
from core.model.shipment import Box, Parcel
from core.model.stock import Allocation


def pack_lines(
    order: Order, boxes: Sequence[Box], allocations: Sequence[Allocation], products: Mapping[str, Product]
) -> tuple[Packed, ...] | None:
    """Return the boxes that hold what lies at one location; None where a unit fits none, or nobody measured it.

    ``allocations`` are those of the location; units of one order line stay together.
    """
    quantities = {line.line_id: line.quantity for line in order.lines}
    bundles: list[tuple[Item, ...]] = []
    for line_id, quantity in quantities.items():
        components: list[Item] = []
        for a in allocations:
            if a.line_id != line_id:
                continue
            product = products.get(a.sku)
            if product is None or product.size_mm is None or not product.weight_g:
                return None
            item = Item(line_id=line_id, sku=a.sku, size_mm=product.size_mm, weight_g=product.weight_g)
            components += [item] * a.units
        if components:
            each = len(components) // quantity
            components.sort(key=lambda i: i.sku)
            bundles += (
                [tuple(components[n::quantity]) for n in range(quantity)] if each else [tuple(components)]
            )
    return pack(bundles, boxes)


def why_unboxed(allocations: Sequence[Allocation], products: Mapping[str, Product]) -> str:
    """Return why something fits no box, for people."""
    lacking = sorted(
        {
            a.sku
            for a in allocations
            if a.sku not in products or products[a.sku].size_mm is None or not products[a.sku].weight_g
        }
    )
    return (
        f"size or weight is missing of {', '.join(lacking)}"
        if lacking
        else "a unit fits no box of crossdock.yaml"
    )


def parcel_of(state: OrderState, order: Order, location: str, number: int, packed: Packed) -> Parcel:
    """Return a packed box as a parcel of the order; ``number`` counts those packed together."""
    before = sum(p.quote.parcel.location == location for p in (*state.parcels, *state.voided))
    units_of = {a.line_id: 0 for a in state.allocations}
    for need in state.needs:
        units_of[need.line_id] = units_of.get(need.line_id, 0) + need.units
    quantities = {line.line_id: line.quantity for line in order.lines}
    items = Counter(place.item.line_id for place in packed.places)
    lines = tuple(
        (line_id, max(1, count * quantities[line_id] // units_of[line_id]))
        for line_id, count in sorted(items.items())
    )
    return Parcel(
        parcel_id=f"{location}-{number + before}",
        location=location,
        box=packed.box.box_id,
        size_mm=packed.box.inner_mm,
        gross_g=packed.gross_g,
        lines=lines,
        ended_early=packed.ended_early,
    )
