"""What people do in the bogus world: place orders, cancel them, and ship with another tool."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from connectors.bogus.channel import change_order, order_of, shipped_more
from connectors.bogus.channel_payments import restore_to
from connectors.bogus.client import Shop, World
from core.model.address import Address, region_of
from core.model.money import Money, Side
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
from core.ports import NotificationKind

AUTHORIZED_FOR = timedelta(days=7)
DELIVERED_WITHIN = timedelta(days=7)
Pay = Literal["now", "later", "marketplace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a shopper orders: (listing, units, price of one in minor units of USD) per line."""

    number: str
    lines: tuple[tuple[str, int, int], ...]
    ship_to: Address
    email: str | None = None
    method: str = "Standard"
    pay: Pay = "now"
    gateway: str = "bogus"


def place(world: World, connection: str, wish: Wish) -> str:
    """Place an order and return its id: the channel takes the units off what it shows, and rings."""
    shop, now = world.shop(connection), world.clock.now()
    place_id = _location(shop, wish.lines)
    for listing, units, _ in wish.lines:
        key = ListingKey(listing=listing, location=place_id)
        if key in shop.levels:
            shop.levels[key] = max(0, shop.levels[key] - units)
    order = _order(connection, wish, now, place_id)
    personal = Personal(ship_to=wish.ship_to, email=wish.email, customer_name=wish.ship_to.name)
    shop.orders[order.order_id] = FetchedOrder(order=order, personal=personal)
    for t in order.transactions:
        world.payments[t.reference or ""] = _payment(t)
    world.ring(connection, NotificationKind.ORDER, order.order_id)
    world.changed()
    return order.order_id


def cancel(world: World, connection: str, order_id: str) -> None:
    """Cancel an order at its channel, as a shopper does; one that left already stays as it is."""
    order = order_of(world, connection, order_id)
    if order.state not in (ChannelState.OPEN, ChannelState.PENDING):
        return
    restore_to(world, connection, order)
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


def _order(connection: str, wish: Wish, now: datetime, place_id: str | None) -> Order:
    zero = Money(minor=0, currency="USD")
    total = zero
    for _, units, price in wish.lines:
        total = total + Money(minor=price, currency="USD") * units
    shown = Money(minor=total.minor, currency="USD", side=Side.PRESENTMENT)
    lines = tuple(_line(number, *line) for number, line in enumerate(wish.lines, start=1))
    work = WorkOrder(
        work_id=f"{wish.number}-w1",
        location=place_id,
        open=True,
        lines=tuple((f"{line.line_id}-w", line.line_id, line.quantity) for line in lines),
    )
    marketplace = wish.pay == "marketplace"
    return Order(
        connection=connection,
        order_id=wish.number.lower(),
        number=wish.number,
        placed_at=now,
        updated_at=now,
        state=ChannelState.OPEN,
        tax_mode=TaxMode.INCLUDED,
        lines=lines,
        shipping=zero,
        shipping_discount=zero,
        shipping_tax=zero,
        duties=zero,
        tips=zero,
        rounding=zero,
        total=total,
        total_presentment=shown,
        marketplace_tax=zero,
        method=wish.method,
        deliver_by=now + DELIVERED_WITHIN if marketplace else None,
        ship_to=region_of(wish.ship_to),
        transactions=() if marketplace else (_transaction(wish, shown, now),),
        paid_via_channel=marketplace,
        work_orders=() if marketplace else (work,),
    )


def _line(number: int, listing: str, units: int, price: int) -> OrderLine:
    zero = Money(minor=0, currency="USD")
    return OrderLine(
        line_id=f"l{number}",
        listing=listing,
        sku=listing,
        title=listing,
        quantity=units,
        open_quantity=units,
        unit_price=Money(minor=price, currency="USD"),
        discount=zero,
        tax=zero,
    )


def _transaction(wish: Wish, amount: Money, now: datetime) -> Transaction:
    now_or_later = TransactionKind.SALE if wish.pay == "now" else TransactionKind.AUTHORIZATION
    return Transaction(
        transaction_id=f"{wish.number}-t1",
        kind=now_or_later,
        state=TransactionState.SUCCEEDED,
        gateway=wish.gateway,
        amount=amount,
        reference=f"pay-{wish.number}",
        expires_at=now + AUTHORIZED_FOR if wish.pay == "later" else None,
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
