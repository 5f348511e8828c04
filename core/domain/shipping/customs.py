"""What is declared of a parcel that leaves the country."""

from collections.abc import Mapping

from core.domain.state import OrderState, region_of_order
from core.model.money import Money
from core.model.order import Order
from core.model.products import Product
from core.model.shipment import CustomsItem, Parcel


def customs_items(
    state: OrderState, order: Order, parcel: Parcel, products: Mapping[str, Product], *, home: str
) -> tuple[CustomsItem, ...]:
    """Return one item per SKU where the parcel leaves the country; values add up to the goods in it (R50). ``home`` is the country that the parcel leaves from."""
    region = region_of_order(order)
    if region is None or region.country == home:
        return ()
    inside = dict(parcel.lines)
    found: list[CustomsItem] = []
    for line in order.lines:
        needs = [n for n in state.needs if n.line_id == line.line_id]
        if line.line_id not in inside or not needs:
            continue
        value = line.unit_price * inside[line.line_id]
        for at, need in enumerate(needs):
            product = products[need.sku]
            units = need.units * inside[line.line_id] // line.quantity
            share = value.minor // len(needs) + (value.minor % len(needs) if at == 0 else 0)
            found.append(
                CustomsItem(
                    sku=need.sku,
                    title=product.title,
                    units=units,
                    value=Money(minor=share, currency=value.currency),
                    weight_g=(product.weight_g or 0) * units,
                    hs=product.hs or "",
                    origin=product.origin or "",
                )
            )
    return tuple(found)
