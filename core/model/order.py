"""An order as its channel last reported it.

``Order`` holds ids, codes and amounts only and may stand in facts; names, streets, mail addresses and phone
numbers are in ``Personal``, which is stored sealed.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr

from core.model.address import Absent, Address, Region
from core.model.base import Instant, Shape, Text, storable
from core.model.money import Money


class ChannelState(StrEnum):
    """What the channel itself says of the order."""

    PENDING = "pending"  # known, not yet free to ship (Amazon PENDING)
    OPEN = "open"  # free to ship, nothing or part of it shipped
    SHIPPED = "shipped"  # everything that ships has been shipped there
    CANCELLED = "cancelled"


class FulfilledBy(StrEnum):
    """Who ships."""

    MERCHANT = "merchant"
    CHANNEL = "channel"  # FBA: ingested for stock and figures, never routed or labelled


class TaxMode(StrEnum):
    """Where the tax stands in the total."""

    EXCLUDED = "excluded"  # added on top of lines and shipping
    INCLUDED = "included"  # inside the prices


class OrderLine(Shape):
    """One line: units of one listing of the channel, at the price one unit was sold for before discounts."""

    line_id: str
    listing: str | None
    """The channel's stable id of what was sold, as listing links name it; None where it names nothing."""
    sku: str | None
    title: str
    quantity: int = Field(ge=0)
    """Units now wanted: ordered less removed or refunded before shipping."""
    open_quantity: int = Field(ge=0)
    """Units of these that the channel still waits for."""
    unit_price: Money
    discount: Money
    """Of the whole line, order-wide discounts' share included; never negative."""
    tax: Money
    """Of the whole line."""
    ships: bool = True
    customized: bool = False


class TransactionKind(StrEnum):
    """What a payment transaction did."""

    AUTHORIZATION = "authorization"
    CAPTURE = "capture"
    SALE = "sale"
    REFUND = "refund"
    VOID = "void"


class TransactionState(StrEnum):
    """Where a payment transaction stands."""

    SUCCEEDED = "succeeded"
    PENDING = "pending"
    FAILED = "failed"


class Transaction(Shape):
    """One movement of money as the channel tells it."""

    transaction_id: str
    kind: TransactionKind
    state: TransactionState
    gateway: str
    """The channel's name of the gateway: ``stripe``, ``shopify_payments``, ``gift_card``, ``manual`` ..."""
    amount: Money
    """In the currency the shopper paid in."""
    parent_id: str | None = None
    reference: Text | None = None
    """The gateway's own id of the payment (Stripe: the PaymentIntent or the Charge)."""
    expires_at: Instant | None = None
    """When an authorization lapses, if the channel says so."""
    test: bool = False


class RiskLevel(StrEnum):
    """The channel's or gateway's judgment; PENDING is waited for, with a limit."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    PENDING = "pending"


class WorkOrder(Shape):
    """What the channel asks one location to ship (Shopify: a fulfillment order)."""

    work_id: str
    location: str | None
    """The channel's own location id; the configuration says which of ours it is."""
    open: bool
    """Free to fulfill once it is due: neither closed, cancelled, scheduled nor on hold."""
    due_at: Instant | None = None
    """Not to be shipped before (a pre-order, a scheduled delivery)."""
    held_by: str | None = None
    """The other app or person that holds it."""
    lines: tuple[tuple[str, str, int], ...] = ()
    """(work line id, order line id, units still to ship)."""


class Shipped(Shape):
    """A parcel that the channel already knows of, whoever told it."""

    tracking: str | None
    carrier: str | None
    lines: tuple[tuple[str, int], ...] = ()
    """(order line id, units)."""


class Unreadable(Shape):
    """Why an order could not be read whole: of such a one only what was sold is known, and no amount."""

    field: str
    """Where in the vendor's order, as in ``lineItems[0].title``."""
    reason: str
    version: str
    """The hub's version that tried; another one tries again."""


Attribute = StrictBool | StrictInt | Annotated[StrictStr, AfterValidator(storable)]
"""An id, a code, a number or a truth of an order that the merchant's map reads; never personal data."""


class Order(Shape):
    """An order as its channel last reported it; ``connection`` and ``order_id`` together identify it."""

    connection: str
    order_id: str
    number: str
    """What people call it: ``KK-1001``."""
    placed_at: Instant
    updated_at: Instant
    state: ChannelState
    fulfilled_by: FulfilledBy = FulfilledBy.MERCHANT
    test: bool = False
    tax_mode: TaxMode
    lines: tuple[OrderLine, ...]
    shipping: Money
    shipping_discount: Money
    shipping_tax: Money
    """Tax on shipping, duties and tips: tax of the lines stands in the lines."""
    duties: Money
    tips: Money
    rounding: Money
    """Cash rounding, either sign."""
    total: Money
    """The channel's own present total, in the shop's currency."""
    total_presentment: Money
    """The same in the currency the shopper pays in; its side is presentment."""
    marketplace_tax: Money
    """Of the tax above, what the marketplace collects and remits: in the total, in nobody's revenue."""
    method: str | None = None
    """The shipping method's name, as ``sla.promise`` names it."""
    ship_by: Instant | None = None
    deliver_by: Instant | None = None
    zone: str = "Etc/GMT+12"
    """The zone in which the channel means the days of these two (R108); unless it says, where days begin last."""
    ship_to: Annotated[Region | Absent, Field(discriminator="kind")]
    transactions: tuple[Transaction, ...] = ()
    paid_via_channel: bool = False
    """The marketplace took the money itself (Amazon)."""
    risk: RiskLevel = RiskLevel.NONE
    customer_orders_before: int | None = None
    work_orders: tuple[WorkOrder, ...] = ()
    shipped: tuple[Shipped, ...] = ()
    withdrawn: tuple[str, ...] = ()
    """Tracking numbers that it was told once and no longer counts: their fulfillment was cancelled."""
    programs: tuple[str, ...] = ()
    """The channel's marks that change who may ship and how: PRIME, PREORDER, TRANSPARENCY ..."""
    cancel_requested: bool = False
    unreadable: Unreadable | None = None
    attributes: dict[str, Attribute] = Field(default_factory=dict)
    """By name, what ``maps:`` of crossdock.yaml reads besides."""

    @property
    def deliver_on(self) -> date | None:
        """The channel's calendar day by which the shopper expects the order."""
        return None if self.deliver_by is None else self.deliver_by.astimezone(ZoneInfo(self.zone)).date()


class Personal(Shape):
    """Everything of an order that identifies a person; stored sealed under the order's key."""

    ship_to: Address | None = None
    email: str | None = None
    customer_name: str | None = None


class OrderPage(Shape):
    """One page of a channel's list of orders, oldest change first."""

    orders: tuple[tuple[str, Instant], ...]
    """(order id, changed at)."""
    next_page: str | None
    shown_since: Instant | None = None
    """The channel lists no order placed before this; None where it lists every one."""


class FetchedOrder(Shape):
    """What a channel's ``fetch_order`` gives."""

    order: Order
    personal: Personal
    """Empty where the order could not be read whole; what is known already stays then."""
    tags: tuple[str, ...] = ()
    """What the merchant's map puts on the order when it is received."""
    unmapped: tuple[tuple[str, str], ...] = ()
    """(field, reason) of what the merchant's map could not compute: the connector's own value stands."""


def residue_of(order: Order) -> Money:
    """Return by how much the channel's total exceeds what its parts add up to: zero or the order is held."""
    added = [order.shipping, order.duties, order.tips, order.rounding]
    if order.tax_mode is TaxMode.EXCLUDED:
        added += [order.shipping_tax, *(line.tax for line in order.lines)]
    taken_off = [order.shipping_discount, *(line.discount for line in order.lines)]
    return order.total.with_each(
        (
            *((part, -1) for part in added),
            *((line.unit_price, -line.quantity) for line in order.lines),
            *((part, 1) for part in taken_off),
        )
    )
