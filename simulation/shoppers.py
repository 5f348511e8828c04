"""What people do in the bogus world: place orders, cancel them, and ship with another tool."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from connectors.bogus.channel import change_order, order_of, shipped_more
from connectors.bogus.channel_payments import return_units
from connectors.bogus.client import Shop, World
from core.model.address import Address, region_of
from core.model.money import Money, Side
from core.model.notification import NotificationKind
from core.model.order import (
    ChannelState,
    FetchedOrder,
    Order,
    OrderLine,
    Personal,
    Shipped,
    TaxMode,
    Transaction,
    TransactionKind,
    TransactionState,
    WorkOrder,
)
from core.model.payment import GatewayPayment, PaymentState
from core.model.stock import ListingKey

AUTHORIZED_FOR = timedelta(days=7)
DELIVERED_WITHIN = timedelta(days=7)
_ZERO = Money(minor=0, currency="USD")
_NOTHING = (
    "shipping", "shipping_discount", "shipping_tax", "duties", "tips", "rounding", "marketplace_tax",
)  # fmt: skip
"""What costs nothing in these orders."""
Pay = Literal["now", "later", "marketplace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """What a shopper orders: (listing, units, price of one in minor units of USD) per line."""

    number: str
    lines: tuple[tuple[str, int, int], ...]
    ship_to: Address
    email: str | None = None
    method: str = "Standard"
    pay: Pay = "now"
    gateway: str = "bogus"


def place(world: World, connection: str, cart: Cart) -> str:
    """Place an order and return its id: the channel takes the units off what it shows, and tells of it."""
    shop, now = world.shop(connection), world.clock.now()
    place_id = _location(shop, cart.lines)
    for listing, units, _ in cart.lines:
        key = ListingKey(listing=listing, location=place_id)
        if key in shop.levels:
            shop.levels[key] = max(0, shop.levels[key] - units)
    order = _order(connection, cart, now, place_id)
    personal = Personal(ship_to=cart.ship_to, email=cart.email, customer_name=cart.ship_to.name)
    shop.orders[order.order_id] = FetchedOrder(order=order, personal=personal)
    for t in order.transactions:
        world.payments[t.reference or ""] = _payment(t)
    world.notify(connection, NotificationKind.ORDER, order.order_id)
    world.changed()
    return order.order_id


def cancel(world: World, connection: str, order_id: str) -> None:
    """Cancel an order at its channel, as a shopper does; one that left already stays as it is."""
    order = order_of(world, connection, order_id)
    if order.state not in (ChannelState.OPEN, ChannelState.PENDING):
        return
    return_units(world, connection, order)
    cancelled = order.model_copy(update={"state": ChannelState.CANCELLED, "work_orders": ()})
    change_order(world, connection, cancelled)
    world.changed()


def ship_elsewhere(world: World, connection: str, order_id: str, tracking: str) -> None:
    """Ship all that is open with another tool."""
    order = order_of(world, connection, order_id)
    lines = tuple((line.line_id, line.open_quantity) for line in order.lines if line.open_quantity)
    parcel = Shipped(tracking=tracking, carrier="Other", lines=lines)
    change_order(world, connection, shipped_more(order, parcel))
    world.changed()


def _location(shop: Shop, lines: Sequence[tuple[str, int, int]]) -> str | None:
    """Return the channel's location that shows all the units, else its first; None where it has none."""
    for place in shop.locations:
        if all(shop.levels.get(ListingKey(listing=i, location=place), 0) >= n for i, n, _ in lines):
            return place
    return next(iter(shop.locations), None)


def _order(connection: str, cart: Cart, now: datetime, place_id: str | None) -> Order:
    lines = tuple(_line(number, *line) for number, line in enumerate(cart.lines, start=1))
    minor = sum(line.unit_price.minor * line.quantity for line in lines)
    shown = Money(minor=minor, currency="USD", side=Side.PRESENTMENT)
    work = WorkOrder(
        work_id=f"{cart.number}-w1",
        location=place_id,
        open=True,
        lines=tuple((f"{line.line_id}-w", line.line_id, line.quantity) for line in lines),
    )
    marketplace = cart.pay == "marketplace"
    return Order(
        connection=connection,
        order_id=cart.number.lower(),
        number=cart.number,
        placed_at=now,
        updated_at=now,
        state=ChannelState.OPEN,
        tax_mode=TaxMode.INCLUDED,
        lines=lines,
        total=Money(minor=minor, currency="USD"),
        total_presentment=shown,
        method=cart.method,
        deliver_by=now + DELIVERED_WITHIN if marketplace else None,
        zone="America/Los_Angeles",
        ship_to=region_of(cart.ship_to),
        transactions=() if marketplace else (_transaction(cart, shown, now),),
        paid_via_channel=marketplace,
        work_orders=() if marketplace else (work,),
        **dict.fromkeys(_NOTHING, _ZERO),
    )


def _line(number: int, listing: str, units: int, price: int) -> OrderLine:
    return OrderLine(
        line_id=f"l{number}",
        listing=listing,
        sku=listing,
        title=listing,
        quantity=units,
        open_quantity=units,
        unit_price=Money(minor=price, currency="USD"),
        discount=_ZERO,
        tax=_ZERO,
    )


def _transaction(cart: Cart, amount: Money, now: datetime) -> Transaction:
    now_or_later = TransactionKind.SALE if cart.pay == "now" else TransactionKind.AUTHORIZATION
    return Transaction(
        transaction_id=f"{cart.number}-t1",
        kind=now_or_later,
        state=TransactionState.SUCCEEDED,
        gateway=cart.gateway,
        amount=amount,
        reference=f"pay-{cart.number}",
        expires_at=now + AUTHORIZED_FOR if cart.pay == "later" else None,
    )


def _payment(t: Transaction) -> GatewayPayment:
    taken = t.kind is TransactionKind.SALE
    return GatewayPayment(
        reference=t.reference or "",
        state=PaymentState.VERIFIED,
        amount=t.amount,
        captured=t.amount if taken else t.amount.zero(),
        refunded=t.amount.zero(),
        capture_before=t.expires_at,
        live=True,
    )
