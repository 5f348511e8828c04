"""Orders that leave the country, of lines written as (line, SKU, units, unit price, discount)."""

from datetime import UTC, date, datetime

from core.domain.shipping.customs import customs_items
from core.domain.state import OrderState
from core.model.address import Region
from core.model.facts import Quoted
from core.model.money import Money, Side
from core.model.order import ChannelState, Order, OrderLine, TaxMode
from core.model.products import Product
from core.model.shipment import CustomsItem, Parcel
from core.model.stock import Need

NOON = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
Line = tuple[str, str, int, int, int]
KITS = {"PAIR": {"CHEF-8": 1, "BOARD-WAL": 1}, "TRIO": {"CHEF-8": 2, "BOARD-WAL": 1}}
PRODUCTS = {
    "CHEF-8": Product(sku="CHEF-8", title="Chef's knife", weight_g=300, hs="8211.92", origin="US"),
    "BOARD-WAL": Product(sku="BOARD-WAL", title="Walnut board", weight_g=1600, hs="4419.19", origin="US"),
    "UTIL-5": Product(sku="UTIL-5", title="Utility knife", weight_g=180, hs="8211.92.9030", origin="US"),
}


def money(minor: int, currency: str = "USD") -> Money:
    return Money(minor=minor, currency=currency)


def order(*lines: Line, to: Region | None = None, currency: str = "USD") -> Order:
    nothing = money(0, currency)
    total = money(sum(units * price - discount for _, _, units, price, discount in lines), currency)
    return Order(
        connection="shop", order_id="1", number="1", placed_at=NOON, updated_at=NOON, state=ChannelState.OPEN,
        tax_mode=TaxMode.EXCLUDED, shipping=nothing, shipping_discount=nothing, shipping_tax=nothing, duties=nothing,
        tips=nothing, rounding=nothing, total=total, marketplace_tax=nothing,
        total_presentment=total.model_copy(update={"side": Side.PRESENTMENT}),
        ship_to=to or Region(country="HK"),
        lines=tuple(
            OrderLine(
                line_id=line_id, listing=None, sku=sku, title=sku, quantity=units, open_quantity=units,
                unit_price=money(price, currency), discount=money(discount, currency), tax=nothing,
            )
            for line_id, sku, units, price, discount in lines
        ),
    )  # fmt: skip


def needs(made: Order) -> tuple[Need, ...]:
    return tuple(
        Need(line_id=line.line_id, sku=sku, units=each * line.quantity)
        for line in made.lines
        for sku, each in KITS.get(str(line.sku), {str(line.sku): 1}).items()
    )


def declared(made: Order, *inside: dict[str, int], home: str = "US") -> list[tuple[CustomsItem, ...]]:
    """Return what is declared of parcels that are rated one after the other."""
    state, beside = OrderState(order=made, needs=needs(made)), list[Quoted]()
    for number, lines in enumerate(inside):
        parcel = Parcel(
            parcel_id=f"reno-{number}", location="reno", box="M", size_mm=(420, 320, 80), gross_g=900,
            lines=tuple(lines.items()),
        )  # fmt: skip
        items = customs_items(state, made, parcel, PRODUCTS, home=home, beside=beside)
        beside.append(quoted(parcel, items))
    return [quote.customs for quote in beside]


def quoted(parcel: Parcel, items: tuple[CustomsItem, ...]) -> Quoted:
    return Quoted(
        at=NOON, parcel=parcel, shipment_id="shp", rates=(), chosen=None, price=None, saved=None, arrives=None,
        promised=date(2026, 12, 7), connection="post", customs=items,
    )  # fmt: skip


def values(items: tuple[CustomsItem, ...]) -> list[tuple[str, int, int]]:
    return [(item.sku, item.units, item.value.minor) for item in items]
