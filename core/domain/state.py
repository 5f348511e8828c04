"""Where an order stands: the sum of its facts.

``fold`` adds one fact, ``summarize`` adds them all; both are pure. The order's row carries the result, written in the
same transaction as the fact by the store, and ``db rebuild`` computes it again from the facts alone.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from pydantic import Field

from core.model import facts as f
from core.model.address import Region
from core.model.base import Instant, Shape, StoredShape, Worded
from core.model.effects import Outcome
from core.model.holds import Hold
from core.model.order import ChannelState, FulfilledBy, Order
from core.model.payment import PaymentState
from core.model.rule_facts import LabelChosen
from core.model.rule_runs import Offered, RuleRun
from core.model.shipment import TrackingState, VoidState
from core.model.stock import Allocation, Need


class Stage(Worded):
    """The tab an order stands under; of several parcels the least advanced decides."""

    AWAITING_PAYMENT = "awaiting_payment", "Awaiting payment"
    ON_HOLD = "on_hold", "On hold"
    READY = "ready", "Ready to ship"
    LABELLED = "labelled", "Label printed"
    SHIPPED = "shipped", "Shipped"
    DELIVERED = "delivered", "Delivered"
    SHIPPED_ELSEWHERE = "shipped_elsewhere", "Shipped elsewhere"
    FULFILLED_BY_CHANNEL = "fulfilled_by_channel", "Channel ships"
    CANCELLED = "cancelled", "Cancelled"
    CLOSED = "closed", "Refunded before shipping"


class ParcelState(StoredShape):
    """One parcel and how far it is."""

    quote: f.Quoted
    label: f.LabelBought | None = None
    outdated: bool = False
    """The order changed while the label was being bought: packed anew unless the label was sold."""
    refusals: dict[str, str] = Field(default_factory=dict)
    """``<carrier> <service>`` -> the vendor's code where it would not sell the label."""
    stored: bool = False
    told: bool = False
    tellings: int = 0
    """How often the channel was told of it: again once it had withdrawn it."""
    withdrawn: bool = False
    """The channel knew it, and cancelled its fulfillment."""
    mailed: bool = False
    departed: bool = False
    tracking: TrackingState | None = None
    tracked_at: Instant | None = None
    void: VoidState | None = None
    voided_at: Instant | None = None
    """When the carrier was asked last to take the label back, or answered."""
    voids_rejected: int = 0
    set_free: bool = False
    """Its units were set free, and are not taken off on hand yet, although it left."""

    @property
    def parcel_id(self) -> str:
        """The parcel's id within its order."""
        return self.quote.parcel.parcel_id


class OpenIntent(Shape):
    """An effect that was asked for and whose outcome is not known yet."""

    key: str
    operation: str
    connection: str
    look_up_at: Instant
    data: dict[str, Any]


class OrderState(StoredShape):
    """Everything a decision about an order may look at."""

    version: int = 0
    order: Order | None = None
    needs: tuple[Need, ...] = ()
    unlinked: tuple[str, ...] = ()
    before_go_live: bool = False
    allocations: tuple[Allocation, ...] = ()
    backordered: tuple[Need, ...] = ()
    payment: f.PaymentChecked | None = None
    payment_stale: bool = False
    """The gateway notified us of a change since the last check."""
    holds: dict[Hold, str] = Field(default_factory=dict)
    overruled: tuple[Hold, ...] = ()
    """Hold reasons that a person released: the same cause does not hold again."""
    parcels: tuple[ParcelState, ...] = ()
    voided: tuple[ParcelState, ...] = ()
    open: tuple[OpenIntent, ...] = ()
    settled: dict[str, Outcome] = Field(default_factory=dict)
    """Outcome of every intent so far, by key."""
    captured: tuple[f.Captured, ...] = ()
    messages: tuple[str, ...] = ()
    not_sendable: tuple[str, ...] = ()
    """Messages that the mail server refused for good."""
    rejection: str | None = None
    cancelled_at_channel: bool = False
    shipped_elsewhere: bool = False
    address: str | None = None
    """Digest of the address, once the channel changed the order; None: as it was first."""
    made_of: dict[str, dict[str, int]] = Field(default_factory=dict)
    """By line: the units of each SKU in one unit of it, as it was known last."""
    third_party_units: dict[str, int] = Field(default_factory=dict)
    """Units by line that a third party shipped and that are not on hand any more."""
    label_asked: bool = False
    held_by_person: str | None = None
    """What a person said who holds it; None: nobody does."""
    voids_asked: tuple[str, ...] = ()
    """Parcels whose label a person wants taken back."""
    parked: f.Parked | None = None
    tags: tuple[str, ...] = ()
    """In the order of the alphabet."""
    assignee: str | None = None
    """Who looks after it: ``user:<id>`` or ``key:<name>``; None: nobody."""
    forgotten_at: Instant | None = None
    """Since when nothing personal of it is kept."""
    held_by_rules: dict[str, str] = Field(default_factory=dict)
    """By rule: why it holds the order."""
    route: tuple[str, ...] = ()
    """The locations that a rule wants it to leave from; none: any."""
    route_open: bool = False
    """The units set aside are still to be made those of the route."""
    label_choice: LabelChosen | None = None
    """Which labels a rule wants bought for it."""
    label_given_up: str | None = None
    """Why its label was asked for no more, as often as its rule says."""
    capture_asked: bool = False
    """A rule wants its money captured before the label."""
    rule_runs: tuple[RuleRun, ...] = ()
    """The runs of rules that have not ended."""
    ran: dict[str, int] = Field(default_factory=dict)
    """By rule: how many runs it had."""
    offered: Offered | None = None
    """What was offered to rules; None in rows from before there were any: everything so far was."""

    @property
    def cancelled(self) -> bool:
        """Whether nothing of the order is to ship any more."""
        return self.cancelled_at_channel or (
            self.order is not None and self.order.state is ChannelState.CANCELLED
        )

    def mail_is_over(self, about: str) -> bool:
        """Return whether a message was sent, or never can be."""
        return about in self.messages or about in self.not_sendable

    @property
    def closed(self) -> bool:
        """Whether the channel gave all of its money back before anything of it was labelled or shipped (rule M5)."""
        paid = self.payment
        if paid is None or paid.state is not PaymentState.REFUNDED or Hold.PAYMENT_SHORT in self.overruled:
            return False
        given_back = (PaymentState.REFUNDED, PaymentState.CANCELLED)
        if any(verdict.state not in given_back for verdict in paid.verdicts):
            return False
        gone = self.cancelled or self.shipped_elsewhere or bool(self.third_party_units)
        return not gone and not any(is_locked(self, p) for p in self.parcels)

    @property
    def ended(self) -> bool:
        """Whether nothing of it is set aside, held or confirmed any more."""
        return self.cancelled or self.closed

    @property
    def stage(self) -> Stage:
        """The tab the order stands under."""
        return stage_of(self)


def is_locked(state: OrderState, parcel: ParcelState) -> bool:
    """Return whether a parcel can be packed anew no more: its label is bought, or was asked for."""
    return parcel.label is not None or any(
        i.operation == "buy" and i.data.get("parcel") == parcel.parcel_id for i in state.open
    )


def stage_of(state: OrderState) -> Stage:
    """Return the tab an order stands under."""
    order = state.order
    if state.cancelled:
        return Stage.CANCELLED
    if order is not None and order.fulfilled_by is FulfilledBy.CHANNEL:
        return Stage.FULFILLED_BY_CHANNEL
    if state.shipped_elsewhere:
        return Stage.SHIPPED_ELSEWHERE
    if labelled(state):
        return _shipped_stage(state.parcels)
    if state.closed:
        return Stage.CLOSED
    unpaid = state.payment is not None and state.payment.state is PaymentState.PENDING
    if state.parked is not None or (
        state.holds and not (unpaid and set(state.holds) == {Hold.PAYMENT_SHORT})
    ):
        return Stage.ON_HOLD
    if not money_is_in_order(state):
        return Stage.AWAITING_PAYMENT
    return Stage.READY


def money_is_in_order(state: OrderState) -> bool:
    """Return whether the order is paid, or a person released it although it is not paid as it should be."""
    if state.payment is None:
        return False
    ruled = {
        PaymentState.SHORT: {Hold.PAYMENT_SHORT},
        PaymentState.PENDING: {Hold.PAYMENT_SHORT},
        PaymentState.REFUNDED: {Hold.PAYMENT_SHORT},
        PaymentState.MISMATCH: {Hold.PAYMENT_MISMATCH, Hold.PAYMENT_CURRENCY},
    }.get(state.payment.state, set())
    # What the channel gave back of its own accord is owed by nobody (rule M5).
    paid = (PaymentState.VERIFIED, PaymentState.PARTIALLY_REFUNDED)
    return state.payment.state in paid or not ruled.isdisjoint(state.overruled)


def _shipped_stage(parcels: tuple[ParcelState, ...]) -> Stage:
    if all(p.tracking is TrackingState.DELIVERED for p in parcels):
        return Stage.DELIVERED
    if all(p.told for p in parcels):
        return Stage.SHIPPED
    return Stage.LABELLED


def covers_needs(state: OrderState) -> bool:
    """Return whether the parcels hold every unit that the channel still wants shipped by us."""
    if state.order is None:
        return False
    packed: dict[str, int] = {}
    for parcel in state.parcels:
        for line_id, units in parcel.quote.parcel.lines:
            packed[line_id] = packed.get(line_id, 0) + units
    return all(
        packed.get(line.line_id, 0) >= line.quantity
        for line in state.order.lines
        if line.ships and line.quantity
    )


def packed_in(state: OrderState, wanted: Callable[[ParcelState], bool]) -> Counter[str]:
    """Return units by line in the parcels that are wanted."""
    packed: Counter[str] = Counter()
    for p in state.parcels:
        if wanted(p):
            packed.update(dict(p.quote.parcel.lines))
    return packed


def third_party_shipped(state: OrderState) -> dict[str, int]:
    """Return units by line that the channel knows as shipped and that no parcel of ours tells of."""
    if state.order is None or state.order.fulfilled_by is FulfilledBy.CHANNEL:
        return {}
    ours = packed_in(state, lambda p: _known_there(state, p))
    gone = {
        line.line_id: line.quantity - line.open_quantity - ours[line.line_id]
        for line in state.order.lines
        if line.ships
    }
    return {line: units for line, units in gone.items() if units > 0}


def _known_there(state: OrderState, parcel: ParcelState) -> bool:
    """Return whether the channel knows a parcel of ours: we told it, or it shows the number."""
    if parcel.label is None or state.order is None:
        return False
    return parcel.told or any(s.tracking == parcel.label.tracking for s in state.order.shipped)


def units_in_one(state: OrderState, line_id: str, sku: str) -> int:
    """Return the units of a SKU in one unit of a line, as it was known last."""
    return _one_of(state, line_id).get(sku, 1)


def _one_of(state: OrderState, line_id: str) -> dict[str, int]:
    """Return the units by SKU in one unit of a line; rows from before it was kept say it by what the order needs."""
    if line_id in state.made_of:
        return state.made_of[line_id]
    quantities = {line.line_id: line.quantity for line in state.order.lines} if state.order else {}
    return {n.sku: n.units // max(1, quantities.get(line_id, 1)) for n in state.needs if n.line_id == line_id}


def contents(state: OrderState, parcel: ParcelState) -> tuple[Allocation, ...]:
    """Return the units that lie in a parcel."""
    where = parcel.quote.parcel.location
    return tuple(
        Allocation(line_id=line, sku=sku, location=where, units=each * units)
        for line, units in parcel.quote.parcel.lines
        for sku, each in sorted(_one_of(state, line).items())
    )


def labelled(state: OrderState) -> bool:
    """Return whether every unit that is to ship lies in a parcel whose label is bought."""
    return bool(state.parcels) and all(p.label is not None for p in state.parcels) and covers_needs(state)


def region_of_order(order: Order) -> Region | None:
    """Return where the order goes, as far as it may be known."""
    return order.ship_to if isinstance(order.ship_to, Region) else None


def skus_of(state: OrderState) -> frozenset[str]:
    """Return every SKU that an order's units are of."""
    needs, allocations = (*state.needs, *state.backordered), state.allocations
    made_of = (sku for components in state.made_of.values() for sku in components)
    return frozenset((*(n.sku for n in needs), *(a.sku for a in allocations), *made_of))
