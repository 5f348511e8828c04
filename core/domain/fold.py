"""Facts added up: ``fold`` adds one, ``summarize`` adds them all; both are pure."""

from collections import Counter
from collections.abc import Iterable
from functools import reduce
from typing import Any

from core.domain.shipping.rates import without
from core.domain.state import OpenIntent, OrderState, ParcelState, is_locked, third_party_shipped
from core.model import facts as f
from core.model.effects import Outcome
from core.model.facts import GatewayNotified
from core.model.holds import Hold
from core.model.shipment import TrackingState
from core.model.stock import Allocation


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
                Hold.BEFORE_GO_LIVE: fact.before_go_live,
                "third_party_units": third_party_shipped(state.model_copy(update={"order": fact.order})),
            }
        case f.Changed():
            changes = {"order": fact.order, "needs": fact.needs, "unlinked": fact.unlinked, "parked": None}
            if fact.before_go_live is not None:
                changes["before_go_live"] = fact.before_go_live
            return {**changes, **_packed_anew(state), **_moved(state, fact)}
        case f.UnitsCommitted():
            changes = {"allocations": state.allocations + fact.allocations, "backordered": fact.backordered}
            return {**changes, **_packed_anew(state)}
        case f.UnitsReleased() | f.UnitsShipped():
            return {"allocations": _without(state.allocations, fact.allocations)}
        case f.PaymentChecked():
            return {"payment": fact, "payment_stale": False, **_judged_anew(state, fact)}
        case GatewayNotified():
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
            declined = fact.operation == "capture" and fact.outcome is Outcome.REFUSED
            return {
                **({"parcels": _still_wanted(state, fact.key)} if fact.outcome is not Outcome.DONE else {}),
                "open": tuple(i for i in state.open if i.key != fact.key),
                "settled": {**state.settled, fact.key: fact.outcome},
                **(_ruled_anew(state, Hold.CAPTURE_DECLINED) if declined else {}),
            }
        case f.Captured():
            known = {(c.authorization, c.reference) for c in state.captured}
            again = (fact.authorization, fact.reference) in known  # settled twice, taken once
            return {} if again else {"captured": (*state.captured, fact)}
        case f.ShopperTold():
            return _mailed(state, fact)
        case f.NotSendable():
            return {"not_sendable": (*state.not_sendable, fact.about)}
        case f.RejectionAsked():
            return {"rejection": fact.why, "parked": None}
        case f.CancelledAtChannel():
            return {"cancelled_at_channel": True}
        case f.LabelAsked():
            return {"label_asked": True}
        case f.HoldAsked():
            return {"held_by_person": fact.note}
        case f.VoidAsked():
            asked = (*state.voids_asked, fact.parcel_id)
            return {"held_by_person": fact.note, "voids_asked": asked, "label_asked": False}
        case f.VoidRefused():
            return {"voids_asked": tuple(p for p in state.voids_asked if p != fact.parcel_id)}
        case f.ShippedElsewhere():
            return {"shipped_elsewhere": True}
        case f.PartShippedElsewhere():
            most = Counter(state.third_party_units) | Counter(
                dict(fact.lines)
            )  # told late, it takes nothing back
            return {"third_party_units": dict(most)}
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
    if fact.reason == Hold.BY_PERSON:
        return {**changes, "held_by_person": None}
    if not fact.actor.startswith("person:"):
        return changes
    if fact.reason not in state.overruled:
        changes["overruled"] = (*state.overruled, fact.reason)
    if fact.reason == Hold.NO_RATE:
        changes["parcels"] = _bought(state)
    return changes


def _moved(state: OrderState, fact: f.Changed) -> dict[str, Any]:
    """Return what another address changes: what a person let go was a parcel to the address he saw."""
    if fact.address is None or fact.address == state.address:
        return {}
    return {"address": fact.address, **_ruled_anew(state, Hold.ADDRESS_CHANGED_AFTER_LABEL)}


def _packed_anew(state: OrderState) -> dict[str, Any]:
    """Forget every parcel without a label, and that something fitted no box: other goods, another address."""
    return {
        "parcels": _bought(state),
        "holds": {k: v for k, v in state.holds.items() if k != Hold.NO_BOX},
    }


def _bought(state: OrderState) -> tuple[ParcelState, ...]:
    """Return the parcels whose label is bought, or is being bought and may be sold any moment."""
    return tuple(
        p if p.label is not None else p.model_copy(update={"outdated": True})
        for p in state.parcels
        if is_locked(state, p)
    )


def _still_wanted(state: OrderState, key: str) -> tuple[ParcelState, ...]:
    """Return the parcels without the one whose label was not sold after all, if the order changed meanwhile."""
    asked = {i.data.get("parcel") for i in state.open if i.key == key and i.operation == "buy"}
    return tuple(p for p in state.parcels if p.label or not p.outdated or p.parcel_id not in asked)


def _ruled_anew(state: OrderState, reason: Hold) -> dict[str, Any]:
    """Let a cause hold again that a person overruled once: it came up anew."""
    return {"overruled": tuple(r for r in state.overruled if r != reason)}


def _judged_anew(state: OrderState, found: f.PaymentChecked) -> dict[str, Any]:
    """Let what a person overruled hold again where a check found other money, or another risk, than he saw."""
    last, gone = state.payment, set()
    if last is None:
        return {}
    if (last.state, last.paid, last.difference) != (found.state, found.paid, found.difference):
        gone |= {Hold.PAYMENT_SHORT, Hold.PAYMENT_MISMATCH, Hold.PAYMENT_CURRENCY}
    if (last.risk, last.risk_score, last.disputed) != (found.risk, found.risk_score, found.disputed):
        gone.add(Hold.RISK)
    return {"overruled": tuple(r for r in state.overruled if r not in gone)}


def _mailed(state: OrderState, fact: f.ShopperTold) -> dict[str, Any]:
    changes: dict[str, Any] = {"messages": (*state.messages, fact.about)}
    kind, _, parcel_id = fact.about.partition(":")
    if kind == "shipping":
        changes["parcels"] = _update(state.parcels, parcel_id, {"mailed": True})
    return changes


def _parcel_changes(
    state: OrderState,
    fact: f.Quoted
    | f.RateRefused
    | f.LabelBought
    | f.LabelStored
    | f.LabelVoided
    | f.ChannelTold
    | f.Tracked,
) -> dict[str, Any]:
    match fact:
        case f.Quoted():
            others = tuple(p for p in state.parcels if p.parcel_id != fact.parcel.parcel_id)
            refused = next((p.refusals for p in state.parcels if p not in others), {})
            quoted = ParcelState(quote=fact, refusals=refused)
            return {"parcels": (*others, quoted), **_ruled_anew(state, Hold.NO_RATE)}
        case f.RateRefused():
            return {"parcels": tuple(_refused(p, fact) for p in state.parcels)}
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
                "voids_asked": tuple(p for p in state.voids_asked if p != fact.parcel_id),
            }
        case f.Tracked():
            return {"parcels": tuple(_tracked(p, fact) for p in state.parcels)}


def _refused(parcel: ParcelState, fact: f.RateRefused) -> ParcelState:
    """Return the parcel with the next best rate chosen."""
    if parcel.parcel_id != fact.parcel_id:
        return parcel
    refusals = {**parcel.refusals, f"{fact.carrier} {fact.service}": fact.code}
    return parcel.model_copy(update={"quote": without(parcel.quote, fact), "refusals": refusals})


_DEPARTED = frozenset(
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
    departed = parcel.departed or fact.state in _DEPARTED
    older = parcel.tracked_at is not None and fact.at < parcel.tracked_at
    after_delivery = (
        parcel.tracking is TrackingState.DELIVERED and fact.state is not TrackingState.RETURN_TO_SENDER
    )
    if older or after_delivery:
        return parcel.model_copy(update={"departed": departed})
    return parcel.model_copy(update={"tracking": fact.state, "tracked_at": fact.at, "departed": departed})


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
