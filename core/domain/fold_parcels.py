"""Facts about one parcel added up: packed, labelled, told, withdrawn, scanned, voided."""

from typing import Any

from core.domain.scans import DEPARTED
from core.domain.shipping.rates import without
from core.domain.state import OrderState, ParcelState
from core.model import facts as f
from core.model.holds import Hold
from core.model.order import Order
from core.model.shipment import TrackingState, VoidState

VOIDS = "settle_cancellation"
"""The step that takes labels back."""


def parcel_changes(
    state: OrderState,
    fact: f.Quoted
    | f.RateRefused
    | f.LabelBought
    | f.LabelStored
    | f.LabelVoided
    | f.VoidAnswered
    | f.LeftAfterVoid
    | f.ChannelTold
    | f.Tracked,
) -> dict[str, Any]:
    """Return what a fact about one parcel changes."""
    match fact:
        case f.Quoted():
            others = tuple(p for p in state.parcels if p.parcel_id != fact.parcel.parcel_id)
            refused = next((p.refusals for p in state.parcels if p not in others), {})
            quoted = ParcelState(quote=fact, refusals=refused)
            return {"parcels": (*others, quoted), **ruled_anew(state, Hold.NO_RATE)}
        case f.RateRefused():
            return {"parcels": tuple(_refused(p, fact) for p in state.parcels)}
        case f.LabelBought():
            return {"parcels": update_parcel(state.parcels, fact.parcel_id, {"label": fact})}
        case f.LabelStored():
            return {"parcels": update_parcel(state.parcels, fact.parcel_id, {"stored": True})}
        case f.ChannelTold():
            return {"parcels": tuple(_told(p, fact) for p in state.parcels)}
        case f.LabelVoided() | f.VoidAnswered() | f.LeftAfterVoid():
            return _voids(state, fact)
        case f.Tracked():
            return _scanned(state, fact)


def _told(parcel: ParcelState, fact: f.ChannelTold) -> ParcelState:
    if parcel.parcel_id != fact.parcel_id:
        return parcel
    return parcel.model_copy(update={"told": True, "withdrawn": False, "tellings": parcel.tellings + 1})


def _voids(state: OrderState, fact: f.LabelVoided | f.VoidAnswered | f.LeftAfterVoid) -> dict[str, Any]:
    """Return what becomes of a label that the carrier is to take back, and of its parcel."""
    match fact:
        case f.LabelVoided():
            asked = {"void": VoidState.ASKED if fact.pending else VoidState.DONE, "voided_at": fact.at}
            here = tuple(
                p
                for p in state.parcels
                if p.parcel_id == fact.parcel_id and fact.label_id in (None, _label_of(p))
            )
            voided = update_label(state.voided, fact.label_id, asked)
            return {
                "parcels": tuple(p for p in state.parcels if p not in here),
                "voided": voided + tuple(p.model_copy(update=asked) for p in here),
                "voids_asked": tuple(p for p in state.voids_asked if p != fact.parcel_id),
            }
        case f.VoidAnswered():
            mine = next((p for p in state.voided if _label_of(p) == fact.label_id), None)
            rejected = (mine.voids_rejected if mine else 0) + (not fact.taken)
            answer = VoidState.DONE if fact.taken else VoidState.REJECTED
            changes = {"void": answer, "voided_at": fact.at, "voids_rejected": rejected}
            return {"voided": update_label(state.voided, fact.label_id, changes)}
        case f.LeftAfterVoid():
            left = {
                "departed": True,
                "tracking": fact.state,
                "tracked_at": fact.at,
                "void": None,
                "set_free": not state.allocations,
            }
            mine = next((p for p in state.voided if _label_of(p) == fact.label_id), None)
            if mine is None:
                return {}
            return {
                "parcels": (*state.parcels, mine.model_copy(update=left)),
                "voided": tuple(p for p in state.voided if p != mine),
            }


def _scanned(state: OrderState, fact: f.Tracked) -> dict[str, Any]:
    """Return what a scan changes; a label that could not be voided needs no person any more once its parcel left."""
    changes: dict[str, Any] = {"parcels": tuple(_tracked(p, fact) for p in state.parcels)}
    if state.parked is not None and state.parked.step == VOIDS and fact.state in DEPARTED:
        changes["parked"] = None
    return changes


def _refused(parcel: ParcelState, fact: f.RateRefused) -> ParcelState:
    """Return the parcel with the next best rate chosen."""
    if parcel.parcel_id != fact.parcel_id:
        return parcel
    refusals = {**parcel.refusals, f"{fact.carrier} {fact.service}": fact.code}
    return parcel.model_copy(update={"quote": without(parcel.quote, fact), "refusals": refusals})


def _tracked(parcel: ParcelState, fact: f.Tracked) -> ParcelState:
    """Return the parcel after a scan; an older scan never overtakes a newer one, nor a delivery but by a return."""
    if parcel.parcel_id != fact.parcel_id:
        return parcel
    departed = parcel.departed or fact.state in DEPARTED
    older = parcel.tracked_at is not None and fact.at < parcel.tracked_at
    after_delivery = (
        parcel.tracking is TrackingState.DELIVERED and fact.state is not TrackingState.RETURN_TO_SENDER
    )
    if older or after_delivery:
        return parcel.model_copy(update={"departed": departed})
    return parcel.model_copy(update={"tracking": fact.state, "tracked_at": fact.at, "departed": departed})


def update_parcel(
    parcels: tuple[ParcelState, ...], parcel_id: str, changes: dict[str, Any]
) -> tuple[ParcelState, ...]:
    """Return the parcels with changes to the one of an id."""
    return tuple(p.model_copy(update=changes) if p.parcel_id == parcel_id else p for p in parcels)


def _label_of(parcel: ParcelState) -> str | None:
    return parcel.label.label_id if parcel.label is not None else None


def update_label(
    parcels: tuple[ParcelState, ...], label_id: str | None, changes: dict[str, Any]
) -> tuple[ParcelState, ...]:
    """Return the parcels with changes to the one under a label."""
    return tuple(
        p.model_copy(update=changes) if label_id is not None and _label_of(p) == label_id else p
        for p in parcels
    )


def seen_at_channel(parcel: ParcelState, order: Order) -> ParcelState:
    """Return a labelled parcel as the channel's word has it.

    What it withdrew it was told, also where the answer to our telling was lost.
    """
    number = parcel.label.tracking if parcel.label is not None else None
    if not parcel.withdrawn and number is not None and number in order.withdrawn:
        return parcel.model_copy(update={"told": False, "withdrawn": True})
    if parcel.withdrawn and any(s.tracking == number for s in order.shipped):
        return parcel.model_copy(update={"told": True, "withdrawn": False})
    return parcel


def ruled_anew(state: OrderState, reason: Hold) -> dict[str, Any]:
    """Let a cause hold again that a person overruled once: it came up anew."""
    return {"overruled": tuple(r for r in state.overruled if r != reason)}
