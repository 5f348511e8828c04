"""What the API shows of orders."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict

from core.domain.state import Stage
from core.model.asks import Ask
from core.model.effects import Outcome
from core.model.holds import Hold
from core.model.shipment import RateReason
from web.api.endpoint import Answer


class WaitsFor(Answer):
    """What an order waits for, until when where an instant is known, and what a person does about it."""

    what: str
    until: datetime | None
    do: str


class OrderItem(Answer):
    """An order as lists show it."""

    order_id: str
    connection: str
    number: str
    placed_at: datetime
    stage: Stage
    holds: tuple[Hold, ...]
    tags: tuple[str, ...]
    assignee: str | None
    total_minor: int | None
    currency: str | None
    waits_for: WaitsFor


class OrderList(Answer):
    """A page of orders, newest first; ``after`` asks for the next one."""

    orders: tuple[OrderItem, ...]
    after: str | None
    counts: dict[str, int]


class LineView(Answer):
    """A line of an order."""

    line_id: str
    sku: str | None
    title: str
    quantity: int
    unit_price_minor: int | None
    ships: bool


class RateView(Answer):
    """A rate, and why it was taken or lost."""

    carrier: str
    service: str
    price_minor: int | None
    currency: str | None
    arrives: str | None
    reason: RateReason


class CustomsView(Answer):
    """What was declared of one SKU in a parcel; value and weight are of all its units."""

    sku: str
    units: int
    value_minor: int
    currency: str
    weight_g: int
    hs: str
    origin: str


class ParcelView(Answer):
    """A parcel: where from, in what, by whom, how far."""

    parcel_id: str
    location: str
    box: str
    gross_g: int
    lines: dict[str, int]
    rates: tuple[RateView, ...]
    saved_minor: int | None
    promised: str | None
    ship_day: str | None
    customs: tuple[CustomsView, ...]
    carrier: str | None
    service: str | None
    tracking: str | None
    shipment: str
    price_minor: int | None
    currency: str | None
    bought_at: datetime | None
    told: bool
    mailed: bool
    tracking_state: str | None


class TransactionView(Answer):
    """One movement of money as the channel tells it."""

    transaction_id: str
    gateway: str
    kind: str
    state: str
    amount_minor: int
    currency: str
    reference: str | None


class OrderView(Answer):
    """One order, without personal data."""

    order_id: str
    connection: str
    external_id: str
    number: str
    placed_at: datetime
    stage: Stage
    holds: dict[Hold, str]
    parked: str | None
    total_minor: int | None
    """None where the order could not be read whole."""
    currency: str | None
    lines: tuple[LineView, ...]
    attributes: dict[str, bool | int | str]
    """What `maps:` of crossdock.yaml reads of it besides, by name."""
    units: dict[str, int]
    backordered: dict[str, int]
    payment: str | None
    payment_authorities: tuple[str, ...]
    paid_minor: int | None
    paid_via_channel: bool
    transactions: tuple[TransactionView, ...]
    captures: dict[str, int]
    """What the hub captured itself, by authorization."""
    parcels: tuple[ParcelView, ...]
    voided: tuple[ParcelView, ...]
    messages: tuple[str, ...]
    not_sendable: tuple[str, ...]
    """Messages that the mail server refused for good."""
    effects: dict[str, Outcome | Literal["intent"]]
    tags: tuple[str, ...]
    assignee: str | None
    """Who looks after it: `user:<id>` or `key:<name>`; null: nobody."""
    version: int
    waits_for: WaitsFor


class CostView(Answer):
    """Money that moves, and what for; ``about`` where the vendor may say another amount when it is done."""

    what: str
    minor: int
    currency: str
    about: bool


class OrderActionView(Answer):
    """Something that may be asked of an order: what it will do and cost, the way back, and why it may not be done now."""

    action: Ask
    of: str
    """The hold that is released, or the parcel whose label is voided; else empty."""
    title: str
    does: tuple[str, ...]
    costs: tuple[CostView, ...]
    way_back: str
    refused: str | None


class OrderActions(Answer):
    """What may be asked of an order as it stands at ``version``."""

    version: int
    actions: tuple[OrderActionView, ...]


class FactView(Answer):
    """Something that happened to an order; what else it says goes by its kind."""

    model_config = ConfigDict(extra="allow")

    kind: str
    v: int
    """The version of its kind."""
    at: datetime
    actor: str


class Timeline(Answer):
    """An order's facts, the first one first."""

    facts: tuple[FactView, ...]
