"""Where an order stands: the sum of its facts.

``fold`` adds one fact, ``summarize`` adds them all; both are pure. The order's row carries the result, written in the
same transaction as the fact by the store, and ``db rebuild`` computes it again from the facts alone.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import reduce
from typing import Any

from pydantic import Field

from core.model import facts as f
from core.model.address import Region
from core.model.base import Instant, Shape
from core.model.money import Money
from core.model.order import ChannelState, FulfilledBy, Order
from core.model.payment import PaymentState
from core.model.shipment import TrackingState
from core.model.stock import Allocation, Need


class Stage(StrEnum):
    """The tab an order stands under; of several parcels the least advanced decides."""

    AWAITING_PAYMENT = "awaiting_payment"
    ON_HOLD = "on_hold"
    READY = "ready"
    LABELLED = "labelled"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    SHIPPED_ELSEWHERE = "shipped_elsewhere"
    FULFILLED_BY_CHANNEL = "fulfilled_by_channel"
    CANCELLED = "cancelled"


class ParcelState(Shape):
    """One parcel and how far it is."""

    quote: f.Quoted
    label: f.LabelBought | None = None
    outdated: bool = False
    """The order changed while the label was being bought: packed anew unless the label was sold."""
    refused: str | None = None
    """The vendor's code where it would not sell the label."""
    stored: bool = False
    told: bool = False
    mailed: bool = False
    left: bool = False
    tracking: TrackingState | None = None
    tracked_at: Instant | None = None

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


class OrderState(Shape):
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
    """The gateway rang since the last check."""
    holds: dict[str, str] = Field(default_factory=dict)
    overruled: tuple[str, ...] = ()
    """Hold reasons that a person released: the same cause does not hold again."""
    parcels: tuple[ParcelState, ...] = ()
    voided: tuple[ParcelState, ...] = ()
    open: tuple[OpenIntent, ...] = ()
    settled: dict[str, str] = Field(default_factory=dict)
    """Outcome of every intent so far, by key."""
    captured: tuple[f.Captured, ...] = ()
    refunded: tuple[f.Refunded, ...] = ()
    messages: tuple[str, ...] = ()
    rejection: str | None = None
    cancelled_at_channel: bool = False
    shipped_elsewhere: bool = False
    address: str | None = None
    """Digest of the address, once the channel changed the order; None: as it was first."""
    parted: dict[str, int] = Field(default_factory=dict)
    """Units by line that another hand shipped and that lie on no shelf of ours any more."""
    label_asked: bool = False
    parked: f.Parked | None = None

    @property
    def cancelled(self) -> bool:
        """Whether nothing of the order is to ship any more."""
        return self.cancelled_at_channel or (
            self.order is not None and self.order.state is ChannelState.CANCELLED
        )

    @property
    def stage(self) -> Stage:
        """The tab the order stands under."""
        return stage_of(self)


def summarize(facts: Iterable[f.Fact]) -> OrderState:
    """Return where an order stands after these facts, in the order they were told."""
    return reduce(fold, facts, OrderState())


def fold(state: OrderState, fact: f.Fact) -> OrderState:
    """Return where the order stands after one more fact."""
    return state.model_copy(update={**_changes(state, fact), "version": state.version + 1})


def _changes(state: OrderState, fact: f.Fact) -> dict[str, Any]:  # noqa: C901, PLR0912 - a table of every fact
    match fact:
        case f.Received():
            return {
                "order": fact.order,
                "needs": fact.needs,
                "unlinked": fact.unlinked,
                "before_go_live": fact.before_go_live,
                "parted": others_shipped(state.model_copy(update={"order": fact.order})),
            }
        case f.Changed():
            changes = {"order": fact.order, "needs": fact.needs, "unlinked": fact.unlinked, "parked": None}
            return {**changes, **_packed_anew(state), **_moved(state, fact)}
        case f.UnitsCommitted():
            changes = {"allocations": state.allocations + fact.allocations, "backordered": fact.backordered}
            return {**changes, **_packed_anew(state)}
        case f.UnitsReleased() | f.UnitsShipped():
            return {"allocations": _without(state.allocations, fact.allocations)}
        case f.PaymentChecked():
            return {"payment": fact, "payment_stale": False, **_judged_anew(state, fact)}
        case f.GatewayRang():
            return {"payment_stale": True}
        case f.Held():
            return {"holds": {**state.holds, fact.reason: fact.detail}, **_ruled_anew(state, fact.reason)}
        case f.Released():
            return _released(state, fact)
        case f.Intended():
            intent = OpenIntent(
                key=fact.key,
                operation=fact.operation,
                connection=fact.connection,
                look_up_at=fact.look_up_at,
                data=fact.data,
            )
            return {"open": (*state.open, intent)}
        case f.Settled():
            declined = fact.operation == "capture" and fact.outcome == "refused"
            return {
                **({"parcels": _still_wanted(state, fact.key)} if fact.outcome != "done" else {}),
                "open": tuple(i for i in state.open if i.key != fact.key),
                "settled": {**state.settled, fact.key: fact.outcome},
                **(_ruled_anew(state, "capture_declined") if declined else {}),
            }
        case f.Captured():
            known = {(c.authorization, c.reference) for c in state.captured}
            again = (fact.authorization, fact.reference) in known  # settled by two hands, taken once
            return {} if again else {"captured": (*state.captured, fact)}
        case f.Refunded():
            return {"refunded": (*state.refunded, fact)}
        case f.ShopperTold():
            return _mailed(state, fact)
        case f.RejectionAsked():
            return {"rejection": fact.why, "parked": None}
        case f.CancelledAtChannel():
            return {"cancelled_at_channel": True}
        case f.LabelAsked():
            return {"label_asked": True}
        case f.ShippedElsewhere():
            return {"shipped_elsewhere": True}
        case f.PartShippedElsewhere():
            most = Counter(state.parted) | Counter(dict(fact.lines))  # told late, it takes nothing back
            return {"parted": dict(most)}
        case f.Parked():
            return {"parked": fact}
        case f.Retried():
            return {"parked": None}
        case f.Noted():
            return {}
        case _:
            return _parcel_changes(state, fact)


def _released(state: OrderState, fact: f.Released) -> dict[str, Any]:
    """Return what a release changes; a person's overrules the cause, and what no rate would do for is packed anew."""
    changes: dict[str, Any] = {"holds": {k: v for k, v in state.holds.items() if k != fact.reason}}
    if not fact.actor.startswith("person:"):
        return changes
    if fact.reason not in state.overruled:
        changes["overruled"] = (*state.overruled, fact.reason)
    if fact.reason == "no_rate":
        changes["parcels"] = _bought(state)
    return changes


def _moved(state: OrderState, fact: f.Changed) -> dict[str, Any]:
    """Return what another address changes: what a person let go was a parcel to the address he saw."""
    if fact.address is None or fact.address == state.address:
        return {}
    return {"address": fact.address, **_ruled_anew(state, "address_changed_after_label")}


def _packed_anew(state: OrderState) -> dict[str, Any]:
    """Forget every parcel without a label, and that something fitted no box: other goods, another address."""
    return {
        "parcels": _bought(state),
        "holds": {k: v for k, v in state.holds.items() if k != "no_box"},
    }


def _bought(state: OrderState) -> tuple[ParcelState, ...]:
    """Return the parcels whose label is bought, or is being bought and may be sold any moment."""
    return tuple(
        p if p.label is not None else p.model_copy(update={"outdated": True})
        for p in state.parcels
        if bound(state, p)
    )


def bound(state: OrderState, parcel: ParcelState) -> bool:
    """Return whether a parcel can be packed anew no more: its label is bought, or was asked for."""
    return parcel.label is not None or any(
        i.operation == "buy" and i.data.get("parcel") == parcel.parcel_id for i in state.open
    )


def _still_wanted(state: OrderState, key: str) -> tuple[ParcelState, ...]:
    """Return the parcels without the one whose label was not sold after all, if the order changed meanwhile."""
    asked = {i.data.get("parcel") for i in state.open if i.key == key and i.operation == "buy"}
    return tuple(p for p in state.parcels if p.label or not p.outdated or p.parcel_id not in asked)


def _ruled_anew(state: OrderState, reason: str) -> dict[str, Any]:
    """Let a cause hold again that a person overruled once: it came up anew."""
    return {"overruled": tuple(r for r in state.overruled if r != reason)}


def _judged_anew(state: OrderState, found: f.PaymentChecked) -> dict[str, Any]:
    """Let what a person overruled hold again where a check found other money, or another risk, than he saw."""
    last, gone = state.payment, set()
    if last is None:
        return {}
    if (last.state, last.paid, last.difference) != (found.state, found.paid, found.difference):
        gone |= {"payment_short", "payment_mismatch", "payment_currency"}
    if (last.risk, last.risk_score, last.disputed) != (found.risk, found.risk_score, found.disputed):
        gone.add("risk")
    return {"overruled": tuple(r for r in state.overruled if r not in gone)}


def _mailed(state: OrderState, fact: f.ShopperTold) -> dict[str, Any]:
    changes: dict[str, Any] = {"messages": (*state.messages, fact.about)}
    kind, _, parcel_id = fact.about.partition(":")
    if kind == "shipping":
        changes["parcels"] = _update(state.parcels, parcel_id, {"mailed": True})
    return changes


def _parcel_changes(
    state: OrderState,
    fact: f.Quoted | f.LabelBought | f.LabelStored | f.LabelVoided | f.ChannelTold | f.Tracked,
) -> dict[str, Any]:
    match fact:
        case f.Quoted():
            others = tuple(p for p in state.parcels if p.parcel_id != fact.parcel.parcel_id)
            return {"parcels": (*others, ParcelState(quote=fact)), **_ruled_anew(state, "no_rate")}
        case f.LabelBought():
            return {"parcels": _update(state.parcels, fact.parcel_id, {"label": fact})}
        case f.LabelStored():
            return {"parcels": _update(state.parcels, fact.parcel_id, {"stored": True})}
        case f.ChannelTold():
            return {"parcels": _update(state.parcels, fact.parcel_id, {"told": True})}
        case f.LabelVoided():
            return {
                "parcels": tuple(p for p in state.parcels if p.parcel_id != fact.parcel_id),
                "voided": state.voided + tuple(p for p in state.parcels if p.parcel_id == fact.parcel_id),
            }
        case f.Tracked():
            return {"parcels": tuple(_tracked(p, fact) for p in state.parcels)}


_LEFT = frozenset(
    {
        TrackingState.IN_TRANSIT,
        TrackingState.OUT_FOR_DELIVERY,
        TrackingState.DELIVERED,
        TrackingState.RETURN_TO_SENDER,
    }
)


def _tracked(parcel: ParcelState, fact: f.Tracked) -> ParcelState:
    """Return the parcel after a scan; an older scan never overtakes a newer one, nor a delivery but by a return."""
    if parcel.parcel_id != fact.parcel_id:
        return parcel
    left = parcel.left or fact.state in _LEFT
    older = parcel.tracked_at is not None and fact.at < parcel.tracked_at
    after_delivery = (
        parcel.tracking is TrackingState.DELIVERED and fact.state is not TrackingState.RETURN_TO_SENDER
    )
    if older or after_delivery:
        return parcel.model_copy(update={"left": left})
    return parcel.model_copy(update={"tracking": fact.state, "tracked_at": fact.at, "left": left})


def _update(
    parcels: tuple[ParcelState, ...], parcel_id: str, changes: dict[str, Any]
) -> tuple[ParcelState, ...]:
    return tuple(p.model_copy(update=changes) if p.parcel_id == parcel_id else p for p in parcels)


def _without(held: tuple[Allocation, ...], gone: tuple[Allocation, ...]) -> tuple[Allocation, ...]:
    """Return what stays set aside after some of it went, line by line."""
    left = {(a.line_id, a.sku, a.location): 0 for a in held}
    for a in held:
        left[a.line_id, a.sku, a.location] += a.units
    for a in gone:
        left[a.line_id, a.sku, a.location] = left.get((a.line_id, a.sku, a.location), 0) - a.units
    return tuple(
        Allocation(line_id=line, sku=sku, location=location, units=units)
        for (line, sku, location), units in left.items()
        if units > 0
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
    unpaid = state.payment is not None and state.payment.state is PaymentState.PENDING
    if state.parked is not None or (state.holds and not (unpaid and set(state.holds) == {"payment_short"})):
        return Stage.ON_HOLD
    if not money_is_in_order(state):
        return Stage.AWAITING_PAYMENT
    return Stage.READY


def money_is_in_order(state: OrderState) -> bool:
    """Return whether the order is paid, or a person released it although it is not paid as it should be."""
    if state.payment is None:
        return False
    ruled = {
        PaymentState.SHORT: {"payment_short"},
        PaymentState.PENDING: {"payment_short"},
        PaymentState.REFUNDED: {"payment_short"},
        PaymentState.MISMATCH: {"payment_mismatch", "payment_currency"},
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


def others_shipped(state: OrderState) -> dict[str, int]:
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


def labelled(state: OrderState) -> bool:
    """Return whether every unit that is to ship lies in a parcel whose label is bought."""
    return bool(state.parcels) and all(p.label is not None for p in state.parcels) and covers_needs(state)


def region_of_order(order: Order) -> Region | None:
    """Return where the order goes, as far as it may be known."""
    return order.ship_to if isinstance(order.ship_to, Region) else None


def paid_of(state: OrderState) -> Money | None:
    """Return what the last check found paid or authorized, in the shopper's currency."""
    return state.payment.paid if state.payment else None
