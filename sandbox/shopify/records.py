"""What a shop keeps: orders, money moves, fulfillment orders, stock."""

from dataclasses import dataclass, field
from datetime import datetime

from day.located_yaml import nearest
from sandbox.shopify.money import Bag
from sandbox.values import Json


@dataclass
class Location:
    """A place that holds stock; `key` is its name in the house."""

    id: int
    key: str
    address: Json


@dataclass
class Level:
    """Stock of one item at one location."""

    available: int
    committed: int = 0
    off_by: int = 0
    """How far what shoppers see is off what the API says (sabotage)."""
    updated_at: datetime | None = None

    @property
    def on_hand(self) -> int:
        """Units in the building."""
        return self.available + self.committed


@dataclass
class Item:
    """A listing: product, variant and inventory item in one; a kit is one like any other."""

    id: int
    variant_id: int
    product_id: int
    sku: str
    product: Json
    levels: dict[str, Level] = field(default_factory=dict)
    idle: dict[str, Level] = field(default_factory=dict)
    """Quantities at locations that do not stock it: kept, and sold by nobody, until it is stocked there."""


@dataclass
class Customer:
    """A shopper as the shop knows them."""

    id: int
    name: str
    email: str | None
    phone: str | None
    orders: int
    created_at: datetime


@dataclass
class Line:
    """One order line; `discount` and `tax` are of the whole line."""

    id: int
    sku: str | None
    title: str
    quantity: int
    unit: Bag
    discount: Bag
    tax: Bag
    ships: bool
    item_id: int | None = None
    current: int = 0
    refunded: int = 0

    @property
    def gross(self) -> Bag:
        """Price times quantity."""
        return self.unit.times(self.quantity)

    @property
    def net(self) -> Bag:
        """Price times quantity, less the discount."""
        return self.gross.minus(self.discount)


@dataclass
class Transaction:
    """One move of money, or a promise of one."""

    id: int
    kind: str
    gateway: str
    amount: Bag
    created_at: datetime
    status: str = "SUCCESS"
    parent: int | None = None
    authorization: str | None = None
    receipt: Json = field(default_factory=dict)
    expires_at: datetime | None = None
    payment_intent: str | None = None
    by: str = "shopper"
    """Who moved the money: the shopper, the hub, the shop itself, or another tool."""


@dataclass
class Hold:
    """Somebody asks that a fulfillment order is not shipped."""

    id: int
    reason: str
    notes: str | None
    app: str
    handle: str = ""


@dataclass
class Portion:
    """Some units of an order line inside a fulfillment order, a fulfillment or a refund."""

    id: int
    line: int
    quantity: int
    remaining: int = 0


@dataclass
class FulfillmentOrder:
    """What one location is asked to ship."""

    id: int
    location: str
    created_at: datetime
    updated_at: datetime
    portions: list[Portion]
    status: str = "OPEN"
    holds: list[Hold] = field(default_factory=list)


@dataclass
class Fulfillment:
    """What was shipped, with its tracking numbers."""

    id: int
    name: str
    location: str
    created_at: datetime
    updated_at: datetime
    portions: list[Portion]
    orders: list[int]
    tracking: list[Json]
    status: str = "SUCCESS"
    app: str = "hub"
    """Who reported it: the hub by its token, the shop itself, or another tool."""
    kept: bool = True
    """False: answered and not kept in the books (sabotage)."""


@dataclass
class RefundLine:
    """Units given back."""

    id: int
    line: int
    quantity: int
    restock: str
    location: str | None
    subtotal: Bag
    tax: Bag


@dataclass
class Refund:
    """One giving back: of units, of money, or of both."""

    id: int
    created_at: datetime
    note: str | None
    lines: list[RefundLine]
    transactions: list[int]
    total: Bag
    shipping: Bag


@dataclass
class Order:
    """One order with everything that happened to it."""

    id: int
    name: str
    number: int
    customer: Customer
    ship_to: Json | None
    method: str
    currency: str
    presentment: str
    taxes_included: bool
    lines: list[Line]
    shipping: Bag
    shipping_line_id: int
    shipping_tax: Bag
    tax: Bag
    total: Bag
    created_at: datetime
    updated_at: datetime
    transactions: list[Transaction] = field(default_factory=list)
    fulfillment_orders: list[FulfillmentOrder] = field(default_factory=list)
    fulfillments: list[Fulfillment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    risk: Json | None = None
    tags: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    """What the shop's own theme wrote beside the order: gift, a purchase number."""
    announced: set[int] = field(default_factory=set)
    """The transactions that subscribers have heard of."""
    announced_risk: str | None = None
    """The assessment that subscribers have heard of."""
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    cancelled_by: str | None = None
    staff_note: str | None = None
    """What the app that cancelled noted for the staff."""
    total_when_cancelled: Bag | None = None
    closed_at: datetime | None = None
    test: bool = False
    withheld: bool = False
    """The app was not approved for the data that names people."""
    hidden: bool = False
    """Never announced, in no list and no read (sabotage)."""

    @property
    def assessed(self) -> str:
        """The level of the shop's own assessment of risk."""
        return str(self.risk["level"]) if self.risk else "LOW"

    @property
    def zero(self) -> Bag:
        """Nothing, in this order's currencies."""
        return self.total.zero()

    def line(self, number: int) -> Line:
        """The line of that id."""
        return next(line for line in self.lines if line.id == number)

    def line_named(self, entry: Json) -> Line:
        """The line that has units left and whose SKU, listing or title a day names."""
        name = entry.get("sku") or entry.get("listing") or entry.get("title")
        kept = [line for line in self.lines if line.current]
        for line in kept:
            if name in (line.sku, line.title):
                return line
        known = [line.sku or line.title for line in kept]
        raise ValueError(f"{self.name} has no line {name!r}{nearest(str(name), known)}")

    def transaction(self, number: int) -> Transaction | None:
        """The transaction of that id, if it is one of this order's."""
        return next((entry for entry in self.transactions if entry.id == number), None)


@dataclass
class Subscription:
    """Who wants to hear about a topic, and where."""

    id: int
    topic: str
    uri: str
    created_at: datetime
    updated_at: datetime
    include_fields: tuple[str, ...] = ()
