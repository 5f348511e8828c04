"""What is declared of a parcel that leaves the country."""

from collections.abc import Mapping, Sequence

from core.domain.shipping.destinations import needs_form, needs_no_form
from core.domain.state import OrderState, region_of_order
from core.model.facts import Quoted
from core.model.money import Money
from core.model.order import Order, OrderLine
from core.model.products import Product
from core.model.shipment import CustomsItem, Parcel


def customs_items(
    state: OrderState,
    order: Order,
    parcel: Parcel,
    products: Mapping[str, Product],
    *,
    home: str,
    beside: Sequence[Quoted],
) -> tuple[CustomsItem, ...]:
    """Return one item per line and SKU where a carrier wants a customs form; none where none does.

    Nor where some carriers want none and the data for one is missing: the parcel goes with those.

    ``home`` is the country that the parcel leaves from. ``beside`` are the order's other parcels, with what is declared
    of them: all together add up to what was paid, to the cent (R50).
    """
    region = region_of_order(order)
    if region is None or not needs_form(region, home):
        return ()
    inside = dict(parcel.lines)
    found: list[CustomsItem] = []
    for line in order.lines:
        needs = [n for n in state.needs if n.line_id == line.line_id]
        if line.line_id not in inside or not needs:
            continue
        value = _value_of(line, inside[line.line_id], beside)
        shares = shared(value, [n.units for n in needs])
        for need, share in zip(needs, shares, strict=True):
            product = products[need.sku]
            units = need.units * inside[line.line_id] // line.quantity
            found.append(
                CustomsItem(
                    line_id=line.line_id,
                    sku=need.sku,
                    title=product.title,
                    units=units,
                    value=share,
                    weight_g=(product.weight_g or 0) * units,
                    hs=product.hs or "",
                    origin=product.origin or "",
                )
            )
    if needs_no_form(region, home) and not all(item.hs and item.origin for item in found):
        return ()
    return tuple(found)


def paid_for(line: OrderLine) -> Money:
    """Return what was really paid for a line: its price less its share of every discount, never below nothing."""
    paid = line.unit_price * line.quantity - line.discount
    return paid if paid.minor > 0 else paid.zero()


def shared(value: Money, weights: Sequence[int]) -> list[Money]:
    """Return the value's shares by weight; they add up to it, and the first take the odd cents."""
    whole, before, shares = sum(weights), 0, []
    for weight in weights:
        minor = _up(value.minor * (before + weight), whole) - _up(value.minor * before, whole)
        shares.append(value.model_copy(update={"minor": minor}))
        before += weight
    return shares


def _value_of(line: OrderLine, units: int, beside: Sequence[Quoted]) -> Money:
    """Return what is declared of some units of a line: their share of what no other parcel declares."""
    left, declared = line.quantity, paid_for(line).zero()
    for other in beside:
        left -= dict(other.parcel.lines).get(line.line_id, 0)
        for item in other.customs:
            if item.line_id == line.line_id:
                declared = declared + item.value
    rest = paid_for(line) - declared
    return shared(rest, [units, max(0, left - units)])[0]


def _up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
