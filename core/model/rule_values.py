"""What the conditions and texts of rules may look at: ids, codes and amounts only, nothing that identifies a person.

These shapes are what ``if:``, ``=`` and ``{{ }}`` are checked against when a file is loaded. Amounts of money are in
major units of their currency; instants are UTC.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import Field

from core.model.base import Shape


class CustomerValues(Shape):
    """Who ordered, as far as it names nobody."""

    orders: int | None = Field(
        None, description="orders at the channel before this one; null where it does not say"
    )


class AddressValues(Shape):
    """Where an order goes, as far as it names nobody."""

    known: bool = Field(description="whether the channel shows an address")
    country: str = Field(default="", description="ISO 3166-1 alpha-2, as in US; empty while it is not known")
    state: str = Field(default="", description="the state or province, as the channel writes it")
    po_box: bool = Field(default=False, description="whether it is a PO box")
    military: bool = Field(default=False, description="whether it is a military post office")
    complete: bool = Field(
        default=False, description="whether nothing is missing that the country's addresses have"
    )


class LineValues(Shape):
    """One line of an order."""

    sku: str | None = Field(default=None, description="the channel's SKU; null where it names none")
    title: str = Field(default="", description="what the channel calls it")
    qty: int = Field(description="units wanted now")
    price: Decimal = Field(description="of one unit, before discounts")
    discount: Decimal = Field(description="of the whole line")
    ships: bool = Field(default=True, description="whether it is shipped at all")
    customized: bool = Field(default=False, description="whether the shopper had it made his own")


class UnitValues(Shape):
    """Units of one SKU that an order is made of, and where they are set aside."""

    sku: str = Field(description="our SKU")
    units: int
    location: str = Field(default="", description="where they are set aside; empty where they are lacking")
    weight_g: int | None = Field(default=None, description="of one unit; null where nobody said it")
    origin: str | None = Field(default=None, description="country of origin; null where nobody said it")


class PaymentValues(Shape):
    """How an order's payment stands."""

    state: str = Field(
        "unknown",
        description="verified, short, mismatch, lapsed, pending, refunded, partially_refunded, cancelled; unknown before it was asked about",
    )
    paid: Decimal | None = Field(default=None, description="what was paid; null before it was asked about")
    gateways: tuple[str, ...] = Field(default=(), description="the channel's names of the gateways")
    disputed: bool = False
    captured: bool = Field(default=False, description="whether any of it was captured by the hub")


class ParcelValues(Shape):
    """One parcel of an order."""

    id: str
    location: str
    box: str
    weight_g: int
    carrier: str = Field(default="", description="empty until its label is bought")
    service: str = ""
    price: Decimal | None = Field(
        None, description="of the label; of the chosen rate before; null where no rate will do"
    )
    labelled: bool = False
    told: bool = Field(default=False, description="whether the channel knows it")
    departed: bool = False
    tracking: str = Field(
        "",
        description="pre_transit, in_transit, out_for_delivery, delivered, return_to_sender, failure, unknown; empty before the first scan",
    )


class OrderValues(Shape):
    """An order, as rules see it."""

    id: str
    number: str = Field(description="what people call it, as in KK-1001")
    channel: str = Field(description="the connection that it came by")
    placed_at: datetime
    stage: str = Field(
        description="awaiting_payment, on_hold, ready, labelled, shipped, delivered, shipped_elsewhere, fulfilled_by_channel, cancelled, closed"
    )
    minutes: int = Field(description="minutes in that stage")
    hours: int = Field(description="hours since it was placed")
    state: str = Field(description="what the channel says: pending, open, shipped, cancelled")
    test: bool
    total: Decimal = Field(description="in the shop's currency")
    currency: str
    shipping: Decimal = Field(description="what the shopper pays for shipping")
    discount: Decimal = Field(description="of all lines and shipping")
    paid_currency: str = Field(description="the currency that the shopper pays in")
    units: int = Field(description="units of all lines")
    weight_g: int | None = Field(
        None, description="of all units without packing; null where a SKU's weight is not known"
    )
    method: str = Field(default="", description="the shipping method's name")
    ship_by: datetime | None = None
    deliver_by: datetime | None = None
    risk: int = Field(
        0,
        description="the gateway's score from 0 to 100; where there is only a level: none 0, low 10, medium 65, high 75",
    )
    risk_level: str = Field(default="none", description="none, low, medium, high, pending")
    customer: CustomerValues
    ship_to: AddressValues
    lines: tuple[LineValues, ...] = ()
    items: tuple[UnitValues, ...] = Field(
        default=(), description="the units that it is made of, by SKU and location"
    )
    skus: tuple[str, ...] = Field(default=(), description="our SKUs, each once")
    lacking: tuple[str, ...] = Field(default=(), description="our SKUs of which units are lacking")
    locations: tuple[str, ...] = Field(default=(), description="where its units are set aside")
    payment: PaymentValues
    parcels: tuple[ParcelValues, ...] = ()
    holds: tuple[str, ...] = Field(default=(), description="what holds it, as in risk, by_rule, backordered")
    tags: tuple[str, ...] = ()
    assignee: str | None = None
    programs: tuple[str, ...] = Field(default=(), description="the channel's marks: PRIME, PREORDER, ...")
    cancel_requested: bool = False
    before_go_live: bool = False
    attributes: dict[str, Any] = Field(
        default_factory=dict, description="what maps: reads besides, by name, as in order.attributes.gift"
    )


class EventValues(Shape):
    """What started the rule. Only what the trigger brings is there; the rest is null."""

    trigger: str
    at: datetime
    actor: str = Field(
        "hub", description="hub, channel, gateway, carrier, user:<id>, key:<name> or rule:<id>"
    )
    reason: str | None = Field(default=None, description="of order.held and order.released: the hold")
    detail: str | None = Field(
        None, description="of order.held: in words; of order.needs_attention: the failed step"
    )
    tag: str | None = Field(default=None, description="of order.tagged and order.untagged")
    parcel: str | None = Field(default=None, description="of parcel triggers: the parcel's id")
    state: str | None = Field(
        None, description="of parcel.tracked: the scan; of payment.checked: the payment's state"
    )
    carrier: str | None = None
    service: str | None = None
    price: Decimal | None = Field(default=None, description="of parcel.labelled and parcel.quoted")
    amount: Decimal | None = Field(default=None, description="of payment.captured and payment.checked")
    minutes: int | None = Field(default=None, description="of order.stuck: minutes in the stage")


class ErrorValues(Shape):
    """Why a step failed; known in its ``else``."""

    code: str = ""
    message: str = ""


class StockValues(Shape):
    """A SKU's units over all locations."""

    sku: str
    available: int
    on_hand: int
    low: int | None = Field(default=None, description="its low mark; null where crossdock.yaml names none")


class ConnectionValues(Shape):
    """A connection."""

    name: str
    use: str = Field(description="its connector")
    reason: str = Field(default="", description="why it is paused")


class CountValues(Shape):
    """How many orders stand under each stage; of a schedule."""

    awaiting_payment: int = 0
    on_hold: int = 0
    ready: int = 0
    labelled: int = 0
    shipped: int = 0
    needs_attention: int = 0
